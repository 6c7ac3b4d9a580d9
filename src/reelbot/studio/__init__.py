"""The studio: from a topic to a finished video. Stands on the allowance; every AI action holds and settles there."""

from reelbot.studio.bounds import UPLOAD_BYTES_MAX
from reelbot.studio.core.asking import ChangeAsked, DraftAsked, GenerationAsked, OptionsAsked, RenderAsked, StepAsked
from reelbot.studio.core.drafts import Media
from reelbot.studio.core.jobs import Job
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.files import FileMissing, StorageFull
from reelbot.studio.generating import Begun, Quoted
from reelbot.studio.opening import open_studio, registry_of
from reelbot.studio.providers.port import ProviderUnavailable
from reelbot.studio.room import EVENT_KINDS
from reelbot.studio.service import Studio
from reelbot.studio.shown import (
    VIDEO_FILES,
    AssetShown,
    DraftListed,
    DraftShown,
    JobShown,
    VideoShown,
    asset_shown,
    job_shown,
    video_shown,
)
from reelbot.studio.store import KeptVideo, Page

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
    "FileMissing",
    "GenerationAsked",
    "Job",
    "JobShown",
    "KeptVideo",
    "Media",
    "OptionsAsked",
    "Page",
    "ProviderUnavailable",
    "Quoted",
    "RenderAsked",
    "StepAsked",
    "StorageFull",
    "Studio",
    "StudioRefused",
    "VideoShown",
    "asset_shown",
    "job_shown",
    "open_studio",
    "registry_of",
    "video_shown",
]
