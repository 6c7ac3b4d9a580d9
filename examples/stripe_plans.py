"""Sets plans from Stripe's webhook: `uvicorn --factory examples.stripe_plans:main --port 9100`.

Stripe posts to `/stripe`; this program checks the signature with Stripe's own library and sets the plan of the account by
the operators' API of ReelBot, with an operator's key. It keeps what it has seen in a file of its own, so that an event that
comes again, late or out of order changes nothing.

Your shop creates the Checkout session, in the mode `subscription`, and says for whom it is and what is bought:

    client_reference_id="0-17"                        the account's id, as GET /api/v1/operator/accounts lists it
    metadata={"price": "price_…"}                     the price, since Stripe leaves it out of this event
    subscription_data={"metadata": {"account": "0-17"}}

Settings, all from the environment: STRIPE_WEBHOOK_SECRET, REELBOT_URL (https://reelbot.example.com), REELBOT_KEY (an
operator's), STRIPE_PRICES (price_A=starter,price_B=pro), STRIPE_STATE (a file; stripe_plans.db) and LOWEST_PLAN (free).
"""

import asyncio
import json
import logging
import os
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import Any, NamedTuple

import httpx
import stripe
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

TOLERANCE_SECONDS = 300
"""How old a signature may be: what somebody recorded cannot be sent again later."""

BODY_BYTES_MAX = 1_000_000
"""Of an event: a hundred times what Stripe sends."""

STATE = "stripe_plans.db"
"""The file of what was seen, unless another is named."""

PAYING = frozenset({"active", "trialing", "past_due"})
"""States of a subscription that have its plan. While Stripe still tries to collect (past due) nobody loses theirs."""

_PAID = frozenset({"paid", "no_payment_required"})
_ACCOUNT = re.compile(r"[0-9]{1,2}-[0-9]{1,15}")
_RANKS = {
    "customer.subscription.created": 0,
    "checkout.session.completed": 1,
    "customer.subscription.updated": 1,
    "customer.subscription.deleted": 2,
}
"""The events that matter, and which comes first of those of one second: Stripe's instants are no finer."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS subscription (
    id TEXT PRIMARY KEY, account TEXT, plan TEXT, began INTEGER NOT NULL, at INTEGER NOT NULL, rank INTEGER NOT NULL,
    ended INTEGER NOT NULL
);
"""

_log = logging.getLogger("stripe_plans")


class Settings(NamedTuple):
    """What the program is told. `prices` has the plan of each price."""

    secret: str
    prices: Mapping[str, str]
    lowest: str = "free"
    state: str = STATE


class Refused(Exception):
    """An event that cannot be carried out as it is. Stripe shows it as failed, and tries again for days."""


class Change(NamedTuple):
    """What an event says of a subscription: for whom, on which plan (None: none), since when it is, when it was said."""

    subscription: str
    account: str | None
    plan: str | None
    began: int
    at: int
    rank: int
    ended: bool


class Ledger(NamedTuple):
    """ReelBot, as an operator reaches it."""

    http: httpx.AsyncClient

    async def set_plan(self, account: str, plan: str, event: str) -> None:
        """Set a plan, once for one event; `Refused` where there is no such account or plan."""
        body = {"plan": plan, "why": f"Stripe {event}"}
        headers = {"Idempotency-Key": f"stripe {event} {plan}"}
        answer = await self.http.post(f"/api/v1/operator/accounts/{account}/plan", json=body, headers=headers)
        if answer.status_code in (400, 404, 422):
            raise Refused(f"ReelBot refuses {plan} for {account}: {answer.text[:200]}")
        answer.raise_for_status()


def change_in(event: Mapping[str, Any], prices: Mapping[str, str]) -> Change | None:
    """What an event says; None for one that is of no concern. `Refused` for a price that nobody has mapped to a plan."""
    kind, about = event["type"], event["data"]["object"]
    if kind not in _RANKS:
        return None
    said = (event["created"], _RANKS[kind])
    if kind == "checkout.session.completed":
        if about["mode"] != "subscription" or about["payment_status"] not in _PAID:
            return None
        metadata = about.get("metadata") or {}
        bought = _plan_of([metadata.get("price", "")], prices)
        return Change(about["subscription"], about.get("client_reference_id"), bought, about["created"], *said, False)
    account = (about.get("metadata") or {}).get("account")
    is_over = kind == "customer.subscription.deleted"
    is_paid = not is_over and about["status"] in PAYING
    plan = _plan_of([item["price"]["id"] for item in about["items"]["data"]], prices) if is_paid else None
    return Change(about["id"], account, plan, about["created"], *said, is_over)


