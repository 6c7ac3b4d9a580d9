"""Waiting for news or for an instant, whichever comes first."""

import asyncio
from collections.abc import Awaitable, Callable

from reelbot.clock import SECOND, Clock
from reelbot.events import Wakes

Wait = Callable[[Wakes, int, Clock], Awaitable[None]]
"""Waits until a subscriber is woken or the clock shows an instant. May end early: callers look at the clock again."""


async def woken_or_at(wakes: Wakes, at: int, clock: Clock) -> None:
    """Wait by the machine's own timer."""
    try:
        async with asyncio.timeout(max(0, at - clock()) / SECOND):
            await wakes.wait()
    except TimeoutError:
        return
