"""Fifty free accounts that ask a hundred times a second each, beside one honest account: how long that one waits.

`reelbot serve` with the bounds that it is shipped with. The fifty ask from a process of their own, whether or not they have
been answered (open loop), in turns for what a program asks most: their figures, a hold, a page of their history. The honest
one places holds, thirty a second, each after the answer to the one before, alone and beside them in turns.
"""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

from bench.load import METER, on_loop
from bench.scenario import Case, Found, Measure, Place, Scenario
from bench.wire import Address, parts_of, request, served
from reelbot.wiring import open_account

CROWD = 50
PER_SECOND = 100
"""Requests of each of them: twice what an account may keep up."""

HONEST_PER_SECOND = 30
"""Fewer than an account may keep up, and more than a page with everything in motion asks."""

TURNS = 3
REQUESTS = 240
"""Of the honest one in each part of a turn: the slowest hundredth is more than one request of all turns together."""

SETTLED_SECONDS = 3.0
"""Until all of the crowd ask for more than they may keep up. Their bursts last half a minute more, since a server that is
asked for all it can do gives each little more than that: what is measured is a server that is full."""

STOP_SECONDS = 20

_BODY = f'{{"lines":[{{"meter":"{METER}","amount":1}}]}}'.encode()
_END = b"\r\n\r\n"


class _Keys(NamedTuple):
    """The keys of the honest account and of the crowd."""

    honest: str
    crowd: Sequence[str]


async def _with_accounts(database: Path) -> _Keys:
    async with parts_of(database) as parts:
        honest = (await open_account(parts, "honest", "enterprise", "UTC", "creator", "bench")).key
        crowd = [
            (await open_account(parts, f"crowd-{number}", "free", "UTC", "creator", "bench")).key
            for number in range(CROWD)
        ]
        return _Keys(honest, crowd)


# the crowd


class _Answered(asyncio.Protocol):
    """One connection of the crowd: counts the answers by the first figure of their status."""

    def __init__(self) -> None:
        self.refused = 0
        self.others = 0
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        """Look at the status lines only."""
        *whole, self._rest = (self._rest + data).split(b"HTTP/1.1 ")
        for answer in whole:
            self._note(answer)

    def _note(self, answer: bytes) -> None:
        if answer.startswith(b"429"):
            self.refused += 1
        elif answer:
            self.others += 1


def _crowd(address: Address, keys: Sequence[str], seconds: float, told: Connection) -> None:
    """Ask for so long, in a process of its own; what it was answered goes through the pipe."""
    os.nice(19)
    told.send(on_loop(_asked_for(address, keys, seconds)))


async def _asked_for(address: Address, keys: Sequence[str], seconds: float) -> tuple[int, int]:
    loop = asyncio.get_running_loop()
    callers = [await loop.create_connection(_Answered, address.host, address.port) for _ in keys]
    requests = [_requests(key, number) for number, key in enumerate(keys)]
    began, asked = perf_counter(), 0
    while perf_counter() - began < seconds:
        due = int((perf_counter() - began) * PER_SECOND * len(keys))
        for number in range(asked, due):
            callers[number % len(keys)][0].write(next(requests[number % len(keys)]))
        asked = due
        await asyncio.sleep(0.001)
    for transport, _ in callers:
        transport.close()
    return sum(one.refused for _, one in callers), sum(one.others for _, one in callers)


def _requests(key: str, caller: int) -> Iterator[bytes]:
    """What a program asks most, without end."""
    number = 0
    while True:
        number += 1
        yield request("GET", "/api/v1/usage", key)
        yield request("POST", "/api/v1/holds", key, _BODY, (f"idempotency-key: crowd-{caller}-{number}",))
        yield request("GET", "/api/v1/entries", key)


@contextmanager
def _beside_the_crowd(address: Address, keys: Sequence[str], seconds: float) -> Iterator[Connection]:
    """The crowd at work for as long as it takes; its answers come through what is given here."""
    spawned = get_context("spawn")
    ours, theirs = spawned.Pipe(duplex=False)
    process = spawned.Process(target=_crowd, args=(address, keys, seconds, theirs))
    process.start()
    try:
        yield ours
    finally:
        process.join(seconds + STOP_SECONDS)


# the honest one


async def _waited_ms(address: Address, key: str, name: str) -> list[float]:
    """How long each of its holds took; anything but 201 is an error."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    began, waited = perf_counter(), list[float]()
    for number in range(REQUESTS):
        await asyncio.sleep(max(0.0, began + number / HONEST_PER_SECOND - perf_counter()))
        asked_at = perf_counter()
        writer.write(request("POST", "/api/v1/holds", key, _BODY, (f"idempotency-key: {name}-{number}",)))
        head = await reader.readuntil(_END)
        assert head.startswith(b"HTTP/1.1 201"), head
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        waited.append((perf_counter() - asked_at) * 1_000)
    writer.close()
    return waited


async def _later(address: Address, key: str, name: str) -> list[float]:
    await asyncio.sleep(SETTLED_SECONDS)
    return await _waited_ms(address, key, name)


def _shared(place: Place) -> Found:
    keys = on_loop(_with_accounts(place.directory / "ledger.db"))
    alone, beside, refused, others = list[list[float]](), list[list[float]](), 0, 0
    seconds = SETTLED_SECONDS + REQUESTS / HONEST_PER_SECOND + 2
    with served(place.directory / "ledger.db", {}) as address:
        for turn in range(TURNS):
            alone.append(on_loop(_waited_ms(address, keys.honest, f"alone-{turn}")))
            with _beside_the_crowd(address, keys.crowd, seconds) as told:
                beside.append(on_loop(_later(address, keys.honest, f"beside-{turn}")))
                counted = told.recv()
            refused, others = refused + counted[0], others + counted[1]
    figures = {
        "alone p99 ms": median(_quantile(one, 0.99) for one in alone),
        "beside p99 ms": median(_quantile(one, 0.99) for one in beside),
        "alone p50 ms": median(_quantile(one, 0.5) for one in alone),
        "beside p50 ms": median(_quantile(one, 0.5) for one in beside),
    }
    asked = refused + others
    share = asked / (TURNS * seconds * PER_SECOND * CROWD)
    notes = (f"of the crowd's requests {share:.0%} were answered, {refused / asked:.0%} of these by 429",)
    return Found(figures, notes=notes)


def _quantile(waited: Sequence[float], share: float) -> float:
    return sorted(waited)[min(len(waited) - 1, int(len(waited) * share))]


SCENARIO = Scenario(
    title="Fair shares",
    cases=(Case("server", _shared),),
    measures=(
        Measure(
            "one account beside 50 that ask 100 times a second ÷ alone, p99",
            ("server", "beside p99 ms"), ("server", "alone p99 ms"), 2, 1.3, "low",
        ),
        Measure("the same, p50", ("server", "beside p50 ms"), ("server", "alone p50 ms"), best="low"),
        Measure("one account beside 50, p99", ("server", "beside p99 ms"), best="low", unit="ms"),
        Measure("one account alone, p99", ("server", "alone p99 ms"), best="low", unit="ms"),
    ),
    rounds=2,
)  # fmt: skip
