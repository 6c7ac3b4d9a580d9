"""HTTP: `GET /api/v1/usage` on a million entries beside the same server's empty route, by the slowest hundredth.

The million lies in one account, and again in a thousand accounts, of which a few ask in turns.
"""

from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.ground import copied, refs
from bench.load import on_loop
from bench.scenario import Case, Found, Measure, Place, Scenario
from bench.scenarios.http_holds import EMPTY
from bench.scenarios.pages import HISTORIES, history_ground, prepare
from bench.wire import Address, Answers, asked, parts_of, request, served
from reelbot.wiring import give_key

ASKING_MAX = 32
"""Accounts that ask."""

CONNECTIONS = 8
TURNS = 3
REQUESTS = 2_000


async def _keys(database: Path, accounts: int) -> list[str]:
    async with parts_of(database) as parts:
        return [await give_key(parts, account, "bench") for account in refs(accounts)]


class _Seen(NamedTuple):
    """What was seen of one route: the answers of each turn, and the server's processor time of all of them."""

    answers: list[Answers]
    cpu_seconds: list[float]

    def figures(self, prefix: str) -> dict[str, float]:
        """Medians over the turns."""
        asked_for = len(self.answers[0].latencies_ms)
        return {
            f"{prefix}p99_ms": median(one.quantile_ms(0.99) for one in self.answers),
            f"{prefix}p50_ms": median(one.quantile_ms(0.5) for one in self.answers),
            f"{prefix}cpu_us": median(self.cpu_seconds) * 1e6 / asked_for,
        }

    async def ask(self, address: Address, requests: list[bytes]) -> None:
        """One more turn."""
        began = address.cpu_seconds()
        self.answers.append(await asked(address, requests, CONNECTIONS))
        self.cpu_seconds.append(address.cpu_seconds() - began)


async def _measured(address: Address, keys: list[str]) -> tuple[_Seen, _Seen]:
    usages = [request("GET", "/api/v1/usage", key) for key in keys] * (REQUESTS // len(keys))
    await asked(address, [EMPTY, *usages[: REQUESTS // 4]], CONNECTIONS)
    empty, usage = _Seen([], []), _Seen([], [])
    for _ in range(TURNS):
        await empty.ask(address, [EMPTY] * len(usages))
        await usage.ask(address, usages)
    return empty, usage


def _one_account(place: Place) -> Found:
    return _usage(place, "1 M")


def _many_accounts(place: Place) -> Found:
    return _usage(place, "1 M spread")


def _usage(place: Place, name: str) -> Found:
    history = HISTORIES[name]
    database = copied(history_ground(place, name), place.directory)
    keys = on_loop(_keys(database, min(ASKING_MAX, history.accounts)))
    with served(database) as address:
        empty, usage = on_loop(_measured(address, keys))
    failed = sum(answers.failed for answers in (*empty.answers, *usage.answers))
    return Found(
        {**usage.figures(""), **empty.figures("empty_")},
        (f"{failed:,} requests were not answered as they should.",) if failed else (),
        notes=(f"{history.entries_in_all:,} entries",),
    )


def _ratio(title: str, case: str, figure: str, goal: float | None = None) -> Measure:
    return Measure(
        f"GET /usage ÷ the empty route, {title}", (case, figure), (case, f"empty_{figure}"), goal, goal, "low"
    )


ONE, MANY = "one account", "a thousand accounts"

SCENARIO = Scenario(
    title="HTTP, a million entries, 8 connections",
    prepare=prepare,
    cases=(Case(ONE, _one_account), Case(MANY, _many_accounts)),
    measures=(
        _ratio("p99, one account", ONE, "p99_ms", 2),
        _ratio("p99, a thousand accounts", MANY, "p99_ms", 2),
        _ratio("p50, one account", ONE, "p50_ms"),
        _ratio("p50, a thousand accounts", MANY, "p50_ms"),
        _ratio("the server's processor time, one account", ONE, "cpu_us"),
        _ratio("the server's processor time, a thousand accounts", MANY, "cpu_us"),
    ),
)
