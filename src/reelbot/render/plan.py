"""From a timeline to what must be made: segments with exact frames, each with a key of everything it shows. Pure.

The frames of a video belong to *pieces*. A *segment* shows frames of one scene only, a *seam* the cross-fade between
two; every frame is in exactly one piece, and the pieces one after the other are the video. A piece's key is a hash of
everything that affects its pixels and of nothing else: where it stands in the video is not part of it. So a changed
scene means its segment and the short seams beside it, and new music means none.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import msgspec

from reelbot.render import fonts
from reelbot.render.camera_moves import FrameSize, move_for
from reelbot.render.captions import CaptionPage, Cue, Look, cues_of, cues_within, frame_at, line_ems, look_of, pages_of
from reelbot.render.limits import SEGMENT_FRAMES_MAX
from reelbot.render.timeline import Aspect, Corner, MediaFile, Timeline, check

PICTURE_VERSION = 2
"""Part of every segment's key. Raise it with any change that makes other pixels of the same timeline."""

SOUND_VERSION = 1
"""Part of every sound track's key. Raise it with any change that makes other sound of the same timeline."""

FADE_MS = 400
"""Length of a cross-fade: long enough to be soft, short enough not to be noticed."""

COVER_LOSS_MAX = 0.55
"""A clip that would lose more than this of its picture by filling the frame stands whole on its own blurred copy."""

Fit = Literal["cover", "backdrop"]

_RATIO: dict[Aspect, tuple[int, int]] = {"9:16": (9, 16), "1:1": (1, 1), "16:9": (16, 9)}


class Quality(NamedTuple):
    """How large and how carefully: pixels of the shorter side, and x264's preset and constant rate factor."""

    short_side: int
    preset: str
    rate_factor: int


FINAL = Quality(1080, "veryfast", 20)
"""What a finished video is made in."""

PREVIEW = Quality(540, "ultrafast", 26)
"""What is looked at while it is worked on."""


class Layer(NamedTuple):
    """A scene's picture in a piece: from frame `first` of the `frames` that the scene shows in all, fades included."""

    file: str
    sha256: str
    kind: Literal["image", "clip"]
    move: str
    fit: Fit
    is_hdr: bool
    frames: int
    first: int


class Mark(NamedTuple):
    """The logo: its file, and the corner it stands in."""

    file: str
    sha256: str
    corner: Corner


class Piece(NamedTuple):
    """Consecutive frames that are painted and encoded together: of one layer, or fading from one to another."""

    key: str
    layers: tuple[Layer, ...]
    frames: int
    cues: tuple[Cue, ...]

    @property
    def is_seam(self) -> bool:
        """Whether it is a cross-fade."""
        return len(self.layers) == 2


class SoundPlan(NamedTuple):
    """What is heard, and for how long."""

    key: str
    voice: MediaFile | None
    music: MediaFile | None
    length_ms: int


class RenderPlan(NamedTuple):
    """Everything that must be made for one video."""

    pieces: tuple[Piece, ...]
    sound: SoundPlan
    frame: FrameSize
    fps: int
    quality: Quality
    look: Look
    mark: Mark | None
    pages: tuple[CaptionPage, ...]
    line_ems: float

    @property
    def frames(self) -> int:
        """Of the whole video."""
        return sum(piece.frames for piece in self.pieces)

    @property
    def length_ms(self) -> int:
        """Of the whole video, to the nearest millisecond."""
        return round(self.frames * 1000 / self.fps)


def plan_of(timeline: Timeline, quality: Quality = FINAL) -> RenderPlan:
    """Find what must be made for `timeline`; `Malformed` when it can't be meant."""
    check(timeline)
    frame = frame_size(timeline.aspect, quality.short_side)
    look = look_of(timeline, frame)
    line = line_ems(timeline, frame)
    pages = pages_of(timeline.words, line, timeline.length_ms)
    logo = timeline.brand.logo
    mark = Mark(str(logo.path), logo.sha256, timeline.brand.corner) if logo else None
    shared = (PICTURE_VERSION, fonts.VERSION, frame, timeline.fps, quality, mark and mark._replace(file=""))
    pieces = tuple(_pieces(timeline, frame, look, cues_of(pages, line, timeline.fps), shared))
    sound = _sound(timeline, sum(piece.frames for piece in pieces))
    return RenderPlan(pieces, sound, frame, timeline.fps, quality, look, mark, pages, line)


