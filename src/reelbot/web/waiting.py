"""Waiting for news or for an instant, whichever comes first."""

from collections.abc import Awaitable, Callable

from reelbot.clock import Clock
from reelbot.web.connections import Seat

Wait = Callable[[Seat, int, Clock], Awaitable[None]]
"""Waits until a seat is woken or the clock shows an instant. May end early: callers look at the clock again."""


async def woken_or_at(seat: Seat, at: int, clock: Clock) -> None:
    """Wait by the machine's own timer."""
    seat.wake_at(at, clock)
    await seat.wait()
