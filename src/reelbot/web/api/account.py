"""`/api/v1/account`: who one is, and in which time zone one's days are counted."""

import secrets

import msgspec
from msgspec import Struct

from reelbot.allowance import Instant, Span, Usage
from reelbot.clock import instant_text, instant_text_or_none
from reelbot.web.operations import Call
from reelbot.web.problems import OK
from reelbot.web.replies import REPLAYED, Reply, json_reply
from reelbot.web.shapes import ZoneName

_encode = msgspec.json.Encoder().encode


class AccountAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """What of an account its owner can change."""

    timezone: ZoneName


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


class AccountChanged(AccountShown, frozen=True):
    """An account after a change. The running windows end at the instants told, and the next ones follow the new zone.

    `effective_at` is when the first day begins that is counted in the new zone; null when nothing changed.
    """

    changed: bool
    effective_at: Instant | None
    sentence: str


async def read_account(call: Call) -> Reply:
    """Tell who one is."""
    usage = await call.site.ledger.usage(call.account)
    return json_reply(OK, _encode(AccountShown(*_facts(call, usage), _windows(usage))))


async def change_account(call: Call) -> Reply:
    """Count days in another zone, once the running one has ended."""
    asked: AccountAsked = call.body
    ledger = call.site.ledger
    before = await ledger.usage(call.account)
    receipt = await ledger.change_zone(call.account, asked.timezone, key=call.key or f"patch-{secrets.token_hex(16)}")
    call.site.counts.carried_out("zone", receipt.replayed)
    after = await ledger.usage(call.account)
    changed = before.zone != after.zone
    windows = _windows(after)
    effective_at = next((one.ends_at for one in windows if one.kind == "day"), None) if changed else None
    sentence = await _sentence(call) if changed else f"Days are counted in {after.zone}; nothing changes."
    shown = AccountChanged(*_facts(call, after), windows, changed, effective_at, sentence)
    return json_reply(OK, _encode(shown), REPLAYED if receipt.replayed else ())


async def _sentence(call: Call) -> str:
    """The ledger's own words for the last change of zone."""
    entries = await call.site.ledger.history(call.account, Span(None, 1, kind="zone"))
    return entries[0].why


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
