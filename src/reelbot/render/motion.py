"""Frames of pictures and clips, as planes of brightness and colour, moved by parts of a pixel.

Only the painter's own process imports this. A frame is one flat array: the full-size luma plane, then the two chroma
planes of half the size, as encoders want them (YUV 4:2:0, BT.709, limited range), so that a frame is written to a pipe
without a copy. Stills are prepared once, a little larger than the frame, and then sampled plane by plane: shifted by
parts of a pixel, then scaled by an exact factor, with floating point in between. That costs half of a general affine
warp, which is kept for the moves that lean; and bytes in between would be rounded, which soft slopes show as a tremble.
"""

import io
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reelbot.render import ffmpeg
from reelbot.render.camera_moves import BLEED, CameraView, FrameSize, view_at
from reelbot.render.failures import MediaUnusable
from reelbot.render.layout import logo_size, logo_spot
from reelbot.render.limits import CLIP_FRAME_CPU_SECONDS, LOG_FILE_BYTES_MAX
from reelbot.render.pictures import read_picture
from reelbot.render.plan import Layer
from reelbot.render.timeline import Corner
from reelbot.subprocesses import launched

Plane = NDArray[np.uint8]
FloatPlane = NDArray[np.float32]

LONG_SIDE_MAX = 2.2
"""How many frames long a prepared still may be: more than any move travels, and a panorama fits into memory."""

_UNDER_TRANSPARENT = (16, 16, 20)
"""What shows through a transparent picture: nearly black, as most logos and cut-outs are made for."""

_TO_BT709 = np.array(
    [
        [0.18258588, 0.61423059, 0.06200706, 16.0],
        [-0.10064373, -0.33857195, 0.43921569, 128.0],
        [0.43921569, -0.39894216, -0.04027352, 128.0],
    ],
    dtype=np.float32,
)
"""RGB of 0 to 255 to Y, Cb, Cr in limited range, by ITU-R BT.709 with luma weights 0.2126, 0.7152, 0.0722."""


class Planes(NamedTuple):
    """Luma, blue and red difference; the latter two at half the size."""

    y: Plane
    u: Plane
    v: Plane


