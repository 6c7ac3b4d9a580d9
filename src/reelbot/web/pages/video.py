"""A finished video: to watch, to download, to make another one from."""

import re
import secrets
import unicodedata

from reelbot.clock import instant_from
from reelbot.languages.catalogue import languages
from reelbot.studio import KeptVideo, StudioRefused, video_shown
from reelbot.web.pages.draft import studio_of
from reelbot.web.pages.visits import Outcome, Shown, Visit, nothing_here
from reelbot.web.pages.wording import full_instant_words

NAME_LENGTH_MAX = 60
"""Characters of a file's name: what every file system takes with its ending."""

DOWNLOADS = (
    ("mp4", "Video", "MP4", ".mp4"),
    ("srt", "Captions for video editors", "SRT", ".srt"),
    ("vtt", "Captions for the web", "VTT", ".vtt"),
    ("words", "Word timings", "JSON", ".words.json"),
    ("script", "Script", "TXT", ".txt"),
    ("thumbnail", "Thumbnail", "JPEG", ".jpg"),
)
"""The files of a video: its name in the API, what it is, its kind, and how its name ends when it is saved."""


async def show(visit: Visit) -> Outcome:
    """Show it."""
    try:
        kept = await studio_of(visit).video(visit.account, visit.named)
    except StudioRefused:
        raise nothing_here() from None
    video = video_shown(kept)
    values = {
        "video": video,
        "draft": kept.facts.draft,
        "downloads": [one for one in DOWNLOADS if _is_there(one[0], kept)],
        "has_captions": _has_captions(kept),
        "can_publish": visit.site.publishing is not None,
        "key": secrets.token_hex(16),
        "file_name": file_name(video.title),
        "language": languages().get(video.setup.settings.language),
        "is_new": "made" in visit.query,
        "when": full_instant_words(instant_from(video.created_at), visit.figures.zone),
    }
    return Shown("video", values, video.title or "Video")


def _has_captions(video: KeptVideo) -> bool:
    """Whether it was made with word timings: what was uploaded as a voiceover has none."""
    return video.facts.setup.words is not None


def _is_there(name: str, video: KeptVideo) -> bool:
    if name == "script":
        return bool(video.facts.setup.script)
    return name in ("mp4", "thumbnail") or _has_captions(video)


def file_name(title: str) -> str:
    """A title as the name of a file on any system, without its ending."""
    plain = unicodedata.normalize("NFC", title)
    return re.sub(r"[^\w]+", "-", plain).strip("-_")[:NAME_LENGTH_MAX].strip("-") or "video"
