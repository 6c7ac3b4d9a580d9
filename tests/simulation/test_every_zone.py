"""Every zone for ten years, and lives of people who keep moving: windows tile time and nobody gets a day twice."""

import calendar as gregorian
from datetime import date, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelbot.allowance.core.windows import Calendar, Window, moved, next_window, window_at, zone_rules
from reelbot.clock import DAY, HOUR, SECOND, instant_from

ZONES = sorted(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
FROM_AT = instant_from("2020-01-01T00:00:00Z")
UNTIL_AT = instant_from("2030-01-01T00:00:00Z")


def zones_of_their_own() -> list[str]:
    """One name for each zone: the other names of it have the same rules, byte for byte."""
    rules = files("tzdata").joinpath("zoneinfo")
    return sorted({rules.joinpath(*name.split("/")).read_bytes(): name for name in ZONES}.values())


def wall_at(at: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at // SECOND, zone)


def begins_its_date(at: int, zone: ZoneInfo) -> bool:
    """Whether this is the first midnight of its date, or the end of a gap that swallowed it."""
    wall = wall_at(at, zone)
    if wall.hour or wall.minute or wall.second:
        return wall_at(at - SECOND, zone).date() < wall.date()
    return wall.fold == 0


def end_of(window: Window) -> int:
    assert window.ends_at is not None
    return window.ends_at


def test_there_are_as_many_zones_as_there_should_be() -> None:
    assert len(ZONES) > 590
    assert len(zones_of_their_own()) > 330


def test_days_tile_ten_years_in_every_zone() -> None:
    for name in zones_of_their_own():
        zone, calendar = zone_rules(name), Calendar(name, 1, None, None)
        window = window_at(calendar, "day", FROM_AT)
        on = wall_at(window.starts_at, zone).date()
        while end_of(window) < UNTIL_AT:
            following = window_at(calendar, "day", end_of(window))
            on += timedelta(days=1)
            assert following.starts_at == window.ends_at, (name, on)
            assert begins_its_date(following.starts_at, zone), (name, on)
            assert wall_at(following.starts_at, zone).date() == on, (name, on)
            assert 20 * HOUR < end_of(following) - following.starts_at < 28 * HOUR, (name, on)
            window = following


def clamped(year: int, month: int, billing_day: int) -> date:
    return date(year, month, min(billing_day, gregorian.monthrange(year, month)[1]))


@pytest.mark.parametrize("billing_day", [28, 29, 30, 31])
def test_months_tile_ten_years_under_every_name_and_never_drift(billing_day: int) -> None:
    dates = [clamped(year, month, billing_day) for year in range(2020, 2030) for month in range(1, 13)]
    for name in ZONES:
        zone, calendar = zone_rules(name), Calendar(name, billing_day, None, None)
        window = window_at(calendar, "month", FROM_AT)
        for on in dates:
            following = window_at(calendar, "month", end_of(window))
            assert following.starts_at == window.ends_at, (name, on)
            assert begins_its_date(following.starts_at, zone), (name, on)
            assert wall_at(following.starts_at, zone).date() == on, (name, on)
            window = following


class Step(NamedTuple):
    """Some time goes by, and then perhaps the account moves."""

    wait: int
    zone: str | None


def steps_of(wait_max: int) -> st.SearchStrategy[list[Step]]:
    step = st.builds(Step, st.integers(0, wait_max), st.none() | st.sampled_from(ZONES))
    return st.lists(step, min_size=1, max_size=25)


BEGINNINGS = st.tuples(st.sampled_from(ZONES), st.integers(1, 31), st.integers(FROM_AT, UNTIL_AT))


def life(kind: str, beginning: tuple[str, int, int], steps: list[Step]) -> tuple[list[Window], int]:
    """Every window of a kind that an account lives through, and the time that went by from the first one's start."""
    zone, billing_day, now = beginning
    calendar = Calendar(zone, billing_day, None, None)
    windows = [window_at(calendar, kind, now)]
    due_at = end_of(windows[-1])
    for step in steps:
        now += step.wait
        while end_of(windows[-1]) <= now:
            windows.append(next_window(calendar, windows[-1]))
            due_at = end_of(windows[-1])
        if step.zone is not None:
            before = windows[-1]
            calendar = moved(calendar, step.zone, now)
            windows[-1] = window_at(calendar, kind, now)
            if windows[-1].starts_at != before.starts_at:
                assert windows[-1].starts_at == now >= due_at, "a window ended before the end that it had when it began"
                windows[-1:] = [before._replace(ends_at=now), windows[-1]]
                due_at = end_of(windows[-1])
            end = end_of(windows[-1])
            assert end == due_at or (end > due_at and begins_its_date(end, zone_rules(calendar.zone)))
        assert windows[-1] == window_at(calendar, kind, now)
        assert windows[-1].starts_at <= now < end_of(windows[-1])
    return windows, now - windows[0].starts_at


@settings(deadline=None, derandomize=True, max_examples=300)
@given(beginning=BEGINNINGS, steps=steps_of(3 * DAY))
def test_days_tile_time_whatever_the_moves(beginning: tuple[str, int, int], steps: list[Step]) -> None:
    windows, _ = life("day", beginning, steps)
    assert all(later.starts_at == earlier.ends_at for earlier, later in pairwise(windows))


@settings(deadline=None, derandomize=True, max_examples=300)
@given(beginning=BEGINNINGS, steps=steps_of(40 * DAY))
def test_months_tile_time_whatever_the_moves(beginning: tuple[str, int, int], steps: list[Step]) -> None:
    windows, _ = life("month", beginning, steps)
    assert all(later.starts_at == earlier.ends_at for earlier, later in pairwise(windows))


@settings(deadline=None, derandomize=True, max_examples=500)
@given(beginning=BEGINNINGS, steps=steps_of(3 * DAY))
def test_moving_never_gives_more_days_than_have_gone_by_and_two(
    beginning: tuple[str, int, int], steps: list[Step]
) -> None:
    windows, elapsed = life("day", beginning, steps)
    days_begun = -(-elapsed // DAY)
    assert len(windows) <= days_begun + 2


@settings(deadline=None, derandomize=True, max_examples=300)
@given(
    beginning=BEGINNINGS, steps=steps_of(3 * DAY), jumps=st.lists(st.integers(0, 10 * DAY), min_size=25, max_size=25)
)
def test_a_clock_that_jumps_back_between_moves_finds_no_window_that_overlaps_another(
    beginning: tuple[str, int, int], steps: list[Step], jumps: list[int]
) -> None:
    zone, billing_day, now = beginning
    calendar = Calendar(zone, billing_day, None, None)
    seen: dict[int, int] = {}
    for step, jump in zip(steps, jumps, strict=False):
        now += step.wait
        if step.zone is not None:
            before = window_at(calendar, "day", now)
            calendar = moved(calendar, step.zone, now)
            seen[before.starts_at] = min(end_of(before), now)  # where it goes on, it is seen again below
        for at in (now, now - jump):
            window = window_at(calendar, "day", at)
            seen[window.starts_at] = end_of(window)
    spans = sorted(seen.items())
    for (_, ends_at), (starts_at, _) in pairwise(spans):
        assert ends_at <= starts_at
