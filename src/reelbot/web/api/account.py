"""`/api/v1/account`: who one is, and in which time zone one's days are counted.

A change of zone is told first, with what becomes of the running day and month, and done when that is confirmed.
"""

import secrets

import msgspec
from msgspec import Struct

from reelbot.allowance import NO_SECOND, Instant, MovedWindow, Usage
from reelbot.clock import instant_text, instant_text_or_none
from reelbot.web.operations import Call
from reelbot.web.problems import OK
from reelbot.web.replies import REPLAYED, Reply, json_reply
from reelbot.web.shapes import ZoneName

_encode = msgspec.json.Encoder().encode


class AccountAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """What of an account its owner can change; nothing happens without `confirm`."""

    timezone: ZoneName
    confirm: bool = False


class RunningWindow(Struct, frozen=True):
    """A window that runs now; what is counted by `kind` begins anew at `ends_at`."""

    kind: str
    starts_at: Instant
    ends_at: Instant


class AccountShown(Struct, frozen=True):
    """An account."""

    account: str
    role: str
    plan: str
    next_plan: str | None
    next_plan_at: Instant | None
    timezone: str
    windows: list[RunningWindow]


class WindowMoved(Struct, frozen=True):
    """What a change of time zone does to a running window, and when the one behind it ends.

    Where `ends_at` is the instant of the change, the next window begins with it.
    """

    kind: str
    starts_at: Instant
    ends_at_before: Instant
    ends_at: Instant
    next_ends_at: Instant


class AccountChanged(AccountShown, frozen=True):
    """What a change of time zone does; the account and its windows are as they stand now, changed when it was confirmed.

    `moves` is what becomes of each running window, and `effective_at` when the first day begins that is counted in the
    new zone. Nothing and null when the account is in that zone already.
    """

    changed: bool
    confirmed: bool
    effective_at: Instant | None
    moves: list[WindowMoved]
    sentence: str


async def read_account(call: Call) -> Reply:
    """Tell who one is."""
    usage = await call.site.ledger.usage(call.account)
    return json_reply(OK, _encode(AccountShown(*_facts(call, usage), _windows(usage))))


async def change_account(call: Call) -> Reply:
    """Tell what becomes of the running windows in another zone; move there when that is confirmed."""
    asked: AccountAsked = call.body
    ledger = call.site.ledger
    change = await ledger.zone_change(call.account, asked.timezone)
    replayed = False
    if asked.confirm:
        key = call.key or f"patch-{secrets.token_hex(16)}"
        replayed = (await ledger.change_zone(call.account, asked.timezone, key=key)).replayed
        call.site.counts.carried_out("zone", replayed)
    usage = await ledger.usage(call.account)
    shown = AccountChanged(
        *_facts(call, usage),
        _windows(usage),
        asked.confirm and not replayed and not change.stays,
        asked.confirm,
        next((instant_text(one.ends_at) for one in change.windows if one.kind == "day"), None),
        [_moved(one) for one in change.windows],
        change.sentence if change.stays else f"{change.sentence} {NO_SECOND}",
    )
    return json_reply(OK, _encode(shown), REPLAYED if replayed else ())


def _moved(window: MovedWindow) -> WindowMoved:
    kind, *instants = window
    return WindowMoved(kind, *(instant_text(at) for at in instants))


def _facts(call: Call, usage: Usage) -> tuple[str, str, str, str | None, str | None, str]:
    next_plan_at = instant_text_or_none(usage.next_plan_at)
    return call.who.name, call.who.role, usage.plan, usage.next_plan, next_plan_at, usage.zone


def _windows(usage: Usage) -> list[RunningWindow]:
    """The running windows, each kind once."""
    spans = {one.kind: (one.starts_at, one.ends_at) for one in usage.meters}
    return [
        RunningWindow(kind, instant_text(starts_at), instant_text(ends_at))
        for kind, (starts_at, ends_at) in spans.items()
        if ends_at is not None
    ]
