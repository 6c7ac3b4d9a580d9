"""The example that sets plans from Stripe's webhook: signed events of the documented shape, against a whole ReelBot.

The events are signed by the library's own scheme. Its check of their age reads the machine's clock, so they are signed now.
"""

import itertools
import json
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe
from examples.stripe_plans import Settings, application
from tests.support.clock import FakeClock
from tests.support.sites import SITE_URL, Stand, join, standing
from tests.web.pages.visitors import make_operator

SECRET = "whsec_only_for_tests"
PRICES = {"price_starter": "starter", "price_pro": "pro"}
EVENTS = itertools.count(1)
NOON = 1_772_366_400


class Shop:
    """Stripe's side of the example, with an account `bob` that buys."""

    def __init__(self, stand: Stand, http: httpx.AsyncClient, reelbot: httpx.AsyncClient) -> None:
        self.stand = stand
        self.http = http
        self.reelbot = reelbot
        account = stand.accounts["bob"]
        self.account = f"{account.lane}-{account.id}"

    async def post(self, event: dict[str, Any], secret: str = SECRET, age_seconds: int = 0) -> int:
        """Send an event as Stripe does; the status that it is answered with."""
        body = json.dumps(event)
        signed = stripe.WebhookSignature.generate_signature_header(body, secret, int(time.time()) - age_seconds)
        answer = await self.http.post("/stripe", content=body.encode(), headers={"Stripe-Signature": signed})
        return answer.status_code

    async def plan(self, name: str = "bob") -> str:
        return (await self.stand.ledger.usage(self.stand.accounts[name])).plan

    async def moves(self) -> int:
        """How many entries of the ledger tell of a plan."""
        return len((await self.stand.get("/entries?kind=plan", "bob")).json()["entries"])

    def checkout(
        self, price: str = "price_pro", at: int = NOON, subscription: str | None = "sub_1", **more: Any
    ) -> dict[str, Any]:
        about = {
            "id": "cs_test_1", "object": "checkout.session", "mode": "subscription", "payment_status": "paid",
            "status": "complete", "client_reference_id": self.account, "customer": "cus_1", "created": at,
            "subscription": subscription, "metadata": {"price": price}, "livemode": False,
        }  # fmt: skip
        return event_of("checkout.session.completed", about | more, at)

    def changed(
        self,
        kind: str = "updated",
        price: str = "price_pro",
        at: int = NOON,
        status: str = "active",
        subscription: str = "sub_1",
        began: int = NOON,
        account: str | None = None,
    ) -> dict[str, Any]:
        item = {"id": "si_1", "object": "subscription_item", "price": {"id": price, "object": "price"}, "quantity": 1}
        about = {
            "id": subscription, "object": "subscription", "customer": "cus_1", "status": status, "created": began,
            "items": {"object": "list", "data": [item], "has_more": False}, "cancel_at_period_end": False,
            "metadata": {} if account is None else {"account": account}, "livemode": False,
        }  # fmt: skip
        return event_of(f"customer.subscription.{kind}", about, at)


def event_of(kind: str, about: dict[str, Any], at: int) -> dict[str, Any]:
    return {
        "id": f"evt_{next(EVENTS)}", "object": "event", "api_version": "2026-01-28", "created": at, "type": kind,
        "data": {"object": about}, "livemode": False, "pending_webhooks": 1, "request": {"id": None},
    }  # fmt: skip


@pytest.fixture
async def shop(sqlite_url: str, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Shop]:
    async with standing(sqlite_url, clock) as stand:
        await join(stand, "olga", "pro")
        await make_operator(stand, "olga")
        reelbot = httpx.AsyncClient(
            transport=httpx.ASGITransport(stand.app), base_url=SITE_URL, headers=stand.caller("olga")
        )
        settings = Settings(SECRET, PRICES, state=str(tmp_path / "stripe.db"))
        example = application(settings, reelbot)
        async with reelbot, httpx.AsyncClient(transport=httpx.ASGITransport(example), base_url="http://shop") as http:
            yield Shop(stand, http, reelbot)


async def test_a_checkout_an_update_and_a_deletion_set_the_plan(shop: Shop) -> None:
    assert await shop.post(shop.checkout("price_starter")) == 200
    assert await shop.plan() == "starter"
    update = shop.changed(price="price_pro", at=NOON + 60)
    assert await shop.post(update) == 200
    assert await shop.plan() == "pro"
    assert await shop.post(shop.changed("deleted", at=NOON + 120, status="canceled")) == 200
    assert await shop.plan() == "free"
    whys = [one["why"] for one in (await shop.stand.get("/entries?kind=plan", "bob")).json()["entries"]]
    assert any(f"Stripe {update['id']}" in why for why in whys)


