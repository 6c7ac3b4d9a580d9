"""Lanes: accounts are spread over them by their names, and their number is fixed with a database's first use."""

import asyncio

import pytest
from tests.support.clock import FakeClock
from tests.support.ledgers import figures

from reelbot.allowance import Ledger
from reelbot.errors import ConfigFailure
from reelbot.limits import LANES_MAX

NAMES = [f"user-{number}" for number in range(40)]


async def test_accounts_of_all_lanes_are_held_for_found_again_and_audited(
    emptied_postgres_url: str, clock: FakeClock
) -> None:
    async with Ledger.open(emptied_postgres_url, clock=clock, sweep_seconds=None, lanes=7) as ledger:
        accounts = await asyncio.gather(*(ledger.account(name) for name in NAMES))
        holds = await asyncio.gather(*(ledger.hold(one, {"ai_credits": 2}, key="same for all") for one in accounts))
        await asyncio.gather(*(ledger.settle(hold, {"ai_credits": 1}) for hold in holds))
        assert {account.lane for account in accounts} == set(range(7))
        assert len({hold.id for hold in holds}) == len(NAMES)
    async with Ledger.open(emptied_postgres_url, clock=clock, sweep_seconds=None, lanes=7) as again:
        assert [await again.find(name) for name in NAMES] == accounts
        assert [(await figures(again, account))[:2] for account in accounts] == [(1, 0)] * len(NAMES)
        assert {account.name for account in await again.accounts()} == set(NAMES)
        report = await again.verify()
        assert (report.is_clean, report.accounts, report.holds) == (True, len(NAMES), len(NAMES))


async def test_overdue_holds_of_all_lanes_are_given_back(emptied_postgres_url: str, clock: FakeClock) -> None:
    async with Ledger.open(emptied_postgres_url, clock=clock, sweep_seconds=None, lanes=7) as ledger:
        accounts = [await ledger.account(name) for name in NAMES]
        for account in accounts:
            await ledger.hold(account, {"ai_credits": 1}, key="lost", expires_in=1)
        clock.advance(2_000)
        await ledger.sweeper.sweep()
        assert [(await figures(ledger, account))[:2] for account in accounts] == [(0, 0)] * len(NAMES)


async def test_another_number_of_lanes_is_refused_and_changes_nothing(
    emptied_postgres_url: str, clock: FakeClock
) -> None:
    async with Ledger.open(emptied_postgres_url, clock=clock, sweep_seconds=None, lanes=3) as ledger:
        ada = await ledger.account("ada")
    for lanes in (1, 4):
        with pytest.raises(ConfigFailure, match=f"spread over 3 lanes, not {lanes}"):
            async with Ledger.open(emptied_postgres_url, clock=clock, sweep_seconds=None, lanes=lanes):
                pass
    async with Ledger.open(emptied_postgres_url, clock=clock, sweep_seconds=None, lanes=3) as ledger:
        assert await ledger.find("ada") == ada


async def test_a_file_and_memory_have_one_lane(sqlite_url: str) -> None:
    for address in (sqlite_url, "memory:"):
        with pytest.raises(ConfigFailure, match="Only PostgreSQL"):
            async with Ledger.open(address, lanes=2):
                pass


@pytest.mark.parametrize("lanes", [0, LANES_MAX + 1])
async def test_the_number_of_lanes_is_bounded(sqlite_url: str, lanes: int) -> None:
    with pytest.raises(ConfigFailure, match="lanes must be from 1 to 64"):
        async with Ledger.open(sqlite_url, lanes=lanes):
            pass
