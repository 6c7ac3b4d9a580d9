"""Five hundred callers at once want the last credit: in one loop, in threads, in processes. One of them gets it."""

import asyncio
import multiprocessing
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Protocol

import pytest
from tests.support.clock import FakeClock
from tests.support.ledgers import figures

from reelbot.allowance import AccountRef, Ledger, Refused, Status

CALLERS = 500
SHORT = 20
LONG = 1_000
WORKERS = 4
BARRIER_SECONDS = 120


class Barrier(Protocol):
    """What threads and processes alike wait at."""

    def wait(self, timeout: float | None = None) -> int: ...


_gate: Barrier | None = None
"""Set in every worker process as it starts: a barrier cannot be sent with the work."""


def keep_gate(gate: Barrier) -> None:
    global _gate  # noqa: PLW0603 - the one way to hand a barrier to a process of a pool
    _gate = gate


async def ask(ledger: Ledger, account: AccountRef, key: str) -> bool:
    """Whether this caller got the credit."""
    try:
        await ledger.hold(account, {"ai_credits": 1}, key=key)
    except Refused as refused:
        if refused.refusal.status is Status.ALLOWANCE_EXHAUSTED:
            return False
        raise
    return True


async def prepare(address: str, trials: int) -> list[AccountRef]:
    """Accounts with one credit left."""
    async with Ledger.open(address, clock=FakeClock(), sweep_seconds=None) as ledger:
        refs = [await ledger.account(f"trial {number}") for number in range(trials)]
        await asyncio.gather(*(ledger.hold(ref, {"ai_credits": 59}, key="all but one") for ref in refs))
        return refs


async def race(address: str, refs: Sequence[AccountRef], worker: int, callers: int, gate: Barrier) -> list[int]:
    """One worker's callers, trial after trial; how many of them won in each."""
    won = []
    async with Ledger.open(address, clock=FakeClock(), sweep_seconds=None) as ledger:
        for ref in refs:
            await asyncio.to_thread(gate.wait, BARRIER_SECONDS)
            asked = (ask(ledger, ref, f"caller {worker} {number}") for number in range(callers))
            won.append(sum(await asyncio.gather(*asked)))
    return won


def race_in_thread(address: str, refs: Sequence[AccountRef], worker: int, gate: Barrier) -> list[int]:
    return asyncio.run(race(address, refs, worker, CALLERS // WORKERS, gate))


def race_in_process(address: str, refs: Sequence[AccountRef], worker: int) -> list[int]:
    assert _gate is not None
    return asyncio.run(race(address, refs, worker, CALLERS // WORKERS, _gate))


def wins(futures: Sequence[Future[list[int]]]) -> list[int]:
    """How many callers won each trial, over all workers."""
    return [sum(trial) for trial in zip(*(future.result() for future in futures), strict=True)]


def with_threads(address: str, refs: Sequence[AccountRef]) -> list[int]:
    gate = threading.Barrier(WORKERS)
    with ThreadPoolExecutor(WORKERS) as pool:
        return wins([pool.submit(race_in_thread, address, refs, worker, gate) for worker in range(WORKERS)])


def with_processes(address: str, refs: Sequence[AccountRef]) -> list[int]:
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(WORKERS)
    with ProcessPoolExecutor(WORKERS, context, keep_gate, (gate,)) as pool:
        return wins([pool.submit(race_in_process, address, refs, worker) for worker in range(WORKERS)])


WAYS: dict[str, Callable[[str, Sequence[AccountRef]], list[int]]] = {
    "threads": with_threads,
    "processes": with_processes,
}


async def check(address: str, refs: Sequence[AccountRef], won: list[int]) -> None:
    assert won == [1] * len(refs)
    async with Ledger.open(address, clock=FakeClock(), sweep_seconds=None) as ledger:
        for ref in refs:
            assert await figures(ledger, ref) == (0, 60, 0)
        report = await ledger.verify()
        assert report.is_clean, [fault.sentence for fault in report.faults]
        assert report.holds == 2 * len(refs)


async def won_in_one_loop(address: str, trials: int) -> None:
    async with Ledger.open(address, clock=FakeClock(), sweep_seconds=None) as ledger:
        for trial in range(trials):
            ref = await ledger.account(f"trial {trial}")
            await ledger.hold(ref, {"ai_credits": 59}, key="all but one")
            assert sum(await asyncio.gather(*(ask(ledger, ref, f"caller {number}") for number in range(CALLERS)))) == 1
            assert await figures(ledger, ref) == (0, 60, 0)
        assert (await ledger.verify()).is_clean


async def won_by_workers(address: str, way: str, trials: int) -> None:
    refs = await prepare(address, trials)
    won = await asyncio.to_thread(WAYS[way], address, refs)
    await check(address, refs, won)


async def test_the_last_credit_is_won_once_in_memory() -> None:
    await won_in_one_loop("memory:", SHORT)


async def test_the_last_credit_is_won_once_in_one_loop(database_url: str) -> None:
    await won_in_one_loop(database_url, SHORT)


@pytest.mark.parametrize("way", WAYS)
async def test_the_last_credit_is_won_once_among_threads_and_processes(database_url: str, way: str) -> None:
    await won_by_workers(database_url, way, SHORT)


@pytest.mark.long
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("way", WAYS)
async def test_the_last_credit_is_won_once_a_thousand_times(database_url: str, way: str) -> None:
    await won_by_workers(database_url, way, LONG)
