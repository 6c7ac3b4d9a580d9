"""Where the logo stands in a frame, and how much room it needs: for the painter, and for captions that make way. Pure."""

from typing import NamedTuple

from reelbot.render.camera_moves import FrameSize
from reelbot.render.timeline import Corner

LOGO_SHARE = 0.11
"""Height of a logo as a share of the frame's shorter side."""

LOGO_WIDTH_MAX = 1.6
"""How many times wider than high a logo may be at its full height; a longer one is drawn smaller."""

LOGO_MARGIN = 0.05
"""Distance of a logo from the edges, as a share of each side: clear of rounded screens and status bars."""


class Spot(NamedTuple):
    """The left top pixel of something."""

    left: int
    top: int


def logo_size(picture: FrameSize, frame: FrameSize) -> FrameSize:
    """How large a logo is drawn; even, because colour samples cover two pixels."""
    side = LOGO_SHARE * min(frame)
    scale = min(side * LOGO_WIDTH_MAX / picture.width, side / picture.height)
    return FrameSize(max(2, round(picture.width * scale / 2) * 2), max(2, round(picture.height * scale / 2) * 2))


def logo_spot(corner: Corner, size: FrameSize, frame: FrameSize) -> Spot:
    """Where a logo of that size goes; even, like its size."""
    across, down = round(LOGO_MARGIN * frame.width), round(LOGO_MARGIN * frame.height)
    left = across if corner.endswith("left") else frame.width - across - size.width
    top = down if corner.startswith("top") else frame.height - down - size.height
    return Spot(left // 2 * 2, top // 2 * 2)


def logo_reach(frame: FrameSize) -> FrameSize:
    """How far from the edges of its corner the largest logo reaches."""
    side = LOGO_SHARE * min(frame)
    return FrameSize(round(LOGO_MARGIN * frame.width + side * LOGO_WIDTH_MAX), round(LOGO_MARGIN * frame.height + side))
