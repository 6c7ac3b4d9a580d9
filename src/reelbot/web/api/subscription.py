"""`/api/v1/subscription`: which plan one is on, what a change would do and when, and requests where an operator decides."""

import secrets
from typing import Literal

import msgspec
from msgspec import Struct

from reelbot.allowance import Instant, MeterFigures, Usage, meter_figures
from reelbot.clock import instant_text, instant_text_or_none
from reelbot.subscriptions import (
    CLOSED,
    Offer,
    PlanChanges,
    PlanMoved,
    PlanRequestShown,
    SubscriptionRefused,
    Way,
    request_shown,
)
from reelbot.web.operations import Call
from reelbot.web.problems import ACCEPTED, OK
from reelbot.web.replies import REPLAYED, Reply, json_reply
from reelbot.web.shapes import PlanName

Change = Literal["upgrade", "downgrade", "none", "keep", "request"]

_CHANGES: dict[Way, Change] = {
    "stay": "none",
    "keep": "keep",
    "down": "downgrade",
    "up": "upgrade",
    "request": "request",
}

_encode = msgspec.json.Encoder().encode


class SubscriptionAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """The plan to be on; nothing happens without `confirm`."""

    plan: PlanName
    confirm: bool = False


class LimitChange(Struct, frozen=True):
    """A limit before and after the change; null is unlimited."""

    meter: str
    before: int | None
    after: int | None


class SubscriptionShown(Struct, frozen=True):
    """What changes: an upgrade at once, a downgrade at `effective_at`; `keep` takes a scheduled change back.

    `request` says that confirming it asks an operator. `meters` are the figures as they stand now, after the change when it
    was confirmed.
    """

    plan: str
    present: str
    change: Change
    effective_at: Instant | None
    limits: list[LimitChange]
    confirmed: bool
    sentence: str
    meters: list[MeterFigures]


class SubscriptionRequested(Struct, frozen=True):
    """A higher plan was requested. Nothing has changed, and nothing will until an operator approves."""

    state: Literal["requested"]
    plan: str
    present: str
    request: PlanRequestShown
    sentence: str


class SubscriptionStands(Struct, frozen=True):
    """The plan, the one that follows, and who may move up: oneself (`open`), an operator (`request`), nobody (`closed`).

    `request` is the last one that was made: open, or decided. Null when there was none, or it was withdrawn.
    """

    plan: str
    next_plan: str | None
    next_plan_at: Instant | None
    plan_changes: PlanChanges
    request: PlanRequestShown | None


async def change_subscription(call: Call) -> Reply:
    """Tell what changes; when that is confirmed, change it, or ask for it."""
    asked: SubscriptionAsked = call.body
    subscriptions, is_operator = call.site.subscriptions, call.who.role == "operator"
    offer = await subscriptions.offer(call.account, asked.plan, is_operator=is_operator)
    if offer.way == "closed":
        raise SubscriptionRefused("forbidden", CLOSED)
    replayed = False
    if asked.confirm:
        key = call.key or f"put-{secrets.token_hex(16)}"  # asking twice for the same plan changes nothing
        done = await subscriptions.change(
            call.account, asked.plan, is_operator=is_operator, key=key, is_own_key=call.key is not None
        )
        if not isinstance(done, PlanMoved):
            shown = _requested(call, request_shown(done.request))
            return json_reply(ACCEPTED, _encode(shown), REPLAYED if done.replayed else ())
        replayed = done.receipt.replayed
        call.site.counts.carried_out("plan", replayed)
    usage = await call.site.ledger.usage(call.account)
    return json_reply(OK, _encode(_shown(call, offer, asked.confirm, usage)), REPLAYED if replayed else ())


async def read_subscription(call: Call) -> Reply:
    """Tell how it stands."""
    subscriptions = call.site.subscriptions
    usage = await call.site.ledger.usage(call.account)
    request = await subscriptions.latest(call.account)
    shown = SubscriptionStands(
        usage.plan,
        usage.next_plan,
        instant_text_or_none(usage.next_plan_at),
        subscriptions.rule(call.who.role == "operator"),
        None if request is None else request_shown(request),
    )
    return json_reply(OK, _encode(shown))


async def withdraw_request(call: Call) -> Reply:
    """Ask no longer."""
    return json_reply(OK, _encode(request_shown(await call.site.subscriptions.withdraw(call.account))))


def _requested(call: Call, request: PlanRequestShown) -> SubscriptionRequested:
    title = call.site.ledger.terms.catalogue.plan_named(request.plan).title
    sentence = f"You requested {title}. An operator will approve or decline it; until then nothing changes."
    return SubscriptionRequested("requested", request.plan, request.present, request, sentence)


def _shown(call: Call, offer: Offer, confirmed: bool, usage: Usage) -> SubscriptionShown:
    change = offer.change
    return SubscriptionShown(
        change.plan,
        change.present,
        _CHANGES[offer.way],
        None if offer.at_once else instant_text_or_none(change.effective_at),
        [LimitChange(meter, *limits) for meter, limits in change.limits.items()],
        confirmed,
        _sentence(call, offer, confirmed),
        [meter_figures(one) for one in usage.meters],
    )


def _sentence(call: Call, offer: Offer, confirmed: bool) -> str:
    change = offer.change
    titles = {name: plan.title for name, plan in call.site.ledger.terms.catalogue.plans.items()}
    present, plan = titles[change.present], titles[change.plan]
    match offer.way:
        case "stay":
            return f"You are on {present}; nothing changes."
        case "keep":
            gone = titles[change.cancels or change.present]
            did = "was taken back" if confirmed else "is taken back"
            return f"You stay on {present}; the scheduled change to {gone} {did}."
        case "up":
            did = "You moved" if confirmed else "You move"
            return f"{did} from {present} to {plan} at once; what was used stays used, and the limits rise."
        case "request" | "closed":
            return f"{plan} needs an operator's approval: confirm to request it. Until then you stay on {present}."
        case "down" if offer.at_once:
            did = "You moved" if confirmed else "You move"
            return f"{did} from {present} to {plan} at once, because you are an operator; what was used stays used."
        case "down":
            assert change.effective_at is not None, "a downgrade waits for the end of the month"
            on = instant_text(change.effective_at)
            return f"You stay on {present} until {on} and are on {plan} from then on; until then it can be taken back."
