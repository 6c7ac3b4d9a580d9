"""A wall of geometric tiles (quarters, halves, dots, steps), with the emblem on a large one."""

import numpy as np

from reelbot.providers.embedded.artwork.canvas import Canvas, Mask, Size, as_mask, blurred, disc, shifted
from reelbot.providers.embedded.artwork.emblems import emblem_mask
from reelbot.providers.embedded.artwork.oklch import Colour, mixed, rgb
from reelbot.providers.embedded.artwork.palettes import Palette

_ACROSS = 6


def paint(canvas: Canvas, palette: Palette, emblem: str | None, rng: np.random.Generator) -> None:
    """Paint all tiles, then the large one in the middle."""
    size, unit = canvas.size, canvas.size.unit
    side = -(-unit // _ACROSS)
    colours = (*palette.layers, palette.accent, palette.sky[-1], palette.sky[-1])
    left, top = -(side * -(-size.width // side) - size.width) // 2, -(side * -(-size.height // side) - size.height) // 2
    for y in range(top, size.height, side):
        for x in range(left, size.width, side):
            _tile(canvas, x, y, side, colours, rng)
    middle_x, middle_y = size.width / 2, size.height * 0.41
    plate = disc(size, middle_x, middle_y, unit * 0.345)
    canvas.shade(blurred(shifted(plate, 0, unit * 0.02), unit * 0.035) * (1 - plate), 0.5)
    canvas.paint(plate, mixed(palette.glow, palette.sky[-1], 0.3))
    canvas.paint(disc(size, middle_x, middle_y, unit * 0.32), palette.layers[3])
    if emblem:
        canvas.paint(
            emblem_mask(size, emblem, middle_x, middle_y, unit * 0.44), mixed(palette.glow, palette.accent, 0.2)
        )
    else:
        for radius, colour in ((0.26, palette.accent), (0.18, palette.layers[4]), (0.09, palette.glow)):
            canvas.paint(disc(size, middle_x, middle_y, unit * radius), colour)


def _tile(canvas: Canvas, x: int, y: int, side: int, colours: tuple[Colour, ...], rng: np.random.Generator) -> None:
    """Paint one tile: a ground, and one figure on it, turned by quarters."""
    first, second = rng.choice(len(colours), 2, replace=False)
    figure = np.rot90(_figure(side, int(rng.integers(0, 6))), int(rng.integers(0, 4)))
    tinted = rgb(colours[first]) + (rgb(colours[second]) - rgb(colours[first])) * figure[..., None]
    part = canvas.pixels[max(0, y) : y + side, max(0, x) : x + side]
    cut_y, cut_x = max(0, -y), max(0, -x)
    part[:] = tinted[cut_y : cut_y + part.shape[0], cut_x : cut_x + part.shape[1]]


def _figure(side: int, kind: int) -> Mask:
    """The mask of a figure that fills a tile."""
    tile = Size(side, side)
    match kind:
        case 0:
            return disc(tile, 0, 0, side)
        case 1:
            return disc(tile, side / 2, side / 2, side * 0.36)
        case 2:
            return disc(tile, side / 2, 0, side / 2)
        case 3:
            return as_mask(disc(tile, 0, 0, side) - disc(tile, 0, 0, side * 0.55))
        case 4:
            across = np.arange(side, dtype=np.float32)
            return as_mask(across[None, :] - across[:, None] + np.float32(0.5))
        case _:
            return as_mask(disc(tile, 0, 0, side * 0.7) + disc(tile, side, side, side * 0.3))
