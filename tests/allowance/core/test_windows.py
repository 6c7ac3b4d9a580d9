"""Days and months as people live them: clocks that change, skipped dates, short months, moves between zones."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from reelbot.allowance.core.windows import (
    END_AT,
    STANDING,
    Calendar,
    Window,
    ZoneTurn,
    _first_second,
    first_calendar,
    local_text,
    moved,
    next_window,
    window_at,
    zone_exists,
)
from reelbot.clock import DAY, HOUR, SECOND, instant_from, instant_text


def living_in(zone: str, billing_day: int = 1) -> Calendar:
    return Calendar(zone, billing_day, None, None)


def texts(window: Window) -> tuple[str, str]:
    assert window.ends_at is not None
    return instant_text(window.starts_at), instant_text(window.ends_at)


def hours(window: Window) -> float:
    assert window.ends_at is not None
    return (window.ends_at - window.starts_at) / HOUR


DAYS = [
    # zone, an instant, the day around it
    ("UTC", "2026-03-01T12:00:00Z", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"),
    ("Europe/Paris", "2026-03-01T12:00:00Z", "2026-02-28T23:00:00Z", "2026-03-01T23:00:00Z"),
    ("Asia/Kathmandu", "2026-03-01T18:15:00Z", "2026-03-01T18:15:00Z", "2026-03-02T18:15:00Z"),
    ("Asia/Kathmandu", "2026-03-01T18:14:59.999Z", "2026-02-28T18:15:00Z", "2026-03-01T18:15:00Z"),
    ("Pacific/Kiritimati", "2026-03-01T12:00:00Z", "2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z"),
]


@pytest.mark.parametrize(("zone", "now", "starts", "ends"), DAYS)
def test_a_day_runs_from_midnight_to_midnight_in_the_accounts_zone(zone: str, now: str, starts: str, ends: str) -> None:
    assert texts(window_at(living_in(zone), "day", instant_from(now))) == (starts, ends)


UNUSUAL_DAYS = [
    # what happens, zone, an instant in the day (the harder one first: a day once found is remembered), start, hours
    ("clocks go forward", "Europe/Paris", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", 23),
    ("clocks go back", "Europe/Paris", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", 25),
    ("by half an hour", "Australia/Lord_Howe", "2025-10-05T00:00:00Z", "2025-10-04T13:30:00Z", 23.5),
    ("by two hours", "Antarctica/Troll", "2026-03-29T12:00:00Z", "2026-03-29T00:00:00Z", 22),
    ("midnight does not exist", "America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z", 23),
    ("midnight comes twice, between them", "America/Havana", "2025-11-02T04:30:00Z", "2025-11-02T04:00:00Z", 25),
    ("midnight comes twice", "America/Havana", "2025-11-02T12:00:00Z", "2025-11-02T04:00:00Z", 25),
    ("back to the day before, still there", "America/St_Johns", "2006-10-29T02:45:00Z", "2006-10-29T02:30:00Z", 25),
    ("back to the day before, later", "America/St_Johns", "2006-10-29T12:00:00Z", "2006-10-29T02:30:00Z", 25),
    ("the zone goes back before midnight", "Asia/Pyongyang", "2015-08-14T12:00:00Z", "2015-08-13T15:00:00Z", 24.5),
    ("a gap of 44 min 30 s", "Africa/Monrovia", "1972-01-07T12:00:00Z", "1972-01-07T00:44:30Z", 24 - 0.741_666_666),
    ("the day before a skipped date", "Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T10:00:00Z", 24),
    ("the day after a skipped date", "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", 24),
    ("a skipped date elsewhere", "Pacific/Kwajalein", "1993-08-21T12:00:00Z", "1993-08-21T12:00:00Z", 24),
]


@pytest.mark.parametrize(
    ("what", "zone", "now", "starts", "length"), UNUSUAL_DAYS, ids=[row[0] for row in UNUSUAL_DAYS]
)
def test_a_day_is_as_long_as_the_clocks_make_it(what: str, zone: str, now: str, starts: str, length: float) -> None:
    window = window_at(living_in(zone), "day", instant_from(now))
    assert instant_text(window.starts_at) == starts
    assert hours(window) == pytest.approx(length), what


def test_a_skipped_date_is_no_window() -> None:
    samoan = living_in("Pacific/Apia")
    before = window_at(samoan, "day", instant_from("2011-12-29T12:00:00Z"))
    assert before.ends_at == next_window(samoan, before).starts_at
    assert local_text(next_window(samoan, before).starts_at, "Pacific/Apia") == "Sat 31 Dec 2011 00:00 Pacific/Apia"


def test_a_gap_that_begins_before_midnight_starts_the_day_at_its_end() -> None:
    toronto = ZoneInfo("America/Toronto")  # 1919-03-30 23:30 was followed by 00:30; no zone has done so since 1970
    assert instant_text(_first_second(toronto, date(1919, 3, 31).toordinal()) * SECOND) == "1919-03-31T04:30:00Z"


MONTHS = [
    # billing day, the local dates on which months begin
    (1, ["1 Jan 2026", "1 Feb 2026", "1 Mar 2026", "1 Apr 2026"]),
    (15, ["15 Jan 2026", "15 Feb 2026", "15 Mar 2026", "15 Apr 2026"]),
    (29, ["29 Jan 2026", "28 Feb 2026", "29 Mar 2026", "29 Apr 2026"]),
    (30, ["30 Jan 2026", "28 Feb 2026", "30 Mar 2026", "30 Apr 2026"]),
    (31, ["31 Jan 2026", "28 Feb 2026", "31 Mar 2026", "30 Apr 2026", "31 May 2026"]),
]


@pytest.mark.parametrize(("billing_day", "dates"), MONTHS)
def test_a_month_begins_on_the_billing_day_and_short_months_do_not_shift_it(billing_day: int, dates: list[str]) -> None:
    calendar = living_in("Europe/Paris", billing_day)
    window = window_at(calendar, "month", instant_from("2026-01-31T12:00:00Z"))
    begun = []
    for _ in dates:
        begun.append(" ".join(local_text(window.starts_at, "Europe/Paris").split()[1:4]))
        window = next_window(calendar, window)
    assert begun == dates


def test_the_31st_falls_on_the_29th_of_february_in_a_leap_year() -> None:
    window = window_at(living_in("UTC", 31), "month", instant_from("2028-02-29T00:00:00Z"))
    assert texts(window) == ("2028-02-29T00:00:00Z", "2028-03-31T00:00:00Z")


def test_a_month_that_begins_on_a_skipped_date_begins_after_it() -> None:
    window = window_at(living_in("Pacific/Apia", 30), "month", instant_from("2012-01-10T00:00:00Z"))
    assert instant_text(window.starts_at) == "2011-12-30T10:00:00Z"


def test_a_standing_window_has_no_end_and_none_after_it() -> None:
    calendar = living_in("Europe/Paris")
    assert window_at(calendar, "standing", 1) == Window("standing", 0, None)
    with pytest.raises(ValueError, match="no end"):
        next_window(calendar, STANDING)


def test_an_account_begins_its_months_on_its_own_date_of_today() -> None:
    now = instant_from("2026-01-30T23:30:00Z")
    assert first_calendar("Europe/Paris", now) == Calendar("Europe/Paris", 31, None, None)
    assert first_calendar("America/New_York", now) == Calendar("America/New_York", 30, None, None)


MOVES = [
    # from, to, when, the end of the running day after the move, the end of the next one
    ("Europe/Paris", "America/New_York", "2026-03-01T12:00:00Z", "2026-03-02T05:00:00Z", "2026-03-03T05:00:00Z"),
    ("America/New_York", "Europe/Paris", "2026-03-01T12:00:00Z", "2026-03-02T05:00:00Z", "2026-03-02T23:00:00Z"),
    ("Pacific/Kiritimati", "Etc/GMT+12", "2026-03-01T12:00:00Z", "2026-03-03T12:00:00Z", "2026-03-04T12:00:00Z"),
    ("Etc/GMT+12", "Pacific/Kiritimati", "2026-03-01T13:00:00Z", "2026-03-02T12:00:00Z", "2026-03-03T10:00:00Z"),
    ("Europe/Paris", "Europe/Berlin", "2026-03-01T12:00:00Z", "2026-03-01T23:00:00Z", "2026-03-02T23:00:00Z"),
    ("UTC", "America/Havana", "2025-11-02T12:00:00Z", "2025-11-03T05:00:00Z", "2025-11-04T05:00:00Z"),
    ("Asia/Tokyo", "Europe/Paris", "2026-03-01T16:00:00Z", "2026-03-02T23:00:00Z", "2026-03-03T23:00:00Z"),
]


@pytest.mark.parametrize(("here", "there", "now", "ends", "next_ends"), MOVES)
def test_a_move_ends_the_running_day_at_its_old_end_or_when_its_date_is_over_there_whichever_is_later(
    here: str, there: str, now: str, ends: str, next_ends: str
) -> None:
    before = window_at(living_in(here), "day", instant_from(now))
    calendar = moved(living_in(here), there, instant_from(now))
    running = window_at(calendar, "day", instant_from(now))
    assert (running.starts_at, instant_text(running.ends_at or 0)) == (before.starts_at, ends)
    assert texts(next_window(calendar, running)) == (ends, next_ends)


def test_a_move_east_leaves_the_running_month_its_end_and_the_next_one_ends_as_it_does_there() -> None:
    calendar = moved(living_in("America/New_York", 15), "Europe/Paris", instant_from("2026-04-02T12:00:00Z"))
    running = window_at(calendar, "month", instant_from("2026-04-02T12:00:00Z"))
    assert texts(running) == ("2026-03-15T04:00:00Z", "2026-04-15T04:00:00Z")
    assert texts(next_window(calendar, running)) == ("2026-04-15T04:00:00Z", "2026-05-14T22:00:00Z")


def test_a_move_west_ends_the_running_month_on_the_billing_date_there_and_never_a_day_early() -> None:
    now = instant_from("2026-03-31T12:00:00Z")
    calendar = moved(living_in("Pacific/Kiritimati"), "Pacific/Pago_Pago", instant_from("2026-03-31T09:00:00Z"))
    running = window_at(calendar, "month", now)
    assert texts(running) == ("2026-02-28T10:00:00Z", "2026-04-01T11:00:00Z")
    assert texts(next_window(calendar, running)) == ("2026-04-01T11:00:00Z", "2026-05-01T11:00:00Z")


def test_going_back_at_once_restores_the_old_end() -> None:
    now = instant_from("2026-03-01T12:00:00Z")
    away = moved(living_in("Europe/Paris"), "America/New_York", now)
    back = moved(away, "Europe/Paris", now)
    assert texts(window_at(away, "day", now)) == ("2026-02-28T23:00:00Z", "2026-03-02T05:00:00Z")
    assert texts(window_at(back, "day", now)) == ("2026-02-28T23:00:00Z", "2026-03-01T23:00:00Z")
    assert window_at(back, "month", now) == window_at(living_in("Europe/Paris"), "month", now)


def test_going_back_after_the_old_end_begins_the_next_day_at_once_with_the_date_that_it_is_there() -> None:
    away = moved(living_in("Pacific/Kiritimati"), "Pacific/Pago_Pago", instant_from("2026-03-01T12:00:00Z"))
    now = instant_from("2026-03-02T15:00:00Z")
    assert texts(window_at(away, "day", now)) == ("2026-03-01T10:00:00Z", "2026-03-03T11:00:00Z")
    back = moved(away, "Pacific/Kiritimati", now)
    assert texts(window_at(back, "day", now)) == ("2026-03-02T15:00:00Z", "2026-03-03T10:00:00Z")
    assert window_at(back, "month", now) == window_at(living_in("Pacific/Kiritimati"), "month", now)


def test_a_move_after_a_finished_turn_keeps_what_runs_then() -> None:
    first = moved(living_in("Europe/Paris"), "America/New_York", instant_from("2026-03-01T12:00:00Z"))
    second = moved(first, "Asia/Tokyo", instant_from("2026-03-05T12:00:00Z"))
    ends_at = instant_from("2026-03-06T05:00:00Z")
    assert second.day_turn == ZoneTurn(instant_from("2026-03-05T05:00:00Z"), ends_at, days("2026-03-05"), ends_at)
    assert texts(window_at(second, "day", instant_from("2026-03-06T06:00:00Z")))[0] == "2026-03-06T05:00:00Z"


def days(on: str) -> int:
    """A date in days since 1970-01-01."""
    return (date.fromisoformat(on) - date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("zone", "last_before", "first_after", "move_at"),
    [
        ("Pacific/Apia", "2011-12-29", "2011-12-31", "2011-12-29T20:00:00Z"),
        ("Pacific/Kwajalein", "1993-08-20", "1993-08-22", "1993-08-20T18:00:00Z"),
    ],
)
def test_a_date_that_a_zone_skips_opens_no_day_there(
    zone: str, last_before: str, first_after: str, move_at: str
) -> None:
    now = instant_from(move_at)
    here = window_at(living_in(zone), "day", now)
    away = moved(living_in(zone), "UTC", now)
    back = moved(away, zone, now)
    assert back.day_turn is not None
    assert (back.day_turn.on, window_at(back, "day", now)) == (days(last_before), here)
    following = next_window(back, here)
    again = moved(back, "UTC", following.starts_at)
    assert again.day_turn is not None
    assert (again.day_turn.starts_at, again.day_turn.on) == (here.ends_at, days(first_after))


def test_moving_within_the_same_zone_changes_nothing() -> None:
    calendar = moved(living_in("Europe/Paris"), "Asia/Tokyo", instant_from("2026-03-01T12:00:00Z"))
    assert moved(calendar, "Asia/Tokyo", instant_from("2026-03-01T13:00:00Z")) is calendar


def test_a_clock_that_goes_back_before_a_turn_still_finds_the_turn() -> None:
    now = instant_from("2026-03-01T12:00:00Z")
    calendar = moved(living_in("Europe/Paris"), "Asia/Tokyo", now)
    assert window_at(calendar, "day", now - 5 * DAY) == window_at(calendar, "day", now)


def test_the_answer_does_not_depend_on_what_was_asked_before() -> None:
    calendar = living_in("Europe/Paris", 31)
    instants = [instant_from(f"2026-{month:02d}-{day:02d}T22:30:00Z") for month in (1, 3, 10) for day in (1, 28, 31)]
    forwards = [window_at(calendar, kind, now) for now in instants for kind in ("day", "month")]
    backwards = [window_at(calendar, kind, now) for now in reversed(instants) for kind in ("month", "day")]
    assert forwards == backwards[::-1]


@pytest.mark.parametrize("kind", ["day", "month"])
@pytest.mark.parametrize(
    "zone", ["Europe/Paris", "America/New_York", "Pacific/Apia", "Pacific/Kiritimati", "Etc/GMT+12"]
)
@pytest.mark.parametrize("now", [0, 1, 253_402_300_800_000 - 999 * 366 * DAY, END_AT - 1])
def test_every_instant_from_1970_to_9000_has_windows(kind: str, zone: str, now: int) -> None:
    window = window_at(living_in(zone, 31), kind, now)
    assert window.ends_at is not None
    assert window.starts_at <= now < window.ends_at


@pytest.mark.parametrize("kind", ["day", "month", "standing"])
@pytest.mark.parametrize("now", [-1, END_AT, 10**18, -(10**18), 10**30])
def test_an_instant_beyond_the_calendar_is_refused(kind: str, now: int) -> None:
    with pytest.raises(ValueError, match="1970 to 9000"):
        window_at(living_in("Europe/Paris"), kind, now)


def test_an_unknown_kind_is_refused_also_while_a_turn_runs() -> None:
    now = instant_from("2026-03-01T12:00:00Z")
    for calendar in (living_in("Europe/Paris"), moved(living_in("Europe/Paris"), "Asia/Tokyo", now)):
        with pytest.raises(ValueError, match="'week' is not a kind of window"):
            window_at(calendar, "week", now)


@pytest.mark.parametrize("billing_day", [0, -1, 32])
def test_a_billing_day_that_no_month_has_is_refused(billing_day: int) -> None:
    with pytest.raises(ValueError, match="billing day"):
        window_at(living_in("Europe/Paris", billing_day), "month", 0)


NOT_ZONES = [
    "", " ", "local", "localtime", "Local", "europe/paris", "EUROPE/PARIS", "Europe/Paris ", "Europe", "Europe/",
    "/Europe/Paris", "../Europe/Paris", "../x", "/etc/passwd", "posix/Europe/Paris", "right/Europe/Paris", "posixrules",
    "zone.tab", "tzdata.zi", "Mars/Olympus", "Europe/Paris\0", "UTC+1", "+01:00", "a" * 10_000,
]  # fmt: skip


@pytest.mark.parametrize("name", NOT_ZONES)
def test_what_is_not_the_exact_name_of_a_zone_is_refused(name: str) -> None:
    assert not zone_exists(name)
    with pytest.raises(ValueError, match="not the name of an IANA time zone"):
        window_at(living_in(name), "day", 0)
    with pytest.raises(ValueError, match="not the name of an IANA time zone"):
        moved(living_in("UTC"), name, 0)
    with pytest.raises(ValueError, match="not the name of an IANA time zone"):
        local_text(0, name)


@pytest.mark.parametrize("name", ["UTC", "Europe/Paris", "America/Argentina/Ushuaia", "Etc/GMT+5", "Asia/Calcutta"])
def test_zones_and_their_older_names_exist(name: str) -> None:
    assert zone_exists(name)


def test_an_instant_reads_in_the_words_of_its_zone() -> None:
    at = instant_from("2026-03-01T23:00:00Z")
    assert local_text(at, "Europe/Paris") == "Mon 2 Mar 2026 00:00 Europe/Paris"
    assert local_text(at, "Asia/Kolkata") == "Mon 2 Mar 2026 04:30 Asia/Kolkata"
    assert local_text(0, "America/New_York") == "Wed 31 Dec 1969 19:00 America/New_York"
