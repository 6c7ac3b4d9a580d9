"""Rays that burst from behind a medallion, with dots that fade out: a poster of the old school."""

import numpy as np

from reelbot.providers.embedded.artwork.canvas import Canvas, Mask, as_mask, blurred, disc, distance, grid, shifted
from reelbot.providers.embedded.artwork.emblems import emblem_mask
from reelbot.providers.embedded.artwork.oklch import mixed
from reelbot.providers.embedded.artwork.palettes import Palette


def paint(canvas: Canvas, palette: Palette, emblem: str | None, rng: np.random.Generator) -> None:
    """Paint the rays, the dots over them, and the medallion with the emblem."""
    size, unit = canvas.size, canvas.size.unit
    x, y = size.width * 0.5, size.height * 0.41
    _, down = grid(size)
    canvas.wash((palette.sky[0], palette.sky[-1]), down)
    rays = _rays(canvas, x, y, int(rng.choice([11, 13, 15])), rng.uniform(0, 1))
    away = distance(size, x, y) / np.float32(np.hypot(size.width, size.height) / 2)
    canvas.paint_ramp(
        rays,
        (mixed(palette.layers[0], palette.glow, 0.3), palette.layers[1], palette.layers[2]),
        np.clip(away * 1.1, 0, 1),
    )
    canvas.paint(_dots(canvas, away), palette.layers[3], 0.55)
    medallion = disc(size, x, y, unit * 0.34)
    canvas.shade(blurred(shifted(medallion, 0, unit * 0.02), unit * 0.03) * (1 - medallion), 0.4)
    for radius, colour in ((0.34, palette.glow), (0.318, palette.layers[3]), (0.30, palette.accent)):
        canvas.paint(disc(size, x, y, unit * radius), colour)
    if emblem:
        mask = emblem_mask(size, emblem, x, y, unit * 0.38)
        canvas.paint(shifted(mask, unit * 0.010, unit * 0.012), mixed(palette.accent, palette.ink, 0.45), 0.8)
        canvas.paint(mask, palette.glow if palette.accent.lightness < 0.76 else palette.ink)
    else:
        for radius, colour in ((0.22, palette.glow), (0.15, palette.layers[2]), (0.08, palette.glow)):
            canvas.paint(disc(size, x, y, unit * radius), colour)


def _rays(canvas: Canvas, x: float, y: float, count: int, turn: float) -> Mask:
    """Every second sector around a point, smooth at its edges."""
    size = canvas.size
    columns = np.arange(size.width, dtype=np.float32)[None, :] - np.float32(x)
    rows = np.arange(size.height, dtype=np.float32)[:, None] - np.float32(y)
    angle = np.arctan2(rows, columns) * np.float32(count / (2 * np.pi)) + np.float32(turn)
    saw = np.abs((angle % 1) - np.float32(0.5)) - np.float32(0.25)
    width = np.sqrt(columns**2 + rows**2) * np.float32(2 * np.pi / count)
    return as_mask(saw * width + np.float32(0.5))


def _dots(canvas: Canvas, away: Mask) -> Mask:
    """A raster of dots that grow towards the corners."""
    size = canvas.size
    pitch = np.float32(size.unit * 0.030)
    columns = np.arange(size.width, dtype=np.float32)[None, :] / pitch
    rows = np.arange(size.height, dtype=np.float32)[:, None] / pitch
    right, lower = (columns + rows) * np.float32(0.7071), (rows - columns) * np.float32(0.7071)
    from_centre = np.sqrt((right % 1 - np.float32(0.5)) ** 2 + (lower % 1 - np.float32(0.5)) ** 2)
    reach = np.clip((away - np.float32(0.55)) * np.float32(0.95), 0, 0.42)
    return as_mask(((reach - from_centre) * pitch + np.float32(0.5)) * (reach > 0.02))
