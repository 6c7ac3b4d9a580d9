"""Bring a still picture to life: a clip of some seconds in which the view drifts, near things pass far ones, light wanders.

Nobody knows how deep a picture is; what is lower is taken to be nearer, which suits most pictures, and the shifts are
small enough to suit the others. Every frame is worked out from the picture itself at places between its pixels, so that
motion is smooth however slow. ffmpeg encodes in a process of its own, which ends with the call, however that ends.
"""

import asyncio
import errno
import io
import random
import re
import signal
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NamedTuple

import cv2
import imageio_ffmpeg
import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from reelbot.errors import Malformed
from reelbot.providers.embedded.artwork.artwork import Aspect
from reelbot.providers.embedded.limits import (
    CLIP_CPU_SECONDS,
    CLIP_DEADLINE_SECONDS,
    CLIP_FILE_BYTES_MAX,
    CLIP_FRAME_CPU_SECONDS,
    CLIP_MEMORY_BYTES,
    CLIP_SECONDS_MAX,
    CLIP_SECONDS_MIN,
    CLIP_SOURCE_PIXELS_MAX,
)
from reelbot.subprocesses import Limits, end, end_of, environment, failed, start

FRAMES_PER_SECOND = 30

FRAMES: dict[Aspect, tuple[int, int]] = {"9:16": (1080, 1920), "1:1": (1080, 1080), "16:9": (1920, 1080)}
"""Width and height of a clip."""

_ZOOM_PER_SECOND, _ZOOM_MAX = 0.012, 0.075
"""How much the view closes in: slow enough to be felt rather than seen, and never so far that pixels show."""

_DRIFT = 0.018
_PARALLAX = 0.012
"""Of the shorter side: how far the view wanders, and how far near things move against far ones."""

_SWAY_SECONDS = 7.0
"""For one sway from side to side: about two slow breaths."""

_LIGHT = 0.085
"""How much brighter it is where the light stands, and darker far from it."""

_LIGHT_CELLS = 24
"""The light is worked out on so few cells across; it is soft, so nobody sees the difference."""

