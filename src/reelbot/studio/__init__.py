"""The studio: from a topic to a finished video. Stands on the allowance; every AI action holds and settles there."""

from reelbot.studio.assets import Held
from reelbot.studio.bounds import UPLOAD_BYTES_MAX, UPLOAD_BYTES_PER_SECOND_MIN, UPLOAD_GRACE_SECONDS
from reelbot.studio.core.asking import ChangeAsked, DraftAsked, GenerationAsked, OptionsAsked, RenderAsked, StepAsked
from reelbot.studio.core.drafts import Media
from reelbot.studio.core.jobs import Job
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.deliveries import StudioDeliveries
from reelbot.studio.files import FileMissing, StorageFull, disk_errors
from reelbot.studio.generating import Begun, Quoted
from reelbot.studio.opening import open_studio, registry_of
from reelbot.studio.overview import COUNTED_MAX, JOBS_SEEN_MAX, Counted, Overview, SeenJob, SeenWorker, Standing
from reelbot.studio.presets import PresetAsked, Presets, PresetShown, preset_shown
from reelbot.studio.purposes import EXPORT_COLUMNS, EntryShown, Purpose, Purposes, entry_shown, export_cells
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
from reelbot.studio.uploads import Place

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
    "KeptVideo",
    "Media",
    "OptionsAsked",
    "Overview",
    "Place",
    "PresetAsked",
    "PresetShown",
    "Presets",
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
    "VideoShown",
    "VideoTold",
    "asset_shown",
    "disk_errors",
    "entry_shown",
    "export_cells",
    "job_shown",
    "open_studio",
    "preset_shown",
    "registry_of",
    "video_shown",
]
