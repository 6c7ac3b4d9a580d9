"""Completion of jobs: the result and the settlement in one transaction, by the table of failure points.

A worker that has lost its lease writes nothing: every statement names the fencing number it was given. The job owns its
hold, so nobody else ends it, and a hold that is over is one that a worker ended together with the job.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from msgspec import structs

from reelbot.allowance import AccountRef, Answer, FailurePoint, Receipt, Refused, Status
from reelbot.db import Connection
from reelbot.ids import id_text
from reelbot.providers.works import work_hash
from reelbot.records import Owner, Told, new_number
from reelbot.studio.actions import action_of
from reelbot.studio.context import Room
from reelbot.studio.core import edits
from reelbot.studio.core.draft import RENDER_FAILURE, Draft, SlotRef, StepFailure
from reelbot.studio.core.edits import changed_draft
from reelbot.studio.core.events import draft_told, job_told, video_told
from reelbot.studio.core.job import (
    RENDER,
    Job,
    JobFailure,
    JobState,
    Kept,
    Made,
    Task,
    delivered_amounts,
)
from reelbot.studio.core.rows import KeptAsset, KeptVideo, PastDraft
from reelbot.studio.core.slots import SLOT_KINDS

_OVER = (Status.HOLD_EXPIRED, Status.HOLD_RELEASED, Status.HOLD_SETTLED)
"""The hold has ended with the job, by another worker."""


_HOLD_OVER = "What was set aside for this was given back or used up before it was done, so nothing of it is kept."


class LeaseLost(Exception):
    """Another worker has this job now, or it has ended: nothing was written."""


class Failed(NamedTuple):
    """How a job ended without success: where, why, and in which slot.

    `billed` is the number of a task whose price is due although it made nothing. Where it had been delivered before it
    failed here, `kept` is that, if it could be kept, and doing it again is free. `is_spoiled` says that what was kept cannot
    be used: then there is nothing to go back to, and doing it again is new work. `is_paid` says that it had been charged
    when it was delivered, to another job: then nothing is due for it here, whatever was held.
    """

    point: FailurePoint
    failure: JobFailure
    slot: SlotRef | None = None
    billed: int | None = None
    kept: Kept | None = None
    is_spoiled: bool = False
    is_paid: bool = False


CLIP_NAME_LENGTH = 60
"""Characters of a draft's heading in the names of its clips: enough to tell in the library where one comes from."""

Write = Callable[[Connection], Awaitable[None]]


