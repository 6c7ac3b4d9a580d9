"""The streams that are open in this process: counted, bounded, and ended together when the server stops."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from reelbot.clock import SECOND, Clock
from reelbot.limits import STREAMS_MAX

Place = tuple[int, int]
"""An account: its lane and its number."""


class Seat:
    """Where one reader sits: woken for news, by its alarm, and when the reader has left or the server stops.

    As `reelbot.events.Wakes` is, but with a timer that outlasts the single wait: a thousand streams of one account wait
    again after each event, mostly until the same instant as before.
    """

    def __init__(self) -> None:
        self.has_left = False
        self._is_woken = False
        self._waiting: asyncio.Future[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at: int | None = None

    def wake(self) -> None:
        """Let the stream go on, now or as soon as it waits. Any number of wakes before it waits again are one."""
        self._is_woken = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def wait(self) -> None:
        """Wait for a wake that came since the last wait ended. There may turn out to be nothing new."""
        if not self._is_woken:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        self._is_woken = False

    def wake_at(self, at: int, clock: Clock) -> None:
        """Be woken at an instant too, instead of the one named before."""
        if at == self._alarm_at:
            return
        self._silence()
        delay_seconds = max(0, at - clock()) / SECOND
        self._alarm, self._alarm_at = asyncio.get_running_loop().call_later(delay_seconds, self._ring), at

    def leave(self) -> None:
        """Note that nobody reads any more, and let the stream see it."""
        self.has_left = True
        self._silence()
        self.wake()

    def _ring(self) -> None:
        self._alarm = self._alarm_at = None
        self.wake()

    def _silence(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = self._alarm_at = None


class Streams:
    """Knows every open stream. After `close` each of them ends as soon as it has said what it has to say."""

    def __init__(self) -> None:
        self._open: set[Seat] = set()
        self._of: Counter[Place] = Counter()
        self.closing = False

    def __len__(self) -> int:
        return len(self._open)

    def is_full(self, place: Place) -> bool:
        """Whether one more stream of an account would be too many.

        Nobody has more streams than there are seats left, so whoever opens all they can leaves as many to the others.
        """
        return self._of[place] >= STREAMS_MAX - len(self._open)

    @contextmanager
    def opened(self, seat: Seat, place: Place) -> Iterator[None]:
        """Count a stream of an account for as long as the block lasts."""
        self._open.add(seat)
        self._of[place] += 1
        try:
            yield
        finally:
            self._open.discard(seat)
            self._of[place] -= 1
            if not self._of[place]:
                del self._of[place]

    def close(self) -> None:
        """Let every stream end, also those that are opened from now on."""
        self.closing = True
        for seat in self._open:
            seat.wake()
