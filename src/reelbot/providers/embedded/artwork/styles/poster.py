"""A screen print: a large emblem before a low disc of colour, over a floor, with a long shadow and broad bands."""

import numpy as np

from reelbot.providers.embedded.artwork.canvas import Canvas, Mask, as_mask, blurred, disc, glow, shifted
from reelbot.providers.embedded.artwork.emblems import emblem_body, emblem_mask
from reelbot.providers.embedded.artwork.oklch import mixed
from reelbot.providers.embedded.artwork.palettes import Palette

_BANDS = 5


def paint(canvas: Canvas, palette: Palette, emblem: str | None, rng: np.random.Generator) -> None:
    """Paint the bands of the sky, the disc, the floor, and the emblem that stands on it."""
    size, unit = canvas.size, canvas.size.unit
    rows = np.arange(size.height, dtype=np.float32)[:, None]
    x, side = size.width / 2, unit * 0.66
    floor = size.height * 0.41 + side * 0.46
    _sky(canvas, palette, rows, float(floor))
    disc_x, disc_y = x + unit * rng.uniform(-0.12, 0.12), size.height * 0.41 - unit * 0.06
    canvas.light(glow(size, disc_x, disc_y, unit * 0.5), palette.glow, 0.35)
    canvas.paint_ramp(
        disc(size, disc_x, disc_y, unit * 0.41),
        (palette.glow, palette.accent, mixed(palette.accent, palette.layers[1], 0.6)),
        as_mask((rows - np.float32(disc_y - unit * 0.41)) / np.float32(unit * 0.82)),
    )
    ground = mixed(palette.layers[3], palette.ink, 0.15)
    canvas.paint_ramp(
        as_mask(rows - np.float32(floor)) * np.ones((1, size.width), dtype=np.float32),
        (ground.lighter(0.08), ground, mixed(ground, palette.ink, 0.5)),
        as_mask((rows - np.float32(floor)) / np.float32(size.height - floor)),
    )
    if emblem:
        _stand(canvas, palette, emblem, x, float(floor), side)


def _sky(canvas: Canvas, palette: Palette, rows: Mask, floor: float) -> None:
    """Broad bands from the top down to the floor, each a step on the way through the colours of the sky."""
    share = np.clip(rows / np.float32(floor), 0, 1)
    stepped = np.floor(share * _BANDS) / np.float32(_BANDS - 1)
    canvas.wash(palette.sky, as_mask(stepped * np.ones((1, canvas.size.width), dtype=np.float32)))


def _stand(canvas: Canvas, palette: Palette, emblem: str, x: float, floor: float, side: float) -> None:
    """The emblem on the floor, its mirror image fading below it, and light behind what is cut out of it."""
    size, unit = canvas.size, canvas.size.unit
    y = floor - side * 0.45
    mask, body = emblem_mask(size, emblem, x, y, side), emblem_body(size, emblem, x, y, side)
    dark = mixed(palette.ink, palette.layers[4], 0.25)
    below = _mirrored(mask, round(floor))
    away = as_mask(1 - (np.arange(size.height, dtype=np.float32)[:, None] - np.float32(floor)) / np.float32(unit * 0.5))
    canvas.paint(below * away, dark, 0.45)
    canvas.shade(blurred(shifted(body, 0, unit * 0.012), unit * 0.025) * (1 - body), 0.35)
    canvas.paint(body, palette.glow)
    canvas.paint(mask, dark)


def _mirrored(mask: Mask, row: int) -> Mask:
    """What stands above a row, upside down below it, and nothing else."""
    drawn = np.zeros_like(mask)
    height = min(row, mask.shape[0] - row)
    drawn[row : row + height] = mask[row - height : row][::-1]
    return drawn
