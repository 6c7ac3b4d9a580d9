"""Layered hills under a low sun, with mist between them and firs in front."""

import numpy as np
from numpy.typing import NDArray

from reelbot.providers.embedded.artwork.canvas import Canvas, below, clouds, disc, glow, grid, united, wandering
from reelbot.providers.embedded.artwork.emblems import emblem_body, emblem_mask
from reelbot.providers.embedded.artwork.oklch import mixed
from reelbot.providers.embedded.artwork.palettes import Palette

_EMBLEM_LAYER = 2


def paint(canvas: Canvas, palette: Palette, emblem: str | None, rng: np.random.Generator) -> None:
    """Paint the sky, the sun, and the hills from the farthest to the nearest."""
    size, unit = canvas.size, canvas.size.unit
    _, down = grid(size)
    canvas.wash(palette.sky, np.clip(down * 1.5 + 0.10 * (clouds(size, rng, 1.2) - 0.5), 0, 1))
    lowered = 0.10 if emblem else 0.0  # behind an emblem on its hill, as a bright ground for it
    sun_x, sun_y = size.width * rng.uniform(0.34, 0.66), size.height * (rng.uniform(0.29, 0.36) + lowered)
    canvas.light(glow(size, sun_x, sun_y, unit * 0.45), palette.glow, 0.7)
    canvas.paint(disc(size, sun_x, sun_y, unit * (0.29 if emblem else rng.uniform(0.15, 0.22))), palette.glow, 0.92)
    rows = np.arange(size.height, dtype=np.float32)[:, None]
    for index, colour in enumerate(palette.layers):
        base = size.height * (0.46 + 0.115 * index)
        swing = unit * (0.10 + 0.012 * index)
        heights = base + swing * wandering(size.width, rng, 2.2 + 0.5 * index, 0.42)
        if emblem and index == _EMBLEM_LAYER:
            side = unit * 0.48
            ground = min(float(heights[int(sun_x)]), sun_y + unit * 0.34)
            heights = np.minimum(heights, ground + unit * 0.05 * ((np.arange(size.width) - sun_x) / (unit * 0.2)) ** 2)
            canvas.paint(emblem_body(size, emblem, sun_x, ground - side * 0.42, side), palette.glow)
            canvas.paint(emblem_mask(size, emblem, sun_x, ground - side * 0.42, side), mixed(colour, palette.ink, 0.6))
        if index == len(palette.layers) - 1:
            canvas.paint(_firs(canvas, heights, rng), mixed(colour, palette.ink, 0.4))
        depth = (rows - np.float32(heights.min())) / np.float32(size.height * 0.26)
        canvas.paint_ramp(below(size, heights), (colour, mixed(colour, palette.sky[-1], 0.45)), depth)


def _firs(canvas: Canvas, heights: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float32]:
    """The mask of a few groups of firs that stand on a ridge."""
    size = canvas.size
    outlines = []
    for _ in range(int(rng.integers(9, 16))):
        x = size.width * float(rng.choice([rng.uniform(0, 0.36), rng.uniform(0.64, 1)]))
        tall = size.unit * rng.uniform(0.07, 0.17)
        foot = float(heights[min(size.width - 1, int(x))]) + tall * 0.1
        for part in range(3):
            top, bottom = foot - tall * (1 - 0.22 * part), foot - tall * (0.50 - 0.24 * part)
            half = tall * (0.13 + 0.06 * part)
            outlines.append(np.array([[x, top], [x + half, bottom], [x - half, bottom]]))
    return united(size, outlines)
