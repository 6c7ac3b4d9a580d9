"""A picture made to fit what a video model takes: the right size, cropped in the middle, as JPEG. Pure but for the file."""

import base64
import io
from pathlib import Path

from PIL import Image, ImageOps

from reelbot.providers.works import Aspect

QUALITY = 92
"""Of the JPEG: nobody sees the difference, and a data URI stays below the few megabytes that queues take."""

SIZES: dict[Aspect, tuple[int, int]] = {"9:16": (1080, 1920), "1:1": (1080, 1080), "16:9": (1920, 1080)}
"""Width and height of the picture that a clip begins with."""


def fitted_jpeg(path: Path, width: int, height: int) -> bytes:
    """The middle of a picture in this very size."""
    with Image.open(path) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGB")
        file = io.BytesIO()
        ImageOps.fit(upright, (width, height), Image.Resampling.LANCZOS).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def data_uri(jpeg: bytes) -> str:
    """A JPEG as a URL that holds it."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")
