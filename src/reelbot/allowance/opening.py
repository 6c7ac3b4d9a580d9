"""Opens the store that an address names, migrated and ready: for those who use the ledger without the studio."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from reelbot.allowance.store import Store
from reelbot.allowance.stores.memory import MemoryStore
from reelbot.allowance.stores.postgres import PostgresStore
from reelbot.allowance.stores.sqlite import SqliteStore
from reelbot.clock import Clock
from reelbot.db import PostgresDatabase, SqliteDatabase, migrate, open_database
from reelbot.events import Events, EventStream, MemoryEvents

MEMORY = "memory:"
"""The address of the store that is gone with the process."""

ROOMS = ("reelbot.events", "reelbot.allowance")
"""The rooms whose tables the ledger needs."""


class Opened(NamedTuple):
    """A store and the events that go with it."""

    store: Store
    events: EventStream


def store_on(database: SqliteDatabase | PostgresDatabase, events: Events, clock: Clock) -> Store:
    """The ledger's store on a database that is already open and migrated."""
    if isinstance(database, PostgresDatabase):
        return PostgresStore(database, events, clock)
    return SqliteStore(database, events, clock)


@asynccontextmanager
async def opened_store(address: str, clock: Clock) -> AsyncIterator[Opened]:
    """`memory:`, `sqlite:///path` or `postgresql://…`; closed when the block ends."""
    if address == MEMORY:
        memory = MemoryEvents()
        yield Opened(MemoryStore(memory), memory)
        return
    database = await open_database(address)
    try:
        await migrate(database, ROOMS)
        events = Events(database)
        await events.start()
        try:
            yield Opened(store_on(database, events, clock), events)
        finally:
            await events.stop()
    finally:
        await database.close()
