"""What every part of the studio works with: the rooms below it, its own store and files, and how it writes.

A write transaction begins with the events that it tells, which locks the account's stream; see `store` for why.
"""

from dataclasses import dataclass, field

from reelbot.providers.registry import Registry
from reelbot.records import TellingRoom, Told
from reelbot.studio.bounds import DECODERS_MAX, DECODINGS_WAITING_MAX
from reelbot.studio.core.jobs import Job
from reelbot.studio.files import Files
from reelbot.studio.receiving import TakingIn, taken_in
from reelbot.studio.shares import Share
from reelbot.studio.shown import DraftTold, VideoTold, job_shown
from reelbot.studio.store import KeptVideo, StudioStore

EVENT_KINDS = ("job", "draft", "video")
"""The kinds of events that the studio writes."""


@dataclass(frozen=True, eq=False)
class Room(TellingRoom[StudioStore]):
    """The parts of one running studio."""

    files: Files
    registry: Registry
    take_in: TakingIn = taken_in
    decoding: Share = field(default_factory=lambda: Share(DECODERS_MAX, 1, DECODINGS_WAITING_MAX))


def job_told(job: Job) -> Told:
    """That a job stands like this now."""
    return "job", job_shown(job)


def draft_told(id: str, *, is_removed: bool = False) -> Told:
    """That a draft is another now, or is gone."""
    return "draft", DraftTold(id, is_removed)


def video_told(video: KeptVideo) -> Told:
    """That a video is finished."""
    return "video", VideoTold(video.id, video.title, video.facts.draft, video.facts.job)
