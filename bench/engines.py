"""Opens what is measured: the ledger as `reelbot serve` has it, and the same without group commits."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bench.bare import CommitsHere, NaiveLedger
from bench.ground import audit, copied, sqlite_url
from bench.load import CALLERS, Job, Load, run_callers
from bench.scenario import Found
from reelbot.allowance import Ledger, load_terms
from reelbot.allowance.stores.sqlite import SqliteStore
from reelbot.clock import system_clock
from reelbot.db import SqliteDatabase
from reelbot.events import Events


class CountingClock:
    """The machine's clock, and how often it was read: once for each batch."""

    def __init__(self) -> None:
        self.readings = 0

    def __call__(self) -> int:
        self.readings += 1
        return system_clock()


@asynccontextmanager
async def naive_ledger(path: Path) -> AsyncIterator[Ledger]:
    """The peer without groups: each command is a transaction of its own, committed on the spot."""
    database = await SqliteDatabase.open(path)
    try:
        store = SqliteStore(CommitsHere(database), Events(database))
        ledger = NaiveLedger(store, Events(database), load_terms(), sweep_seconds=None)
        yield ledger
    finally:
        await database.close()


async def loaded(url: str, asked: Sequence[Job], entries: int, callers: int = CALLERS) -> Found:
    """Put a load on the ledger at an address; `entries` is how many it has already."""
    clock = CountingClock()
    async with Ledger.open(url, clock=clock, sweep_seconds=None) as ledger:
        before = clock.readings
        load = await run_callers(ledger, asked, callers)
        batch = 2 * len(asked) / (clock.readings - before)
        return found(load, await audit(ledger, entries + 2 * len(asked)), batch=batch)


async def loaded_sqlite(ground: Path, directory: Path, asked: Sequence[Job], entries: int, callers: int) -> Found:
    """The same on a copy of a ground in a SQLite file."""
    return await loaded(sqlite_url(copied(ground, directory)), asked, entries, callers)


async def loaded_naive(ground: Path, directory: Path, asked: Sequence[Job], entries: int, callers: int) -> Found:
    """The same without groups."""
    async with naive_ledger(copied(ground, directory)) as ledger:
        load = await run_callers(ledger, asked, callers)
        return found(load, await audit(ledger, entries + 2 * len(asked)))


def found(load: Load, faults: tuple[str, ...], **more: float) -> Found:
    """What a load and the audit after it found."""
    if load.overspent:
        faults += (f"{load.overspent:,} answers told of more than the limit.",)
    return Found({**load.figures(), **more}, faults)
