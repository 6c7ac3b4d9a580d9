"""What follows when a piece of work is delivered or a job ends, as values: of its hold, what is told, what is written.

Pure functions of what has happened and of the facts as they are under lock. `completion` carries them out in one
transaction, with the settlement or, where nothing is held, by itself.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, assert_never

from msgspec import structs

from reelbot.allowance import FailurePoint
from reelbot.ids import id_text
from reelbot.providers.works import work_hash
from reelbot.records import Owner, Told, Write
from reelbot.studio.actions import action_of
from reelbot.studio.core import edits, rows
from reelbot.studio.core.draft import RENDER_FAILURE, Draft, SlotRef, StepFailure
from reelbot.studio.core.edits import changed_draft
from reelbot.studio.core.events import draft_told, job_told, video_told
from reelbot.studio.core.job import (
    Job,
    JobFailure,
    JobState,
    Kept,
    Made,
    Task,
    delivered_amounts,
)
from reelbot.studio.core.rows import KeptAsset, KeptDraft, KeptVideo, PastDraft
from reelbot.studio.core.slots import SLOT_KINDS

CLIP_NAME_LENGTH = 60
"""Characters of a draft's heading in the names of its clips: enough to tell in the library where one comes from."""

_HOLD_OVER = "What was set aside for this was given back or used up before it was done, so nothing of it is kept."


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


# what has happened


class TaskDelivered(NamedTuple):
    """Task `at` of several was delivered; the job goes on. `job.tasks` has it already."""

    job: Job
    at: int


class Succeeded(NamedTuple):
    """The job has ended well, with what tasks `at` made and perhaps a video; `render` is what was held for it, by meter."""

    job: Job
    at: tuple[int, ...]
    video: KeptVideo | None = None
    render: tuple[tuple[str, int], ...] = ()


class Unsuccessful(NamedTuple):
    """The job has failed or was cancelled."""

    job: Job
    failed: Failed
    state: JobState


class Unpaid(NamedTuple):
    """The job would have ended well, but its hold was over: what tasks `at` made would be charged to nobody."""

    job: Job
    at: tuple[int, ...]


Ended = Succeeded | Unsuccessful
Happened = TaskDelivered | Ended | Unpaid


class Facts(NamedTuple):
    """What is known under lock: the job and its draft as they are kept, a number for each clip, the time.

    `job` is read where a job goes on, and None else.
    """

    job: Job | None
    draft: KeptDraft | None
    numbers: Sequence[int]
    now: int


# what becomes of the hold


class Settlement(NamedTuple):
    """What becomes of the hold: by the rules of a failure point, or, without one, settled at these amounts."""

    amounts: dict[str, int]
    point: FailurePoint | None = None


def settlement(ending: Ended) -> Settlement:
    """All that arrived at its measured price; what failed by the table of failure points."""
    amounts = delivered_amounts(ending.job)
    if isinstance(ending, Succeeded):
        return Settlement(_sum(amounts, ending.render))
    failed, tasks = ending.failed, ending.job.request.tasks
    if failed.is_paid and failed.billed is not None:
        # Charged when it was delivered, to the job that it was delivered to.
        return Settlement(amounts, FailurePoint.IN_PART)
    if failed.billed is not None and len(tasks) > 1:
        # All of a batch is held together; of its table row only this piece of work is meant.
        return Settlement(_sum(amounts, tasks[failed.billed].amounts.items()), FailurePoint.IN_PART)
    if any(amounts.values()) and failed.point is not FailurePoint.CANCELLED_RUNNING:
        return Settlement(amounts, FailurePoint.IN_PART)
    return Settlement(amounts, failed.point)


def without_hold(ending: Ended) -> Unsuccessful | Unpaid:
    """What happens where the hold was over before: nothing new is kept, and what failed has failed.

    It is written alone, and `LeaseLost` where the job is over too: which is so for every job that owns its hold.
    """
    return Unpaid(ending.job, ending.at) if isinstance(ending, Succeeded) else ending


def _sum(amounts: dict[str, int], more: Iterable[tuple[str, int]]) -> dict[str, int]:
    total = dict(amounts)
    for meter, amount in more:
        total[meter] = total.get(meter, 0) + amount
    return total


# what is told


def told(happened: Happened, now: int) -> tuple[Told, ...]:
    """The events of it. They do not depend on what is read: telling comes first, since it locks the account's stream."""
    job = happened.job
    match happened:
        case TaskDelivered():
            return (job_told(job), draft_told(_draft_id(job)))
        case Succeeded(video=KeptVideo() as video):
            gone = draft_told(_draft_id(job), is_removed=True)
            return (job_told(ended_job(happened, now)), gone, video_told(video))
        case _:
            return (job_told(ended_job(happened, now)), draft_told(_draft_id(job)))


def ended_job(happened: Ended | Unpaid, now: int) -> Job:
    """The job as it has ended."""
    job = happened.job
    match happened:
        case Succeeded():
            ended = job.moved("succeeded")
            return ended._replace(progress=1.0, message="Done", result=_result(job, happened.video), ended_at=now)
        case Unsuccessful(_, failed, state):
            return job.moved(state)._replace(message=failed.failure.detail, failure=failed.failure, ended_at=now)
        case Unpaid():
            why = job_failure("hold_over", _HOLD_OVER, "Ask for it again.", FailurePoint.BEFORE_ACCEPTANCE, None)
            kept = tuple(
                structs.replace(one, made=None) if n in happened.at else one for n, one in enumerate(job.tasks)
            )
            return job.moved("failed")._replace(message=why.detail, failure=why, tasks=kept, ended_at=now)
        case _:
            assert_never(happened)


