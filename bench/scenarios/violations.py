"""What must never happen: an overspend when everybody wants the last credits, an acknowledged lifecycle lost at a kill.

The audit behind every other case counts towards the same sum, which the table shows last.
"""

import asyncio
import multiprocessing
import random
from collections.abc import Iterable
from multiprocessing.connection import Connection
from pathlib import Path

from bench.ground import Ground, audit, copied, fill, make_sqlite, refs, sqlite_url
from bench.load import CALLERS, WHAT, Job, Seen, jobs, keys_in_order, live, on_loop
from bench.postgres import database_url, fresh_copy, made
from bench.scenario import Case, Found, Measure, Place, Scenario
from reelbot.allowance import AccountRef, Ledger, Refused

ACCOUNTS = 20
LIMIT = 1_000
"""What the accounts of a ground may use in a day, by their plan."""

WANTED = 1_200

GROUND = "ground_last_credits"

KILLED_AFTER = (500, 4_000)
"""Lifecycles that are acknowledged before the kill: by their number, so that no machine is too fast to be killed at work."""


def _prepare(place: Place) -> None:
    make_sqlite(_ground(place), Ground(ACCOUNTS))
    if made(place.server, GROUND):
        on_loop(fill(database_url(place.server, GROUND), Ground(ACCOUNTS)))


def _ground(place: Place) -> Path:
    return place.shared / "last-credits.db"


# everybody wants the last credits


async def _raced(urls: Iterable[str]) -> Found:
    """Callers of several ledgers on one database ask for more than there is; as many must win as there are credits."""
    async with asyncio.TaskGroup() as group:
        races = [group.create_task(_race(url, number)) for number, url in enumerate(urls)]
    won = sum(race.result() for race in races)
    async with Ledger.open(next(iter(urls)), sweep_seconds=None) as ledger:
        faults = await audit(ledger, ACCOUNTS + 2 * won)
    overspent = abs(won - LIMIT)
    return Found({"violations": overspent + len(faults), "won": won}, notes=faults)


async def _race(url: str, number: int) -> int:
    account = refs(1)[0]
    async with Ledger.open(url, sweep_seconds=None) as ledger:
        shared = iter([Job(account, f"{number}-h{n}", f"{number}-s{n}") for n in range(WANTED)])
        return sum(await asyncio.gather(*(_try(ledger, shared) for _ in range(CALLERS))))


async def _try(ledger: Ledger, shared: Iterable[Job]) -> int:
    won = 0
    for job in shared:
        try:
            held = await ledger.hold(job.account, WHAT, key=job.hold_key)
        except Refused:
            continue
        await ledger.settle(held, key=job.settle_key)
        won += 1
    return won


def _last_on_sqlite(place: Place) -> Found:
    return on_loop(_raced([sqlite_url(copied(_ground(place), place.directory))]))


def _last_on_postgres(place: Place) -> Found:
    with fresh_copy(place.server, GROUND) as url:
        return on_loop(_raced([url, url]))


# killed in the middle


def _killed_on_sqlite(place: Place) -> Found:
    return _killed(sqlite_url(copied(_ground(place), place.directory)), place.turn)


def _killed_on_postgres(place: Place) -> Found:
    with fresh_copy(place.server, GROUND) as url:
        return _killed(url, place.turn)


def _killed(url: str, seed: int) -> Found:
    """Kill a process under load at a moment of chance; whatever it acknowledged must be there."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    worker = context.Process(target=_work, args=(url, theirs))
    worker.start()
    theirs.close()
    acknowledged = [ours.recv() for _ in range(random.Random(seed).randint(*KILLED_AFTER))]
    worker.kill()
    acknowledged += _rest(ours)
    worker.join()
    return on_loop(_looked_for(url, acknowledged))


def _rest(ours: Connection) -> list[int]:
    """What was told before the end; the last message may be cut."""
    told = []
    try:
        while True:
            told.append(ours.recv())
    except (EOFError, OSError):
        return told


def _asked() -> list[Job]:
    return jobs(refs(ACCOUNTS), ACCOUNTS * LIMIT // 2, keys_in_order(), 0)


def _work(url: str, theirs: Connection) -> None:
    on_loop(_told(url, theirs))


async def _told(url: str, theirs: Connection) -> None:
    asked = _asked()
    numbers = iter(range(len(asked)))
    async with Ledger.open(url) as ledger:

        async def caller() -> None:
            for number in numbers:
                await live(ledger, asked[number], Seen())
                theirs.send(number)

        await asyncio.gather(*(caller() for _ in range(CALLERS)))


async def _looked_for(url: str, acknowledged: list[int]) -> Found:
    asked = _asked()
    async with Ledger.open(url, sweep_seconds=None) as ledger:
        report = await ledger.verify()
        lost = [number for number in acknowledged if not await _is_there(ledger, asked[number])]
    notes = tuple(fault.sentence for fault in report.faults)
    return Found({"violations": len(lost) + len(notes), "acknowledged": len(acknowledged)}, notes=notes)


async def _is_there(ledger: Ledger, job: Job) -> bool:
    """Whether both commands of a lifecycle are answered as what was done already."""
    held = await ledger.hold(AccountRef(*job.account), WHAT, key=job.hold_key)
    settled = await ledger.settle(held, key=job.settle_key)
    return held.replayed and settled.replayed


SCENARIO = Scenario(
    title="Overspend, and acknowledged but lost",
    prepare=_prepare,
    needs_postgres=True,
    cases=(
        Case("last credits, SQLite", _last_on_sqlite),
        Case("last credits, PostgreSQL", _last_on_postgres),
        Case("kill -9, SQLite", _killed_on_sqlite),
        Case("kill -9, PostgreSQL", _killed_on_postgres),
    ),
    measures=(
        Measure("256 callers, the last credits, SQLite", ("last credits, SQLite", "violations"), None, 0, 0, "low"),
        Measure(
            "2 × 256 callers, the last credits, PostgreSQL",
            ("last credits, PostgreSQL", "violations"), None, 0, 0, "low",
        ),
        Measure("acknowledged and lost at kill -9, SQLite", ("kill -9, SQLite", "violations"), None, 0, 0, "low"),
        Measure("acknowledged and lost at kill -9, PostgreSQL", ("kill -9, PostgreSQL", "violations"), None, 0, 0, "low"),
    ),
    rounds=2,
)  # fmt: skip
