"""`/api/v1/operator/accounts`: all accounts, for operators: find, open, read; plan, grants, overrides and role of each.

Repeating a request is safe: an idempotency key is the operator's own, and is held to one request, whatever account that
is for.
"""

import hashlib
import secrets
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from reelbot.accounts import Accounts, Role
from reelbot.allowance import Account, AccountRef, Instant, MeterFigures, Usage, meter_figures
from reelbot.clock import instant_text, instant_text_or_none
from reelbot.db import Connection
from reelbot.errors import Malformed
from reelbot.limits import NAME_LENGTH_MAX
from reelbot.subscriptions import PlanRequestShown, request_shown
from reelbot.web import operator_actions as actions
from reelbot.web.api.operator_jobs import require_operator
from reelbot.web.operations import Call
from reelbot.web.problems import CREATED, OK, Problem
from reelbot.web.replies import REPLAYED, Reply, json_reply
from reelbot.web.requests import reason_in
from reelbot.web.shapes import Amount, AmountOrNone, MeterName, PlanName, Why, ZoneName

LISTED_MAX = 100
"""Accounts of one page: each is a look for its role."""

_encode = msgspec.json.Encoder().encode

AccountId = Annotated[str, Meta(pattern="^[0-9]{1,2}-[0-9]{1,15}$", examples=["0-17"])]


class AccountsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which accounts: those with `q` in their name, or the one that is called `name`; behind an id, so many."""

    q: Annotated[str, Meta(max_length=NAME_LENGTH_MAX, description="A part of the name.")] | None = None
    name: Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH_MAX, description="The whole name.")] | None = None
    after: (
        Annotated[str, Meta(pattern="^[0-9]{1,2}-[0-9]{1,15}$", description="The `next` of the page before.")] | None
    ) = None
    limit: Annotated[int, Meta(ge=1, le=LISTED_MAX, description="Accounts of one page.")] = 50


class AccountAdded(Struct, frozen=True, forbid_unknown_fields=True):
    """An account to open."""

    name: Annotated[str, Meta(min_length=1, max_length=NAME_LENGTH_MAX, examples=["ben"])]
    plan: PlanName
    timezone: ZoneName = "UTC"
    role: Role = "creator"


class PlanSet(Struct, frozen=True, forbid_unknown_fields=True):
    """The plan that an account is on from now on."""

    plan: PlanName
    why: Why


class GrantAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """What is added to a limit, in the window that runs now."""

    meter: MeterName
    amount: Amount
    why: Why


class OverrideAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """A limit apart from the plan: a whole number, null for unlimited, `plan` to follow the plan again."""

    meter: MeterName
    limit: AmountOrNone | Literal["plan"] | None
    why: Why


class RoleSet(Struct, frozen=True, forbid_unknown_fields=True):
    """The role that an account has from now on."""

    role: Role
    why: Why


class AccountListed(Struct, frozen=True):
    """An account as the list has it. `role` is null where nobody can sign in: a program opened it."""

    id: AccountId
    account: str
    plan: str
    next_plan: str | None
    next_plan_at: Instant | None
    timezone: str
    role: Role | None
    created_at: Instant
    overrides: dict[str, int | None]


class AccountsListed(Struct, frozen=True):
    """Accounts in the order in which they were opened. `next` is null where the list ends."""

    accounts: list[AccountListed]
    next: str | None


class GrantShown(Struct, frozen=True):
    """A grant that counts now, until the window ends."""

    meter: str
    amount: int
    at: Instant
    until: Instant | None
    why: str


class OverrideShown(Struct, frozen=True):
    """A limit that is not the plan's; `by_plan` is what the plan allows."""

    meter: str
    limit: int | None
    by_plan: int | None
    at: Instant
    why: str


class OperatorAccountShown(AccountListed, frozen=True, kw_only=True):
    """An account with its figures, what sets it apart from its plan, and its open request for another one."""

    meters: list[MeterFigures]
    grants: list[GrantShown]
    exceptions: list[OverrideShown]
    request: PlanRequestShown | None
    failed_sign_ins: int


async def list_accounts(call: Call) -> Reply:
    """Find accounts."""
    accounts = _accounts(call)
    query: AccountsQuery = call.query
    if query.name is not None:
        ref = await call.site.ledger.find(query.name)
        named = [] if ref is None else [await actions.account_named(call.site.ledger, actions.account_id(ref))]
        found = actions.AccountList(named, "")
    else:
        after = None if query.after is None else AccountRef(*actions.account_place(query.after), "")
        found = await actions.accounts_found(call.site.ledger, query.q or "", after, query.limit)
    listed = [AccountListed(*await _facts(call, accounts, one)) for one in found.accounts]
    return json_reply(OK, _encode(AccountsListed(listed, found.more or None)))