# what is written


def conclude(happened: Happened, facts: Facts) -> tuple[Write, ...]:
    """All that is written, in this order, both or neither with what is told."""
    match happened:
        case TaskDelivered(job, at):
            # Once, however often it is asked: what the kept job has already is not recorded again.
            is_new = facts.job is not None and facts.job.tasks[at].made is None
            return (rows.note_tasks(job), *(_recorded(job, (at,), facts) if is_new else ()))
        case Succeeded(job, at, video):
            ended = (*_ended(ended_job(happened, facts.now)), *_recorded(job, at, facts))
            return ended if video is None else (*ended, *_finished(job, video, facts.now))
        case Unsuccessful(job, failed, _):
            return (
                *_ended(ended_job(happened, facts.now)),
                *_remembered(job, failed, facts.now),
                *_saved(facts, None if facts.draft is None else _after_failure(facts.draft.draft, happened, facts.now)),
            )
        case Unpaid():
            return _ended(ended_job(happened, facts.now))
        case _:
            assert_never(happened)


def _ended(ended: Job) -> tuple[Write, ...]:
    unlocked = (rows.lock_draft(_owner(ended), ended.draft, None),) if ended.kind in ("render", "video") else ()
    return (*rows.end_job(ended), *unlocked)


def _finished(job: Job, video: KeptVideo, now: int) -> tuple[Write, ...]:
    """The video, in place of the draft that it was made from."""
    past = PastDraft(*_owner(job), job.draft, video.title, video.id, now)
    return (rows.insert_video(video), *rows.forget_draft(past))


def _recorded(job: Job, at: Sequence[int], facts: Facts) -> tuple[Write, ...]:
    """What tasks made: in the draft, in the list of works and, for clips, among the assets."""
    writes: list[Write] = []
    draft = None if facts.draft is None else facts.draft.draft
    for number, fresh in zip(at, facts.numbers, strict=False):
        task, made = job.request.tasks[number], job.tasks[number].made
        assert made is not None, "only what was delivered is recorded"
        asset = _asset_of(job, task, made, "" if draft is None else draft.heading, fresh, facts.now)
        if asset is not None and made.media is not None:
            made = structs.replace(made, media=structs.replace(made.media, asset=asset.id))
            writes.append(rows.insert_asset(asset))
        writes.append(rows.keep_made(_owner(job), work_hash(task.work), made, facts.now))
        draft = None if draft is None else action_of(task.work).placed(draft, task, made, facts.now)
    return (*writes, *_saved(facts, draft))


def _asset_of(job: Job, task: Task, made: Made, heading: str, number: int, now: int) -> KeptAsset | None:
    """What counts as storage becomes an asset, which can be removed."""
    if job.hold is None or "storage_bytes" not in task.amounts or made.media is None or made.free:
        return None
    title = SLOT_KINDS[task.slot.name].title
    name = f"{title}: {heading[:CLIP_NAME_LENGTH]}" if heading else title
    counted = min(made.media.bytes, made.amounts.get("storage_bytes", made.media.bytes))  # never above what was held
    media = structs.replace(made.media, bytes=counted)
    return KeptAsset(*_owner(job), number, name, action_of(task.work).name, job.hold, media, now)


def _remembered(job: Job, failed: Failed, now: int) -> tuple[Write, ...]:
    """That a work was paid for although it made nothing here, or that it can't be had again for that."""
    if failed.billed is None or failed.point is not FailurePoint.AFTER_DELIVERY:
        return ()
    work = work_hash(job.request.tasks[failed.billed].work)
    if failed.is_spoiled:
        return (rows.forget_paid(_owner(job), work),)
    return (rows.keep_paid(_owner(job), work, failed.kept, now),)


def _after_failure(draft: Draft, happened: Unsuccessful, now: int) -> Draft:
    """Without the scenes that only waited, when it was cancelled; else with a note on why."""
    job, failed, state = happened
    if state == "cancelled":
        return edits.without_empty_scenes(draft, {task.slot for task in job.request.tasks})
    name = str(failed.slot) if failed.slot else RENDER_FAILURE if job.kind in ("render", "video") else None
    if name is None:
        return draft
    delivered = "" if failed.kept is None else work_hash(failed.kept.task.work)
    return edits.with_failure(draft, name, StepFailure(now, failed.failure.detail, failed.failure.hint, delivered))


def _saved(facts: Facts, draft: Draft | None) -> tuple[Write, ...]:
    kept = facts.draft
    if kept is None or draft is None or draft == kept.draft:
        return ()
    return (rows.save_draft(changed_draft(kept, draft, facts.now)),)


def job_failure(code: str, detail: str, hint: str, point: FailurePoint, slot: SlotRef | None) -> JobFailure:
    """A failure in words."""
    return JobFailure(code, detail, hint, point.value, str(slot) if slot else "")


def _owner(job: Job) -> Owner:
    return Owner(job.lane, job.account)


def _draft_id(job: Job) -> str:
    return id_text("draft", job.lane, job.account, job.draft)


def _result(job: Job, video: KeptVideo | None) -> dict[str, object]:
    if video is not None:
        return {"video": video.id}
    return {**(job.result or {}), "slots": [str(task.slot) for task in job.request.tasks]}
