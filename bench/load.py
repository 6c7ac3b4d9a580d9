"""Callers: tasks that each hold and settle, one lifecycle after another, and what they saw.

A lifecycle is one hold and its settlement, both durable when they are answered, both with an idempotency key. The
callers run in the process that they load, so their own time is part of every figure.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from time import perf_counter, process_time
from typing import Any, NamedTuple, TypeVar

import uvloop

from reelbot.allowance import AccountRef, Ledger, Receipt

T = TypeVar("T")

CALLERS = 256

METER = "ai_credits"

WHAT = {METER: 1}
"""What is held: one credit. Nearly every decision there is, is about one line."""

WARM_UP = 512
"""Lifecycles before the clock starts: statements are compiled, pages read, memory taken."""


class Job(NamedTuple):
    """One lifecycle to be lived: whose, and the keys of its hold and of its settlement."""

    account: AccountRef
    hold_key: str
    settle_key: str


class Load(NamedTuple):
    """What a load did and saw. Latencies are of single commands, in ms, the shortest first."""

    lifecycles: int
    seconds: float
    cpu_seconds: float
    latencies_ms: Sequence[float]
    overspent: int

    @property
    def per_second(self) -> float:
        """Lifecycles in a second."""
        return self.lifecycles / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of processor time that a lifecycle took, callers included."""
        return self.cpu_seconds * 1e6 / self.lifecycles

    def quantile_ms(self, share: float) -> float:
        """The latency that this share of the commands did not exceed."""
        return self.latencies_ms[min(len(self.latencies_ms) - 1, int(len(self.latencies_ms) * share))]

    def figures(self) -> dict[str, float]:
        """The usual figures of a load."""
        return {
            "per_second": self.per_second,
            "cpu_us": self.cpu_us,
            "p50_ms": self.quantile_ms(0.5),
            "p99_ms": self.quantile_ms(0.99),
        }


class Seen:
    """What the callers note while they run."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.overspent = 0

    def look_at(self, receipt: Receipt) -> None:
        """Count an answer that says that more is taken than the limit allows."""
        for allowance in receipt.answer.meters:
            if allowance.limit is not None and allowance.used + allowance.held > allowance.limit:
                self.overspent += 1


def on_loop(main: Coroutine[Any, Any, T]) -> T:
    """Run on the event loop that `reelbot serve` uses."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def jobs(accounts: Sequence[AccountRef], count: int, keys: Callable[[int], str], seed: int) -> list[Job]:
    """So many lifecycles, each of an account chosen by chance."""
    chosen = random.Random(seed).choices(accounts, k=count)
    return [Job(account, f"h{keys(n)}", f"s{keys(n)}") for n, account in enumerate(chosen)]


def keys_in_order(prefix: str = "") -> Callable[[int], str]:
    """Keys that sort by time, as a caller's own order numbers do."""
    return lambda n: f"{prefix}{n:012}"


def keys_at_random(seed: int) -> Callable[[int], str]:
    """Keys without any order, as UUIDs are; the n-th of a seed is always the same."""
    return lambda n: f"{random.Random(seed << 40 | n).getrandbits(128):032x}"


async def run_callers(ledger: Ledger, asked: Sequence[Job], callers: int = CALLERS) -> Load:
    """Have so many callers live these lifecycles; the first `WARM_UP` of them are not counted."""
    await lived(ledger, asked[:WARM_UP], callers, Seen())
    seen, rest = Seen(), asked[WARM_UP:]
    began, cpu_began = perf_counter(), process_time()
    await lived(ledger, rest, callers, seen)
    seconds, cpu_seconds = perf_counter() - began, process_time() - cpu_began
    return Load(len(rest), seconds, cpu_seconds, _in_ms(seen.latencies), seen.overspent)


async def lived(ledger: Ledger, asked: Iterable[Job], callers: int, seen: Seen) -> None:
    """Have so many callers live these lifecycles, each taking the next one when its own has ended."""
    shared = iter(asked)
    async with asyncio.TaskGroup() as group:
        for _ in range(callers):
            group.create_task(_caller(ledger, shared, seen))


async def _caller(ledger: Ledger, shared: Iterator[Job], seen: Seen) -> None:
    for job in shared:
        await live(ledger, job, seen)


async def live(ledger: Ledger, job: Job, seen: Seen) -> None:
    """One lifecycle."""
    began = perf_counter()
    held = await ledger.hold(job.account, WHAT, key=job.hold_key)
    between = perf_counter()
    settled = await ledger.settle(held, key=job.settle_key)
    seen.latencies.append(between - began)
    seen.latencies.append(perf_counter() - between)
    seen.look_at(held)
    seen.look_at(settled)


async def run_arrivals(ledger: Ledger, asked: Sequence[Job], per_second: float, seed: int) -> Load:
    """Have lifecycles begin by chance at a rate, whether or not those before them have ended."""
    seen, gaps = Seen(), random.Random(seed)
    began, cpu_began = perf_counter(), process_time()
    due = began
    async with asyncio.TaskGroup() as group:
        for job in asked:
            due += gaps.expovariate(per_second)
            if due > perf_counter():
                await asyncio.sleep(due - perf_counter())
            group.create_task(live(ledger, job, seen))
    seconds, cpu_seconds = perf_counter() - began, process_time() - cpu_began
    return Load(len(asked), seconds, cpu_seconds, _in_ms(seen.latencies), seen.overspent)


def _in_ms(seconds: Iterable[float]) -> list[float]:
    return sorted(one * 1_000 for one in seconds)
