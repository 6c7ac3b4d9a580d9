"""HTTP: `POST /api/v1/holds` beside the same server's empty route, `GET /healthz`, in requests a second.

`reelbot serve` on SQLite, the callers in another process. The empty route reads no key and touches no database: it is
what the server can do when there is nothing to do. The two are asked in turns, on one server.
"""

from collections.abc import Iterator
from pathlib import Path

from bench.ground import audit, sqlite_url
from bench.load import METER, keys_in_order, on_loop
from bench.scenario import Case, Found, Measure, Place, Scenario
from bench.wire import Address, Answers, asked, parts_of, request, served
from reelbot.allowance import Ledger
from reelbot.wiring import open_account

ACCOUNTS = 64
CONNECTIONS = 64
TURNS = 3
WARM_UP = 1_000

EMPTY = request("GET", "/healthz")

_BODY = f'{{"lines":[{{"meter":"{METER}","amount":1}}]}}'.encode()


async def _with_accounts(database: Path) -> list[str]:
    """Open the accounts; their API keys."""
    async with parts_of(database) as parts:
        return [
            (await open_account(parts, f"a{number}", "pro", "UTC", "creator", "bench")).key
            for number in range(1, ACCOUNTS + 1)
        ]


def holds(keys: list[str]) -> Iterator[bytes]:
    """Requests without end, of all accounts in turn, each with a key of its own."""
    name = keys_in_order("http-")
    number = 0
    while True:
        for key in keys:
            number += 1
            yield request("POST", "/api/v1/holds", key, _BODY, (f"idempotency-key: {name(number)}",))


async def _measured(address: Address, keys: list[str], count: int) -> tuple[list[Answers], list[Answers]]:
    endless = holds(keys)
    await asked(address, [EMPTY] * WARM_UP, CONNECTIONS)
    held = [await asked(address, [next(endless) for _ in range(WARM_UP)], CONNECTIONS)]
    empty = []
    for _ in range(TURNS):
        empty.append(await asked(address, [EMPTY] * count, CONNECTIONS))
        held.append(await asked(address, [next(endless) for _ in range(count)], CONNECTIONS))
    return empty, held


def _holds(place: Place) -> Found:
    database = place.directory / "ledger.db"
    keys = on_loop(_with_accounts(database))
    with served(database) as address:
        empty, held = on_loop(_measured(address, keys, place.sized(3_000, 15_000)))
    failed = sum(answers.failed for answers in (*empty, *held))
    faults = on_loop(_audited(database, ACCOUNTS + sum(len(answers.latencies_ms) for answers in held)))
    if failed:
        faults += (f"{failed:,} requests were not answered as they should.",)
    return Found({"empty_per_second": _rate(empty), "per_second": _rate(held[1:]), "p99_ms": _p99(held[1:])}, faults)


async def _audited(database: Path, entries: int) -> tuple[str, ...]:
    async with Ledger.open(sqlite_url(database), sweep_seconds=None) as ledger:
        return await audit(ledger, entries)


def _rate(turns: list[Answers]) -> float:
    return sum(len(one.latencies_ms) for one in turns) / sum(one.seconds for one in turns)


def _p99(turns: list[Answers]) -> float:
    return sorted(one.quantile_ms(0.99) for one in turns)[len(turns) // 2]


SCENARIO = Scenario(
    title="HTTP, 64 connections",
    cases=(Case("server", _holds),),
    measures=(
        Measure("POST /holds ÷ the empty route", ("server", "per_second"), ("server", "empty_per_second"), 0.55, 0.70),
    ),
)
