"""Server-Sent Events: from a hold being asked for to its event at every open stream, and whether any is missed.

The time counts from the sending of the request, so it contains the request and the commit too: it is an upper bound of
what is asked, which is the way from the commit to the browser.
"""

import asyncio
from collections.abc import Sequence
from time import perf_counter

from bench.ground import audit, sqlite_url
from bench.load import METER, on_loop
from bench.scenario import Case, Found, Measure, Place, Scenario
from bench.wire import Address, parts_of, request, served
from reelbot.allowance import Ledger
from reelbot.wiring import open_account

STREAMS_EACH = 10
"""Streams of one account: a few tabs and a few programs."""

PER_SECOND = 50
SECONDS = 4
GRACE_SECONDS = 5.0

_BODY = f'{{"lines":[{{"meter":"{METER}","amount":1}}]}}'.encode()


class _Account:
    """One account: when each of its holds was asked for, which is event 1, 2, 3 … behind the beginning."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.asked_at: list[float] = []


class _Stream:
    """One open stream, and what it was told."""

    def __init__(self, account: _Account) -> None:
        self._account = account
        self._first: int | None = None
        self.told = 0
        self.wrong = 0
        self.latencies: list[float] = []

    async def run(self, address: Address, ready: asyncio.Event) -> None:
        """Open it and listen until cancelled."""
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(request("GET", "/api/v1/events", self._account.key))
        try:
            while line := await reader.readline():
                if line.startswith(b"id: "):
                    self._take(line[4:].strip())
                    ready.set()
        finally:
            writer.close()

    def _take(self, cursor: bytes) -> None:
        """A cursor: the first tells where the stream begins, each later one must be the next event."""
        number = int(cursor.partition(b".")[0])
        if self._first is None:
            self._first = number
            return
        if number != self._first + self.told + 1:
            self.wrong += 1
        self.told += 1
        self.latencies.append(perf_counter() - self._account.asked_at[number - self._first - 1])


async def _keys(place: Place, count: int) -> list[str]:
    async with parts_of(place.directory / "ledger.db") as parts:
        return [
            (await open_account(parts, f"a{number}", "pro", "UTC", "creator", "bench")).key
            for number in range(1, count + 1)
        ]


async def _watched(address: Address, accounts: Sequence[_Account], seconds: float) -> tuple[list[_Stream], int]:
    """Open the streams, have holds placed at a steady rate, and wait until all has been told."""
    streams = [_Stream(account) for account in accounts for _ in range(STREAMS_EACH)]
    opened = [asyncio.Event() for _ in streams]
    tasks = [asyncio.create_task(stream.run(address, ready)) for stream, ready in zip(streams, opened, strict=True)]
    await asyncio.gather(*(ready.wait() for ready in opened))
    asked = await _holds_placed(address, accounts, int(PER_SECOND * seconds))
    await _until_told(streams, asked * STREAMS_EACH)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return streams, asked


async def _holds_placed(address: Address, accounts: Sequence[_Account], count: int) -> int:
    reader, writer = await asyncio.open_connection(address.host, address.port)
    began = perf_counter()
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / PER_SECOND - perf_counter()))
        account = accounts[number % len(accounts)]
        account.asked_at.append(perf_counter())
        fields = (f"idempotency-key: live-{number}",)
        writer.write(request("POST", "/api/v1/holds", account.key, _BODY, fields))
        await _answered(reader)
    writer.close()
    return count


async def _answered(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 201"), head
    length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    await reader.readexactly(int(length.partition(b":")[2]))


async def _until_told(streams: Sequence[_Stream], count: int) -> None:
    ends = perf_counter() + GRACE_SECONDS
    while sum(stream.told for stream in streams) < count and perf_counter() < ends:
        await asyncio.sleep(0.01)


def _live(place: Place) -> Found:
    count = place.sized(20, 100)
    accounts = [_Account(key) for key in on_loop(_keys(place, count))]
    with served(place.directory / "ledger.db") as address:
        streams, asked = on_loop(_watched(address, accounts, place.sized(SECONDS, 5 * SECONDS)))
    latencies = sorted(one * 1_000 for stream in streams for one in stream.latencies)
    faults = on_loop(_audited(place, count + asked))
    wrong = sum(stream.wrong for stream in streams) + abs(asked * STREAMS_EACH - len(latencies))
    if wrong:
        faults += (f"{wrong:,} events were skipped or repeated.",)
    figures = {"p50_ms": latencies[len(latencies) // 2], "p99_ms": latencies[len(latencies) * 99 // 100]}
    return Found(figures, faults, notes=(f"{len(streams):,} open streams",))


async def _audited(place: Place, entries: int) -> tuple[str, ...]:
    async with Ledger.open(sqlite_url(place.directory / "ledger.db"), sweep_seconds=None) as ledger:
        return await audit(ledger, entries)


SCENARIO = Scenario(
    title="Live events",
    cases=(Case("streams", _live),),
    measures=(
        Measure("hold asked for → event, p99 of all streams", ("streams", "p99_ms"), None, 100, 50, "low", "ms"),
        Measure("hold asked for → event, p50 of all streams", ("streams", "p50_ms"), best="low", unit="ms"),
    ),
)
