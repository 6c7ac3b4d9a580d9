"""Signing in and out: by a one-time link, by a password, or by opening an account where the operator allows it."""

import secrets

from reelbot.accounts import LINK_MS, SESSION_MS, TooManyTries, network_of
from reelbot.allowance import Answer
from reelbot.clock import MINUTE, SECOND
from reelbot.db import Connection
from reelbot.errors import Malformed
from reelbot.limits import NAME_LENGTH_MAX
from reelbot.web.auth import COOKIE, ENTRY_COOKIE, cookie_field
from reelbot.web.pages.forms import TOKEN_FIELD, form_token
from reelbot.web.pages.visits import Flash, Goto, Outcome, Shown, Visit
from reelbot.web.problems import KINDS, OK, Problem

_WRONG = "This name and password do not go together."
_USED_UP = "This link has expired or was already used. Ask your administrator for a new one."
_CLOSED = "Accounts are opened by whoever runs this server. Ask them for one."
_MANY = "Many accounts were opened from your network within this hour."
_ASK = "Or ask whoever runs this server to open one for you."

_FREE = "free"

_NO_REFERRER = (b"referrer-policy", b"no-referrer")
"""The address of this page signs in: no other page shall be told it."""

_FORGET_FILES = (b"clear-site-data", b'"cache"')
"""Pictures and videos are kept by the browser for ever; whoever uses it next shall not find them there."""


async def show_login(visit: Visit) -> Outcome:
    """The form; who has signed in already goes on."""
    if visit.who is not None:
        return Goto(_inside(visit.query.get("to", "/")))
    return _form("login", visit)


async def log_in(visit: Visit) -> Outcome:
    """Begin a session for a name and its password."""
    name = visit.field("name")
    try:
        account = await visit.site.ledger.find(name) if 1 <= len(name) <= NAME_LENGTH_MAX else None
        place = None if account is None else (account.lane, account.id)
        asked = name if account is None else account.name  # as the ledger writes it: however typed, its tries are one's
        with visit.site.passwords.taken(network_of(visit.address) or asked):
            hashed = await visit.accounts.passwords.matching(asked, place, _password(visit), visit.address)
    except TooManyTries as failure:
        return _too_often("login", visit, f"This was tried too often. {_wait(visit, failure)}", failure)
    if account is None or hashed is None:
        return _form("login", visit, _WRONG, KINDS["unauthenticated"].status)
    to = (account.lane, account.id, hashed, visit.agent, visit.address)
    session = await visit.accounts.sessions.begin_by_password(*to)
    if session is None:  # the password was changed while it was being checked
        return _form("login", visit, _WRONG, KINDS["unauthenticated"].status)
    return _began(visit, session)


