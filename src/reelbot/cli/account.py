"""`reelbot account`: the operator's work. Every change of an allowance is an entry in the ledger, with its reason.

Who may sign in, and as what, is in `members`.
"""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple

import click
from rich.table import Table
from rich.text import Text

from reelbot.accounts import EVERYTHING, SCOPES, USUAL, ApiKey, Role, Scope, checked_scopes, scopes_text
from reelbot.allowance import Account, AccountRef, Catalogue, Ledger, Receipt, Usage, ZoneChange
from reelbot.cli.access import access
from reelbot.cli.account_choice import account_named
from reelbot.cli.call import Invocation, configured
from reelbot.cli.members import link, password, role
from reelbot.cli.requests import BY, approve, decline, requests
from reelbot.cli.terminal import styled, table, to_paste
from reelbot.cli.usage import usage_picture
from reelbot.cli.views import change_document, told_before, zone_document
from reelbot.clock import DAY, SECOND, instant_text, instant_text_or_none
from reelbot.config import Config
from reelbot.errors import Failure, Malformed
from reelbot.ids import place_of
from reelbot.limits import PAGE_MAX
from reelbot.wiring import COMMAND_LINE, FIRST_LABEL, OpenedAccount, Parts, give_key, open_account, wired

_NUMBER = click.IntRange(1, 2**31 - 1)
_EPOCH_DAY = date(1970, 1, 1).toordinal()

_why = click.option("--why", required=True, metavar="REASON", help="Kept in the account's history.")
_once = click.option(
    "--idempotency-key", "key", metavar="KEY", help="Called again with the same key, it is not done again."
)

Change = Callable[[Parts, AccountRef, str], Awaitable[Receipt]]
"""What is done to an account, under an idempotency key."""


@click.group()
def account() -> None:
    """Open accounts, change roles and passwords, move plans, decide requests, grant, set limits, issue API keys."""


for _command in (role, password, link, access, requests, approve, decline):
    account.add_command(_command)


@account.command()
@click.argument("name")
@click.option("--plan", default="free", show_default=True)
@click.option("--timezone", default="UTC", show_default=True, metavar="ZONE", help="An IANA name: Europe/Paris.")
@click.option("--operator", is_flag=True, help="May do an operator's work.")
@configured
def create(call: Invocation, name: str, plan: str, timezone: str, operator: bool) -> None:
    """Open an account and show its first API key, this once.

    The key of an operator may do an operator's work too.
    """
    opened = asyncio.run(_opened(call.config, name, plan, timezone, "operator" if operator else "creator"))
    _show_key(call, opened.account, opened.key, f"{name} is open on the {plan} plan; here is its API key.")


async def _opened(config: Config, name: str, plan: str, timezone: str, role: Role) -> OpenedAccount:
    async with wired(config, create=True) as parts:
        scopes = EVERYTHING if role == "operator" else USUAL
        return await open_account(parts, name, plan, timezone, role, FIRST_LABEL, scopes)


def _show_key(call: Invocation, account: AccountRef, key: str, sentence: str) -> None:
    words = Text(f"{sentence} It is shown only this once:")
    call.show({"account": account.name, "key": key}, words, to_paste(f"\n    {key}\n"))


# what there is


@account.command("list")
@configured
def list_accounts(call: Invocation) -> None:
    """List every account with its plan, its time zone and its role."""
    rows = asyncio.run(_listed(call.config))
    call.show({"accounts": rows}, _accounts_table(rows))


async def _listed(config: Config) -> list[dict[str, object]]:
    async with wired(config) as parts:
        return [await _row(parts, account) async for account in _every_account(parts.ledger)]


async def _every_account(ledger: Ledger) -> AsyncIterator[Account]:
    after: AccountRef | None = None
    while page := await ledger.accounts(after, PAGE_MAX):
        for one in page:
            yield one
        after = AccountRef(page[-1].lane, page[-1].id, page[-1].name)


async def _row(parts: Parts, account: Account) -> dict[str, object]:
    member = await parts.accounts.member(account.lane, account.id)
    return {
        "account": account.name,
        "plan": account.plan_at(parts.clock()),
        "timezone": account.calendar.zone,
        "role": member.role if member else None,
        "created_at": instant_text(account.created_at),
    }


def _accounts_table(rows: Sequence[dict[str, object]]) -> Table:
    made = table("Account", "Plan", "Time zone", "Role", "Opened")
    for row in rows:
        made.add_row(*(str(value or "-") for value in row.values()))
    return made


# what is changed, always at once and with a reason


@account.command()
@click.argument("name")
@click.argument("plan")
@_why
@_once
@configured
def plan(call: Invocation, name: str, plan: str, why: str, key: str | None) -> None:
    """Move an account to another plan, at once."""
    _change(call, name, key, lambda parts, ref, once: parts.subscriptions.set_plan(ref, plan, by=BY, key=once, why=why))


