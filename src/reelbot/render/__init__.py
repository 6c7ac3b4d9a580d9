"""Renders a timeline into a finished MP4, and takes in what somebody uploaded: the front door of this room.

    found = await probe(Path("upload.bin"))                                # what it really is; Malformed when refused
    picture = found.media(Path("upload.bin"), sha256)
    timeline = Timeline(scenes_between([picture], words, length_ms), words, voice, music)
    rendered = await render(timeline, Path("cats.mp4"), Path("cache"))     # cats.mp4, .jpg, .srt, .vtt, .words.json
    rendered = await render(timeline, Path("look.mp4"), Path("cache"), quality=PREVIEW)

- `render` makes everything or nothing; any number may run at once, in any number of processes, on one cache.
- `plan_of` tells without rendering how long and how large the video will be, and what would be painted.
- `probe` and `normalise` look at a file in a process of its own.
- Errors: `Malformed` (the timeline or the upload can't be meant; nothing was touched), `MediaUnusable` (names the file),
  `DiskFull`, `ChildFailure` (a program of ours failed and no file is at fault; its traceback is logged), and `RenderFailure`
  for the rest; all but the first are `Failure`s with a code, a hint and `retryable`.

See README.md for what this room owns and what it promises.
"""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from reelbot.disk import sync
from reelbot.render.blocking import in_thread
from reelbot.render.cache import Cache, disk_errors
from reelbot.render.encode import join, make_pieces, make_thumbnail
from reelbot.render.exports import srt_of, vtt_of, words_json
from reelbot.render.failures import DiskFull, MediaUnusable, RenderFailure
from reelbot.render.plan import FINAL, PREVIEW, Quality, RenderPlan, plan_of
from reelbot.render.probe import Probed, normalise, probe
from reelbot.render.sound import sound_track
from reelbot.render.timeline import (
    TAIL_MS,
    Brand,
    MediaFile,
    TimedWord,
    Timeline,
    TimelineScene,
    opening_of,
    scenes_between,
    with_absolute_paths,
)

__all__ = [
    "FINAL",
    "PREVIEW",
    "TAIL_MS",
    "Brand",
    "DiskFull",
    "MediaFile",
    "MediaUnusable",
    "Probed",
    "Quality",
    "RenderFailure",
    "RenderPlan",
    "Rendered",
    "TimedWord",
    "Timeline",
    "TimelineScene",
    "normalise",
    "opening_of",
    "plan_of",
    "probe",
    "render",
    "scenes_between",
]


Progress = Callable[[float], None]
"""Told how much is done, from 0 to 1, never less than before."""

PAINTED_SHARE = 0.94
"""Share of the progress that painting is; the rest is sound and joining, which take a moment at the end."""


class Rendered(NamedTuple):
    """A finished video and what belongs to it: files beside it with the same name and another ending."""

    path: Path
    duration_ms: int
    frames: int
    thumbnail: Path
    srt: Path
    vtt: Path
    words: Path


def _unheard(_: float) -> None:
    """Nobody wants to know."""


async def render(
    timeline: Timeline, into: Path, cache: Path, *, quality: Quality = FINAL, progress: Progress = _unheard
) -> Rendered:
    """Make the MP4 `into` and its companions from `timeline`, using and filling the segment cache in `cache`.

    All or nothing: the files appear whole when everything is made, the MP4 last. When this raises or is cancelled, no
    process is left running and no file is left behind. Raises `Malformed` for a timeline that can't be meant,
    `MediaUnusable` naming a file that can't be used, `DiskFull`, `ChildFailure`, and `RenderFailure` for anything else.
    """
    plan = await in_thread(plan_of, with_absolute_paths(timeline), quality)
    kept = Cache(cache)
    report = _Report(plan.frames, progress)
    with disk_errors(), kept.workspace() as workspace:
        made = await _make(plan, timeline, workspace, kept, report)
        await in_thread(kept.prune)
        await _publish(made, into)
    report.finished()
    return Rendered(into, plan.length_ms, plan.frames, *(_beside(into, ending) for ending in _ENDINGS))


class _Report:
    """Adds up frames into a share of the whole that never goes back and never passes 1."""

    def __init__(self, frames: int, progress: Progress) -> None:
        self._frames = frames
        self._ready = 0
        self._progress = progress
        progress(0.0)

    def ready(self, frames: int) -> None:
        self._ready = min(self._frames, self._ready + frames)
        self._progress(PAINTED_SHARE * self._ready / self._frames)

    def finished(self) -> None:
        self._progress(1.0)


async def _make(plan: RenderPlan, timeline: Timeline, workspace: Path, cache: Cache, report: _Report) -> Sequence[Path]:
    """Every file of the video in the workspace: the companions in the order of `_ENDINGS`, then the MP4."""

    async def pictured() -> Path:
        await pieces
        return await make_thumbnail(plan, workspace)

    async def joined() -> Path:
        await pieces
        return await join(plan, await sound, workspace)

    try:
        async with asyncio.TaskGroup() as group:
            pieces = group.create_task(make_pieces(plan, workspace, cache, report.ready))
            sound = group.create_task(sound_track(plan.sound, workspace, cache))
            thumbnail, video = group.create_task(pictured()), group.create_task(joined())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    texts = await in_thread(_write_texts, plan, timeline, workspace)
    return [thumbnail.result(), *texts, video.result()]


def _write_texts(plan: RenderPlan, timeline: Timeline, workspace: Path) -> list[Path]:
    texts = {
        "captions.srt": srt_of(plan.pages, plan.line_ems),
        "captions.vtt": vtt_of(plan.pages, plan.line_ems),
        "words.json": words_json(timeline.words, timeline.language),
    }
    for name, text in texts.items():
        (workspace / name).write_text(text, encoding="utf-8")
    return [workspace / name for name in texts]


_ENDINGS = (".jpg", ".srt", ".vtt", ".words.json")


def _beside(into: Path, ending: str) -> Path:
    return into.with_name(into.stem + ending)


def _targets(into: Path) -> list[Path]:
    """Where everything goes, the MP4 last, so that whoever sees it finds the others."""
    return [*(_beside(into, ending) for ending in _ENDINGS), into]


async def _publish(made: Sequence[Path], into: Path) -> None:
    """Give every file its final name: all, or none when this fails or is cancelled."""
    placed: list[Path] = []
    try:
        await in_thread(_place, made, into, placed)
    except BaseException:
        await in_thread(_withdraw, into, placed)
        raise


def _place(made: Sequence[Path], into: Path, placed: list[Path]) -> None:
    into.parent.mkdir(parents=True, exist_ok=True)
    targets = _targets(into)
    for source, target in zip(made, targets, strict=True):
        shutil.move(source, _part(target))
        sync(_part(target))
    for target in targets:
        _part(target).replace(target)
        placed.append(target)
    sync(into.parent)


def _withdraw(into: Path, placed: Sequence[Path]) -> None:
    for path in (*map(_part, _targets(into)), *placed):
        path.unlink(missing_ok=True)


def _part(target: Path) -> Path:
    """Name of a file that isn't published yet; the next render to the same place writes over what a crash left."""
    return target.with_name(f".{target.name}.part")