class FrameBuffer:
    """One frame in memory: `flat` is what goes into the pipe, `planes` are windows onto it."""

    def __init__(self, frame: FrameSize) -> None:
        width, height = frame
        luma, chroma = width * height, width * height // 4
        self.flat: Plane = np.zeros(luma + 2 * chroma, np.uint8)
        self.planes = Planes(
            self.flat[:luma].reshape(height, width),
            self.flat[luma : luma + chroma].reshape(height // 2, width // 2),
            self.flat[luma + chroma :].reshape(height // 2, width // 2),
        )

    def fade(self, other: "FrameBuffer", weight: float) -> None:
        """Mix `other` in: 0 leaves this frame as it is, 1 shows only the other."""
        cv2.addWeighted(self.flat, 1 - weight, other.flat, weight, 0, dst=self.flat)


# Pictures


def prepare_still(path: Path, frame: FrameSize) -> Planes:
    """Cut and scale a picture so that it covers the frame with room to move, as planes."""
    picture = read_picture(path, round(max(frame) * BLEED))
    box, size = cover(FrameSize(*picture.size), frame)
    # Whole steps first, without another copy of a picture that may have fifty million pixels.
    cut = picture.reduce(max(1, (box[2] - box[0]) // size.width), box)
    shown = np.asarray(_on_dark(cut) if cut.mode == "RGBA" else cut)
    shrinks = size.width < cut.width
    scaled = cv2.resize(shown, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return planes_of(_bytes(scaled))


def _on_dark(picture: Image.Image) -> Image.Image:
    ground = Image.new("RGBA", picture.size, (*_UNDER_TRANSPARENT, 255))
    return Image.alpha_composite(ground, picture).convert("RGB")


def cover(picture: FrameSize, frame: FrameSize) -> tuple[tuple[int, int, int, int], FrameSize]:
    """Find the part of a picture that is used, and the size it is brought to: it covers the frame `BLEED` times."""
    wanted = FrameSize(round(frame.width * BLEED / 2) * 2, round(frame.height * BLEED / 2) * 2)
    scale = max(wanted.width / picture.width, wanted.height / picture.height)
    width = min(picture.width, round(wanted.width * LONG_SIDE_MAX / scale))
    height = min(picture.height, round(wanted.height * LONG_SIDE_MAX / scale))
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    size = FrameSize(
        max(wanted.width, round(width * scale / 2) * 2),
        max(wanted.height, round(height * scale / 2) * 2),
    )
    return (left, top, left + width, top + height), size


def planes_of(rgb: NDArray[np.uint8]) -> Planes:
    """RGB pixels as planes; each colour sample is the mean of two by two pixels."""
    y, u, v = cv2.split(cv2.transform(rgb, _TO_BT709))
    half = (rgb.shape[1] // 2, rgb.shape[0] // 2)
    return Planes(
        _bytes(y),
        _bytes(cv2.resize(u, half, interpolation=cv2.INTER_AREA)),
        _bytes(cv2.resize(v, half, interpolation=cv2.INTER_AREA)),
    )


def _bytes(array: object) -> Plane:
    return np.ascontiguousarray(array, np.uint8)


class Still:
    """The frames of a picture on which a camera moves."""

    def __init__(self, source: Planes, layer: Layer, frame: FrameSize, fps: int) -> None:
        self._layer = layer
        self._frame = frame
        self._seconds = layer.frames / fps
        self._next = layer.first
        height, width = source.y.shape
        self._size = FrameSize(width, height)
        first, last = self._view(0), self._view(layer.frames)
        # For a camera that only travels, all frames are of one scale: that is done here, once.
        self._is_scaled = first.scale == last.scale and not first.lean
        self._source: Sequence[Plane | FloatPlane] = source
        if self._is_scaled:
            self._source = _scaled_down(source, first.scale)
        if first.lean:
            # OpenCV warps floats faster than bytes.
            self._source = [plane.astype(np.float32) for plane in source]

    def _view(self, index: float) -> CameraView:
        return view_at(self._layer.move, index / self._layer.frames, self._seconds, self._size, self._frame)

    def draw(self, canvas: FrameBuffer) -> None:
        """Draw the next frame."""
        view = self._view(self._next + 0.5)
        self._next += 1
        for source, seen, plane in zip(self._source, (view, _half(view), _half(view)), canvas.planes, strict=True):
            _sample(source, _on_scaled(seen) if self._is_scaled else seen, plane)

    def close(self) -> None:
        """Nothing is open."""


def _half(view: CameraView) -> CameraView:
    """The same view, of a chroma plane.

    In a frame, a colour sample lies between two rows but on the left one of two columns; in a prepared still, between
    both, which is where the halves come from.
    """
    return CameraView((view.x - 0.5) / 2, (view.y + 0.5 * view.scale - 0.5) / 2, view.scale, view.lean)


def _scaled_down(source: Planes, scale: float) -> Sequence[FloatPlane]:
    # Without a size, the factors are used as they are; with one, they would be rounded to whole pixels.
    factor = 1 / scale
    return [np.asarray(cv2.resize(plane.astype(np.float32), None, fx=factor, fy=factor)) for plane in source]


def _on_scaled(view: CameraView) -> CameraView:
    """The same view, of a plane that has been brought to the frame's scale."""
    return CameraView((view.x + 0.5) / view.scale - 0.5, (view.y + 0.5) / view.scale - 0.5, 1.0, view.lean)


def _sample(source: Plane | FloatPlane, view: CameraView, into: Plane) -> None:
    if view.lean:
        _warp(source, view, into)
    else:
        _shift_and_scale(source, view, into)


def _shift_and_scale(source: Plane | FloatPlane, view: CameraView, into: Plane) -> None:
    height, width = into.shape
    patch = (round(width * view.scale), round(height * view.scale))
    # `resize` looks half a step further for the middle of each pixel; the patch starts that much earlier.
    early = (1 - view.scale) / 2
    centre = (view.x + early + (patch[0] - 1) / 2, view.y + early + (patch[1] - 1) / 2)
    seen = cv2.getRectSubPix(source, patch, centre, patchType=cv2.CV_32F)
    if view.scale != 1:
        seen = cv2.resize(seen, None, fx=1 / view.scale, fy=1 / view.scale)
    cv2.convertScaleAbs(seen, dst=into)


def _warp(source: Plane | FloatPlane, view: CameraView, into: Plane) -> None:
    height, width = into.shape
    start = view.x - view.lean * (height - 1) / 2
    matrix = np.array([[view.scale, view.lean, start], [0, view.scale, view.y]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(source, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    cv2.convertScaleAbs(seen, dst=into)


# Clips


class ClipFrames:
    """The frames of a clip, brought to our size and rate by ffmpeg, from the beginning again as often as needed."""

    def __init__(self, layer: Layer, frame: FrameSize, fps: int) -> None:
        self._path = Path(layer.file)
        # A broken clip may be complained about at length; a pipe that nobody empties would stop the decoder.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed with the decoder
        limits = ffmpeg.limits_for(CLIP_FRAME_CPU_SECONDS * layer.frames, LOG_FILE_BYTES_MAX)
        self._process = subprocess.Popen(
            launched([ffmpeg.program(), *_decoding(layer, frame, fps)], limits),
            env=ffmpeg.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            bufsize=0,
        )

    def draw(self, canvas: FrameBuffer) -> None:
        """Draw the next frame."""
        assert isinstance(self._process.stdout, io.FileIO)
        wanted = canvas.flat.data
        while wanted:
            count = self._process.stdout.readinto(wanted)
            if not count:
                raise self._failure()
            wanted = wanted[count:]

    def _failure(self) -> Exception:
        status = self._process.wait()
        if status == -signal.SIGXFSZ:  # it writes nothing but its log
            return MediaUnusable(self._path, "it is broken in too many places")
        self._log.seek(0)
        log = self._log.read(LOG_BYTES).decode(errors="replace")
        if status:
            return ffmpeg.failure_from(status, log, [self._path])
        return MediaUnusable(self._path, "it has no frames to show")

    def close(self) -> None:
        """Stop decoding."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()


LOG_BYTES = 65_536
"""How much of a decoder's complaints is read to find out what was wrong: the first ones tell."""


def _decoding(layer: Layer, frame: FrameSize, fps: int) -> list[str]:
    trim = f"trim=start_frame={layer.first}:end_frame={layer.frames}"
    return [
        *("-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+error"),
        *ffmpeg.READ_ONLY_LOCAL,
        *("-threads", "1", "-stream_loop", "-1", "-i", layer.file, "-map", "0:v:0", "-an", "-sn", "-dn"),
        *("-vf", f"fps={fps},{trim},{_colour_filter(layer)}{_fit_filter(layer, frame)}"),
        *("-f", "rawvideo", "-pix_fmt", "yuv420p", "-fps_mode", "passthrough", "pipe:1"),
    ]


def _colour_filter(layer: Layer) -> str:
    """Bright scenes of HDR clips are brought into the ordinary range; otherwise they would look grey and dull."""
    if not layer.is_hdr:
        return ""
    return "zscale=t=linear:npl=203,tonemap=hable:desat=0,zscale=p=bt709:t=bt709:m=bt709:r=tv,format=yuv420p,"


def _fit_filter(layer: Layer, frame: FrameSize) -> str:
    width, height = frame
    square = "scale=w='trunc(iw*sar/2)*2':h='trunc(ih/2)*2',setsar=1"
    standard = "out_color_matrix=bt709:out_range=tv"
    fill = f"scale={width}:{height}:force_original_aspect_ratio=increase:flags=bicubic:{standard},crop={width}:{height}"
    if layer.fit == "cover":
        return f"{square},{fill},format=yuv420p"
    small = f"scale={width // 8 * 2}:{height // 8 * 2}:force_original_aspect_ratio=increase:{standard}"
    return (
        f"{square},split[back][whole];"
        f"[back]{small},crop={width // 8 * 2}:{height // 8 * 2},gblur=sigma=12,eq=brightness=-0.08,"
        f"scale={width}:{height}:flags=bilinear[ground];"
        f"[whole]scale={width}:{height}:force_original_aspect_ratio=decrease:flags=bicubic:{standard}[picture];"
        "[ground][picture]overlay=(W-w)/2:(H-h)/2,format=yuv420p"
    )


# Logo


class Badge:
    """A logo, ready to be laid over the corner of every frame."""

    def __init__(self, path: Path, corner: Corner, frame: FrameSize) -> None:
        picture = read_picture(path).convert("RGBA")
        size = logo_size(FrameSize(*picture.size), frame)
        pixels = np.asarray(picture.resize(size, Image.Resampling.LANCZOS))
        self._ink = planes_of(np.ascontiguousarray(pixels[..., :3]))
        self._spot = logo_spot(corner, size, frame)
        opaque = pixels[..., 3].astype(np.float32) / 255
        faint = cv2.resize(opaque, (size.width // 2, size.height // 2), interpolation=cv2.INTER_AREA)
        self._alpha = (opaque, faint, faint)

    def draw(self, canvas: FrameBuffer) -> None:
        """Lay the logo over a frame."""
        for step, plane, ink, alpha in zip((1, 2, 2), canvas.planes, self._ink, self._alpha, strict=True):
            left, top = self._spot.left // step, self._spot.top // step
            under = plane[top : top + ink.shape[0], left : left + ink.shape[1]]
            under[:] = np.rint(under + (ink.astype(np.float32) - under) * alpha).astype(np.uint8)
