"""HTTP: `GET /api/v1/usage` on a large ledger beside the same server's empty route, by the slowest hundredth."""

from pathlib import Path
from statistics import median

from bench.ground import copied
from bench.load import keys_in_order, on_loop
from bench.scenario import Case, Found, Measure, Place, Scenario
from bench.scenarios.growth import ground, large, make
from bench.scenarios.http_holds import EMPTY
from bench.wire import Address, Answers, asked, parts_of, request, served
from reelbot.wiring import give_key

ACCOUNTS = 32
CONNECTIONS = 8
TURNS = 5
REQUESTS = 2_000


def _entries(place: Place) -> int:
    return large(place) if not place.is_full else 1_000_000


def _prepare(place: Place) -> None:
    make(place, _entries(place), "ordered", keys_in_order("ground-"))


async def _keys(database: Path) -> list[str]:
    async with parts_of(database) as parts:
        accounts = [await parts.ledger.find(f"a{number}") for number in range(1, ACCOUNTS + 1)]
        return [await give_key(parts, account, "bench") for account in accounts if account is not None]


async def _measured(address: Address, keys: list[str]) -> tuple[list[Answers], list[Answers]]:
    usages = [request("GET", "/api/v1/usage", key) for key in keys] * (REQUESTS // len(keys))
    await asked(address, [EMPTY, *usages[: REQUESTS // 4]], CONNECTIONS)
    empty, usage = [], []
    for _ in range(TURNS):
        empty.append(await asked(address, [EMPTY] * len(usages), CONNECTIONS))
        usage.append(await asked(address, usages, CONNECTIONS))
    return empty, usage


def _usage(place: Place) -> Found:
    database = copied(ground(place, _entries(place), "ordered"), place.directory)
    keys = on_loop(_keys(database))
    with served(database) as address:
        empty, usage = on_loop(_measured(address, keys))
    failed = sum(answers.failed for answers in (*empty, *usage))
    return Found(
        {
            "p99_ms": median(one.quantile_ms(0.99) for one in usage),
            "p50_ms": median(one.quantile_ms(0.5) for one in usage),
            "empty_p99_ms": median(one.quantile_ms(0.99) for one in empty),
            "empty_p50_ms": median(one.quantile_ms(0.5) for one in empty),
        },
        (f"{failed:,} requests were not answered as they should.",) if failed else (),
        notes=(f"{_entries(place):,} entries",),
    )


SCENARIO = Scenario(
    title="HTTP, a large ledger, 8 connections",
    prepare=_prepare,
    cases=(Case("server", _usage),),
    measures=(
        Measure("GET /usage, p99 ÷ the empty route's", ("server", "p99_ms"), ("server", "empty_p99_ms"), 2, 2, "low"),
        Measure("GET /usage, p50 ÷ the empty route's", ("server", "p50_ms"), ("server", "empty_p50_ms"), best="low"),
    ),
)