@account.command()
@click.argument("name")
@click.argument("meter")
@click.argument("amount", type=int)
@_why
@_once
@configured
def grant(call: Invocation, name: str, meter: str, amount: int, why: str, key: str | None) -> None:
    """Add AMOUNT to one limit in the window that runs now."""
    _change(call, name, key, lambda parts, ref, once: parts.ledger.grant(ref, meter, amount, key=once, why=why))


@account.command()
@click.argument("name")
@click.argument("meter")
@click.argument("limit", metavar="LIMIT")
@_why
@_once
@configured
def limit(call: Invocation, name: str, meter: str, limit: str, why: str, key: str | None) -> None:
    """Set one limit apart from the plan.

    LIMIT is a whole number or "unlimited"; "plan" lets it follow the plan again.
    """
    figure: int | Literal["plan"] | None = "plan" if limit == "plan" else _limit(limit)
    _change(call, name, key, lambda parts, ref, once: parts.ledger.override(ref, meter, figure, key=once, why=why))


def _limit(text: str) -> int | None:
    if text == "unlimited":
        return None
    return _whole(text, 'LIMIT must be a whole number, "unlimited" or "plan"')


@account.command()
@click.argument("name")
@click.argument("zone")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.option("--why", metavar="REASON", help="Kept in the account's history.")
@_once
@configured
def timezone(call: Invocation, name: str, zone: str, yes: bool, why: str | None, key: str | None) -> None:
    """Move an account to another time zone.

    Says first what becomes of the running day and month, then asks. Without a terminal it only says so, unless --yes is
    given. No date ever counts twice, in whatever zones.
    """
    move = asyncio.run(_moved(call.config, name, zone, yes, why, key or secrets.token_hex(16)))
    sentence = told_before(move.change)
    if move.receipt is not None:
        picture = usage_picture(move.usage, move.catalogue)
        call.show(zone_document(move.change, move.receipt, move.usage), sentence, "", *picture)
    elif move.change.stays:
        call.show(zone_document(move.change, None, move.usage), sentence)
    else:
        hint = styled("Nothing has changed yet. Add --yes to do it.", "yellow")
        call.show(zone_document(move.change, None, move.usage), sentence, hint)


class _Move(NamedTuple):
    """What a change of zone does, the account's figures behind it, and its receipt when it was done."""

    change: ZoneChange
    receipt: Receipt | None
    usage: Usage
    catalogue: Catalogue


async def _moved(config: Config, name: str, zone: str, yes: bool, why: str | None, key: str) -> _Move:
    async with wired(config) as parts:
        ref, ledger = await account_named(parts, name), parts.ledger
        change, receipt = await ledger.zone_change(ref, zone), None
        if yes or (not change.stays and _agreed(change)):
            receipt = await ledger.change_zone(ref, zone, key=key, why=why)
        return _Move(change, receipt, await ledger.usage(ref), ledger.terms.catalogue)


def _agreed(change: ZoneChange) -> bool:
    """Ask whoever sits at a terminal; nobody else has agreed."""
    if not _at_a_terminal():
        return False
    click.echo(told_before(change), err=True)
    return click.confirm("Change the time zone?", err=True)


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


@account.command()
@click.argument("name")
@click.argument("hold")
@click.option("--amount", "amounts", multiple=True, metavar="METER=AMOUNT", help="In part; may be given several times.")
@_why
@_once
@configured
def refund(call: Invocation, name: str, hold: str, amounts: Sequence[str], why: str, key: str | None) -> None:
    """Take back what a settled hold used.

    All of it or in part, always in the window that counted it.
    """
    lines = dict(_amount(text) for text in amounts) or None

    async def refunded(parts: Parts, ref: AccountRef, once: str) -> Receipt:
        _require_own(ref, hold)
        return await parts.ledger.refund(hold, lines, key=once, why=why)

    _change(call, name, key, refunded)


def _amount(text: str) -> tuple[str, int]:
    meter, _, amount = text.partition("=")
    return meter, _whole(amount, f"--amount must be METER=AMOUNT, as in ai_credits=5, not {text}")


