"""What the ledger needs kept. Three stores keep it: memory (the reference), SQLite and PostgreSQL.

A batch opens one `StoreTransaction`, loads the facts of all its commands, decides, appends, lets the riders write, and
leaves; leaving commits. All of it is durable, or none of it happened.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from reelbot.allowance.core.accounts import Account
from reelbot.allowance.core.balances import Balance
from reelbot.allowance.core.book import AnsweredKey, BalanceKey, Book, Decision, HoldFacts
from reelbot.allowance.core.commands import AccountRef
from reelbot.allowance.core.entries import Chain, Entry
from reelbot.db import Connection
from reelbot.errors import DatabaseFailure


class WantedFacts(NamedTuple):
    """The facts that a batch asks for first. Accounts are sorted, so that every process locks them in the same order."""

    accounts: Sequence[int]
    names: Sequence[str]
    holds: Sequence[tuple[int, int]]
    keys: Sequence[tuple[int, str]]


class Accepted(NamedTuple):
    """A decision that is to be written, and the key under which its answer is remembered."""

    key: str
    content: bytes
    decision: Decision


class Span(NamedTuple):
    """Which entries of an account are asked for: newest first, before `before_seq`, after `after_seq`, at most `size`.

    With `holds`, the numbers of holds, only their entries: those that opened them and those that concluded them.
    """

    before_seq: int | None
    size: int
    meter: str | None = None
    kind: str | None = None
    from_at: int | None = None
    until_at: int | None = None
    after_seq: int = 0
    action: str | None = None
    holds: Sequence[int] | None = None

    @property
    def is_searched(self) -> bool:
        """Whether entries have to be looked through for it: what is asked for is found by no index."""
        asked = (self.meter, self.kind, self.action, self.from_at, self.until_at)
        return self.holds is None and any(one is not None for one in asked)


class Combination(NamedTuple):
    """A kind, action and meter that entries of a part of a ledger have together, and between which instants."""

    kind: str
    action: str | None
    meter: str | None
    first_at: int
    last_at: int


class Stretch(NamedTuple):
    """A part of an account's ledger: the entries after one `seq` and before another."""

    after_seq: int
    before_seq: int


StartsOf = Callable[[Account], Mapping[str, int]]
"""Where the window begins, of each meter whose balance is asked for: known once the account's calendar is."""


class Snapshot(NamedTuple):
    """An account as it stands at one instant; `cursor` is the last event that these figures already contain."""

    account: Account
    balances: Mapping[BalanceKey, Balance]
    cursor: int


class Holding(NamedTuple):
    """All that is kept of one account, as the audit compares it with its entries."""

    account: Account
    chain: Chain
    balances: Mapping[BalanceKey, Balance]
    holds: Mapping[int, HoldFacts]


class Damaged(DatabaseFailure):
    """A row cannot be read: something other than the ledger has written to it."""

    retryable = False


class StoreTransaction(Protocol):
    """One batch of one lane."""

    @property
    def connection(self) -> Connection | None:
        """For riders to write on; None in the memory store, which has nothing to write on."""
        ...

    async def load(self, book: Book, wanted: WantedFacts) -> None:
        """Put the accounts, chains, holds and remembered answers that exist into the book, and lock the accounts."""
        ...

    async def load_balances(self, book: Book, keys: Iterable[BalanceKey]) -> None:
        """Put the balances that exist into the book."""
        ...

    async def append(self, accepted: Sequence[Accepted], book: Book) -> None:
        """Write what was decided: entries, balances, holds, accounts, remembered answers and events."""
        ...

    async def flush(self) -> None:
        """Wait until all that was asked of the database is done, so that what a rider did wrong is known by now."""
        ...


class Store(Protocol):
    """Where the ledger is kept."""

    lanes: int

    def transaction(self, lane: int) -> AbstractAsyncContextManager[StoreTransaction]:
        """Begin a batch of one lane."""
        ...

    async def find(self, lane: int, name: str) -> AccountRef | None:
        """The account of that name."""
        ...

    async def accounts(self, after: AccountRef | None, count: int) -> Sequence[Account]:
        """Accounts in the order of their lane and id."""
        ...

    async def plans_in_use(self) -> Sequence[str]:
        """The names of all plans that some account is on or will move to."""
        ...

    async def snapshot(self, ref: AccountRef, starts_of: StartsOf) -> Snapshot | None:
        """The account with the balances of these windows as far as they exist, read at one instant."""
        ...

    async def hold(self, ref: AccountRef, hold: int) -> HoldFacts | None:
        """One hold."""
        ...

    async def remembered(self, ref: AccountRef, key: str) -> AnsweredKey | None:
        """What an idempotency key was answered before."""
        ...

    async def entries(self, ref: AccountRef, span: Span) -> Sequence[Entry]:
        """A page of the account's ledger, newest first."""
        ...

    async def stretch(self, ref: AccountRef, from_at: int | None, until_at: int | None) -> Stretch:
        """Where the entries from an instant on and before another lie. There may be some at its ends that do not belong."""
        ...

    async def combinations(self, ref: AccountRef, after_seq: int, before_seq: int) -> Sequence[Combination]:
        """Every combination of kind, action and meter of the entries between two places."""
        ...

    async def holds_of(self, ref: AccountRef, holds: Sequence[int]) -> Sequence[HoldFacts]:
        """Those of these holds that there are."""
        ...

    async def holds_on(
        self, connection: Connection | None, ref: AccountRef, holds: Sequence[int]
    ) -> Sequence[HoldFacts]:
        """The same in a caller's own transaction or reading, so that what else it reads is of the same instant."""
        ...

    async def overdue(self, now: int, count: int) -> Sequence[tuple[int, int, int]]:
        """Open holds whose deadline has passed, as (lane, account, hold), the longest overdue first."""
        ...

    async def holding(self, ref: AccountRef) -> Holding | None:
        """All that is kept of one account beside its entries, read at one instant, for the audit."""
        ...

    async def chain(self, ref: AccountRef, after_seq: int, count: int) -> Sequence[Entry]:
        """Entries in the order of their `seq`, for the audit."""
        ...

    async def forget(self, before_at: int, count: int) -> int:
        """Drop answers remembered before an instant, at most so many; returns how many went."""
        ...

    async def claim_lanes(self) -> None:
        """Write the number of lanes down with the first use of a database; `ConfigFailure` when it is another later."""
        ...

    async def secret(self) -> bytes:
        """32 random bytes, made when the database was, the same for all its processes: they sign quotes."""
        ...

    async def close(self) -> None:
        """Give everything back."""
        ...
