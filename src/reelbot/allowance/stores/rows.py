"""Between the ledger's values and the rows of both SQL stores. One order of columns, written down once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from reelbot.allowance.core.accounts import NO_OVERRIDES, Account
from reelbot.allowance.core.balances import Balance
from reelbot.allowance.core.book import BalanceKey, Book, HoldFacts
from reelbot.allowance.core.entries import Chain
from reelbot.allowance.core.figures import usage_events
from reelbot.allowance.core.outcomes import Answer, HeldLine, encode_answer
from reelbot.allowance.core.windows import Calendar, Turn
from reelbot.allowance.store import Accepted, Damaged
from reelbot.db import Row
from reelbot.events import NewEvent

T = TypeVar("T")

_lines = msgspec.json.Decoder(tuple[HeldLine, ...]).decode
_overrides = msgspec.json.Decoder(dict[str, int | None]).decode
json_bytes = msgspec.json.Encoder().encode


def json_text(value: object) -> str:
    """JSON for a text column or parameter."""
    return json_bytes(value).decode()


def account_from(lane: int, facts: Sequence[Any]) -> Account:
    """An account from its columns, `id` to `overrides`."""
    (
        number, name, created_at, plan, next_plan, next_plan_at, zone, billing_day,
        day_starts_at, day_ends_at, month_starts_at, month_ends_at, overrides,
    ) = facts  # fmt: skip
    day = None if day_ends_at is None else Turn(day_starts_at, day_ends_at)
    month = None if month_ends_at is None else Turn(month_starts_at, month_ends_at)
    apart: Mapping[str, int | None] = NO_OVERRIDES
    if overrides != "{}":
        apart = _read(_overrides, overrides, f"The limits of account {number}")
    calendar = Calendar(zone, billing_day, day, month)
    return Account(lane, number, name, created_at, plan, next_plan, next_plan_at, calendar, apart)


def changing_facts(account: Account) -> tuple[object, ...]:
    """The columns that a change of plan, zone or limit may touch, `plan` to `overrides`."""
    zone, billing_day, day, month = account.calendar
    return (
        account.plan, account.next_plan, account.next_plan_at, zone, billing_day,
        *(day or (None, None)), *(month or (None, None)), json_text(dict(account.overrides)),
    )  # fmt: skip


def account_row(account: Account) -> tuple[object, ...]:
    """A new account's columns, `lane` to `overrides`."""
    return (account.lane, account.id, account.name, account.created_at, *changing_facts(account))


def hold_from(row: Row) -> HoldFacts:
    """A hold from its columns, `account` to `lines`."""
    account, number, state, expires_at, lines = row
    return HoldFacts(account, number, state, expires_at, _read(_lines, lines, f"Hold {number} of account {account}"))


def _read(decode: Callable[[str], T], text: str, what: str) -> T:
    try:
        return decode(text)
    except msgspec.MsgspecError as error:
        raise Damaged(f"{what} cannot be read: {error}.", "Restore it from a backup.") from error


def put_accounts(book: Book, rows: Iterable[Row]) -> None:
    """Accounts and chains into the book."""
    for row in rows:
        number = row[0]
        book.accounts[number] = account_from(book.lane, row[:13])
        book.chains[number] = Chain(row[13], bytes(row[14]))


def put_balances(book: Book, rows: Iterable[Row]) -> None:
    """Balances into the book."""
    for account, meter, window_start, used, held, granted in rows:
        book.balances[account, meter, window_start] = Balance(used, held, granted)


def balances_from(rows: Iterable[Row]) -> dict[BalanceKey, Balance]:
    """Balances by their key."""
    return {(account, meter, start): Balance(*figures) for account, meter, start, *figures in rows}


class Written:
    """The rows of one batch, each thing as it stands after the last command that touched it."""

    def __init__(self, accepted: Sequence[Accepted], book: Book, loaded: frozenset[tuple[int, int]]) -> None:
        lane = book.lane
        decisions = [one.decision for one in accepted]
        touched = {decision.answer.account for decision in decisions}
        balances = {key for decision in decisions for key in decision.balances}
        holds = {(hold.account, hold.id) for decision in decisions if (hold := decision.hold) is not None}
        opened = {decision.answer.account for decision in decisions if decision.answer.kind == "open"}
        changed = {decision.answer.account for decision in decisions if decision.account is not None} - opened
        self.new_accounts = [account_row(book.accounts[one]) for one in sorted(opened)]
        self.changed_accounts = [(*changing_facts(book.accounts[one]), lane, one) for one in sorted(changed)]
        self.chains = [(*book.chains[one], lane, one) for one in sorted(touched)]
        self.balances = [(lane, *key, *book.balances[key]) for key in sorted(balances)]
        self.new_holds = [self._hold_row(lane, book.holds[one]) for one in sorted(holds - loaded)]
        self.changed_holds = [self._hold_change(lane, book.holds[one]) for one in sorted(holds & loaded)]
        self.entries = [entry for decision in decisions for entry in decision.entries]
        self.answers = [self._answer_row(lane, one) for one in accepted if one.key]
        self.events = [event for decision in decisions for event in _events(decision.answer)]

    @staticmethod
    def _hold_row(lane: int, hold: HoldFacts) -> tuple[object, ...]:
        return (lane, hold.account, hold.id, hold.state, hold.expires_at, json_text(hold.lines))

    @staticmethod
    def _hold_change(lane: int, hold: HoldFacts) -> tuple[object, ...]:
        return (hold.state, json_text(hold.lines), lane, hold.account, hold.id)

    @staticmethod
    def _answer_row(lane: int, one: Accepted) -> tuple[object, ...]:
        answer = one.decision.answer
        return (lane, answer.account, one.key, one.content, answer.at, encode_answer(answer))


def _events(answer: Answer) -> Iterable[NewEvent]:
    for body in usage_events(answer):
        yield NewEvent(answer.lane, answer.account, answer.at, "usage", body)
