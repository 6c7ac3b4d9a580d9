"""Runs ffmpeg as a process of its own, and turns what it says when it fails into one of our failures.

Every process reads local files only, of the few container formats that are accepted, so that a hostile playlist can't
make it fetch or read anything else. It works in a directory of its own and is given relative names there, because a
filter's arguments have their own quoting rules.
"""

import asyncio
import math
import re
import signal
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import imageio_ffmpeg

from reelbot import subprocesses
from reelbot.errors import Failure
from reelbot.render.failures import DiskFull, MediaUnusable
from reelbot.render.limits import (
    BASE_CPU_SECONDS,
    FFMPEG_MEMORY_BYTES,
    MADE_FILE_BYTES_MAX,
    PIXELS_MAX,
    RUN_SECONDS_MAX,
    SOUND_CPU_SECONDS,
)
from reelbot.subprocesses import Limits, end, end_of, failed, is_crash, start

CONTAINERS = ("mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "mp3", "wav")
"""Names of the demuxers that may open a file somebody uploaded: MP4, MOV, M4A, WebM, MP3 and WAV."""

QUIET = ("-hide_banner", "-nostdin", "-nostats", "-y", "-loglevel", "level+info")

READ_ONLY_LOCAL = (
    *("-protocol_whitelist", "file,pipe", "-format_whitelist", ",".join(CONTAINERS)),
    *("-max_pixels", str(PIXELS_MAX)),
)
"""Options before an input that somebody uploaded. A clip may change its size midway, beyond what was looked at."""

_DISK_FULL = re.compile(r"No space left on device|File too large|Disk quota exceeded")
_OURS = re.compile(
    r"No such filter|Unrecognized option|Option not found|Error (applying|setting) option|Error parsing (a )?filter"
    r"|Unknown encoder|Permission denied|error while loading shared libraries"
)
"""Said of what we asked for, or of this machine: no file is at fault, whatever else is said in its wake."""

ENCODING = "encoding"

LOG_BYTES_MAX = 1_048_576
"""Of what one run says, its end: what a broken file is complained about at length is of use only to its last lines."""

_BROKEN = re.compile(
    r"Invalid data found|moov atom not found|could not find codec|Invalid argument|End of file|matches no streams"
    r"|does not contain any stream|not on whitelist|not in the whitelist|Error opening input|EBML header parsing failed"
)


@cache
def program() -> str:
    """Path of the ffmpeg program that comes with imageio-ffmpeg."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def environment(font_config: Path | None = None) -> dict[str, str]:
    """Return the environment of a child: what any is given, without colours in logs, and with no fonts but those named."""
    fonts = {} if font_config is None else {"FONTCONFIG_FILE": str(font_config)}
    return subprocesses.environment(AV_LOG_FORCE_NOCOLOR="1", **fonts)


def limits_for(cpu_seconds: float, file_bytes: int = MADE_FILE_BYTES_MAX) -> Limits:
    """What one ffmpeg may use, with so much processor time for its work."""
    return Limits(FFMPEG_MEMORY_BYTES, BASE_CPU_SECONDS + math.ceil(cpu_seconds), file_bytes)


async def run(arguments: Sequence[str], length_ms: int, cwd: Path | None = None, reading: Sequence[Path] = ()) -> str:
    """Run ffmpeg over so much sound or video to its end and return its log.

    Raises what went wrong, naming the file among `reading` at fault.

    `ChildFailure` when no file is. Cancelling kills the process and waits until it is gone; so does taking longer than
    `RUN_SECONDS_MAX`.
    """
    limits = limits_for(SOUND_CPU_SECONDS * length_ms / 1000)
    process = await start((program(), *QUIET, *arguments), ENCODING, limits, environment(), folder=cwd)
    assert process.stderr is not None
    try:
        async with asyncio.timeout(RUN_SECONDS_MAX):
            log = (await end_of(process.stderr, LOG_BYTES_MAX)).decode(errors="replace")
            status = await process.wait()
    except TimeoutError as error:
        raise failed(ENCODING, f"ffmpeg did not end within {RUN_SECONDS_MAX} s") from error
    finally:
        await end(process)
    if status:
        raise failure_from(status, log, reading)
    return log


def failure_from(status: int, log: str, reading: Sequence[Path] = ()) -> Failure:
    """Why ffmpeg ended with `status`, as one of our failures.

    A file is at fault for what decoders say of it, and for a crash over it. Everything else is ours, and logged in full.
    """
    errors = _errors(log)
    if status == -signal.SIGXFSZ or _DISK_FULL.search(errors):
        return DiskFull()
    culprit = _culprit(errors, reading)
    if culprit is not None and not culprit.is_file():
        return MediaUnusable.missing(culprit)
    if culprit is not None and not _OURS.search(errors) and (_BROKEN.search(errors) or is_crash(status)):
        return MediaUnusable(culprit, "it can't be read as a clip or sound")
    return failed(ENCODING, f"ffmpeg ended with status {status}", log)


def _errors(log: str) -> str:
    """The lines that ffmpeg marked as errors, or all when it marked none. What a file says of itself is not among them."""
    marked = [line for line in log.splitlines() if "[error]" in line or "[fatal]" in line]
    return "\n".join(marked) if marked else log


def _culprit(errors: str, reading: Sequence[Path]) -> Path | None:
    """Find the file that an error speaks of: a missing one, else one named in an error, else the only one."""
    gone = (path for path in reading if not path.is_file())
    named = (path for path in reading if str(path) in errors)
    return next(gone, None) or next(named, None) or (reading[0] if len(reading) == 1 else None)


def last_match(pattern: str, log: str) -> Mapping[str, str]:
    """Find the named groups of the last place in a log that matches; empty when none does."""
    found = list(re.finditer(pattern, log))
    return found[-1].groupdict() if found else {}