_FORMATS = ("JPEG", "PNG", "WEBP")
_BROKEN = (
    OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip

ENCODING = "making this clip"

_NO_ROOM = re.compile(rb"No space left on device|File too large|Disk quota exceeded")

Frame = NDArray[np.uint8]
Field = NDArray[np.float32]


class AnimationOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long the clip shall be, its shape, and how lively it moves: 1 is the normal measure."""

    seconds: Annotated[int, msgspec.Meta(ge=CLIP_SECONDS_MIN, le=CLIP_SECONDS_MAX)] = 5
    aspect: Aspect = "9:16"
    liveliness: Annotated[float, msgspec.Meta(ge=0.25, le=2.0)] = 1.0


class Clip(NamedTuple):
    """An MP4 without sound: H.264, 30 frames a second, BT.709."""

    mp4: bytes
    width: int
    height: int
    frames: int
    duration_ms: int


class Camera(NamedTuple):
    """How the view moves: all of it drawn once, from the seed.

    `heading` is the direction of the drift, `closes_in` whether it comes nearer or goes back, `phase` where the sway
    and the light begin; angles in radians.
    """

    heading: float
    closes_in: bool
    phase: float
    liveliness: float


class View(NamedTuple):
    """What one frame shows of the picture: zoom, shifts in pixels of the frame, and where the light stands (0 to 1)."""

    zoom: float
    right: float
    down: float
    near_right: float
    near_down: float
    light_x: float
    light_y: float


async def animate(picture: bytes, options: AnimationOptions, seed: int, *, program: Sequence[str] = ()) -> Clip:
    """A clip made of a picture (JPEG, PNG or WebP), which is cut to the clip's shape around its middle.

    `Malformed` for an option out of bounds and a picture that is broken or too large; `OSError` when the disk is full;
    `ChildFailure` when encoding fails, which is never the picture's fault: the encoder is given bare frames. Cancelling the
    task ends the encoder and leaves nothing behind. `program` replaces ffmpeg in tests.
    """
    _check(options)
    still = await asyncio.to_thread(_read, picture, FRAMES[options.aspect])
    camera = camera_for(options, seed)
    with tempfile.TemporaryDirectory(prefix="reelbot-clip-") as directory:
        target = Path(directory) / "clip.mp4"
        await _encode(still, options, camera, target, program or (imageio_ffmpeg.get_ffmpeg_exe(),))
        mp4 = await asyncio.to_thread(target.read_bytes)
    width, height = FRAMES[options.aspect]
    return Clip(mp4, width, height, options.seconds * FRAMES_PER_SECOND, options.seconds * 1_000)


def camera_for(options: AnimationOptions, seed: int) -> Camera:
    """The camera of a seed."""
    chance = random.Random(f"animation {options} {seed}")
    return Camera(
        heading=chance.uniform(0, 2 * np.pi),
        closes_in=chance.random() < 0.65,
        phase=chance.uniform(0, 2 * np.pi),
        liveliness=options.liveliness,
    )


def view_at(camera: Camera, at_s: float, length_s: float, unit: int) -> View:
    """What is in view at a time; `unit` is the shorter side of the frame in pixels. Smooth in time."""
    share = at_s / length_s
    eased = share + (share * share * (3 - 2 * share) - share) * 0.6  # soft at both ends, and never standing still
    reach = min(_ZOOM_MAX, _ZOOM_PER_SECOND * length_s) * camera.liveliness
    zoom = 1 + _zoom_margin(camera) + reach * (eased if camera.closes_in else 1 - eased)
    turn = 2 * np.pi * at_s / _SWAY_SECONDS + camera.phase
    along = _DRIFT * camera.liveliness * unit * (2 * eased - 1) * min(1.0, length_s / 6)
    near = _PARALLAX * camera.liveliness * unit
    return View(
        zoom,
        float(np.cos(camera.heading)) * along,
        float(np.sin(camera.heading)) * along,
        float(np.sin(turn)) * near,
        float(np.cos(turn)) * near * 0.35,
        0.5 + 0.42 * float(np.sin(0.5 * turn)),
        0.36 + 0.16 * float(np.cos(0.35 * turn)),
    )


def _zoom_margin(camera: Camera) -> float:
    """How much larger than the frame the picture is held, so that drift and parallax never reach its edge."""
    both_sides = 2 * (_DRIFT + _PARALLAX) * camera.liveliness
    return both_sides / (1 - both_sides)


def _check(options: AnimationOptions) -> None:
    if not CLIP_SECONDS_MIN <= options.seconds <= CLIP_SECONDS_MAX:
        raise Malformed(f"a clip lasts {CLIP_SECONDS_MIN} to {CLIP_SECONDS_MAX} seconds", "seconds")
    if options.aspect not in FRAMES:
        raise Malformed(f"the aspect must be one of {', '.join(FRAMES)}", "aspect")
    if not 0.25 <= options.liveliness <= 2:
        raise Malformed("the liveliness must be between 0.25 and 2", "liveliness")


def _read(picture: bytes, frame: tuple[int, int]) -> Frame:
    """The picture the right way up, cut to the frame's shape, and not much larger than needed."""
    try:
        with Image.open(io.BytesIO(picture), formats=_FORMATS) as opened:
            if opened.width * opened.height > CLIP_SOURCE_PIXELS_MAX:
                raise Malformed("the picture has too many pixels", "picture")
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except Malformed:
        raise
    except _BROKEN as fault:
        raise Malformed("the picture can't be read; it must be a JPEG, PNG or WebP", "picture") from fault
    larger = 1 + _ZOOM_MAX  # so much sharpness is used when the view has closed in
    size = (round(frame[0] * larger), round(frame[1] * larger))
    return np.asarray(ImageOps.fit(upright, size, Image.Resampling.LANCZOS))


async def _encode(
    still: Frame, options: AnimationOptions, camera: Camera, target: Path, program: Sequence[str]
) -> None:
    """Paint every frame and hand it to the encoder."""
    cpu_seconds = CLIP_CPU_SECONDS + CLIP_FRAME_CPU_SECONDS * options.seconds * FRAMES_PER_SECOND
    limits = Limits(CLIP_MEMORY_BYTES, cpu_seconds, CLIP_FILE_BYTES_MAX)
    command = (*program, *_arguments(FRAMES[options.aspect], target))
    process = await start(command, ENCODING, limits, environment(), stdin=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    try:
        async with asyncio.timeout(CLIP_DEADLINE_SECONDS):
            said, _ = await asyncio.gather(end_of(process.stderr), _hand_over(process, still, options, camera))
            status = await process.wait()
    except TimeoutError as fault:
        raise failed(ENCODING, f"the encoder did not end within {CLIP_DEADLINE_SECONDS:g} s") from fault
    finally:
        await end(process)
    if status == -signal.SIGXFSZ or _NO_ROOM.search(said):
        raise OSError(errno.ENOSPC, "the disk is full")
    if status != 0:
        raise failed(ENCODING, f"the encoder ended with status {status}", said)


def _arguments(frame: tuple[int, int], target: Path) -> list[str]:
    """What tells ffmpeg to read bare frames and to write an MP4 that players and browsers open at once."""
    size, rate = f"{frame[0]}x{frame[1]}", str(FRAMES_PER_SECOND)
    return [
        *("-hide_banner", "-loglevel", "error", "-y"),
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", size, "-framerate", rate, "-i", "pipe:0"),
        *("-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "17", "-threads", "2"),
        *("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"),
        *("-movflags", "+faststart", str(target)),
    ]


async def _hand_over(
    process: asyncio.subprocess.Process, still: Frame, options: AnimationOptions, camera: Camera
) -> None:
    """Paint and send the frames one by one. An encoder that has ended takes no more; its status says why."""
    assert process.stdin is not None
    scene = _Scene(still, FRAMES[options.aspect])
    with suppress(BrokenPipeError, ConnectionResetError):
        for number in range(options.seconds * FRAMES_PER_SECOND):
            view = view_at(camera, number / FRAMES_PER_SECOND, options.seconds, min(scene.frame))
            process.stdin.write((await asyncio.to_thread(scene.painted, view)).tobytes())
            await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()


class _Scene:
    """A still with everything about its frames that doesn't change from one to the next."""

    def __init__(self, still: Frame, frame: tuple[int, int]) -> None:
        self.still = still
        self.frame = frame
        width, height = frame
        self.across: Field = np.arange(width, dtype=np.float32)[None, :] - np.float32((width - 1) / 2)
        self.down: Field = np.arange(height, dtype=np.float32)[:, None] - np.float32((height - 1) / 2)
        self.nearness = self._nearness()

    def painted(self, view: View) -> Frame:
        """One frame."""
        scale = np.float32(self.still.shape[1] / self.frame[0] / view.zoom)
        columns = self.across * scale + self.nearness * np.float32(view.near_right)
        columns += np.float32((self.still.shape[1] - 1) / 2 + view.right)
        rows = self.down * scale + self.nearness * np.float32(view.near_down)
        rows += np.float32((self.still.shape[0] - 1) / 2 + view.down)
        seen = cv2.remap(self.still, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(cv2.multiply(seen, self._light(view), dtype=cv2.CV_8U), dtype=np.uint8)

    def _nearness(self) -> Field:
        """From -1 (far) to 1 (near): what is low is near, and what is in the middle a little nearer than the sides."""
        width, height = self.frame
        down = self.down / np.float32(height / 2)
        across = self.across / np.float32(width / 2)
        smooth = np.float32(0.8) * np.sin(down * np.float32(np.pi / 2))
        bulge = np.float32(0.2) * np.cos(across * np.float32(np.pi / 2)) * np.cos(down * np.float32(np.pi / 2))
        return np.asarray(smooth + bulge, dtype=np.float32)

    def _light(self, view: View) -> Field:
        """How bright each pixel is: 1 and a little more near the light, a little less far away."""
        width, height = self.frame
        columns = np.linspace(0, 1, _LIGHT_CELLS, dtype=np.float32)[None, :]
        rows = np.linspace(0, 1, round(_LIGHT_CELLS * height / width), dtype=np.float32)[:, None]
        away = (columns - np.float32(view.light_x)) ** 2 + (rows - np.float32(view.light_y)) ** 2
        gain = 1 + np.float32(_LIGHT) * (2 * np.exp(-2.6 * away) - 1)
        whole = cv2.resize(gain, (width, height), interpolation=cv2.INTER_CUBIC)
        return np.asarray(cv2.merge([whole, whole, whole]), dtype=np.float32)
