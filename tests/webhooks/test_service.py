"""Every promise of `Webhooks`, on SQLite and on PostgreSQL, with an inbox in the place of the network."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import httpx
import pytest
from tests.support.clock import FakeClock
from tests.support.ledgers import refusal
from tests.support.receivers import Inbox, Received

from reelbot.allowance import ROOMS, AccountRef, Ledger, Line, Status, load_terms, store_on
from reelbot.clock import DAY, HOUR, MINUTE, SECOND, instant_from
from reelbot.db import PostgresDatabase, SqliteDatabase, migrate, open_database
from reelbot.errors import DatabaseFailure, Malformed, ShareUsedUp
from reelbot.events import Events
from reelbot.webhooks import ROOM, Added, Client, Webhook, Webhooks
from reelbot.webhooks import relay as gathering_module
from reelbot.webhooks.core.messages import ALLOWANCE_KINDS, TURN_GRACE_MS
from reelbot.webhooks.core.retries import WAITS_MS
from reelbot.webhooks.core.signature import signature
from reelbot.webhooks.delivery import LEASE_MS
from reelbot.webhooks.service import OLD_SECRET_MS, TESTS_OF_ONE_MAX, WEBHOOKS_MAX
from reelbot.webhooks.store import WebhookStore
from reelbot.webhooks.worker import SCAN_MS

LOW, EXHAUSTED, RESET = ALLOWANCE_KINDS
URL = "https://receiver.test/hooks"
MIDNIGHT = instant_from("2026-03-02T00:00:00Z")

AnyDatabase = SqliteDatabase | PostgresDatabase


async def somewhere(host: str, port: int) -> list[str]:
    return ["93.184.216.34"]


class World(NamedTuple):
    """A ledger with two accounts on Free, and webhooks whose messages end in an inbox."""

    database: AnyDatabase
    ledger: Ledger
    clock: FakeClock
    inbox: Inbox
    webhooks: Webhooks
    ada: AccountRef
    bob: AccountRef

    async def use(self, amount: int, account: AccountRef | None = None, meter: str = "ai_credits") -> None:
        """Use so much, in one hold that is settled."""
        key = f"use {await self.ledger.events.last(*(account or self.ada)[:2])}"
        await self.ledger.settle(await self.ledger.hold(account or self.ada, {meter: amount}, key=key))

    async def add(self, *kinds: str) -> Added:
        return await self.webhooks.add(self.ada, URL, kinds or ALLOWANCE_KINDS)

    async def shown(self) -> Webhook:
        (webhook,) = await self.webhooks.of(self.ada)
        return webhook

    async def delivered(self) -> list[Received]:
        """What arrives when everything that is due now is delivered."""
        before = len(self.inbox.received)
        await self.webhooks.deliver_due()
        return self.inbox.received[before:]

    async def kinds(self) -> list[str]:
        return [one.kind for one in await self.delivered()]

    async def beside(self, transport: httpx.AsyncBaseTransport) -> Webhooks:
        """The webhooks as another process would have them."""
        return Webhooks(self.database, self.ledger, self.clock, Client(resolve=somewhere, transport=transport))


@pytest.fixture
async def world(emptied_url: str, clock: FakeClock) -> AsyncIterator[World]:
    database = await open_database(emptied_url)
    await migrate(database, [*ROOMS, ROOM], clock)
    async with opened(database, clock) as found:
        yield found
    await database.close()


@asynccontextmanager
async def opened(database: AnyDatabase, clock: FakeClock) -> AsyncIterator[World]:
    events, inbox = Events(database), Inbox()
    await events.start()
    ledger = Ledger(store_on(database, events), events, load_terms(), clock, sweep_seconds=None)
    await ledger.start()
    ada, bob = await ledger.account("ada"), await ledger.account("bob")
    webhooks = Webhooks(database, ledger, clock, Client(resolve=somewhere, transport=inbox))
    yield World(database, ledger, clock, inbox, webhooks, ada, bob)
    await webhooks.stop()
    await ledger.stop()
    await events.stop()


# what is told


async def test_crossing_a_line_is_told_with_the_figures_that_crossed_it(world: World) -> None:
    await world.add()
    await world.use(48)
    (message,) = await world.delivered()
    told = message.document
    assert (told["type"], told["account"], told["timestamp"]) == (LOW, "ada", "2026-03-01T12:00:00Z")
    assert told["data"] == {
        "meter": "ai_credits",
        "window": {"kind": "day", "starts_at": "2026-03-01T00:00:00Z", "ends_at": "2026-03-02T00:00:00Z"},
        "limit": 60,
        "used": 0,
        "held": 48,
        "remaining": 12,
        "state": "low",
    }


async def test_messages_are_signed_as_the_standard_says(world: World) -> None:
    secret = (await world.add()).secret
    await world.use(48)
    (message,) = await world.delivered()
    second = world.clock() // SECOND
    assert message.headers["webhook-timestamp"] == str(second)
    assert message.headers["webhook-signature"] == signature(secret, message.id, second, message.body)
    assert message.headers["content-type"] == "application/json"


async def test_nothing_is_told_twice(world: World) -> None:
    await world.add()
    await world.use(60)
    assert await world.kinds() == [EXHAUSTED]
    assert await world.kinds() == []
    world.clock.advance(LEASE_MS + HOUR)
    assert await world.kinds() == []


async def test_messages_come_in_the_order_in_which_things_happened(world: World) -> None:
    await world.add()
    await world.use(50)
    await world.use(10)
    await world.ledger.grant(world.ada, "ai_credits", 40, key="g", why="a gift")
    await world.use(30)
    messages = await world.delivered()
    assert [message.kind for message in messages] == [LOW, EXHAUSTED, LOW]
    assert [message.id.rpartition("-")[2] for message in messages] == ["1", "2", "3"]


async def test_a_window_that_turns_by_the_clock_alone_is_told_as_a_reset(world: World) -> None:
    await world.add()
    await world.use(1)
    assert await world.kinds() == []
    world.clock.set(MIDNIGHT + TURN_GRACE_MS - 1)
    assert await world.kinds() == []
    world.clock.advance(1)
    (message,) = await world.delivered()
    assert (message.kind, message.document["timestamp"]) == (RESET, "2026-03-02T00:00:00Z")
    assert message.document["data"]["remaining"] == 60
    world.clock.advance(DAY)
    assert await world.kinds() == []


async def test_a_reset_comes_before_what_is_told_of_the_new_window(world: World) -> None:
    await world.add()
    await world.use(60)
    world.clock.set(MIDNIGHT + HOUR)
    await world.use(60)
    assert await world.kinds() == [EXHAUSTED, RESET, EXHAUSTED]


async def test_a_change_of_zone_moves_the_reset(world: World) -> None:
    await world.add()
    await world.use(1)
    await world.ledger.change_zone(world.ada, "America/New_York", key="z")
    world.clock.set(MIDNIGHT + HOUR)
    assert await world.kinds() == []
    world.clock.set(MIDNIGHT + 5 * HOUR + TURN_GRACE_MS)
    assert await world.kinds() == [RESET]


async def test_a_window_that_ends_with_a_change_of_zone_is_told_as_reset_then(world: World) -> None:
    await world.add()
    await world.use(1)
    await world.ledger.change_zone(world.ada, "America/New_York", key="z")
    world.clock.set(MIDNIGHT + HOUR)
    await world.ledger.change_zone(world.ada, "UTC", key="back")
    world.clock.advance(TURN_GRACE_MS)
    (message,) = await world.delivered()
    assert (message.kind, message.document["timestamp"]) == (RESET, "2026-03-02T01:00:00Z")


async def test_what_was_used_before_a_webhook_was_added_is_not_told_but_its_reset_is(world: World) -> None:
    await world.use(50)
    await world.add()
    await world.use(1)
    assert await world.kinds() == []
    world.clock.set(MIDNIGHT + TURN_GRACE_MS)
    assert await world.kinds() == [RESET]


async def test_only_the_kinds_that_were_asked_for_are_told(world: World) -> None:
    await world.add(EXHAUSTED)
    await world.use(48)
    await world.use(12)
    world.clock.set(MIDNIGHT + HOUR)
    assert await world.kinds() == [EXHAUSTED]


async def test_any_stored_event_can_be_told_as_it_stands(world: World) -> None:
    await world.add("usage")
    await world.use(5)
    messages = await world.delivered()
    events = await world.ledger.events.read(*world.ada[:2], 0, 500)
    assert [message.kind for message in messages] == ["usage", "usage"]
    assert [message.body.partition(b'"data":')[2][:-1] for message in messages] == [event.body for event in events[-2:]]


async def test_each_webhook_of_an_account_is_told_and_no_other_accounts(world: World) -> None:
    await world.add()
    await world.add()
    await world.webhooks.add(world.bob, URL, ALLOWANCE_KINDS)
    await world.use(60)
    messages = await world.delivered()
    assert [message.document["account"] for message in messages] == ["ada", "ada"]
    assert len({message.id for message in messages}) == 2


async def test_more_events_than_a_page_are_told_once_each(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering_module, "PAGE_MAX", 3)
    await world.add("usage", RESET)
    for _ in range(4):
        await world.use(1)
    world.clock.set(MIDNIGHT + TURN_GRACE_MS)
    assert await world.kinds() == ["usage"] * 8 + [RESET]


async def test_a_receiver_that_stays_behind_leaves_messages_in_the_stream(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering_module, "PENDING_MAX", 3)
    monkeypatch.setattr(gathering_module, "PAGE_MAX", 2)
    await world.add("usage")
    for _ in range(5):
        await world.use(1)
    world.inbox.status = 500
    await world.webhooks.deliver_due()
    assert (await world.shown()).pending == 4
    world.inbox.status = 200
    world.clock.advance(MINUTE)
    assert await world.kinds() == ["usage"] * 10


# webhooks


async def test_an_added_webhook_is_listed_without_its_secret(world: World) -> None:
    added = await world.add(LOW, LOW)
    assert added.secret.startswith("whsec_")
    assert not added.replayed
    assert await world.webhooks.of(world.ada) == [added.webhook]
    assert (added.webhook.url, added.webhook.kinds, added.webhook.pending) == (URL, (LOW,), 0)
    assert added.secret not in repr(added.webhook)


async def test_the_same_key_adds_a_webhook_once(world: World) -> None:
    first = await world.webhooks.add(world.ada, URL, [LOW], key="k")
    assert await world.webhooks.add(world.ada, URL, [LOW], key="k") == first._replace(replayed=True)
    assert len(await world.webhooks.of(world.ada)) == 1


async def test_the_same_key_added_at_once_adds_a_webhook_once(world: World) -> None:
    added = await asyncio.gather(*(world.webhooks.add(world.ada, URL, [LOW], key="k") for _ in range(5)))
    assert sorted(one.replayed for one in added) == [False, True, True, True, True]
    assert len({one.webhook.id for one in added}) == 1


async def test_the_same_key_for_another_webhook_is_refused(world: World) -> None:
    await world.webhooks.add(world.ada, URL, [LOW], key="k")
    refused = await refusal(world.webhooks.add(world.ada, URL, [RESET], key="k"))
    assert refused.status is Status.KEY_REUSED
    await world.webhooks.add(world.bob, URL, [RESET], key="k")


async def test_an_account_has_so_many_webhooks_at_most_however_many_are_added_at_once(world: World) -> None:
    attempts = [world.add(LOW) for _ in range(WEBHOOKS_MAX + 3)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(one, Malformed) for one in outcomes) == 3
    assert len(await world.webhooks.of(world.ada)) == WEBHOOKS_MAX


@pytest.mark.parametrize("kinds", [[], ["allowance.lo"], ["webhook.test"], [LOW, ""]])
async def test_a_kind_that_there_is_not_is_named(world: World, kinds: list[str]) -> None:
    with pytest.raises(Malformed, match=r"allowance\.low, allowance\.exhausted, allowance\.reset, usage") as malformed:
        await world.webhooks.add(world.ada, URL, kinds)
    assert malformed.value.field == "kinds"


async def test_another_accounts_webhook_is_as_if_it_did_not_exist(world: World) -> None:
    theirs = (await world.webhooks.add(world.bob, URL, ALLOWANCE_KINDS)).webhook.id
    for name in (theirs, "webhook_0-9-9", "", "x" * 1_000):
        assert await world.webhooks.rotate(world.ada, name) is None
        assert await world.webhooks.test(world.ada, name) is None
        assert not await world.webhooks.remove(world.ada, name)
    assert len(await world.webhooks.of(world.bob)) == 1
    assert world.inbox.received == []


async def test_a_removed_webhook_is_told_no_more_not_even_what_was_pending(world: World) -> None:
    webhook = (await world.add()).webhook
    world.inbox.status = 500
    await world.use(60)
    assert await world.kinds() == [EXHAUSTED]
    assert await world.webhooks.remove(world.ada, webhook.id)
    assert not await world.webhooks.remove(world.ada, webhook.id)
    world.clock.advance(DAY)
    assert await world.kinds() == []


async def test_after_a_rotation_both_secrets_sign_for_a_day(world: World) -> None:
    added = await world.add("usage")
    renewed = await world.webhooks.rotate(world.ada, added.webhook.id)
    assert renewed is not None
    await world.use(1)
    assert [_signers(one, added.secret, renewed) for one in await world.delivered()] == [{added.secret, renewed}] * 2
    world.clock.advance(OLD_SECRET_MS)
    await world.use(1)
    assert [_signers(one, added.secret, renewed) for one in await world.delivered()] == [{renewed}] * 2


async def test_a_rotation_whose_answer_was_lost_is_made_again_and_receivers_notice_nothing(world: World) -> None:
    added = await world.add("usage")
    lost = await world.webhooks.rotate(world.ada, added.webhook.id)
    renewed = await world.webhooks.rotate(world.ada, added.webhook.id)
    assert lost is not None and renewed is not None
    await world.use(1)
    known = (added.secret, lost, renewed)
    assert [_signers(one, *known) for one in await world.delivered()] == [{added.secret, renewed}] * 2


def _signers(message: Received, *secrets: str) -> set[str]:
    second = int(message.headers["webhook-timestamp"])
    given = message.headers["webhook-signature"].split()
    signed = {secret: signature(secret, message.id, second, message.body) for secret in secrets}
    found = {secret for secret, one in signed.items() if one in given}
    assert len(found) == len(given)
    return found


async def test_a_test_message_is_sent_at_once_and_counts_for_nothing(world: World) -> None:
    webhook = (await world.add(RESET)).webhook
    attempt = await world.webhooks.test(world.ada, webhook.id)
    assert attempt is not None and attempt.is_delivered
    assert world.inbox.kinds == ["webhook.test"]
    world.inbox.status = 503
    attempt = await world.webhooks.test(world.ada, webhook.id)
    assert attempt is not None and (attempt.is_delivered, attempt.status) == (False, 503)
    assert await world.shown() == webhook


async def test_so_many_tests_at_once_and_no_more(world: World) -> None:
    webhook = (await world.add()).webhook
    under_way, answered = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        if slow.sent == TESTS_OF_ONE_MAX:
            under_way.set()
        await answered.wait()

    slow = Interrupted(wait, 200)
    other = await world.beside(slow)
    tests = [asyncio.create_task(other.test(world.ada, webhook.id)) for _ in range(TESTS_OF_ONE_MAX)]
    await under_way.wait()
    with pytest.raises(ShareUsedUp):
        await other.test(world.ada, webhook.id)
    answered.set()
    assert all(one is not None and one.is_delivered for one in await asyncio.gather(*tests))
    await other.stop()


# failing


async def test_a_failed_message_is_tried_again_under_the_same_id_and_with_the_same_body(world: World) -> None:
    await world.add()
    await world.use(60)
    world.inbox.status = 500
    (first,) = await world.delivered()
    assert (await world.shown()).failure == "It answered 500."
    world.inbox.status = 204
    world.clock.advance(WAITS_MS[0] - 1)
    assert await world.delivered() == []
    world.clock.advance(WAITS_MS[0] // 10 + 1)
    (second,) = await world.delivered()
    assert (second.id, second.body) == (first.id, first.body)
    assert second.headers["webhook-timestamp"] > first.headers["webhook-timestamp"]
    shown = await world.shown()
    assert (shown.pending, shown.failure, shown.failed_at, shown.delivered_at) == (0, None, None, world.clock())


async def test_what_comes_behind_a_failed_message_waits_its_turn(world: World) -> None:
    await world.add()
    world.inbox.status = 500
    await world.use(50)
    assert await world.kinds() == [LOW]
    await world.use(10)
    assert await world.kinds() == []
    world.inbox.status = 200
    world.clock.advance(MINUTE)
    assert await world.kinds() == [LOW, EXHAUSTED]


async def test_a_message_that_failed_is_forgiven_by_the_next_that_is_delivered(world: World) -> None:
    await world.add("usage")
    for _ in range(3):
        await world.use(1)
        world.inbox.status = 500
        await world.webhooks.deliver_due()
        world.inbox.status = 200
        world.clock.advance(WAITS_MS[0] * 2)
        assert await world.kinds() == ["usage", "usage"]


async def fail_for_good(world: World) -> None:
    """Let the first message fail until there is no attempt left."""
    world.inbox.status = 500
    for wait_ms in WAITS_MS:
        assert len(await world.delivered()) == 1
        world.clock.advance(wait_ms + wait_ms // 10)
    assert len(await world.delivered()) == 1


async def test_after_ten_failures_over_a_day_the_webhook_is_disabled_and_says_why(world: World) -> None:
    await world.add()
    await world.use(50)
    await world.use(10)
    await fail_for_good(world)
    shown = await world.shown()
    assert (shown.disabled_at, shown.pending) == (world.clock(), 0)
    assert shown.failure == "All of 10 attempts failed. It answered 500."
    assert {one.id for one in world.inbox.received} == {world.inbox.received[0].id}
    world.inbox.status = 200
    world.clock.advance(DAY)
    await world.use(60)
    assert await world.kinds() == []


async def test_a_receiver_that_says_it_is_gone_is_not_asked_again(world: World) -> None:
    await world.add()
    await world.use(60)
    world.inbox.status = 410
    assert await world.kinds() == [EXHAUSTED]
    assert (await world.shown()).failure == "It asks for no more. It answered 410."
    world.clock.advance(DAY)
    assert await world.kinds() == []


async def test_a_test_that_succeeds_enables_a_webhook_again_from_now_on(world: World) -> None:
    webhook = (await world.add()).webhook
    await world.use(50)
    world.inbox.status = 410
    await world.webhooks.deliver_due()
    await world.webhooks.test(world.ada, webhook.id)
    assert (await world.shown()).disabled_at is not None
    world.inbox.status = 200
    await world.webhooks.test(world.ada, webhook.id)
    shown = await world.shown()
    assert (shown.disabled_at, shown.failure, shown.pending) == (None, None, 0)
    await world.use(1)
    assert await world.kinds() == []
    await world.use(9)
    (message,) = await world.delivered()
    assert (message.kind, message.id.rpartition("-")[2]) == (EXHAUSTED, "2")


# several processes


async def test_several_processes_deliver_each_message_once(world: World) -> None:
    await asyncio.gather(*(world.add("usage") for _ in range(WEBHOOKS_MAX)))
    others = [await world.beside(world.inbox) for _ in range(3)]
    for _ in range(4):
        await world.use(1)
        await asyncio.gather(*(each.deliver_due() for each in (world.webhooks, *others)))
    await world.webhooks.deliver_due()
    names = [one.id for one in world.inbox.received]
    assert len(names) == len(set(names)) == 8 * WEBHOOKS_MAX
    for webhook in {name.rpartition("-")[0] for name in names}:
        numbers = [int(name.rpartition("-")[2]) for name in names if name.startswith(f"{webhook}-")]
        assert numbers == [1, 2, 3, 4, 5, 6, 7, 8]
    await asyncio.gather(*(each.stop() for each in others))


class Interrupted(httpx.AsyncBaseTransport):
    """Does something else while a message is on its way, then ends it."""

    def __init__(self, meanwhile: Callable[[], object], status: int | None) -> None:
        self.meanwhile = meanwhile
        self.status = status
        self.sent = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent += 1
        done = self.meanwhile()
        if asyncio.iscoroutine(done):
            await done
        if self.status is None:
            raise asyncio.CancelledError
        return httpx.Response(self.status)


async def test_a_message_whose_sender_died_is_sent_again_when_the_lease_has_ended(world: World) -> None:
    await world.add()
    await world.use(60)
    dying = await world.beside(Interrupted(lambda: None, status=None))
    assert await dying.deliver_due() == 1
    assert await world.kinds() == []
    world.clock.advance(LEASE_MS)
    assert await world.kinds() == [EXHAUSTED]
    await dying.stop()


@pytest.mark.parametrize("status", [200, 500, 410])
async def test_a_sender_that_was_overtaken_notes_nothing(world: World, status: int) -> None:
    await world.add("usage")
    await world.use(1)

    async def be_overtaken() -> None:
        world.clock.advance(LEASE_MS)
        world.inbox.status = 500
        await world.webhooks.deliver_due()

    slow = Interrupted(be_overtaken, status)
    overtaken = await world.beside(slow)
    await overtaken.deliver_due()
    shown = await world.shown()
    assert slow.sent == 1
    assert (shown.pending, shown.failure, shown.disabled_at) == (2, "It answered 500.", None)
    await overtaken.stop()


async def test_a_webhook_that_is_removed_while_a_message_is_on_its_way_leaves_nothing_behind(world: World) -> None:
    webhook = (await world.add("usage")).webhook
    await world.use(1)
    other = await world.beside(Interrupted(lambda: world.webhooks.remove(world.ada, webhook.id), 200))
    assert await other.deliver_due() == 1
    assert await world.webhooks.of(world.ada) == []
    assert await world.database.fetch("SELECT count(*) FROM delivery") == [(0,)]
    await other.stop()


async def test_a_started_worker_hears_of_news_and_of_webhooks_that_other_processes_added(world: World) -> None:
    other = await world.beside(world.inbox)
    await other.start()
    arrived = asyncio.Event()
    world.inbox.arrived = arrived.set
    await world.add()
    world.clock.advance(SCAN_MS)
    await world.ledger.hold(world.ada, [Line("ai_credits", 60)], key="h")
    async with asyncio.timeout(30):
        await arrived.wait()
    await other.stop()
    assert world.inbox.kinds == [EXHAUSTED]


async def test_a_worker_goes_on_after_the_database_was_away(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    other = await world.beside(world.inbox)
    tried = asyncio.Event()

    async def away(store: WebhookStore, now: int) -> None:
        tried.set()
        raise DatabaseFailure("It is away.")

    monkeypatch.setattr(WebhookStore, "turned", away)
    arrived = asyncio.Event()
    world.inbox.arrived = arrived.set
    await world.add()
    await other.start()
    async with asyncio.timeout(30):
        await tried.wait()
        monkeypatch.undo()
        await world.use(60)
        await arrived.wait()
    await other.stop()
    assert world.inbox.kinds == [EXHAUSTED]
