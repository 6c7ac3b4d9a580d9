"""SQLite: a lifecycle, 256 callers, beside the raw ceiling and beside one transaction for each command.

The raw ceiling is the very rows that the engine wrote in a run of its own before, in the same transactions, written
again by a bare loop of `executemany`. It decides nothing, reads nothing, hashes nothing and answers nobody.
"""

import pickle
import sqlite3
from contextlib import closing
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from bench.bare import CommitsHere
from bench.engines import loaded_naive, loaded_sqlite
from bench.ground import Ground, copied, make_sqlite, refs
from bench.load import CALLERS, WARM_UP, Job, jobs, keys_in_order, on_loop, run_callers
from bench.probe import sync_times_ms
from bench.scenario import Case, Found, Measure, Place, Scenario
from bench.watched import WatchedDatabase, Witness, Write
from reelbot.allowance import Ledger, load_terms
from reelbot.allowance.stores.sqlite import SqliteStore
from reelbot.db import SqliteDatabase
from reelbot.events import Events

SEED = 7
HOT_ENTRIES = 2
SYNCS = 100


def accounts(place: Place) -> int:
    """Over how many accounts a load is spread."""
    return place.sized(5_000, 100_000)


def spread_ground(place: Place) -> Path:
    """Many accounts."""
    return place.shared / "spread.db"


def hot_ground(place: Place) -> Path:
    """One account, whose first entries are its opening and its own limit."""
    return place.shared / "hot.db"


def spread_jobs(place: Place, count: int) -> list[Job]:
    """Lifecycles of all accounts by turns of chance; the same ones in every round, as the raw rows are."""
    return jobs(refs(accounts(place)), count, keys_in_order(), SEED)


def hot_jobs(count: int) -> list[Job]:
    """Lifecycles of the one account."""
    return jobs(refs(1), count, keys_in_order(), SEED)


def grounds(place: Place) -> None:
    """Make both grounds; other scenarios stand on them too."""
    make_sqlite(spread_ground(place), Ground(accounts(place)))
    make_sqlite(hot_ground(place), Ground(1, are_hot=True))


def _prepare(place: Place) -> None:
    grounds(place)
    _capture(spread_ground(place), place.directory, _spread(place), place.shared / "spread.rows")
    _capture(hot_ground(place), place.directory, _hot(place), place.shared / "hot.rows")


def _spread(place: Place) -> list[Job]:
    return spread_jobs(place, WARM_UP + place.sized(8_000, 40_000))


def _hot(place: Place) -> list[Job]:
    return hot_jobs(WARM_UP + place.sized(12_000, 60_000))


def _naive_count(place: Place) -> int:
    return WARM_UP + place.sized(800, 4_000)


def _capture(ground: Path, directory: Path, asked: list[Job], rows: Path) -> None:
    """Run the engine once and keep every row that it writes, batch by batch."""
    rows.write_bytes(pickle.dumps(on_loop(_captured(ground, directory, asked))))


async def _captured(ground: Path, directory: Path, asked: list[Job]) -> list[list[Write]]:
    database = await SqliteDatabase.open(copied(ground, directory))
    witness = Witness(keeps_rows=True)
    store = SqliteStore(WatchedDatabase(CommitsHere(database), witness), Events(database))
    ledger = Ledger(store, Events(database), load_terms(), sweep_seconds=None)
    await ledger.start()
    witness.clear()
    await run_callers(ledger, asked)
    await ledger.stop()
    await database.close()
    return [batch for batch in witness.batches if batch]


def _engine_spread(place: Place) -> Found:
    return on_loop(loaded_sqlite(spread_ground(place), place.directory, _spread(place), accounts(place), CALLERS))


def _engine_hot(place: Place) -> Found:
    return on_loop(loaded_sqlite(hot_ground(place), place.directory, _hot(place), HOT_ENTRIES, CALLERS))


def _naive_spread(place: Place) -> Found:
    asked = spread_jobs(place, _naive_count(place))
    return _with_sync(
        place, on_loop(loaded_naive(spread_ground(place), place.directory, asked, accounts(place), CALLERS))
    )


def _naive_hot(place: Place) -> Found:
    asked = hot_jobs(_naive_count(place))
    return _with_sync(place, on_loop(loaded_naive(hot_ground(place), place.directory, asked, HOT_ENTRIES, CALLERS)))


