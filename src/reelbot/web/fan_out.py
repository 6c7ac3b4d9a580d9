"""Fan-out to the open streams of one account: one subscription, one reading for each piece of news, encoded once.

A thousand tabs of one account would otherwise read and encode the same event a thousand times before the last of them
is told. A page is shared until the next wake; whoever is woken asks again and gets one that was read afterwards.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import msgspec

from reelbot.clock import instant_from
from reelbot.events import Event, EventStream, Place
from reelbot.limits import PAGE_MAX
from reelbot.web.connections import Seat

PAGES_MAX = 4
"""Pages kept at once: nearly all readers are at the end and share one; who catches up is somewhere else each time."""

WOKEN_AT_ONCE = 32
"""Readers of one turn of the event loop, which writes to their sockets at its end. So the first of a thousand need not
wait until the last has been served, and neither need other requests."""


class Framed(NamedTuple):
    """An event as a message of the stream."""

    n: int
    at: int
    frame: bytes


class EventPage(NamedTuple):
    """Events after some place, in order. `whole` is all their messages, `latest_at` the latest of their instants.

    `ends` are the ends of the windows that they tell figures of.
    """

    events: Sequence[Framed]
    whole: bytes
    latest_at: int
    ends: frozenset[int]

    @property
    def is_full(self) -> bool:
        """Whether there may be more behind it."""
        return len(self.events) >= PAGE_MAX


class Feed:
    """The news of one account, for as long as anybody in this process listens to it."""

    def __init__(self, events: EventStream, place: Place) -> None:
        self._events = events
        self._place = place
        self._pages: dict[int, asyncio.Future[EventPage | None]] = {}
        self._listening = asyncio.get_running_loop().create_future()
        self.readers: set[Seat] = set()
        self._listener = asyncio.create_task(self._listen(), name=f"streams of {place}")

    async def listening(self) -> None:
        """Wait until nothing that is committed from now on goes unheard."""
        await asyncio.shield(self._listening)

    async def stop(self) -> None:
        """Listen no more."""
        self._listener.cancel()
        await asyncio.wait({self._listener})

    async def page(self, after_n: int) -> EventPage:
        """The oldest events after a number, read after the last wake. Raises what the reading raises, to each reader."""
        shared = self._pages.get(after_n)
        if shared is None:
            return await self._read_for_all(after_n)
        found = shared.result() if shared.done() else await asyncio.shield(shared)
        return await self._read(after_n) if found is None else found

    def forget(self) -> None:
        """Have the next page read anew, for a reader who knows of something that may be later than the last one."""
        self._pages = {}

    async def _listen(self) -> None:
        async with self._events.subscribe(*self._place) as wakes:
            self._listening.set_result(None)
            while True:
                await wakes.wait()
                self.forget()
                await self._wake_all()

    async def _wake_all(self) -> None:
        """Wake everybody, some in each turn. What comes meanwhile wakes everybody again."""
        readers = list(self.readers)
        for first in range(0, len(readers), WOKEN_AT_ONCE):
            for reader in readers[first : first + WOKEN_AT_ONCE]:
                reader.wake()
            await asyncio.sleep(0)

    async def _read_for_all(self, after_n: int) -> EventPage:
        if len(self._pages) >= PAGES_MAX:
            self.forget()
        shared = self._pages[after_n] = asyncio.get_running_loop().create_future()
        found: EventPage | None = None
        try:
            found = await self._read(after_n)
        finally:  # when this reading failed or was cancelled, the others read for themselves
            shared.set_result(found)
        return found

    async def _read(self, after_n: int) -> EventPage:
        events = await self._events.read(*self._place, after_n, PAGE_MAX)
        framed = [Framed(event.n, event.at, _frame(event)) for event in events]
        whole = b"".join(one.frame for one in framed)
        return EventPage(framed, whole, max((one.at for one in framed), default=0), _ends(events))


class Feeds:
    """The feeds of the accounts that have open streams."""

    def __init__(self) -> None:
        self._feeds: dict[Place, Feed] = {}

    @asynccontextmanager
    async def joined(self, events: EventStream, place: Place, reader: Seat) -> AsyncIterator[Feed]:
        """An account's feed, which wakes the reader whenever there may be news, for as long as the block lasts."""
        feed = self._feeds.get(place)
        if feed is None:
            feed = self._feeds[place] = Feed(events, place)
        feed.readers.add(reader)
        try:
            await feed.listening()
            yield feed
        finally:
            feed.readers.remove(reader)
            if not feed.readers:
                del self._feeds[place]
                await feed.stop()


class _Window(msgspec.Struct, frozen=True):
    ends_at: str | None = None


class _Figures(msgspec.Struct, frozen=True):
    """What of a meter's figures says when they are over."""

    window: _Window = _Window()


_figures = msgspec.json.Decoder(_Figures).decode


def _ends(events: Sequence[Event]) -> frozenset[int]:
    """The ends of the windows that these events tell figures of, each once."""
    texts = {_figures(event.body).window.ends_at for event in events if event.kind == "usage"}
    return frozenset(instant_from(text) for text in texts if text is not None)


def _frame(event: Event) -> bytes:
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (event.n, event.kind.encode(), event.body)
