"""Faults that other systems of this kind have had, each shown not to be here (MEASURES, section 4, last paragraph)."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.support.clock import FakeClock
from tests.support.ledgers import allowance, beside, entries, figures, kinds, priced, refusal, status

from reelbot.allowance import AccountRef, Answer, FailurePoint, Item, Ledger, Refused, Status
from reelbot.clock import DAY, HOUR, MINUTE, SECOND, instant_from
from reelbot.db import Connection


@pytest.fixture
async def ledger(sqlite_url: str, clock: FakeClock) -> AsyncIterator[Ledger]:
    async with Ledger.open(sqlite_url, clock=clock, sweep_seconds=None) as opened:
        yield opened
        assert (await opened.verify()).is_clean


@pytest.fixture
async def ada(ledger: Ledger) -> AccountRef:
    return await ledger.account("ada")


async def test_a_hold_is_not_counted_as_spent_and_is_given_back(ledger: Ledger, ada: AccountRef) -> None:
    released = await ledger.hold(ada, {"ai_credits": 30}, key="a")
    await ledger.hold(ada, {"ai_credits": 30}, key="b", expires_in=1)
    assert await figures(ledger, ada) == (0, 60, 0)
    await ledger.release(released)
    assert await figures(ledger, ada) == (0, 30, 30)


async def test_a_hold_that_nobody_ends_is_given_back_by_time(ledger: Ledger, ada: AccountRef, clock: FakeClock) -> None:
    await ledger.hold(ada, {"ai_credits": 60}, key="a", expires_in=60)
    clock.advance(60 * SECOND)
    await ledger.sweeper.sweep()
    assert await figures(ledger, ada) == (0, 0, 60)


async def test_nobody_gets_between_the_check_and_the_decrement(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    async with beside(ledger, clock) as other:
        asked = [
            one.hold(ada, {"ai_credits": 7}, key=f"{name} {number}")
            for name, one in (("one", ledger), ("other", other))
            for number in range(20)
        ]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(not isinstance(outcome, Refused) for outcome in outcomes) == 8
    assert await figures(ledger, ada) == (0, 56, 4)


async def test_a_polls_time_out_is_not_a_failure_while_the_provider_may_still_bill(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    hold = await ledger.hold(ada, [Item("animation", 4)], key="a", expires_in=60)
    await ledger.conclude(hold, FailurePoint.UNKNOWN)
    clock.advance(HOUR)
    await ledger.sweeper.sweep()
    assert await figures(ledger, ada) == (0, 20, 40)
    await ledger.settle(hold)
    assert await figures(ledger, ada) == (20, 0, 40)


async def test_a_refund_and_the_status_it_belongs_to_are_one_transaction(ledger: Ledger, ada: AccountRef) -> None:
    class Crash(Exception):
        pass

    async def mark_as_refunded(connection: Connection | None, answer: Answer) -> None:
        raise Crash

    hold = await ledger.hold(ada, {"ai_credits": 30}, key="a")
    await ledger.settle(hold)
    with pytest.raises(Crash):
        await ledger.refund(hold, rider=mark_as_refunded)
    assert await figures(ledger, ada) == (30, 0, 30)
    assert "refund" not in await kinds(ledger, ada)


async def test_a_retry_is_told_that_the_work_was_already_asked_for(ledger: Ledger, ada: AccountRef) -> None:
    """A worker calls the provider when its hold is new, and never for a replay."""
    provider_calls = 0
    for _ in range(3):
        hold = await ledger.hold(ada, [Item("image")], key="the draft's first image")
        provider_calls += not hold.replayed
        await ledger.settle(hold)
    assert provider_calls == 1
    assert await figures(ledger, ada) == (4, 0, 56)


async def test_a_reset_cannot_be_done_twice_because_nothing_does_it(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    clock.set(instant_from("2026-03-01T23:59:59Z"))
    await ledger.settle(await ledger.hold(ada, {"ai_credits": 60}, key="a"))
    clock.advance(SECOND)
    async with beside(ledger, clock) as other:
        await asyncio.gather(ledger.sweeper.sweep(), other.sweeper.sweep(), ledger.sweeper.forget())
        await ledger.hold(ada, {"ai_credits": 40}, key="b")
        await asyncio.gather(ledger.sweeper.sweep(), other.sweeper.sweep())
        assert await figures(other, ada) == (0, 40, 20)
    assert await kinds(ledger, ada) == ["open", "hold", "settle", "hold"]


async def test_a_local_day_has_one_allowance_though_it_lies_in_two_days_of_utc(
    ledger: Ledger, clock: FakeClock
) -> None:
    ada = await ledger.account("in California", timezone="America/Los_Angeles")
    clock.set(instant_from("2026-03-01T23:00:00Z"))
    await ledger.settle(await ledger.hold(ada, {"ai_credits": 60}, key="a"))
    clock.advance(2 * HOUR)
    assert await status(ledger.hold(ada, {"ai_credits": 1}, key="b")) is Status.ALLOWANCE_EXHAUSTED
    clock.set(instant_from("2026-03-02T08:00:00Z"))
    await ledger.hold(ada, {"ai_credits": 60}, key="b")


async def test_a_downgrade_and_an_upgrade_do_not_refill(ledger: Ledger, ada: AccountRef) -> None:
    await ledger.change_plan(ada, "starter", key="1")
    await ledger.settle(await ledger.hold(ada, {"ai_credits": 200}, key="a"))
    for number, plan in enumerate(("free", "starter", "free", "starter")):
        await ledger.change_plan(ada, plan, key=f"operator {number}", by="operator")
        assert await status(ledger.hold(ada, {"ai_credits": 1}, key=f"b{number}")) is Status.ALLOWANCE_EXHAUSTED
    assert await figures(ledger, ada) == (200, 0, 0)


async def test_an_upgrade_brings_the_new_cap_at_once(ledger: Ledger, ada: AccountRef) -> None:
    await ledger.settle(await ledger.hold(ada, {"ai_credits": 60}, key="a"))
    await ledger.change_plan(ada, "pro", key="p")
    await ledger.hold(ada, {"ai_credits": 940}, key="b")
    assert await figures(ledger, ada) == (60, 940, 0)


async def test_an_expired_hold_cannot_be_settled(ledger: Ledger, ada: AccountRef, clock: FakeClock) -> None:
    hold = await ledger.hold(ada, {"ai_credits": 60}, key="a", expires_in=60)
    clock.advance(60 * SECOND)
    assert await status(ledger.settle(hold)) is Status.HOLD_EXPIRED
    await ledger.sweeper.sweep()
    assert await status(ledger.settle(hold)) is Status.HOLD_EXPIRED
    assert await figures(ledger, ada) == (0, 0, 60)


async def test_remaining_never_goes_below_zero(ledger: Ledger, ada: AccountRef) -> None:
    await ledger.change_plan(ada, "pro", key="p")
    await ledger.hold(ada, {"ai_credits": 900}, key="a")
    await ledger.change_plan(ada, "free", key="q", by="operator")
    no = await refusal(ledger.hold(ada, {"ai_credits": 1}, key="b"))
    assert no.shortage is not None
    assert (await allowance(ledger, ada)).remaining == no.shortage.allowance.remaining == 0
    assert [one.remaining for one in (await ledger.quote(ada, [Item("topic")])).after] == [0]


async def test_rounding_does_not_leak(ledger: Ledger, ada: AccountRef) -> None:
    """Voiceovers of 1 to 20 s cost a whole credit for each started 10 s, and the sum is the sum of the entries."""
    await ledger.change_plan(ada, "pro", key="p")
    for seconds in range(1, 21):
        hold = await ledger.hold(ada, [Item("voiceover", seconds)], key=f"{seconds} s")
        await ledger.settle(hold)
    assert await figures(ledger, ada) == (30, 0, 970)
    settled = [entry.amount for entry in await entries(ledger, ada) if entry.kind == "settle"]
    assert settled == [1] * 10 + [2] * 10


async def test_a_balance_of_one_is_not_enough_for_a_price_of_three(ledger: Ledger, ada: AccountRef) -> None:
    await ledger.hold(ada, {"ai_credits": 59}, key="a")
    for number, price in enumerate((2, 3, 4)):
        no = await refusal(ledger.hold(ada, {"ai_credits": price}, key=f"b{number}"))
        assert no.shortage is not None
        assert (no.shortage.needed, no.shortage.allowance.remaining) == (price, 1)


async def test_a_batch_stopped_halfway_is_billed_for_what_it_delivered(ledger: Ledger, ada: AccountRef) -> None:
    hold = await ledger.hold(ada, [Item("image", 5)], key="a")
    await ledger.conclude(hold, FailurePoint.CANCELLED_RUNNING, {"ai_credits": 3 * 4})
    assert await figures(ledger, ada) == (12, 0, 48)


async def test_a_worst_case_hold_blocks_nobody_else_and_no_longer_than_its_work(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    bob = await ledger.account("bob")
    worst = await ledger.hold(ada, {"ai_credits": 60}, key="worst case", expires_in=600)
    await ledger.hold(bob, {"ai_credits": 60}, key="b")
    clock.advance(MINUTE)
    await ledger.settle(worst, {"ai_credits": 7})
    await ledger.hold(ada, {"ai_credits": 53}, key="the next one, at once")


async def test_a_price_that_rises_after_the_quote_is_not_charged(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    quote = await ledger.quote(ada, [Item("image")])
    async with beside(ledger, clock, priced(ledger.terms, image=40)) as dearer:
        hold = await dearer.hold(ada, [Item("image")], key="a", quote=quote.id)
        await dearer.settle(hold)
    assert await figures(ledger, ada) == (4, 0, 56)


async def test_a_key_protects_longer_than_the_longest_window_lasts(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    first = await ledger.hold(ada, {"posts": 1}, key="a")
    clock.advance(62 * DAY)
    await ledger.sweeper.sweep()
    await ledger.sweeper.forget()
    assert await ledger.hold(ada, {"posts": 1}, key="a") == first._replace(replayed=True)
