"""Between the ledger's values and the rows of both SQL stores. One order of columns, written down once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from reelbot.allowance.core.accounts import NO_OVERRIDES, Account
from reelbot.allowance.core.balances import Balance
from reelbot.allowance.core.book import BalanceKey, Book, HoldFacts
from reelbot.allowance.core.entries import GENESIS, Chain, Entry
from reelbot.allowance.core.fast_tuple import made
from reelbot.allowance.core.outcomes import HeldLine, encode_answer
from reelbot.allowance.core.views import usage_events
from reelbot.allowance.core.windows import Calendar, ZoneTurn
from reelbot.allowance.store import Accepted, Damaged
from reelbot.db import Row
from reelbot.events import NewEvent

_lines = msgspec.json.Decoder(tuple[HeldLine, ...]).decode
_overrides = msgspec.json.Decoder(dict[str, int | None]).decode
json_bytes = msgspec.json.Encoder().encode


_NO_TURN = (None,) * len(ZoneTurn._fields)


def json_text(value: object) -> str:
    """JSON for a text column or parameter."""
    return json_bytes(value).decode()


def account_from(lane: int, facts: Sequence[Any]) -> Account:
    """An account from its columns, `id` to `overrides`."""
    (
        number, name, created_at, plan, next_plan, next_plan_at, zone, billing_day,
        day_starts_at, day_ends_at, day_on, day_due_at, month_starts_at, month_ends_at, month_on, month_due_at, overrides,
    ) = facts  # fmt: skip
    day = None if day_ends_at is None else ZoneTurn(day_starts_at, day_ends_at, day_on, day_due_at)
    month = None if month_ends_at is None else ZoneTurn(month_starts_at, month_ends_at, month_on, month_due_at)
    calendar = made(Calendar, (zone, billing_day, day, month))
    apart = NO_OVERRIDES if overrides == "{}" else _overrides_from(overrides, number)
    return made(Account, (lane, number, name, created_at, plan, next_plan, next_plan_at, calendar, apart))


def _overrides_from(text: str, account: int) -> Mapping[str, int | None]:
    try:
        return _overrides(text)
    except msgspec.MsgspecError as error:
        raise _damaged(f"The limits of account {account}", error) from error


def changing_facts(account: Account) -> tuple[object, ...]:
    """The columns that a change of plan, zone or limit may touch, `plan` to `overrides`."""
    zone, billing_day, day, month = account.calendar
    return (
        account.plan, account.next_plan, account.next_plan_at, zone, billing_day,
        *(day or _NO_TURN), *(month or _NO_TURN), json_text(dict(account.overrides)),
    )  # fmt: skip


def account_row(account: Account) -> tuple[object, ...]:
    """A new account's columns, `lane` to `overrides`."""
    return (account.lane, account.id, account.name, account.created_at, *changing_facts(account))


def hold_from(row: Row) -> HoldFacts:
    """A hold from its columns, `account` to `owner`."""
    account, number, state, expires_at, text, owner = row
    try:
        return made(HoldFacts, (account, number, state, expires_at, _lines(text), owner))
    except msgspec.MsgspecError as error:
        raise _damaged(f"Hold {number} of account {account}", error) from error


def _damaged(what: str, error: msgspec.MsgspecError) -> Damaged:
    return Damaged(f"{what} cannot be read: {error}.", "Restore it from a backup.")


def put_accounts(book: Book, rows: Iterable[Row]) -> None:
    """Accounts and chains into the book."""
    for row in rows:
        number = row[0]
        book.accounts[number] = account_from(book.lane, row[:17])
        book.chains[number] = Chain(row[17], bytes(row[18]))


def put_balances(book: Book, rows: Iterable[Row]) -> None:
    """Balances into the book."""
    book.balances.update(balances_from(rows))


def balances_from(rows: Iterable[Row]) -> dict[BalanceKey, Balance]:
    """Balances by their key."""
    return {
        (account, meter, start): made(Balance, (used, held, granted))
        for account, meter, start, used, held, granted in rows
    }


class Written:
    """The rows of one batch, each thing as it stands after the last command that touched it."""

    def __init__(self, accepted: Sequence[Accepted], book: Book, loaded: frozenset[tuple[int, int]]) -> None:
        lane = book.lane
        self.entries: list[Entry] = []
        self.answers: list[tuple[object, ...]] = []
        self.events: list[NewEvent] = []
        touched: set[int] = set()
        holds: dict[tuple[int, int], HoldFacts] = {}
        balances: dict[BalanceKey, Balance] = {}
        opened: set[int] = set()
        changed: set[int] = set()
        for key, content, (answer, entries, moved, _, hold, account) in accepted:
            number, at = answer.account, answer.at
            touched.add(number)
            self.entries += entries
            balances.update(moved)
            if hold is not None:
                holds[number, hold.id] = hold
            if account is not None:
                (opened if answer.kind == "open" else changed).add(number)
            if key:
                self.answers.append((lane, number, key, content, at, encode_answer(answer)))
            self.events += [made(NewEvent, (lane, number, at, "usage", body)) for body in usage_events(answer)]
        self.new_accounts = [(*account_row(book.accounts[one]), GENESIS) for one in sorted(opened)]
        self.changed_accounts = [(*changing_facts(book.accounts[one]), lane, one) for one in sorted(changed - opened)]
        self.chains = [(*book.chains[one], lane, one) for one in sorted(touched)]
        self.balances = [(lane, *key, *balances[key]) for key in sorted(balances)]
        self.new_holds = [_hold_row(lane, hold) for place, hold in holds.items() if place not in loaded]
        self.changed_holds = [_hold_change(lane, hold) for place, hold in holds.items() if place in loaded]


def _hold_row(lane: int, hold: HoldFacts) -> tuple[object, ...]:
    account, number, state, expires_at, lines, owner = hold
    return (lane, account, number, state, expires_at, json_bytes(lines).decode(), owner)


def _hold_change(lane: int, hold: HoldFacts) -> tuple[object, ...]:
    account, number, state, _, lines, _ = hold
    return (state, json_bytes(lines).decode(), lane, account, number)
