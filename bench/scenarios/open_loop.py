"""SQLite, lifecycles that begin by chance at a quarter of full load: how long a command takes, in syncs of the disk.

Full load and the disk are measured in the same process, moments before and after.
"""

from pathlib import Path
from statistics import median

from bench.engines import found
from bench.ground import Ground, audit, copied, make_sqlite, refs, sqlite_url
from bench.load import WARM_UP, jobs, keys_in_order, on_loop, run_arrivals, run_callers
from bench.probe import sync_times_ms
from bench.scenario import Case, Found, Measure, Place, Scenario
from reelbot.allowance import Ledger

ACCOUNTS = 2_000
FULL_LOAD_LIFECYCLES = 3_000
SECONDS = 2
SYNCS = 100


def ground(place: Place) -> Path:
    """A few thousand accounts."""
    return place.shared / "few.db"


def prepare(place: Place) -> None:
    """Make that ground; another scenario stands on it too."""
    make_sqlite(ground(place), Ground(ACCOUNTS))


async def _arrivals(place: Place) -> Found:
    path = copied(ground(place), place.directory)
    async with Ledger.open(sqlite_url(path), sweep_seconds=None) as ledger:
        full_jobs = jobs(refs(ACCOUNTS), WARM_UP + FULL_LOAD_LIFECYCLES, keys_in_order("full-"), place.turn)
        full = await run_callers(ledger, full_jobs)
        rate = full.per_second / 4
        asked = jobs(refs(ACCOUNTS), int(rate * place.sized(SECONDS, 10 * SECONDS)), keys_in_order(), place.turn)
        syncs = sync_times_ms(place.directory, SYNCS)
        load = await run_arrivals(ledger, asked, rate, place.turn)
        syncs += sync_times_ms(place.directory, SYNCS)
        faults = await audit(ledger, ACCOUNTS + 2 * (len(full_jobs) + len(asked)))
    return found(load, faults, sync_ms=median(syncs), full_per_second=full.per_second)


def _quarter(place: Place) -> Found:
    return on_loop(_arrivals(place))


SCENARIO = Scenario(
    title="SQLite, open loop at a quarter of full load",
    prepare=prepare,
    cases=(Case("quarter", _quarter),),
    measures=(
        Measure("p50 ÷ one fdatasync", ("quarter", "p50_ms"), ("quarter", "sync_ms"), 4, 2, "low"),
        Measure("p99 ÷ one fdatasync", ("quarter", "p99_ms"), ("quarter", "sync_ms"), best="low"),
    ),
)
