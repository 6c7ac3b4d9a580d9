"""Reads pictures that somebody uploaded: the right way up, within bounds, in the colours meant, in one of two modes."""

import io
from pathlib import Path

from PIL import Image, ImageCms

from reelbot.render.failures import MediaUnusable
from reelbot.render.limits import PIXELS_MAX, SIDE_MAX

PICTURE_FORMATS = ("JPEG", "PNG", "WEBP")

PICTURE_ERRORS = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)
"""What Pillow raises for pictures that are broken or made to harm."""

_PROFILED_MODES = ("RGB", "RGBA", "CMYK")
"""Modes whose colours are brought from the picture's own colour space into the usual one."""


def read_picture(path: Path, enough: int = SIDE_MAX) -> Image.Image:
    """Read a picture the right way up, in RGB or RGBA; `MediaUnusable` when it is missing, broken or too large.

    A JPEG much larger than `enough` pixels on both sides is decoded at a fraction of its size.
    """
    try:
        with Image.open(path, formats=PICTURE_FORMATS) as opened:
            if is_too_large(*opened.size):
                raise MediaUnusable(path, "it has too many pixels")
            opened.draft(None, (enough, enough))
            opened.load()
            return _plain_mode(_in_srgb(_upright(opened)))
    except FileNotFoundError as error:
        raise MediaUnusable.missing(path) from error
    except PICTURE_ERRORS as error:
        raise MediaUnusable(path, "it can't be read as a picture") from error


def is_too_large(width: int, height: int) -> bool:
    """Whether a picture or clip of that size is refused before a pixel is decoded."""
    return width * height > PIXELS_MAX or max(width, height) > SIDE_MAX


def _upright(picture: Image.Image) -> Image.Image:
    """Turn a picture as its camera says. What else the camera wrote is not kept, and may be damaged.

    Pillow's own way writes all of it anew first, and fails over remarks that are of the wrong kind.
    """
    turn = _TURNS.get(picture.getexif().get(EXIF_ORIENTATION, 1))
    if turn is None:
        return picture
    turned = picture.transpose(turn)
    turned.info = picture.info
    return turned


EXIF_ORIENTATION = 0x0112

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What brings a picture the right way up, by the value of its orientation tag (EXIF 2.3)."""


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Bring a picture of another colour space into sRGB: phones and printers use wider and other ones."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in _PROFILED_MODES:
        return picture
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        return ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB"), outputMode=mode) or picture
    except (ImageCms.PyCMSError, OSError):
        # A broken profile is no reason to refuse a picture that shows.
        return picture


def _plain_mode(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        # Sixteen bits of grey: taken as they are, all but the darkest would become white.
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("RGB")
    has_alpha = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    return picture.convert("RGBA" if has_alpha else "RGB")