async def open_account(call: Call) -> Reply:
    """Open an account. Nobody can sign in to it before it has a link, a password or a key."""
    accounts = _accounts(call)
    asked: AccountAdded = call.body
    ledger = call.site.ledger

    async def claim(connection: Connection) -> None:
        if call.key is not None:
            await call.site.subscriptions.claim_on(connection, call.account, call.key, *_said(call, "open"))

    opened = None
    if not await _claimed(call, "open"):
        facts = (asked.name, asked.plan, asked.timezone, asked.role)
        opened = await actions.open_account(ledger, accounts, *facts, also=claim)
    if opened is None and not await _claimed(call, "open"):
        raise Malformed(f"There is an account named {asked.name} already.", "name")
    ref = opened or await ledger.find(asked.name)
    assert ref is not None, "it is there already"
    return await _told(call, accounts, actions.account_id(ref), CREATED, replayed=opened is None)


async def read_account(call: Call) -> Reply:
    """Tell how an account stands."""
    return await _told(call, _accounts(call), call.named)


async def set_plan(call: Call) -> Reply:
    """Move an account, at once."""
    accounts, asked = _accounts(call), call.body
    ref = await _account(call)
    await _claim(call, "plan")
    receipt = await actions.set_plan(call.site, call.who, ref, asked.plan, _key(call), reason_in(asked.why))
    return await _told(call, accounts, call.named, replayed=receipt.replayed)


async def grant(call: Call) -> Reply:
    """Add to a limit."""
    accounts, asked = _accounts(call), call.body
    ref = await _account(call)
    await _claim(call, "grant")
    receipt = await actions.grant(call.site, ref, asked.meter, asked.amount, _key(call), reason_in(asked.why))
    return await _told(call, accounts, call.named, replayed=receipt.replayed)


async def override(call: Call) -> Reply:
    """Set a limit apart."""
    accounts, asked = _accounts(call), call.body
    ref = await _account(call)
    await _claim(call, "override")
    receipt = await actions.override(call.site, ref, asked.meter, asked.limit, _key(call), reason_in(asked.why))
    return await _told(call, accounts, call.named, replayed=receipt.replayed)


async def set_role(call: Call) -> Reply:
    """Change a role; never the last operator's. A repeated key does not give it again: another may have changed it since."""
    accounts, asked = _accounts(call), call.body
    ref = await _account(call)
    again = await _claimed(call, "role")
    if not again:
        await actions.set_role(accounts, call.who, ref, asked.role, reason_in(asked.why))
        await _claim(call, "role")  # a refusal is not remembered
    return await _told(call, accounts, call.named, replayed=again)


# what all of them need


def _accounts(call: Call) -> Accounts:
    """The members, for an operator; as if nothing were here for anybody else."""
    require_operator(call)
    if not isinstance(call.site.accounts, Accounts):
        raise Problem("not_found", "This server keeps its ledger in memory and has no operators.")
    return call.site.accounts


async def _account(call: Call) -> AccountRef:
    return actions.ref_of(await actions.account_named(call.site.ledger, call.named))


async def _claimed(call: Call, what: str) -> bool:
    """Whether the key came before, for this very request."""
    return call.key is not None and await call.site.subscriptions.claimed(call.account, call.key, *_said(call, what))


async def _claim(call: Call, what: str) -> None:
    """Hold the key to this request."""
    if call.key is not None:
        await call.site.subscriptions.claim(call.account, call.key, *_said(call, what))


def _said(call: Call, what: str) -> tuple[str, str, object]:
    return what, call.named, call.body


def _key(call: Call) -> str:
    """The ledger's key: the operator's own, in a form that no account can use up, or one that is never repeated."""
    if call.key is None:
        return f"operator · {secrets.token_hex(16)}"
    return f"operator · {call.who.lane}-{call.who.account} · {hashlib.sha256(call.key.encode()).hexdigest()}"


async def _told(call: Call, accounts: Accounts, place: str, status: int = OK, *, replayed: bool = False) -> Reply:
    ledger = call.site.ledger
    account = await actions.account_named(ledger, place)
    ref = actions.ref_of(account)
    usage = await ledger.usage(ref)
    exceptions = await actions.exceptions_of(ledger, ref, usage)
    request = await call.site.subscriptions.latest(ref)
    shown = OperatorAccountShown(
        *await _facts(call, accounts, account, usage),
        meters=[meter_figures(one) for one in usage.meters],
        grants=[
            GrantShown(one.meter, one.amount, instant_text(one.at), instant_text_or_none(one.until_at), one.why)
            for one in exceptions.grants
        ],
        exceptions=[
            OverrideShown(one.meter, one.limit, one.by_plan, instant_text(one.at), one.why)
            for one in exceptions.overrides
        ],
        request=None if request is None or request.state != "open" else request_shown(request),
        failed_sign_ins=await accounts.tries.lately_for(account.name),
    )
    return json_reply(status, _encode(shown), REPLAYED if replayed else ())


async def _facts(
    call: Call, accounts: Accounts, account: Account, usage: Usage | None = None
) -> tuple[str, str, str, str | None, str | None, str, Role | None, str, dict[str, int | None]]:
    now = call.site.clock()
    member = await accounts.member(account.lane, account.id)
    plan = account.plan_at(now) if usage is None else usage.plan
    is_coming = account.next_plan is not None and plan == account.plan
    return (
        actions.account_id(account),
        account.name,
        plan,
        account.next_plan if is_coming else None,
        instant_text_or_none(account.next_plan_at if is_coming else None),
        account.calendar.zone,
        None if member is None else member.role,
        instant_text(account.created_at),
        dict(account.overrides),
    )
