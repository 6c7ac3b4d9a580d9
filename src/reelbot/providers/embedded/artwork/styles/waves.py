"""Rolling waves before a half sunken sun, each with a bright crest."""

import numpy as np

from reelbot.providers.embedded.artwork.canvas import Canvas, below, disc, glow, grid
from reelbot.providers.embedded.artwork.emblems import emblem_body, emblem_mask
from reelbot.providers.embedded.artwork.oklch import Colour, mixed
from reelbot.providers.embedded.artwork.palettes import Palette

_EMBLEM_WAVE = 1


def paint(canvas: Canvas, palette: Palette, emblem: str | None, rng: np.random.Generator) -> None:
    """Paint the sky, the sun, and the waves from the farthest to the nearest."""
    size, unit = canvas.size, canvas.size.unit
    _, down = grid(size)
    canvas.wash(palette.sky, np.clip(down * 1.7, 0, 1))
    x, y = size.width * rng.uniform(0.4, 0.6), size.height * 0.42
    canvas.light(glow(size, x, y, unit * 0.5), palette.glow, 0.65)
    for ring in range(4, 0, -1):
        canvas.paint(disc(size, x, y, unit * (0.20 + 0.055 * ring)), palette.glow, 0.10)
    canvas.paint(disc(size, x, y, unit * 0.22), mixed(palette.glow, palette.accent, 0.55))
    columns = np.arange(size.width) / unit
    rows = np.arange(size.height, dtype=np.float32)[:, None]
    count = 8
    for index in range(count):
        colour = _between(palette, index / (count - 1))
        base = size.height * (0.46 + 0.068 * index)
        length, phase = rng.uniform(1.6, 2.4) + 0.12 * index, rng.uniform(0, 2 * np.pi)
        swell = np.sin(2 * np.pi * columns / length * 2 + phase)
        heights = base - unit * (0.028 + 0.004 * index) * (
            np.abs(swell) ** 0.8 * 2 - 1 + 0.4 * np.sin(columns * 5 + phase)
        )
        if emblem and index == _EMBLEM_WAVE:
            side = unit * 0.44
            ground = float(heights[int(x)])
            canvas.paint(emblem_body(size, emblem, x, ground - side * 0.40, side), palette.glow)
            canvas.paint(emblem_mask(size, emblem, x, ground - side * 0.40, side), palette.ink)
        depth = (rows - heights.astype(np.float32)[None, :]) / np.float32(size.height * 0.16)
        mask = below(size, heights)
        canvas.paint_ramp(mask, (mixed(colour, palette.glow, 0.22), colour, mixed(colour, palette.ink, 0.35)), depth)
        canvas.light(mask - below(size, heights + unit * 0.006), palette.glow, 0.7)


def _between(palette: Palette, share: float) -> Colour:
    """The colour of the layers at a share of the way from the farthest to the nearest."""
    places = share * (len(palette.layers) - 1)
    at = min(int(places), len(palette.layers) - 2)
    return mixed(palette.layers[at], palette.layers[at + 1], places - at)
