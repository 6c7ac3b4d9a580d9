"""Leaves and petals that frame the middle of the picture, the nearest ones darkest."""

import numpy as np
from numpy.typing import NDArray

from reelbot.providers.embedded.artwork.canvas import Canvas, Mask, blurred, disc, glow, grid, shifted, united
from reelbot.providers.embedded.artwork.emblems import emblem_mask
from reelbot.providers.embedded.artwork.oklch import Colour, mixed
from reelbot.providers.embedded.artwork.palettes import Palette


def paint(canvas: Canvas, palette: Palette, emblem: str | None, rng: np.random.Generator) -> None:
    """Paint the ground, a disc with the emblem, and three wreaths of leaves around it."""
    size, unit = canvas.size, canvas.size.unit
    x, y = size.width / 2, size.height * 0.41
    _, down = grid(size)
    canvas.wash((palette.sky[-1], mixed(palette.sky[-1], palette.layers[0], 0.8)), down)
    canvas.light(glow(size, x, y, unit * 0.7), palette.glow, 0.6)
    wreaths = (
        (0.56, 26, palette.layers[0], 0.36),
        (0.66, 26, palette.layers[1], 0.44),
        (0.80, 24, palette.layers[2], 0.52),
        (0.96, 20, palette.layers[4], 0.60),
    )
    for distance, count, colour, length in wreaths:
        leaves, veins = [], []
        turn = rng.uniform(0, 2 * np.pi)
        for index in range(count):
            angle = turn + 2 * np.pi * (index + rng.uniform(-0.3, 0.3)) / count
            reach = unit * distance * rng.uniform(0.9, 1.08)
            place = np.array(
                [
                    x + np.cos(angle) * reach * _wide(size.width / unit),
                    y + np.sin(angle) * reach * _wide(size.height / unit),
                ]
            )
            heading = angle + np.pi + rng.uniform(-0.6, 0.6)
            leaf, vein = _leaf(place, heading, unit * length * rng.uniform(0.8, 1.15), rng.uniform(0.16, 0.26))
            leaves.append(leaf)
            veins.append(vein)
        _lay(canvas, palette, united(size, leaves), united(size, veins), colour)
    _medallion(canvas, palette, emblem, x, y)


def _medallion(canvas: Canvas, palette: Palette, emblem: str | None, x: float, y: float) -> None:
    """Paint the disc that the leaves frame, with the emblem, or else with a few rings."""
    size, unit = canvas.size, canvas.size.unit
    plate = disc(size, x, y, unit * 0.31)
    canvas.shade(blurred(shifted(plate, 0, unit * 0.016), unit * 0.03) * (1 - plate), 0.35)
    canvas.paint(plate, mixed(palette.glow, palette.sky[-1], 0.2))
    canvas.paint(disc(size, x, y, unit * 0.29), mixed(palette.accent, palette.glow, 0.25))
    if emblem:
        canvas.paint(emblem_mask(size, emblem, x, y, unit * 0.37), palette.ink)
    else:
        for radius, share in ((0.21, 0.5), (0.13, 0.75), (0.06, 1.0)):
            canvas.paint(disc(size, x, y, unit * radius), mixed(palette.accent, palette.glow, share))


def _wide(ratio: float) -> float:
    """How far a wreath is drawn out along a side of the picture."""
    return 1 + (ratio - 1) * 0.86


def _leaf(
    root: NDArray[np.float64], heading: float, length: float, breadth: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The outline of a leaf that grows from a root towards the middle, and of its vein."""
    along = np.linspace(0, 1, 30)
    half = breadth * length * np.sin(np.pi * along**0.8) ** 1.1
    bend = 0.10 * length * np.sin(np.pi * along)
    right = np.column_stack([along * length, half + bend])
    left = np.column_stack([along * length, -half + bend])
    vein = np.vstack(
        [
            right * [0.94, 0] + np.column_stack([0 * along, bend + 0.010 * length * (1 - along)]),
            (left * [0.94, 0] + np.column_stack([0 * along, bend - 0.010 * length * (1 - along)]))[::-1],
        ]
    )
    turn = np.array([[np.cos(heading), np.sin(heading)], [-np.sin(heading), np.cos(heading)]])
    back = np.array([np.cos(heading), np.sin(heading)]) * length * 0.5
    return np.vstack([right, left[::-1]]) @ turn + root - back, vein @ turn + root - back


def _lay(canvas: Canvas, palette: Palette, leaves: Mask, veins: Mask, colour: Colour) -> None:
    """Paint one wreath with its shadow and its veins."""
    unit = canvas.size.unit
    canvas.shade(blurred(shifted(leaves, 0, unit * 0.014), unit * 0.02) * (1 - leaves), 0.38)
    across, down = grid(canvas.size)
    canvas.paint_ramp(
        leaves,
        (colour.lighter(0.05), colour, mixed(colour, palette.ink, 0.3)),
        np.clip(0.7 * down + 0.3 * across, 0, 1),
    )
    canvas.paint(veins, mixed(colour, palette.sky[-1], 0.35), 0.8)