def _wait(visit: Visit, failure: TooManyTries) -> str:
    minutes = max(1, -(-(failure.until_at - visit.site.clock()) // MINUTE))
    return f"Try again in {minutes} minute{'' if minutes == 1 else 's'}."


def _too_often(name: str, visit: Visit, wrong: str, failure: TooManyTries) -> Shown:
    visit.site.counts.problems[failure.code] += 1
    seconds = max(1, -(-(failure.until_at - visit.site.clock()) // SECOND))
    shown = _form(name, visit, wrong, KINDS[failure.code].status)
    return shown._replace(fields=((b"retry-after", b"%d" % seconds),))


async def show_signup(visit: Visit) -> Outcome:
    """The form for a new account."""
    _require_open(visit)
    return Goto("/") if visit.who is not None else _form("signup", visit)


async def sign_up(visit: Visit) -> Outcome:
    """Open an account on Free, with its password, and sign in.

    From the look at the name on it counts, whether an account is opened or not: whoever asks learns who has one.
    """
    _require_open(visit)
    try:
        await visit.accounts.count_signup(visit.address)
        with visit.site.passwords.taken(network_of(visit.address) or visit.field("name")):
            place = await _opened(visit)
    except TooManyTries as failure:
        return _too_often("signup", visit, f"{_MANY} {_wait(visit, failure)} {_ASK}", failure)
    except Malformed as failure:
        return _form("signup", visit, failure.detail, KINDS["malformed"].status)
    if place is None:
        taken = (
            f"There is an account named {visit.field('name')} already, or one that looks like it. Choose another name."
        )
        return _form("signup", visit, taken, KINDS["malformed"].status)
    return _began(visit, await visit.accounts.sessions.begin(*place, visit.agent, visit.address))


async def _opened(visit: Visit) -> tuple[int, int] | None:
    """Where the new account is; None when its name is taken, or looks like one that is."""
    ledger, accounts = visit.site.ledger, visit.accounts
    name, plans = visit.field("name"), ledger.terms.catalogue.plans
    try:
        hashed = await accounts.passwords.hashed(_password(visit), (name[:NAME_LENGTH_MAX],))
        is_taken = await ledger.find(name) is not None
    except Malformed:  # a name or a password that nobody may have: nothing was looked for
        await accounts.take_back_signup(visit.address)
        raise
    if is_taken or await accounts.looks_taken(name):
        return None
    opened: list[tuple[int, int]] = []

    async def join(connection: Connection | None, answer: Answer) -> None:
        assert connection is not None, "members are kept in a database"
        await accounts.join(connection, answer.lane, answer.account, name, "creator")
        await accounts.passwords.write_on(connection, answer.lane, answer.account, hashed)
        opened.append((answer.lane, answer.account))

    plan = _FREE if _FREE in plans else next(iter(plans))
    await ledger.account(name, plan=plan, timezone=visit.field("timezone") or "UTC", rider=join)
    return opened[-1] if opened else None


async def show_entry(visit: Visit) -> Outcome:
    """The page of a one-time link, whose button signs in. Looking at it uses nothing up: mail programs and chats do."""
    link = visit.query.get("token", "")
    name = await visit.accounts.sessions.whose_link(link)
    if name is None:
        return Goto("/") if visit.who is not None else _used_up(visit)
    entry = secrets.token_hex(20)
    values = {"name": name, "link": link, "entry_token": form_token(entry), "token_field": TOKEN_FIELD}
    cookie = cookie_field(ENTRY_COOKIE, entry, LINK_MS // SECOND, visit.is_secure, "Strict")
    return Shown("enter", values, "Sign in", fields=(_NO_REFERRER, cookie))


async def enter(visit: Visit) -> Outcome:
    """Begin a session by a one-time link, which is used up by it."""
    session = await visit.accounts.sessions.enter(visit.field("token"), visit.agent, visit.address)
    if session is None:
        return _used_up(visit)
    return Goto("/", None, (_cookie(visit, session), cookie_field(ENTRY_COOKIE, "", 0, visit.is_secure, "Strict")))


def _used_up(visit: Visit) -> Shown:
    shown = _form("login", visit, _USED_UP, KINDS["unauthenticated"].status)
    return shown._replace(fields=(*shown.fields, _NO_REFERRER))


async def log_out(visit: Visit) -> Outcome:
    """End the session."""
    if visit.session is not None:
        await visit.accounts.sessions.end(visit.session, visit.address)
    return Goto("/login", Flash("good", "You have signed out."), (_forget(visit), _FORGET_FILES))


def _began(visit: Visit, session: str) -> Goto:
    return Goto(_inside(visit.field("to") or "/"), None, (_cookie(visit, session),))


def _form(name: str, visit: Visit, wrong: str = "", status: int = OK) -> Shown:
    values = {"wrong": wrong, "name": visit.field("name"), "to": _inside(visit.query.get("to") or visit.field("to"))}
    return Shown(name, values, "Sign in" if name == "login" else "Open an account", status)


def _password(visit: Visit) -> str:
    """As it was typed, blanks at its ends included."""
    return visit.form.get("password", [""])[0]


def _require_open(visit: Visit) -> None:
    if visit.site.pages.signup != "open":
        raise Problem("forbidden", _CLOSED)


def _inside(to: str) -> str:
    """A path of this site to go on to; the dashboard for anything else, which could be somebody's trap."""
    is_path = to.startswith("/") and not to.startswith(("//", "/\\"))
    return to if is_path and to.isprintable() else "/"


def _cookie(visit: Visit, session: str) -> tuple[bytes, bytes]:
    return cookie_field(COOKIE, session, SESSION_MS // SECOND, visit.is_secure)


def _forget(visit: Visit) -> tuple[bytes, bytes]:
    return cookie_field(COOKIE, "", 0, visit.is_secure)
