"""Builds the webhooks of a ledger, on the database that it is kept in; used by `serve` and `webhook`.

The wiring does not do this: every command would have to wait for the HTTP library to load.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from reelbot.allowance import Ledger
from reelbot.clock import Clock
from reelbot.db import PostgresDatabase, SqliteDatabase
from reelbot.webhooks.client import Client
from reelbot.webhooks.service import STORED_KINDS, Webhooks


@asynccontextmanager
async def open_webhooks(
    database: SqliteDatabase | PostgresDatabase,
    ledger: Ledger,
    clock: Clock,
    *,
    loopback: bool = False,
    delivers: bool = False,
    stored_kinds: Collection[str] = STORED_KINDS,
) -> AsyncIterator[Webhooks]:
    """The webhooks for as long as the block lasts; `delivers` sends messages from this process meanwhile.

    `stored_kinds` are the kinds of events that the rooms in use store.
    `loopback` lets messages go to this very machine, also without TLS: for development.
    """
    webhooks = Webhooks(database, ledger, clock, Client(loopback=loopback), stored_kinds)
    if delivers:
        await webhooks.start()
    try:
        yield webhooks
    finally:
        await webhooks.stop()
