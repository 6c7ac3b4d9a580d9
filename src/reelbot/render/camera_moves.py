"""How a still seems to move: a small table of camera moves, chosen by seed, and where the camera stands at a frame.

Pure arithmetic. A camera sees a window of the source; everything between the first and the last pose is a straight
line, because a constant speed is the smoothest there is and scenes fade into each other anyway.
"""

import random
from typing import NamedTuple

from reelbot.render.timeline import MediaFile

BLEED = 1.16
"""How much larger than the frame a still is prepared: room to move in without ever showing an edge."""

FULL_REACH_SECONDS = 6.0
"""A shorter scene travels only its share of a move, so that all scenes move at one calm speed."""

LEAST_REACH = 0.35
"""Share of a move that even the shortest scene travels; below it a move reads as a tremble."""

SPEED_MAX = 0.10
"""Frame widths a second: faster, and a picture can't be looked at."""

WIDE = 1.35
"""From how much longer than the frame a picture is shown by travelling along it."""


class FrameSize(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


class Pose(NamedTuple):
    """Where the camera stands: `zoom` 1 sees all, `x` and `y` from -1 to 1 of the room left, `lean` in rows per row."""

    zoom: float
    x: float = 0.0
    y: float = 0.0
    lean: float = 0.0


class CameraView(NamedTuple):
    """What a frame sees: the source point under its first pixel, source pixels per frame pixel, sideways per row."""

    x: float
    y: float
    scale: float
    lean: float


MOVES: dict[str, tuple[Pose, Pose]] = {
    "still": (Pose(1.06), Pose(1.06)),
    "push_in": (Pose(1.02), Pose(1.15)),
    "pull_out": (Pose(1.15), Pose(1.02)),
    "pan_left": (Pose(1.10, x=0.9), Pose(1.10, x=-0.9)),
    "pan_right": (Pose(1.10, x=-0.9), Pose(1.10, x=0.9)),
    "rise": (Pose(1.10, y=0.9), Pose(1.10, y=-0.9)),
    "sink": (Pose(1.10, y=-0.9), Pose(1.10, y=0.9)),
    "push_left": (Pose(1.03, x=0.5), Pose(1.15, x=-0.5)),
    "push_right": (Pose(1.03, x=-0.5), Pose(1.15, x=0.5)),
    "parallax_left": (Pose(1.12, x=0.7, lean=-0.012), Pose(1.12, x=-0.7, lean=0.012)),
    "parallax_right": (Pose(1.12, x=-0.7, lean=0.012), Pose(1.12, x=0.7, lean=-0.012)),
}
"""Parallax leans while it travels: what is low in the picture is near, and passes faster than what is high."""

_DECK = tuple(name for name in MOVES if name != "still")
_ALONG_WIDE = ("pan_left", "pan_right")
_ALONG_TALL = ("rise", "sink")


def move_for(index: int, seed: int, media: MediaFile, frame: FrameSize) -> str:
    """Choose the move of scene `index`: the same for the same seed; long pictures are travelled along."""
    stretch = _stretch(media, frame)
    if stretch >= WIDE:
        return _ALONG_WIDE[(index + seed) % 2]
    if stretch and stretch <= 1 / WIDE:
        return _ALONG_TALL[(index + seed) % 2]
    deck = list(_DECK)
    random.Random(seed).shuffle(deck)
    return deck[index % len(deck)]


def _stretch(media: MediaFile, frame: FrameSize) -> float:
    """How many times wider in shape than the frame a picture is; 0 when its size isn't known."""
    return media.width / media.height * frame.height / frame.width if media.height else 0.0


def view_at(move: str, position: float, seconds: float, source: FrameSize, frame: FrameSize) -> CameraView:
    """Find what the camera sees at `position` (0 to 1) of a scene of `seconds`, on a still of size `source`."""
    first, last = MOVES[move]
    begin, end = _window(first, source, frame), _window(last, source, frame)
    reach = _reach(begin, end, seconds, frame)
    along = 0.5 + (position - 0.5) * reach
    return CameraView(*(a + (b - a) * along for a, b in zip(begin, end, strict=True)))


def _window(pose: Pose, source: FrameSize, frame: FrameSize) -> CameraView:
    scale = min(source.width / frame.width, source.height / frame.height) / pose.zoom
    width, height = scale * frame.width, scale * frame.height
    return CameraView(
        (source.width - width) / 2 * (1 + pose.x) + (scale - 1) / 2,
        (source.height - height) / 2 * (1 + pose.y) + (scale - 1) / 2,
        scale,
        pose.lean,
    )


def _reach(begin: CameraView, end: CameraView, seconds: float, frame: FrameSize) -> float:
    """Find the share of a move that fits a scene: by its length, and never faster than the eye follows."""
    calm = max(LEAST_REACH, min(1.0, seconds / FULL_REACH_SECONDS))
    travel = max(abs(end.x - begin.x), abs(end.y - begin.y)) / min(begin.scale, end.scale)
    return min(calm, SPEED_MAX * frame.width * seconds / travel) if travel else calm
