"""What is due to an account, date by date: the product's sentences about time, in brute force, apart from the ledger.

An allowance belongs to a date: one for each day, one for each billing date. Nothing here is taken from the ledger's own
windows: a midnight is found by looking at the wall clock of the zone every quarter of an hour, the next billing date by
going from date to date. Amounts are kept by date, so an allowance that is opened twice for one date is seen at once.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from reelbot.clock import DAY, HOUR, MINUTE, SECOND

Kind = Literal["day", "month"]
KINDS: tuple[Kind, Kind] = ("day", "month")

QUARTER = 15 * MINUTE
"""Every zone's midnight has been at a quarter of an hour for decades."""

WESTMOST, EASTMOST = -12 * HOUR, 14 * HOUR
"""How far clocks are ahead of UTC at most, and at least."""

ONE_DAY = timedelta(days=1)

Limits = Mapping[str, int | None]


@cache
def clock_of(zone: str) -> ZoneInfo:
    """The wall clock of a zone, by the same data that the ledger goes by."""
    with files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=zone)


def today(at: int, zone: str) -> date:
    """The date that it is there."""
    return datetime.fromtimestamp(at // SECOND, clock_of(zone)).date()


@cache
def midnight(on: date, zone: str) -> int:
    """When a date begins there: the first quarter of an hour at which the wall clock shows it or a later one."""
    at = int((datetime(on.year, on.month, on.day, tzinfo=UTC) - 2 * ONE_DAY).timestamp()) * SECOND
    while today(at, zone) < on:
        at += QUARTER
    return at


def is_billing_date(on: date, billing_day: int) -> bool:
    """The billing day, or the last day of a month that is too short for it."""
    return on.day == billing_day or (on.day < billing_day and (on + ONE_DAY).month != on.month)


@cache
def following(kind: Kind, on: date, billing_day: int) -> date:
    """The date, or the billing date, that follows one."""
    on += ONE_DAY
    while kind == "month" and not is_billing_date(on, billing_day):
        on += ONE_DAY
    return on


@cache
def begun_by(kind: Kind, on: date, billing_day: int) -> date:
    """The date itself, or the last billing date until it."""
    while kind == "month" and not is_billing_date(on, billing_day):
        on -= ONE_DAY
    return on


class Stretch(NamedTuple):
    """A day or month of an account: its date, its beginning, the end that it had when it began, its present end."""

    on: date
    begins: int
    due: int
    ends: int


class Part:
    """What a hold set aside of one meter, and of which date."""

    def __init__(self, meter: str, on: date, amount: int) -> None:
        self.meter, self.on, self.amount, self.settled = meter, on, amount, 0


class Due:
    """One account: where it lives, what it is on, and what it has taken of each date."""

    def __init__(self, plan: str, zone: str, now: int, plans: Mapping[str, Limits], meters: Mapping[str, Kind]) -> None:
        self.plan, self.zone = plan, zone
        self.later: str | None = None
        self.own: dict[str, int | None] = {}
        self.used: dict[tuple[str, date], int] = {}
        self.held: dict[tuple[str, date], int] = {}
        self.granted: dict[tuple[str, date], int] = {}
        self.running: dict[Kind, Stretch] = {}
        self._plans = plans
        self._meters = meters
        self._ranks = list(plans)
        self._opened: dict[Kind, list[date]] = {"day": [], "month": []}
        self.billing_day = today(now, zone).day
        for kind in KINDS:
            self._begin(kind, now)
            stretch = self.running[kind]
            self.running[kind] = stretch._replace(begins=midnight(stretch.on, zone))

    # time

    def pass_to(self, now: int) -> None:
        """Let time go by: what is over is followed by the next."""
        while ended := sorted((one.ends, kind) for kind, one in self.running.items() if one.ends <= now):
            ends, kind = ended[0]
            self._begin(kind, ends)

    def _begin(self, kind: Kind, at: int) -> None:
        """The next day or month belongs to the date that it then is there, and ends as usual."""
        on = begun_by(kind, today(at, self.zone), self.billing_day)
        assert on not in self._opened[kind], f"{on} opens a second {kind}"
        self._opened[kind].append(on)
        ends = midnight(following(kind, on, self.billing_day), self.zone)
        self.running[kind] = Stretch(on, at, ends, ends)
        if kind == "month" and self.later is not None:
            self.plan, self.later = self.later, None

    def move(self, zone: str, now: int) -> None:
        """What runs ends at the later of the end it had when it began and the midnight there of the date behind its own."""
        if zone == self.zone:
            return
        self.zone = zone
        for kind in KINDS:
            one = self.running[kind]
            ends = max(one.due, midnight(following(kind, one.on, self.billing_day), zone))
            if ends > now:
                self.running[kind] = one._replace(ends=ends)
            else:
                self._begin(kind, now)

    # limits

    def change_plan(self, plan: str, *, by_operator: bool) -> None:
        """Up at once, down at the end of the month, reversible until then; an operator moves it at once."""
        if plan == self.plan:
            self.later = None
        elif by_operator or self._ranks.index(plan) > self._ranks.index(self.plan):
            self.plan, self.later = plan, None
        else:
            self.later = plan

    def limit(self, meter: str) -> int | None:
        """The limit in force, with what was granted for the running date."""
        limit = self.own[meter] if meter in self.own else self._plans[self.plan][meter]
        return None if limit is None else limit + self.granted.get(self.place(meter), 0)

    def place(self, meter: str) -> tuple[str, date]:
        """What the running allowance of a meter is booked under."""
        return meter, self.running[self._meters[meter]].on

    def taken(self, meter: str) -> tuple[int, int]:
        """Used and held of the running date."""
        return self.used.get(self.place(meter), 0), self.held.get(self.place(meter), 0)

    def fits(self, meter: str, amount: int) -> bool:
        """Whether so much more may be set aside."""
        limit = self.limit(meter)
        return limit is None or sum(self.taken(meter)) + amount <= limit

    def fits_when(self, meter: str, amount: int) -> int | None:
        """When so much would fit if nothing else is used: at the next beginning or the one after; None is never."""
        kind = self._meters[meter]
        ahead = Due.__new__(Due)
        ahead.__dict__ = self.__dict__ | {
            "running": dict(self.running),
            "_opened": {kind: list(opened) for kind, opened in self._opened.items()},
        }
        for _ in range(2):
            at = ahead.running[kind].ends
            ahead.pass_to(at)
            limit = ahead.limit(meter)
            if limit is None or amount <= limit:
                return at
        return None

    # taking

    def hold(self, meter: str, amount: int) -> Part:
        """Set aside."""
        part = Part(meter, self.place(meter)[1], amount)
        _add(self.held, part, amount)
        return part

    def end(self, part: Part, settled: int) -> None:
        """Of what was held so much is used, and the rest goes back, to the date that it was taken of."""
        _add(self.held, part, -part.amount)
        _add(self.used, part, settled)
        part.settled = settled

    def refund(self, part: Part, amount: int) -> None:
        """Usage taken back, from the date that it was taken of."""
        _add(self.used, part, -amount)
        part.settled -= amount


def _add(to: dict[tuple[str, date], int], part: Part, amount: int) -> None:
    to[part.meter, part.on] = to.get((part.meter, part.on), 0) + amount


# bounds that follow from no rule, only from what somebody gets who never moves


def days_of_who_stays(from_at: int, until_at: int) -> int:
    """The most midnights that one place sees in a stretch, both ends included."""
    return (until_at - from_at) // DAY + 1


def months_of_who_stays(from_at: int, until_at: int, billing_day: int) -> int:
    """The most billing dates that begin in one place in a stretch, both ends included, whatever its distance from UTC."""
    on, last = today(from_at, "UTC") - 2 * ONE_DAY, today(until_at, "UTC") + 2 * ONE_DAY
    dates = []
    while on <= last:
        if is_billing_date(on, billing_day):
            dates.append(midnight(on, "UTC"))
        on += ONE_DAY
    aheads = [at - edge for at in dates for edge in (from_at, until_at) if WESTMOST <= at - edge <= EASTMOST]
    return max(sum(from_at <= at - ahead <= until_at for at in dates) for ahead in (0, *aheads))
