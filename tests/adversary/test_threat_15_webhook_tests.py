"""Ten hanging webhook tests by one account are not 503 for all: what protects all is also a bound for each account."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from tests.support.clock import FakeClock
from tests.support.receivers import Inbox
from tests.support.sites import SITE_URL, Stand, join, standing

from reelbot.accounts import Accounts
from reelbot.db import SqliteDatabase
from reelbot.web import build_app
from reelbot.webhooks import Client, Webhooks
from reelbot.webhooks.service import TESTS_MAX, TESTS_OF_ONE_MAX

HANGING = "hanging.test"
DEADLINE_SECONDS = 30
"""For what must come: long for a busy machine. Nothing here is measured."""


class Hanging(Inbox):
    """An inbox that takes whatever comes to `HANGING` and never answers, until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = 0
        self.let_go = asyncio.Event()
        self._changed = asyncio.Condition()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.headers["host"] == HANGING:
            await self.hang()
        return await super().handle_async_request(request)

    async def hang(self) -> None:
        async with self._changed:
            self.taken += 1
            self._changed.notify_all()
        await self.let_go.wait()

    async def until(self, taken: int) -> None:
        """Wait until so many are held up."""
        async with asyncio.timeout(DEADLINE_SECONDS), self._changed:
            await self._changed.wait_for(lambda: self.taken >= taken)


class Names(Hanging):
    """Also resolves names, of which those below `slow.test` never end."""

    async def resolve(self, host: str, port: int) -> list[str]:
        if host.endswith("slow.test"):
            await self.hang()
        return ["93.184.216.34"]


@asynccontextmanager
async def site_of(address: str, clock: FakeClock) -> AsyncIterator[tuple[Stand, Names]]:
    """A site whose webhooks go to an inbox that hangs where it is told to."""
    names = Names()
    async with standing(address, clock) as stand:
        assert isinstance(stand.site.database, SqliteDatabase)
        client = Client(resolve=names.resolve, transport=names)
        webhooks = Webhooks(stand.site.database, stand.ledger, clock, client)
        stand.site = replace(stand.site, webhooks=webhooks)
        transport = httpx.ASGITransport(build_app(stand.site))
        async with httpx.AsyncClient(transport=transport, base_url=SITE_URL) as stand.http:
            yield stand, names
            names.let_go.set()
        await webhooks.stop()


async def webhook_of(stand: Stand, name: str, host: str) -> str:
    added = await stand.post("/webhooks", {"url": f"https://{host}/", "kinds": ["allowance.low"]}, name)
    assert added.status_code == 201, added.text
    return str(added.json()["webhook"]["id"])


def asked_at_once(stand: Stand, name: str, webhook: str, times: int) -> "list[asyncio.Task[httpx.Response]]":
    return [asyncio.create_task(stand.post(f"/webhooks/{webhook}/test", name=name)) for _ in range(times)]


