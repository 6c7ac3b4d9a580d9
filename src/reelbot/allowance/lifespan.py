"""Opens the store that an address names, migrated and ready: for those who use the ledger without the studio."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import NamedTuple

from reelbot.allowance.store import Store
from reelbot.allowance.stores.memory import MemoryStore
from reelbot.allowance.stores.sqlite import SqliteStore
from reelbot.db import PostgresDatabase, SqliteDatabase, migrate, open_database
from reelbot.errors import ConfigFailure
from reelbot.events import Events, EventStream, MemoryEvents
from reelbot.limits import LANES_MAX

MEMORY = "memory:"
"""The address of the store that is gone with the process."""

ROOMS = ("reelbot.events", "reelbot.allowance")
"""The rooms whose tables the ledger needs."""


class Opened(NamedTuple):
    """A store and the events that go with it."""

    store: Store
    events: EventStream


def store_on(database: SqliteDatabase | PostgresDatabase, events: Events, lanes: int = 1) -> Store:
    """The ledger's store on a database that is already open and migrated. Only PostgreSQL has more than one lane."""
    if not 1 <= lanes <= LANES_MAX:
        raise ConfigFailure(f"lanes must be from 1 to {LANES_MAX}, not {lanes}.")
    if isinstance(database, PostgresDatabase):
        driven = import_module("reelbot.allowance.stores.postgres")  # with its driver, which SQLite does without
        store: Store = driven.PostgresStore(database, events, lanes)
        return store
    _require_one_lane(lanes)
    return SqliteStore(database, events)


def _require_one_lane(lanes: int) -> None:
    if lanes != 1:
        raise ConfigFailure(f"Only PostgreSQL spreads accounts over {lanes} lanes; elsewhere there is one writer.")


@asynccontextmanager
async def opened_store(address: str, lanes: int = 1) -> AsyncIterator[Opened]:
    """`memory:`, `sqlite:///path` or `postgresql://…`; closed when the block ends."""
    if address == MEMORY:
        _require_one_lane(lanes)
        memory = MemoryEvents()
        yield Opened(MemoryStore(memory), memory)
        return
    database = await open_database(address)
    try:
        await migrate(database, ROOMS)
        events = Events(database)
        await events.start()
        try:
            yield Opened(store_on(database, events, lanes), events)
        finally:
            await events.stop()
    finally:
        await database.close()
