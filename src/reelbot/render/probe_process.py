"""The process that looks at a file: `python -m reelbot.render.probe_process FILE [INTO]` prints what it is as JSON.

With a second path, it writes the picture there as it should be kept, and prints what that is.

Only the formats that are offered are tried, and nothing but the file itself is read, so that a playlist posing as a
video can't reach other files or addresses. `probe.py` runs it within walls and takes a crash over the
file for a broken file; an exception that is not foreseen here is a defect of ours and ends it with its traceback.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import msgspec
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream
from PIL import Image, UnidentifiedImageError

from reelbot.disk import is_full
from reelbot.errors import Malformed
from reelbot.render.failures import MediaUnusable
from reelbot.render.ffmpeg import CONTAINERS
from reelbot.render.limits import CLIP_MS_MAX, KEPT_SIDE_MAX
from reelbot.render.pictures import EXIF_ORIENTATION, PICTURE_ERRORS, PICTURE_FORMATS, is_too_large, read_picture
from reelbot.render.probe import BROKEN, ProbeAnswer, Probed
from reelbot.subprocesses import READING

HDR_TRANSFERS = (16, 18)
"""PQ and HLG, by their numbers in ITU-T H.273."""

SIDEWAYS = (90, 270)

JPEG_QUALITY = 93
"""Together with colours at full size, no loss that an eye finds in a video that is encoded once more."""

NO_PICTURE = "It is no picture."
NOT_OFFERED = "It can't be read as MP4, MOV, WebM, MP3, WAV, M4A, JPG, PNG or WebP."
TOO_LARGE = "It has too many pixels."
TOO_LONG = f"It is longer than {CLIP_MS_MAX // 60_000} minutes."
EMPTY = "It is empty."


def inspect(path: Path) -> Probed:
    """Say what a file is; `Malformed` when it is nothing that is offered, is broken, or passes a bound."""
    if not path.is_file():
        raise Malformed("The file is missing.", "file")
    with path.open("rb") as opened:  # what the system will not let us read is no fault of the file, and raises here
        if not opened.read(1):
            raise Malformed(EMPTY, "file")
    return _as_picture(path) or _as_media(path)


# Pictures


def _as_picture(path: Path) -> Probed | None:
    """What a picture is; None when it isn't one."""
    try:
        with Image.open(path, formats=PICTURE_FORMATS) as picture:
            if is_too_large(*picture.size):
                raise Malformed(TOO_LARGE, "file")
            picture.load()
            turned = picture.getexif().get(EXIF_ORIENTATION, 1)
            container = str(picture.format).lower()
            width, height = picture.size
    except UnidentifiedImageError:
        return None
    except Image.DecompressionBombError as error:
        raise Malformed(TOO_LARGE, "file") from error
    except PICTURE_ERRORS as error:
        if isinstance(error, Malformed):
            raise
        raise Malformed(BROKEN, "file") from error
    rotation = _EXIF_ROTATIONS.get(turned, 0)
    if rotation in SIDEWAYS:
        width, height = height, width
    return Probed("image", container, width, height, rotation=rotation)


_EXIF_ROTATIONS = {3: 180, 4: 180, 5: 270, 6: 270, 7: 90, 8: 90}
"""Degrees against the clock by which a picture must be turned, by the value of its orientation tag."""


def keep_picture(path: Path, into: Path) -> Probed:
    """Write a picture as it should be kept, and say what was written; `into` appears when it is whole."""
    if inspect(path).kind != "image":
        raise Malformed(NO_PICTURE, "file")
    picture = read_picture(path, KEPT_SIDE_MAX)
    picture.thumbnail((KEPT_SIDE_MAX, KEPT_SIDE_MAX), Image.Resampling.LANCZOS)
    picture.info.clear()
    part = into.with_name(f".{into.name}.part")
    try:
        with part.open("wb") as written:
            if _is_opaque(picture):
                picture.convert("RGB").save(written, "JPEG", quality=JPEG_QUALITY, subsampling=0)
            else:
                picture.save(written, "PNG", compress_level=6)
            written.flush()
            os.fsync(written.fileno())
        part.replace(into)
    finally:
        part.unlink(missing_ok=True)
    return inspect(into)


