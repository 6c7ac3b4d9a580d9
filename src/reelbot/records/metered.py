"""What is placed with a hold and ended with its settlement: jobs, posts, channels, assets."""

from collections.abc import Awaitable
from contextlib import suppress

from reelbot.allowance import Ledger, Receipt, Refused, Status
from reelbot.errors import DatabaseFailure

OVER = (Status.HOLD_EXPIRED, Status.HOLD_RELEASED, Status.HOLD_SETTLED)
"""The hold has ended: with what it is for, by another worker; or, where it has no owner, without it."""


async def ended_now(ending: Awaitable[Receipt]) -> bool:
    """Whether this ended a hold, and what rides on it was written; False when the hold was over, in whatever way."""
    try:
        receipt = await ending
    except Refused as refused:
        if refused.refusal.status not in OVER:
            raise
        return False
    return not receipt.replayed


async def give_back(ledger: Ledger, hold: Receipt | str, why: str, owner: str) -> None:
    """Release what was set aside for something that was not kept; it may be settled after all, or end by its deadline."""
    with suppress(Refused, DatabaseFailure):
        await ledger.release(hold, why=why, owner=owner)
