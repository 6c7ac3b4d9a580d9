"""The line of commands: who is answered what when something goes wrong in the middle of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from tests.support.clock import FakeClock
from tests.support.ledgers import figures

from reelbot.allowance import AccountRef, Ledger, Receipt, load_terms
from reelbot.allowance.core.book import Book
from reelbot.allowance.store import Accepted, Store, StoreTransaction
from reelbot.allowance.stores.memory import MemoryStore
from reelbot.clock import SECOND
from reelbot.errors import DatabaseFailure
from reelbot.events import MemoryEvents


class Brittle:
    """A memory store that fails when a key says so, and counts the transactions that were begun."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.transactions = 0
        self.overdue_for_ever: Sequence[tuple[int, int, int]] = ()
        self.failures: list[Exception] = []

    async def overdue(self, now: int, count: int) -> Sequence[tuple[int, int, int]]:
        if self.failures:
            raise self.failures.pop()
        return self.overdue_for_ever or await self._store.overdue(now, count)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @asynccontextmanager
    async def transaction(self, lane: int) -> AsyncIterator[StoreTransaction]:
        self.transactions += 1
        async with self._store.transaction(lane) as transaction:
            yield cast("StoreTransaction", BrittleTransaction(transaction))


class BrittleTransaction:
    """Fails while it writes."""

    def __init__(self, transaction: Any) -> None:
        self._transaction = transaction

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transaction, name)

    async def append(self, accepted: Sequence[Accepted], book: Book) -> None:
        keys = {one.key for one in accepted}
        assert "defect" not in keys
        if "no disk" in keys:
            raise DatabaseFailure("There is no space left.")
        await self._transaction.append(accepted, book)


@pytest.fixture
def store() -> Brittle:
    return Brittle(MemoryStore(MemoryEvents()))


@pytest.fixture
async def ledger(store: Brittle, clock: FakeClock) -> AsyncIterator[Ledger]:
    opened = Ledger(cast("Store", store), MemoryEvents(), load_terms(), clock, sweep_seconds=None)
    await opened.start()
    yield opened
    await opened.stop()
    assert (await opened.verify()).is_clean


async def hold_all(ledger: Ledger, account: AccountRef, keys: Sequence[str]) -> list[Receipt | BaseException]:
    asked = (ledger.hold(account, {"ai_credits": 1}, key=key) for key in keys)
    return await asyncio.gather(*asked, return_exceptions=True)


async def test_commands_that_arrive_together_go_in_one_transaction(ledger: Ledger, store: Brittle) -> None:
    ada = await ledger.account("ada")
    begun = store.transactions
    await hold_all(ledger, ada, [f"k{number}" for number in range(50)])
    assert store.transactions == begun + 1


async def test_a_lone_command_does_not_wait_for_company(ledger: Ledger, store: Brittle) -> None:
    ada = await ledger.account("ada")
    begun = store.transactions
    for number in range(5):
        await ledger.hold(ada, {"ai_credits": 1}, key=f"k{number}")
    assert store.transactions == begun + 5


async def test_a_defect_in_one_command_fails_that_command_alone(ledger: Ledger) -> None:
    ada = await ledger.account("ada")
    outcomes = await hold_all(ledger, ada, ["a", "b", "defect", "c"])
    assert [type(outcome) for outcome in outcomes] == [Receipt, Receipt, AssertionError, Receipt]
    assert await figures(ledger, ada) == (0, 3, 57)


async def test_a_database_that_fails_fails_the_whole_batch_and_nothing_is_written(ledger: Ledger) -> None:
    ada = await ledger.account("ada")
    outcomes = await hold_all(ledger, ada, ["a", "no disk", "b"])
    assert {type(outcome) for outcome in outcomes} == {DatabaseFailure}
    assert await figures(ledger, ada) == (0, 0, 60)
    outcomes = await hold_all(ledger, ada, ["a", "b"])
    assert [isinstance(outcome, Receipt) and outcome.replayed for outcome in outcomes] == [False, False]


async def test_a_sweep_ends_though_somebody_else_ended_what_it_finds_overdue(
    ledger: Ledger, store: Brittle, clock: FakeClock
) -> None:
    ada = await ledger.account("ada")
    hold = await ledger.hold(ada, {"ai_credits": 1}, key="k", expires_in=1)
    await ledger.release(hold)
    clock.advance(SECOND)
    store.overdue_for_ever = [(0, ada.id, hold.answer.hold)]
    assert await ledger.sweeper.sweep() == 0


async def test_sweeping_goes_on_after_a_failure_and_after_a_defect(
    store: Brittle, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    store.failures = [AssertionError("a defect"), DatabaseFailure("The disk is gone.")]
    ledger = Ledger(cast("Store", store), MemoryEvents(), load_terms(), clock, sweep_seconds=0)
    await ledger.start()
    ada = await ledger.account("ada")
    await ledger.hold(ada, {"ai_credits": 1}, key="k", expires_in=1)
    async with ledger.events.subscribe(ada.lane, ada.id) as wakes:
        clock.advance(SECOND)
        await asyncio.wait_for(wakes.wait(), timeout=10)
    assert await figures(ledger, ada) == (0, 0, 60)
    assert not store.failures
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]
    await ledger.stop()


async def test_the_line_goes_on_after_a_failure(ledger: Ledger) -> None:
    ada = await ledger.account("ada")
    for _ in range(3):
        await hold_all(ledger, ada, ["defect"])
        await hold_all(ledger, ada, ["no disk"])
    assert isinstance((await hold_all(ledger, ada, ["a"]))[0], Receipt)
