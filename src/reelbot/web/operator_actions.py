"""What an operator does to accounts: finds, opens, sets plans, grants, limits, roles. The operator's pages and API share it.

Who may is settled before: by the table of pages, and by `require_operator` of the API. Every change has a reason; those of
an allowance stand in the account's ledger, a role's in the access log.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, NamedTuple

from reelbot.accounts import Accounts, Identity, Role
from reelbot.allowance import Account, AccountRef, Allowance, Answer, Ledger, Receipt, Span, Usage
from reelbot.db import Connection
from reelbot.errors import Malformed
from reelbot.limits import WHY_LENGTH_MAX
from reelbot.web.context import Site
from reelbot.web.problems import Problem

READ_AT_ONCE = 500
"""Accounts that are looked through at once in search of a name."""

SEARCHED_MAX = 20_000
"""Accounts that one search looks through before it shows what it has found: about a second's work."""

GRANTS_SHOWN = 20
"""Grants to one limit that are listed: more in one window is a limit that ought to be set."""

Also = Callable[[Connection], Awaitable[object]]
"""What is written with an account that is opened, or not at all."""

NOBODY = "There is no such account."


class AccountList(NamedTuple):
    """Accounts to list, and the place to go on behind; empty where the list ends."""

    accounts: Sequence[Account]
    more: str


class GrantInForce(NamedTuple):
    """A grant that counts in the window that runs; `until_at` is its end, None for a standing limit."""

    meter: str
    amount: int
    at: int
    until_at: int | None
    why: str


class OverrideInForce(NamedTuple):
    """A limit that is not the plan's; `by_plan` is what the plan would allow, None for unlimited, as in `limit`."""

    meter: str
    limit: int | None
    by_plan: int | None
    at: int
    why: str


class Exceptions(NamedTuple):
    """What sets an account apart from its plan."""

    grants: Sequence[GrantInForce]
    overrides: Sequence[OverrideInForce]


# which accounts


def account_id(account: Account | AccountRef) -> str:
    """How an operator's addresses name an account."""
    return f"{account.lane}-{account.id}"


def account_place(text: str) -> tuple[int, int]:
    """The lane and number that such a text names; `Problem` not_found when it names none."""
    lane, _, number = text.partition("-")
    if not all(part.isascii() and part.isdigit() and len(part) <= 15 for part in (lane, number)):
        raise Problem("not_found", NOBODY)
    return int(lane), int(number)


async def account_named(ledger: Ledger, text: str) -> Account:
    """The account of an id; `Problem` not_found when there is none."""
    lane, number = account_place(text)
    found = await ledger.accounts(AccountRef(lane, number - 1, ""), 1)
    if not found or (found[0].lane, found[0].id) != (lane, number):
        raise Problem("not_found", NOBODY)
    return found[0]


def ref_of(account: Account) -> AccountRef:
    """The account as callers carry it."""
    return AccountRef(account.lane, account.id, account.name)


