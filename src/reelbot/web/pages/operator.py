"""The operator's pages of accounts: which there are and their live use, plans, limits, grants; the check of the ledger.

Who may sign in to an account and as what is in `operator_member`, jobs and workers are in `operator_jobs`, plans and
configuration in `operator_setup`.
"""

import secrets
from collections.abc import Sequence
from typing import Literal, NamedTuple
from urllib.parse import urlencode

from reelbot.accounts import Role
from reelbot.allowance import Account, AccountRef, Usage
from reelbot.errors import Malformed
from reelbot.subscriptions import REASON_LENGTH_MAX
from reelbot.web import operator_actions as actions
from reelbot.web.pages.meters import PAIR, MeterView, meters_shown
from reelbot.web.pages.operator_exceptions import exceptions_shown
from reelbot.web.pages.operator_jobs import facts_shown
from reelbot.web.pages.operator_requests import request_row
from reelbot.web.pages.reauthentication import needs_password
from reelbot.web.pages.visits import Flash, Goto, Outcome, Shown, Visit
from reelbot.web.pages.wording import full_instant_words

LISTED = 25
"""Accounts of one page: each is read with its figures, again and again while the page is looked at."""


class AccountRow(NamedTuple):
    """An account in the list. `place` names it in addresses; `is_apart` says that a limit of its own counts."""

    place: str
    name: str
    plan: str
    next_plan: str
    zone: str
    role: str
    is_apart: bool
    meters: Sequence[MeterView]


async def show(visit: Visit) -> Outcome:
    """Show accounts, all or those of a name, and the check."""
    sought, after = visit.query.get("q", "").strip(), _after(visit)
    found = await actions.accounts_found(visit.site.ledger, sought, after, LISTED)
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


async def show_account(visit: Visit) -> Outcome:
    """Show one account, with what may be done to it."""
    account = await account_at(visit)
    usage = await visit.site.ledger.usage(account)
    exceptions = exceptions_shown(
        await actions.exceptions_of(visit.site.ledger, account, usage), visit.site.ledger.terms.catalogue, usage.zone
    )
    catalogue = visit.site.ledger.terms.catalogue
    member = await visit.accounts.member(account.lane, account.id)
    request = await visit.site.subscriptions.latest(account)
    values = {
        "request": None if request is None or request.state != "open" else request_row(request, visit),
        "reason_length_max": REASON_LENGTH_MAX,
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
        "needs_old": await needs_password(visit),
    }
    return Shown("operator_account", values, account.name)


# what is done, always with a reason


async def open_account(visit: Visit) -> Outcome:
    """Open an account; it signs in by a link first."""
    name, role = visit.field("name"), role_in(visit.field("role"))
    zone = visit.field("timezone") or "UTC"
    opened = await actions.open_account(visit.site.ledger, visit.accounts, name, visit.field("plan"), zone, role)
    if opened is None:
        raise Malformed(f"There is an account named {name} already.", "name")
    told = Flash("good", f"{name} is open. Give them a link to sign in with.")
    return Goto(f"/operator/accounts/{actions.account_id(opened)}", told)


def role_in(text: str) -> Role:
    """The role that a form names."""
    return "operator" if text == "operator" else "creator"


async def set_plan(visit: Visit) -> Outcome:
    """Move an account to a plan, at once."""
    account, ledger = await account_at(visit), visit.site.ledger
    plan = visit.field("plan")
    await actions.set_plan(visit.site, visit.member, account, plan, _once(visit), visit.field("why"))
    return _back(visit, f"{account.name} is on {ledger.terms.catalogue.plans[plan].title} now.")


async def grant(visit: Visit) -> Outcome:
    """Add to one limit in the window that runs now."""
    account = await account_at(visit)
    amount = _whole(visit.field("amount"), "The amount")
    await actions.grant(visit.site, account, visit.field("meter"), amount, _once(visit), visit.field("why"))
    return _back(visit, f"{account.name} has {amount:,} more until the limit begins anew.")


async def override(visit: Visit) -> Outcome:
    """Set one limit apart from the plan, or let it follow the plan again."""
    account = await account_at(visit)
    limit = _limit(visit.field("limit"))
    await actions.override(visit.site, account, visit.field("meter"), limit, _once(visit), visit.field("why"))
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


async def account_at(visit: Visit) -> AccountRef:
    """The account that the address of a page names."""
    return actions.ref_of(await actions.account_named(visit.site.ledger, visit.named))


def _after(visit: Visit) -> AccountRef | None:
    after = visit.query.get("after")
    return AccountRef(*actions.account_place(after), "") if after else None


async def _row(visit: Visit, account: Account) -> AccountRow:
    ref = actions.ref_of(account)
    usage: Usage = await visit.site.ledger.usage(ref)
    member = await visit.accounts.member(ref.lane, ref.id)
    catalogue = visit.site.ledger.terms.catalogue
    return AccountRow(
        actions.account_id(account),
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
    return Goto(f"/operator/accounts/{visit.named}", Flash("good", sentence))


def _once(visit: Visit) -> str:
    """The form's own key, so that a double click is one change."""
    return f"page · {visit.field('once') or secrets.token_hex(16)}"


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
