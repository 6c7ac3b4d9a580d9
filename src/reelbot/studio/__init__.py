"""The studio: from a topic to a finished video. Stands on the allowance; every AI action holds and settles there.

What is named here is imported when it is asked for: the processes that paint, look at uploads and speak are modules of this
room too, and start in a moment only because they load none of the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reelbot.providers.port import ProviderUnavailable
    from reelbot.studio.assets import Held
    from reelbot.studio.bounds import UPLOAD_BYTES_MAX, UPLOAD_BYTES_PER_SECOND_MIN, UPLOAD_GRACE_SECONDS
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
    from reelbot.studio.deliveries import StudioDeliveries
    from reelbot.studio.files import FileMissing, StorageFull, disk_errors
    from reelbot.studio.generating import Begun, Quoted
    from reelbot.studio.keeping import (
        KeepingStore,
        Owner,
        Page,
        json_text,
        json_text_or_none,
        new_number,
        number_of,
        owner_of,
        paged,
        read_json,
        read_json_or_none,
    )
    from reelbot.studio.keys import Claim, KeyTaken, content_of
    from reelbot.studio.opening import open_studio, registry_of
    from reelbot.studio.overview import COUNTED_MAX, JOBS_SEEN_MAX, Counted, Overview, SeenJob, SeenWorker, Standing
    from reelbot.studio.presets import PresetAsked, Presets, PresetShown, preset_shown
    from reelbot.studio.purposes import (
        EXPORT_COLUMNS,
        EntryShown,
        Purpose,
        Purposes,
        entry_shown,
        export_cells,
    )
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
    from reelbot.studio.store import KeptVideo
    from reelbot.studio.telling import TellingRoom, Told
    from reelbot.studio.turns import TurnStore
    from reelbot.studio.uploads import Place
    from reelbot.subprocesses import ChildFailure, reaches_out

_PLACES = {
    "AssetShown": "reelbot.studio.shown",
    "Begun": "reelbot.studio.generating",
    "ChangeAsked": "reelbot.studio.core.asking",
    "ChildFailure": "reelbot.subprocesses",
    "Claim": "reelbot.studio.keys",
    "COUNTED_MAX": "reelbot.studio.overview",
    "Counted": "reelbot.studio.overview",
    "DraftAsked": "reelbot.studio.core.asking",
    "DraftListed": "reelbot.studio.shown",
    "DraftShown": "reelbot.studio.shown",
    "DraftTold": "reelbot.studio.shown",
    "EVENT_KINDS": "reelbot.studio.room",
    "EXPORT_COLUMNS": "reelbot.studio.purposes",
    "EntryShown": "reelbot.studio.purposes",
    "FileMissing": "reelbot.studio.files",
    "GenerationAsked": "reelbot.studio.core.asking",
    "JOBS_SEEN_MAX": "reelbot.studio.overview",
    "Held": "reelbot.studio.assets",
    "Job": "reelbot.studio.core.jobs",
    "JobShown": "reelbot.studio.shown",
    "KeepingStore": "reelbot.studio.keeping",
    "KeptVideo": "reelbot.studio.store",
    "KeyTaken": "reelbot.studio.keys",
    "Media": "reelbot.studio.core.drafts",
    "OptionsAsked": "reelbot.studio.core.asking",
    "Overview": "reelbot.studio.overview",
    "Owner": "reelbot.studio.keeping",
    "Page": "reelbot.studio.keeping",
    "Place": "reelbot.studio.uploads",
    "PresetAsked": "reelbot.studio.presets",
    "PresetShown": "reelbot.studio.presets",
    "Presets": "reelbot.studio.presets",
    "ProviderUnavailable": "reelbot.providers.port",
    "Purpose": "reelbot.studio.purposes",
    "Purposes": "reelbot.studio.purposes",
    "Quoted": "reelbot.studio.generating",
    "SeenJob": "reelbot.studio.overview",
    "SeenWorker": "reelbot.studio.overview",
    "Standing": "reelbot.studio.overview",
    "RenderAsked": "reelbot.studio.core.asking",
    "StepAsked": "reelbot.studio.core.asking",
    "StorageFull": "reelbot.studio.files",
    "Studio": "reelbot.studio.service",
    "StudioDeliveries": "reelbot.studio.deliveries",
    "StudioRefused": "reelbot.studio.core.refusals",
    "TellingRoom": "reelbot.studio.telling",
    "Told": "reelbot.studio.telling",
    "TurnStore": "reelbot.studio.turns",
    "UPLOAD_BYTES_MAX": "reelbot.studio.bounds",
    "UPLOAD_BYTES_PER_SECOND_MIN": "reelbot.studio.bounds",
    "UPLOAD_GRACE_SECONDS": "reelbot.studio.bounds",
    "VIDEO_FILES": "reelbot.studio.shown",
    "VideoShown": "reelbot.studio.shown",
    "VideoTold": "reelbot.studio.shown",
    "asset_shown": "reelbot.studio.shown",
    "content_of": "reelbot.studio.keys",
    "disk_errors": "reelbot.studio.files",
    "entry_shown": "reelbot.studio.purposes",
    "export_cells": "reelbot.studio.purposes",
    "job_shown": "reelbot.studio.shown",
    "json_text": "reelbot.studio.keeping",
    "json_text_or_none": "reelbot.studio.keeping",
    "new_number": "reelbot.studio.keeping",
    "number_of": "reelbot.studio.keeping",
    "open_studio": "reelbot.studio.opening",
    "owner_of": "reelbot.studio.keeping",
    "paged": "reelbot.studio.keeping",
    "preset_shown": "reelbot.studio.presets",
    "reaches_out": "reelbot.subprocesses",
    "read_json": "reelbot.studio.keeping",
    "read_json_or_none": "reelbot.studio.keeping",
    "registry_of": "reelbot.studio.opening",
    "video_shown": "reelbot.studio.shown",
}
"""Every name of the front door, and the module that it comes from."""

__all__ = [
    "COUNTED_MAX",
    "EVENT_KINDS",
    "EXPORT_COLUMNS",
    "JOBS_SEEN_MAX",
    "UPLOAD_BYTES_MAX",
    "UPLOAD_BYTES_PER_SECOND_MIN",
    "UPLOAD_GRACE_SECONDS",
    "VIDEO_FILES",
    "AssetShown",
    "Begun",
    "ChangeAsked",
    "ChildFailure",
    "Claim",
    "Counted",
    "DraftAsked",
    "DraftListed",
    "DraftShown",
    "DraftTold",
    "EntryShown",
    "FileMissing",
    "GenerationAsked",
    "Held",
    "Job",
    "JobShown",
    "KeepingStore",
    "KeptVideo",
    "KeyTaken",
    "Media",
    "OptionsAsked",
    "Overview",
    "Owner",
    "Page",
    "Place",
    "PresetAsked",
    "PresetShown",
    "Presets",
    "ProviderUnavailable",
    "Purpose",
    "Purposes",
    "Quoted",
    "RenderAsked",
    "SeenJob",
    "SeenWorker",
    "Standing",
    "StepAsked",
    "StorageFull",
    "Studio",
    "StudioDeliveries",
    "StudioRefused",
    "TellingRoom",
    "Told",
    "TurnStore",
    "VideoShown",
    "VideoTold",
    "asset_shown",
    "content_of",
    "disk_errors",
    "entry_shown",
    "export_cells",
    "job_shown",
    "json_text",
    "json_text_or_none",
    "new_number",
    "number_of",
    "open_studio",
    "owner_of",
    "paged",
    "preset_shown",
    "reaches_out",
    "read_json",
    "read_json_or_none",
    "registry_of",
    "video_shown",
]


def __getattr__(name: str) -> Any:
    """A name of the front door, imported now."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
