"""How smooth, how well in time and how loud a finished video is. Measured, not timed: one round is enough."""

import asyncio
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.scenario import Case, Found, Measure, Place, Scenario
from bench.video import FPS, media, timeline
from reelbot.render import FINAL, MediaFile, Quality, Timeline, ffmpeg, plan_of, render, scenes_between
from reelbot.render.camera_moves import MOVES, FrameSize
from reelbot.render.motion import FrameBuffer, Still, prepare_still
from reelbot.render.plan import Layer, frame_size
from reelbot.render.sound import measure

DOT_SECONDS = 2
FADE_FRAMES = 8
"""More than half a cross-fade, in which there are two dots."""

READABLE = Quality(360, "ultrafast", 24)
"""Large enough to tell the colours of letters."""

DARK = (50, 18, 16)


# Smoothness


def _smoothness(place: Place) -> Found:
    """Jitter as painted, the worst of all moves, and in a finished video, where the encoder adds its own rounding."""
    dot = _dot(place.directory / "dot.png")
    return Found({"painted_px": _painted_jitter(dot), "encoded_px": _encoded_jitter(dot, place.directory)})


def _dot(path: Path) -> MediaFile:
    """A soft dot, whose place is known to a small part of a pixel by the middle of its brightness."""
    width, height = 1254, 2228
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    distance = (across - width * 0.42) ** 2 + (down - height * 0.4) ** 2
    cv2.imwrite(str(path), (30 + 200 * np.exp(-distance / (2 * 8**2))).astype(np.uint8))
    return media(path, "image", width, height)


def _painted_jitter(dot: MediaFile) -> float:
    frame = frame_size("9:16", FINAL.short_side)
    planes, canvas = prepare_still(dot.path, frame), FrameBuffer(frame)
    worst = 0.0
    for move in MOVES:
        layer = Layer(str(dot.path), dot.sha256, "image", move, "cover", False, DOT_SECONDS * FPS, 0)
        still, places = Still(planes, layer, frame, FPS), []
        for _ in range(layer.frames):
            still.draw(canvas)
            places.append(_middle(canvas.planes.y))
        worst = max(worst, _second_difference(places))
    return worst


def _encoded_jitter(dot: MediaFile, directory: Path) -> float:
    """The middle one of four scenes."""
    scenes = scenes_between([dot] * 4, (), DOT_SECONDS * 4000)
    video = Timeline(scenes, seed=3)
    rendered = asyncio.run(render(video, directory / "dots.mp4", directory / "dots"))
    places = [_middle(frame[..., 0]) for frame in _frames(rendered.path, plan_of(video).frame, "gray", 1)]
    length = DOT_SECONDS * FPS
    return median(
        _second_difference(places[n * length + FADE_FRAMES : (n + 1) * length - FADE_FRAMES]) for n in range(4)
    )


def _middle(luma: NDArray[np.uint8]) -> tuple[float, float]:
    """Where the dot is."""
    light = (luma.astype(np.float64) - 60).clip(0)
    across, down = light.sum(axis=0), light.sum(axis=1)
    return float(np.average(np.arange(len(across)), weights=across)), float(
        np.average(np.arange(len(down)), weights=down)
    )


def _second_difference(places: Sequence[tuple[float, float]]) -> float:
    """Root mean square of the second difference, on the worse of both axes: 0 for an even movement."""
    return float(np.sqrt(np.mean(np.diff(np.array(places), n=2, axis=0) ** 2, axis=0)).max())


def _frames(video: Path, size: FrameSize, pixels: str, depth: int) -> Iterator[NDArray[np.uint8]]:
    """Every frame of a video, one at a time."""
    reader = subprocess.Popen(
        [ffmpeg.program(), "-loglevel", "error", "-i", video, "-f", "rawvideo", "-pix_fmt", pixels, "pipe:1"],
        stdout=subprocess.PIPE,
    )
    assert reader.stdout is not None
    while frame := reader.stdout.read(size.width * size.height * depth):
        yield np.frombuffer(frame, np.uint8).reshape(size.height, size.width, depth)
    reader.stdout.close()
    reader.wait()


# Words and sound


def _words_and_sound(place: Place) -> Found:
    """How far the light is from the mark of each word, in frames; loudness and true peak of the finished video."""
    video = timeline(place.shared / "video")
    ground = place.directory / "ground.png"
    cv2.imwrite(str(ground), np.full((1280, 720, 3), DARK, np.uint8))
    dark = media(ground, "image", 720, 1280)
    video = video._replace(scenes=tuple(scene._replace(media=dark) for scene in video.scenes))
    rendered = asyncio.run(render(video, place.directory / "words.mp4", place.directory / "cache", quality=READABLE))
    level = asyncio.run(measure(rendered.path))
    changes = np.array(_changes_of_light(rendered.path, plan_of(video, READABLE).frame))
    off = [float(np.abs(changes - word.start_ms * FPS / 1000).min()) for word in video.words]
    figures = {"light_off_frames": max(off), "loudness_off_lu": abs(level.integrated + 14), "peak_dbtp": level.peak}
    return Found(figures, notes=(f"{len(off)} words",))


def _changes_of_light(video: Path, size: FrameSize) -> list[int]:
    """The frames in which other letters than before have the accent colour."""
    found, before = [], np.zeros((size.height, size.width), np.bool_)
    for place, frame in enumerate(_frames(video, size, "rgb24", 3)):
        red, green, blue = (frame[..., n].astype(np.int16) for n in range(3))
        lit = (red > 150) & (green > 120) & (blue < 110) & (red - blue > 90)
        if lit.any() and (lit ^ before).sum() > lit.sum() / 2:
            found.append(place)
        before = lit
    return found


def _prepare(place: Place) -> None:
    timeline(place.shared / "video")


SCENARIO = Scenario(
    title="What a finished video is like",
    prepare=_prepare,
    cases=(Case("smoothness", _smoothness), Case("words and sound", _words_and_sound)),
    measures=(
        Measure("jitter of motion as painted", ("smoothness", "painted_px"), None, 0.02, None, "low", "px"),
        Measure("jitter of motion after encoding", ("smoothness", "encoded_px"), best="low", unit="px"),
        Measure(
            "light from its word's mark, at most",
            ("words and sound", "light_off_frames"),
            None,
            1,
            0.5,
            "low",
            "frames",
        ),
        Measure("distance from -14 LUFS", ("words and sound", "loudness_off_lu"), None, 1, 0.5, "low", "LU"),
        Measure("true peak", ("words and sound", "peak_dbtp"), None, -1, None, "low", "dBTP"),
    ),
    rounds=1,
)
