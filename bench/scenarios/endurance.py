"""SQLite, many commands without a pause: how large the write-ahead log and the process become."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

from bench.ground import audit, copied, refs, sqlite_url
from bench.load import CALLERS, Job, Seen, lived, on_loop
from bench.scenario import Case, Found, Measure, Place, Scenario
from bench.scenarios.open_loop import ACCOUNTS, ground, prepare
from reelbot.allowance import Ledger

SAMPLE_SECONDS = 0.05

STEP = 7919
"""A prime: going round in such steps visits every account, and neighbours in time are none on the disk."""

_MB = 1_000_000
_PAGE = os.sysconf("SC_PAGE_SIZE")


class _Watch:
    """The size of the log and of the process, looked at now and then; what callers noted is thrown away each time."""

    def __init__(self, log: Path, seen: Seen, lifecycles: int) -> None:
        self._log = log
        self._seen = seen
        self._lifecycles = lifecycles
        self.lived = 0
        self.log_mb = 0.0
        self.rss_mb = 0.0
        self.early_rss_mb = 0.0

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(SAMPLE_SECONDS)

    def look(self) -> None:
        """Look once."""
        self.lived += len(self._seen.latencies) // 2
        self._seen.latencies.clear()
        self.log_mb = max(self.log_mb, self._log.stat().st_size / _MB)
        self.rss_mb = max(self.rss_mb, resident_mb())
        if self.lived <= self._lifecycles // 5:
            self.early_rss_mb = self.rss_mb


def resident_mb() -> float:
    """The memory of this process that is in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / _MB


def _jobs(lifecycles: int) -> Iterator[Job]:
    accounts = refs(ACCOUNTS)
    for number in range(lifecycles):
        yield Job(accounts[number * STEP % ACCOUNTS], f"h{number:09}", f"s{number:09}")


async def _endured(place: Place) -> Found:
    path, lifecycles, seen = copied(ground(place), place.directory), place.sized(30_000, 500_000), Seen()
    async with Ledger.open(sqlite_url(path), sweep_seconds=None) as ledger:
        watch = _Watch(path.with_name(f"{path.name}-wal"), seen, lifecycles)
        watching = asyncio.create_task(watch.run())
        await lived(ledger, _jobs(lifecycles), CALLERS, seen)
        watching.cancel()
        watch.look()
        faults = await audit(ledger, ACCOUNTS + 2 * lifecycles)
    if seen.overspent:
        faults += (f"{seen.overspent:,} answers told of more than the limit.",)
    figures = {"log_mb": watch.log_mb, "rss_mb": watch.rss_mb, "early_rss_mb": watch.early_rss_mb}
    return Found(figures, faults, notes=(f"{2 * lifecycles:,} commands",))


def _endure(place: Place) -> Found:
    return on_loop(_endured(place))


SCENARIO = Scenario(
    title="SQLite, many commands",
    prepare=prepare,
    cases=(Case("many", _endure),),
    measures=(
        Measure("write-ahead log at its largest", ("many", "log_mb"), None, 70, 20, "low", "MB"),
        Measure("memory at its largest", ("many", "rss_mb"), None, 150, None, "low", "MB"),
        Measure(
            "memory at its largest ÷ in the first fifth", ("many", "rss_mb"), ("many", "early_rss_mb"), 1.5, 1.05, "low"
        ),
    ),
    rounds=1,
)
