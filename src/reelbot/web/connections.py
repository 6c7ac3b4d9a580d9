"""The connections that are open streams in this process: counted, bounded, and ended together when the server stops."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from reelbot.clock import SECOND, Clock
from reelbot.places import fits
from reelbot.web.shares import ALL, Shares

Place = tuple[int, int]
"""An account: its lane and its number."""

Full = Literal["account", "address", "server"]
"""Who has as many streams as there may be."""


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

    def __init__(self, shares: Shares = ALL) -> None:
        self.shares = shares
        self._open: set[Seat] = set()
        self._taken = 0
        self._of: Counter[Place | str] = Counter()
        self.closing = False

    def __len__(self) -> int:
        return self._taken

    def full(self, place: Place, network: str) -> Full | None:
        """Whose streams are as many as there may be, if an account asks for one more from a network."""
        taken, shares = self._taken, self.shares
        if taken >= shares.streams:
            return "server"
        if not fits(self._of[place], shares.streams_of_account, taken, shares.streams):
            return "account"
        if network and not fits(self._of[network], shares.streams_of_address, taken, shares.streams):
            return "address"
        return None

    def take(self, place: Place, network: str) -> Callable[[], None]:
        """Count one more stream, from before it is answered on, until what is given here is called, once."""
        whose = (place, network) if network else (place,)
        self._taken += 1
        self._of.update(whose)

        def give_back() -> None:
            self._taken -= 1
            self._of.subtract(whose)
            for one in whose:
                if not self._of[one]:
                    del self._of[one]

        return give_back

    @contextmanager
    def opened(self, seat: Seat) -> Iterator[None]:
        """Know of a reader for as long as the block lasts, to wake it when all is to end."""
        self._open.add(seat)
        try:
            yield
        finally:
            self._open.discard(seat)

    def close(self) -> None:
        """Let every stream end, also those that are opened from now on."""
        self.closing = True
        for seat in self._open:
            seat.wake()
