"""Windows: the stretches of time in which a quota counts, worked out from an instant and an account's calendar.

A day runs from the first instant of a local date to the first instant of the next, so it has 23 or 25 hours when the
clocks change. A month runs from the first instant of the billing day, clamped to short months, to that of the next
month. The first instant of a date is the first at which the zone's wall clock shows its midnight or later: after a gap
that swallows midnight, the first of two midnights, and the same instant as the next date when a date is skipped whole.

Every day belongs to a date and every month to a billing date, and each date opens at most one window, whatever the zones.
A change of zone leaves the running window its start and its date; it ends at the later of two instants: the end it had
when it began, and the midnight, in the new zone, of the date (the billing date) that follows its own. The next window
belongs to the date that it then is there, and ends as usual. So going back at once restores the old end, windows follow
one another without gap or overlap, and their dates only ever go up. Where both instants lie in the past (somebody comes
back from the west after the old end), the window ends at once.
"""

import calendar as gregorian
from bisect import bisect_left
from collections.abc import Callable
from datetime import date, datetime, time
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from reelbot.clock import DAY, SECOND

KINDS = ("day", "month", "standing")

END_AT = (date(9001, 1, 1) - date(1970, 1, 1)).days * DAY
"""Instants from 1970 until here have windows; the windows themselves still end well inside what `datetime` can say."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MIDNIGHT = time(0)
_MIDNIGHT_AGAIN = time(0, fold=1)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Window(NamedTuple):
    """The half-open stretch `[starts_at, ends_at)`; a standing one starts at 0 and has no end."""

    kind: str
    starts_at: int
    ends_at: int | None


class ZoneTurn(NamedTuple):
    """The window that ran when the zone changed last: its start, its end as the change left it, and what both follow from.

    `on` is the date that it belongs to, of a month its billing date, in days since 1970-01-01. `due_at` is the end that it
    had when it began.
    """

    starts_at: int
    ends_at: int
    on: int
    due_at: int


class Calendar(NamedTuple):
    """How one account tells time: its IANA zone, the day of the month on which its months begin, its running turns."""

    zone: str
    billing_day: int
    day_turn: ZoneTurn | None
    month_turn: ZoneTurn | None


STANDING = Window("standing", 0, None)

Moving = Literal["day", "month"]
"""The kinds of windows that end, and so move with the zone."""

_ANY_BILLING_DAY = 0
"""Days do not depend on it, so accounts that differ in nothing else share what is remembered of them."""

_latest: dict[tuple[str, str, int], tuple[int, int, Window]] = {}
"""The last window worked out for each (zone, kind, billing day): a memo only, every answer is the same without it. Just
existing zones and days get in, so it never holds more than some 600 zones times 31 months and one day."""


def first_calendar(zone: str, now: int) -> Calendar:
    """The calendar of an account that begins now: its months begin on today's day of the month, as it is there.

    Raises `ValueError` for a zone that does not exist.
    """
    return Calendar(zone, _wall(zone_rules(zone), now // SECOND).day, None, None)


def window_at(calendar: Calendar, kind: str, now: int) -> Window:
    """The window of a kind that holds `now`; before the end of a turn that is the turn, also when the clock went back.

    Raises `ValueError` for a kind, zone, billing day or instant that there is none for.
    """
    if not 0 <= now < END_AT:
        raise ValueError(f"the instant {now} ms is not in the years 1970 to 9000")
    zone, billing_day, day_turn, month_turn = calendar
    if kind == "day":
        turn, billing_day = day_turn, _ANY_BILLING_DAY
    elif kind == "month":
        turn = month_turn
    elif kind == "standing":
        return STANDING
    else:
        raise ValueError(f"{kind!r} is not a kind of window; there are {', '.join(KINDS)}")
    if turn is not None and now < turn.ends_at:
        return Window(kind, turn.starts_at, turn.ends_at)
    latest = _latest.get((zone, kind, billing_day))
    if latest is None or not latest[0] <= now < latest[1]:
        _, starts_at, ends_at = _span_at(zone_rules(zone), kind, billing_day, now)
        latest = _latest[zone, kind, billing_day] = (starts_at, ends_at, Window(kind, starts_at, ends_at))
    if turn is not None and turn.ends_at > latest[0]:
        return Window(kind, turn.ends_at, latest[1])
    return latest[2]


def next_window(calendar: Calendar, window: Window) -> Window:
    """The window that begins where this one ends; `ValueError` for a standing one, which never does."""
    if window.ends_at is None:
        raise ValueError("a standing window has no end, so none comes after it")
    return window_at(calendar, window.kind, window.ends_at)


def moved(calendar: Calendar, zone: str, now: int) -> Calendar:
    """The calendar after a change of zone at `now`. Moving within the same zone changes nothing.

    Raises `ValueError` for a zone that does not exist.
    """
    place = zone_rules(zone)
    if zone == calendar.zone:
        return calendar
    return Calendar(
        zone, calendar.billing_day, _turn(calendar, "day", place, now), _turn(calendar, "month", place, now)
    )


def zone_exists(name: str) -> bool:
    """Whether this is the exact name of an IANA zone: no path, no other spelling, nothing that means "this machine"."""
    return name in _zone_names()


def local_text(at: int, zone: str) -> str:
    """An instant for people, in their own zone and in any locale: `Mon 2 Mar 2026 00:00 Europe/Paris`."""
    wall = _wall(zone_rules(zone), at // SECOND)
    day = f"{_WEEKDAYS[wall.weekday()]} {wall.day} {_MONTHS[wall.month - 1]} {wall.year}"
    return f"{day} {wall.hour:02d}:{wall.minute:02d} {zone}"


class _Running(NamedTuple):
    """A running window, the number of the date or month it belongs to, and the end that it had when it began."""

    starts_at: int
    number: int
    due_at: int


def _turn(calendar: Calendar, kind: Moving, place: ZoneInfo, now: int) -> ZoneTurn:
    """The window that runs after a change to the zone `place`: the same one with another end, or the next one.

    Its end may lie behind it already: whoever moved west has a window that outlives its date, and goes back east after
    that date. Then the next one begins at once, with the date that it is there.
    """
    billing_day = calendar.billing_day
    starts_at, number, due_at = _running(calendar, kind, now)
    ends_at = max(due_at, _start_of(place, kind, billing_day)(number + 1))
    if ends_at <= now:
        number, _, ends_at = _span_at(place, kind, billing_day, now)
        starts_at, due_at = now, ends_at
    return ZoneTurn(starts_at, ends_at, _date_of(kind, billing_day, number) - _EPOCH_DAY, due_at)


def _running(calendar: Calendar, kind: Moving, now: int) -> _Running:
    """The window of a kind that holds `now`, with what a change of zone must keep of it."""
    place, billing_day = zone_rules(calendar.zone), calendar.billing_day
    turn = calendar.day_turn if kind == "day" else calendar.month_turn
    if turn is None or now >= turn.ends_at:
        number, starts_at, ends_at = _span_at(place, kind, billing_day, now)
        return _Running(starts_at if turn is None else max(starts_at, turn.ends_at), number, ends_at)
    on = date.fromordinal(turn.on + _EPOCH_DAY)
    number = on.toordinal() if kind == "day" else _month_number(on)
    return _Running(turn.starts_at, number, turn.due_at)


def _span_at(place: ZoneInfo, kind: str, billing_day: int, now: int) -> tuple[int, int, int]:
    """The day or month of a zone that holds `now`, with no regard to turns: its number, its start and its end.

    Days are numbered by their ordinal, months from January of the year 0; a month is that of its billing date.
    """
    wall = _wall(place, now // SECOND)
    if kind == "day":
        return _span_from(_start_of(place, "day", billing_day), wall.toordinal(), now)
    if not 1 <= billing_day <= 31:
        raise ValueError(f"the billing day {billing_day} is not a day of a month")
    month = _month_number(wall)
    started = wall.toordinal() >= _billing_date(month, billing_day)
    return _span_from(_start_of(place, "month", billing_day), month if started else month - 1, now)


def _span_from(start_of: Callable[[int], int], number: int, now: int) -> tuple[int, int, int]:
    """The last span that starts by `now`, searched upwards from one that does.

    It can lie above the date on the wall, where clocks go back over a midnight that has already struck (St John's did
    so at 00:01). Spans that would be empty, of dates that are skipped, are stepped over.
    """
    starts_at, ends_at = start_of(number), start_of(number + 1)
    while ends_at <= now:
        number += 1
        starts_at, ends_at = ends_at, start_of(number + 1)
    return number, starts_at, ends_at


def _start_of(place: ZoneInfo, kind: Moving, billing_day: int) -> Callable[[int], int]:
    """From the number of a date or month to its first instant in a zone."""
    return lambda number: _first_second(place, _date_of(kind, billing_day, number)) * SECOND


def _date_of(kind: Moving, billing_day: int, number: int) -> int:
    """The ordinal of the date that a window belongs to."""
    return number if kind == "day" else _billing_date(number, billing_day)


def _month_number(on: date) -> int:
    """Months counted from January of the year 0."""
    return on.year * 12 + on.month - 1


def _billing_date(month: int, billing_day: int) -> int:
    """The ordinal of the date on which a month begins: the billing day, or the last day of a month that is too short.

    Always worked out from the billing day itself, so a short month never shifts the ones after it.
    """
    year, january_is_0 = divmod(month, 12)
    days = gregorian.monthrange(year, january_is_0 + 1)[1]
    return date(year, january_is_0 + 1, min(billing_day, days)).toordinal()


def _first_second(zone: ZoneInfo, day: int) -> int:
    """The first second since the epoch at which the wall clock shows midnight of a date (an ordinal) or later.

    PEP 495: of two midnights `fold=0` is the first; of a missing one `fold=1` lies before the gap and `fold=0` not.
    """
    on = date.fromordinal(day)
    midnight = datetime.combine(on, _MIDNIGHT)
    first = _second_of(zone, day, midnight)
    other = _second_of(zone, day, datetime.combine(on, _MIDNIGHT_AGAIN))
    return first if first <= other else _end_of_gap(zone, midnight, other, first)


def _second_of(zone: ZoneInfo, day: int, midnight: datetime) -> int:
    """The second since the epoch at which a date's midnight is, by the offset that then holds."""
    offset = zone.utcoffset(midnight)
    assert offset is not None, "a zone has an offset at every instant"
    return (day - _EPOCH_DAY) * 86_400 - offset.days * 86_400 - offset.seconds


def _end_of_gap(zone: ZoneInfo, midnight: datetime, before: int, after: int) -> int:
    """The first second of `before` to `after` whose wall clock has passed a midnight that it never shows."""
    seconds = range(before, after + 1)
    return seconds[bisect_left(seconds, midnight.replace(tzinfo=zone), key=lambda second: _wall(zone, second))]


def _wall(zone: ZoneInfo, second: int) -> datetime:
    """What the zone's wall clock shows. Two of one zone compare by what they show, not by when."""
    return datetime.fromtimestamp(second, zone)


@cache
def zone_rules(name: str) -> ZoneInfo:
    """The rules of a zone from the package `tzdata`, never from the machine's own files.

    A window's start is part of a balance's key, so every machine that shares a database must work it out alike.
    """
    if not zone_exists(name):
        raise ValueError(f"{name!r} is not the name of an IANA time zone such as Europe/Paris")
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)


@cache
def _zone_names() -> frozenset[str]:
    """All names that the package `tzdata` lists; a machine's own directory also holds files that are no zone's name."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
