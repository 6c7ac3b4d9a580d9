"""`/api/v1/webhooks`: add, list, test, rotate and remove, with an inbox in the place of the network."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, NamedTuple

import httpx
import pytest
from tests.support.clock import FakeClock
from tests.support.receivers import Inbox
from tests.support.sites import SITE_URL, Stand, standing

from reelbot.db import SqliteDatabase, migrate
from reelbot.web import build_app
from reelbot.webhooks import ROOM, Client, Webhooks

URL = "https://receiver.test/hooks"


class Told(NamedTuple):
    """A site with webhooks, and what arrives."""

    stand: Stand
    inbox: Inbox
    webhooks: Webhooks

    async def add(self, name: str = "ada", **more: Any) -> httpx.Response:
        body = {"url": URL, "kinds": ["allowance.low", "allowance.exhausted"]}
        return await self.stand.post("/webhooks", body | more, name)


async def somewhere(host: str, port: int) -> list[str]:
    return ["10.0.0.1" if host == "inside.test" else "93.184.216.34"]


@pytest.fixture
async def told(sqlite_url: str, clock: FakeClock) -> AsyncIterator[Told]:
    async with standing(sqlite_url, clock) as stand:
        database = stand.site.database
        assert isinstance(database, SqliteDatabase)
        await migrate(database, [ROOM], clock)
        inbox = Inbox()
        webhooks = Webhooks(database, stand.ledger, clock, Client(resolve=somewhere, transport=inbox))
        site = replace(stand.site, webhooks=webhooks)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(build_app(site)), base_url=SITE_URL) as http:
            stand.site, stand.http = site, http
            yield Told(stand, inbox, webhooks)
        await webhooks.stop()


async def test_an_added_webhook_is_told_its_secret_once_and_then_what_happens(told: Told) -> None:
    added = await told.add()
    assert added.status_code == 201
    assert added.json()["secret"].startswith("whsec_")
    listed = await told.stand.get("/webhooks")
    assert listed.json() == {"webhooks": [added.json()["webhook"]]}
    assert "secret" not in listed.text
    await told.stand.hold(60)
    await told.webhooks.deliver_due()
    assert told.inbox.kinds == ["allowance.exhausted"]


async def test_the_same_key_gets_the_first_answer_again(told: Told) -> None:
    body = {"url": URL, "kinds": ["usage"]}
    first, again = [await told.stand.post("/webhooks", body, key="k") for _ in range(2)]
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = await told.stand.post("/webhooks", body | {"url": f"{URL}/2"}, key="k")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"url": "https://inside.test/"}, "url"),
        ({"url": "http://receiver.test/"}, "url"),
        ({"url": "https://user:password@receiver.test/"}, "url"),
        ({"kinds": ["allowance.lo"]}, "kinds"),
        ({"kinds": []}, "$.kinds"),
        ({"url": 7}, "$.url"),
        ({"secret": "whsec_AAAA"}, "$"),
    ],
)
async def test_what_cannot_be_meant_is_named(told: Told, body: dict[str, Any], where: str) -> None:
    answer = await told.add(**body)
    assert (answer.status_code, answer.json()["code"], answer.json().get("where", "$")) == (400, "malformed", where)
    assert (await told.stand.get("/webhooks")).json() == {"webhooks": []}


async def test_a_test_tells_how_it_went(told: Told) -> None:
    name = (await told.add()).json()["webhook"]["id"]
    path = f"/webhooks/{name}/test"
    assert (await told.stand.post(path)).json() == {"delivered": True, "status": 200, "detail": "It answered 200."}
    told.inbox.status = 500
    assert (await told.stand.post(path)).json() == {"delivered": False, "status": 500, "detail": "It answered 500."}


async def test_a_secret_is_changed_and_told_once(told: Told) -> None:
    added = (await told.add()).json()
    changed = (await told.stand.post(f"/webhooks/{added['webhook']['id']}/secret")).json()
    assert changed["id"] == added["webhook"]["id"]
    assert changed["secret"] != added["secret"]


async def test_a_removed_webhook_is_gone(told: Told) -> None:
    name = (await told.add()).json()["webhook"]["id"]
    removed = await told.stand.send("DELETE", f"/webhooks/{name}")
    assert (removed.status_code, removed.json()) == (200, {"removed": name})
    assert (await told.stand.send("DELETE", f"/webhooks/{name}")).status_code == 404


@pytest.mark.parametrize(("method", "rest"), [("DELETE", ""), ("POST", "/test"), ("POST", "/secret")])
async def test_another_accounts_webhook_is_as_if_it_did_not_exist(told: Told, method: str, rest: str) -> None:
    name = (await told.add("bob")).json()["webhook"]["id"]
    theirs = await told.stand.send(method, f"/webhooks/{name}{rest}")
    nobodys = await told.stand.send(method, f"/webhooks/webhook_0-9-9{rest}")
    assert (theirs.status_code, theirs.content) == (404, nobodys.content)
    assert (await told.stand.get("/webhooks")).json() == {"webhooks": []}
    assert told.inbox.received == []


async def test_a_ledger_in_memory_has_no_webhooks_and_says_so(clock: FakeClock) -> None:
    async with standing("memory:", clock) as stand:
        answer = await stand.get("/webhooks")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
