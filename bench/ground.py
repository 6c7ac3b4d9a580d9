"""The ground that cases stand on: databases with accounts, and with as many entries as asked, true down to each hash.

A ground is made once for a run of the bench and copied for each case, so that every case begins with the same fresh
database. Accounts and entries are decided by the ledger's own core and written by its own store.
"""

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

from bench.bare import carried_out
from bench.load import METER, Job, keys_in_order, on_loop
from reelbot.allowance import ROOMS, AccountRef, Answer, Ledger, Line, Terms, load_terms, store_on
from reelbot.allowance.core.commands import Command, Hold, Open, Override, Settle, content_hash
from reelbot.allowance.store import Store
from reelbot.clock import system_clock
from reelbot.db import migrate, open_database
from reelbot.events import Events

T = TypeVar("T")

PLAN = "pro"
"""Accounts that share a load are on it: a thousand credits a day, more than any of them uses."""

HOT_LIMIT = 10**12
"""Of an account that bears a whole load alone: still a limit that is checked, and never reached."""

CHUNK = 5_000
"""Commands in one transaction while a ground is filled."""

HOLD_SECONDS = 86_400


class Ground(NamedTuple):
    """A database to begin from: so many accounts, and entries beside their first ones; `keys` names the n-th key.

    The accounts are `a1`, `a2` … With `are_hot` each of them has a limit that is never reached.
    """

    accounts: int
    lifecycles: int = 0
    are_hot: bool = False
    keys: Callable[[int], str] = keys_in_order("ground-")


def refs(count: int) -> list[AccountRef]:
    """The accounts of a ground; ids count from 1 in the order in which they are opened."""
    return [AccountRef(0, number, f"a{number}") for number in range(1, count + 1)]


def sqlite_url(path: Path) -> str:
    """The address of a SQLite file."""
    return f"sqlite:///{path}"


def make_sqlite(path: Path, ground: Ground) -> None:
    """Make a ground in a SQLite file, unless it is there already."""
    if not path.exists():
        making = path.with_suffix(".making")
        making.unlink(missing_ok=True)  # of an attempt that failed
        on_loop(fill(sqlite_url(making), ground))
        making.rename(path)


def copied(ground: Path, directory: Path) -> Path:
    """A copy of a ground that a case may write to, on the disk before the case begins."""
    path = directory / "ledger.db"
    shutil.copyfile(ground, path)
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return path


async def fill(url: str, ground: Ground) -> None:
    """Fill an empty database."""
    async with opened(url) as store:
        terms = load_terms()
        for some in chunks(openings(ground.accounts, ground.are_hot), CHUNK):
            await carried_out(store, terms.catalogue, system_clock, some)
        for asked in chunks(_jobs(ground), CHUNK):
            await _live(store, terms, asked)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    """The store of a database that nobody else has open, with the ledger's tables."""
    database = await open_database(url)
    try:
        await migrate(database, ROOMS)
        yield store_on(database, Events(database))
    finally:
        await database.close()


def openings(accounts: int, are_hot: bool) -> Iterator[Command]:
    """The commands by which the accounts of a ground come to be."""
    for account in refs(accounts):
        yield Open(0, account.name, PLAN, "UTC")
    if are_hot:
        for account in refs(accounts):
            yield Override(0, account.id, "limit", b"", METER, HOT_LIMIT, False, "This account bears a load alone.")


def _jobs(ground: Ground) -> Iterator[Job]:
    accounts = refs(ground.accounts)
    for number in range(ground.lifecycles):
        key = ground.keys(number)
        yield Job(accounts[number % ground.accounts], f"h{key}", f"s{key}")


async def _live(store: Store, terms: Terms, asked: Sequence[Job]) -> None:
    holds = await carried_out(store, terms.catalogue, system_clock, [hold_of(job) for job in asked])
    ends = [settle_of(job, held.hold) for job, held in zip(asked, holds, strict=True) if isinstance(held, Answer)]
    assert len(ends) == len(asked), "a ground's own hold was refused"
    await carried_out(store, terms.catalogue, system_clock, ends)


def hold_of(job: Job) -> Hold:
    """The command that begins a lifecycle, as the front door makes it."""
    asked = ((METER, 1),)
    content = content_hash("hold", asked, "all", HOLD_SECONDS, None, None)
    return Hold(0, job.account.id, job.hold_key, content, (Line(METER, 1),), False, HOLD_SECONDS, None)


def settle_of(job: Job, hold: int) -> Settle:
    """The command that ends it."""
    content = content_hash("settle", hold, None, None)
    return Settle(0, job.account.id, job.settle_key, content, hold, None, None)


def chunks(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """The things, so many at a time."""
    rest = iter(things)
    while some := list(islice(rest, size)):
        yield some


async def audit(ledger: Ledger, entries: int) -> tuple[str, ...]:
    """What is wrong with a ledger that must have so many entries: each fault in a sentence, nothing when it is clean.

    An entry that was acknowledged and is not there would show in their number.
    """
    report = await ledger.verify()
    faults = [fault.sentence for fault in report.faults]
    if report.entries != entries:
        faults.append(f"There are {report.entries:,} entries where {entries:,} were acknowledged.")
    return tuple(faults)
