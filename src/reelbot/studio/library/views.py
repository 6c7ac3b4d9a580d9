"""Files and finished videos as outsiders see them, in the API and on the command line: one shape each."""

from collections.abc import Mapping

from msgspec import Struct

from reelbot.clock import instant_text
from reelbot.studio.core.draft import (
    Flow,
    Settings,
)
from reelbot.studio.core.rows import KeptAsset, KeptVideo


class AssetShown(Struct, frozen=True):
    """An uploaded or animated file."""

    id: str
    name: str
    origin: str
    kind: str
    container: str
    bytes: int
    width: int
    height: int
    duration_ms: int
    url: str
    created_at: str


class VideoShown(Struct, frozen=True):
    """A finished video, and where its files are."""

    id: str
    title: str
    duration_ms: int
    width: int
    height: int
    bytes: int
    created_at: str
    draft: str
    job: str
    files: dict[str, str]
    hashtags: list[str]
    setup: "SetupShown"


class SetupShown(Struct, frozen=True):
    """What a video was made of."""

    flow: Flow
    settings: Settings
    topic: str
    script: str


def asset_shown(asset: KeptAsset) -> AssetShown:
    """The shape that everything outside shows."""
    media = asset.media
    facts = (media.kind, media.container, media.bytes, media.width, media.height, media.duration_ms)
    url = f"/api/v1/assets/{asset.id}/file"
    return AssetShown(asset.id, asset.name, asset.origin, *facts, url, instant_text(asset.created_at))


VIDEO_FILES: Mapping[str, str] = {
    "mp4": "file",
    "srt": "captions.srt",
    "vtt": "captions.vtt",
    "words": "words.json",
    "thumbnail": "thumbnail.jpg",
}
"""The files of a video, and what each is called in its address."""


def video_shown(video: KeptVideo) -> VideoShown:
    """The shape that everything outside shows."""
    facts, setup = video.facts, video.facts.setup
    paths = {**VIDEO_FILES, **({"script": "script.txt"} if setup.script else {})}
    return VideoShown(
        id=video.id,
        title=video.title,
        duration_ms=facts.duration_ms,
        width=facts.width,
        height=facts.height,
        bytes=facts.bytes,
        created_at=instant_text(video.created_at),
        draft=facts.draft,
        job=facts.job,
        files={name: f"/api/v1/videos/{video.id}/{path}" for name, path in paths.items()},
        hashtags=list(setup.hashtags),
        setup=SetupShown(setup.flow, setup.settings, setup.topic, setup.script),
    )
