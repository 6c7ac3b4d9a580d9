"""Rows of the studio as values: drafts, videos and files as they are kept."""

from typing import NamedTuple

from msgspec import Struct

from reelbot.ids import id_text
from reelbot.studio.core.draft import Draft, Media
from reelbot.studio.core.job import Kept, Made, Setup


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
