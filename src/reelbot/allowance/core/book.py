"""The facts that a batch is decided on, and the page of entries that one decision writes.

A `Book` is filled by a store, read by the deciders and takes each decision before the next command is looked at.
"""

from collections.abc import Iterable
from typing import NamedTuple

from reelbot.allowance.core.accounts import Account, allowance_of, limit_of, window_of
from reelbot.allowance.core.balances import EMPTY, Allowance, Balance
from reelbot.allowance.core.commands import Command
from reelbot.allowance.core.entries import START, Chain, Entry, Kind, entry_hash
from reelbot.allowance.core.outcomes import Answer, HeldLine, HoldState, RefusedLine
from reelbot.allowance.core.plans import Catalogue

BalanceKey = tuple[int, str, int]
"""(account, meter, start of the window)"""


class HoldFacts(NamedTuple):
    """A hold as it is kept. `id` is the `seq` of the entry that opened it; a state of `open` may be overdue."""

    account: int
    id: int
    state: HoldState
    expires_at: int
    lines: tuple[HeldLine, ...]

    def state_at(self, now: int) -> HoldState:
        """The state that counts now."""
        return "expired" if self.state == "open" and now >= self.expires_at else self.state


class Known(NamedTuple):
    """An idempotency key that was answered before."""

    content: bytes
    answer: Answer


class Decision(NamedTuple):
    """What is to be written for an accepted command, all of it or nothing."""

    answer: Answer
    entries: tuple[Entry, ...]
    balances: dict[BalanceKey, Balance]
    chain: Chain
    hold: HoldFacts | None
    account: Account | None


class Book:
    """The facts that a batch of commands of one lane is decided on. Missing balances are empty, missing chains new."""

    def __init__(self, catalogue: Catalogue, lane: int) -> None:
        self.catalogue = catalogue
        self.lane = lane
        self.accounts: dict[int, Account] = {}
        self.names: dict[str, int] = {}
        self.next_account = 1
        self.chains: dict[int, Chain] = {}
        self.balances: dict[BalanceKey, Balance] = {}
        self.holds: dict[tuple[int, int], HoldFacts] = {}
        self.known: dict[tuple[int, str], Known] = {}

    def take(self, command: Command, decision: Decision) -> None:
        """Let the next command see what this one did."""
        account = decision.answer.account
        self.chains[account] = decision.chain
        self.balances.update(decision.balances)
        if decision.hold is not None:
            self.holds[account, decision.hold.id] = decision.hold
        if decision.account is not None:
            self.accounts[account] = decision.account
            if command.account == 0:
                self.names[decision.account.name] = account
                self.next_account = account + 1
        if command.key:
            self.known[account, command.key] = Known(command.content, decision.answer)


class Page:
    """The entries that one decision adds to an account's chain, and the balances they lead to."""

    def __init__(self, book: Book, account: Account, now: int) -> None:
        self.book = book
        self.account = account
        self.now = now
        self.seq, self.head = book.chains.get(account.id, START)
        self.first = self.seq + 1
        self.entries: list[Entry] = []
        self.balances: dict[BalanceKey, Balance] = {}

    def balance(self, meter: str, window_start: int) -> Balance:
        key = (self.account.id, meter, window_start)
        return self.balances.get(key) or self.book.balances.get(key, EMPTY)

    def move(
        self,
        kind: Kind,
        hold: int,
        action: str | None,
        meter: str,
        window: tuple[int, int | None],
        amount: int,
        used: int,
        held: int,
        granted: int,
        why: str,
        detail: str | None = None,
    ) -> Balance:
        """Write one entry that moves a balance by so much; `limit` is the one in force after it."""
        before = self.balance(meter, window[0])
        after = Balance(before.used + used, before.held + held, before.granted + granted)
        assert after.used >= 0 and after.held >= 0, "a balance went below zero"
        limit = limit_of(self.account, self.book.catalogue, meter, self.now, after.granted)
        self.balances[self.account.id, meter, window[0]] = after
        self._append(
            kind, hold, action, meter, window, amount, limit, before[:2] + after[:2], detail, why
        )  # fmt: skip
        return after

    def remark(self, kind: Kind, why: str, detail: str) -> None:
        """Write one entry about the account itself."""
        self._append(kind, 0, None, None, (0, None), 0, None, (0, 0, 0, 0), detail, why)

    def _append(
        self,
        kind: Kind,
        hold: int,
        action: str | None,
        meter: str | None,
        window: tuple[int, int | None],
        amount: int,
        limit: int | None,
        figures: tuple[int, ...],
        detail: str | None,
        why: str,
    ) -> None:
        self.seq += 1
        lane, account = self.account.lane, self.account.id
        used_before, held_before, used_after, held_after = figures
        bare = Entry(
            lane, account, self.seq, self.now, kind, hold, action, meter, *window, amount, limit,
            used_before, held_before, used_after, held_after, detail, why, b"",
        )  # fmt: skip
        self.head = entry_hash(self.head, bare)
        self.entries.append(Entry(*bare[:-1], self.head))

    def figures(self, meters: Iterable[str]) -> tuple[Allowance, ...]:
        """The running allowances after this page."""
        return tuple(self._running(meter) for meter in meters)

    def _running(self, meter: str) -> Allowance:
        window = window_of(self.account, self.book.catalogue, meter, self.now)
        balance = self.balance(meter, window.starts_at)
        return allowance_of(self.account, self.book.catalogue, meter, window, balance, self.now)

    def decision(
        self,
        kind: Kind,
        meters: tuple[Allowance, ...],
        hold: HoldFacts | None = None,
        refused: tuple[RefusedLine, ...] = (),
        account: Account | None = None,
    ) -> Decision:
        """Close the page."""
        answer = Answer(
            kind, self.account.lane, self.account.id, self.now,
            hold.id if hold else 0, hold.state if hold else None, hold.expires_at if hold else None,
            hold.lines if hold else (), refused, meters,
        )  # fmt: skip
        return Decision(answer, tuple(self.entries), self.balances, Chain(self.seq, self.head), hold, account)
