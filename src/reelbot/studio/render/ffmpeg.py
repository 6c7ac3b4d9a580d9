"""Runs ffmpeg as a process of its own, and turns what it says when it fails into one of our failures.

Every process reads local files only, of the few container formats that are accepted, so that a hostile playlist can't
make it fetch or read anything else. It works in a directory of its own and is given relative names there, because a
filter's arguments have their own quoting rules.
"""

import asyncio
import os
import re
import signal
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import imageio_ffmpeg

from reelbot.studio.children import end
from reelbot.studio.render.bounds import PIXELS_MAX, RUN_SECONDS_MAX
from reelbot.studio.render.failures import DiskFull, MediaUnusable, RenderFailure

CONTAINERS = ("mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "mp3", "wav")
"""Names of the demuxers that may open a file somebody uploaded: MP4, MOV, M4A, WebM, MP3 and WAV."""

QUIET = ("-hide_banner", "-nostdin", "-nostats", "-y", "-loglevel", "level+info")

READ_ONLY_LOCAL = (
    *("-protocol_whitelist", "file,pipe", "-format_whitelist", ",".join(CONTAINERS)),
    *("-max_pixels", str(PIXELS_MAX)),
)
"""Options before an input that somebody uploaded. A clip may change its size midway, beyond what was looked at."""

_DISK_FULL = re.compile(r"No space left on device|File too large|Disk quota exceeded")
_NO_FILE = re.compile(r"No such file or directory|Permission denied|Is a directory")
_BROKEN = re.compile(
    r"Invalid data found|moov atom not found|could not find codec|Invalid argument|End of file|matches no streams"
    r"|does not contain any stream|not on whitelist|not in the whitelist|Error opening input|EBML header parsing failed"
)


@cache
def program() -> str:
    """Path of the ffmpeg program that comes with imageio-ffmpeg."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def environment(font_config: Path | None = None) -> dict[str, str]:
    """Return the environment of a child: ours, without colours in logs, and with no fonts but those named."""
    extra = {"AV_LOG_FORCE_NOCOLOR": "1"}
    if font_config is not None:
        extra["FONTCONFIG_FILE"] = str(font_config)
    return {**os.environ, **extra}


async def run(arguments: Sequence[str], cwd: Path | None = None, reading: Sequence[Path] = ()) -> str:
    """Run ffmpeg to its end and return its log; raise what went wrong, naming the file among `reading` at fault.

    Cancelling kills the process and waits until it is gone; so does taking longer than `RUN_SECONDS_MAX`.
    """
    process = await asyncio.create_subprocess_exec(
        program(),
        *QUIET,
        *arguments,
        cwd=cwd,
        env=environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, written = await asyncio.wait_for(process.communicate(), RUN_SECONDS_MAX)
    except TimeoutError as error:
        raise RenderFailure(f"Sound or joining took longer than {RUN_SECONDS_MAX} s.") from error
    finally:
        await end(process)
    log = written.decode(errors="replace")
    if process.returncode:
        raise failure_from(process.returncode, log, reading)
    return log


def failure_from(status: int, log: str, reading: Sequence[Path] = ()) -> RenderFailure:
    """Why ffmpeg ended with `status`, as one of our failures."""
    if status == -signal.SIGXFSZ or _DISK_FULL.search(log):
        return DiskFull()
    culprit = _culprit(log, reading)
    if culprit is not None and not culprit.is_file():
        return MediaUnusable.missing(culprit)
    if culprit is not None and (_BROKEN.search(log) or _NO_FILE.search(log)):
        return MediaUnusable(culprit, "it can't be read as a clip or sound")
    return RenderFailure(f"Encoding ended with status {status}: {last_error(log)}.")


def _culprit(log: str, reading: Sequence[Path]) -> Path | None:
    """Find the file that an error speaks of: a missing one, else one named in an error, else the only one."""
    gone = (path for path in reading if not path.is_file())
    errors = "\n".join(line for line in log.splitlines() if "[error]" in line or "[fatal]" in line)
    named = (path for path in reading if str(path) in errors)
    return next(gone, None) or next(named, None) or (reading[0] if len(reading) == 1 else None)


def last_error(log: str) -> str:
    """Find the last line that ffmpeg marked as an error, without its marks; or the last line at all."""
    lines = [line for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if "[error]" in line or "[fatal]" in line]
    chosen = (errors or lines or ["it said nothing"])[-1]
    return re.sub(r"^(\[[^\]]*\]\s*)+", "", chosen).strip().rstrip(".")


def last_match(pattern: str, log: str) -> Mapping[str, str]:
    """Find the named groups of the last place in a log that matches; empty when none does."""
    found = list(re.finditer(pattern, log))
    return found[-1].groupdict() if found else {}
