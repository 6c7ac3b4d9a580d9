"""The stream of events: written with the change it tells about, read after a cursor, watched without polling.

The committer calls `append` inside its transaction, `announce` there too when other processes are to hear of it, and
`wake` after the commit. A watcher subscribes first, then reads after its cursor, then waits, and so misses nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager

from reelbot.db import Connection, PostgresDatabase, SqliteDatabase
from reelbot.events.core.event import Event, NewEvent, Place
from reelbot.events.store import EventStore
from reelbot.events.stores.postgres import PostgresEventStore
from reelbot.events.stores.sqlite import SqliteEventStore
from reelbot.events.subscribers import Subscribers, Wakes


class EventStream:
    """Every account's events, whatever keeps them. Belongs to one event loop."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._subscribers = Subscribers()
        self._listener: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to listen for what other processes write."""
        assert self._listener is None, "started twice"
        self._listener = asyncio.create_task(self._listen(), name="events of other processes")

    async def stop(self) -> None:
        """Stop listening. A defect that ended the listening before is raised here."""
        if self._listener is None:
            return
        listener, self._listener = self._listener, None
        listener.cancel()
        await asyncio.wait({listener})
        if not listener.cancelled():
            listener.result()

    async def append(self, connection: Connection | None, events: Sequence[NewEvent]) -> None:
        """Number these events in the order given and write them in the caller's transaction.

        On PostgreSQL the accounts' streams stay locked until that transaction ends. Nothing is waited for there except
        a statement of its own, so this may stand in a pipeline.
        """
        if events:
            await self._store.append(connection, events)

    async def announce(self, connection: Connection | None, places: Collection[Place]) -> None:
        """Inside the transaction: have other processes woken when it commits. Once for each transaction is enough."""
        if places:
            await self._store.announce(connection, places)

    def wake(self, places: Iterable[Place]) -> None:
        """After the commit: wake the subscribers of these accounts in this process."""
        self._subscribers.wake(places)

    @asynccontextmanager
    async def subscribe(self, lane: int, account: int) -> AsyncIterator[Wakes]:
        """Be woken when the account's stream has grown, for as long as the block lasts."""
        with self._subscribers.subscribed((lane, account)) as wakes:
            yield wakes

    async def read(self, lane: int, account: int, after_n: int, limit: int) -> list[Event]:
        """The oldest events after number `after_n`, in order."""
        return await self._store.read(lane, account, after_n, limit)

    async def last(self, lane: int, account: int) -> int:
        """The number of the newest event; 0 before the first."""
        return await self._store.last(lane, account)

    async def last_on(self, connection: Connection, lane: int, account: int) -> int:
        """The same, as the caller's transaction or reading sees it."""
        return await self._store.last_on(connection, lane, account)

    async def oldest(self, lane: int, account: int) -> int:
        """The number of the oldest event that is still kept; 0 before the first.

        A reader whose cursor is below `oldest - 1` has missed something and must begin again from the full state.
        """
        return await self._store.oldest(lane, account)

    async def prune(self, before_at: int) -> int:
        """Drop events older than an instant except each account's last; tell how many."""
        return await self._store.prune(before_at)

    async def _listen(self) -> None:
        async with aclosing(self._store.news(self._subscribers.until_watched)) as news:
            async for places in news:
                if places is None:
                    self._subscribers.wake_all()
                else:
                    self._subscribers.wake(places)


class Events(EventStream):
    """The stream that is kept in a database."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase) -> None:
        super().__init__(_store_on(database))


def _store_on(database: SqliteDatabase | PostgresDatabase) -> EventStore:
    if isinstance(database, PostgresDatabase):
        return PostgresEventStore(database)
    return SqliteEventStore(database)
