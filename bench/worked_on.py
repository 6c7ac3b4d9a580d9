"""A draft that was worked on for as long as its account is there: its jobs had holds from all over the ledger."""

from reelbot.allowance import AccountRef, Span
from reelbot.ids import id_text
from reelbot.records import new_number, owner_of
from reelbot.studio.core.draft import Draft
from reelbot.studio.core.job import Job, Request
from reelbot.studio.core.rows import KeptDraft, insert_draft, insert_job
from reelbot.studio.store import StudioStore
from reelbot.wiring import Parts

JOBS = 40
"""Each with a hold and its settlement, so that its history is longer than a page."""


async def draft_of_old(parts: Parts, account: AccountRef) -> str:
    """The id of such a draft, which is put there; its jobs have ended."""
    store, owner, now = StudioStore(parts.database, parts.ledger.store.lanes), owner_of(account), parts.clock()
    kept = KeptDraft(*owner, new_number(), 1, "Why cats purr", Draft(flow="narrated"), now, now, None, None)
    holds = await _holds(parts, account)
    async with parts.database.transaction() as connection:
        await store.carry_out(connection, [insert_draft(kept)])
        for hold in holds:
            await store.carry_out(connection, insert_job(_ended(kept, id_text("hold", *owner, hold), now)))
    return kept.id


async def _holds(parts: Parts, account: AccountRef) -> list[int]:
    """Holds from all over the account's ledger."""
    (newest,) = await parts.ledger.history(account, Span(None, 1))
    places = [newest.seq * (number + 1) // JOBS + 1 for number in range(JOBS)]
    found = [await parts.ledger.history(account, Span(place, 1, kind="hold")) for place in places]
    return sorted({entry.hold for page in found for entry in page})


def _ended(kept: KeptDraft, hold: str, now: int) -> Job:
    return Job(
        lane=kept.lane,
        account=kept.account,
        number=new_number(),
        kind="generation",
        draft=kept.number,
        state="succeeded",
        priority=0,
        due_at=now,
        fence=1,
        worker="",
        crashes=0,
        hold=hold,
        is_cancelled=False,
        progress=1.0,
        message="Done",
        request=Request(),
        tasks=(),
        result=None,
        failure=None,
        created_at=now,
        started_at=None,
        ended_at=now,
    )
