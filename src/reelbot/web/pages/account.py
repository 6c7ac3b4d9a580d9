"""One's account: time zone, API keys, webhooks, password, browsers that are signed in, the last lines of the access log."""

import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import available_timezones

from reelbot.accounts import LABEL_LENGTH_MAX, SCOPES, ApiKey, Scope, Session, checked_scopes, number_of, scopes_text
from reelbot.allowance import NO_SECOND, MovedWindow, ZoneChange
from reelbot.clock import DAY
from reelbot.errors import Malformed
from reelbot.web.pages.access import FIRST, lines
from reelbot.web.pages.reauthentication import needs_password, require_password
from reelbot.web.pages.visits import Flash, Goto, Outcome, Shown, Visit, nothing_here
from reelbot.web.pages.wording import browser_words, day_words, full_instant_words
from reelbot.webhooks import Webhooks

KINDS: Mapping[str, str] = {
    "allowance.low": "a limit runs low",
    "allowance.exhausted": "a limit is used up",
    "allowance.reset": "a limit is full again",
    "usage": "a limit changes",
    "job": "work begins, moves on or ends",
    "draft": "a draft changes",
    "video": "a video is finished",
    "post": "a post moves on",
    "plan_request": "a plan is requested, approved or declined",
}
"""When a message of each kind is sent, in words; the name is what a program reads."""

LASTS = (30, 90, 365)
"""Days that a key may be issued for; it may also last until it is revoked."""

_EPOCH = date(1970, 1, 1)


class CredentialLine(NamedTuple):
    """A key or a session in words."""

    number: int
    title: str
    facts: str
    is_own: bool
    is_over: bool


async def show(visit: Visit) -> Outcome:
    """Show it."""
    return await _shown(visit)


async def _shown(visit: Visit, new_key: str = "", new_secret: str = "", zone_change: ZoneChange | None = None) -> Shown:
    who, accounts, webhooks = visit.member, visit.accounts, visit.site.webhooks
    values = {
        "zones": sorted(available_timezones()),
        "keys": [_key_line(one, visit) for one in reversed(await accounts.keys(who.lane, who.account))],
        "sessions": [_session_line(one, visit) for one in await accounts.sessions.of(who.lane, who.account)],
        "needs_old": await needs_password(visit),
        "scopes": {scope: SCOPES[scope] for scope in _scopes_for(visit)},
        "lasts": LASTS,
        "records": lines(await accounts.access.of(who.lane, who.account, FIRST), visit),
        "has_password": await accounts.passwords.is_set(who.lane, who.account),
        "webhooks": None if webhooks is None else await webhooks.of(visit.account),
        "kinds": () if webhooks is None else webhooks.kinds,
        "kind_words": lambda kind: KINDS.get(kind, kind),
        "label_length_max": LABEL_LENGTH_MAX,
        "zone_change": zone_change,
        "zone_moves": () if zone_change is None else _window_moves(zone_change, visit.figures.as_of),
        "zone_plan": _plan_to_come(visit, zone_change),
        "no_second": NO_SECOND,
        "once": secrets.token_hex(16),
        "new_key": new_key,
        "new_secret": new_secret,
    }
    return Shown("account", values, "Account")


# time zone


def _plan_to_come(visit: Visit, change: ZoneChange | None) -> str:
    """The plan that takes over when the month ends, by its title; empty when none does."""
    if change is None or change.next_plan is None:
        return ""
    return visit.site.ledger.terms.catalogue.plans[change.next_plan].title


class WindowMove(NamedTuple):
    """What a change of zone does to the running day or month, in words; `there` by the new clock, `here` by the old one."""

    title: str
    before: str
    how: str
    there: str
    here: str
    following: str


async def change_zone(visit: Visit) -> Outcome:
    """Say what becomes of the running day and month; move when that is confirmed."""
    ledger, zone = visit.site.ledger, visit.field("timezone")
    change = await ledger.zone_change(visit.account, zone)
    if change.stays:
        return Goto("/account", Flash("good", f"Your days are counted in {zone} already; nothing changes."))
    if not visit.field("confirm"):
        return await _shown(visit, zone_change=change)
    receipt = await ledger.change_zone(visit.account, zone, key=visit.field("once") or secrets.token_hex(16))
    visit.site.counts.carried_out("zone", receipt.replayed)
    day = change.windows[0]
    ends = day.next_ends_at if day.ends_at <= receipt.answer.at else day.ends_at
    when = full_instant_words(ends, zone)
    return Goto("/account", Flash("good", f"Your time zone is {zone}. The current day ends {when}."))


def _window_moves(change: ZoneChange, now: int) -> list[WindowMove]:
    return [_window_move(one, change, now) for one in change.windows]


def _window_move(moved: MovedWindow, change: ZoneChange, now: int) -> WindowMove:
    is_over = moved.ends_at <= now
    how = "later" if moved.ends_at > moved.ends_at_before else "earlier" if moved.ends_at < moved.ends_at_before else ""
    return WindowMove(
        "This day" if moved.kind == "day" else "This month",
        full_instant_words(moved.ends_at_before, change.present),
        "now" if is_over else how,
        full_instant_words(moved.ends_at, change.zone),
        full_instant_words(moved.ends_at, change.present),
        full_instant_words(moved.next_ends_at, change.zone),
    )


# API keys


