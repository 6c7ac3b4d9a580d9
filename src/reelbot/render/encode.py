"""Makes the files of a plan: missing pieces painted in a process of their own, then all joined without re-encoding."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from xml.sax.saxutils import escape

import msgspec

from reelbot.errors import Failure
from reelbot.render import ffmpeg, fonts
from reelbot.render.blocking import in_thread
from reelbot.render.cache import Cache
from reelbot.render.captions import faces_of
from reelbot.render.failures import DiskFull, MediaUnusable, RenderFailure
from reelbot.render.limits import (
    BASE_CPU_SECONDS,
    CLIP_FRAME_CPU_SECONDS,
    FRAME_CPU_SECONDS,
    MADE_FILE_BYTES_MAX,
    PAINTER_MEMORY_BYTES,
    STALL_SECONDS,
)
from reelbot.render.painter_protocol import News, Order
from reelbot.render.plan import Piece, RenderPlan
from reelbot.subprocesses import ChildFailure, Limits, end_of, failed, python_environment, start

Count = Callable[[int], None]
"""Told how many more frames are ready."""

PAINTING = "painting the video"

PAINTER = "reelbot.render.painter"

ANSWER_BYTES_MAX = 65_536
"""Of one line of answer: a defect with its traceback."""


async def make_pieces(plan: RenderPlan, workspace: Path, cache: Cache, ready: Count) -> None:
    """Have every piece of `plan` in the workspace as `<key>.mp4`, painting those that the cache doesn't know."""
    pieces = tuple({piece.key: piece for piece in plan.pieces}.values())
    found = await in_thread(_take_known, pieces, workspace, cache)
    ready(sum(piece.frames for piece in pieces if piece in found))
    missing = tuple(piece for piece in pieces if piece not in found)
    if missing:
        order = await in_thread(_order, plan, missing, workspace)
        await _paint(order, workspace, cache, ready)


def piece_file(key: str) -> str:
    """Name of a piece in the workspace."""
    return f"{key}.mp4"


def _take_known(pieces: Sequence[Piece], workspace: Path, cache: Cache) -> frozenset[Piece]:
    return frozenset(piece for piece in pieces if cache.take(piece.key, workspace / piece_file(piece.key)))


def _order(plan: RenderPlan, missing: tuple[Piece, ...], workspace: Path) -> Order:
    config = workspace / "fonts.conf"
    config.write_text(_with_fonts(missing, workspace), encoding="utf-8")
    return Order(
        pieces=missing,
        frame=plan.frame,
        fps=plan.fps,
        quality=plan.quality,
        look=plan.look,
        mark=plan.mark,
        directory=str(workspace),
        font_config=str(config),
    )


def _with_fonts(pieces: Sequence[Piece], workspace: Path) -> str:
    """Lay out the fonts that some captions need, and write settings by which fontconfig knows these and no others.

    So every machine draws the same, and an encoder doesn't begin by reading fonts for a dozen scripts.
    """
    directory = workspace / "fonts"
    directory.mkdir()
    for face in {face for piece in pieces for face in faces_of(piece.cues)} | {fonts.FACES[0]}:
        (directory / face.file).symlink_to(fonts.DIRECTORY / face.file)
    here, kept = escape(str(directory)), escape(str(workspace / "fontcache"))
    return (
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n'
        f"<fontconfig><dir>{here}</dir><cachedir>{kept}</cachedir></fontconfig>\n"
    )


# Painting