async def accounts_found(ledger: Ledger, sought: str, after: AccountRef | None, count: int) -> AccountList:
    """A page of accounts behind one, in the order in which they were opened: all, or those with this text in their name."""
    if not sought:
        return _cut(await ledger.accounts(after, count + 1), count)
    found: list[Account] = []
    for _ in range(SEARCHED_MAX // READ_AT_ONCE):
        page = await ledger.accounts(after, READ_AT_ONCE)
        found.extend(one for one in page if sought.casefold() in one.name.casefold())
        if len(found) > count or len(page) < READ_AT_ONCE:
            return _cut(found, count)
        after = AccountRef(page[-1].lane, page[-1].id, "")
    assert after is not None, "at least one page was read"
    return AccountList(found, account_id(after))


def _cut(found: Sequence[Account], count: int) -> AccountList:
    return AccountList(found[:count], account_id(found[count - 1]) if len(found) > count else "")


async def exceptions_of(ledger: Ledger, account: AccountRef, usage: Usage) -> Exceptions:
    """Grants and limits of its own that are in force for an account now."""
    starts = {allowance.meter: allowance.starts_at for allowance in usage.meters}
    snapshot = await ledger.store.snapshot(account, lambda _: starts)
    assert snapshot is not None, "its usage has just been read"
    grants: list[GrantInForce] = []
    for allowance in usage.meters:
        balance = snapshot.balances.get((account.id, allowance.meter, allowance.starts_at))
        if balance is not None and balance.granted:
            grants.extend(await _grants(ledger, account, allowance))
    limits = ledger.terms.catalogue.plans[usage.plan].limits
    overrides = [
        await _override(ledger, account, meter, limit, limits[meter])
        for meter, limit in snapshot.account.overrides.items()
    ]
    return Exceptions(grants, overrides)


async def _grants(ledger: Ledger, account: AccountRef, allowance: Allowance) -> list[GrantInForce]:
    """Grants to one limit that count in the window that runs, the last one first."""
    found = await ledger.history(account, Span(None, GRANTS_SHOWN, allowance.meter, "grant"))
    return [
        GrantInForce(allowance.meter, entry.amount, entry.at, entry.window_end, entry.why)
        for entry in found
        if entry.window_start == allowance.starts_at
    ]


async def _override(
    ledger: Ledger, account: AccountRef, meter: str, limit: int | None, by_plan: int | None
) -> OverrideInForce:
    last = (await ledger.history(account, Span(None, 1, meter, "override")))[0]
    return OverrideInForce(meter, limit, by_plan, last.at, last.why)


# what is done


async def open_account(
    ledger: Ledger, accounts: Accounts, name: str, plan: str, zone: str, role: Role, also: Also | None = None
) -> AccountRef | None:
    """Open an account with its member; None when there is one of that name. `also` writes in the same transaction."""
    joined: list[AccountRef] = []

    async def join(connection: Connection | None, answer: Answer) -> None:
        assert connection is not None, "members are kept in a database"
        await accounts.join(connection, answer.lane, answer.account, name, role)
        if also is not None:
            await also(connection)
        joined.append(AccountRef(answer.lane, answer.account, name))

    await ledger.account(name, plan=plan, timezone=zone, rider=join)
    return joined[-1] if joined else None


async def set_plan(site: Site, who: Identity, account: AccountRef, plan: str, key: str, why: str) -> Receipt:
    """Move an account to a plan, at once."""
    receipt = await site.subscriptions.set_plan(account, plan, by=who.name, key=key, why=checked_reason(why))
    site.counts.carried_out("plan", receipt.replayed)
    return receipt


async def grant(site: Site, account: AccountRef, meter: str, amount: int, key: str, why: str) -> Receipt:
    """Add to one limit in the window that runs now."""
    receipt = await site.ledger.grant(account, meter, amount, key=key, why=checked_reason(why))
    site.counts.carried_out("grant", receipt.replayed)
    return receipt


async def override(
    site: Site, account: AccountRef, meter: str, limit: int | Literal["plan"] | None, key: str, why: str
) -> Receipt:
    """Set one limit apart from the plan, or let it follow the plan again."""
    receipt = await site.ledger.override(account, meter, limit, key=key, why=checked_reason(why))
    site.counts.carried_out("override", receipt.replayed)
    return receipt


async def set_role(
    accounts: Accounts, who: Identity, account: AccountRef, role: Role, why: str, address: str = ""
) -> bool:
    """Give an account another role, at once; False when it has it already. `LastOperator` when nobody would be left."""
    by = f"{who.name}, because: {checked_reason(why)}"
    return await accounts.roles.give(account.lane, account.id, account.name, role, by, address)


def checked_reason(why: str) -> str:
    """A reason of at least one printable character and at most as many as the ledger keeps; `Malformed` otherwise."""
    if not why.strip():
        raise Malformed("Give a reason: it stands in the account's history.", "why")
    if len(why) > WHY_LENGTH_MAX or not why.isprintable():
        raise Malformed(f"A reason has at most {WHY_LENGTH_MAX} printable characters.", "why")
    return why
