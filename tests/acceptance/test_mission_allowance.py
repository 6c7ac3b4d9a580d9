"""The mission's rules on allowances, one test each, named after the sentence (PRODUCT, section 1)."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.support.clock import FakeClock
from tests.support.ledgers import allowance, events, figures, kinds, refusal, status

from reelbot.allowance import AccountRef, FailurePoint, Item, Ledger, Status
from reelbot.clock import HOUR, instant_from, instant_text


@pytest.fixture
async def ledger(sqlite_url: str, clock: FakeClock) -> AsyncIterator[Ledger]:
    async with Ledger.open(sqlite_url, clock=clock, sweep_seconds=None) as opened:
        yield opened
        assert (await opened.verify()).is_clean


async def spend(ledger: Ledger, account: AccountRef, items: list[Item], key: str) -> None:
    """An AI action that succeeds."""
    await ledger.settle(await ledger.hold(account, items, key=key))


async def test_m1_an_account_has_a_daily_allowance_of_ai_credits_given_by_its_plan(ledger: Ledger) -> None:
    for plan, limit in (("free", 60), ("starter", 200), ("pro", 1_000), ("enterprise", None)):
        one = await allowance(ledger, await ledger.account(plan, plan=plan))
        assert (one.kind, one.limit, one.remaining) == ("day", limit, limit)


async def test_m5_the_allowance_resets_every_day_by_itself_to_the_full_amount_and_nothing_rolls_over(
    ledger: Ledger, clock: FakeClock
) -> None:
    clock.set(instant_from("2026-03-27T12:00:00Z"))
    ada = await ledger.account("ada", timezone="Europe/Paris")
    left_over = (60, 13, 0, 59, 1)
    ends = []
    for day, left in enumerate(left_over):
        one = await allowance(ledger, ada)
        assert (one.limit, one.used, one.held, one.remaining) == (60, 0, 0, 60)
        if left < 60:
            await ledger.settle(await ledger.hold(ada, {"ai_credits": 60 - left}, key=f"day {day}"))
        assert one.ends_at is not None
        ends.append(instant_text(one.ends_at))
        clock.set(one.ends_at)
    # The third of these days has 23 hours: the clocks go forward on 29 March.
    assert ends == [
        "2026-03-27T23:00:00Z",
        "2026-03-28T23:00:00Z",
        "2026-03-29T22:00:00Z",
        "2026-03-30T22:00:00Z",
        "2026-03-31T22:00:00Z",
    ]
    assert set(await kinds(ledger, ada)) == {"open", "hold", "settle"}


async def test_m6_free_and_starter_have_daily_caps_and_pro_and_enterprise_higher_ones_or_none(ledger: Ledger) -> None:
    caps = []
    for plan in ("free", "starter", "pro"):
        ref = await ledger.account(plan, plan=plan)
        limit = (await allowance(ledger, ref)).limit
        assert limit is not None
        await ledger.hold(ref, {"ai_credits": limit}, key="all of it")
        assert await status(ledger.hold(ref, {"ai_credits": 1}, key="one more")) is Status.ALLOWANCE_EXHAUSTED
        caps.append(limit)
    assert caps == sorted(set(caps))
    unlimited = await ledger.account("enterprise", plan="enterprise")
    await ledger.hold(unlimited, {"ai_credits": 10**9}, key="more than anybody")
    assert (await allowance(ledger, unlimited)).state == "unlimited"


async def test_m8_used_and_remaining_change_the_instant_an_ai_action_is_triggered(ledger: Ledger) -> None:
    ada = await ledger.account("ada")
    last = (await ledger.usage(ada)).cursor
    async with ledger.events.subscribe(ada.lane, ada.id) as one_tab, ledger.events.subscribe(ada.lane, ada.id) as other:
        receipt = await ledger.hold(ada, [Item("script")], key="a click")
        for tab in (one_tab, other):
            await asyncio.wait_for(tab.wait(), timeout=10)
    (told,) = await events(ledger, ada, last)
    assert (told["used"], told["held"], told["remaining"]) == (0, 2, 58)
    assert (receipt.meters[0].held, receipt.meters[0].remaining) == (2, 58)
    assert await figures(ledger, ada) == (0, 2, 58)
    settled = await ledger.settle(receipt)
    assert (settled.meters[0].used, settled.meters[0].held, settled.meters[0].remaining) == (2, 0, 58)


async def test_m9_at_the_limit_ai_actions_wait_for_the_reset_and_nothing_else_does(
    ledger: Ledger, clock: FakeClock
) -> None:
    ada = await ledger.account("ada", timezone="America/New_York")
    await spend(ledger, ada, [Item("image", 15)], "all of it")
    no = await refusal(ledger.hold(ada, [Item("topic")], key="one more"))
    assert no.status is Status.ALLOWANCE_EXHAUSTED
    assert no.shortage is not None
    assert instant_text(no.shortage.fits_at or 0) == "2026-03-02T05:00:00Z"
    still_works = ledger.terms.catalogue.meters["ai_credits"].still_works
    for word in ("reviewing", "editing", "managing", "previewing", "rendering", "downloading", "publishing"):
        assert any(word in what for what in still_works)
    await spend(ledger, ada, [Item("render")], "render")
    await spend(ledger, ada, [Item("post")], "publish")
    await spend(ledger, ada, [Item("channel")], "connect")
    clock.set(instant_from("2026-03-02T05:00:00Z"))
    await spend(ledger, ada, [Item("topic")], "one more")
    assert await figures(ledger, ada) == (1, 0, 59)


async def test_m10_ai_credits_and_video_generations_are_two_independent_limits(ledger: Ledger) -> None:
    ada = await ledger.account("ada")
    await spend(ledger, ada, [Item("image", 15)], "credits")
    assert await figures(ledger, ada, "video_generations") == (0, 0, 3)
    await spend(ledger, ada, [Item("render")], "a video without credits")
    bob = await ledger.account("bob")
    for number in range(3):
        await spend(ledger, bob, [Item("render")], f"video {number}")
    assert await status(ledger.hold(bob, [Item("render")], key="another")) is Status.ALLOWANCE_EXHAUSTED
    assert await figures(ledger, bob) == (0, 0, 60)
    await spend(ledger, bob, [Item("script")], "credits without videos")
    for ref in (ada, bob):
        assert {"ai_credits", "video_generations"} <= {one.meter for one in (await ledger.usage(ref)).meters}


@pytest.mark.parametrize("point", list(FailurePoint))
async def test_m12_a_failure_uses_credits_by_its_failure_point_and_never_the_video_limit(
    ledger: Ledger, point: FailurePoint
) -> None:
    ada = await ledger.account("ada")
    hold = await ledger.hold(ada, [Item("image", 5), Item("render")], key="work")
    await ledger.conclude(hold, point, {"ai_credits": 12})
    used = {
        FailurePoint.BEFORE_ACCEPTANCE: 0,
        FailurePoint.AT_PROVIDER: 0,
        FailurePoint.AT_PROVIDER_BILLED: 20,
        FailurePoint.AFTER_DELIVERY: 20,
        FailurePoint.CANCELLED_RUNNING: 12,
        FailurePoint.IN_PART: 12,
        FailurePoint.UNKNOWN: 0,
    }[point]
    held = (20, 1) if point is FailurePoint.UNKNOWN else (0, 0)
    assert (await figures(ledger, ada))[:2] == (used, held[0])
    assert (await figures(ledger, ada, "video_generations"))[:2] == (0, held[1])


async def test_m12_an_unknown_outcome_is_asked_again_and_then_ends_by_another_row(
    ledger: Ledger, clock: FakeClock
) -> None:
    ada = await ledger.account("ada")
    hold = await ledger.hold(ada, [Item("animation", 4), Item("render")], key="work", expires_in=60)
    await ledger.conclude(hold, FailurePoint.UNKNOWN)
    clock.advance(3 * HOUR)
    await ledger.sweeper.sweep()
    assert await figures(ledger, ada) == (0, 20, 40)
    await ledger.conclude(hold, FailurePoint.IN_PART, {"ai_credits": 5})
    assert await figures(ledger, ada) == (5, 0, 55)
    assert await figures(ledger, ada, "video_generations") == (0, 0, 3)
