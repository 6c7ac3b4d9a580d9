"""Lives of people who move, and change plans, and let time go by: never more than is due, never less for who moves once.

Beside each account on the ledger stands one in `dated`, which keeps an allowance for each date. After every step the two
must agree: when the running day and month begin and end, what is the limit, what is used and held, what a refusal says. A
failure names its seed; `REELBOT_SEED=17` leads that life again, alone.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from importlib.resources import files
from random import Random
from typing import Literal, NamedTuple

import pytest
from tests.adversary.dated import (
    Due,
    Kind,
    Part,
    days_of_who_stays,
    following,
    is_billing_date,
    midnight,
    months_of_who_stays,
    today,
)
from tests.support.clock import FakeClock

from reelbot.allowance import AccountRef, Ledger, Receipt, Refused, Status, load_terms
from reelbot.allowance.core.windows import Calendar, moved, next_window, window_at
from reelbot.clock import DAY, HOUR, MINUTE, SECOND, instant_from, instant_text

SHORT = 5_000
LONG = 500_000
STEPS = 100
"""Operations of one life, which is some months long."""

TERMS = load_terms()
METERS: dict[str, Kind] = {"ai_credits": "day", "video_generations": "month", "posts": "month"}
PLANS = {
    name: {meter: plan.limits[meter] for meter in METERS}
    for name, plan in sorted(TERMS.catalogue.plans.items(), key=lambda one: one[1].rank)
}
OVERRIDES: tuple[int | Literal["plan"] | None, ...] = (0, 2, 90, None, "plan")
HOLD_SECONDS = (60, 3_600, 86_400, 604_800)

CLOCKS_CHANGE = 2 * HOUR
"""By so much a day of somebody who stays can be shorter than others: at Troll, in Antarctica, by the most."""

ALL_ZONES = sorted(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
EDGES = ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Etc/GMT+12", "Pacific/Apia", "Pacific/Chatham", "UTC")
"""Zones on both sides of the date line."""

Mover = Literal["stays", "once", "often"]
Verb = Literal["wait", "hold", "end", "refund", "plan", "operator plan", "cancel", "undo", "grant", "override", "zone"]
WEIGHTS: dict[Verb, int] = {
    "wait": 30, "hold": 25, "end": 12, "refund": 4, "plan": 6, "operator plan": 2, "cancel": 3, "undo": 3, "grant": 3,
    "override": 3, "zone": 14,
}  # fmt: skip


class Held(NamedTuple):
    """A hold, on the ledger and beside it."""

    receipt: Receipt
    parts: tuple[Part, ...]


class Life:
    """One account, on the ledger and beside it."""

    def __init__(self, ledger: Ledger, clock: FakeClock, seed: int) -> None:
        self._ledger = ledger
        self._clock = clock
        self._random = Random(seed)
        self._step = 0
        self._mover: Mover = self._random.choice(("stays", "once", "often", "often"))
        self._moves_left = {"stays": 0, "once": 1, "often": STEPS}[self._mover]
        self._open: list[Held] = []
        self._settled: list[Held] = []
        self._highest: dict[tuple[str, date], float] = {}
        self._begun: dict[Kind, list[int]] = {"day": [], "month": []}
        self._zones: list[tuple[int, str]] = []
        self._ref: AccountRef
        self._due: Due

    async def lead(self) -> None:
        """So many steps, looked at after each."""
        plan, zone = self._random.choice(tuple(PLANS)), self._zone()
        self._ref = await self._ledger.account("ada", plan=plan, timezone=zone)
        self._due = Due(plan, zone, self._clock(), PLANS, METERS)
        self._zones.append((self._clock(), zone))
        await self._look()
        for self._step in range(STEPS):
            await self._do(self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0])
            await self._look()
        self._require_no_more_windows_than_are_due()
        self._require_no_less_for_who_moves_once()
        report = await self._ledger.verify()
        assert report.is_clean, [fault.sentence for fault in report.faults]

    @property
    def _key(self) -> str:
        return f"step {self._step}"

    async def _do(self, verb: Verb) -> None:
        match verb:
            case "wait":
                await self._wait()
            case "hold":
                await self._hold()
            case "end" | "refund":
                await (self._end() if verb == "end" else self._refund())
            case "grant":
                await self._grant()
            case "override":
                await self._override()
            case "zone":
                await self._move()
            case _:
                await self._change_plan(verb)

    # time goes by

    async def _wait(self) -> None:
        """Any time at all, or until right before or right after a midnight somewhere; nothing that begins is missed."""
        until_at = self._clock() + self._random.choice(
            (0, 1, self._random.randrange(HOUR), self._random.randrange(DAY), self._random.randrange(40 * DAY))
        )
        if self._random.randrange(2):
            edge = midnight(today(until_at, "UTC"), self._random.choice((self._due.zone, self._zone())))
            until_at = max(self._clock(), edge + self._random.choice((-1, 0, 1, HOUR)))
        while True:
            next_at = min(until_at, self._due.running["day"].ends, self._due.running["month"].ends)
            self._clock.set(next_at)
            await self._ledger.sweeper.sweep()
            self._expire()
            await self._look()
            if next_at == until_at:
                return

    def _expire(self) -> None:
        for hold in [one for one in self._open if (one.receipt.answer.expires_at or 0) <= self._clock()]:
            self._open.remove(hold)
            for part in hold.parts:
                self._due.end(part, 0)

    def _zone(self) -> str:
        return self._random.choice(EDGES) if self._random.randrange(2) else self._random.choice(ALL_ZONES)

    async def _move(self) -> None:
        """Told before, then done; sometimes back at once."""
        if not self._moves_left:
            return
        self._moves_left -= 1
        home = self._due.zone
        await self._move_to(self._zone(), "there")
        if self._moves_left and self._random.randrange(4) == 0:
            before = dict(self._due.running)
            await self._move_to(home, "back")
            assert home != self._due.zone or all(one.on >= before[kind].on for kind, one in self._due.running.items())

    async def _move_to(self, zone: str, word: str) -> None:
        change = await self._ledger.zone_change(self._ref, zone)
        await self._ledger.change_zone(self._ref, zone, key=f"{self._key} {word}")
        before = dict(self._due.running)
        self._due.move(zone, self._clock())
        self._zones.append((self._clock(), zone))
        for told in change.windows:
            now = self._due.running[told.kind]
            was = before[told.kind]
            over = now.on != was.on
            assert (told.starts_at, told.ends_at_before) == (was.begins, was.ends)
            assert told.ends_at == (self._clock() if over else now.ends)

    # limits

    async def _change_plan(self, verb: Verb) -> None:
        plan = {"cancel": next(iter(PLANS)), "undo": self._due.plan}.get(verb) or self._random.choice(tuple(PLANS))
        by_operator = verb == "operator plan"
        await self._ledger.change_plan(self._ref, plan, key=self._key, by="operator" if by_operator else "account")
        self._due.change_plan(plan, by_operator=by_operator)

    async def _grant(self) -> None:
        meter, amount = self._random.choice(tuple(METERS)), self._random.randint(1, 20)
        await self._ledger.grant(self._ref, meter, amount, key=self._key, why="a trial")
        place = self._due.place(meter)
        self._due.granted[place] = self._due.granted.get(place, 0) + amount

    async def _override(self) -> None:
        meter, limit = self._random.choice(tuple(METERS)), self._random.choice(OVERRIDES)
        await self._ledger.override(self._ref, meter, limit, key=self._key, why="a trial")
        if limit == "plan":
            self._due.own.pop(meter, None)
        else:
            self._due.own[meter] = limit

    # taking

    async def _hold(self) -> None:
        """All that is left, one more than that, or some; of one meter or of all."""
        meters = self._random.choice((*((meter,) for meter in METERS), tuple(METERS)))
        amounts = {meter: self._amount(meter) for meter in meters}
        seconds = self._random.choice(HOLD_SECONDS)
        short = [meter for meter, amount in amounts.items() if not self._due.fits(meter, amount)]
        try:
            receipt = await self._ledger.hold(self._ref, amounts, key=self._key, expires_in=seconds)
        except Refused as refused:
            self._require_refusal(refused, short, amounts)
        else:
            assert not short, f"{amounts} was held, though {short} does not fit"
            self._open.append(Held(receipt, tuple(self._due.hold(*one) for one in amounts.items())))

    def _amount(self, meter: str) -> int:
        limit = self._due.limit(meter)
        left = 100 if limit is None else max(0, limit - sum(self._due.taken(meter)))
        return self._random.choice((left, left, left + 1, 1, 3, 300)) or 1

    def _require_refusal(self, refused: Refused, short: Sequence[str], amounts: dict[str, int]) -> None:
        refusal = refused.refusal
        assert refusal.status is Status.ALLOWANCE_EXHAUSTED
        assert refusal.shortage is not None
        shortage = refusal.shortage
        meter = shortage.allowance.meter
        assert short, f"{amounts} was refused, though it fits"
        assert meter == short[0]
        assert shortage.allowance.ends_at == self._due.running[METERS[meter]].ends
        assert shortage.fits_at == self._due.fits_when(meter, amounts[meter])

    async def _end(self) -> None:
        if not self._open:
            return
        hold = self._open.pop(self._random.randrange(len(self._open)))
        if self._random.randrange(4) == 0:
            await self._ledger.release(hold.receipt)
            amounts = [0 for _ in hold.parts]
        else:
            amounts = [self._random.choice((part.amount, self._random.randint(0, part.amount))) for part in hold.parts]
            lines = {part.meter: amount for part, amount in zip(hold.parts, amounts, strict=True)}
            await self._ledger.settle(hold.receipt, lines)
            self._settled.append(hold)
        for part, amount in zip(hold.parts, amounts, strict=True):
            self._due.end(part, amount)

    async def _refund(self) -> None:
        some = [(hold, part) for hold in self._settled for part in hold.parts if part.settled]
        if some:
            hold, part = self._random.choice(some)
            amount = self._random.randint(1, part.settled)
            await self._ledger.refund(hold.receipt, {part.meter: amount}, key=self._key)
            self._due.refund(part, amount)

    # looking

    async def _look(self) -> None:
        """The ledger shows what is due, no more and no less."""
        now = self._clock()
        self._due.pass_to(now)
        usage = await self._ledger.usage(self._ref)
        month = self._due.running["month"]
        assert (usage.zone, usage.plan, usage.next_plan) == (self._due.zone, self._due.plan, self._due.later)
        assert usage.next_plan_at == (month.ends if self._due.later else None)
        for one in usage.meters:
            if one.meter not in METERS:
                continue
            stretch = self._due.running[METERS[one.meter]]
            assert (one.starts_at, one.ends_at) == (stretch.begins, stretch.ends), self._told(one.meter)
            assert (one.limit, one.used, one.held) == (self._due.limit(one.meter), *self._due.taken(one.meter)), one
            place = (one.meter, stretch.on)
            limit = float("inf") if one.limit is None else one.limit
            self._highest[place] = max(limit, self._highest.get(place, 0))
            assert one.used + one.held <= self._highest[place], "more than the highest limit held"
            begun = self._begun[METERS[one.meter]]
            if one.starts_at not in begun[-1:]:
                begun.append(one.starts_at)

    def _told(self, meter: str) -> str:
        stretch = self._due.running[METERS[meter]]
        due = f"{stretch.on} from {instant_text(stretch.begins)} until {instant_text(stretch.ends)}"
        return f"{meter} at {instant_text(self._clock())} in {self._due.zone} should be that of {due}"

    def _require_no_more_windows_than_are_due(self) -> None:
        """Over any stretch no more begin than for somebody who never moves, plus one; days: plus two."""
        extra = 0 if self._mover == "stays" else 1
        days, months = self._begun["day"], self._begun["month"]
        for first, from_at in enumerate(days):
            for count, until_at in enumerate(days[first : first + 60], 1):
                assert count <= days_of_who_stays(from_at, until_at + CLOCKS_CHANGE) + 2 * extra, (from_at, until_at)
        for first, from_at in enumerate(months):
            for count, until_at in enumerate(months[first:], 1):
                most = months_of_who_stays(from_at, until_at + CLOCKS_CHANGE, self._due.billing_day)
                assert count <= most + extra, (from_at, until_at)

    def _require_no_less_for_who_moves_once(self) -> None:
        """By any instant, as many days and months as somebody had who stayed, or as dates came where one lives."""
        if self._mover == "often":
            return
        (began_at, home), *moves = self._zones
        zone = moves[0][1] if moves else home
        first = today(began_at, home)
        now = self._clock()
        stayed = (today(now, home) - first).days + 1
        came = (today(now, zone) - first).days + 1
        assert len(self._begun["day"]) >= min(stayed, came), (home, zone)
        months = min(self._billing_dates(first, today(now, place)) for place in (home, zone))
        assert len(self._begun["month"]) >= months, (home, zone)

    def _billing_dates(self, first: date, last: date) -> int:
        on, count = first, 0
        while on <= last:
            count += is_billing_date(on, self._due.billing_day)
            on = following("day", on, 1)
        return count


async def lead(seed: int) -> None:
    clock = FakeClock(instant_from("2026-01-29T00:00:00Z") + seed * 977 * MINUTE % (365 * DAY))
    async with Ledger.open("memory:", terms=TERMS, clock=clock, sweep_seconds=None) as ledger:
        life = Life(ledger, clock, seed)
        with naming(seed):
            await life.lead()


@contextmanager
def naming(seed: int) -> Iterator[None]:
    """A failure names the seed of the life in which it happened."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"REELBOT_SEED={seed}: {error}") from error


