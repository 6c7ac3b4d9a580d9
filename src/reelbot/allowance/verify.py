"""The audit: recomputes every account from its entries and compares it with what is kept. Changes nothing.

It may run beside a live server. For each account it reads what is kept first, at one instant, then the entries up to
where the chain stood at that instant. Entries are read in pages; what is held in memory is one account's balances and
holds. Of each account the first fault is told.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import NamedTuple

from reelbot.allowance.core.accounts import Account
from reelbot.allowance.core.balances import Balance
from reelbot.allowance.core.book import BalanceKey, HoldFacts
from reelbot.allowance.core.commands import AccountRef
from reelbot.allowance.core.entries import GENESIS, START, Chain, Entry, entry_hash
from reelbot.allowance.core.replay import Mismatch, ReplayedAccount, ReplayedHold, ReplayedLine
from reelbot.allowance.deliveries import Deliveries
from reelbot.allowance.faults import Fault
from reelbot.allowance.store import Damaged, Holding, Store
from reelbot.allowance.tamper import Break, VerifiedChain, What, broken_at, entries_after, missing_at, unfounded_at
from reelbot.clock import SECOND, instant_text
from reelbot.ids import id_text
from reelbot.limits import HOLD_SECONDS_MAX

ACCOUNTS_PAGE = 500
"""Accounts listed at once."""


class AuditReport(NamedTuple):
    """What was looked at, and the first fault of every account that has one."""

    accounts: int
    entries: int
    holds: int
    faults: tuple[Fault, ...]

    @property
    def is_clean(self) -> bool:
        """Whether everything kept is what the entries say."""
        return not self.faults


class _Audited(NamedTuple):
    """One account: how much of it was looked at, and its first fault."""

    entries: int
    holds: int
    fault: Fault | None


class _FirstFault(Exception):
    """The first fault of an account ends its audit."""

    def __init__(self, place: str, what: What, expected: object, found: object) -> None:
        super().__init__(place)
        self.place = place
        self.what: What = what
        self.expected = str(expected)
        self.found = str(found)


async def verify(store: Store, rooms: Sequence[Deliveries] = ()) -> AuditReport:
    """Audit every account, and what each of these rooms delivered to it."""
    accounts = entries = holds = 0
    faults: list[Fault] = []
    expected = (0, 1)
    async for account in _all_accounts(store):
        faults.extend(_missing_accounts(expected, account))
        expected = (account.lane, account.id + 1)
        ref = AccountRef(account.lane, account.id, account.name)
        audited = await _audited(store, ref)
        accounts, entries, holds = accounts + 1, entries + audited.entries, holds + audited.holds
        fault = audited.fault or await _uncharged(ref, rooms)
        if fault is not None:
            faults.append(fault)
    return AuditReport(accounts, entries, holds, tuple(faults))


async def _uncharged(ref: AccountRef, rooms: Sequence[Deliveries]) -> Fault | None:
    for first_of in rooms:
        fault = await first_of(ref)
        if fault is not None:
            return fault
    return None


async def _all_accounts(store: Store) -> AsyncIterator[Account]:
    after: AccountRef | None = None
    while page := await store.accounts(after, ACCOUNTS_PAGE):
        for account in page:
            yield account
        after = AccountRef(page[-1].lane, page[-1].id, page[-1].name)


def _missing_accounts(expected: tuple[int, int], account: Account) -> Iterator[Fault]:
    """Accounts are numbered 1, 2, 3 … in their lane and never removed."""
    first = expected[1] if expected[0] == account.lane else 1
    for number in range(first, account.id):
        yield Fault(f"account {number} of lane {account.lane}", "its row", "removed", "an account", "none")


async def _audited(store: Store, ref: AccountRef) -> _Audited:
    try:
        holding = await store.holding(ref)
    except Damaged as damage:
        return _Audited(0, 0, Fault(ref.name, "what is kept", "edited", "rows that can be read", damage.detail))
    if holding is None:
        return _Audited(0, 0, Fault(ref.name, "its row", "removed", "an account", "none"))
    walk = _Walk(store, ref, holding)
    count = len(holding.holds)
    try:
        await walk.follow()
        walk.compare()
    except _FirstFault as found:
        fault = Fault(ref.name, found.place, found.what, found.expected, found.found)
        return _Audited(walk.chain.seq, count, fault)
    return _Audited(walk.chain.seq, count, None)


class _Walk:
    """Follows one account's entries to where its chain stands."""

    def __init__(self, store: Store, ref: AccountRef, holding: Holding) -> None:
        self.chain = START
        self._store = store
        self._ref = ref
        self._stored = holding
        self._stored_holds = dict(holding.holds)
        self._head_before = GENESIS
        self._replay = ReplayedAccount()

    async def follow(self) -> None:
        """Every entry must be there, in its place, as it was written, and follow from those before it."""
        last = self._stored.chain
        if last.seq == 0:
            raise _FirstFault("its row", "wrong", "an account that was opened", "one without an entry")
        async with aclosing(entries_after(self._store, self._ref, 0)) as entries:
            while self.chain.seq < last.seq:
                entry = await anext(entries, None)
                if entry is None or entry.seq != self.chain.seq + 1:
                    break
                await self._take(entry)
        if self.chain.seq < last.seq:
            raise self._found(await missing_at(self._store, self._ref, self._standing()))
        self._require_head(last)
        await self._require_end(last)

    async def _take(self, entry: Entry) -> None:
        if entry_hash(self.chain.head, entry) != entry.hash:
            raise self._found(await broken_at(self._store, self._ref, self._standing(), entry))
        try:
            self._replay.take(entry)
        except Mismatch as mismatch:
            standing = self._standing()
            raise self._found(await unfounded_at(self._store, self._ref, standing, entry, mismatch)) from None
        if entry.hold:
            self._require_deadline(entry)
            self._forget_ended(entry.hold)
        self._head_before, self.chain = self.chain.head, Chain(entry.seq, entry.hash)

    def _require_deadline(self, entry: Entry) -> None:
        """The deadline of a hold without an owner is kept with it alone; what its entries say of it must agree."""
        stored, hold = self._stored_holds.get(entry.hold), self._replay.holds[entry.hold]
        if stored is None:
            raise _FirstFault(self._hold_id(entry.hold), "removed", "a hold", "none")
        if stored.owner != hold.owner:
            raise _FirstFault(self._hold_id(entry.hold), "edited", _owner_text(hold.owner), _owner_text(stored.owner))
        if hold.owner is not None and stored.expires_at != hold.expires_at:
            expected, found = _deadline_text(hold.expires_at), _deadline_text(stored.expires_at)
            raise _FirstFault(self._hold_id(entry.hold), "edited", expected, found)
        if stored.expires_at is None:
            if hold.owner is None:
                raise _FirstFault(self._hold_id(entry.hold), "edited", "a deadline", _deadline_text(None))
            return
        if not 0 < stored.expires_at - hold.opened_at <= HOLD_SECONDS_MAX * SECOND:
            expected = f"a deadline within {HOLD_SECONDS_MAX:,} s of {instant_text(hold.opened_at)}"
            raise _FirstFault(self._hold_id(entry.hold), "edited", expected, instant_text(stored.expires_at))
        if hold.state == "open" or hold.left_open_at is None:
            return
        if (hold.left_open_at >= stored.expires_at) != (hold.state == "expired"):
            expected = f"a deadline {'by' if hold.state == 'expired' else 'after'} {instant_text(hold.left_open_at)}"
            raise _FirstFault(self._hold_id(entry.hold), "edited", expected, instant_text(stored.expires_at))

    def _forget_ended(self, number: int) -> None:
        """A hold that has ended as it is kept needs no more memory: an entry about it would be one too many."""
        hold = self._replay.holds[number]
        if hold.state not in ("open", "unknown") and _as_replayed(self._stored_holds[number]) == _told(hold):
            del self._replay.holds[number], self._stored_holds[number]

    def _require_head(self, last: Chain) -> None:
        if self.chain.head != last.head:
            expected = f"the hash {last.head.hex()[:12]} that the account's row names"
            raise _FirstFault(self._entry_id(last.seq), "edited", expected, self.chain.head.hex()[:12])
        try:
            self._replay.end()
        except Mismatch as mismatch:
            raise _FirstFault(self._entry_id(last.seq), "wrong", mismatch.expected, mismatch.found) from None

    async def _require_end(self, last: Chain) -> None:
        """An entry behind the end was written in the meantime, with the account's row, or else was put there."""
        beyond = await self._store.chain(self._ref, last.seq, 1)
        if beyond:
            now = await self._store.holding(self._ref)
            if now is None or now.chain.seq < beyond[0].seq:
                expected = f"nothing behind {self._entry_id(last.seq)}"
                raise _FirstFault(self._entry_id(beyond[0].seq), "added", expected, f"a {beyond[0].kind}")

    def compare(self) -> None:
        """What is kept beside the entries must be what they lead to."""
        self._compare_account(self._stored.account)
        self._compare_balances(self._stored.balances)
        self._compare_holds(self._stored_holds)

    def _compare_account(self, stored: Account) -> None:
        replayed = self._replay.account
        assert replayed is not None, "the first entry opened it"
        for fact, expected, found in zip(Account._fields, replayed, stored, strict=True):
            if expected != found:
                raise _FirstFault(f"its {fact}", "edited", expected, found)

    def _compare_balances(self, stored: Mapping[BalanceKey, Balance]) -> None:
        replayed = {(self._ref.id, *key): balance for key, balance in self._replay.balances.items()}
        for key in sorted(replayed.keys() | stored.keys()):
            expected, found = replayed.get(key), stored.get(key)
            if expected != found:
                what: What = "removed" if found is None else "added" if expected is None else "edited"
                place = f"its balance of {key[1]} from {instant_text(key[2])}"
                raise _FirstFault(place, what, _balance_text(expected), _balance_text(found))

    def _compare_holds(self, stored: Mapping[int, HoldFacts]) -> None:
        for number in sorted(self._replay.holds.keys() | stored.keys()):
            hold = self._replay.holds.get(number)
            expected = None if hold is None else _told(hold)
            found = _as_replayed(stored[number]) if number in stored else None
            if expected != found:
                what: What = "removed" if found is None else "added" if expected is None else "edited"
                raise _FirstFault(self._hold_id(number), what, _hold_text(expected), _hold_text(found))

    def _standing(self) -> VerifiedChain:
        return VerifiedChain(self.chain, self._head_before, self._stored.chain)

    def _found(self, broken: Break) -> _FirstFault:
        return _FirstFault(self._entry_id(broken.seq), broken.what, broken.expected, broken.found)

    def _entry_id(self, seq: int) -> str:
        return id_text("entry", self._ref.lane, self._ref.id, seq)

    def _hold_id(self, number: int) -> str:
        return id_text("hold", self._ref.lane, self._ref.id, number)


def _owner_text(owner: str | None) -> str:
    return "no owner" if owner is None else f"the owner {owner}"


def _deadline_text(expires_at: int | None) -> str:
    return "no deadline" if expires_at is None else f"the deadline {instant_text(expires_at)}"


_Told = tuple[str, tuple[tuple[ReplayedLine, bool], ...]]
"""A hold's state and lines, each with whether its window is a standing one."""


def _told(hold: ReplayedHold) -> _Told:
    """What the entries tell of a hold."""
    return hold.state, tuple((line, line.window[1] is None) for line in hold.lines)


def _as_replayed(hold: HoldFacts) -> _Told:
    """What is kept of a hold, in the same words."""
    return hold.state, tuple(
        (ReplayedLine(line.meter, line.action, line.window, line.held, line.settled), line.kind == "standing")
        for line in hold.lines
    )


def _balance_text(balance: Balance | None) -> str:
    if balance is None:
        return "none"
    return f"{balance.used} used, {balance.held} held, {balance.granted} granted"


def _hold_text(told: _Told | None) -> str:
    if told is None:
        return "none"
    state, lines = told
    return f"{state} with " + " and ".join(
        f"{line.settled} of {line.held} {line.meter} settled from {line.window[0]}" for line, _ in lines
    )