def _with_sync(place: Place, found: Found) -> Found:
    """How long this disk takes to sync, beside what waits for it twice in every lifecycle.

    The faster the disk, the less there is to gain by sharing a sync. If it took no time at all, the ratio of processor
    times would be left.
    """
    sync_us = median(sync_times_ms(place.directory, SYNCS)) * 1_000
    return found._replace(figures={**found.figures, "sync_us": sync_us})


def _raw_spread(place: Place) -> Found:
    return _raw(copied(spread_ground(place), place.directory), place.shared / "spread.rows")


def _raw_hot(place: Place) -> Found:
    return _raw(copied(hot_ground(place), place.directory), place.shared / "hot.rows")


def _raw(path: Path, rows: Path) -> Found:
    batches: list[list[Write]] = pickle.loads(rows.read_bytes())
    with closing(_opened_as_the_engine_does(path)) as raw:
        warmed = _warmed(batches)
        _write(raw, batches[:warmed])
        began, cpu_began = perf_counter(), process_time()
        _write(raw, batches[warmed:])
        seconds, cpu_seconds = perf_counter() - began, process_time() - cpu_began
    lifecycles = _answers(batches[warmed:]) / 2
    return Found(
        {
            "per_second": lifecycles / seconds,
            "cpu_us": cpu_seconds * 1e6 / lifecycles,
            "batch": 2 * lifecycles / len(batches[warmed:]),
        }
    )


def _opened_as_the_engine_does(path: Path) -> sqlite3.Connection:
    raw = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 4000", "cache_size = -32768"):
        raw.execute(f"PRAGMA {pragma}").fetchall()
    return raw


def _write(raw: sqlite3.Connection, batches: list[list[Write]]) -> None:
    for batch in batches:
        raw.execute("BEGIN IMMEDIATE")
        for sql, rows in batch:
            raw.executemany(sql, rows)
        raw.execute("COMMIT")


def _warmed(batches: list[list[Write]]) -> int:
    """How many batches hold the lifecycles that the engine's callers do not count either."""
    return next(n for n in range(len(batches)) if _answers(batches[:n]) >= 2 * WARM_UP)


def _answers(batches: list[list[Write]]) -> int:
    """How many commands these batches carried out: each has one remembered answer."""
    return sum(len(rows) for batch in batches for sql, rows in batch if sql.startswith("INSERT INTO answer"))


SCENARIO = Scenario(
    title="SQLite, 256 callers",
    prepare=_prepare,
    cases=(
        Case("engine, spread", _engine_spread),
        Case("raw, spread", _raw_spread),
        Case("naive, spread", _naive_spread),
        Case("engine, hot", _engine_hot),
        Case("raw, hot", _raw_hot),
        Case("naive, hot", _naive_hot),
    ),
    measures=(
        Measure(
            "lifecycle ÷ raw ceiling, spread",
            ("engine, spread", "per_second"), ("raw, spread", "per_second"), 0.45, 0.60,
        ),
        Measure(
            "lifecycle ÷ raw ceiling, one hot account",
            ("engine, hot", "per_second"), ("raw, hot", "per_second"), 0.35, 0.55,
        ),
        Measure(
            "lifecycle ÷ naive, spread",
            ("engine, spread", "per_second"), ("naive, spread", "per_second"), 20, 30,
        ),
        Measure(
            "lifecycle ÷ naive, one hot account",
            ("engine, hot", "per_second"), ("naive, hot", "per_second"), 30, 45,
        ),
        Measure(
            "the same ÷ raw ceiling by processor time, spread",
            ("raw, spread", "cpu_us"), ("engine, spread", "cpu_us"),
        ),
        Measure(
            "the same ÷ raw ceiling by processor time, hot",
            ("raw, hot", "cpu_us"), ("engine, hot", "cpu_us"),
        ),
        Measure(
            "lifecycle ÷ naive by processor time, spread",
            ("naive, spread", "cpu_us"), ("engine, spread", "cpu_us"),
        ),
        Measure(
            "lifecycle ÷ naive by processor time, hot",
            ("naive, hot", "cpu_us"), ("engine, hot", "cpu_us"),
        ),
        Measure("one fdatasync of this disk", ("naive, hot", "sync_us"), best="low", unit="µs"),
        Measure("p99 ÷ p50, spread", ("engine, spread", "p99_ms"), ("engine, spread", "p50_ms"), 3, 2, "low"),
        Measure("p99 ÷ p50, one hot account", ("engine, hot", "p99_ms"), ("engine, hot", "p50_ms"), 3, 2, "low"),
    ),
)  # fmt: skip
