"""The database is full, read-only, locked or away: pages and API say so, nothing is half done, and it heals by itself."""

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest
from tests.support.clock import FakeClock
from tests.support.postgres_server import TestServer
from tests.support.sites import Stand, standing
from tests.web.api.test_drafts import picture
from tests.web.pages.visitors import HTML, OWN_PAGE, Read, Visitor, accounts_of, visiting

from reelbot.db import SqliteDatabase

HOLD = {"lines": [{"meter": "ai_credits", "amount": 1}]}
PATIENCE_SECONDS = 60

Fault = Callable[[Stand], AbstractAsyncContextManager[None]]


def file_of(stand: Stand) -> SqliteDatabase:
    database = stand.site.database
    assert isinstance(database, SqliteDatabase)
    return database


async def pragma(stand: Stand, text: str) -> Any:
    """What the connection that writes is told."""
    return file_of(stand)._writer.execute(f"PRAGMA {text}").fetchall()


@asynccontextmanager
async def a_full_disk(stand: Stand) -> AsyncIterator[None]:
    """What is written goes behind the end of the log, and no file may grow beyond where that is now."""
    log = file_of(stand).path.with_name(f"{file_of(stand).path.name}-wal")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@asynccontextmanager
async def a_file_that_may_only_be_read(stand: Stand) -> AsyncIterator[None]:
    await pragma(stand, "query_only = ON")
    yield
    await pragma(stand, "query_only = OFF")


@asynccontextmanager
async def a_lock_that_another_program_keeps(stand: Stand) -> AsyncIterator[None]:
    file_of(stand).lock_seconds = 0.02
    other = sqlite3.connect(file_of(stand).path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


async def forms(visitor: Visitor, token: str) -> list[httpx.Response]:
    """What somebody does meanwhile on pages."""
    return [
        await visitor.http.post(path, data={**members, "form_token": token}, headers={**HTML, **OWN_PAGE})
        for path, members in (
            ("/studio", {"topic": "Tides", "key": "one"}),
            ("/account/keys", {"label": "laptop"}),
            ("/subscription/plan", {"plan": "pro"}),
        )
    ]


async def calls(stand: Stand) -> list[httpx.Response]:
    """What a program does meanwhile, with keys of its own."""
    return [
        await stand.post("/holds", HOLD, key="held once"),
        await stand.post("/drafts", {"flow": "narrated", "topic": "Tides"}, key="opened once"),
        await stand.send("POST", "/assets", key="uploaded once", files={"file": ("cat.png", picture())}),
        await stand.post("/webhooks", {"url": "https://example.com/", "kinds": ["allowance.low"]}, key="added once"),
    ]


async def healed(again: Callable[[], Any]) -> list[httpx.Response]:
    """Try again as a client would."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            answers: list[httpx.Response] = await again()
            if all(answer.status_code != 503 for answer in answers):
                return answers
            await asyncio.sleep(0.05)


def is_told_on_a_page(answer: httpx.Response) -> bool:
    """Whether an answer is a page of ours that says what is the matter."""
    return answer.status_code == 503 and "The ledger is out of reach" in Read(answer.text).text


def is_told_to_a_program(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.json()["code"]) == (
        503,
        "ledger_unavailable",
    ) and "retry-after" in answer.headers


async def all_is_well(stand: Stand) -> None:
    """Everything was done once, and the ledger is whole."""
    assert await stand.used() == (0, 1)
    assert [one["name"] for one in (await stand.get("/assets")).json()["assets"]] == ["cat.png"]
    assert len((await stand.get("/drafts")).json()["drafts"]) == 2
    assert len((await stand.get("/webhooks")).json()["webhooks"]) == 1
    account = stand.accounts["ada"]
    assert len(await accounts_of(stand).keys(account.lane, account.id)) == 2
    assert (await stand.ledger.verify()).faults == ()
    assert stand.site.studio is not None
    assert list(stand.site.studio.files._desks.iterdir()) == []


@pytest.mark.parametrize(
    "fault",
    [a_full_disk, a_file_that_may_only_be_read, a_lock_that_another_program_keeps],
    ids=lambda one: one.__name__,
)
async def test_while_nothing_can_be_written_pages_are_read_and_say_why_nothing_is_kept(
    stand: Stand, ada: Visitor, fault: Fault
) -> None:
    token = (await ada.read("/account")).hidden("form_token")
    async with fault(stand):
        for answer in await forms(ada, token):
            assert is_told_on_a_page(answer), answer.text
        for answer in await calls(stand):
            assert is_told_to_a_program(answer), answer.text
        for path in ("/", "/studio", "/videos", "/history", "/account", "/subscription"):
            assert (await ada.get(path)).status_code == 200, path
        assert await stand.used() == (0, 0)
    assert [answer.status_code for answer in await healed(lambda: calls(stand))] == [201] * 4
    assert [answer.status_code for answer in await forms(ada, token)] == [303, 200, 303]
    await calls(stand)
    await all_is_well(stand)


async def test_while_postgresql_is_away_pages_and_programs_are_told_and_afterwards_all_goes_on(
    postgres_server: TestServer, postgres_url: str, clock: FakeClock
) -> None:
    async with standing(postgres_url, clock) as stand, visiting(stand) as ada:
        await ada.sign_in()
        token = (await ada.read("/account")).hidden("form_token")
        postgres_server.stop()
        try:
            for answer in (*await forms(ada, token), await ada.get("/"), await ada.get("/history")):
                assert is_told_on_a_page(answer), answer.text
            for answer in (*await calls(stand), await stand.get("/usage"), await stand.get("/drafts")):
                assert is_told_to_a_program(answer), answer.text
            assert (await ada.get("/login")).status_code == 503
            assert (await stand.http.get("/healthz")).status_code == 200
        finally:
            postgres_server.start()
        assert [answer.status_code for answer in await healed(lambda: calls(stand))] == [201] * 4
        assert [answer.status_code for answer in await healed(lambda: forms(ada, token))] == [303, 200, 303]
        await calls(stand)
        await all_is_well(stand)
