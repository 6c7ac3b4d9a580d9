"""From a pinned setup to a finished video, or a preview of one: the studio's side of rendering."""

from collections.abc import Callable
from pathlib import Path

from reelbot.errors import Malformed
from reelbot.ids import id_text
from reelbot.records import Owner, new_number, number_of
from reelbot.render import (
    FINAL,
    PREVIEW,
    TAIL_MS,
    Brand,
    MediaFile,
    Quality,
    Rendered,
    TimedWord,
    Timeline,
    opening_of,
    plan_of,
    render,
    scenes_between,
)
from reelbot.studio.context import Room
from reelbot.studio.core.draft import Media as KeptMedia
from reelbot.studio.core.job import Job, Setup, setup_of
from reelbot.studio.core.rows import KeptVideo, VideoFacts, VideoFiles
from reelbot.studio.files.content import Files
from reelbot.studio.files.ingest import words_from
from reelbot.studio.limits import PREVIEW_SECONDS_MAX
from reelbot.studio.planning.remaining import missing_after

Progress = Callable[[float], None]


class Maker:
    """Makes videos of jobs."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def video(self, job: Job, progress: Progress) -> KeptVideo:
        """The finished video of a job, its files kept; the row is written by whoever settles the job."""
        setup = await self._setup(job)
        with self._room.files.desk() as folder:
            rendered = await self._rendered(setup, folder, FINAL, progress)
            plan = plan_of(timeline_of(setup, self._room.files), FINAL)
            files = await self._kept(rendered)
        owner = Owner(job.lane, job.account)
        facts = VideoFacts(
            setup=setup,
            files=files,
            width=plan.frame.width,
            height=plan.frame.height,
            duration_ms=rendered.duration_ms,
            bytes=self._room.files.size(files.mp4),
            draft=id_text("draft", *owner, job.draft),
            job=job.id,
        )
        return KeptVideo(*owner, new_number(), setup.title, facts, self._room.clock())

    async def preview(self, job: Job, progress: Progress) -> str:
        """A small video of a job, of its beginning where it is long; the hash of its content."""
        with self._room.files.desk() as folder:
            rendered = await self._rendered(await self._setup(job), folder, PREVIEW, progress)
            return await self._room.files.keep(rendered.path)

    async def _rendered(self, setup: Setup, folder: Path, quality: Quality, progress: Progress) -> Rendered:
        timeline = timeline_of(setup, self._room.files)
        if quality is PREVIEW:
            timeline = opening_of(timeline, PREVIEW_SECONDS_MAX * 1_000)
        return await render(timeline, folder / "video.mp4", self._room.files.cache, quality=quality, progress=progress)

    async def _kept(self, rendered: Rendered) -> VideoFiles:
        keep = self._room.files.keep
        return VideoFiles(
            mp4=await keep(rendered.path),
            srt=await keep(rendered.srt),
            vtt=await keep(rendered.vtt),
            words=await keep(rendered.words),
            thumbnail=await keep(rendered.thumbnail),
        )

    async def _setup(self, job: Job) -> Setup:
        """What to render: pinned when it was asked for, or the draft as the job itself has made it."""
        if job.request.setup is not None:
            return job.request.setup
        owner = Owner(job.lane, job.account)
        kept = await self._room.store.draft(owner, job.draft)
        if kept is None:
            raise Malformed("The draft was removed before it was rendered.")
        missing = missing_after(kept.draft, ())
        if missing:
            raise Malformed(missing)
        logo = kept.draft.settings.logo
        asset = None if logo is None else await self._room.store.asset(owner, number_of("asset", owner, logo))
        return setup_of(kept.draft, asset.media if asset else None, job.draft % 2**31)


def timeline_of(setup: Setup, files: Files) -> Timeline:
    """The timeline of a setup. The voice is the clock; without one the duration that was set is."""
    settings = setup.settings
    words = () if setup.words is None else words_from(files.path(setup.words).read_text(encoding="utf-8"))
    spoken = tuple(TimedWord(word.text, word.start_ms, word.end_ms) for word in words)
    voice = None if setup.voiceover is None else _media(setup.voiceover, files)
    length_ms = settings.duration_s * 1_000 if voice is None else voice.duration_ms + TAIL_MS
    logo = None if setup.logo is None else _media(setup.logo, files)
    return Timeline(
        scenes=scenes_between([_media(one, files) for one in setup.scenes], spoken, length_ms),
        words=spoken,
        voice=voice,
        music=None if setup.music is None else _media(setup.music, files),
        aspect=settings.aspect,
        caption_size=settings.caption_size,
        brand=Brand(settings.text_colour, settings.accent_colour, settings.outline_colour, logo, settings.corner),
        language=settings.language,
        seed=setup.seed,
    )


def _media(media: KeptMedia, files: Files) -> MediaFile:
    facts = (media.kind, media.width, media.height, media.duration_ms, media.is_hdr)
    return MediaFile(files.path(media.sha256), media.sha256, *facts)
