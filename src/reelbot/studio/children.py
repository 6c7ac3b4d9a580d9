"""Programs that the studio runs beside itself: whatever becomes of the call that started one, it ends with that call."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import reelbot


def python_environment() -> dict[str, str]:
    """Our environment for a Python process that is to find this same package, installed or not, before any other."""
    home = str(Path(reelbot.__file__).parents[1])
    inherited = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{home}{os.pathsep}{inherited}" if inherited else home}


async def answer_of(
    command: Sequence[str], seconds_max: float, environment: Mapping[str, str] | None = None
) -> tuple[int | None, bytes]:
    """How a program ended, and what it wrote; `TimeoutError` when it takes longer than that, cancelled as any call."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        written, _ = await asyncio.wait_for(process.communicate(), seconds_max)
    finally:
        await end(process)
    return process.returncode, written


async def end(process: asyncio.subprocess.Process) -> None:
    """Kill a process and wait until it is gone, whatever state it is in."""
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()
