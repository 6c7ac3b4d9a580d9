"""`GET /api/v1/plans`: the plans on offer, lowest first, and what is counted."""

import msgspec
from msgspec import Struct

from reelbot.allowance import Catalogue, Plan
from reelbot.web.operations import Call
from reelbot.web.problems import OK
from reelbot.web.replies import Reply, json_reply

_encode = msgspec.json.Encoder().encode


class LimitShown(Struct, frozen=True):
    """How much of a meter a plan gives in each window; null is unlimited."""

    meter: str
    window: str
    limit: int | None


class PlanShown(Struct, frozen=True):
    """A plan."""

    name: str
    title: str
    limits: list[LimitShown]


class MeterShown(Struct, frozen=True):
    """What is counted: `one` and `many` name its amounts, `still_works` what goes on when its limit is reached."""

    name: str
    window: str
    one: str
    many: str
    still_works: list[str]


class PlansShown(Struct, frozen=True):
    """All plans and all meters."""

    plans: list[PlanShown]
    meters: list[MeterShown]


async def list_plans(call: Call) -> Reply:
    """Tell what is on offer."""
    catalogue = call.site.ledger.terms.catalogue
    plans = [_plan(plan, catalogue) for plan in catalogue.plans.values()]
    meters = [
        MeterShown(meter.name, meter.window, meter.one, meter.many, list(meter.still_works))
        for meter in catalogue.meters.values()
    ]
    return json_reply(OK, _encode(PlansShown(plans, meters)))


def _plan(plan: Plan, catalogue: Catalogue) -> PlanShown:
    limits = [LimitShown(name, meter.window, plan.limits[name]) for name, meter in catalogue.meters.items()]
    return PlanShown(plan.name, plan.title, limits)
