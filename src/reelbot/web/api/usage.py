"""`GET /api/v1/usage`: every allowance of the account, now."""

import msgspec
from msgspec import Struct

from reelbot.allowance import Instant, MeterFigures, meter_figures
from reelbot.clock import instant_text, instant_text_or_none
from reelbot.web.operations import Call
from reelbot.web.problems import OK
from reelbot.web.ratelimit import rate_limit_fields
from reelbot.web.replies import Reply, json_reply
from reelbot.web.rollovers import cursor_of
from reelbot.web.shapes import CursorText

_encode = msgspec.json.Encoder().encode


class UsageShown(Struct, frozen=True):
    """All figures of an account at one instant. What `/events` tells after `cursor` is not in them."""

    account: str
    plan: str
    next_plan: str | None
    next_plan_at: Instant | None
    timezone: str
    as_of: Instant
    meters: list[MeterFigures]
    cursor: CursorText


async def read_usage(call: Call) -> Reply:
    """Tell the figures."""
    usage = await call.site.ledger.usage(call.account)
    shown = UsageShown(
        usage.account.name,
        usage.plan,
        usage.next_plan,
        instant_text_or_none(usage.next_plan_at),
        usage.zone,
        instant_text(usage.as_of),
        [meter_figures(one) for one in usage.meters],
        str(cursor_of(usage)),
    )
    return json_reply(OK, _encode(shown), rate_limit_fields(usage.meters, usage.as_of))
