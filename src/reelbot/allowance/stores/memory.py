"""The reference store: everything in dictionaries, gone with the process. For tests, experiments and examples."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from reelbot.allowance.core.accounts import Account
from reelbot.allowance.core.balances import Balance
from reelbot.allowance.core.book import AnsweredKey, BalanceKey, Book, HoldFacts
from reelbot.allowance.core.commands import AccountRef
from reelbot.allowance.core.entries import START, Chain, Entry
from reelbot.allowance.core.views import usage_events
from reelbot.allowance.store import Accepted, Combination, Holding, Snapshot, Span, StartsOf, Stretch, WantedFacts
from reelbot.db import Connection
from reelbot.events import MemoryEvents, NewEvent


class MemoryStore:
    """Keeps the ledger in this process."""

    def __init__(self, events: MemoryEvents) -> None:
        self.lanes = 1
        self._events = events
        self._writing = asyncio.Lock()
        self._accounts: dict[int, Account] = {}
        self._names: dict[str, int] = {}
        self._chains: dict[int, Chain] = {}
        self._balances: dict[BalanceKey, Balance] = {}
        self._holds: dict[tuple[int, int], HoldFacts] = {}
        self._known: dict[tuple[int, str], AnsweredKey] = {}
        self._entries: dict[int, list[Entry]] = {}
        self._secret = secrets.token_bytes(32)

    @asynccontextmanager
    async def transaction(self, lane: int) -> AsyncIterator["MemoryTransaction"]:
        """Begin a batch; what it appended is kept when the block ends well."""
        async with self._writing:
            transaction = MemoryTransaction(self)
            yield transaction
            for accepted in transaction.accepted:
                self._keep(accepted)

    def _keep(self, accepted: Accepted) -> None:
        decision = accepted.decision
        answer = decision.answer
        account = answer.account
        self._chains[account] = decision.chain
        self._balances.update(decision.balances)
        self._entries.setdefault(account, []).extend(decision.entries)
        if decision.hold is not None:
            self._holds[account, decision.hold.id] = decision.hold
        if decision.account is not None:
            self._accounts[account] = decision.account
            self._names[decision.account.name] = account
        if accepted.key:
            self._known[account, accepted.key] = AnsweredKey(accepted.content, answer)
        self._events.append_now(
            [NewEvent(answer.lane, account, answer.at, "usage", body) for body in usage_events(answer)]
        )

    def fill(self, book: Book, wanted: WantedFacts) -> None:
        """Copy the wanted facts that exist."""
        ids = list(wanted.accounts)
        book.next_account = len(self._accounts) + 1
        book.names.update((name, self._names[name]) for name in wanted.names if name in self._names)
        book.accounts.update((one, self._accounts[one]) for one in ids if one in self._accounts)
        book.chains.update((one, self._chains[one]) for one in ids if one in self._chains)
        book.holds.update((one, self._holds[one]) for one in wanted.holds if one in self._holds)
        book.known.update((one, self._known[one]) for one in wanted.keys if one in self._known)

    def fill_balances(self, book: Book, keys: Iterable[BalanceKey]) -> None:
        """Copy the balances that exist."""
        book.balances.update((key, self._balances[key]) for key in keys if key in self._balances)

    async def find(self, lane: int, name: str) -> AccountRef | None:
        """The account of that name."""
        number = self._names.get(name)
        return None if number is None else AccountRef(0, number, name)

    async def accounts(self, after: AccountRef | None, count: int) -> Sequence[Account]:
        """Accounts in the order of their id."""
        first = after.id if after else 0
        return [account for number, account in self._accounts.items() if number > first][:count]

    async def plans_in_use(self) -> Sequence[str]:
        """The plans of all accounts, present and scheduled."""
        present = {account.plan for account in self._accounts.values()}
        return sorted(present | {account.next_plan for account in self._accounts.values() if account.next_plan})

    async def snapshot(self, ref: AccountRef, starts_of: StartsOf) -> Snapshot | None:
        """The account, the balances of these windows and the cursor."""
        account = self._accounts.get(ref.id)
        if account is None:
            return None
        keys = [(ref.id, meter, starts_at) for meter, starts_at in starts_of(account).items()]
        balances = {key: self._balances[key] for key in keys if key in self._balances}
        return Snapshot(account, balances, await self._events.last(ref.lane, ref.id))

    def _balances_of(self, account: int) -> dict[BalanceKey, Balance]:
        return {key: balance for key, balance in self._balances.items() if key[0] == account}

    async def hold(self, ref: AccountRef, hold: int) -> HoldFacts | None:
        """One hold."""
        return self._holds.get((ref.id, hold))

    async def remembered(self, ref: AccountRef, key: str) -> AnsweredKey | None:
        """What an idempotency key was answered before."""
        return self._known.get((ref.id, key))

    async def entries(self, ref: AccountRef, span: Span) -> Sequence[Entry]:
        """A page of the account's ledger, newest first."""
        newest_first = reversed(self._entries.get(ref.id, []))
        return [entry for entry in newest_first if _within(entry, span)][: span.size]

    async def combinations(self, ref: AccountRef, after_seq: int, before_seq: int) -> Sequence[Combination]:
        """Every combination of kind, action and meter of the entries between two places."""
        found: dict[tuple[str, str | None, str | None], list[int]] = {}
        for entry in self._entries.get(ref.id, [])[after_seq : before_seq - 1]:
            found.setdefault((entry.kind, entry.action, entry.meter), []).append(entry.at)
        return [Combination(*which, min(ats), max(ats)) for which, ats in found.items()]

    async def stretch(self, ref: AccountRef, from_at: int | None, until_at: int | None) -> Stretch:
        """All of it: looking through it is quick."""
        return Stretch(0, len(self._entries.get(ref.id, [])) + 1)

    async def holds_of(self, ref: AccountRef, holds: Sequence[int]) -> Sequence[HoldFacts]:
        """Those of these holds that there are."""
        return [self._holds[ref.id, one] for one in sorted(set(holds)) if (ref.id, one) in self._holds]

    async def holds_on(
        self, connection: Connection | None, ref: AccountRef, holds: Sequence[int]
    ) -> Sequence[HoldFacts]:
        """Those of these holds that there are; here there is nothing to read on."""
        return await self.holds_of(ref, holds)

    async def overdue(self, now: int, count: int) -> Sequence[tuple[int, int, int]]:
        """Open holds past their deadline."""
        late = [
            (hold.expires_at, hold.account, hold.id)
            for hold in self._holds.values()
            if hold.state == "open" and hold.expires_at is not None and hold.expires_at <= now
        ]
        return [(0, account, number) for _, account, number in sorted(late)[:count]]

    async def holding(self, ref: AccountRef) -> Holding | None:
        """All that is kept of one account beside its entries."""
        account = self._accounts.get(ref.id)
        if account is None:
            return None
        holds = {hold.id: hold for hold in self._holds.values() if hold.account == ref.id}
        return Holding(account, self._chains.get(ref.id, START), self._balances_of(ref.id), holds)

    async def chain(self, ref: AccountRef, after_seq: int, count: int) -> Sequence[Entry]:
        """Entries in the order of their `seq`."""
        return [entry for entry in self._entries.get(ref.id, []) if entry.seq > after_seq][:count]

    async def forget(self, before_at: int, count: int) -> int:
        """Drop old answers."""
        old = [key for key, known in self._known.items() if known.answer.at < before_at][:count]
        for key in old:
            del self._known[key]
        return len(old)

    async def claim_lanes(self) -> None:
        """There is one lane."""

    async def secret(self) -> bytes:
        """The secret of this process."""
        return self._secret

    async def close(self) -> None:
        """Nothing to give back."""


def _within(entry: Entry, span: Span) -> bool:
    return (
        (span.before_seq is None or entry.seq < span.before_seq)
        and entry.seq > span.after_seq
        and (span.meter is None or entry.meter == span.meter)
        and (span.kind is None or entry.kind == span.kind)
        and (span.action is None or entry.action == span.action)
        and (span.holds is None or (entry.hold > 0 and entry.hold in span.holds))
        and (span.from_at is None or entry.at >= span.from_at)
        and (span.until_at is None or entry.at < span.until_at)
    )


class MemoryTransaction:
    """A batch against the memory store."""

    connection = None

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.accepted: list[Accepted] = []

    async def load(self, book: Book, wanted: WantedFacts) -> None:
        """Put the wanted facts into the book."""
        self._store.fill(book, wanted)

    async def load_balances(self, book: Book, keys: Iterable[BalanceKey]) -> None:
        """Put the balances into the book."""
        self._store.fill_balances(book, keys)

    async def append(self, accepted: Sequence[Accepted], book: Book) -> None:
        """Remember what is to be kept when the batch ends well."""
        self.accepted.extend(accepted)

    async def flush(self) -> None:
        """Nothing is under way."""
