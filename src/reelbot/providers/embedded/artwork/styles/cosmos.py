"""A starry sky with clouds of gas and a planet, or the emblem as a constellation of light."""

import numpy as np

from reelbot.providers.embedded.artwork.canvas import (
    Canvas,
    Mask,
    as_mask,
    blurred,
    clouds,
    disc,
    distance,
    glow,
    grid,
)
from reelbot.providers.embedded.artwork.emblems import emblem_mask
from reelbot.providers.embedded.artwork.oklch import mixed
from reelbot.providers.embedded.artwork.palettes import Palette


def paint(canvas: Canvas, palette: Palette, emblem: str | None, rng: np.random.Generator) -> None:
    """Paint the night, the gas, the stars, a planet low in the picture, and the emblem above it."""
    size, unit = canvas.size, canvas.size.unit
    _, down = grid(size)
    night = palette.ink.lighter(-0.04).muted(0.9)
    canvas.wash((night, mixed(night, palette.layers[3], 0.5), night), down)
    for index, colour in enumerate((palette.layers[2], palette.layers[1], palette.accent)):
        gas = clouds(size, rng, 1.3 + 0.4 * index, 5)
        canvas.light(np.clip((gas - 0.45) * 2.4, 0, 1) ** np.float32(1.6), colour, 0.50 - 0.12 * index)
    _scatter_stars(canvas, palette, rng)
    radius = unit * rng.uniform(0.42, 0.62)
    x, y = size.width * rng.choice([0.18, 0.82]), size.height * 0.80 + radius * 0.45
    _planet(canvas, palette, float(x), float(y), float(radius), rng)
    if emblem:
        middle_x, middle_y = size.width / 2, size.height * 0.40
        mask = emblem_mask(size, emblem, middle_x, middle_y, unit * 0.56)
        canvas.light(blurred(mask, unit * 0.055), palette.accent, 0.75)
        canvas.light(blurred(mask, unit * 0.016), palette.glow, 0.50)
        canvas.paint_ramp(
            mask, (palette.glow, mixed(palette.accent, palette.layers[1], 0.45)), _along(canvas, middle_y, unit * 0.56)
        )


def _along(canvas: Canvas, y: float, side: float) -> Mask:
    rows = np.arange(canvas.size.height, dtype=np.float32)[:, None]
    return as_mask((rows - np.float32(y - side / 2)) / np.float32(side))


def _scatter_stars(canvas: Canvas, palette: Palette, rng: np.random.Generator) -> None:
    """Many faint stars, some bright ones, and a few with a halo."""
    size, unit = canvas.size, canvas.size.unit
    stars = np.zeros((size.height, size.width), dtype=np.float32)
    count = size.width * size.height // 2_600
    rows, columns = rng.integers(1, size.height - 1, count), rng.integers(1, size.width - 1, count)
    stars[rows, columns] = rng.random(count).astype(np.float32) ** 3
    bright = count // 14
    for shift_x, shift_y in ((0, 1), (1, 0), (1, 1), (0, -1), (-1, 0)):
        stars[rows[:bright] + shift_y, columns[:bright] + shift_x] = rng.uniform(0.35, 0.9, bright)
    canvas.light(stars, palette.glow, 1.0)
    for _ in range(9):
        x, y = rng.uniform(0, size.width), rng.uniform(0, size.height * 0.75)
        canvas.light(glow(size, x, y, unit * rng.uniform(0.006, 0.014), 1.5), palette.glow, 0.8)


def _planet(canvas: Canvas, palette: Palette, x: float, y: float, radius: float, rng: np.random.Generator) -> None:
    """A banded planet, lit from above, with an atmosphere."""
    size = canvas.size
    body = disc(size, x, y, radius)
    away = distance(size, x, y)
    canvas.light(
        np.clip(1 - np.abs(away - radius) / np.float32(radius * 0.16), 0, 1) ** 2 * (1 - body), palette.layers[0], 0.55
    )
    bands = clouds(size, rng, 0.8, 4)
    rows = np.arange(size.height, dtype=np.float32)[:, None]
    tilt = (rows - np.float32(y)) / np.float32(radius) + np.float32(0.3) * bands
    field = np.clip(0.5 + 0.5 * np.sin(tilt * 9), 0, 1)
    canvas.paint_ramp(
        body, (palette.layers[2], palette.layers[1], mixed(palette.layers[0], palette.accent, 0.3)), field
    )
    lit = distance(size, x, y - radius * 0.9) / np.float32(radius * 1.5)
    canvas.shade(body * np.clip(lit - 0.15, 0, 1), 0.85)
