"""The facts that a batch is decided on, and the page of entries that one decision writes.

A `Book` is filled by a store, read by the deciders and takes each decision before the next command is looked at.
"""

from collections.abc import Iterable
from typing import NamedTuple

from reelbot.allowance.core.accounts import Account, limit_under
from reelbot.allowance.core.balances import EMPTY, Allowance, Balance
from reelbot.allowance.core.commands import Command
from reelbot.allowance.core.entries import START, Chain, Entry, Kind, chained
from reelbot.allowance.core.fast_tuple import made
from reelbot.allowance.core.outcomes import Answer, AnswerKind, HeldLine, HoldState, RefusedLine
from reelbot.allowance.core.plans import Catalogue
from reelbot.allowance.core.windows import window_at

BalanceKey = tuple[int, str, int]
"""(account, meter, start of the window)"""


class HoldFacts(NamedTuple):
    """A hold as it is kept. `id` is the `seq` of the entry that opened it; a state of `open` may be overdue.

    `owner` is the id of what it was placed for, and then nobody else ends it. Only an owned hold may be without a deadline.
    """

    account: int
    id: int
    state: HoldState
    expires_at: int | None
    lines: tuple[HeldLine, ...]
    owner: str | None = None

    def state_at(self, now: int) -> HoldState:
        """The state that counts now."""
        is_over = self.state == "open" and self.expires_at is not None and now >= self.expires_at
        return "expired" if is_over else self.state


class AnsweredKey(NamedTuple):
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
        self.known: dict[tuple[int, str], AnsweredKey] = {}

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
            self.known[account, command.key] = made(AnsweredKey, (command.content, decision.answer))


class LedgerPage:
    """The entries that one decision adds to an account's chain, and the balances they lead to."""

    def __init__(self, book: Book, account: Account, now: int) -> None:
        self.book = book
        self.account = account
        self.now = now
        self.plan = account.plan_at(now)
        self._limits = book.catalogue.plans[self.plan].limits
        self.seq, self.head = book.chains.get(account.id, START)
        self.first = self.seq + 1
        self.entries: list[Entry] = []
        self.balances: dict[BalanceKey, Balance] = {}

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
        account, (starts_at, ends_at) = self.account, window
        key = (account.id, meter, starts_at)
        used_before, held_before, granted_before = self.balances.get(key) or self.book.balances.get(key, EMPTY)
        used_after, held_after, granted_after = used_before + used, held_before + held, granted_before + granted
        assert used_after >= 0 and held_after >= 0, "a balance went below zero"
        limit = limit_under(self._limits, account.overrides, meter, granted_after)
        after = self.balances[key] = made(Balance, (used_after, held_after, granted_after))
        self._append((
            account.lane, account.id, self.seq + 1, self.now, kind, hold, action, meter, starts_at, ends_at, amount, limit,
            used_before, held_before, used_after, held_after, detail, why,
        ))  # fmt: skip
        return after

    def remark(self, kind: Kind, why: str, detail: str) -> None:
        """Write one entry about the account itself."""
        lane, account = self.account.lane, self.account.id
        self._append((
            lane, account, self.seq + 1, self.now, kind, 0, None, None, 0, None, 0, None, 0, 0, 0, 0, detail, why
        ))  # fmt: skip

    def _append(self, told: tuple[object, ...]) -> None:
        """Chain one entry; `told` are all its fields but the hash."""
        entry = chained(self.head, told)
        self.seq += 1
        self.head = entry.hash
        self.entries.append(entry)

    def figures(self, meters: Iterable[str]) -> tuple[Allowance, ...]:
        """The running allowances after this page."""
        return tuple([self.running(meter) for meter in meters])

    def running(self, meter: str) -> Allowance:
        """The running allowance of one meter after this page."""
        kind, starts_at, ends_at = window_at(self.account.calendar, self.book.catalogue.meters[meter].window, self.now)
        return self.allowance(meter, kind, starts_at, ends_at)

    def allowance(self, meter: str, kind: str, starts_at: int, ends_at: int | None) -> Allowance:
        """The allowance of one meter in one window, which may be over, after this page."""
        key = (self.account.id, meter, starts_at)
        used, held, granted = self.balances.get(key) or self.book.balances.get(key, EMPTY)
        limit = limit_under(self._limits, self.account.overrides, meter, granted)
        return made(Allowance, (meter, kind, starts_at, ends_at, limit, used, held))

    def decision(
        self,
        kind: AnswerKind,
        meters: tuple[Allowance, ...],
        hold: HoldFacts | None = None,
        refused: tuple[RefusedLine, ...] = (),
        account: Account | None = None,
    ) -> Decision:
        """Close the page."""
        facts = self.account
        about = (kind, facts.lane, facts.id, self.now)
        held = (0, None, None, ()) if hold is None else hold[1:5]
        answer = made(Answer, (*about, *held, refused, meters, self.plan, facts.calendar.zone))
        chain = made(Chain, (self.seq, self.head))
        return made(Decision, (answer, tuple(self.entries), self.balances, chain, hold, account))
