"""The operator's pages of accounts: which there are and their live use, plans, limits, grants; the check of the ledger.

Who may sign in to an account and as what is in `operator_member`, jobs and workers are in `operator_jobs`, plans and
configuration in `operator_setup`.
"""

import secrets
from collections.abc import Sequence
from typing import Literal, NamedTuple
from urllib.parse import urlencode

from reelbot.accounts import Role
from reelbot.allowance import Account, AccountRef, Answer, Usage
from reelbot.db import Connection
from reelbot.errors import Malformed
from reelbot.web.pages.meters import PAIR, MeterShown, meters_shown
from reelbot.web.pages.operator_exceptions import exceptions_of
from reelbot.web.pages.operator_jobs import facts_shown
from reelbot.web.pages.visits import Goto, Outcome, Shown, Told, Visit, nothing_here
from reelbot.web.pages.wording import full_instant_words

LISTED = 25
"""Accounts of one page: each is read with its figures, again and again while the page is looked at."""

READ_AT_ONCE = 500
"""Accounts that are looked through at once in search of a name."""

SEARCHED_MAX = 20_000
"""Accounts that one search looks through before it shows what it has found: about a second's work."""


class AccountRow(NamedTuple):
    """An account in the list. `place` names it in addresses; `is_apart` says that a limit of its own counts."""

    place: str
    name: str
    plan: str
    next_plan: str
    zone: str
    role: str
    is_apart: bool
    meters: Sequence[MeterShown]


class Found(NamedTuple):
    """Accounts to list, and the place to go on behind; empty where the list ends."""

    accounts: Sequence[Account]
    more: str


async def show(visit: Visit) -> Outcome:
    """Show accounts, all or those of a name, and the check."""
    sought, after = visit.query.get("q", "").strip(), _after(visit)
    found = await _found(visit, sought, after)
    values = {
        "section": "accounts",
        "sought": sought,
        "is_first": after is None,
        "rows": [await _row(visit, one) for one in found.accounts],
        "more": urlencode({"q": sought, "after": found.more} if sought else {"after": found.more})
        if found.more
        else "",
        "plans": list(visit.site.ledger.terms.catalogue.plans.values()),
        **await facts_shown(visit),
        **_check(visit),
    }
    return Shown("operator", values, "Operator")


