"""`PUT /api/v1/subscription`: what a change of plan would do and when; does it when it is confirmed."""

import secrets
from typing import Literal

import msgspec
from msgspec import Struct

from reelbot.allowance import Instant, MeterFigures, PlanChange, Usage, meter_figures
from reelbot.clock import instant_text, instant_text_or_none
from reelbot.web.operations import Call
from reelbot.web.problems import OK
from reelbot.web.replies import REPLAYED, Reply, json_reply
from reelbot.web.shapes import PlanName

Change = Literal["upgrade", "downgrade", "none", "keep"]

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

    `meters` are the figures as they stand now, after the change when it was confirmed.
    """

    plan: str
    present: str
    change: Change
    effective_at: Instant | None
    limits: list[LimitChange]
    confirmed: bool
    sentence: str
    meters: list[MeterFigures]


async def change_subscription(call: Call) -> Reply:
    """Tell what changes; change it when that is confirmed."""
    asked: SubscriptionAsked = call.body
    ledger = call.site.ledger
    change = await ledger.plan_change(call.account, asked.plan)
    replayed = False
    if asked.confirm:
        receipt = await ledger.change_plan(call.account, asked.plan, key=call.key or _key_of_its_own())
        replayed = receipt.replayed
        call.site.counts.carried_out("plan", replayed)
    usage = await ledger.usage(call.account)
    return json_reply(OK, _encode(_shown(call, change, asked.confirm, usage)), REPLAYED if replayed else ())


def _key_of_its_own() -> str:
    """Asking twice for the same plan changes nothing, so a request without a key needs none that lasts."""
    return f"put-{secrets.token_hex(16)}"


def _shown(call: Call, change: PlanChange, confirmed: bool, usage: Usage) -> SubscriptionShown:
    return SubscriptionShown(
        change.plan,
        change.present,
        _kind(change),
        instant_text_or_none(change.effective_at),
        [LimitChange(meter, *limits) for meter, limits in change.limits.items()],
        confirmed,
        _sentence(call, change, confirmed),
        [meter_figures(one) for one in usage.meters],
    )


def _kind(change: PlanChange) -> Change:
    if change.stays:
        return "keep" if change.cancels else "none"
    return "upgrade" if change.effective_at is None else "downgrade"


def _sentence(call: Call, change: PlanChange, confirmed: bool) -> str:
    titles = {name: plan.title for name, plan in call.site.ledger.terms.catalogue.plans.items()}
    present, plan = titles[change.present], titles[change.plan]
    match _kind(change):
        case "none":
            return f"You are on {present}; nothing changes."
        case "keep":
            gone = titles[change.cancels or change.present]
            did = "was taken back" if confirmed else "is taken back"
            return f"You stay on {present}; the scheduled change to {gone} {did}."
        case "upgrade":
            did = "You moved" if confirmed else "You move"
            return f"{did} from {present} to {plan} at once; what was used stays used, and the limits rise."
        case "downgrade":
            assert change.effective_at is not None, "a downgrade waits for the end of the month"
            on = instant_text(change.effective_at)
            return f"You stay on {present} until {on} and are on {plan} from then on; until then it can be taken back."