async def _paint(order: Order, workspace: Path, cache: Cache, ready: Count) -> None:
    """Run the painting process; whatever ends this, no process of its group is left.

    It is given what was looked at and brought into form before, so when it dies, that is our failure and no file's.
    """
    process = await start(
        (sys.executable, "-P", "-m", PAINTER),
        PAINTING,
        _limits(order),
        python_environment(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        folder=order.directory,
        line_bytes_max=ANSWER_BYTES_MAX,
        own_group=True,
    )
    assert process.stderr is not None
    said = asyncio.ensure_future(end_of(process.stderr))
    try:
        await _follow(process, order, workspace, cache, ready)
    except _EndedEarly:
        status = await process.wait()
        raise failed(PAINTING, f"the painter ended early, with status {status}", await said) from None
    finally:
        await asyncio.shield(_end_group(process))
        await asyncio.wait({said})


def _limits(order: Order) -> Limits:
    """What the painter may use; the decoders and encoders that it starts have limits of their own, which are no higher."""
    frames = sum(piece.frames for piece in order.pieces)
    cpu_seconds = BASE_CPU_SECONDS + max(FRAME_CPU_SECONDS, CLIP_FRAME_CPU_SECONDS) * frames
    return Limits(PAINTER_MEMORY_BYTES, cpu_seconds, MADE_FILE_BYTES_MAX, starts=True)


async def _end_group(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


class _EndedEarly(Exception):
    """The painting process is gone and has not said why."""


async def _follow(
    process: asyncio.subprocess.Process, order: Order, workspace: Path, cache: Cache, ready: Count
) -> None:
    """Hand over the order and take the answers until every piece is done; each goes into the cache at once."""
    assert process.stdin is not None
    with suppress(ConnectionError):
        process.stdin.write(msgspec.json.encode(order) + b"\n")
        await process.stdin.drain()
    waiting = {piece.key for piece in order.pieces}
    while waiting:
        news = await _answer(process)
        if news.failure:
            raise _failure(news)
        ready(news.frames)
        if news.done:
            waiting.discard(news.key)
            await in_thread(cache.keep, news.key, workspace / piece_file(news.key))


async def _answer(process: asyncio.subprocess.Process) -> News:
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), STALL_SECONDS)
    except TimeoutError as error:
        raise failed(PAINTING, f"the painter made no progress for {STALL_SECONDS} s") from error
    if not line.endswith(b"\n"):
        raise _EndedEarly
    return msgspec.json.decode(line, type=News)


def _failure(news: News) -> Failure:
    """Rebuild the failure that the painting process met, as it was there."""
    if news.failure == DiskFull.code:
        return DiskFull()
    if news.failure == MediaUnusable.code:
        return MediaUnusable(Path(news.path), news.detail)
    if news.failure == ChildFailure.code:
        return failed(PAINTING, "the painter met what it did not foresee", news.detail)
    return RenderFailure(news.detail)


# Joining


async def join(plan: RenderPlan, sound: Path, workspace: Path) -> Path:
    """Pieces and sound in one file that starts playing before it is loaded whole."""
    video = workspace / "video.mp4"
    listing = "".join(f"file {piece_file(piece.key)}\n" for piece in plan.pieces)
    await in_thread((workspace / "pieces.txt").write_text, listing)
    await ffmpeg.run(
        [
            *("-f", "concat", "-i", "pieces.txt", "-i", sound.name, "-map", "0:v:0", "-map", "1:a:0", "-c", "copy"),
            *("-map_metadata", "-1", "-movflags", "+faststart", "-video_track_timescale", str(plan.fps * 512)),
            video.name,
        ],
        plan.length_ms,
        workspace,
    )
    return video


THUMBNAIL_MS = 1_000
"""Which moment the thumbnail shows: the first words are on the screen, and the first fade is over."""


async def make_thumbnail(plan: RenderPlan, workspace: Path) -> Path:
    """Make a JPEG of an early frame, taken from the piece that holds it."""
    wanted = min(THUMBNAIL_MS * plan.fps // 1000, plan.frames // 2)
    for piece in plan.pieces:
        if wanted < piece.frames:
            break
        wanted -= piece.frames
    picture = workspace / "thumbnail.jpg"
    await ffmpeg.run(
        [
            *("-i", piece_file(piece.key), "-vf", f"select=eq(n\\,{wanted}),scale=out_color_matrix=bt601:out_range=pc"),
            *("-frames:v", "1", "-update", "1", "-pix_fmt", "yuvj420p", "-q:v", "3", picture.name),
        ],
        plan.length_ms,
        workspace,
    )
    return picture
