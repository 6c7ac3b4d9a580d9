"""PostgreSQL, one hot account: four processes that fight for it beside one that has it to itself, 256 callers in all."""

import asyncio
import multiprocessing
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier
from time import perf_counter, process_time
from typing import Any, NamedTuple

from bench.engines import found
from bench.ground import audit, refs
from bench.load import CALLERS, WARM_UP, Load, Seen, jobs, keys_in_order, lived, on_loop
from bench.postgres import fresh_copy
from bench.scenario import Case, Found, Measure, Place, Scenario
from bench.scenarios.postgres_lifecycle import HOT, grounds
from bench.scenarios.sqlite_lifecycle import HOT_ENTRIES
from reelbot.allowance import Ledger


class _Part(NamedTuple):
    """One process's part: when it began and ended, by the clock that all processes share, and what it saw."""

    began: float
    ended: float
    cpu_seconds: float
    seen: Seen


async def _worked(url: str, number: int, lifecycles: int, callers: int, start: Barrier) -> _Part:
    asked = jobs(refs(1), lifecycles, keys_in_order(f"{number}-"), number)
    async with Ledger.open(url, sweep_seconds=None) as ledger:
        await lived(ledger, jobs(refs(1), WARM_UP // 4, keys_in_order(f"{number}-warm-"), number), callers, Seen())
        seen = Seen()
        await asyncio.to_thread(start.wait)
        began, cpu_began = perf_counter(), process_time()
        await lived(ledger, asked, callers, seen)
        return _Part(began, perf_counter(), process_time() - cpu_began, seen)


def _work(url: str, number: int, lifecycles: int, callers: int, start: Barrier, told: Any) -> None:
    told.put(on_loop(_worked(url, number, lifecycles, callers, start)))


def _shared(place: Place, processes: int) -> Found:
    lifecycles = place.sized(4_000, 40_000) // processes
    with fresh_copy(place.server, HOT) as url:
        parts = _run(url, processes, lifecycles)
        faults = on_loop(_audited(url, HOT_ENTRIES + 2 * processes * (lifecycles + WARM_UP // 4)))
    return found(_together(parts, lifecycles * processes), faults)


def _together(parts: Sequence[_Part], lifecycles: int) -> Load:
    seconds = max(part.ended for part in parts) - min(part.began for part in parts)
    latencies = sorted(one * 1_000 for part in parts for one in part.seen.latencies)
    cpu_seconds, overspent = sum(part.cpu_seconds for part in parts), sum(part.seen.overspent for part in parts)
    return Load(lifecycles, seconds, cpu_seconds, latencies, overspent)


def _run(url: str, processes: int, lifecycles: int) -> list[_Part]:
    context = multiprocessing.get_context("spawn")
    start, told = context.Barrier(processes), context.SimpleQueue()
    workers = [
        context.Process(target=_work, args=(url, number, lifecycles, CALLERS // processes, start, told))
        for number in range(processes)
    ]
    for worker in workers:
        worker.start()
    parts = [told.get() for _ in workers]
    for worker in workers:
        worker.join()
    return parts


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
