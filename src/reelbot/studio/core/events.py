"""What the studio tells: events of jobs, drafts and videos, in the shape that everything outside shows."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from reelbot.clock import instant_text, instant_text_or_none
from reelbot.ids import id_text
from reelbot.records import Told
from reelbot.studio.core.job import Job, JobFailure, JobKind, JobState
from reelbot.studio.core.rows import KeptVideo

EVENT_KINDS = ("job", "draft", "video")
"""The kinds of events that the studio writes."""


class DraftTold(Struct, frozen=True):
    """An event: a draft was changed, or removed."""

    id: str
    removed: bool


class VideoTold(Struct, frozen=True):
    """An event: a video is finished."""

    id: str
    title: str
    draft: str
    job: str


class JobShown(Struct, frozen=True):
    """A job. `result` says what came of it, `failure` why it ended without."""

    id: str
    kind: JobKind
    state: JobState
    progress: float
    message: str
    draft: str
    hold: str | None
    steps: list[str]
    result: dict[str, Any] | None
    failure: JobFailure | None
    created_at: str
    started_at: str | None
    ended_at: str | None


def job_shown(job: Job) -> JobShown:
    """The shape that everything outside shows."""
    return JobShown(
        id=job.id,
        kind=job.kind,
        state=job.state,
        progress=job.progress,
        message=job.message,
        draft=id_text("draft", job.lane, job.account, job.draft),
        hold=job.hold,
        steps=[str(task.slot) for task in job.request.tasks],
        result=job.result,
        failure=job.failure,
        created_at=instant_text(job.created_at),
        started_at=instant_text_or_none(job.started_at),
        ended_at=instant_text_or_none(job.ended_at),
    )


def running_slots(jobs: Sequence[Job]) -> frozenset[str]:
    """The slots that jobs are at work for."""
    return frozenset(
        str(task.slot)
        for job in jobs
        for task, progress in zip(job.request.tasks, job.tasks, strict=True)
        if progress.made is None
    )


def job_told(job: Job) -> Told:
    """That a job stands like this now."""
    return "job", job_shown(job)


def draft_told(id: str, *, is_removed: bool = False) -> Told:
    """That a draft is another now, or is gone."""
    return "draft", DraftTold(id, is_removed)


def video_told(video: KeptVideo) -> Told:
    """That a video is finished."""
    return "video", VideoTold(video.id, video.title, video.facts.draft, video.facts.job)