def _is_opaque(picture: Image.Image) -> bool:
    """Whether nothing shows through; many pictures have an alpha channel that says so everywhere."""
    return picture.mode != "RGBA" or picture.getchannel("A").getextrema() == (255, 255)


# Clips and sound


def _as_media(path: Path) -> Probed:
    with _said_of(NOT_OFFERED):
        opened = _opened(path)
    with _said_of(BROKEN), opened as container:
        pictures = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
        sounds = container.streams.audio
        if not pictures and not sounds:
            raise Malformed(NOT_OFFERED, "file")
        found = _clip(container, pictures[0]) if pictures else Probed("audio", "")
        if sounds and not pictures:
            next(container.decode(sounds[0]))
        return found._replace(
            container=_container_name(container),
            duration_ms=_duration_ms(path, container, is_counted=not pictures),
            audio_codec=sounds[0].codec.canonical_name if sounds else "",
        )


def _opened(path: Path) -> InputContainer:
    """A file of a format that is offered. Its remarks may be in any writing: old tracks are tagged in Latin-1."""
    options = {"protocol_whitelist": "file", "format_whitelist": ",".join(CONTAINERS)}
    return av.open(f"file:{path.resolve()}", options=options, metadata_errors="ignore")


@contextmanager
def _said_of(fault: str) -> Iterator[None]:
    """Say `fault` of a file at which a decoder fails."""
    try:
        yield
    except (av.error.FFmpegError, StopIteration, OverflowError) as error:
        raise Malformed(fault, "file") from error


def _clip(container: InputContainer, stream: VideoStream) -> Probed:
    """Decode one frame and say what it shows."""
    context = stream.codec_context
    if is_too_large(context.width, context.height):
        raise Malformed(TOO_LARGE, "file")
    frame = next(container.decode(stream))
    square = stream.sample_aspect_ratio or 1
    width, height = round(frame.width * square), frame.height
    rotation = frame.rotation % 360
    if rotation in SIDEWAYS:
        width, height = height, width
    is_hdr = context.color_trc in HDR_TRANSFERS
    return Probed("clip", "", width, height, rotation=rotation, video_codec=context.codec.canonical_name, is_hdr=is_hdr)


def _container_name(container: InputContainer) -> str:
    """One plain name; a demuxer has a list of them."""
    names = container.format.name.split(",")
    return "mp4" if "mp4" in names else "webm" if "webm" in names else names[0]


def _duration_ms(path: Path, container: InputContainer, is_counted: bool) -> int:
    """How long a file lasts: as it says, or by going through it.

    Recordings from browsers don't say; what an MP3 says is often a guess, and a voice must be known to its last word.
    """
    if container.duration and container.duration // 1000 > CLIP_MS_MAX:
        raise Malformed(TOO_LONG, "file")
    duration_ms = _counted_ms(path) if is_counted or not container.duration else container.duration // 1000
    if duration_ms > CLIP_MS_MAX:
        raise Malformed(TOO_LONG, "file")
    if duration_ms <= 0:
        raise Malformed(EMPTY, "file")
    return duration_ms


def _counted_ms(path: Path) -> int:
    """Where the last packet of a file ends."""
    with _opened(path) as container:
        ends = (
            float((packet.pts + (packet.duration or 0)) * packet.time_base)
            for packet in container.demux()
            if packet.pts is not None and packet.time_base is not None
        )
        return round(1000 * max(ends, default=0.0))


def main() -> None:
    """Look at the file that the first argument names, and keep it where the second says; answer."""
    sys.stdout.buffer.write(READING)
    sys.stdout.buffer.flush()
    sys.stdout.buffer.write(msgspec.json.encode(_answer(*map(Path, sys.argv[1:]))))


def _answer(path: Path, into: Path | None = None) -> ProbeAnswer:
    try:
        return ProbeAnswer(inspect(path) if into is None else keep_picture(path, into))
    except Malformed as error:
        return ProbeAnswer(None, error.detail)
    except MediaUnusable:
        return ProbeAnswer(None, BROKEN)
    except MemoryError:
        return ProbeAnswer(None, TOO_LARGE)
    except OSError as error:
        if is_full(error):
            return ProbeAnswer(None, is_disk_full=True)
        raise


if __name__ == "__main__":
    main()
