"""A wallpaper: the emblem over and over in staggered rows, one of them bright; without an emblem, of dots and rings."""

import numpy as np

from reelbot.providers.embedded.artwork.canvas import Canvas, Mask, Size, blurred, disc, glow, grid, shifted
from reelbot.providers.embedded.artwork.emblems import emblem_mask
from reelbot.providers.embedded.artwork.oklch import mixed
from reelbot.providers.embedded.artwork.palettes import Palette

_ACROSS = 4
"""Figures in a row: large enough to be seen on a phone."""

_LIGHT_GROUND = 0.6
"""From this lightness on, figures are darker than the ground."""


def paint(canvas: Canvas, palette: Palette, emblem: str | None, rng: np.random.Generator) -> None:
    """Paint the ground, the rows of small figures, and the one that stands out."""
    size, unit = canvas.size, canvas.size.unit
    across, down = grid(size)
    ground = palette.layers[int(rng.integers(1, 4))]
    canvas.wash((ground.lighter(0.05), ground, ground.lighter(-0.08)), np.clip(0.8 * down + 0.2 * across, 0, 1))
    middle_x, middle_y = size.width / 2, size.height * 0.41
    figure = ground.lighter(-0.17 if ground.lightness > _LIGHT_GROUND else 0.15)
    canvas.paint(_rows(canvas, emblem, middle_x, middle_y), figure)
    canvas.light(glow(size, middle_x, middle_y, unit * 0.5), palette.glow, 0.22)
    plate = disc(size, middle_x, middle_y, unit * 0.32)
    canvas.shade(blurred(shifted(plate, 0, unit * 0.018), unit * 0.03) * (1 - plate), 0.4)
    canvas.paint_ramp(plate, (palette.glow, mixed(palette.glow, palette.sky[-1], 0.5)), down)
    if emblem:
        mask = emblem_mask(size, emblem, middle_x, middle_y, unit * 0.42)
        canvas.paint(mask, mixed(palette.layers[3], palette.ink, 0.35))
    else:
        canvas.paint(disc(size, middle_x, middle_y, unit * 0.2), palette.accent)


def _rows(canvas: Canvas, emblem: str | None, middle_x: float, middle_y: float) -> Mask:
    """The mask of all small figures: every second row half a step to the side, none of them under the large one."""
    size, unit = canvas.size, canvas.size.unit
    step = unit / _ACROSS
    side = max(2, round(step * 0.58))
    patch = _figure(emblem, side)
    drawn = np.zeros((size.height, size.width), dtype=np.float32)
    for row in range(-1, int(size.height / step) + 2):
        for column in range(-1, int(size.width / step) + 2):
            x, y = (column + (row % 2) / 2) * step + step * 0.25, row * step + step * 0.4
            if np.hypot(x - middle_x, y - middle_y) > unit * 0.32 + side * 0.3:
                _stamp(drawn, patch, round(x - side / 2), round(y - side / 2))
    return drawn


def _figure(emblem: str | None, side: int) -> Mask:
    square = Size(side, side)
    return (
        emblem_mask(square, emblem, side / 2, side / 2, side)
        if emblem
        else disc(square, side / 2, side / 2, side * 0.3)
    )


def _stamp(drawn: Mask, patch: Mask, left: int, top: int) -> None:
    """Put a patch where its left top corner is named, as far as it lies inside."""
    inside = drawn[max(0, top) : max(0, top + len(patch)), max(0, left) : max(0, left + len(patch))]
    cut_y, cut_x = max(0, -top), max(0, -left)
    np.maximum(inside, patch[cut_y : cut_y + inside.shape[0], cut_x : cut_x + inside.shape[1]], out=inside)
