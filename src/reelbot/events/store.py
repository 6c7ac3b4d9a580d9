"""What must be kept of events, whatever keeps it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from typing import Protocol

from reelbot.db.port import Connection
from reelbot.events.core.event import Event, NewEvent, Place

UntilWatched = Callable[[], Awaitable[None]]
"""Waits until there is somebody to tell news to."""


class EventStore(Protocol):
    """Keeps each account's events. Failures are `DatabaseFailure`s."""

    async def append(self, connection: Connection | None, events: Sequence[NewEvent]) -> None:
        """Number the events, in the order given, and write them in the caller's transaction."""
        ...

    async def announce(self, connection: Connection | None, places: Collection[Place]) -> None:
        """Have other processes told, when the caller's transaction commits, that these streams have grown."""
        ...

    async def read(self, lane: int, account: int, after_n: int, limit: int) -> list[Event]:
        """The oldest events after a number, in order."""
        ...

    async def last(self, lane: int, account: int) -> int:
        """The number of the newest event; 0 before the first."""
        ...

    async def last_on(self, connection: Connection, lane: int, account: int) -> int:
        """The same, as the caller's transaction or reading sees it."""
        ...

    async def oldest(self, lane: int, account: int) -> int:
        """The number of the oldest event that is still kept; 0 before the first."""
        ...

    async def prune(self, before_at: int) -> int:
        """Drop events older than an instant except each account's last; tell how many."""
        ...

    def news(self, until_watched: UntilWatched) -> AsyncGenerator[frozenset[Place] | None, None]:
        """Which streams other processes have added to, for ever; `None` when it may have been any."""
        ...
