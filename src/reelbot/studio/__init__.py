"""The studio: from a topic to a finished video. Stands on the allowance; every AI action holds and settles there."""

from reelbot import extras

extras.require("studio")

from reelbot.studio.actions.requests import GenerationAsked, StepAsked
from reelbot.studio.attribution import EXPORT_COLUMNS, EntryShown, Purpose, Purposes, entry_shown, export_cells
from reelbot.studio.core.draft import Media
from reelbot.studio.core.events import EVENT_KINDS, DraftTold, JobShown, VideoTold, job_shown
from reelbot.studio.core.job import Job
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.core.requests import ChangeAsked, DraftAsked, RenderAsked
from reelbot.studio.core.rows import KeptVideo
from reelbot.studio.deliveries import StudioDeliveries
from reelbot.studio.drafts.views import DraftListed, DraftShown
from reelbot.studio.files.content import FileMissing, StorageFull, disk_errors
from reelbot.studio.jobs.enqueue import Begun, Quoted
from reelbot.studio.library.assets import Held
from reelbot.studio.library.presets import PresetAsked, Presets, PresetShown, preset_shown
from reelbot.studio.library.uploads import Place
from reelbot.studio.library.views import VIDEO_FILES, AssetShown, VideoShown, asset_shown, video_shown
from reelbot.studio.lifespan import open_studio, registry_of
from reelbot.studio.limits import UPLOAD_BYTES_MAX, UPLOAD_BYTES_PER_SECOND_MIN, UPLOAD_GRACE_SECONDS
from reelbot.studio.overview import COUNTED_MAX, JOBS_SEEN_MAX, Counted, Overview, SeenJob, SeenWorker, Standing
from reelbot.studio.service import Studio

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
