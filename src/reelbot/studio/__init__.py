"""The studio: from a topic to a finished video. Stands on the allowance; every AI action holds and settles there.

What is named here is imported when it is asked for: the processes that paint, look at uploads and speak are modules of this
room too, and start in a moment only because they load none of the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reelbot.studio.bounds import UPLOAD_BYTES_MAX
    from reelbot.studio.core.asking import (
        ChangeAsked,
        DraftAsked,
        GenerationAsked,
        OptionsAsked,
        RenderAsked,
        StepAsked,
    )
    from reelbot.studio.core.drafts import Media
    from reelbot.studio.core.jobs import Job
    from reelbot.studio.core.refusals import StudioRefused
    from reelbot.studio.files import FileMissing, StorageFull
    from reelbot.studio.generating import Begun, Quoted
    from reelbot.studio.opening import open_studio, registry_of
    from reelbot.studio.presets import PresetAsked, Presets, PresetShown, preset_shown
    from reelbot.studio.providers.port import ProviderUnavailable
    from reelbot.studio.room import EVENT_KINDS
    from reelbot.studio.service import Studio
    from reelbot.studio.shown import (
        VIDEO_FILES,
        AssetShown,
        DraftListed,
        DraftShown,
        DraftTold,
        JobShown,
        VideoShown,
        VideoTold,
        asset_shown,
        job_shown,
        video_shown,
    )
    from reelbot.studio.store import KeptVideo, Page

_PLACES = {
    "AssetShown": "reelbot.studio.shown",
    "Begun": "reelbot.studio.generating",
    "ChangeAsked": "reelbot.studio.core.asking",
    "DraftAsked": "reelbot.studio.core.asking",
    "DraftListed": "reelbot.studio.shown",
    "DraftShown": "reelbot.studio.shown",
    "DraftTold": "reelbot.studio.shown",
    "EVENT_KINDS": "reelbot.studio.room",
    "FileMissing": "reelbot.studio.files",
    "GenerationAsked": "reelbot.studio.core.asking",
    "Job": "reelbot.studio.core.jobs",
    "JobShown": "reelbot.studio.shown",
    "KeptVideo": "reelbot.studio.store",
    "Media": "reelbot.studio.core.drafts",
    "OptionsAsked": "reelbot.studio.core.asking",
    "Page": "reelbot.studio.store",
    "PresetAsked": "reelbot.studio.presets",
    "PresetShown": "reelbot.studio.presets",
    "Presets": "reelbot.studio.presets",
    "ProviderUnavailable": "reelbot.studio.providers.port",
    "Quoted": "reelbot.studio.generating",
    "RenderAsked": "reelbot.studio.core.asking",
    "StepAsked": "reelbot.studio.core.asking",
    "StorageFull": "reelbot.studio.files",
    "Studio": "reelbot.studio.service",
    "StudioRefused": "reelbot.studio.core.refusals",
    "UPLOAD_BYTES_MAX": "reelbot.studio.bounds",
    "VIDEO_FILES": "reelbot.studio.shown",
    "VideoShown": "reelbot.studio.shown",
    "VideoTold": "reelbot.studio.shown",
    "asset_shown": "reelbot.studio.shown",
    "job_shown": "reelbot.studio.shown",
    "open_studio": "reelbot.studio.opening",
    "preset_shown": "reelbot.studio.presets",
    "registry_of": "reelbot.studio.opening",
    "video_shown": "reelbot.studio.shown",
}
"""Every name of the front door, and the module that it comes from."""

__all__ = [
    "EVENT_KINDS",
    "UPLOAD_BYTES_MAX",
    "VIDEO_FILES",
    "AssetShown",
    "Begun",
    "ChangeAsked",
    "DraftAsked",
    "DraftListed",
    "DraftShown",
    "DraftTold",
    "FileMissing",
    "GenerationAsked",
    "Job",
    "JobShown",
    "KeptVideo",
    "Media",
    "OptionsAsked",
    "Page",
    "PresetAsked",
    "PresetShown",
    "Presets",
    "ProviderUnavailable",
    "Quoted",
    "RenderAsked",
    "StepAsked",
    "StorageFull",
    "Studio",
    "StudioRefused",
    "VideoShown",
    "VideoTold",
    "asset_shown",
    "job_shown",
    "open_studio",
    "preset_shown",
    "registry_of",
    "video_shown",
]


def __getattr__(name: str) -> Any:
    """A name of the front door, imported now."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
