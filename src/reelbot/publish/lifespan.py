"""Builds publishing on a studio and its ledger; used by `serve` and `work`."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from reelbot.allowance import Ledger
from reelbot.clock import Clock
from reelbot.db import PostgresDatabase, SqliteDatabase
from reelbot.events import EventStream
from reelbot.publish.context import Room
from reelbot.publish.limits import LEASE_SECONDS
from reelbot.publish.platforms import platforms_in
from reelbot.publish.platforms.port import Platform
from reelbot.publish.service import Publishing
from reelbot.publish.store import PublishStore
from reelbot.publish.worker import post_worker
from reelbot.studio import Studio


@asynccontextmanager
async def open_publishing(
    database: SqliteDatabase | PostgresDatabase,
    ledger: Ledger,
    events: EventStream,
    clock: Clock,
    folder: Path,
    studio: Studio,
    *,
    works: bool = False,
    platforms: Mapping[str, Platform] | None = None,
    lease_seconds: float = LEASE_SECONDS,
) -> AsyncIterator[Publishing]:
    """Publishing for as long as the block lasts; with `works`, posts are brought to their platforms meanwhile.

    `folder` is that of the data; workers on other machines need the same one.
    """
    store = PublishStore(database, ledger.store.lanes)
    known = platforms_in(folder) if platforms is None else platforms
    room = Room(ledger, events, store, clock, studio, known)
    worker = post_worker(room, lease_seconds=lease_seconds)
    if works:
        worker.start()
    try:
        yield Publishing(room, worker)
    finally:
        await worker.stop()
