"""Signing in and out: by a one-time link, by a password, or by opening an account where the operator allows it."""

from reelbot.accounts import SESSION_MS, TooManyTries
from reelbot.allowance import Answer
from reelbot.clock import MINUTE, SECOND
from reelbot.db import Connection
from reelbot.errors import Malformed
from reelbot.limits import NAME_LENGTH_MAX
from reelbot.web.auth import COOKIE
from reelbot.web.pages.visits import Goto, Outcome, Shown, Told, Visit
from reelbot.web.problems import KINDS, OK, Problem

_WRONG = "This name and password do not go together."
_USED_UP = "This link was used before, or is older than ten minutes. `reelbot account link` prints a new one."
_CLOSED = "Accounts are opened by whoever runs this server. Ask them for one."
_MANY = "Many accounts were opened from your network within this hour."
_ASK = "Or ask whoever runs this server to open one for you."

_FREE = "free"

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
        is_right = await visit.accounts.passwords.is_right(asked, place, _password(visit), visit.address)
    except TooManyTries as failure:
        return _too_often("login", visit, f"This was tried too often. {_wait(visit, failure)}", failure)
    if account is None or not is_right:
        return _form("login", visit, _WRONG, KINDS["unauthenticated"].status)
    return await _begin(visit, account.lane, account.id)


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

    A name that is taken counts as a new account: whoever asks learns that somebody has it.
    """
    _require_open(visit)
    try:
        await visit.accounts.count_signup(visit.address)
        place = await _opened(visit)
    except TooManyTries as failure:
        return _too_often("signup", visit, f"{_MANY} {_wait(visit, failure)} {_ASK}", failure)
    except Malformed as failure:
        await visit.accounts.take_back_signup(visit.address)
        return _form("signup", visit, failure.detail, KINDS["malformed"].status)
    if place is None:
        taken = (
            f"There is an account named {visit.field('name')} already, or one that looks like it. Choose another name."
        )
        return _form("signup", visit, taken, KINDS["malformed"].status)
    return await _begin(visit, *place)


async def _opened(visit: Visit) -> tuple[int, int] | None:
    """Where the new account is; None when its name is taken, or looks like one that is."""
    ledger, accounts = visit.site.ledger, visit.accounts
    hashed = await accounts.passwords.hashed(_password(visit))
    name, plans = visit.field("name"), ledger.terms.catalogue.plans
    if await ledger.find(name) is not None or await accounts.looks_taken(name):
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


async def enter(visit: Visit) -> Outcome:
    """Begin a session by a one-time link."""
    session = await visit.accounts.sessions.enter(visit.query.get("token", ""), visit.agent, visit.address)
    if session is not None:
        return Goto("/", None, (_cookie(visit, session),))
    if visit.who is not None:
        return Goto("/")
    return _form("login", visit, _USED_UP, KINDS["unauthenticated"].status)


async def log_out(visit: Visit) -> Outcome:
    """End the session."""
    if visit.session is not None:
        await visit.accounts.sessions.end(visit.session)
    return Goto("/login", Told("good", "You have signed out."), (_forget(visit), _FORGET_FILES))


async def _begin(visit: Visit, lane: int, account: int) -> Goto:
    session = await visit.accounts.sessions.begin(lane, account, visit.agent, visit.address)
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
    return b"set-cookie", f"{COOKIE}={session}; Max-Age={SESSION_MS // SECOND}{_attributes(visit)}".encode()


def _forget(visit: Visit) -> tuple[bytes, bytes]:
    return b"set-cookie", f"{COOKIE}=; Max-Age=0{_attributes(visit)}".encode()


def _attributes(visit: Visit) -> str:
    return f"; Path=/; HttpOnly; SameSite=Lax{'; Secure' if visit.is_secure else ''}"
