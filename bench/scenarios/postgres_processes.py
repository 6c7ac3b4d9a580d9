"""PostgreSQL, one hot account: four processes that fight for it beside one that has it to itself, 256 callers in all."""

import asyncio
import multiprocessing
from multiprocessing.synchronize import Barrier
from time import perf_counter
from typing import Any

from bench.engines import found
from bench.ground import audit, refs
from bench.load import CALLERS, WARM_UP, Load, Seen, jobs, keys_in_order, lived, on_loop
from bench.postgres import fresh_copy
from bench.scenario import Case, Found, Measure, Place, Scenario
from bench.scenarios.postgres_lifecycle import HOT, grounds
from bench.scenarios.sqlite_lifecycle import HOT_ENTRIES
from reelbot.allowance import Ledger


async def _worked(url: str, number: int, lifecycles: int, callers: int, start: Barrier) -> tuple[float, float, Seen]:
    """One process's part: when it began and ended, by the clock that all processes share, and what it saw."""
    asked = jobs(refs(1), lifecycles, keys_in_order(f"{number}-"), number)
    async with Ledger.open(url, sweep_seconds=None) as ledger:
        await lived(ledger, jobs(refs(1), WARM_UP // 4, keys_in_order(f"{number}-warm-"), number), callers, Seen())
        seen = Seen()
        await asyncio.to_thread(start.wait)
        began = perf_counter()
        await lived(ledger, asked, callers, seen)
        return began, perf_counter(), seen


def _work(url: str, number: int, lifecycles: int, callers: int, start: Barrier, told: Any) -> None:
    told.put(on_loop(_worked(url, number, lifecycles, callers, start)))


def _shared(place: Place, processes: int) -> Found:
    lifecycles = place.sized(4_000, 40_000) // processes
    with fresh_copy(place.server, HOT) as url:
        spans = _run(url, processes, lifecycles)
        faults = on_loop(_audited(url, HOT_ENTRIES + 2 * processes * (lifecycles + WARM_UP // 4)))
    seconds = max(ended for _, ended, _ in spans) - min(began for began, _, _ in spans)
    latencies = sorted(one * 1_000 for _, _, seen in spans for one in seen.latencies)
    load = Load(lifecycles * processes, seconds, 0.0, latencies, sum(seen.overspent for _, _, seen in spans))
    return found(load, faults)


def _run(url: str, processes: int, lifecycles: int) -> list[tuple[float, float, Seen]]:
    context = multiprocessing.get_context("spawn")
    start, told = context.Barrier(processes), context.SimpleQueue()
    workers = [
        context.Process(target=_work, args=(url, number, lifecycles, CALLERS // processes, start, told))
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    spans = [told.get() for _ in workers]
    for worker in workers:
        worker.join()
    return spans


async def _audited(url: str, entries: int) -> tuple[str, ...]:
    async with Ledger.open(url, sweep_seconds=None) as ledger:
        return await audit(ledger, entries)


def _one(place: Place) -> Found:
    return _shared(place, 1)


def _four(place: Place) -> Found:
    return _shared(place, 4)


SCENARIO = Scenario(
    title="PostgreSQL, one hot account, several processes",
    prepare=grounds,
    needs_postgres=True,
    cases=(Case("four processes", _four), Case("one process", _one)),
    measures=(
        Measure("four processes ÷ one", ("four processes", "per_second"), ("one process", "per_second"), 0.5, 0.8),
    ),
)
