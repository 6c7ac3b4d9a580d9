"""What a ledger that is opened again, or by another process, must still know."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.support.clock import FakeClock
from tests.support.ledgers import entries, figures

from reelbot.allowance import AccountRef, Item, Ledger
from reelbot.allowance.core.entries import chained
from reelbot.db import open_database


@pytest.fixture
def ledger_address(emptied_url: str) -> str:
    """The stores that outlive a process."""
    return emptied_url


@asynccontextmanager
async def opened(address: str, clock: FakeClock) -> AsyncIterator[Ledger]:
    async with Ledger.open(address, clock=clock, sweep_seconds=None) as ledger:
        yield ledger


async def test_everything_is_there_when_the_ledger_is_opened_again(ledger_address: str, clock: FakeClock) -> None:
    async with opened(ledger_address, clock) as ledger:
        ada = await ledger.account("ada", plan="pro", timezone="Asia/Tokyo")
        hold = await ledger.hold(ada, {"ai_credits": 10}, key="k")
        await ledger.override(ada, "posts", None, key="o", why="a friend")
        await ledger.change_plan(ada, "free", key="p")
        before = (await ledger.usage(ada), await entries(ledger, ada))
    async with opened(ledger_address, clock) as ledger:
        assert await ledger.account("ada") == ada
        assert (await ledger.usage(ada), await entries(ledger, ada)) == before
        assert await ledger.hold(ada, {"ai_credits": 10}, key="k") == hold._replace(replayed=True)
        await ledger.settle(hold)
        assert (await ledger.verify()).is_clean


async def test_a_quote_counts_in_every_process(ledger_address: str, clock: FakeClock) -> None:
    items = [Item("image", 2)]
    async with opened(ledger_address, clock) as one, opened(ledger_address, clock) as other:
        ada = await one.account("ada")
        quote = await one.quote(ada, items)
        await other.hold(ada, items, key="k", quote=quote.id)
        assert await figures(one, ada) == (0, 8, 52)


async def test_two_ledgers_on_one_database_decide_as_one(ledger_address: str, clock: FakeClock) -> None:
    async with opened(ledger_address, clock) as one, opened(ledger_address, clock) as other:
        ada: AccountRef = await one.account("ada")
        assert await other.account("ada", plan="pro") == ada
        for number in range(60):
            await (one, other)[number % 2].hold(ada, {"ai_credits": 1}, key=f"k{number}")
        assert await figures(one, ada) == await figures(other, ada) == (0, 60, 0)
        assert (await one.hold(ada, {"ai_credits": 1}, key="k1")).replayed
        assert (await one.verify()).is_clean


async def test_a_moved_window_is_there_when_the_ledger_is_opened_again(ledger_address: str, clock: FakeClock) -> None:
    async with opened(ledger_address, clock) as ledger:
        ada = await ledger.account("ada", timezone="Pacific/Kiritimati")
        before = (await ledger.usage(ada)).meters
        await ledger.change_zone(ada, "Pacific/Pago_Pago", key="west")
    async with opened(ledger_address, clock) as ledger:
        assert [one.ends_at for one in (await ledger.usage(ada)).meters] != [one.ends_at for one in before]
        await ledger.change_zone(ada, "Pacific/Kiritimati", key="back")
        assert (await ledger.usage(ada)).meters == before
        assert (await ledger.verify()).is_clean


async def test_an_account_that_moved_before_dates_were_kept_goes_on_as_it_was_told(
    ledger_address: str, clock: FakeClock
) -> None:
    """Its entry names starts and ends of the running windows only, and so does its row."""
    async with opened(ledger_address, clock) as ledger:
        ada = await ledger.account("ada")
        day, month = [(one.starts_at, one.ends_at) for one in (await ledger.usage(ada)).meters[:2]]
        (entry,) = await entries(ledger, ada)
        turns = {"day_turn": (None, day), "month_turn": (None, month)}
        zones = {"timezone": ("UTC", "Asia/Tokyo"), **turns, "next_plan_at": (None, None)}
        fields = entry._replace(seq=2, kind="zone", detail=json.dumps(zones), why="Days are counted in Asia/Tokyo.")
        old = chained(entry.hash, fields[:-1])
    database = await open_database(ledger_address)
    mark = "?" if database.dialect == "sqlite" else "%s"
    async with database.transaction() as connection:
        await connection.execute(f"INSERT INTO entry VALUES ({', '.join([mark] * len(old))})", old)
        row = (2, old.hash, "Asia/Tokyo", *day, *month)
        columns = [
            "seq",
            "head",
            "zone",
            "day_turn_starts_at",
            "day_turn_ends_at",
            "month_turn_starts_at",
            "month_turn_ends_at",
        ]
        await connection.execute(f"UPDATE account SET {', '.join(f'{one} = {mark}' for one in columns)}", row)
    await database.close()
    async with opened(ledger_address, clock) as ledger:
        usage = await ledger.usage(ada)
        assert (usage.zone, [(one.starts_at, one.ends_at) for one in usage.meters[:2]]) == ("Asia/Tokyo", [day, month])
        assert (await ledger.verify()).is_clean
        await ledger.change_zone(ada, "America/New_York", key="west")
        await ledger.change_zone(ada, "Asia/Tokyo", key="back")
        assert [(one.starts_at, one.ends_at) for one in (await ledger.usage(ada)).meters[:2]] == [day, month]
        assert (await ledger.verify()).is_clean
