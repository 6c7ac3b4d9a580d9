"""Dishonest lives: whatever an account calls, in whatever order, it never gets more than was charged, nor what is another's.

A life that fails prints its seed and the shortest sequence found that fails alike; `REELBOT_SEED=17` leads that life alone.
The last tests plant holes in the table of routes, to see that they are found: so a life can fail.
"""

import os
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from msgspec import Struct
from psycopg.sql import SQL, Identifier
from tests.adversary.dishonest_lives import Address, Outcome, lead, shortest, sqlite_in

from reelbot.web import site
from reelbot.web.operations import Call, Operation
from reelbot.web.problems import OK
from reelbot.web.replies import Reply, json_reply
from reelbot.web.requests import JSON

SEEDS = range(1, 9)
STEPS = 240
"""Of one short life; a step is a little more than a call, so that the short lives together are two thousand calls."""

CALLS_MIN = 200
"""That a short life makes at the least; the usual number is two hundred and seventy."""

LONG_SEEDS = range(1_000, 1_400)
LONG_STEPS = 450

DELIVERIES_MIN = 15
"""That a short life sees at the least: with fewer of them nothing would be compared. The usual number is forty."""


def chosen(seeds: range) -> list[int]:
    """The seeds to use: those given, or the one that the environment names."""
    return [int(os.environ["REELBOT_SEED"])] if "REELBOT_SEED" in os.environ else list(seeds)


async def led(address: Address, seed: int, steps: int) -> Outcome:
    """A life that keeps every promise; when one is broken, the test fails with the shortest life that breaks it."""
    outcome = await lead(address, seed, range(steps))
    if outcome.fault is not None:
        short = await shortest(address, seed, outcome, range(steps))
        pytest.fail(f"REELBOT_SEED={seed}\n{short.story}\n\nThe whole life ended in {outcome.fault}", pytrace=False)
    return outcome


@pytest.mark.parametrize("seed", chosen(SEEDS))
async def test_a_dishonest_account_gets_nothing_that_was_not_charged(seed: int) -> None:
    outcome = await led(sqlite_in, seed, STEPS)
    world = outcome.life.house.world
    assert len(world.deliveries) >= DELIVERIES_MIN, Counter(one.kind for one in world.deliveries)
    assert any(books.videos for books in outcome.life.books.values())
    assert outcome.life.calls >= CALLS_MIN


@pytest.mark.timeout(600)
async def test_nor_does_it_on_postgres(emptied_postgres_url: str) -> None:
    outcome = await led(emptied(emptied_postgres_url), 1, 120)
    assert outcome.life.house.world.deliveries


@pytest.mark.long
@pytest.mark.timeout(36_000)
async def test_many_dishonest_lives_reach_every_operation() -> None:
    succeeded, known = Counter[str](), set[str]()
    for seed in chosen(LONG_SEEDS):
        life = (await led(sqlite_in, seed, LONG_STEPS)).life
        succeeded += life.succeeded
        known = {one.id for one in life.operations if not one.is_for_operators}
    assert known - succeeded.keys() == set()


def emptied(url: str) -> Address:
    """The address of a PostgreSQL database, whose rows are taken away before each life."""

    def address(folder: Path) -> str:
        with psycopg.connect(url, autocommit=True) as raw:
            tables = raw.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration'"
            )
            names = [Identifier(name) for (name,) in tables]
            if names:
                raw.execute(SQL("TRUNCATE {}").format(SQL(", ").join(names)))
        return url

    return address


# holes that are planted


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """A body without members."""


Endpoint = Callable[[Call], Awaitable[Reply]]


def planted(monkeypatch: pytest.MonkeyPatch, method: str, path: str, endpoint: Endpoint, takes: Any = None) -> None:
    """One more row in the table of routes, and nothing else."""
    row = Operation("studio", method, path, "planted", "Planted by a test.", endpoint, {OK: {JSON: dict}}, takes=takes)
    monkeypatch.setattr(site, "OPERATIONS", (*site.OPERATIONS, row))


async def found(seeds: range = range(1, 6)) -> tuple[str, str]:
    """The rule that the first life which fails breaks, and the end of its story."""
    for seed in seeds:
        outcome = await lead(sqlite_in, seed, range(STEPS))
        if outcome.fault is not None:
            return outcome.fault.rule, outcome.story[-400:]
    return "", "nothing was found"


async def test_a_route_is_called_without_anybody_adding_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, object]] = []

    async def note(call: Call) -> Reply:
        asked.append((call.named, call.body))
        return json_reply(OK, b"{}")

    planted(monkeypatch, "POST", "/api/v1/drafts/{id}/blessing", note, takes=Nothing)
    outcome = await lead(sqlite_in, 1, range(STEPS))
    assert outcome.life.attempted["planted"]
    assert any(named.startswith("draft_") and body == Nothing() for named, body in asked)


async def test_a_route_that_gives_a_plan_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def give(call: Call) -> Reply:
        await call.site.ledger.change_plan(call.account, "enterprise", key="a gift", by="operator", why="A gift.")
        return json_reply(OK, b"{}")

    planted(monkeypatch, "POST", "/api/v1/trial", give)
    rule, story = await found()
    assert rule == "plan", story


async def test_a_route_that_breaks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def break_down(call: Call) -> Reply:
        raise ZeroDivisionError

    planted(monkeypatch, "GET", "/api/v1/broken", break_down)
    rule, story = await found()
    assert rule == "defect", story


async def test_a_route_that_tells_of_another_account_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def tell(call: Call) -> Reply:
        return json_reply(OK, b'{"job": "%s"}' % ("job_0-1-9" if call.who.account == 2 else "job_0-2-9").encode())

    planted(monkeypatch, "GET", "/api/v1/neighbours", tell)
    rule, story = await found()
    assert rule == "another's", story
