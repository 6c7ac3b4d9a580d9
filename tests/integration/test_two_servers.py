"""Two `reelbot serve` processes on one PostgreSQL: hundreds of callers at once, SIGKILL, and what is left of it."""

import asyncio
import gc
import itertools
import signal
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.test_serve import Running, cli, credits, serving

from reelbot.allowance import Ledger

CALLERS = 200
TRIES = 5
PATIENCE_SECONDS = 120
"""For one answer among hundreds, on a machine that does other things as well."""

ACKNOWLEDGED_BEFORE_THE_KILL = 150

# A killed server leaves its callers' sockets to the collector; that they are closed there is all that is warned of.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def _sockets_of_killed_servers_are_collected_here() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture
def shared(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A PostgreSQL database with every table, named to each process by its environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REELBOT_DATABASE", postgres_url)
    cli("database", "migrate")
    return postgres_url


def client(key: str) -> httpx.AsyncClient:
    # A connection is let go long before the server lets go of it: neither writes to one that the other is closing.
    limits = httpx.Limits(max_connections=CALLERS, keepalive_expiry=2)
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.AsyncClient(headers=headers, limits=limits, timeout=PATIENCE_SECONDS)


async def held(callers: httpx.AsyncClient, url: str, idempotency_key: str) -> httpx.Response:
    body = {"lines": [{"meter": "ai_credits", "amount": 1}]}
    return await callers.post(f"{url}/api/v1/holds", json=body, headers={"Idempotency-Key": idempotency_key})


async def held_at_last(callers: httpx.AsyncClient, url: str, idempotency_key: str) -> httpx.Response:
    """As a caller does it whose answer was lost: ask again with the same key, for one effect."""
    for _ in range(TRIES):
        with suppress(httpx.TransportError):
            return await held(callers, url, idempotency_key)
    raise AssertionError(f"{TRIES} answers to {idempotency_key} were lost")


async def all_held(callers: httpx.AsyncClient, urls: list[str], names: list[str]) -> list[httpx.Response]:
    """All at once, in turn at each URL; when one fails, none is left behind."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(held_at_last(callers, urls[at % len(urls)], name)) for at, name in enumerate(names)]
    return [task.result() for task in tasks]


async def hammered(servers: list[Running], key: str) -> dict[str, Any]:
    """What 200 callers were answered, each hold and its settlement, until both servers were killed under them."""
    answered: dict[str, Any] = {}
    killed = asyncio.Event()

    async def call(number: int) -> None:
        url = servers[number % len(servers)].url
        for turn in itertools.count():
            name = f"{number}-{turn}"
            try:
                answer = await held(callers, url, name)
                assert answer.status_code == 201, answer.text
                answered[name] = answer.json()
                await callers.post(f"{url}/api/v1/holds/{answer.json()['id']}/settlement")
            except httpx.TransportError:
                assert killed.is_set()
                answered.setdefault(name, None)
                return
            if len(answered) >= ACKNOWLEDGED_BEFORE_THE_KILL and not killed.is_set():
                killed.set()
                for server in servers:
                    server.process.send_signal(signal.SIGKILL)

    async with client(key) as callers, asyncio.TaskGroup() as group:
        for number in range(CALLERS):
            group.create_task(call(number))
    return answered


async def test_two_servers_killed_under_two_hundred_callers_lose_and_double_nothing(shared: str) -> None:
    key = cli("account", "create", "ada", "--plan", "enterprise")["key"]
    with ExitStack() as stack:
        servers = [stack.enter_context(serving()) for _ in range(2)]
        before = await hammered(servers, key)
    acknowledged = {name: answer for name, answer in before.items() if answer is not None}
    assert len(acknowledged) >= ACKNOWLEDGED_BEFORE_THE_KILL
    assert len(acknowledged) < len(before), "nobody was in the middle of a request"
    with serving() as server:
        async with client(key) as callers:
            again = dict(zip(before, await all_held(callers, [server.url], list(before)), strict=True))
        for name, answer in acknowledged.items():
            assert again[name].headers["Idempotency-Replayed"] == "true"
            assert again[name].json() == answer
        assert {answer.status_code for answer in again.values()} == {201}
        used, still_held = credits(server.ask("GET", "/api/v1/usage", key).json())
        assert used + still_held == len(before)
    assert cli("ledger", "verify")["faults"] == []


@pytest.mark.parametrize("trials", [3, pytest.param(100, marks=[pytest.mark.long, pytest.mark.timeout(3_600)])])
async def test_the_last_credit_is_won_once_among_five_hundred_requests_to_two_servers(shared: str, trials: int) -> None:
    key = cli("account", "create", "ada", "--plan", "free")["key"]
    with ExitStack() as stack:
        urls = [stack.enter_context(serving()).url for _ in range(2)]
        async with client(key) as callers, Ledger.open(shared, sweep_seconds=None) as ledger:
            ada = await ledger.find("ada")
            assert ada is not None
            await ledger.hold(ada, {"ai_credits": 60}, key="all of today's")
            for trial in range(trials):
                await ledger.grant(ada, "ai_credits", 1, key=f"one more {trial}", why="the last credit")
                answers = await all_held(callers, urls, [f"{trial}-{number}" for number in range(500)])
                won = [answer for answer in answers if answer.status_code == 201]
                assert len(won) == 1
                assert {answer.json()["code"] for answer in answers if answer not in won} == {"allowance_exhausted"}
    assert cli("ledger", "verify")["faults"] == []