def _whole(text: str, rule: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Malformed(f"{rule}.") from None


def _require_own(account: AccountRef, hold: str) -> None:
    place = place_of(hold)
    if place is None or (place.kind, place.lane, place.account) != ("hold", account.lane, account.id):
        raise Malformed(f"{hold} is not a hold of {account.name}; `reelbot history {account.name}` shows them.", "hold")


def _change(call: Invocation, name: str, key: str | None, change: Change) -> None:
    """Do it, and show the account's figures right after it."""
    receipt, usage, parts = asyncio.run(_changed(call.config, name, key or secrets.token_hex(16), change))
    call.show(change_document(receipt, usage), *usage_picture(usage, parts.ledger.terms.catalogue))


async def _changed(config: Config, name: str, key: str, change: Change) -> tuple[Receipt, Usage, Parts]:
    async with wired(config) as parts:
        ref = await account_named(parts, name)
        receipt = await change(parts, ref, key)
        return receipt, await parts.ledger.usage(ref), parts


# API keys


@account.command()
@click.argument("name")
@click.option("--label", metavar="TEXT", help="Where the key will be used.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(list(SCOPES)),
    help="What it may be used for; all but operator.",
)
@click.option("--expires", metavar="WHEN", help="Days, as 90d, or a date, as 2027-03-01, which begins in UTC.")
@click.option("--revoke", "number", type=_NUMBER, metavar="NUMBER", help="Refuse this key from now on.")
@click.option("--revoke-all", "all_revoked", is_flag=True, help="Refuse all keys of the account from now on.")
@click.option("--list", "listed", is_flag=True, help="List the keys there are.")
@configured
def key(
    call: Invocation,
    name: str,
    label: str | None,
    scopes: Sequence[str],
    expires: str | None,
    number: int | None,
    all_revoked: bool,
    listed: bool,
) -> None:
    """Issue, list or revoke API keys.

    A new key is shown this once. With --scope, which may be given several times, it may be used for that and for reading;
    without, for everything but an operator's work.
    """
    issued = label is not None or bool(scopes) or expires is not None
    if sum((issued, number is not None, all_revoked, listed)) > 1:
        raise click.UsageError("Either issue a key, or use one of --revoke, --revoke-all and --list.")
    if number is not None:
        asyncio.run(_revoked(call, name, number))
    elif all_revoked:
        asyncio.run(_all_revoked(call, name))
    elif listed:
        asyncio.run(_list_keys(call, name))
    else:
        asked = checked_scopes(scopes) if scopes else USUAL
        asyncio.run(_issued(call, name, label or "command line", asked, expires))


async def _issued(call: Invocation, name: str, label: str, scopes: frozenset[Scope], expires: str | None) -> None:
    async with wired(call.config) as parts:
        ref = await account_named(parts, name)
        expires_at = None if expires is None else _instant(expires, parts.clock())
        text = await give_key(parts, ref, label, scopes, expires_at)
        until = "" if expires_at is None else f", until {instant_text(expires_at)}"
        _show_key(
            call, ref, text, f"Here is a new API key of {name}, for {scopes_text(scopes).replace(' ', ', ')}{until}."
        )


def _instant(text: str, now: int) -> int:
    """When a key is to expire: in so many days, or when a date begins in UTC."""
    if text.endswith("d") and text[:-1].isdecimal() and len(text) <= 5:
        return now + int(text[:-1]) * DAY
    try:
        return int(datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC).timestamp()) * SECOND
    except ValueError:
        raise Malformed("--expires must be days, as 90d, or a date, as 2027-03-01.", "expires") from None


async def _revoked(call: Invocation, name: str, number: int) -> None:
    async with wired(call.config) as parts:
        ref = await account_named(parts, name)
        if not await parts.accounts.revoke_key(ref.lane, ref.id, number, COMMAND_LINE):
            raise Failure(f"{name} has no key {number}.", f"`reelbot account key {name} --list` shows those there are.")
    call.show({"account": name, "revoked": number}, styled(f"Key {number} of {name} is refused from now on.", "green"))


async def _all_revoked(call: Invocation, name: str) -> None:
    async with wired(call.config) as parts:
        ref = await account_named(parts, name)
        count = await parts.accounts.revoke_all_keys(ref.lane, ref.id, COMMAND_LINE)
    words = f"{count} key{'' if count == 1 else 's'} of {name} {'is' if count == 1 else 'are'} refused from now on."
    call.show({"account": name, "revoked_keys": count}, styled(words, "green"))


async def _list_keys(call: Invocation, name: str) -> None:
    async with wired(call.config) as parts:
        ref = await account_named(parts, name)
        found = [_key_row(one) for one in await parts.accounts.keys(ref.lane, ref.id)]
    call.show({"account": name, "keys": found}, _keys_table(found))


def _key_row(one: ApiKey) -> dict[str, object]:
    used_on = None if one.last_used_on is None else date.fromordinal(_EPOCH_DAY + one.last_used_on).isoformat()
    return {
        "key": one.number,
        "label": one.label,
        "created_at": instant_text(one.created_at),
        "last_used_on": used_on,
        "revoked_at": instant_text_or_none(one.revoked_at),
        "scopes": scopes_text(one.scopes).split(),
        "expires_at": instant_text_or_none(one.expires_at),
    }


def _keys_table(rows: Sequence[dict[str, object]]) -> Table:
    made = table("Key", "Label", "Made", "Last used on (UTC)", "Revoked", "Scopes", "Expires", numbers=("Key",))
    for row in rows:
        made.add_row(*(" ".join(value) if isinstance(value, list) else str(value or "-") for value in row.values()))
    return made
