"""The whole API in one table. The routes and the OpenAPI document are made of it; nothing else adds a route."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from reelbot.web import health, metrics, openapi
from reelbot.web.api import account, entries, events, holds, plans, prices, quotes, subscription, usage, webhooks
from reelbot.web.operations import ByMethod, Call, Operation
from reelbot.web.parts import Site
from reelbot.web.problems import CREATED, OK, SHORTAGE, Problem
from reelbot.web.replies import SECURITY, Reply
from reelbot.web.requests import JSON

DOCUMENT_PATH = "/api/v1/openapi.json"

_WELCOME = f"""\
ReelBot: AI work, metered so clearly that nobody is ever surprised by it.

The API is under /api/v1/, and {DOCUMENT_PATH} describes all of it.
Send your API key as `Authorization: Bearer <key>`; start with GET /api/v1/usage.
"""

_ENDED = ("hold_settled", "hold_released", "hold_expired")


async def tell_welcome(call: Call) -> Reply:
    """Say where things are."""
    return Reply(OK, ((b"content-type", b"text/plain; charset=utf-8"), *SECURITY), _WELCOME.encode())


async def tell_document(call: Call) -> Reply:
    """The OpenAPI document."""
    return Reply(
        OK, ((b"content-type", JSON.encode()), (b"cache-control", b"no-cache"), *SECURITY), _document(call.site)
    )


@lru_cache(maxsize=1)
def _document(site: Site) -> bytes:
    return openapi.document(OPERATIONS, site)


# The most asked for come first: paths are tried in this order.
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST", "/api/v1/holds", "placeHold", "Set amounts aside, all of them or those that fit.", holds.place_hold,
        {CREATED: {JSON: holds.HoldShown}}, takes=holds.HoldAsked, one_of=("items", "lines"), idempotency="required",
        problems=(SHORTAGE,), metered=True, links=("readHold", "settleHold", "releaseHold"),
    ),
    Operation(
        "POST", "/api/v1/holds/{id}/settlement", "settleHold", "Turn a hold into usage, in whole or in part.",
        holds.settle_hold, {OK: {JSON: holds.HoldShown}}, takes=holds.SettlementAsked, body_needed=False,
        idempotency="optional", problems=("not_found", "amount_above_hold", *_ENDED), metered=True,
    ),
    Operation(
        "POST", "/api/v1/holds/{id}/release", "releaseHold", "Give a hold back.", holds.release_hold,
        {OK: {JSON: holds.HoldShown}}, takes=holds.ReleaseAsked, body_needed=False, idempotency="optional",
        problems=("not_found", *_ENDED), metered=True,
    ),
    Operation(
        "GET", "/api/v1/holds/{id}", "readHold", "How a hold stands.", holds.read_hold,
        {OK: {JSON: holds.HoldRead}}, problems=("not_found",),
    ),
    Operation(
        "GET", "/api/v1/usage", "readUsage", "Every limit, and what is used, held and left of it.", usage.read_usage,
        {OK: {JSON: usage.UsageShown}}, metered=True,
    ),
    Operation(
        "POST", "/api/v1/quotes", "quoteItems", "What actions would cost at most, and whether they fit.",
        quotes.quote_items, {OK: {JSON: quotes.QuoteShown}}, takes=quotes.QuoteAsked, metered=True,
    ),
    Operation(
        "GET", "/api/v1/events", "streamEvents", "What happens, as it happens: Server-Sent Events.",
        events.stream_events, {OK: {"text/event-stream": events.UsageMessage}}, query=events.EventsQuery,
        request_fields=("Last-Event-ID",), problems=("too_busy",),
    ),
    Operation(
        "GET", "/api/v1/entries", "listEntries", "The ledger of the account, newest first.", entries.list_entries,
        {OK: {JSON: entries.EntriesShown, entries.CSV: str}}, query=entries.EntriesQuery, fields=("Vary",),
    ),
    Operation(
        "GET", "/api/v1/plans", "listPlans", "The plans on offer.", plans.list_plans, {OK: {JSON: plans.PlansShown}},
    ),
    Operation(
        "GET", "/api/v1/prices", "listPrices", "What each action costs.", prices.list_prices,
        {OK: {JSON: prices.PricesShown}},
    ),
    Operation(
        "PUT", "/api/v1/subscription", "changeSubscription", "What a change of plan does and when; does it if confirmed.",
        subscription.change_subscription, {OK: {JSON: subscription.SubscriptionShown}},
        takes=subscription.SubscriptionAsked, idempotency="optional",
    ),
    Operation(
        "GET", "/api/v1/account", "readAccount", "Who one is, and when one's windows end.", account.read_account,
        {OK: {JSON: account.AccountShown}},
    ),
    Operation(
        "PATCH", "/api/v1/account", "changeAccount", "Count days in another time zone, once the running one has ended.",
        account.change_account, {OK: {JSON: account.AccountChanged}}, takes=account.AccountAsked, idempotency="optional",
    ),
    Operation(
        "POST", "/api/v1/webhooks", "addWebhook", "Be told at a URL what happens, in signed messages.",
        webhooks.add_webhook, {CREATED: {JSON: webhooks.WebhookAdded}}, takes=webhooks.WebhookAsked,
        idempotency="optional", problems=("not_found",),
    ),
    Operation(
        "GET", "/api/v1/webhooks", "listWebhooks", "The webhooks of the account, and whether they work.",
        webhooks.list_webhooks, {OK: {JSON: webhooks.WebhooksShown}}, problems=("not_found",),
    ),
    Operation(
        "DELETE", "/api/v1/webhooks/{id}", "removeWebhook", "Remove a webhook, with what it still has to tell.",
        webhooks.remove_webhook, {OK: {JSON: webhooks.WebhookRemoved}}, problems=("not_found",),
    ),
    Operation(
        "POST", "/api/v1/webhooks/{id}/test", "testWebhook", "Send a message at once; enables a disabled webhook again.",
        webhooks.test_webhook, {OK: {JSON: webhooks.WebhookTested}}, problems=("not_found", "too_busy"),
    ),
    Operation(
        "POST", "/api/v1/webhooks/{id}/secret", "rotateWebhookSecret", "Sign with a new secret, and a day with both.",
        webhooks.rotate_webhook_secret, {OK: {JSON: webhooks.WebhookSecret}}, problems=("not_found",),
    ),
    Operation(
        "GET", DOCUMENT_PATH, "readDocument", "This document.", tell_document, {OK: {JSON: dict}}, needs_key=False,
    ),
    Operation(
        "GET", "/healthz", "readHealth", "Whether the process lives.", health.tell_health,
        {OK: {JSON: health.Health}}, needs_key=False,
    ),
    Operation(
        "GET", "/readyz", "readReadiness", "Whether the ledger can be reached.", health.tell_readiness,
        {OK: {JSON: health.Readiness}}, needs_key=False, problems=("ledger_unavailable",),
    ),
    Operation(
        "GET", "/metrics", "readMetrics", "Counts for Prometheus.", metrics.tell_metrics, {OK: {"text/plain": str}},
        needs_key=False,
    ),
    Operation(
        "GET", "/", "readWelcome", "Where things are.", tell_welcome, {OK: {"text/plain": str}}, needs_key=False,
    ),
)  # fmt: skip


def build_app(site: Site) -> ASGIApp:
    """The API of a site as an ASGI application."""
    paths = dict.fromkeys(operation.path for operation in OPERATIONS)
    return _App({path: ByMethod(tuple(one for one in OPERATIONS if one.path == path), site) for path in paths}, site)


class _App:
    """Finds a request's operation: by its very path where that names nothing, else by the router's patterns."""

    def __init__(self, paths: Mapping[str, ByMethod], site: Site) -> None:
        routes = [Route(path, by_method) for path, by_method in paths.items()]
        self._router = Router(routes, redirect_slashes=False, default=_Nowhere(site), lifespan=_lifespan(site))
        self._exact = {
            (method, path): served
            for path, by_method in paths.items()
            for method, served in by_method.served.items()
            if "{" not in path
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve whatever comes: a request, a websocket, the life of the server."""
        if scope["type"] == "http":
            served = self._exact.get((scope["method"], scope["path"]))
            if served is not None:
                await served(scope, receive, send)
                return
        await self._router(scope, receive, send)


def _lifespan(site: Site) -> Lifespan[Any]:
    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        yield
        site.streams.close()

    return lifespan


class _Nowhere:
    """Answers for every address that nothing is at."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say so."""
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        self._site.counts.problems["not_found"] += 1
        problem = Problem("not_found", f"There is nothing at this address; {DOCUMENT_PATH} lists what there is.")
        await problem.reply().send_on(scope, receive, send)
