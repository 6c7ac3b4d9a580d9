"""Subprocesses: programs that run beside ours. Whatever becomes of the call that started one, it ends with that call.

Each is started by `sandbox.py` within walls: bounds on memory, processor time and files, no network, no sight of other
processes, and an environment that holds nothing but what it needs; no key of a provider is in it.

How a program of ours answers: with status 0 and all that it foresaw, a file's faults included, on stdout. Whatever else it
ends with, nobody foresaw: that is a failure of ours, and what the program wrote to stderr, its traceback, goes to the log.
One that opens files which somebody else made writes the line `READING` first. A signal that decoders die of is from then
on laid to the file (`Crashed`); before that, or by a signal that only comes from outside, it is ours like the rest.
"""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

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

FILES_MAX = 128
"""Files that a program may have open at once: its libraries, a font or two, and what it works on."""

PASSED = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "IMAGEIO_FFMPEG_EXE")
"""The variables that a program is given, where they are set; the last says which ffmpeg was chosen.

All others are not its business, keys and passwords among them.
"""

_LAUNCHER = Path(__file__).with_name("sandbox.py")

_PIECE_BYTES = 65_536

_log = logging.getLogger(__name__)


class Limits(NamedTuple):
    """What a program may use: address space, processor time, the size of a file that it writes.

    Time is never bounded by the clock where honest work could pass it: on a busy machine it only takes longer. `starts` is
    whether it may start other programs.
    """

    memory_bytes: int
    cpu_seconds: int
    file_bytes: int = 0
    starts: bool = False


DOCTOR_LIMITS = Limits(memory_bytes=1024**3, cpu_seconds=10)
"""Of the program that tries whether it reaches the network: Python, and nothing else."""


class ChildFailure(Failure):
    """A program beside ours failed and nobody else is at fault: a defect of ours, or something of this machine.

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


def environment(**more: str) -> dict[str, str]:
    """The environment of a program: what is `PASSED`, and more.

    Libraries for matrices are told to use one thread: each further one takes memory, on large machines all there is.
    """
    passed = {name: os.environ[name] for name in PASSED if name in os.environ}
    return {**passed, "OPENBLAS_NUM_THREADS": "1", **more}


def python_environment() -> dict[str, str]:
    """The same for a Python process that is to find this same package, installed or not, before any other."""
    home = str(Path(reelbot.__file__).parents[1])
    inherited = os.environ.get("PYTHONPATH")
    found_by = {name: os.environ[name] for name in ("PYTHONHOME", "PYTHONUSERBASE", "HOME") if name in os.environ}
    return environment(**found_by, PYTHONPATH=f"{home}{os.pathsep}{inherited}" if inherited else home)


def launched(command: Sequence[str], limits: Limits) -> list[str]:
    """The command that runs another one within walls."""
    walls = (limits.memory_bytes, limits.cpu_seconds, limits.file_bytes, FILES_MAX, int(limits.starts))
    return [sys.executable, "-I", "-S", str(_LAUNCHER), *map(str, walls), *command]


async def start(
    command: Sequence[str],
    doing: str,
    limits: Limits,
    variables: Mapping[str, str],
    *,
    stdin: int = asyncio.subprocess.DEVNULL,
    stdout: int | IO[bytes] = asyncio.subprocess.DEVNULL,
    folder: Path | str | None = None,
    line_bytes_max: int = 65_536,
    own_group: bool = False,
) -> asyncio.subprocess.Process:
    """Start a program within walls, its stderr a pipe; `ChildFailure` when it does not start."""
    try:
        return await asyncio.create_subprocess_exec(
            *launched(command, limits),
            env=variables,
            stdin=stdin,
            stdout=stdout,
            stderr=asyncio.subprocess.PIPE,
            cwd=folder,
            limit=line_bytes_max,
            start_new_session=own_group,
        )
    except OSError as error:
        raise failed(doing, f"it does not start: {error}") from error


def failed(doing: str, how: str, said: str | bytes = b"") -> ChildFailure:
    """Write to the log how a program failed and what it said, and return what people are told of it."""
    text = (said if isinstance(said, str) else said.decode(errors="replace")).strip()
    _log.error("A program failed while %s: %s\n%s", doing, how, text or "It said nothing.")
    return ChildFailure(doing, text)


def is_crash(status: int | None) -> bool:
    """Whether a program ended by a signal that a decoder brings upon itself."""
    return status is not None and -status in CRASHES


def reaches_out() -> bool:
    """Whether this machine lets a program within walls open a socket all the same: `reelbot doctor` asks."""
    attempt = (sys.executable, "-I", "-S", "-c", "import socket; socket.create_connection(('127.0.0.1', 9), 1)")
    said = subprocess.run(launched(attempt, DOCTOR_LIMITS), capture_output=True, env=environment(), check=False).stderr
    return b"ConnectionRefusedError" in said or b"TimeoutError" in said or not said


async def answer_of(
    command: Sequence[str],
    doing: str,
    limits: Limits,
    *,
    patience_seconds: float,
    given: bytes = b"",
    variables: Mapping[str, str] | None = None,
) -> bytes:
    """What a program of ours answers to what it is given; `doing` says for people what it is there for.

    `Crashed` when the file that it reads made it crash, `ChildFailure` when it fails otherwise, or takes longer by the
    clock than our patience. It is killed then, and so it is when this call is cancelled.
    """
    pipe = asyncio.subprocess.PIPE
    given_variables = environment() if variables is None else variables
    process = await start(command, doing, limits, given_variables, stdin=pipe, stdout=pipe)
    try:
        async with asyncio.timeout(patience_seconds):
            written, said = await _talked(process, given)
            status = await process.wait()
    except TimeoutError:
        raise failed(doing, f"it did not end within {patience_seconds:g} s") from None
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
