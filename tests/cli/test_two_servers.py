"""Two `reelbot serve` processes on one PostgreSQL: hundreds of callers at once, SIGKILL, and what is left of it."""

import asyncio
import gc
import itertools
import signal
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.cli.test_serve import Running, cli, credits, serving

from reelbot.allowance import Ledger

CALLERS = 200
REQUESTS = 500
"""For one last credit."""

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
    monkeypatch.setenv("REELBOT_REQUEST_BURST", "1000000")  # thousands of requests at once are what is tried here
    cli("database", "migrate")
    return postgres_url


@asynccontextmanager
async def calling(key: str, number: int) -> AsyncIterator[list[httpx.AsyncClient]]:
    """So many callers, each with a connection of its own.

    A pool shared by hundreds closes connections that it has just handed to somebody (encode/httpcore issue 1110), which
    looks like a server that breaks off.
    """
    limits = httpx.Limits(max_connections=1, keepalive_expiry=None)
    tls = ssl.create_default_context()
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                httpx.AsyncClient(
                    headers={"Authorization": f"Bearer {key}"}, limits=limits, verify=tls, timeout=PATIENCE_SECONDS
                )
            )
            for _ in range(number)
        ]


async def held(caller: httpx.AsyncClient, url: str, idempotency_key: str) -> httpx.Response:
    body = {"lines": [{"meter": "ai_credits", "amount": 1}]}
    return await caller.post(f"{url}/api/v1/holds", json=body, headers={"Idempotency-Key": idempotency_key})


async def all_held(callers: list[httpx.AsyncClient], urls: list[str], names: list[str]) -> list[httpx.Response]:
    """All at once, in turn at each URL; when one fails, none is left behind."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(held(caller, url, name))
            for name, caller, url in zip(names, itertools.cycle(callers), itertools.cycle(urls))
        ]
    return [task.result() for task in tasks]


async def hammered(servers: list[Running], key: str) -> dict[str, Any]:
    """What 200 callers were answered, each hold and its settlement, until both servers were killed under them."""
    answered: dict[str, Any] = {}
    killed = asyncio.Event()

    async def call(number: int, caller: httpx.AsyncClient) -> None:
        url = servers[number % len(servers)].url
        for turn in itertools.count():
            name = f"{number}-{turn}"
            try:
                answer = await held(caller, url, name)
                assert answer.status_code == 201, answer.text
                answered[name] = answer.json()
                await caller.post(f"{url}/api/v1/holds/{answer.json()['id']}/settlement")
            except httpx.TransportError:
                assert killed.is_set()
                answered.setdefault(name, None)
                return
            if len(answered) >= ACKNOWLEDGED_BEFORE_THE_KILL and not killed.is_set():
                killed.set()
                for server in servers:
                    server.process.send_signal(signal.SIGKILL)

    async with calling(key, CALLERS) as callers, asyncio.TaskGroup() as group:
        for number, caller in enumerate(callers):
            group.create_task(call(number, caller))
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
        async with calling(key, CALLERS) as callers:
            again = dict(zip(before, await all_held(callers, [server.url], list(before)), strict=True))
        for name, answer in acknowledged.items():
            assert again[name].headers["Idempotency-Replayed"] == "true"
            assert again[name].json() == answer
        assert {answer.status_code for answer in again.values()} == {201}
        used, still_held = credits(server.ask("GET", "/api/v1/usage", key).json())
        assert used + still_held == len(before)
    assert cli("ledger", "verify")["faults"] == []


@pytest.mark.parametrize("trials", [20, pytest.param(100, marks=[pytest.mark.long, pytest.mark.timeout(3_600)])])
async def test_the_last_credit_is_won_once_among_five_hundred_requests_to_two_servers(shared: str, trials: int) -> None:
    key = cli("account", "create", "ada", "--plan", "free")["key"]
    with ExitStack() as stack:
        urls = [stack.enter_context(serving()).url for _ in range(2)]
        async with calling(key, REQUESTS) as callers, Ledger.open(shared, sweep_seconds=None) as ledger:
            ada = await ledger.find("ada")
            assert ada is not None
            await ledger.hold(ada, {"ai_credits": 60}, key="all of today's")
            for trial in range(trials):
                await ledger.grant(ada, "ai_credits", 1, key=f"one more {trial}", why="the last credit")
                answers = await all_held(callers, urls, [f"{trial}-{number}" for number in range(REQUESTS)])
                won = [answer for answer in answers if answer.status_code == 201]
                assert len(won) == 1
                assert {answer.json()["code"] for answer in answers if answer not in won} == {"allowance_exhausted"}
    assert cli("ledger", "verify")["faults"] == []
