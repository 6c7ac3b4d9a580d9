"""Events in memory, gone with the process: what the memory store of the ledger writes to."""

from collections.abc import AsyncGenerator, Collection, Sequence

from reelbot.db.port import Connection
from reelbot.events.core.event import Event, NewEvent, Place
from reelbot.events.service import EventStream
from reelbot.events.store import UntilWatched


class MemoryEventStore:
    """Keeps events in lists. There are no transactions: what is appended is there."""

    def __init__(self) -> None:
        self._kept: dict[Place, list[Event]] = {}

    def append_now(self, events: Sequence[NewEvent]) -> None:
        """Number and keep the events."""
        for lane, account, at, kind, body in events:
            kept = self._kept.setdefault((lane, account), [])
            kept.append(Event(kept[-1].n + 1 if kept else 1, at, kind, body))

    async def append(self, connection: Connection | None, events: Sequence[NewEvent]) -> None:
        """Number and keep the events."""
        self.append_now(events)

    async def announce(self, connection: Connection | None, places: Collection[Place]) -> None:
        """Nothing to do: there is no other process."""

    async def read(self, lane: int, account: int, after_n: int, limit: int) -> list[Event]:
        """The oldest events after a number, in order."""
        kept = self._kept.get((lane, account), [])
        first = max(0, after_n + 1 - kept[0].n) if kept else 0
        return kept[first : first + limit]

    async def last(self, lane: int, account: int) -> int:
        """The number of the newest event; 0 before the first."""
        kept = self._kept.get((lane, account))
        return kept[-1].n if kept else 0

    async def last_on(self, connection: Connection, lane: int, account: int) -> int:
        """The same."""
        return await self.last(lane, account)

    async def oldest(self, lane: int, account: int) -> int:
        """The number of the oldest event that is still kept; 0 before the first."""
        kept = self._kept.get((lane, account))
        return kept[0].n if kept else 0

    async def prune(self, before_at: int) -> int:
        """Drop events older than an instant except each account's last; tell how many."""
        before = sum(map(len, self._kept.values()))
        for kept in self._kept.values():
            kept[:-1] = [event for event in kept[:-1] if event.at >= before_at]
        return before - sum(map(len, self._kept.values()))

    async def news(self, until_watched: UntilWatched) -> AsyncGenerator[frozenset[Place] | None, None]:
        """Nothing: there is no other process."""
        nothing: tuple[frozenset[Place], ...] = ()
        for places in nothing:
            yield places


class MemoryEvents(EventStream):
    """The stream that is kept in memory."""

    def __init__(self) -> None:
        self._memory = MemoryEventStore()
        super().__init__(self._memory)

    def append_now(self, events: Sequence[NewEvent]) -> None:
        """Number and keep the events, without a transaction to wait for."""
        self._memory.append_now(events)