def _plan_of(bought: list[str], prices: Mapping[str, str]) -> str:
    plans = [prices[price] for price in bought if price in prices]
    if len(plans) != 1:
        raise Refused(f"Of the prices {bought} there must be exactly one in STRIPE_PRICES.")
    return plans[0]


class Shop:
    """The webhook: one event at a time, and none that was carried out is carried out again."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger
        self._one_at_a_time = asyncio.Lock()
        with closing(self._state()) as state:
            state.executescript(_SCHEMA)

    async def receive(self, request: Request) -> PlainTextResponse:
        """Answer Stripe: 2xx once the plan is set or nothing is to be done, anything else to be told again."""
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > BODY_BYTES_MAX:
                return PlainTextResponse("Too large.", 413)
        try:
            signed = request.headers.get("stripe-signature", "")
            stripe.WebhookSignature.verify_header(body.decode(), signed, self._settings.secret, TOLERANCE_SECONDS)
            event = json.loads(body)
        except (stripe.SignatureVerificationError, ValueError):
            return PlainTextResponse("Not signed by Stripe, or not lately.", 400)
        try:
            async with self._one_at_a_time:
                return PlainTextResponse(await self._carry_out(event))
        except Refused as refused:
            _log.error("Event %s is refused: %s", event.get("id"), refused)
            return PlainTextResponse(str(refused), 422)
        except httpx.HTTPError as failure:
            _log.warning("ReelBot cannot be asked, Stripe will send %s again: %r", event.get("id"), failure)
            return PlainTextResponse("ReelBot cannot be reached.", 503)

    async def _carry_out(self, event: Mapping[str, Any]) -> str:
        """Set the plan that follows. What was seen is written down after ReelBot has answered, and not before."""
        with closing(self._state()) as state, state:
            if state.execute("SELECT 1 FROM event WHERE id = ?", (event["id"],)).fetchone():
                return "Known."
            change = change_in(event, self._settings.prices)
            account = None if change is None else _noted(state, change)
            if account is not None:
                await self._ledger.set_plan(account, self._plan_now(state, account), event["id"])
            state.execute("INSERT INTO event VALUES (?)", (event["id"],))
        return "Done."

    def _plan_now(self, state: sqlite3.Connection, account: str) -> str:
        """The plan of the subscription that began last and has one; without any the lowest plan."""
        found = state.execute(
            "SELECT plan FROM subscription WHERE account = ? AND plan IS NOT NULL AND ended = 0 ORDER BY began DESC, id",
            (account,),
        ).fetchone()
        return found[0] if found else self._settings.lowest

    def _state(self) -> sqlite3.Connection:
        return sqlite3.connect(self._settings.state)


def _noted(state: sqlite3.Connection, change: Change) -> str | None:
    """Write down what an event says, unless something newer is known; the account whose plan may be another one now."""
    known = state.execute(
        "SELECT account, plan, at, rank, ended FROM subscription WHERE id = ?", (change.subscription,)
    ).fetchone()
    account, plan, at, rank, ended = known or (None, None, -1, -1, 0)
    is_news = not ended and (change.at, change.rank) >= (at, rank)
    named = account or change.account
    if named is not None and not _ACCOUNT.fullmatch(named):
        raise Refused(f"{named!r} is not the id of an account.")
    if not is_news and account is not None:
        return None
    facts = (change.plan, change.at, change.rank, change.ended) if is_news else (plan, at, rank, ended)
    state.execute(
        "INSERT OR REPLACE INTO subscription (id, account, plan, at, rank, ended, began) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (change.subscription, named, *facts, change.began),
    )
    return named


def application(settings: Settings, http: httpx.AsyncClient) -> Starlette:
    """The program, asking ReelBot through this client."""
    shop = Shop(settings, Ledger(http))
    return Starlette(routes=[Route("/stripe", shop.receive, methods=["POST"])])


def main() -> Starlette:
    """The program as the environment sets it."""
    told = os.environ
    prices = dict(pair.split("=", 1) for pair in told["STRIPE_PRICES"].split(","))
    state = told.get("STRIPE_STATE", STATE)
    settings = Settings(told["STRIPE_WEBHOOK_SECRET"], prices, told.get("LOWEST_PLAN", "free"), state)
    headers = {"Authorization": f"Bearer {told['REELBOT_KEY']}"}
    return application(settings, httpx.AsyncClient(base_url=told["REELBOT_URL"], headers=headers))
