"""Rows of the studio as values, and what can be written of them: carried out by the store in one transaction."""

from typing import Literal, NamedTuple

from msgspec import Struct

from reelbot.ids import id_text
from reelbot.queue import awaiting
from reelbot.records import Owner, Write, json_text, json_text_or_none
from reelbot.studio.core.draft import Draft, Media
from reelbot.studio.core.job import Job, Kept, Made, Setup

PoolName = Literal["work", "preview"]
"""What places of the studio are for: AI actions and finished videos, or previews."""


class KeptDraft(NamedTuple):
    """A draft as it is kept."""

    lane: int
    account: int
    number: int
    revision: int
    heading: str
    draft: Draft
    created_at: int
    updated_at: int
    locked_by: int | None
    origin: int | None

    @property
    def id(self) -> str:
        """The draft as outsiders name it."""
        return id_text("draft", self.lane, self.account, self.number)


class KeptPreview(NamedTuple):
    """A preview that was made, by the number of its job; `result` is what the job says of it."""

    number: int
    draft: int
    has_draft: bool
    result: str


class PastDraft(NamedTuple):
    """What is kept of a draft that is no more: its name and, where it became one, its video."""

    lane: int
    account: int
    number: int
    heading: str
    video: str | None
    at: int


class VideoFiles(Struct, frozen=True):
    """The files of a finished video, by their content."""

    mp4: str
    srt: str
    vtt: str
    words: str
    thumbnail: str


class VideoFacts(Struct, frozen=True, kw_only=True):
    """A finished video: what it is, and the setup that it was made from."""

    setup: Setup
    files: VideoFiles
    width: int
    height: int
    duration_ms: int
    bytes: int
    draft: str
    job: str


class KeptVideo(NamedTuple):
    """A finished video as it is kept."""

    lane: int
    account: int
    number: int
    title: str
    facts: VideoFacts
    created_at: int

    @property
    def id(self) -> str:
        """The video as outsiders name it."""
        return id_text("video", self.lane, self.account, self.number)


class KeptAsset(NamedTuple):
    """An uploaded or animated file as it is kept; `hold` counts it as storage."""

    lane: int
    account: int
    number: int
    name: str
    origin: str
    hold: str
    media: Media
    created_at: int

    @property
    def id(self) -> str:
        """The file as outsiders name it."""
        return id_text("asset", self.lane, self.account, self.number)


class MadeBefore(NamedTuple):
    """What is known of a work: whether it was paid for, what it made, and what was delivered and is still to be taken in."""

    is_paid: bool
    made: Made | None
    kept: Kept | None


def pool_of(job: Job) -> PoolName:
    """Which places a job needs one of."""
    return "preview" if job.kind == "preview" else "work"


# what can be written of drafts


def insert_draft(kept: KeptDraft) -> Write:
    """A new draft."""
    told = (kept.heading, json_text(kept.draft), kept.created_at, kept.updated_at, kept.origin)
    return Write("insert_draft", (*kept[:4], *told))


def save_draft(kept: KeptDraft) -> Write:
    """A draft in another form."""
    return Write("update_draft", (kept.revision, kept.heading, json_text(kept.draft), kept.updated_at, *kept[:3]))


def lock_draft(owner: Owner, number: int, job: int | None) -> Write:
    """A draft that a render locks, or lets go of."""
    return Write("lock_draft", (job, *owner, number))


def forget_draft(past: PastDraft) -> tuple[Write, Write]:
    """A draft that is no more, and what it was called."""
    return Write("delete_draft", past[:3]), Write("insert_past_draft", past)


# of jobs


def insert_job(job: Job) -> tuple[Write, Write]:
    """A new job, which waits for its turn from now on; its priority is the rank of its account's plan."""
    row = (*job[:8], job.hold, job.progress, job.message, json_text(job.request), json_text(job.tasks))
    told = (json_text_or_none(job.result), job.created_at, job.ended_at)
    turn = awaiting((job.lane, job.account), pool_of(job), job.priority)
    return Write("insert_job", (*row, *told)), Write("await_turn", turn)


def note_tasks(job: Job) -> Write:
    """What is known of each piece of work."""
    return Write("note_tasks", (json_text(job.tasks), *_lease(job)), is_fenced=True)


def end_job(ended: Job) -> tuple[Write, Write]:
    """The end that a job has come to; its account waits no longer when that was its last."""
    told = (ended.state, ended.progress, ended.message, json_text(ended.tasks))
    outcome = (json_text_or_none(ended.result), json_text_or_none(ended.failure), ended.ended_at)
    end = Write("end_job", (*told, *outcome, *_lease(ended)), is_fenced=True)
    return end, Write("leave_turns", (ended.lane, ended.account))


def _lease(job: Job) -> tuple[int, int, int, int]:
    return (job.lane, job.account, job.number, job.fence)


# of what was made


def insert_video(video: KeptVideo) -> Write:
    """A finished video."""
    return Write("insert_video", (*video[:4], json_text(video.facts), video.created_at))


def insert_asset(asset: KeptAsset) -> Write:
    """A file that counts as storage."""
    return Write("insert_asset", (*asset[:6], json_text(asset.media), asset.created_at))


def keep_made(owner: Owner, work: str, made: Made, at: int) -> Write:
    """What a work made; nothing is to be taken in for it any more."""
    return Write("insert_made", (*owner, work, json_text(made), None, at))


def keep_paid(owner: Owner, work: str, kept: Kept | None, at: int) -> Write:
    """That a work was paid for, and what was delivered for it, where that could be kept."""
    return Write("insert_made", (*owner, work, None, json_text_or_none(kept), at))


def forget_paid(owner: Owner, work: str) -> Write:
    """What was delivered for a work cannot be used, now or later."""
    return Write("forget_made", (*owner, work))
