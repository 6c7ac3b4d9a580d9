"""Thousands of fine strokes that follow one current; inside the emblem they run in another colour."""

import cv2
import numpy as np
from numpy.typing import NDArray

from reelbot.providers.embedded.artwork.canvas import Canvas, Mask, Size, blurred, clouds, glow, grid
from reelbot.providers.embedded.artwork.emblems import emblem_mask
from reelbot.providers.embedded.artwork.oklch import Colour, mixed, rgb
from reelbot.providers.embedded.artwork.palettes import Palette

_STROKES = 3_200
_STEPS = 46
_BITS = 3


def paint(canvas: Canvas, palette: Palette, emblem: str | None, rng: np.random.Generator) -> None:
    """Paint a dark ground and the strokes, those of the emblem last."""
    size, unit = canvas.size, canvas.size.unit
    across, down = grid(size)
    ground = (mixed(palette.ink, palette.layers[4], 0.25), mixed(palette.ink, palette.layers[3], 0.55))
    canvas.wash(ground, np.clip(0.75 * down + 0.25 * across, 0, 1))
    angles = clouds(size, rng, 1.1, 2) * np.float32(2.2 * np.pi) + np.float32(rng.uniform(0, 6))
    paths = _paths(size, angles, rng)
    canvas.light(glow(size, size.width * rng.uniform(0.3, 0.7), size.height * 0.4, unit * 0.7), palette.layers[1], 0.35)
    colours = tuple(mixed(colour, ground[1], 0.35) for colour in (*palette.layers[:4], palette.layers[1]))
    _draw(canvas, paths, colours, rng, 0.0030)
    if emblem:
        mask = emblem_mask(size, emblem, size.width / 2, size.height * 0.41, unit * 0.62)
        around = blurred(mask, unit * 0.05)
        canvas.shade(np.clip(around * 1.5, 0, 1), 0.72)
        bright = (palette.accent, mixed(palette.accent, palette.glow, 0.5), palette.glow)
        lit = Canvas(size)
        lit.wash((mixed(palette.accent, palette.ink, 0.35), mixed(palette.accent, palette.ink, 0.5)), down)
        _draw(lit, paths[: _STROKES // 3], bright, rng, 0.0042)
        canvas.pixels += (lit.pixels - canvas.pixels) * mask[..., None]


def _paths(size: Size, angles: Mask, rng: np.random.Generator) -> NDArray[np.float64]:
    """Points along the current: one row per stroke, all strokes moved together."""
    places = rng.random((_STROKES, 2)) * [size.width * 1.2, size.height * 1.2] - [size.width * 0.1, size.height * 0.1]
    # A third of the strokes begin where an emblem would be, so that it is drawn densely.
    third = _STROKES // 3
    middle = np.array([size.width / 2, size.height * 0.41])
    places[:third] = middle + (rng.random((third, 2)) - 0.5) * size.unit * 0.66
    step = size.unit * 0.0052
    trail = [places]
    for _ in range(_STEPS):
        columns = np.clip(places[:, 0], 0, size.width - 1).astype(int)
        rows = np.clip(places[:, 1], 0, size.height - 1).astype(int)
        turn = angles[rows, columns]
        places = places + step * np.column_stack([np.cos(turn), np.sin(turn)])
        trail.append(places)
    return np.stack(trail, axis=1)


def _draw(
    canvas: Canvas, paths: NDArray[np.float64], colours: tuple[Colour, ...], rng: np.random.Generator, width: float
) -> None:
    """Draw paths in shares of the colours, the lighter ones thinner."""
    corners = np.round(paths * (1 << _BITS)).astype(np.int32)
    drawn = np.ascontiguousarray(canvas.pixels * 255).clip(0, 255).astype(np.uint8)
    kinds = rng.integers(0, len(colours) * 2, len(corners))
    for kind in range(len(colours) * 2):
        tint = rgb(colours[kind // 2].lighter(0.04 * (kind % 2)))
        thick = max(1, round(canvas.size.unit * width * (0.6 + 0.8 * rng.random())))
        chosen = list(corners[kinds == kind])
        cv2.polylines(drawn, chosen, False, [float(part * 255) for part in tint], thick, cv2.LINE_AA, _BITS)
    canvas.pixels = drawn.astype(np.float32) * np.float32(1 / 255)
