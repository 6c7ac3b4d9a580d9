"""One's account: time zone, API keys, webhooks, password, and the browsers that are signed in."""

import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import available_timezones

from reelbot.accounts import LABEL_LENGTH_MAX, Key, Session, number_of
from reelbot.allowance import NO_SECOND, MovedWindow, ZoneChange
from reelbot.errors import Malformed
from reelbot.web.pages.visits import Goto, Outcome, Shown, Told, Visit, nothing_here
from reelbot.web.pages.wording import day_words, full_instant_words
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

_EPOCH = date(1970, 1, 1)


class Line(NamedTuple):
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
        "needs_old": await _needs_old_password(visit),
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
        return Goto("/account", Told("good", f"Your days are counted in {zone} already; nothing changes."))
    if not visit.field("confirm"):
        return await _shown(visit, zone_change=change)
    receipt = await ledger.change_zone(visit.account, zone, key=visit.field("once") or secrets.token_hex(16))
    visit.site.counts.carried_out("zone", receipt.replayed)
    day = change.windows[0]
    ends = day.next_ends_at if day.ends_at <= receipt.answer.at else day.ends_at
    when = full_instant_words(ends, zone)
    return Goto("/account", Told("good", f"Your time zone is {zone}. The current day ends {when}."))


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
    who = visit.member
    return await _shown(visit, new_key=await visit.accounts.issue_key(who.lane, who.account, visit.field("label")))


async def revoke_key(visit: Visit) -> Outcome:
    """Refuse a key from now on."""
    who = visit.member
    if not await visit.accounts.revoke_key(who.lane, who.account, _number(visit)):
        raise nothing_here()
    return Goto("/account#keys", Told("good", "This key is refused from now on."))


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
    return Goto("/account#webhooks", Told("good" if attempt.is_delivered else "bad", attempt.detail or "Delivered."))


async def remove_webhook(visit: Visit) -> Outcome:
    """Tell it nothing more."""
    if not await _webhooks(visit).remove(visit.account, visit.named):
        raise nothing_here()
    return Goto("/account#webhooks", Told("good", "The webhook is removed."))


def _webhooks(visit: Visit) -> Webhooks:
    if visit.site.webhooks is None:
        raise nothing_here()
    return visit.site.webhooks


# password and sessions


async def change_password(visit: Visit) -> Outcome:
    """A new password, which ends all other sessions; the old one is asked for where it may be expected."""
    who, passwords = visit.member, visit.accounts.passwords
    place = (who.lane, who.account)
    if await _needs_old_password(visit):
        old = _typed(visit, "old")
        if not await passwords.is_right(who.name, place, old, visit.address):
            raise Malformed("The old password is not the right one.", "old")
    await passwords.write(*place, await passwords.hashed(_typed(visit, "password")))
    await visit.accounts.sessions.end_others(*place, visit.session or "")
    return Goto("/account#password", Told("good", "Your password is changed, and all other browsers are signed out."))


async def _needs_old_password(visit: Visit) -> bool:
    """Not where there is none, nor for whoever came by a link just now: they may have forgotten it."""
    who, accounts = visit.member, visit.accounts
    if not await accounts.passwords.is_set(who.lane, who.account):
        return False
    return not await accounts.sessions.may_reset(visit.session or "")


async def end_session(visit: Visit) -> Outcome:
    """Sign a browser out."""
    who = visit.member
    if not await visit.accounts.sessions.end_numbered(who.lane, who.account, _number(visit)):
        raise nothing_here()
    return Goto("/account#sessions", Told("good", "That browser is signed out."))


async def end_other_sessions(visit: Visit) -> Outcome:
    """Sign all other browsers out."""
    who = visit.member
    await visit.accounts.sessions.end_others(who.lane, who.account, visit.session or "")
    return Goto("/account#sessions", Told("good", "All other browsers are signed out."))


def _typed(visit: Visit, name: str) -> str:
    """As it was typed, blanks at its ends included."""
    return visit.form.get(name, [""])[0]


def _number(visit: Visit) -> int:
    if not (visit.named.isascii() and visit.named.isdigit() and len(visit.named) <= 9):
        raise nothing_here()
    return int(visit.named)


def _key_line(key: Key, visit: Visit) -> Line:
    made = f"made {full_instant_words(key.created_at, visit.figures.zone)}"
    used = "never used" if key.last_used_on is None else f"used last on {_day(key.last_used_on)}"
    over = "" if key.revoked_at is None else f"revoked {full_instant_words(key.revoked_at, visit.figures.zone)}"
    return Line(key.number, key.label, f"{made}; {over or used}", is_own=False, is_over=key.revoked_at is not None)


def _session_line(session: Session, visit: Visit) -> Line:
    since = f"since {full_instant_words(session.created_at, visit.figures.zone)}"
    seen = "" if session.seen_on is None else f"; seen last on {_day(session.seen_on)}"
    is_own = session.number == number_of(visit.session or "")
    return Line(session.number, _browser(session.agent), since + seen, is_own, is_over=False)


_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Android", "Android"), ("Mac OS", "a Mac"), ("Windows", "Windows"),
    ("Linux", "Linux"),
)  # fmt: skip


def _browser(agent: str) -> str:
    """A browser and its machine as people call them; what it said itself where it is none that is known."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), None)
    system = next((name for sign, name in _SYSTEMS if sign in agent), None)
    if browser is None:
        return agent[:60] or "A browser"
    return browser if system is None else f"{browser} on {system}"


def _day(days: int) -> str:
    return day_words(_EPOCH + timedelta(days=days))
