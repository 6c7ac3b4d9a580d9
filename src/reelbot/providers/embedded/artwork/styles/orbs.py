"""Spheres of coloured glass that float in soft light."""

import numpy as np

from reelbot.providers.embedded.artwork.canvas import Canvas, blurred, clouds, disc, distance, glow, grid, shifted
from reelbot.providers.embedded.artwork.emblems import emblem_mask
from reelbot.providers.embedded.artwork.oklch import Colour, mixed
from reelbot.providers.embedded.artwork.palettes import Palette

_GOLDEN = 0.618
"""Of a turn: whatever follows by it never comes to lie where something was."""


def paint(canvas: Canvas, palette: Palette, emblem: str | None, rng: np.random.Generator) -> None:
    """Paint a soft ground, small spheres far away, and a large one with the emblem in it."""
    size, unit = canvas.size, canvas.size.unit
    across, down = grid(size)
    field = np.clip(0.62 * down + 0.18 * across + 0.45 * (clouds(size, rng, 0.9, 2) - 0.4), 0, 1)
    canvas.wash(palette.sky, field)
    canvas.light(glow(size, size.width * 0.2, size.height * 0.1, unit * 0.8), palette.glow, 0.4)
    middle_x, middle_y = size.width * rng.uniform(0.46, 0.54), size.height * 0.41
    for index in range(11):
        far = index < 6
        radius = unit * (rng.uniform(0.03, 0.08) if far else rng.uniform(0.09, 0.17))
        angle, away = 2 * np.pi * (index * _GOLDEN + rng.uniform(0, 0.12)), unit * 0.36 + radius * rng.uniform(0.9, 1.2)
        x = middle_x + np.cos(angle) * (away + (size.width - unit) * rng.uniform(0.1, 0.42))
        y = middle_y + np.sin(angle) * (away + (size.height - unit) * rng.uniform(0.1, 0.5))
        colour = palette.layers[int(rng.integers(0, 3))] if rng.random() < 0.75 else palette.accent
        _sphere(canvas, palette, colour, x, y, radius, soft=unit * 0.01 if far else 0.0)
    _sphere(canvas, palette, mixed(palette.layers[1], palette.accent, 0.15), middle_x, middle_y, unit * 0.33, soft=0.0)
    if emblem:
        mask = emblem_mask(size, emblem, middle_x, middle_y, unit * 0.36)
        canvas.light(blurred(mask, unit * 0.03), palette.glow, 0.45)
        canvas.paint(mask, palette.glow, 0.97)


def _sphere(canvas: Canvas, palette: Palette, colour: Colour, x: float, y: float, radius: float, soft: float) -> None:
    """Paint one sphere: its shadow, its body lit from the upper left, its rim, and a highlight."""
    size = canvas.size
    body = disc(size, x, y, radius)
    if soft:
        body = blurred(body, soft)
    canvas.shade(blurred(shifted(body, radius * 0.12, radius * 0.22), radius * 0.22) * (1 - body), 0.22)
    lit = distance(size, x - radius * 0.38, y - radius * 0.42) / np.float32(radius * 1.55)
    shades = (mixed(colour, palette.glow, 0.75), colour.lighter(0.04), colour, mixed(colour, palette.ink, 0.55))
    canvas.paint_ramp(body, shades, np.clip(lit, 0, 1))
    rim = np.clip(1 - np.abs(distance(size, x, y) - radius * 0.95) / np.float32(radius * 0.09), 0, 1) * body
    canvas.light(rim * (lit > 0.75), mixed(colour, palette.glow, 0.6), 0.30)
    canvas.light(glow(size, x - radius * 0.40, y - radius * 0.45, radius * 0.20, 3) * body, palette.glow, 0.75)