async def answered(asked: "list[asyncio.Task[httpx.Response]]", count: int) -> None:
    """Wait until so many of them have their answer: those that are refused, while the others hang."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while sum(one.done() for one in asked) < count:
            await asyncio.wait([one for one in asked if not one.done()], return_when=asyncio.FIRST_COMPLETED)


async def test_ten_hanging_tests_of_one_account_leave_the_tests_of_others_alone(
    sqlite_url: str, clock: FakeClock
) -> None:
    async with site_of(sqlite_url, clock) as (stand, names):
        mine = await webhook_of(stand, "ada", "receiver.test")
        eves = await webhook_of(stand, "bob", HANGING)
        hanging = asked_at_once(stand, "bob", eves, 10)
        await names.until(TESTS_OF_ONE_MAX)
        tested = await stand.post(f"/webhooks/{mine}/test")
        assert (tested.status_code, tested.json()["delivered"]) == (200, True)
        await answered(hanging, 10 - TESTS_OF_ONE_MAX)
        names.let_go.set()
        statuses = [one.status_code for one in await asyncio.gather(*hanging)]
        assert sorted(statuses) == [200] * TESTS_OF_ONE_MAX + [429] * (10 - TESTS_OF_ONE_MAX)


async def test_who_has_used_up_the_share_is_told_so_and_may_test_again_when_one_has_ended(
    sqlite_url: str, clock: FakeClock
) -> None:
    async with site_of(sqlite_url, clock) as (stand, names):
        eves = await webhook_of(stand, "bob", HANGING)
        hanging = asked_at_once(stand, "bob", eves, TESTS_OF_ONE_MAX)
        await names.until(TESTS_OF_ONE_MAX)
        refused = await stand.post(f"/webhooks/{eves}/test", name="bob")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert refused.headers["retry-after"]
        assert "You have as many tests of webhooks under way" in refused.json()["detail"]
        names.let_go.set()
        await asyncio.gather(*hanging)
        assert (await stand.post(f"/webhooks/{eves}/test", name="bob")).status_code == 200


async def test_names_that_never_resolve_are_waited_for_by_their_own_account_only(
    sqlite_url: str, clock: FakeClock
) -> None:
    async with site_of(sqlite_url, clock) as (stand, names):
        bodies = [{"url": f"https://{number}.slow.test/", "kinds": ["allowance.low"]} for number in range(10)]
        hanging = [asyncio.create_task(stand.post("/webhooks", body, "bob")) for body in bodies]
        await names.until(TESTS_OF_ONE_MAX)
        assert await webhook_of(stand, "ada", "receiver.test")
        await answered(hanging, 10 - TESTS_OF_ONE_MAX)
        names.let_go.set()
        statuses = [one.status_code for one in await asyncio.gather(*hanging)]
        assert sorted(statuses) == [201] * TESTS_OF_ONE_MAX + [429] * (10 - TESTS_OF_ONE_MAX)


async def test_the_last_place_is_for_somebody_else_and_when_it_is_taken_the_server_says_so(
    sqlite_url: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reelbot.webhooks.service.TESTS_MAX", TESTS_OF_ONE_MAX)
    async with site_of(sqlite_url, clock) as (stand, names):
        await join(stand, "eve", "free")
        webhooks = {name: await webhook_of(stand, name, HANGING) for name in ("ada", "bob", "eve")}
        hanging: list[asyncio.Task[httpx.Response]] = []
        for taken in range(1, TESTS_OF_ONE_MAX):
            hanging += asked_at_once(stand, "bob", webhooks["bob"], 1)
            await names.until(taken)
        refused = asked_at_once(stand, "bob", webhooks["bob"], 1)
        await answered(refused, 1)
        hanging += asked_at_once(stand, "ada", webhooks["ada"], 1)
        await names.until(TESTS_OF_ONE_MAX)
        refused += asked_at_once(stand, "eve", webhooks["eve"], 1)
        async with asyncio.timeout(DEADLINE_SECONDS):
            codes = [(answer.status_code, answer.json().get("code")) for answer in await asyncio.gather(*refused)]
        assert codes == [(429, "too_many_requests"), (503, "too_busy")]
        names.let_go.set()
        assert [one.status_code for one in await asyncio.gather(*hanging)] == [200] * TESTS_OF_ONE_MAX


@pytest.mark.parametrize("accounts", [TESTS_MAX // TESTS_OF_ONE_MAX // 2])
async def test_half_of_all_places_taken_by_many_accounts_still_leave_room(
    sqlite_url: str, clock: FakeClock, accounts: int
) -> None:
    async with site_of(sqlite_url, clock) as (stand, names):
        assert isinstance(stand.site.accounts, Accounts)
        mine = await webhook_of(stand, "ada", "receiver.test")
        hanging: list[asyncio.Task[httpx.Response]] = []
        for number in range(accounts):
            await join(stand, f"eve-{number}", "free")
            hanging += asked_at_once(stand, f"eve-{number}", await webhook_of(stand, f"eve-{number}", HANGING), 10)
        await names.until(accounts * TESTS_OF_ONE_MAX)
        assert (await stand.post(f"/webhooks/{mine}/test")).status_code == 200
        names.let_go.set()
        await asyncio.gather(*hanging)