@pytest.mark.parametrize("event", ["wrong secret", "old", "unsigned", "changed", "not json", "not utf-8"])
async def test_what_stripe_did_not_sign_lately_changes_nothing(shop: Shop, event: str) -> None:
    match event:
        case "wrong secret":
            assert await shop.post(shop.checkout(), secret="whsec_of_somebody_else") == 400
        case "old":
            assert await shop.post(shop.checkout(), age_seconds=301) == 400
        case "unsigned":
            assert (await shop.http.post("/stripe", json=shop.checkout())).status_code == 400
        case "changed":
            signed = stripe.WebhookSignature.generate_signature_header(
                json.dumps(shop.checkout("price_starter")), SECRET
            )
            answer = await shop.http.post("/stripe", json=shop.checkout(), headers={"Stripe-Signature": signed})
            assert answer.status_code == 400
        case "not json":
            signed = stripe.WebhookSignature.generate_signature_header("{", SECRET)
            answer = await shop.http.post("/stripe", content=b"{", headers={"Stripe-Signature": signed})
            assert answer.status_code == 400
        case _:
            answer = await shop.http.post("/stripe", content=b"\xff", headers={"Stripe-Signature": "t=1,v1=aa"})
            assert answer.status_code == 400
    assert (await shop.plan(), await shop.moves()) == ("free", 0)


async def test_an_endless_body_is_not_read_to_its_end(shop: Shop) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * 600_000
        raise AssertionError("nobody reads so far")

    assert (await shop.http.post("/stripe", content=parts())).status_code == 413


async def test_an_event_that_comes_again_changes_nothing(shop: Shop) -> None:
    bought, raised = shop.checkout("price_starter"), shop.changed(price="price_pro", at=NOON + 1)
    for event in (bought, raised, bought, raised, bought):
        assert await shop.post(event) == 200
    assert (await shop.plan(), await shop.moves()) == ("pro", 2)


async def test_in_whatever_order_events_come_the_last_said_counts(shop: Shop) -> None:
    """Every order of one subscription's life ends where the life ends."""
    for number, order in enumerate(random.Random(7).sample(list(itertools.permutations(range(4))), 8)):
        subscription, began = f"sub_{number}", NOON + 1_000 * number
        events = [
            shop.changed("created", "price_starter", began, "incomplete", subscription, began),
            shop.checkout("price_starter", began + 1, subscription, created=began),
            shop.changed("updated", "price_pro", began + 2, "active", subscription, began),
            shop.changed("deleted", "price_pro", began + 3, "canceled", subscription, began),
        ]
        for index in order:
            assert await shop.post(events[index]) == 200
        assert await shop.plan() == "free", order


async def test_of_one_second_the_creation_never_undoes_the_payment(shop: Shop) -> None:
    await shop.post(shop.changed("updated", "price_pro", NOON, "active", account=shop.account))
    await shop.post(shop.changed("created", "price_pro", NOON, "incomplete", account=shop.account))
    assert await shop.plan() == "pro"


async def test_an_old_subscription_that_ends_leaves_the_new_one_alone(shop: Shop) -> None:
    await shop.post(shop.checkout("price_starter", subscription="sub_old"))
    await shop.post(shop.checkout("price_pro", NOON + 9, "sub_new"))
    await shop.post(shop.changed("deleted", "price_starter", NOON + 20, "canceled", "sub_old"))
    assert await shop.plan() == "pro"
    await shop.post(shop.changed("deleted", "price_pro", NOON + 30, "canceled", "sub_new", NOON + 9))
    assert await shop.plan() == "free"


@pytest.mark.parametrize(
    ("status", "plan"), [("past_due", "pro"), ("unpaid", "free"), ("paused", "free"), ("trialing", "pro")]
)
async def test_who_does_not_pay_any_more_falls_back_and_who_is_asked_again_does_not(
    shop: Shop, status: str, plan: str
) -> None:
    await shop.post(shop.checkout())
    assert await shop.post(shop.changed(at=NOON + 5, status=status)) == 200
    assert await shop.plan() == plan


async def test_an_unknown_price_is_refused_until_it_is_known(shop: Shop) -> None:
    for event in (shop.checkout("price_of_somebody_else"), shop.changed(price="price_x", account=shop.account)):
        assert await shop.post(event) == 422
    assert (await shop.plan(), await shop.moves()) == ("free", 0)


async def test_a_checkout_that_is_not_paid_or_no_subscription_changes_nothing(shop: Shop) -> None:
    assert await shop.post(shop.checkout(payment_status="unpaid")) == 200
    assert await shop.post(shop.checkout(mode="payment", subscription=None)) == 200
    assert await shop.post(event_of("invoice.paid", {"id": "in_1"}, NOON)) == 200
    assert await shop.plan() == "free"


@pytest.mark.parametrize("account", ["0-999", "../../holds", "", "bob"])
async def test_an_account_that_there_is_not_is_refused(shop: Shop, account: str) -> None:
    assert await shop.post(shop.checkout(client_reference_id=account)) == 422
    assert await shop.plan() == "free"


async def test_when_reelbot_is_away_the_event_is_carried_out_when_it_comes_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = shop.checkout()

    async def away(*_: Any, **__: Any) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with monkeypatch.context() as broken:
        broken.setattr(shop.reelbot, "post", away)
        assert await shop.post(event) == 503
    assert await shop.plan() == "free"
    assert await shop.post(event) == 200
    assert await shop.plan() == "pro"


async def test_a_key_that_is_no_operators_sets_no_plan(shop: Shop) -> None:
    shop.reelbot.headers.update(shop.stand.caller("bob"))
    assert await shop.post(shop.checkout()) == 422
    assert await shop.plan() == "free"
