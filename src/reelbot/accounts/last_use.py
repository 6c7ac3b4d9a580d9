"""Notes on which day a key was last used, aside from the request that used it.

The notes that come up while one transaction is under way go together in the next, so that a midnight with many keys is
a few transactions. Each process tries once a day for each key: a database that cannot be written now is told about
once, and no request waits or fails for it.
"""

import asyncio
import logging

from reelbot.accounts.core.api_keys import KeyPlace
from reelbot.db import PostgresDatabase, SqliteDatabase
from reelbot.errors import DatabaseFailure

_log = logging.getLogger(__name__)


class LastUse:
    """What is still to be noted, and the task that does it."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase, sql: str) -> None:
        self._database = database
        self._sql = sql
        self._day = 0
        self._tried: set[KeyPlace] = set()
        self._waiting: list[KeyPlace] = []
        self._task: asyncio.Task[None] | None = None

    def note(self, place: KeyPlace, day: int) -> None:
        """Have it noted soon that a key was used on a day, counted from 1970-01-01 in UTC."""
        if day != self._day:
            self._day = day
            self._tried.clear()
        if place in self._tried:
            return
        self._tried.add(place)
        self._waiting.append(place)
        if self._task is None:
            self._task = asyncio.create_task(self._write(), name="last use of keys")

    async def close(self) -> None:
        """Wait until everything is noted."""
        if self._task is not None:
            await self._task

    async def _write(self) -> None:
        try:
            while self._waiting:
                places, self._waiting = sorted(self._waiting), []
                await self._write_all(places)
        finally:
            self._task = None

    async def _write_all(self, places: list[KeyPlace]) -> None:
        try:
            async with self._database.transaction() as connection:
                await connection.execute_many(self._sql, [(self._day, *place, self._day) for place in places])
        except DatabaseFailure as failure:
            _log.warning("The last use of %d API keys could not be noted: %s", len(places), failure)
