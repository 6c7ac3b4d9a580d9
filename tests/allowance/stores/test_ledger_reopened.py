"""What a ledger that is opened again, or by another process, must still know."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.support.clock import FakeClock
from tests.support.ledgers import entries, figures

from reelbot.allowance import AccountRef, Item, Ledger


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
