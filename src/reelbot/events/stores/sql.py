"""What both SQL stores of events share: reading and pruning."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence

from reelbot.db import Connection, PostgresDatabase, SqliteDatabase, load_statements
from reelbot.events.core.event import Event


class SqlEvents(ABC):
    """Reads and prunes events in a database."""

    chunk: int
    """How many rows (SQLite) or accounts (PostgreSQL) one transaction prunes."""

    chunks_grow_younger: bool
    """Whether pruning may stop at the first chunk that holds nothing old."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase) -> None:
        self._database = database
        self._sql = load_statements("reelbot.events", database.dialect)

    @abstractmethod
    def _listed(self, accounts: Sequence[int]) -> object:
        """Give a list of accounts the form that this dialect takes as a parameter."""

    async def read(self, lane: int, account: int, after_n: int, limit: int) -> list[Event]:
        """The oldest events after a number, in order."""
        rows = await self._database.fetch(self._sql["read_events"], (lane, account, after_n, limit))
        return [Event(*row) for row in rows]

    async def last(self, lane: int, account: int) -> int:
        """The number of the newest event; 0 before the first."""
        return _last(await self._database.fetch(self._sql["read_lasts"], (lane, self._listed([account]))))

    async def last_on(self, connection: Connection, lane: int, account: int) -> int:
        """The same, as the caller's transaction or reading sees it."""
        return _last(await connection.fetch(self._sql["read_lasts"], (lane, self._listed([account]))))

    async def oldest(self, lane: int, account: int) -> int:
        """The number of the oldest event that is still kept; 0 before the first."""
        return (await self._database.fetch(self._sql["read_oldest"], (lane, account)))[0][0] or 0

    async def prune(self, before_at: int) -> int:
        """Drop events older than an instant except each account's last; tell how many."""
        lanes = await self._database.fetch(self._sql["read_lanes"])
        return sum([await self._prune_lane(lane, before_at) for (lane,) in lanes])

    async def _prune_lane(self, lane: int, before_at: int) -> int:
        dropped, after = 0, -1
        while True:
            ((end, oldest_at),) = await self._database.fetch(self._sql["read_chunk"], (lane, after, self.chunk))
            if end is None:
                return dropped
            if oldest_at < before_at:
                dropped += await self._prune_chunk(lane, after, end, before_at)
            elif self.chunks_grow_younger:
                return dropped
            after = end
            await asyncio.sleep(0)  # SQLite never really waits; let others have their turn

    async def _prune_chunk(self, lane: int, after: int, end: int, before_at: int) -> int:
        async with self._database.transaction() as connection:
            return await connection.execute(self._sql["prune_chunk"], (lane, after, end, before_at))


def _last(rows: list[tuple[int, int]]) -> int:
    return rows[0][1] if rows else 0