def seeds(operations: int) -> range | list[int]:
    """As many lives as make so many operations, or the one that the environment names."""
    if "REELBOT_SEED" in os.environ:
        return [int(os.environ["REELBOT_SEED"])]
    return range(operations // STEPS)


async def test_nobody_gets_more_than_is_due_nor_less_for_moving_once() -> None:
    for seed in seeds(SHORT):
        await lead(seed)


@pytest.mark.long
@pytest.mark.timeout(14_400)
async def test_in_long_lives_nobody_gets_more_than_is_due_nor_less_for_moving_once() -> None:
    for seed in seeds(LONG):
        await lead(seed)


# every pair of zones, at every hour of a month's end

FROM_AT, UNTIL_AT = instant_from("2026-03-15T12:00:00Z"), instant_from("2026-04-15T12:00:00Z")
HOURS = range(-40, 41)


def zones_of_their_own_offset() -> list[str]:
    """One zone for each distance from UTC that there is when that month ends."""
    end = instant_from("2026-04-01T00:00:00Z")
    return sorted({midnight(today(end, "UTC"), zone): zone for zone in ALL_ZONES}.values())


def zones_of_their_own_rules() -> list[str]:
    """One name for each zone."""
    rules = files("tzdata").joinpath("zoneinfo")
    return sorted({rules.joinpath(*name.split("/")).read_bytes(): name for name in ALL_ZONES}.values())


def months_begun(home: str, away: str, move_at: int, back_at: int | None) -> list[int]:
    """The beginnings of all months of somebody who moves, and perhaps comes back."""
    calendar = Calendar(home, 1, None, None)
    begun = [window_at(calendar, "month", FROM_AT).starts_at]
    for at, zone in ((move_at, away), (back_at, home), (UNTIL_AT, None)):
        if at is None:
            continue
        window = window_at(calendar, "month", at - 1)
        if window.starts_at != begun[-1]:
            begun.append(window.starts_at)
        if zone is not None:
            calendar = moved(calendar, zone, at)
    window = window_at(calendar, "month", UNTIL_AT)
    if window.starts_at != begun[-1]:
        begun.append(window.starts_at)
    assert next_window(calendar, window).starts_at - window.starts_at > 26 * DAY
    return begun


def require_one_month(homes: Sequence[str], aways: Sequence[str], returns: Sequence[int | None]) -> int:
    """Whoever moves in these hours, and comes back so many hours later, has one month begin: not two, not none."""
    end, cases = instant_from("2026-04-01T00:00:00Z"), 0
    for home in homes:
        for away in aways:
            if away == home:
                continue
            for number, hour in enumerate(HOURS):
                move_at = end + hour * HOUR + 17 * SECOND
                back = returns[number % len(returns)]
                begun = months_begun(home, away, move_at, None if back is None else move_at + back * HOUR)
                assert len(begun) == 2, (home, away, instant_text(move_at), back, [instant_text(at) for at in begun])
                assert abs(begun[1] - end) <= 27 * HOUR, (home, away, instant_text(move_at), back)
                cases += 1
    return cases


def test_no_pair_of_offsets_opens_a_second_month_at_any_hour_of_a_months_end() -> None:
    zones = zones_of_their_own_offset()
    assert len(zones) >= 37
    assert require_one_month(zones, zones, (None, 1, 26)) > 100_000


@pytest.mark.long
@pytest.mark.timeout(14_400)
def test_no_pair_of_zones_opens_a_second_month_at_any_hour_of_a_months_end() -> None:
    zones = zones_of_their_own_rules()
    for returns in ((None,), (1, 2, 5, 12, 24, 25, 26, 30, 49)):
        require_one_month(zones, zones, returns)