async def _found(visit: Visit, sought: str, after: AccountRef | None) -> Found:
    """A page of accounts behind one, of those whose name has the text that is sought in it."""
    if not sought:
        return _cut(await visit.site.ledger.accounts(after, LISTED + 1))
    found: list[Account] = []
    for _ in range(SEARCHED_MAX // READ_AT_ONCE):
        page = await visit.site.ledger.accounts(after, READ_AT_ONCE)
        found.extend(one for one in page if sought.casefold() in one.name.casefold())
        if len(found) > LISTED or len(page) < READ_AT_ONCE:
            return _cut(found)
        after = AccountRef(page[-1].lane, page[-1].id, "")
    assert after is not None, "at least one page was read"
    return Found(found, f"{after.lane}-{after.id}")


def _cut(found: Sequence[Account]) -> Found:
    return Found(found[:LISTED], place_of(found[LISTED - 1]) if len(found) > LISTED else "")


async def show_account(visit: Visit) -> Outcome:
    """Show one account, with what may be done to it."""
    account = await account_at(visit)
    usage = await visit.site.ledger.usage(account)
    exceptions = await exceptions_of(visit.site.ledger, account, usage)
    catalogue = visit.site.ledger.terms.catalogue
    member = await visit.accounts.member(account.lane, account.id)
    values = {
        "place": visit.named,
        "account": account,
        "role": "none" if member is None else member.role,
        "theirs": usage,
        "their_meters": meters_shown(usage, catalogue),
        "granted": exceptions.granted,
        "apart": exceptions.apart,
        "plan_title": catalogue.plans[usage.plan].title,
        "next_title": "" if usage.next_plan is None else catalogue.plans[usage.next_plan].title,
        "plans": list(catalogue.plans.values()),
        "wrong_passwords": await visit.accounts.tries.lately_for(account.name),
        "is_own": (account.lane, account.id) == (visit.member.lane, visit.member.account),
        "once": secrets.token_hex(16),
        "link": "",
    }
    return Shown("operator_account", values, account.name)


# what is done, always with a reason


async def open_account(visit: Visit) -> Outcome:
    """Open an account; it signs in by a link first."""
    name, role = visit.field("name"), role_in(visit.field("role"))
    joined: list[AccountRef] = []

    async def join(connection: Connection | None, answer: Answer) -> None:
        assert connection is not None, "members are kept in a database"
        await visit.accounts.join(connection, answer.lane, answer.account, name, role)
        joined.append(AccountRef(answer.lane, answer.account, name))

    zone = visit.field("timezone") or "UTC"
    await visit.site.ledger.account(name, plan=visit.field("plan"), timezone=zone, rider=join)
    if not joined:
        raise Malformed(f"There is an account named {name} already.", "name")
    to = f"/operator/accounts/{joined[-1].lane}-{joined[-1].id}"
    return Goto(to, Told("good", f"{name} is open. Give them a link to sign in with."))


def role_in(text: str) -> Role:
    """The role that a form names."""
    return "operator" if text == "operator" else "creator"


async def set_plan(visit: Visit) -> Outcome:
    """Move an account to a plan, at once."""
    account, ledger = await account_at(visit), visit.site.ledger
    plan = visit.field("plan")
    await ledger.change_plan(account, plan, key=_once(visit), by="operator", why=_reason(visit))
    return _back(visit, f"{account.name} is on {ledger.terms.catalogue.plans[plan].title} now.")


async def grant(visit: Visit) -> Outcome:
    """Add to one limit in the window that runs now."""
    account = await account_at(visit)
    amount = _whole(visit.field("amount"), "The amount")
    await visit.site.ledger.grant(account, visit.field("meter"), amount, key=_once(visit), why=_reason(visit))
    return _back(visit, f"{account.name} has {amount:,} more until the limit begins anew.")


async def override(visit: Visit) -> Outcome:
    """Set one limit apart from the plan, or let it follow the plan again."""
    account = await account_at(visit)
    limit = _limit(visit.field("limit"))
    await visit.site.ledger.override(account, visit.field("meter"), limit, key=_once(visit), why=_reason(visit))
    return _back(visit, f"The limit of {account.name} is set.")


# the check of the ledger


async def verify(visit: Visit) -> Outcome:
    """Begin to check the whole ledger, in the background."""
    visit.memory.verification.begin(visit.site.ledger, visit.site.deliveries, visit.site.clock)
    return Goto("/operator#check")


def _check(visit: Visit) -> dict[str, object]:
    verification, zone = visit.memory.verification, visit.figures.zone
    last = verification.last
    return {
        "is_checking": verification.is_running,
        "check": last,
        "checked_at": "" if last is None else full_instant_words(last.ended_at, zone),
    }


# which account


def place_of(account: Account) -> str:
    """How addresses name an account."""
    return f"{account.lane}-{account.id}"


def _place(text: str) -> tuple[int, int]:
    lane, _, number = text.partition("-")
    if not all(part.isascii() and part.isdigit() and len(part) <= 15 for part in (lane, number)):
        raise nothing_here()
    return int(lane), int(number)


async def account_at(visit: Visit) -> AccountRef:
    """The account that the address of a page names."""
    lane, number = _place(visit.named)
    found = await visit.site.ledger.accounts(AccountRef(lane, number - 1, ""), 1)
    if not found or (found[0].lane, found[0].id) != (lane, number):
        raise nothing_here()
    return AccountRef(lane, number, found[0].name)


def _after(visit: Visit) -> AccountRef | None:
    after = visit.query.get("after")
    return AccountRef(*_place(after), "") if after else None


async def _row(visit: Visit, account: Account) -> AccountRow:
    ref = AccountRef(account.lane, account.id, account.name)
    usage: Usage = await visit.site.ledger.usage(ref)
    member = await visit.accounts.member(ref.lane, ref.id)
    catalogue = visit.site.ledger.terms.catalogue
    return AccountRow(
        place_of(account),
        account.name,
        catalogue.plans[usage.plan].title,
        "" if usage.next_plan is None else catalogue.plans[usage.next_plan].title,
        usage.zone,
        "none" if member is None else member.role,
        bool(account.overrides),
        meters_shown(usage, catalogue)[:PAIR],
    )


# what is typed


def _back(visit: Visit, sentence: str) -> Goto:
    return Goto(f"/operator/accounts/{visit.named}", Told("good", sentence))


def _once(visit: Visit) -> str:
    """The form's own key, so that a double click is one change."""
    return visit.field("once") or secrets.token_hex(16)


def _reason(visit: Visit) -> str:
    reason = visit.field("why")
    if not reason:
        raise Malformed("Give a reason: it stands in the account's history.", "why")
    return reason


def _limit(text: str) -> int | Literal["plan"] | None:
    match text:
        case "plan":
            return "plan"
        case "unlimited":
            return None
        case _:
            return _whole(text, 'The limit, unless it is "unlimited" or "plan",')


def _whole(text: str, what: str) -> int:
    plain = text.replace(",", "").replace(" ", "")
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 16):
        raise Malformed(f"{what} must be a whole number.")
    return int(plain)
