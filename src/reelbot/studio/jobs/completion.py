"""Completion of jobs: the result and the settlement in one transaction.

What that is, `conclusion` decides; here it is carried out. A worker that has lost its lease writes nothing: every fenced
statement names the fencing number it was given. The job owns its hold, so nobody else ends it, and a hold that is over is
one that a worker ended together with the job.
"""

from collections.abc import Sequence
from functools import partial

from msgspec import structs

from reelbot.allowance import AccountRef, Answer, FailurePoint, Refused
from reelbot.db import Connection
from reelbot.records import Owner, new_number
from reelbot.records.metered import OVER, ended_now
from reelbot.studio.context import Room
from reelbot.studio.core.job import RENDER, Job, JobState
from reelbot.studio.core.rows import KeptVideo
from reelbot.studio.jobs.conclusion import (
    Ended,
    Facts,
    Failed,
    Happened,
    Succeeded,
    TaskDelivered,
    Unsuccessful,
    conclude,
    settlement,
    told,
    without_hold,
)


class Ending:
    """Writes what became of jobs."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def keep_delivered(self, job: Job, at: int) -> None:
        """Keep what task `at` made, before the job goes on. `job.tasks` has it already. Once, however often it is asked."""
        await self._write_alone(TaskDelivered(job, at))

    async def succeed(self, job: Job, at: Sequence[int], video: KeptVideo | None = None) -> None:
        """End a job well: keep what tasks `at` made and the video, and settle what all of it really costs."""
        render = () if video is None else await self._held_for_render(job)
        await self._end(Succeeded(job, tuple(at), video, render))

    async def fail(self, job: Job, failed: Failed, state: JobState = "failed") -> None:
        """End a job without success, by the table of failure points. What was delivered is kept; the draft stays."""
        why = await self._room.store.reason(_owner(job), job.number) if state == "cancelled" else ""
        if why:
            detail = f"{failed.failure.detail} An operator asked for it: {why}"
            failed = failed._replace(failure=structs.replace(failed.failure, detail=detail))
        await self._end(Unsuccessful(job, failed, state))

    async def keep_unknown(self, job: Job) -> None:
        """Mark a job's hold: nobody knows how the work ended, and until that is known the history says so."""
        if job.hold is None:
            return
        why = self._room.ledger.terms.failures[FailurePoint.UNKNOWN].sentence
        try:
            await self._room.ledger.mark_unknown(job.hold, why=why, owner=job.id)
        except Refused as refused:
            if refused.refusal.status not in OVER:
                raise

    async def _held_for_render(self, job: Job) -> tuple[tuple[str, int], ...]:
        """What was held for the finished video: one video generation, or what the operator's price list asks for it."""
        assert job.hold is not None, "a render is always held, if only at a price of 0"
        facts = await self._room.ledger.hold_facts(AccountRef(job.lane, job.account, ""), job.hold)
        assert facts is not None, "holds are kept"
        return tuple((line.meter, line.held) for line in facts.lines if line.action == RENDER)

    async def _end(self, ending: Ended) -> None:
        """End a hold and its job, both or neither; the job alone where nothing is held or the hold was over before."""
        if ending.job.hold is None:
            await self._write_alone(ending)
        elif not await self._settled(ending, ending.job.hold):
            await self._write_alone(without_hold(ending))

    async def _settled(self, ending: Ended, hold: str) -> bool:
        amounts, point = settlement(ending)
        ledger, owner, rider = self._room.ledger, ending.job.id, partial(self._ride, ending)
        if point is None:
            return await ended_now(ledger.settle(hold, amounts, owner=owner, rider=rider))
        return await ended_now(ledger.conclude(hold, point, amounts, owner=owner, rider=rider))

    async def _ride(self, ending: Ended, connection: Connection | None, answer: Answer) -> None:
        assert connection is not None, "the studio is kept in a database"
        await self._write(connection, ending)

    async def _write_alone(self, happened: Happened) -> None:
        async with self._room.store.database.transaction() as connection:
            await self._write(connection, happened)
        self._room.events.wake([_owner(happened.job)])

    async def _write(self, connection: Connection, happened: Happened) -> None:
        """Tell, which locks the account's stream; then read, decide, write."""
        store, job, now = self._room.store, happened.job, self._room.clock()
        await self._room.tell(connection, _owner(job), told(happened, now))
        kept = (
            await store.take_job(connection, _owner(job), job.number) if isinstance(happened, TaskDelivered) else None
        )
        draft = await store.take_draft(connection, _owner(job), job.draft)
        numbers = [new_number() for _ in job.request.tasks]
        await store.carry_out(connection, conclude(happened, Facts(kept, draft, numbers, now)))


def _owner(job: Job) -> Owner:
    return Owner(job.lane, job.account)
