"""Webhooks against real receivers on this machine: they verify what they get, answer badly, hang; senders are killed."""

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.support.clock import FakeClock
from tests.support.receivers import Received, Receiver

from reelbot.allowance import ROOMS, AccountRef, Ledger, load_terms, store_on
from reelbot.clock import HOUR, SECOND, system_clock
from reelbot.db import migrate, open_database
from reelbot.errors import Malformed
from reelbot.events import Events
from reelbot.webhooks import ROOM, Client, Webhooks
from reelbot.webhooks.core.messages import ALLOWANCE_KINDS, TURN_GRACE_MS
from reelbot.webhooks.delivery import LEASE_MS

LOW, EXHAUSTED, RESET = ALLOWANCE_KINDS

GUIDE = Path(__file__).parents[2] / "docs" / "webhooks.md"

ATTEMPT_SECONDS = 20.0
"""Long enough for a machine that is busy with something else; tests of receivers that hang take less."""

Verify = Callable[[str, Mapping[str, str], bytes, float], bool]


@pytest.fixture(scope="session")
def is_genuine() -> Verify:
    """The example of the guide, as it stands there."""
    (example,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(example, str(GUIDE), "exec"), names)
    verify: Verify = names["is_genuine"]  # type: ignore[assignment]
    return verify


class Site(NamedTuple):
    """A ledger and its webhooks on one database."""

    ledger: Ledger
    webhooks: Webhooks
    clock: FakeClock
    ada: AccountRef

    async def use(self, amount: int) -> None:
        key = f"use {await self.ledger.events.last(*self.ada[:2])}"
        await self.ledger.settle(await self.ledger.hold(self.ada, {"ai_credits": amount}, key=key))


@asynccontextmanager
async def opened(url: str, clock: FakeClock, attempt_seconds: float = ATTEMPT_SECONDS) -> AsyncIterator[Site]:
    database = await open_database(url)
    await migrate(database, [*ROOMS, ROOM], clock)
    events = Events(database)
    await events.start()
    ledger = Ledger(store_on(database, events), events, load_terms(), clock, sweep_seconds=None)
    await ledger.start()
    webhooks = Webhooks(database, ledger, clock, Client(loopback=True, attempt_seconds=attempt_seconds))
    yield Site(ledger, webhooks, clock, await ledger.account("ada", plan="pro"))
    await webhooks.stop()
    await ledger.stop()
    await events.stop()
    await database.close()


@pytest.fixture
async def site(sqlite_url: str, clock: FakeClock) -> AsyncIterator[Site]:
    async with opened(sqlite_url, clock) as found:
        yield found


@pytest.fixture
async def hasty_site(sqlite_url: str, clock: FakeClock) -> AsyncIterator[Site]:
    """One that waits for an answer only a moment."""
    async with opened(sqlite_url, clock, attempt_seconds=0.3) as found:
        yield found


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().open() as listening:
        yield listening


# what the guide promises


async def test_a_receiver_that_follows_the_guide_accepts_every_message_and_no_forgery(
    site: Site, receiver: Receiver, is_genuine: Verify
) -> None:
    secret = (await site.webhooks.add(site.ada, receiver.url, ALLOWANCE_KINDS)).secret
    await site.use(800)
    await site.use(200)
    site.clock.advance(12 * HOUR + TURN_GRACE_MS)
    assert await site.webhooks.deliver_due() == 3
    assert [one.kind for one in receiver.received] == [LOW, EXHAUSTED, RESET]
    now = site.clock() / SECOND
    for one in receiver.received:
        assert is_genuine(secret, one.headers, one.body, now)
        assert not is_genuine(secret, one.headers, one.body + b" ", now)
        assert not is_genuine(secret, {**one.headers, "webhook-id": "msg_other"}, one.body, now)
        assert not is_genuine(secret, {**one.headers, "webhook-timestamp": str(int(now) + 1)}, one.body, now)
        assert not is_genuine(secret, {**one.headers, "webhook-timestamp": "now"}, one.body, now)
        assert not is_genuine("whsec_AAAA", one.headers, one.body, now)
        assert not is_genuine(secret, one.headers, one.body, now + 301)
        assert not is_genuine(secret, {}, one.body, now)


async def test_receivers_with_either_secret_accept_messages_after_a_rotation(
    site: Site, receiver: Receiver, is_genuine: Verify
) -> None:
    added = await site.webhooks.add(site.ada, receiver.url, [LOW])
    renewed = await site.webhooks.rotate(site.ada, added.webhook.id)
    assert renewed is not None
    await site.use(800)
    await site.webhooks.deliver_due()
    (one,) = receiver.received
    assert all(is_genuine(key, one.headers, one.body, site.clock() / SECOND) for key in (added.secret, renewed))


def test_the_guide_shows_a_body_as_it_is_sent() -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    told = Received({}, shown.encode()).document
    assert (told["type"], told["data"]["state"]) == (LOW, "low")
    assert set(told) == {"type", "timestamp", "account", "data"}


# receivers that answer badly


async def failure_of(site: Site, receiver: Receiver) -> str:
    """How one attempt to deliver ends, told as its owner sees it."""
    await site.webhooks.add(site.ada, receiver.url, [LOW])
    await site.use(800)
    assert await site.webhooks.deliver_due() == 1
    (webhook,) = await site.webhooks.of(site.ada)
    return webhook.failure or "delivered"


