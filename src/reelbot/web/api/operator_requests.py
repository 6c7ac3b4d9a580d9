"""`/api/v1/operator/requests`: requests for higher plans, for operators: which there are, approve one, decline one."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from reelbot.subscriptions import REASON_LENGTH_MAX, PlanRequest, PlanRequestShown, RequestState, request_shown
from reelbot.web.api.operator_jobs import require_operator
from reelbot.web.operations import Call
from reelbot.web.paging import PageQuery, cut, page_of
from reelbot.web.problems import OK
from reelbot.web.replies import REPLAYED, Reply, json_reply
from reelbot.web.requests import reason_in

_encode = msgspec.json.Encoder().encode


class RequestsQuery(PageQuery, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which part of the list, and of which state."""

    state: RequestState = "open"


class DecisionAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is decided so: the account that asked reads it."""

    why: Annotated[
        str,
        Meta(max_length=REASON_LENGTH_MAX, description="A reason, kept as one line.", examples=["Paid by invoice"]),
    ]


class RequestsShown(Struct, frozen=True):
    """Requests of one state, the newest first. `open` is how many there are that nobody has decided."""

    requests: list[PlanRequestShown]
    open: int
    next: str | None


async def list_requests(call: Call) -> Reply:
    """Tell which there are."""
    require_operator(call)
    query: RequestsQuery = call.query
    found = await call.site.subscriptions.requests(query.state, *page_of(query))
    page, more = cut(found, query, [(one.asked_at, one.number) for one in found])
    shown = [request_shown(one) for one in page]
    return json_reply(OK, _encode(RequestsShown(shown, await call.site.subscriptions.count_open(), more)))


async def approve_request(call: Call) -> Reply:
    """Move the account up, at once."""
    return await _decided(call, "approve", call.site.subscriptions.approve)


async def decline_request(call: Call) -> Reply:
    """Leave the account where it is."""
    return await _decided(call, "decline", call.site.subscriptions.decline)


async def _decided(call: Call, what: str, decide: Callable[[str, str, str], Awaitable[PlanRequest]]) -> Reply:
    """Decide it; who repeats the same decision is told what became of it, and a refusal is not remembered."""
    require_operator(call)
    asked: DecisionAsked = call.body
    subscriptions, said = call.site.subscriptions, (what, call.named, asked)
    again = call.key is not None and await subscriptions.claimed(call.account, call.key, *said)
    request = await decide(call.named, call.who.name, reason_in(asked.why))
    if call.key is not None and not again:
        await subscriptions.claim(call.account, call.key, *said)
    return json_reply(OK, _encode(request_shown(request)), REPLAYED if again else ())
