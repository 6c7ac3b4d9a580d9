"""Server-Sent Events: from a hold being asked for to its event at every open stream, and whether any is missed.

The time counts from the sending of the request, so it contains the request and the commit too: it is an upper bound of
what is asked, which is the way from the commit to the browser. As many streams are open on one account, where each event
goes to all of them, as are spread over many accounts.
"""

import asyncio
import resource
from collections.abc import Sequence
from functools import partial
from time import perf_counter
from typing import cast

from bench.ground import audit, sqlite_url
from bench.load import METER, on_loop
from bench.scenario import Case, Found, Measure, Place, Scenario
from bench.wire import Address, parts_of, request, served
from reelbot.allowance import Ledger
from reelbot.wiring import open_account

STREAMS = 1_000

FRAMES_PER_SECOND = 2_000
"""Messages that all streams together are sent in a second: far below what the server can, so that waiting is not
queueing."""

ROUNDS = 12
"""Holds of each case when there is one account; with more accounts each has one."""

OPENED_AT_ONCE = 100
"""Connections that are begun together: fewer than a listening socket lets wait."""

GRACE_SECONDS = 5.0

_FILES = STREAMS + 200
_BODY = f'{{"lines":[{{"meter":"{METER}","amount":1}}]}}'.encode()
_ID = b"id: "


class _Account:
    """One account: when each of its holds was asked for, which is event 1, 2, 3 … behind the beginning."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.asked_at: list[float] = []


class _Stream(asyncio.Protocol):
    """One open stream, and what it was told. It does as little as a reader can: a thousand of them share a processor."""

    def __init__(self, account: _Account) -> None:
        self._account = account
        self._first: int | None = None
        self._rest = b""
        self._transport: asyncio.Transport | None = None
        self.opened = asyncio.get_running_loop().create_future()
        self.told = 0
        self.wrong = 0
        self.latencies: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass
        self._transport.write(request("GET", "/api/v1/events", self._account.key))

    def data_received(self, data: bytes) -> None:
        """Look at each cursor; the last line may not be complete yet."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(_ID):
                self._take(line[len(_ID) :])

    def close(self) -> None:
        """Hang up."""
        assert self._transport is not None, "closed before it was connected"
        self._transport.close()

    def _take(self, cursor: bytes) -> None:
        """A cursor: the first tells where the stream begins, each later one must be the next event."""
        number = int(cursor.partition(b".")[0])
        if self._first is None:
            self._first = number
            self.opened.set_result(None)
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


async def _watched(address: Address, accounts: Sequence[_Account], count: int) -> list[_Stream]:
    """Open the streams, have holds placed at a steady rate, and wait until all has been told."""
    streams = [_Stream(accounts[number % len(accounts)]) for number in range(STREAMS)]
    for first in range(0, STREAMS, OPENED_AT_ONCE):
        await _opened(address, streams[first : first + OPENED_AT_ONCE])
    await _holds_placed(address, accounts, count)
    await _until_told(streams, _expected(accounts))
    for stream in streams:
        stream.close()
    return streams


async def _opened(address: Address, streams: Sequence[_Stream]) -> None:
    loop = asyncio.get_running_loop()
    for stream in streams:
        await loop.create_connection(lambda stream=stream: stream, address.host, address.port)  # type: ignore[misc]
    await asyncio.gather(*(stream.opened for stream in streams))


async def _holds_placed(address: Address, accounts: Sequence[_Account], count: int) -> None:
    reader, writer = await asyncio.open_connection(address.host, address.port)
    began, gap_seconds = perf_counter(), STREAMS / len(accounts) / FRAMES_PER_SECOND
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number * gap_seconds - perf_counter()))
        account = accounts[number % len(accounts)]
        account.asked_at.append(perf_counter())
        fields = (f"idempotency-key: live-{number}",)
        writer.write(request("POST", "/api/v1/holds", account.key, _BODY, fields))
        await _answered(reader)
    writer.close()


async def _answered(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 201"), head
    length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    await reader.readexactly(int(length.partition(b":")[2]))


def _expected(accounts: Sequence[_Account]) -> int:
    """How many messages all streams together are to be told."""
    return sum(len(accounts[number % len(accounts)].asked_at) for number in range(STREAMS))


async def _until_told(streams: Sequence[_Stream], count: int) -> None:
    ends = perf_counter() + GRACE_SECONDS
    while sum(stream.told for stream in streams) < count and perf_counter() < ends:
        await asyncio.sleep(0.01)


def _live(accounts_count: int, place: Place) -> Found:
    _let_files_open()
    accounts = [_Account(key) for key in on_loop(_keys(place, accounts_count))]
    holds = max(accounts_count, place.sized(ROUNDS, 5 * ROUNDS))
    with served(place.directory / "ledger.db") as address:
        streams = on_loop(_watched(address, accounts, holds))
    latencies = sorted(one * 1_000 for stream in streams for one in stream.latencies)
    faults = on_loop(_audited(place, accounts_count + holds))
    wrong = sum(stream.wrong for stream in streams) + abs(_expected(accounts) - len(latencies))
    if wrong:
        faults += (f"{wrong:,} events were skipped or repeated.",)
    figures = {"p50_ms": latencies[len(latencies) // 2], "p99_ms": latencies[len(latencies) * 99 // 100]}
    return Found(figures, faults, notes=(f"{STREAMS:,} open streams",))


def _let_files_open() -> None:
    """A thousand sockets here and, by inheritance, in the server; the usual limit is just above that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(2 * _FILES, hard), hard))


async def _audited(place: Place, entries: int) -> tuple[str, ...]:
    async with Ledger.open(sqlite_url(place.directory / "ledger.db"), sweep_seconds=None) as ledger:
        return await audit(ledger, entries)


_P99, _P50 = "hold asked for → event, p99 of {}", "hold asked for → event, p50 of {}"
_ONE, _MANY = "1,000 streams of one account", "1,000 streams of 64 accounts"

SCENARIO = Scenario(
    title="Live events",
    cases=(Case("one account", partial(_live, 1)), Case("64 accounts", partial(_live, 64))),
    measures=(
        Measure(_P99.format(_ONE), ("one account", "p99_ms"), None, 100, 50, "low", "ms"),
        Measure(_P50.format(_ONE), ("one account", "p50_ms"), best="low", unit="ms"),
        Measure(_P99.format(_MANY), ("64 accounts", "p99_ms"), None, 100, 50, "low", "ms"),
        Measure(_P50.format(_MANY), ("64 accounts", "p50_ms"), best="low", unit="ms"),
    ),
)
