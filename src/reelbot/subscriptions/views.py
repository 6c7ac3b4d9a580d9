"""A request for a plan as everything outside shows it: the API, events, the command line."""

from typing import Literal

from msgspec import Struct

from reelbot.allowance import Catalogue, Instant
from reelbot.clock import instant_text, instant_text_or_none
from reelbot.subscriptions.core.requests import PlanRequest, RequestState

Audience = Literal["account", "operator"]
"""Whom an event is told: the account that asks, or those who decide."""


class PlanRequestShown(Struct, frozen=True):
    """A request for a higher plan. `by` is the operator who decided, `why` their reason; both null while it is open."""

    id: str
    account: str
    plan: str
    present: str
    state: RequestState
    asked_at: Instant
    decided_at: Instant | None
    by: str | None
    why: str | None


class PlanRequestTold(PlanRequestShown, frozen=True, kw_only=True):
    """The same in an event: `title` is the plan's, `to` says for whom it is told."""

    title: str
    to: Audience


def request_shown(request: PlanRequest) -> PlanRequestShown:
    """The shape that everything outside shows."""
    return PlanRequestShown(*_facts(request))


def request_told(request: PlanRequest, catalogue: Catalogue, to: Audience) -> PlanRequestTold:
    """The shape of an event."""
    return PlanRequestTold(*_facts(request), title=title_of(catalogue, request.plan), to=to)


def title_of(catalogue: Catalogue, plan: str) -> str:
    """What a plan is called; its name where it is offered no more."""
    return catalogue.plans[plan].title if plan in catalogue.plans else plan


def _facts(request: PlanRequest) -> tuple[str, str, str, str, RequestState, str, str | None, str | None, str | None]:
    instants = (instant_text(request.asked_at), instant_text_or_none(request.decided_at))
    return request.id, request.name, request.plan, request.present, request.state, *instants, request.by, request.why