async def test_an_error_is_a_failure_and_says_its_status(site: Site, receiver: Receiver) -> None:
    receiver.answer_with(500)
    assert await failure_of(site, receiver) == "It answered 500."


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_wherever_it_leads(site: Site, receiver: Receiver, status: int) -> None:
    async with Receiver().open() as inside:
        receiver.answer_with(status, f"location: {inside.url}")
        assert await failure_of(site, receiver) == f"It answered {status}; redirects are not followed."
        assert inside.received == []


async def test_a_receiver_that_hangs_is_a_failure(hasty_site: Site, receiver: Receiver) -> None:
    receiver.hang()
    assert await failure_of(hasty_site, receiver) == "It did not answer within 0.3 seconds."


async def test_a_receiver_that_is_away_is_a_failure(site: Site) -> None:
    async with Receiver().open() as gone:
        pass
    assert (await failure_of(site, gone)).startswith("It could not be reached: ")


ENDLESS = b"HTTP/1.1 200 So\r\n" + b"x: y\r\n" * 100_000


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 two hundred\r\n\r\n", ENDLESS, b"\0" * 9]
)
async def test_what_is_no_answer_is_a_failure(site: Site, receiver: Receiver, answer: bytes) -> None:
    receiver.answer = answer
    assert (await failure_of(site, receiver)).startswith("It could not be reached: ")


@pytest.mark.parametrize(
    "fields", [("content-length: 999999999999",), ("content-encoding: gzip",), ("set-cookie: a=b",)]
)
async def test_of_an_answer_only_the_status_is_read(site: Site, receiver: Receiver, fields: tuple[str, ...]) -> None:
    lines = ("HTTP/1.1 200 So", *fields, "", "\x1f\x8b an archive that isn't one")
    receiver.answer = "\r\n".join(lines).encode()
    assert await failure_of(site, receiver) == "delivered"
    await site.use(200)
    assert "cookie" not in receiver.received[0].headers


async def test_without_the_flag_for_development_this_machine_is_not_reached(site: Site, receiver: Receiver) -> None:
    async with aclosing(Client()) as client:
        for url in (receiver.url, receiver.url.replace("http:", "https:")):
            with pytest.raises(Malformed):
                await client.check(url)
            assert (await client.send(url, {}, b"")).detail == "Its address cannot be used."
    assert receiver.received == []


async def test_receivers_that_hang_do_not_delay_the_others(site: Site, receiver: Receiver) -> None:
    async with Receiver().open() as hanging:
        hanging.hang()
        for _ in range(5):
            await site.webhooks.add(site.ada, hanging.url, [LOW])
        await site.webhooks.add(site.ada, receiver.url, ["usage"])
        await site.webhooks.start()
        await site.use(800)
        await hanging.until(5)
        await site.use(1)
        await receiver.until(4)
        assert [one.kind for one in receiver.received] == ["usage"] * 4
        delivered = {one.url for one in await site.webhooks.of(site.ada) if one.delivered_at is not None}
        assert delivered <= {receiver.url}


# senders that are killed

WORKER = """
import asyncio, sys
from reelbot.allowance import Ledger, load_terms, store_on
from reelbot.clock import system_clock
from reelbot.db import open_database
from reelbot.events import Events
from reelbot.webhooks import Client, Webhooks

def clock():
    return system_clock() + int(sys.argv[2])

async def work():
    database = await open_database(sys.argv[1])
    events = Events(database)
    await events.start()
    ledger = Ledger(store_on(database, events), events, load_terms(), clock, sweep_seconds=None)
    await ledger.start()
    webhooks = Webhooks(database, ledger, clock, Client(loopback=True))
    await webhooks.start()
    await asyncio.Event().wait()

asyncio.run(work())
"""
"""A process that delivers until it is killed."""


@asynccontextmanager
async def killed_in_the_end(url: str, ahead_ms: int = 0) -> AsyncIterator[None]:
    """A worker of its own process, its clock so far ahead, killed without warning when the block ends."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, url, str(ahead_ms))
    try:
        yield
    finally:
        assert process.returncode is None, "the worker ended by itself"
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def test_a_message_on_its_way_when_its_sender_is_killed_comes_again_under_the_same_id(
    database_url: str, receiver: Receiver, is_genuine: Verify
) -> None:
    async with opened(database_url, FakeClock(system_clock())) as site:
        secret = (await site.webhooks.add(site.ada, receiver.url, [LOW])).secret
        await site.use(800)
        receiver.hang()
        async with killed_in_the_end(database_url):
            await receiver.until(1)
        receiver.answer_with(200)
        assert await site.webhooks.deliver_due() == 0
        site.clock.set(system_clock() + LEASE_MS)
        assert await site.webhooks.deliver_due() == 1
        first, second = receiver.received
        assert (first.id, first.body) == (second.id, second.body)
        for one in (first, second):
            assert is_genuine(secret, one.headers, one.body, int(one.headers["webhook-timestamp"]))


async def test_whenever_senders_are_killed_no_message_is_lost_and_none_overtakes_another(
    database_url: str, receiver: Receiver
) -> None:
    async with opened(database_url, FakeClock(system_clock())) as site:
        await site.webhooks.add(site.ada, receiver.url, ["usage"])
        for _ in range(30):
            await site.use(1)
        for kill in range(2):
            async with killed_in_the_end(database_url, ahead_ms=kill * LEASE_MS):
                await receiver.until(len(receiver.received) + 7)
        site.clock.set(system_clock() + 2 * LEASE_MS)
        await site.webhooks.deliver_due()
    numbers = [int(one.id.rpartition("-")[2]) for one in receiver.received]
    assert sorted(set(numbers)) == list(range(1, 61))
    assert numbers == sorted(numbers)
    assert len(numbers) <= 62
