"""Programs that the studio runs beside itself: whatever becomes of the call that started one, it ends with that call.

How a program of ours answers: with status 0 and all that it foresaw, a file's faults included, on stdout. Whatever else it
ends with, nobody foresaw: that is a failure of ours, and what the program wrote to stderr, its traceback, goes to the log.
One that opens files which somebody else made writes the line `READING` first. A signal that decoders die of is from then
on laid to the file (`Crashed`); before that, or by a signal that only comes from outside, it is ours like the rest.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import reelbot
from reelbot.errors import Failure

READING = b"reading\n"
"""What a program writes before it opens a file that somebody else made."""

CRASHES = frozenset(
    {
        signal.SIGSEGV,
        signal.SIGBUS,
        signal.SIGILL,
        signal.SIGFPE,
        signal.SIGABRT,
        signal.SIGTRAP,
        signal.SIGSYS,
        signal.SIGXCPU,
    }
)
"""Signals that a decoder brings upon itself. SIGKILL is not among them: it comes from a system without memory."""

SAID_BYTES_MAX = 65_536
"""Of what a program writes to stderr, its end: a traceback and what led to it. A broken clip is complained of at length."""

_PIECE_BYTES = 65_536

_log = logging.getLogger(__name__)


class ChildFailure(Failure):
    """A program beside the studio failed and nobody else is at fault: a defect of ours, or something of this machine.

    `said` is what it wrote to stderr, for the log and not for people.
    """

    code = "defect"
    retryable = True

    def __init__(self, doing: str, said: str = "") -> None:
        super().__init__(
            f"Something went wrong on our side while {doing}.",
            "Try again. If it happens again, tell whoever runs this server: the log has the details.",
        )
        self.said = said


class Crashed(Exception):
    """A program crashed, or passed a bound, over a file that somebody else made."""


def python_environment() -> dict[str, str]:
    """Our environment for a Python process that is to find this same package, installed or not, before any other."""
    home = str(Path(reelbot.__file__).parents[1])
    inherited = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{home}{os.pathsep}{inherited}" if inherited else home}


def failed(doing: str, how: str, said: str | bytes = b"") -> ChildFailure:
    """Write to the log how a program failed and what it said, and return what people are told of it."""
    text = (said if isinstance(said, str) else said.decode(errors="replace")).strip()
    _log.error("A program failed while %s: %s\n%s", doing, how, text or "It said nothing.")
    return ChildFailure(doing, text)


def is_crash(status: int | None) -> bool:
    """Whether a program ended by a signal that a decoder brings upon itself."""
    return status is not None and -status in CRASHES


async def answer_of(
    command: Sequence[str],
    doing: str,
    seconds_max: float,
    *,
    given: bytes = b"",
    environment: Mapping[str, str] | None = None,
) -> bytes:
    """What a program of ours answers to what it is given; `doing` says for people what it is there for.

    `Crashed` when the file that it reads made it crash, `ChildFailure` when it fails otherwise, or takes longer than so
    many seconds. It is killed then, and so it is when this call is cancelled.
    """
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe)
    except OSError as error:
        raise failed(doing, f"it does not start: {error}") from error
    try:
        async with asyncio.timeout(seconds_max):
            written, said = await _talked(process, given)
            status = await process.wait()
    except TimeoutError:
        raise failed(doing, f"it did not end within {seconds_max:g} s") from None
    finally:
        await end(process)
    if status == 0:
        return written.removeprefix(READING)
    if written.startswith(READING) and is_crash(status):
        raise Crashed
    raise failed(doing, f"it ended with status {status}", said)


async def _talked(process: asyncio.subprocess.Process, given: bytes) -> tuple[bytes, bytes]:
    """What a program wrote to stdout, and the end of what it wrote to stderr, while it was given its input."""
    assert process.stdout is not None and process.stderr is not None
    _, written, said = await asyncio.gather(_give(process, given), process.stdout.read(), end_of(process.stderr))
    return written, said


async def _give(process: asyncio.subprocess.Process, given: bytes) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError, ConnectionResetError):  # how it ended says why
        process.stdin.write(given)
        await process.stdin.drain()
    process.stdin.close()


async def end_of(stream: asyncio.StreamReader, bytes_max: int = SAID_BYTES_MAX) -> bytes:
    """The last bytes of all that comes; read all the time, so that whoever writes never waits for us."""
    kept = bytearray()
    while piece := await stream.read(_PIECE_BYTES):
        kept += piece
        del kept[:-bytes_max]
    return bytes(kept)


async def end(process: asyncio.subprocess.Process) -> None:
    """Kill a process and wait until it is gone, whatever state it is in."""
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()
