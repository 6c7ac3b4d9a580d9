"""A canvas to paint on: gradients, shapes with smooth edges, shadows, glows, and the finished PNG.

Pixels are red, green and blue from 0 to 1. Masks have one number per pixel, from 0 (keep) to 1 (paint). Soft things
(glows, shadows, mist) are worked out on a small canvas and enlarged, which is invisible and ten times faster.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from reelbot.providers.embedded.artwork.oklch import Colour, Rgb, ramp, rgb

Mask = NDArray[np.float32]
Outline = NDArray[np.float64]
"""The corners of a closed shape: one row per corner, x and y in pixels."""

_SOFT = 8
"""How many times smaller soft things are worked out."""

_SUBPIXEL_BITS = 4
_STEPS = 1_024
"""Colours in a gradient: four times what the screen tells apart, as many as the noise at the end can use."""

_STRIP = 64
"""Rows worked on at a time: few enough to stay near the processor, which is three times as fast as whole pictures."""


class Size(NamedTuple):
    """In pixels."""

    width: int
    height: int

    @property
    def unit(self) -> int:
        """The shorter side: what sizes of shapes are measured in."""
        return min(self.width, self.height)


class Canvas:
    """A picture in the making."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.pixels: Rgb = np.zeros((size.height, size.width, 3), dtype=np.float32)

    def wash(self, colours: tuple[Colour, ...], field: Mask) -> None:
        """Fill all of it: where the field is 0 with the first colour, where it is 1 with the last.

        The field may also be a single column.
        """
        table = ramp(colours, _STEPS)
        for top in range(0, self.size.height, _STRIP):
            self.pixels[top : top + _STRIP] = table[_places(field[top : top + _STRIP])]

    def paint(self, mask: Mask, colour: Colour, opacity: float = 1.0) -> None:
        """Cover it with a colour where the mask says so."""
        tint = rgb(colour)
        for part in _strips(mask):
            pixels = self.pixels[part]
            pixels += (tint - pixels) * (mask[part] * np.float32(opacity))[..., None]

    def paint_ramp(self, mask: Mask, colours: tuple[Colour, ...], field: Mask) -> None:
        """Cover it with a gradient where the mask says so; the field may also be a single column."""
        table = ramp(colours, _STEPS)
        for part in _strips(mask):
            pixels = self.pixels[part]
            places = field[part] if field.shape[1] > 1 else field[part[0]]
            pixels += (table[_places(places)] - pixels) * mask[part][..., None]

    def light(self, mask: Mask, colour: Colour, strength: float) -> None:
        """Add light where the mask says so; it brightens and never darkens."""
        tint = rgb(colour) * np.float32(strength)
        for part in _strips(mask):
            pixels = self.pixels[part]
            pixels += (1 - pixels) * (mask[part][..., None] * tint)

    def shade(self, mask: Mask, strength: float) -> None:
        """Darken where the mask says so."""
        for part in _strips(mask):
            self.pixels[part] *= (1 - mask[part] * np.float32(strength))[..., None]

    def png(self, rng: np.random.Generator) -> bytes:
        """The finished picture. A trace of noise, less than one step of brightness, keeps gradients free of bands."""
        noise = np.tile(rng.random((_STRIP, 128, 1), dtype=np.float32), (1, -(-self.size.width // 128), 1))
        finished = np.empty((self.size.height, self.size.width, 3), dtype=np.uint8)
        for top in range(0, self.size.height, _STRIP):
            part = self.pixels[top : top + _STRIP, :, ::-1] * 255
            part += noise[: part.shape[0], : self.size.width]
            finished[top : top + _STRIP] = np.clip(part, 0, 255, out=part)
        done, encoded = cv2.imencode(
            ".png", finished, [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
        )
        assert done
        return encoded.tobytes()


def grid(size: Size) -> tuple[Mask, Mask]:
    """For every pixel how far right and how far down it is, from 0 to 1; one row and one column, ready to combine."""
    across = np.linspace(0, 1, size.width, dtype=np.float32)[None, :]
    down = np.linspace(0, 1, size.height, dtype=np.float32)[:, None]
    return across, down


def filled(size: Size, outlines: Sequence[Outline]) -> Mask:
    """The mask of shapes, smooth at the edge; a shape inside another one is a hole in it."""
    return _drawn(size, [outlines])


def united(size: Size, outlines: Sequence[Outline]) -> Mask:
    """The mask of many shapes that may overlap, smooth at the edge."""
    return _drawn(size, [[outline] for outline in outlines])


def _drawn(size: Size, groups: Sequence[Sequence[Outline]]) -> Mask:
    drawn = np.zeros((size.height, size.width), dtype=np.uint8)
    for outlines in groups:
        corners = [np.round(outline * (1 << _SUBPIXEL_BITS)).astype(np.int32) for outline in outlines]
        cv2.fillPoly(drawn, corners, 255, lineType=cv2.LINE_AA, shift=_SUBPIXEL_BITS)
    return drawn.astype(np.float32) * np.float32(1 / 255)


def below(size: Size, heights: NDArray[np.float64]) -> Mask:
    """The mask of everything below a line; `heights` has the line's y for every column."""
    rows = np.arange(size.height, dtype=np.float32)[:, None]
    return as_mask(rows - heights.astype(np.float32)[None, :] + 0.5)


def disc(size: Size, x: float, y: float, radius: float) -> Mask:
    """The mask of a disc, smooth at the edge."""
    return as_mask(radius - distance(size, x, y) + 0.5)


def distance(size: Size, x: float, y: float) -> Mask:
    """For every pixel its distance from a point, in pixels."""
    columns = np.arange(size.width, dtype=np.float32)[None, :] - np.float32(x)
    rows = np.arange(size.height, dtype=np.float32)[:, None] - np.float32(y)
    return np.asarray(np.sqrt(columns * columns + rows * rows), dtype=np.float32)


def glow(size: Size, x: float, y: float, radius: float, falloff: float = 2.0) -> Mask:
    """A soft light around a point: 1 in the middle, fading with the distance over the radius."""
    small = Size(max(2, size.width // _SOFT), max(2, size.height // _SOFT))
    away = distance(small, x / _SOFT, y / _SOFT) / (radius / _SOFT)
    return enlarged(np.asarray((1 / (1 + away * away)) ** falloff, dtype=np.float32), size)


def blurred(mask: Mask, radius: float) -> Mask:
    """A mask out of focus."""
    height, width = mask.shape
    small = cv2.resize(mask, (max(2, width // _SOFT), max(2, height // _SOFT)), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), max(0.3, radius / _SOFT))
    return enlarged(as_mask(soft), Size(width, height))


def shifted(mask: Mask, right: float, down: float) -> Mask:
    """A mask moved; what comes in at the edge is what was there."""
    height, width = mask.shape
    move = np.array([[1, 0, right], [0, 1, down]], dtype=np.float32)
    return as_mask(cv2.warpAffine(mask, move, (width, height), borderMode=cv2.BORDER_REPLICATE))


def enlarged(small: Mask, size: Size) -> Mask:
    """A small mask at the size of the canvas."""
    return as_mask(cv2.resize(small, (size.width, size.height), interpolation=cv2.INTER_CUBIC))


def clouds(size: Size, rng: np.random.Generator, cells: float, octaves: int = 4) -> Mask:
    """Soft random patches from 0 to 1; `cells` is how many of the largest fit into the shorter side."""
    small = Size(max(2, size.width // _SOFT), max(2, size.height // _SOFT))
    total = np.zeros((small.height, small.width), dtype=np.float32)
    for octave in range(octaves):
        count = cells * 2**octave
        rows, columns = (max(3, round(count * side / small.unit) + 2) for side in (small.height, small.width))
        noise = rng.random((rows, columns), dtype=np.float32)
        total += enlarged(noise, small) / np.float32(2**octave)
    low, high = float(total.min()), float(total.max())
    return enlarged((total - low) / max(high - low, 1e-6), size)


def _places(field: Mask) -> NDArray[np.uint16]:
    """Where in a table of colours a field's values lie."""
    return np.asarray(np.clip(field * np.float32(_STEPS - 1), 0, _STEPS - 1), dtype=np.uint16)


def wandering(count: int, rng: np.random.Generator, cells: float, roughness: float) -> NDArray[np.float64]:
    """A smooth random line from about -1 to 1, for ridges; each finer octave has a share `roughness` of the one before."""
    total = np.zeros(count)
    for octave in range(5):
        knots = rng.uniform(-1, 1, int(cells * 2**octave) + 3)
        places = np.linspace(0, len(knots) - 1.001, count) if octave == 0 else np.linspace(0.3, len(knots) - 1.3, count)
        whole = places.astype(int)
        share = (1 - np.cos(np.pi * (places - whole))) / 2
        total += (knots[whole] * (1 - share) + knots[np.minimum(whole + 1, len(knots) - 1)] * share) * roughness**octave
    return total / 1.3


def as_mask(pixels: NDArray[Any]) -> Mask:
    """Whatever was worked out, as a mask: from 0 to 1."""
    return np.asarray(np.clip(pixels, 0, 1), dtype=np.float32)


def _strips(mask: Mask) -> Iterator[tuple[slice, slice]]:
    """The parts of a mask that are not empty, a few rows at a time."""
    columns = np.flatnonzero(mask.max(axis=0) > 0)
    if not columns.size:
        return
    across = slice(int(columns[0]), int(columns[-1]) + 1)
    for top in range(0, mask.shape[0], _STRIP):
        if mask[top : top + _STRIP].any():
            yield slice(top, top + _STRIP), across
