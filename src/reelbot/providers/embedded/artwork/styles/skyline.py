"""A city in three rows of blocks with lit windows, under a large moon or sun."""

import numpy as np

from reelbot.providers.embedded.artwork.canvas import Canvas, Mask, as_mask, blurred, disc, glow, grid
from reelbot.providers.embedded.artwork.emblems import emblem_mask
from reelbot.providers.embedded.artwork.oklch import mixed
from reelbot.providers.embedded.artwork.palettes import Palette

_ROWS = 4
_RISE_MAX = 0.35
"""Of the height: how high houses may rise is measured in it where a picture is wide, so that the disc stays free."""


def paint(canvas: Canvas, palette: Palette, emblem: str | None, rng: np.random.Generator) -> None:
    """Paint the sky, the disc with the emblem before it, and the rows of houses from the farthest to the nearest."""
    size, unit = canvas.size, canvas.size.unit
    _, down = grid(size)
    canvas.wash(palette.sky, np.clip(down * 1.35, 0, 1))
    x, y, radius = size.width * rng.uniform(0.42, 0.58), size.height * 0.30, min(unit * 0.30, size.height * 0.26)
    canvas.light(glow(size, x, y, unit * 0.45), palette.glow, 0.55)
    canvas.paint_ramp(
        disc(size, x, y, radius), (palette.glow, mixed(palette.glow, palette.accent, 0.7)), _across(canvas, y, radius)
    )
    if emblem:
        canvas.paint(emblem_mask(size, emblem, x, y, radius * 1.25), mixed(palette.ink, palette.layers[3], 0.35))
    for row in range(_ROWS):
        colour = palette.layers[row + 1]
        houses, windows = _houses(canvas, row, rng)
        haze = mixed(colour, palette.sky[-1], 0.55 - 0.12 * row)
        canvas.paint_ramp(
            houses, (mixed(colour, palette.sky[-1], 0.25 - 0.06 * row), haze), np.clip(down * 2 - 0.8 - 0.1 * row, 0, 1)
        )
        canvas.light(blurred(windows, unit * 0.012), palette.accent, 0.35)
        canvas.paint(windows, mixed(palette.glow, palette.accent, 0.45), 0.45 + 0.13 * row)


def _across(canvas: Canvas, y: float, radius: float) -> Mask:
    rows = np.arange(canvas.size.height, dtype=np.float32)[:, None]
    return as_mask((rows - np.float32(y - radius)) / np.float32(2 * radius))


def _houses(canvas: Canvas, row: int, rng: np.random.Generator) -> tuple[Mask, Mask]:
    """The masks of one row of houses, and of its lit windows."""
    size, unit = canvas.size, canvas.size.unit
    houses = np.zeros((size.height, size.width), dtype=np.float32)
    windows = np.zeros_like(houses)
    left = -int(unit * 0.05)
    while left < size.width:
        width = int(unit * rng.uniform(0.09, 0.17) * (0.8 + 0.22 * row))
        top = int(size.height * (0.53 + 0.10 * row) - min(unit, size.height * _RISE_MAX) * rng.uniform(-0.04, 0.20))
        right = min(size.width, left + width)
        houses[top:, max(0, left) : right] = 1
        if rng.random() < 0.35:
            middle, thin = left + width // 2, max(1, int(unit * 0.004))
            houses[max(0, top - int(unit * 0.07)) : top, max(0, middle - thin) : max(0, middle + thin)] = 1
        _light_windows(windows, max(0, left), right, top, int(unit * (0.011 + 0.004 * row)), rng)
        left += width + int(unit * rng.uniform(0, 0.012))
    return houses, windows


def _light_windows(windows: Mask, left: int, right: int, top: int, side: int, rng: np.random.Generator) -> None:
    """Light some windows of one house, in whole floors and columns."""
    pitch = int(side * 2.1)
    for y in range(top + pitch, min(windows.shape[0], top + pitch * 26), int(pitch * 1.25)):
        for x in range(left + side, right - int(side * 1.6), pitch):
            if rng.random() < 0.38:
                windows[y : y + int(side * 1.2), x : x + side] = rng.uniform(0.5, 1)
