"""The registry of workers: says that one is there, also while it has nothing to do; operators miss it when it is gone."""

from contextlib import suppress

from reelbot.clock import DAY, SECOND, Clock
from reelbot.db import PostgresDatabase, SqliteDatabase
from reelbot.errors import DatabaseFailure, TooBusy
from reelbot.records import KeepingStore

PRESENCE_SECONDS = 20
"""How often a worker says that it is there: three times a minute is no load for a disk, and a dead one is missed soon."""

FORGOTTEN_DAYS = 1
"""How long a worker that died is shown: somebody looks once a day."""

WORKERS_LANE = 0
"""Workers belong to no account; they stand in the lane that every database has."""


class Presence(KeepingStore):
    """The row of one worker. Belongs to one event loop."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase, clock: Clock, name: str, places: int) -> None:
        super().__init__(database, WORKERS_LANE + 1, "reelbot.studio")
        self._clock = clock
        self._name = name
        self._places = places
        self._began_at: int | None = None
        self._due_at = 0

    async def note(self) -> None:
        """Say that the worker is there, when it is time to. Those that died long ago are forgotten by the way."""
        now = self._clock()
        if now < self._due_at:
            return
        self._began_at = self._began_at or now
        async with self.database.transaction() as connection:
            row = (WORKERS_LANE, self._name, self._places, self._began_at, now)
            await connection.execute(self._sql["note_worker"], row)
            await connection.execute(self._sql["forget_workers"], (WORKERS_LANE, now - FORGOTTEN_DAYS * DAY))
        self._due_at = now + PRESENCE_SECONDS * SECOND

    async def leave(self) -> None:
        """Say that the worker has ended; where that cannot be written, its row grows old."""
        if self._began_at is None:
            return
        with suppress(DatabaseFailure, TooBusy):
            async with self.database.transaction() as connection:
                await connection.execute(self._sql["delete_worker"], (WORKERS_LANE, self._name))