def frame_size(aspect: Aspect, short_side: int) -> FrameSize:
    """Return the frame size of a video; both sides even, as colours are kept for two by two pixels."""
    wide, high = _RATIO[aspect]
    unit = min(wide, high)
    return FrameSize(short_side * wide // unit // 2 * 2, short_side * high // unit // 2 * 2)


# Pieces


class _Stretch(NamedTuple):
    """Frames of the whole video from `first` until before `end`, showing the scenes with those indices."""

    first: int
    end: int
    scenes: tuple[int, ...]


def _pieces(
    timeline: Timeline, frame: FrameSize, look: Look, cues: Sequence[Cue], shared: tuple[object, ...]
) -> Iterator[Piece]:
    bounds = [0, *(frame_at(scene.end_ms, timeline.fps) for scene in timeline.scenes)]
    halves = _fade_halves(bounds, timeline.fps)
    for stretch in _stretches(bounds, halves):
        layers = tuple(_layer(timeline, index, frame, bounds, halves, stretch.first) for index in stretch.scenes)
        within = cues_within(cues, stretch.first, stretch.end)
        key = _piece_key(layers, stretch.end - stretch.first, within, look, shared)
        yield Piece(key, layers, stretch.end - stretch.first, within)


def _fade_halves(bounds: Sequence[int], fps: int) -> list[int]:
    """Half the length in frames of the fade at each bound; 0 at both ends, and less where a scene is short."""
    half = FADE_MS * fps // 2000
    lengths = [end - first for first, end in pairwise(bounds)]
    inner = [min(half, before // 4, after // 4) for before, after in pairwise(lengths)]
    return [0, *inner, 0]


def _stretches(bounds: Sequence[int], halves: Sequence[int]) -> Iterator[_Stretch]:
    """Cut the video at the edges of its fades, and long scenes into equal parts."""
    for index in range(len(bounds) - 1):
        first, end = bounds[index] + halves[index], bounds[index + 1] - halves[index + 1]
        for part_first, part_end in _parts(first, end):
            yield _Stretch(part_first, part_end, (index,))
        if halves[index + 1]:
            yield _Stretch(end, bounds[index + 1] + halves[index + 1], (index, index + 1))


def _parts(first: int, end: int) -> Iterator[tuple[int, int]]:
    """Equal parts of a stretch, none longer than `SEGMENT_FRAMES_MAX`; nothing for an empty one."""
    count = -(-(end - first) // SEGMENT_FRAMES_MAX)
    edges = [first + (end - first) * part // count for part in range(count + 1)] if count else []
    yield from pairwise(edges)


def _layer(
    timeline: Timeline, index: int, frame: FrameSize, bounds: Sequence[int], halves: Sequence[int], at: int
) -> Layer:
    media = timeline.scenes[index].media
    shown_from, shown_to = bounds[index] - halves[index], bounds[index + 1] + halves[index + 1]
    is_still = media.kind == "image"
    return Layer(
        str(media.path),
        media.sha256,
        "image" if is_still else "clip",
        move_for(index, timeline.seed, media, frame) if is_still else "",
        "cover" if is_still else fit_of(media, frame),
        media.is_hdr,
        shown_to - shown_from,
        at - shown_from,
    )


def fit_of(media: MediaFile, frame: FrameSize) -> Fit:
    """How a clip fills the frame."""
    if not (media.width and media.height):
        return "cover"
    ratio = media.width / media.height / (frame.width / frame.height)
    return "backdrop" if 1 - min(ratio, 1 / ratio) > COVER_LOSS_MAX else "cover"


def _piece_key(
    layers: Sequence[Layer], frames: int, cues: Sequence[Cue], look: Look, shared: tuple[object, ...]
) -> str:
    """Hash of all that a piece shows. Files count by content, not by name; a look counts only where there are words."""
    shown = [layer._replace(file="") for layer in layers]
    return _key(shared, shown, frames, cues, look if cues else None)


def _key(*parts: object) -> str:
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


# Sound


def _sound(timeline: Timeline, frames: int) -> SoundPlan:
    length_ms = round(frames * 1000 / timeline.fps)
    voice, music = timeline.voice, timeline.music
    key = _key(SOUND_VERSION, voice and voice.sha256, music and music.sha256, length_ms)
    return SoundPlan(key, voice, music, length_ms)
