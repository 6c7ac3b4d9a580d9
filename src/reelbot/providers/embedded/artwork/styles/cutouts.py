"""Sheets of cut paper, one behind the other, each throwing a shadow on the next; the emblem lies at the bottom."""

import numpy as np

from reelbot.providers.embedded.artwork.canvas import Canvas, Mask, blurred, clouds, glow, grid, shifted
from reelbot.providers.embedded.artwork.emblems import emblem_mask
from reelbot.providers.embedded.artwork.oklch import mixed
from reelbot.providers.embedded.artwork.palettes import Palette

_SHEETS = 6
_GROUND_CONTRAST_MAX = 0.76
"""Lightness of an accent that still stands out from the light ground."""


def paint(canvas: Canvas, palette: Palette, emblem: str | None, rng: np.random.Generator) -> None:
    """Paint the ground, the emblem on it, and the sheets from the lowest to the highest."""
    size, unit = canvas.size, canvas.size.unit
    x, y = size.width * rng.uniform(0.46, 0.54), size.height * rng.uniform(0.40, 0.46)
    light = mixed(palette.glow, palette.sky[-1], 0.35)
    canvas.wash((light, mixed(light, palette.layers[0], 0.6)), 1 - glow(size, x, y, unit * 0.7))
    if emblem:
        side = unit * 0.50
        mask = emblem_mask(size, emblem, x, y, side)
        canvas.shade(blurred(shifted(mask, 0, unit * 0.014), unit * 0.018), 0.35)
        colour = palette.accent if palette.accent.lightness < _GROUND_CONTRAST_MAX else palette.layers[3]
        canvas.paint_ramp(mask, (colour, mixed(colour, palette.layers[2], 0.4)), _down(canvas))
    else:
        canvas.light(glow(size, x, y, unit * 0.16), palette.glow, 0.9)
    depth = _depth(canvas, x, y, rng)
    for sheet in range(_SHEETS):
        share = sheet / (_SHEETS - 1)
        edge = 0.40 + 0.50 * share**1.15
        mask = np.clip((depth - np.float32(edge)) * np.float32(unit / 2.2) + 0.5, 0, 1)
        colour = palette.layers[min(sheet, len(palette.layers) - 1)] if sheet < _SHEETS - 1 else palette.ink
        canvas.shade(blurred(shifted(mask, 0, unit * 0.016), unit * 0.024) * (1 - mask), 0.42)
        canvas.paint_ramp(mask, (colour.lighter(0.045), colour.lighter(-0.03)), _down(canvas))


def _down(canvas: Canvas) -> Mask:
    _, down = grid(canvas.size)
    return down


def _depth(canvas: Canvas, x: float, y: float, rng: np.random.Generator) -> Mask:
    """For every pixel how far out it lies, along wavy contours around a point."""
    size = canvas.size
    across, down = grid(size)
    stretch = (size.height / size.width) ** 0.5
    right = (
        (across - x / size.width) * size.width / size.unit * np.float32(min(1.0, stretch) if stretch > 1 else stretch)
    )
    far = np.sqrt(right**2 + ((down - y / size.height) * size.height / size.unit / max(1.0, stretch * 0.98)) ** 2)
    return np.asarray(far + np.float32(0.34) * (clouds(size, rng, 1.6, 3) - np.float32(0.5)))