async def add_key(visit: Visit) -> Outcome:
    """A new key, shown this once."""
    who, allowed = visit.member, _scopes_for(visit)
    asked = [name for name in visit.form.get("scopes", ()) if name in allowed or name not in SCOPES]
    told = (visit.field("label"), checked_scopes(asked), _expires_at(visit), who.name, visit.address)
    await require_password(visit)
    return await _shown(visit, new_key=await visit.accounts.issue_key(who.lane, who.account, *told))


def _scopes_for(visit: Visit) -> list[Scope]:
    """The scopes that a key of this account may have: an operator's are an operator's to give."""
    return [scope for scope in SCOPES if scope != "operator" or visit.member.role == "operator"]


def _expires_at(visit: Visit) -> int | None:
    days = visit.field("lasts")
    if not days:
        return None
    if days not in {str(one) for one in LASTS}:
        raise Malformed("Choose for how long the key is to last.", "lasts")
    return visit.site.clock() + int(days) * DAY


async def revoke_key(visit: Visit) -> Outcome:
    """Refuse a key from now on."""
    who = visit.member
    if not await visit.accounts.revoke_key(who.lane, who.account, _number(visit), who.name, visit.address):
        raise nothing_here()
    return Goto("/account#keys", Flash("good", "This key is refused from now on."))


async def revoke_all_keys(visit: Visit) -> Outcome:
    """Refuse all keys from now on."""
    who = visit.member
    await require_password(visit)
    await visit.accounts.revoke_all_keys(who.lane, who.account, who.name, visit.address)
    return Goto("/account#keys", Flash("good", "All keys of this account are refused from now on."))


# webhooks


async def add_webhook(visit: Visit) -> Outcome:
    """Tell a URL what happens; the secret is shown this once."""
    added = await _webhooks(visit).add(visit.account, visit.field("url"), visit.form.get("kinds", ()))
    return await _shown(visit, new_secret=added.secret)


async def test_webhook(visit: Visit) -> Outcome:
    """Send a message at once."""
    attempt = await _webhooks(visit).test(visit.account, visit.named)
    if attempt is None:
        raise nothing_here()
    return Goto("/account#webhooks", Flash("good" if attempt.is_delivered else "bad", attempt.detail or "Delivered."))


async def remove_webhook(visit: Visit) -> Outcome:
    """Tell it nothing more."""
    if not await _webhooks(visit).remove(visit.account, visit.named):
        raise nothing_here()
    return Goto("/account#webhooks", Flash("good", "The webhook is removed."))


def _webhooks(visit: Visit) -> Webhooks:
    if visit.site.webhooks is None:
        raise nothing_here()
    return visit.site.webhooks


# password and sessions


async def change_password(visit: Visit) -> Outcome:
    """A new password, which ends all other sessions; the old one is asked for where it may be expected."""
    who, typed = visit.member, _typed(visit, "password")
    with visit.site.passwords.taken((who.lane, who.account)):
        await require_password(visit)
        changed = (who.lane, who.account, who.name, typed, who.name, visit.address, visit.session or "")
        await visit.accounts.set_password(*changed)
    return Goto("/account#password", Flash("good", "Your password is changed, and all other browsers are signed out."))


async def end_session(visit: Visit) -> Outcome:
    """Sign a browser out."""
    who = visit.member
    ended = (who.lane, who.account, _number(visit), who.name, visit.address)
    if not await visit.accounts.sessions.end_numbered(*ended):
        raise nothing_here()
    return Goto("/account#sessions", Flash("good", "That browser is signed out."))


async def end_other_sessions(visit: Visit) -> Outcome:
    """Sign all other browsers out."""
    who = visit.member
    await visit.accounts.sessions.end_others(who.lane, who.account, visit.session or "", who.name, visit.address)
    return Goto("/account#sessions", Flash("good", "All other browsers are signed out, and no link signs in any more."))


def _typed(visit: Visit, name: str) -> str:
    """As it was typed, blanks at its ends included."""
    return visit.form.get(name, [""])[0]


def _number(visit: Visit) -> int:
    if not (visit.named.isascii() and visit.named.isdigit() and len(visit.named) <= 9):
        raise nothing_here()
    return int(visit.named)


def _key_line(key: ApiKey, visit: Visit) -> CredentialLine:
    zone, now = visit.figures.zone, visit.site.clock()
    used = "never used" if key.last_used_on is None else f"last used on {_day(key.last_used_on)}"
    if key.revoked_at is not None:
        lasts = f"revoked {full_instant_words(key.revoked_at, zone)}"
    elif key.expires_at is None:
        lasts = "does not expire"
    else:
        lasts = f"{'expired' if key.is_over(now) else 'expires'} {full_instant_words(key.expires_at, zone)}"
    made = f"made {full_instant_words(key.created_at, zone)}"
    facts = "; ".join((scopes_text(key.scopes).replace(" ", ", "), made, used, lasts))
    return CredentialLine(key.number, key.label, facts, is_own=False, is_over=key.is_over(now))


def _session_line(session: Session, visit: Visit) -> CredentialLine:
    since = f"since {full_instant_words(session.created_at, visit.figures.zone)}"
    seen = "" if session.seen_on is None else f"; seen last on {_day(session.seen_on)}"
    is_own = session.number == number_of(visit.session or "")
    return CredentialLine(session.number, browser_words(session.agent), since + seen, is_own, is_over=False)


def _day(days: int) -> str:
    return day_words(_EPOCH + timedelta(days=days))
