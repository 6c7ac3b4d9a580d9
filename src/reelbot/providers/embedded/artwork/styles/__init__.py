"""The styles, one per file: each paints a whole canvas in a palette, with an emblem where the prompt calls for one."""

from collections.abc import Callable

import numpy as np

from reelbot.providers.embedded.artwork.canvas import Canvas
from reelbot.providers.embedded.artwork.palettes import Palette
from reelbot.providers.embedded.artwork.styles import (
    cosmos,
    cutouts,
    flow,
    hills,
    leaves,
    orbs,
    poster,
    rays,
    skyline,
    tiles,
    wallpaper,
    waves,
)

Style = Callable[[Canvas, Palette, str | None, np.random.Generator], None]

STYLES: dict[str, Style] = {
    "hills": hills.paint,
    "waves": waves.paint,
    "cutouts": cutouts.paint,
    "flow": flow.paint,
    "skyline": skyline.paint,
    "orbs": orbs.paint,
    "cosmos": cosmos.paint,
    "leaves": leaves.paint,
    "rays": rays.paint,
    "tiles": tiles.paint,
    "wallpaper": wallpaper.paint,
    "poster": poster.paint,
}
