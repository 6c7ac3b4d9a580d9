"""The operator's page of requests for higher plans: those that wait, to be approved or declined, and the last decisions."""

from typing import NamedTuple

from reelbot.subscriptions import REASON_LENGTH_MAX, PlanRequest, title_of
from reelbot.web.pages.operator_jobs import facts_shown, span_words
from reelbot.web.pages.visits import Flash, Goto, Outcome, Shown, Visit
from reelbot.web.pages.wording import full_instant_words

LISTED = 50
"""Requests that wait: a page, the newest; those behind them move up as these are decided."""

DECIDED_LISTED = 10
"""Of those approved and of those declined: enough to see what a colleague did."""


class RequestRow(NamedTuple):
    """A request in words. `place` names its account in addresses; `decided` is empty while it is open."""

    id: str
    account: str
    place: str
    present: str
    plan: str
    asked: str
    decided: str
    is_approved: bool
    by: str
    why: str


async def show(visit: Visit) -> Outcome:
    """Show what waits, and what was decided."""
    subscriptions = visit.site.subscriptions
    waiting = await subscriptions.requests("open", LISTED)
    decided = [
        *await subscriptions.requests("approved", DECIDED_LISTED),
        *await subscriptions.requests("declined", DECIDED_LISTED),
    ]
    decided.sort(key=lambda one: one.decided_at or 0, reverse=True)
    values = {
        "section": "requests",
        "waiting": [request_row(one, visit) for one in waiting],
        "decided": [request_row(one, visit) for one in decided[:DECIDED_LISTED]],
        "reason_length_max": REASON_LENGTH_MAX,
        **await facts_shown(visit),
    }
    return Shown("operator", values, "Plan requests")


async def approve(visit: Visit) -> Outcome:
    """Move the account up."""
    done = await visit.site.subscriptions.approve(visit.named, visit.member.name, visit.field("why"))
    return Goto("/operator/requests", Flash("good", f"Approved. {done.name} is on {_title(visit, done.plan)} now."))


async def decline(visit: Visit) -> Outcome:
    """Leave the account where it is."""
    done = await visit.site.subscriptions.decline(visit.named, visit.member.name, visit.field("why"))
    return Goto("/operator/requests", Flash("good", f"Declined. {done.name} stays on {_title(visit, done.present)}."))


def request_row(request: PlanRequest, visit: Visit) -> RequestRow:
    """A request as rows show it."""
    zone = visit.figures.zone
    return RequestRow(
        request.id,
        request.name,
        f"{request.lane}-{request.account}",
        _title(visit, request.present),
        _title(visit, request.plan),
        f"{span_words(visit.site.clock() - request.asked_at)} ago",
        "" if request.decided_at is None else full_instant_words(request.decided_at, zone),
        request.state == "approved",
        request.by or "",
        request.why or "",
    )


def _title(visit: Visit, plan: str) -> str:
    return title_of(visit.site.ledger.terms.catalogue, plan)
