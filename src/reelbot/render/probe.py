"""Takes in what somebody uploaded: finds out what a file really is, and makes pictures safe and small enough to keep.

    found = await probe(Path("upload.bin"))
    kept = await normalise(Path("upload.bin"), Path("kept"))

A file is known by opening it and never by its name. That is done in a process of its own (probe_process.py) with bounds
on memory and time, as a hostile file may well crash or hang a decoder.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import msgspec

from reelbot.errors import Malformed
from reelbot.render.failures import DiskFull
from reelbot.render.limits import KEPT_FILE_BYTES_MAX, PROBE_MEMORY_BYTES, PROBE_PATIENCE_SECONDS, PROBE_SECONDS
from reelbot.render.timeline import MediaFile, MediaKind
from reelbot.subprocesses import Crashed, Limits, answer_of, failed, python_environment

PROGRAM = "reelbot.render.probe_process"

BROKEN = "It is broken: it can't be read to its end."

LOOKING = "looking at this file"


LIMITS = Limits(PROBE_MEMORY_BYTES, PROBE_SECONDS, KEPT_FILE_BYTES_MAX)


class Probed(NamedTuple):
    """What a file is. Width and height are as it is shown, turned the right way up and with square pixels.

    `container` is one of jpeg, png, webp, mp4 (MOV and M4A too), webm, mp3 and wav.
    """

    kind: MediaKind
    container: str
    width: int = 0
    height: int = 0
    duration_ms: int = 0
    rotation: int = 0
    video_codec: str = ""
    audio_codec: str = ""
    is_hdr: bool = False

    def media(self, path: Path, sha256: str) -> MediaFile:
        """Return the file as a timeline takes it; `sha256` is the hash of its content, in 64 hex digits."""
        return MediaFile(path, sha256, self.kind, self.width, self.height, self.duration_ms, self.is_hdr)


class ProbeAnswer(NamedTuple):
    """What the looking process says: what was found, or what is wrong with the file, or that there is no room."""

    found: Probed | None
    fault: str = ""
    is_disk_full: bool = False


async def probe(path: Path) -> Probed:
    """Say what the file at `path` is; `Malformed` when it is nothing that is offered, is broken, or passes a bound.

    `ChildFailure` when looking at it failed for a reason of our own, which says nothing about the file.
    """
    return await _asked(path)


async def normalise(path: Path, into: Path) -> Probed:
    """Write the picture at `path` to `into` as it should be kept, and say what that is.

    The right way up, in sRGB, its longer side bounded, without what the camera wrote about the place and the person:
    a JPEG, or a PNG when it is transparent. Errors as of `probe`; `Malformed` for what isn't a picture; `DiskFull`.
    """
    return await _asked(path, into)


async def _asked(*paths: Path) -> Probed:
    command = (sys.executable, "-P", "-m", PROGRAM, *map(str, paths))
    try:
        written = await answer_of(
            command, LOOKING, LIMITS, patience_seconds=PROBE_PATIENCE_SECONDS, variables=python_environment()
        )
        answer = msgspec.json.decode(written, type=ProbeAnswer)
    except Crashed:  # an answer too: nothing that crashes a decoder is let in
        raise Malformed(BROKEN, "file") from None
    except msgspec.DecodeError as error:
        raise failed(LOOKING, f"its answer can't be read: {error}") from error
    if answer.is_disk_full:
        raise DiskFull
    if answer.found is None:
        raise Malformed(answer.fault, "file")
    return answer.found
