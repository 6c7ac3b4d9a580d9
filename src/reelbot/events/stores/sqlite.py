"""Events in a SQLite file.

One writer at a time makes numbering easy: read the last numbers, count on. The table is kept in the order of writing
with the key as an index beside it, which appends bodies to the end instead of spreading them; and the last number is
the key's largest, not a row of its own, which saves a third of the pages that a commit touches (both measured).
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence

import msgspec

from reelbot.db import Connection, SqliteDatabase
from reelbot.errors import DatabaseFailure
from reelbot.events.core.event import NewEvent, Place
from reelbot.events.store import UntilWatched
from reelbot.events.stores.sql import SqlEvents

_encode = msgspec.json.Encoder().encode

POLL_SECONDS = 0.1
"""Between looks for other processes' commits: at the edge of what an eye notices, and a look costs microseconds."""


class SqliteEventStore(SqlEvents):
    """Keeps events in SQLite; hears of other processes by looking whether the file has changed."""

    chunk = 250  # 5 ms during which neither the event loop nor another writer gets on
    chunks_grow_younger = True

    def __init__(self, database: SqliteDatabase) -> None:
        super().__init__(database)
        self._file = database

    async def append(self, connection: Connection | None, events: Sequence[NewEvent]) -> None:
        """Number the events, in the order given, and write them in the caller's transaction."""
        assert connection is not None, "events are written in a transaction"
        lanes = {event.lane for event in events}
        for lane in sorted(lanes):
            of_lane = events if len(lanes) == 1 else [event for event in events if event.lane == lane]
            accounts = sorted({event.account for event in of_lane})
            lasts = await connection.fetch(self._sql["read_lasts"], (lane, self._listed(accounts)))
            await connection.execute_many(self._sql["append_events"], _numbered(of_lane, dict(lasts)))

    async def announce(self, connection: Connection | None, places: Collection[Place]) -> None:
        """Nothing to do: the commit itself is what other processes notice."""

    async def news(self, until_watched: UntilWatched) -> AsyncGenerator[frozenset[Place] | None, None]:
        """`None` whenever another process has committed; looked for only while somebody watches."""
        seen: int | None = None
        while True:
            version = await self._version()
            if version is not None and version != seen:
                seen = version
                yield None
            await asyncio.sleep(POLL_SECONDS)
            await until_watched()

    def _listed(self, accounts: Sequence[int]) -> object:
        return _encode(accounts).decode()

    async def _version(self) -> int | None:
        try:
            return await self._file.data_version()
        except DatabaseFailure:  # whoever reads or writes hears of it; here it is enough to look again
            return None


def _numbered(events: Iterable[NewEvent], lasts: dict[int, int]) -> list[tuple[int, int, int, int, str, bytes]]:
    rows = []
    for lane, account, at, kind, body in events:
        n = lasts[account] = lasts[account] + 1
        rows.append((lane, account, n, at, kind, body))
    return rows
