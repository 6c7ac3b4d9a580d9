"""A SQLite database that notes what a store asks of it: the rows it writes, and how long each statement takes.

For the raw ceiling, which writes the same rows again, and for the profile.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from time import perf_counter, thread_time

from bench.bare import CommitsHere
from reelbot.db import Connection
from reelbot.db.port import Dialect, Row

Write = tuple[str, list[tuple[object, ...]]]
"""A statement and the rows that it was run for."""


class Witness:
    """What was noted. Times are processor seconds by statement, of commits also the seconds on the wall."""

    def __init__(self, *, keeps_rows: bool = False) -> None:
        self.keeps_rows = keeps_rows
        self.seconds: dict[str, float] = defaultdict(float)
        self.commit_seconds = 0.0
        self.commit_wall_seconds = 0.0
        self.batches: list[list[Write]] = []

    def clear(self) -> None:
        """Forget all that was noted until now."""
        self.seconds.clear()
        self.commit_seconds = self.commit_wall_seconds = 0.0
        self.batches.clear()


class WatchedConnection:
    """A connection whose statements are noted."""

    def __init__(self, connection: Connection, witness: Witness) -> None:
        self._connection = connection
        self._witness = witness
        self._writes: list[Write] = []
        if witness.keeps_rows:
            witness.batches.append(self._writes)

    @property
    def dialect(self) -> Dialect:
        """SQLite's."""
        return self._connection.dialect

    async def fetch(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one statement and return all its rows."""
        began = thread_time()
        rows = await self._connection.fetch(sql, parameters)
        self._witness.seconds[sql] += thread_time() - began
        return rows

    async def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run one statement."""
        return await self._connection.execute(sql, parameters)

    async def lock(self, name: str, *parts: int) -> None:
        """Wait until no other transaction has this lock."""
        await self._connection.lock(name, *parts)

    async def execute_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement once for each row."""
        written = [tuple(row) for row in rows] if self._witness.keeps_rows else rows
        began = thread_time()
        await self._connection.execute_many(sql, written)
        self._witness.seconds[sql] += thread_time() - began
        if isinstance(written, list):
            self._writes.append((sql, written))


class WatchedDatabase(CommitsHere):
    """A database whose transactions are noted; they commit on the caller's thread."""

    def __init__(self, database: CommitsHere, witness: Witness) -> None:
        super().__init__(database._database)
        self._witness = witness

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Begin to write."""
        async with super().transaction() as connection:
            yield WatchedConnection(connection, self._witness)
            began, wall_began = thread_time(), perf_counter()
        self._witness.commit_seconds += thread_time() - began
        self._witness.commit_wall_seconds += perf_counter() - wall_began