class Ending:
    """Writes what became of jobs."""

    def __init__(self, room: Room) -> None:
        self._room = room

    # a piece of work of several has been delivered

    async def keep_delivered(self, job: Job, at: int) -> None:
        """Keep what task `at` made, before the job goes on. `job.tasks` has it already. Once, however often it is asked."""
        owner = Owner(job.lane, job.account)
        async with self._room.writing(owner, [job_told(job), draft_told(_draft_id(job))]) as connection:
            kept = await self._room.store.take_job(connection, owner, job.number)
            if not await self._room.store.note_tasks(connection, job, job.tasks):
                raise LeaseLost
            if kept is not None and kept.tasks[at].made is None:
                await self._record(connection, job, [at])

    # the job has ended

    async def succeed(self, job: Job, at: Sequence[int], video: KeptVideo | None = None) -> None:
        """End a job well: keep what tasks `at` made and the video, and settle what all of it really costs."""
        ended = job.moved("succeeded")._replace(progress=1.0, message="Done", result=_result(job, video))
        told: list[Told] = [job_told(ended._replace(ended_at=self._room.clock())), draft_told(_draft_id(job))]
        if video is not None:
            told = [told[0], draft_told(_draft_id(job), is_removed=True), video_told(video)]

        async def write(connection: Connection) -> None:
            await self._end(connection, job, ended, "succeeded")
            await self._record(connection, job, at)
            if video is not None:
                await self._room.store.insert_video(connection, video)
                await self._room.store.delete_draft(connection, Owner(job.lane, job.account), job.draft)
                past = PastDraft(job.lane, job.account, job.draft, video.title, video.id, self._room.clock())
                await self._room.store.keep_past(connection, past)

        amounts = delivered_amounts(job)
        if video is not None:
            await self._with_render(job, amounts)
        if not await self._settled(job, amounts, told, write):
            await self._fail_unpaid(job, at)

    async def _with_render(self, job: Job, amounts: dict[str, int]) -> None:
        """Add what was held for the finished video: one video generation, or what the operator's price list asks for it."""
        assert job.hold is not None, "a render is always held, if only at a price of 0"
        facts = await self._room.ledger.hold_facts(AccountRef(job.lane, job.account, ""), job.hold)
        assert facts is not None, "holds are kept"
        for line in facts.lines:
            if line.action == RENDER:
                amounts[line.meter] = amounts.get(line.meter, 0) + line.held

    async def fail(self, job: Job, failed: Failed, state: JobState = "failed") -> None:
        """End a job without success, by the table of failure points. What was delivered is kept; the draft stays."""
        if state == "cancelled":
            failed = await self._with_reason(job, failed)
        ended = job.moved(state)._replace(message=failed.failure.detail, failure=failed.failure)
        told = [job_told(ended._replace(ended_at=self._room.clock())), draft_told(_draft_id(job))]

        async def write(connection: Connection) -> None:
            await self._end(connection, job, ended, state)
            await self._note_failure(connection, job, failed, state)

        await self._concluded(job, failed, told, write)

    async def _with_reason(self, job: Job, failed: Failed) -> Failed:
        """The same with the reason, where it was an operator who asked for the end."""
        why = await self._room.store.reason(Owner(job.lane, job.account), job.number)
        if not why:
            return failed
        detail = f"{failed.failure.detail} An operator asked for it: {why}"
        return failed._replace(failure=structs.replace(failed.failure, detail=detail))

    async def keep_unknown(self, job: Job) -> None:
        """Mark a job's hold: nobody knows how the work ended, and until that is known the history says so."""
        if job.hold is None:
            return
        why = self._room.ledger.terms.failures[FailurePoint.UNKNOWN].sentence
        try:
            await self._room.ledger.mark_unknown(job.hold, why=why, owner=job.id)
        except Refused as refused:
            if refused.refusal.status not in _OVER:
                raise

    async def _end(self, connection: Connection, job: Job, ended: Job, state: JobState) -> None:
        now = self._room.clock()
        carried = ended._replace(state=job.state, fence=job.fence)
        if not await self._room.store.end(connection, carried, state, now):
            raise LeaseLost
        if job.kind in ("render", "video"):
            await self._room.store.lock_draft(connection, Owner(job.lane, job.account), job.draft, None)

    async def _settled(self, job: Job, amounts: dict[str, int], told: Sequence[Told], write: Write) -> bool:
        """Settle and write, both or neither; False when the hold had ended before, and so nothing was written."""
        if job.hold is None:
            await self._written(job, told, write)
            return True
        rider = self._rider(job, told, write)
        return await self._ridden(self._room.ledger.settle(job.hold, amounts, owner=job.id, rider=rider))

    async def _concluded(self, job: Job, failed: Failed, told: Sequence[Told], write: Write) -> None:
        if job.hold is None:
            await self._written(job, told, write)
            return
        delivered = delivered_amounts(job)
        point = failed.point
        if failed.is_paid and failed.billed is not None:
            point = FailurePoint.IN_PART  # charged when it was delivered, to the job that it was delivered to
        elif failed.billed is not None and len(job.request.tasks) > 1:
            # All of a batch is held together; of its table row only this piece of work is meant.
            for meter, amount in job.request.tasks[failed.billed].amounts.items():
                delivered[meter] = delivered.get(meter, 0) + amount
            point = FailurePoint.IN_PART
        elif any(delivered.values()) and point is not FailurePoint.CANCELLED_RUNNING:
            point = FailurePoint.IN_PART
        rider = self._rider(job, told, write)
        ending = self._room.ledger.conclude(job.hold, point, delivered, owner=job.id, rider=rider)
        if not await self._ridden(ending):
            await self._written(job, told, write)

    async def _ridden(self, ending: Awaitable[Receipt]) -> bool:
        """End a hold and the job with it; False when the hold had ended before, and so nothing was written."""
        try:
            receipt = await ending
        except Refused as refused:
            if refused.refusal.status not in _OVER:
                raise
            return False
        return not receipt.replayed

    async def _fail_unpaid(self, job: Job, at: Sequence[int]) -> None:
        """End a job whose hold is over without keeping what tasks `at` made: it would be charged to nobody.

        `LeaseLost` when the job is over too, which is so for every job that owns its hold: they end together.
        """
        told = job_failure("hold_over", _HOLD_OVER, "Ask for it again.", FailurePoint.BEFORE_ACCEPTANCE, None)
        kept = tuple(structs.replace(one, made=None) if n in at else one for n, one in enumerate(job.tasks))
        ended = job.moved("failed")._replace(message=told.detail, failure=told, tasks=kept)

        async def write(connection: Connection) -> None:
            await self._end(connection, job, ended, "failed")

        shown = [job_told(ended._replace(ended_at=self._room.clock())), draft_told(_draft_id(job))]
        await self._written(job, shown, write)

    async def _written(self, job: Job, told: Sequence[Told], write: Write) -> None:
        async with self._room.writing(Owner(job.lane, job.account), told) as connection:
            await write(connection)

    def _rider(self, job: Job, told: Sequence[Told], write: Write) -> Callable[..., Awaitable[None]]:
        async def ride(connection: Connection | None, answer: Answer) -> None:
            assert connection is not None, "the studio is kept in a database"
            await self._room.tell(connection, Owner(job.lane, job.account), told)
            await write(connection)

        return ride

    # what it means for the draft

    async def _record(self, connection: Connection, job: Job, at: Sequence[int]) -> None:
        """Put what tasks made into the draft, the list of works and, for clips, the assets."""
        owner, now = Owner(job.lane, job.account), self._room.clock()
        kept = await self._room.store.take_draft(connection, owner, job.draft)
        draft = None if kept is None else kept.draft
        for number in at:
            task, made = job.request.tasks[number], job.tasks[number].made
            assert made is not None, "only what was delivered is recorded"
            made = await self._with_asset(connection, job, task, made, "" if draft is None else draft.heading)
            await self._room.store.keep_made(connection, owner, work_hash(task.work), made, now)
            draft = None if draft is None else action_of(task.work).placed(draft, task, made, now)
        if kept is not None and draft is not None and draft != kept.draft:
            await self._room.store.save_draft(connection, changed_draft(kept, draft, now))

    async def _with_asset(self, connection: Connection, job: Job, task: Task, made: Made, heading: str) -> Made:
        """What counts as storage becomes an asset, which can be removed."""
        is_counted = job.hold is not None and "storage_bytes" in task.amounts
        if made.media is None or made.free or not is_counted:
            return made
        assert job.hold is not None, "it is counted by its hold"
        number, owner = new_number(), Owner(job.lane, job.account)
        title = SLOT_KINDS[task.slot.name].title
        name = f"{title}: {heading[:CLIP_NAME_LENGTH]}" if heading else title
        counted = min(
            made.media.bytes, made.amounts.get("storage_bytes", made.media.bytes)
        )  # never above what was held
        media = structs.replace(made.media, bytes=counted)
        asset = KeptAsset(*owner, number, name, action_of(task.work).name, job.hold, media, self._room.clock())
        await self._room.store.insert_asset(connection, asset)
        return structs.replace(made, media=structs.replace(made.media, asset=asset.id))

    async def _note_failure(self, connection: Connection, job: Job, failed: Failed, state: JobState) -> None:
        owner, now = Owner(job.lane, job.account), self._room.clock()
        if failed.billed is not None and failed.point is FailurePoint.AFTER_DELIVERY:
            work = work_hash(job.request.tasks[failed.billed].work)
            if failed.is_spoiled:
                await self._room.store.forget_paid(connection, owner, work)
            else:
                await self._room.store.keep_paid(connection, owner, work, failed.kept, now)
        kept = await self._room.store.take_draft(connection, owner, job.draft)
        if kept is None:
            return
        if state == "cancelled":
            draft = edits.without_empty_scenes(kept.draft, {task.slot for task in job.request.tasks})
        else:
            draft = _with_note(kept.draft, job, failed, now)
        if draft != kept.draft:
            await self._room.store.save_draft(connection, changed_draft(kept, draft, now))


def _with_note(draft: Draft, job: Job, failed: Failed, now: int) -> Draft:
    name = str(failed.slot) if failed.slot else RENDER_FAILURE if job.kind in ("render", "video") else None
    if name is None:
        return draft
    delivered = "" if failed.kept is None else work_hash(failed.kept.task.work)
    return edits.with_failure(draft, name, StepFailure(now, failed.failure.detail, failed.failure.hint, delivered))


def job_failure(code: str, detail: str, hint: str, point: FailurePoint, slot: SlotRef | None) -> JobFailure:
    """A failure in words."""
    return JobFailure(code, detail, hint, point.value, str(slot) if slot else "")


def _draft_id(job: Job) -> str:
    return id_text("draft", job.lane, job.account, job.draft)


def _result(job: Job, video: KeptVideo | None) -> dict[str, object]:
    if video is not None:
        return {"video": video.id}
    return {**(job.result or {}), "slots": [str(task.slot) for task in job.request.tasks]}
