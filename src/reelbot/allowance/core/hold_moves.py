"""The life of a hold as a table: the state that each command leads to from each state, and why it leads nowhere.

Every decider of `settlement` asks `moved` before it counts anything. The diagram in the room's README is printed from the
table (`python -m docs.diagrams`). The audit has a table of its own (`replay`), so that a mistake here is not repeated there.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from reelbot.allowance.core.book import HoldFacts
from reelbot.allowance.core.fast_tuple import made
from reelbot.allowance.core.outcomes import HoldState, InUse, Status

Move = Literal["settle", "release", "unknown", "refund", "expire"]
"""What is done to a hold; each is the kind of the entries that it writes, too."""

MOVES: Mapping[HoldState, Mapping[Move, HoldState]] = MappingProxyType(
    {
        "open": {"settle": "settled", "release": "released", "expire": "expired", "unknown": "unknown"},
        "unknown": {"settle": "settled", "release": "released", "unknown": "unknown"},
        "settled": {"refund": "settled"},
        "released": {},
        "expired": {},
    }
)
"""From each state, where a command leads. What is not here is refused with the status of the state."""

REFUSED: Mapping[HoldState, Status] = MappingProxyType(
    {
        "open": Status.HOLD_OPEN,
        "unknown": Status.HOLD_OPEN,
        "settled": Status.HOLD_SETTLED,
        "released": Status.HOLD_RELEASED,
        "expired": Status.HOLD_EXPIRED,
    }
)
"""Why a command does not move a hold that is in this state."""


class Moved(NamedTuple):
    """A hold that a command moves, as it is, and the state that the command leads to."""

    hold: HoldFacts
    state: HoldState


def moved(hold: HoldFacts | None, move: Move, owner: str | None, now: int) -> Moved | InUse | Status:
    """Where a command of `owner` leads, or why it does not move the hold; the first reason in the order of `Status`.

    A hold that has an owner is moved by that owner's commands only, in whatever state it is; only its deadline asks nobody.
    An open hold counts as expired from its deadline on, whether or not the sweeper has been there: only `expire`, which
    writes that down, still finds it open, and never before.
    """
    if hold is None:
        return Status.HOLD_NOT_FOUND
    state = hold.state_at(now)
    if move == "expire":
        is_due = state != hold.state
        following = MOVES[hold.state].get(move) if is_due else None
    elif hold.owner is not None and hold.owner != owner:
        return InUse(hold.owner, state)
    else:
        following = MOVES[state].get(move)
    return REFUSED[state] if following is None else made(Moved, (hold, following))
