"""Threat 3: whoever changes the time zone again and again gets no second day and no second month."""

from collections.abc import AsyncIterator, Callable

import pytest
from tests.support.clock import FakeClock
from tests.support.ledgers import figures

from reelbot.allowance import AccountRef, Ledger, Refused
from reelbot.clock import DAY, HOUR, instant_from, instant_text

EAST, WEST = "Pacific/Kiritimati", "Pacific/Pago_Pago"
"""The zones whose midnights are furthest apart: 25 hours."""

Zone = Callable[[int], str]
"""Where the traveller is at an instant."""


@pytest.fixture
async def ledger(clock: FakeClock) -> AsyncIterator[Ledger]:
    """A ledger in memory, at the turn of the year."""
    clock.set(instant_from("2026-01-01T12:00:00Z"))
    async with Ledger.open("memory:", clock=clock, sweep_seconds=None) as opened:
        yield opened


def around_each_month(at: int) -> str:
    """In the west from the last day of each month on until noon of the first, else in the east: the attack as it was."""
    today, tomorrow = instant_text(at), instant_text(at + DAY)
    return WEST if tomorrow[8:10] == "01" or (today[8:10] == "01" and today[11:13] < "12") else EAST


async def travelled(ledger: Ledger, clock: FakeClock, days: int, zone: Zone, meter: str) -> tuple[int, set[int]]:
    """What somebody uses who takes all that there is in each hour, and the starts of the windows that were seen."""
    ada, until_at = await ledger.account("ada", timezone=zone(clock())), clock() + days * DAY
    used, starts = 0, set[int]()
    while clock() < until_at:
        await ledger.change_zone(ada, zone(clock()), key=f"zone {clock()}")
        one = next(one for one in (await ledger.usage(ada)).meters if one.meter == meter)
        starts.add(one.starts_at)
        if one.remaining:
            used += one.remaining
            await ledger.settle(await ledger.hold(ada, {meter: one.remaining}, key=f"hold {clock()}"))
        clock.advance(HOUR)
    report = await ledger.verify()
    assert report.is_clean, [fault.sentence for fault in report.faults]
    return used, starts


async def test_four_months_of_moving_over_the_date_line_make_the_videos_of_five_months(
    ledger: Ledger, clock: FakeClock
) -> None:
    videos, _ = await travelled(ledger, clock, 122, around_each_month, "video_generations")
    assert videos == 15


async def test_two_years_of_moving_over_the_date_line_have_no_more_than_25_months(
    ledger: Ledger, clock: FakeClock
) -> None:
    _, months = await travelled(ledger, clock, 730, around_each_month, "posts")
    assert 24 <= len(months) <= 25
    lengths = [later - earlier for earlier, later in zip(sorted(months), sorted(months)[1:], strict=False)]
    assert min(lengths) > 26 * DAY


async def test_moving_every_hour_opens_each_date_once(ledger: Ledger, clock: FakeClock) -> None:
    credits, days = await travelled(ledger, clock, 30, lambda at: (EAST, WEST)[at // HOUR % 2], "ai_credits")
    assert 30 <= len(days) <= 32
    assert credits == 60 * len(days)


async def test_a_plan_that_ends_with_the_month_is_not_kept_by_moving(ledger: Ledger, clock: FakeClock) -> None:
    ada = await ledger.account("ada", plan="pro", timezone=EAST)
    await ledger.change_plan(ada, "free", key="cancel")
    for hour in range(60 * 24):
        await ledger.change_zone(ada, (EAST, WEST)[hour % 2], key=f"zone {hour}")
        usage = await ledger.usage(ada)
        if usage.plan == "free":
            break
        clock.advance(HOUR)
    assert instant_from("2026-02-01T10:00:00Z") <= clock() <= instant_from("2026-02-02T11:00:00Z")
    await in_use(ledger, ada)


async def in_use(ledger: Ledger, ada: AccountRef) -> None:
    """A video more than the lower plan's three is refused."""
    await ledger.hold(ada, {"video_generations": 3}, key="three")
    try:
        await ledger.hold(ada, {"video_generations": 1}, key="one more")
    except Refused:
        assert await figures(ledger, ada, "video_generations") == (0, 3, 0)
    else:
        raise AssertionError("a fourth video on a plan of three")
