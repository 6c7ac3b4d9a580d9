"""Blocking work in a thread, which nobody can stop halfway: whoever is cancelled meanwhile waits for its end first."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def in_thread(work: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
    """Do `work` in a thread and return its result.

    A thread goes on when the task that waits for it is cancelled. Were it left alone, it would write into a workspace
    that is being removed, or publish a video that nobody wants any more; so the cancellation is heard when it is done.
    """
    working = asyncio.ensure_future(asyncio.to_thread(work, *arguments, **named))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        while not working.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([working])
        if not working.cancelled():
            working.exception()  # looked at, so that it isn't reported as forgotten
        raise
