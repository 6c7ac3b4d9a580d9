"""A tiny ledger to compare the real one with: dictionaries and whole numbers, written apart, sharing no decision.

It knows zones by their distance from UTC alone, so lives are led in zones whose clocks never change; `test_every_zone`
looks after the others. All accounts are in one `Model`, each a `Life`.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Literal, NamedTuple

from reelbot.allowance import Catalogue
from reelbot.clock import DAY, HOUR, MINUTE, SECOND

OFFSETS = {
    "UTC": 0,
    "Asia/Tokyo": 9 * HOUR,
    "Asia/Kolkata": 5 * HOUR + 30 * MINUTE,
    "Pacific/Kiritimati": 14 * HOUR,
    "America/Phoenix": -7 * HOUR,
    "Pacific/Pago_Pago": -11 * HOUR,
}
"""Zones without summer time, and how far their clocks are before UTC's."""

Verb = Literal[
    "hold", "settle", "release", "unknown", "refund", "grant", "override", "plan", "operator plan", "zone", "sweep"
]
Span = tuple[int, int | None]


class Op(NamedTuple):
    """One request. `hold` is the number of a hold among all of the model's; -1 is one that never was."""

    verb: Verb
    account: str
    key: str
    hold: int = -1
    lines: tuple[tuple[str, int], ...] | None = None
    partial: bool = False
    seconds: int = 0
    word: str = ""

    @property
    def content(self) -> tuple[object, ...]:
        """All of the request but its key."""
        return self._replace(key="")


class Said(NamedTuple):
    """What the ledger should answer: the word, what is held, and the figures that a refusal names."""

    word: str
    hold: int = -1
    held: tuple[int, ...] = ()
    short: tuple[str, int, int, int] | None = None


class HeldOf:
    """One line of a hold."""

    def __init__(self, meter: str, span: Span, held: int) -> None:
        self.meter, self.span, self.held, self.settled = meter, span, held, 0


class AHold:
    """A hold: its state, its deadline and its lines."""

    def __init__(self, account: str, deadline: int, lines: list[HeldOf]) -> None:
        self.account, self.deadline, self.lines = account, deadline, lines
        self.state = "open"

    def state_at(self, now: int) -> str:
        """Overdue is expired, whoever has noticed."""
        return "expired" if self.state == "open" and now >= self.deadline else self.state


class Life:
    """One account."""

    def __init__(self, plan: str, zone: str, now: int) -> None:
        self.plan, self.zone = plan, zone
        self.later: tuple[str, int] | None = None
        self.billing_day = _local(now, zone).day
        self.turns: dict[str, tuple[int, int]] = {}
        self.own: dict[str, int | None] = {}
        self.used: dict[tuple[str, int], int] = {}
        self.held: dict[tuple[str, int], int] = {}
        self.granted: dict[tuple[str, int], int] = {}
        self.keys: dict[str, tuple[tuple[object, ...], int]] = {}
        self.entries = 1

    def plan_at(self, now: int) -> str:
        """The plan in force."""
        return self.later[0] if self.later and now >= self.later[1] else self.plan

    def span(self, kind: str, now: int) -> Span:
        """The running window of a kind."""
        if kind == "standing":
            return 0, None
        turn = self.turns.get(kind)
        if turn and now < turn[1]:
            return turn
        start, end = _day(now, self.zone) if kind == "day" else _month(now, self.zone, self.billing_day)
        return (max(start, turn[1]) if turn else start), end


class Model:
    """Every account and every hold."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.lives: dict[str, Life] = {}
        self.holds: list[AHold] = []

    def figures(self, account: str, meter: str, now: int) -> tuple[int | None, int, int]:
        """Limit, used and held of a meter now."""
        life = self.lives[account]
        place = (meter, life.span(self._catalogue.meters[meter].window, now)[0])
        limit = life.own[meter] if meter in life.own else self._catalogue.plans[life.plan_at(now)].limits[meter]
        whole = None if limit is None else limit + life.granted.get(place, 0)
        return whole, life.used.get(place, 0), life.held.get(place, 0)

    def say(self, op: Op, now: int) -> Said:
        """What an operation must be answered, and let it happen."""
        life = self.lives[op.account]
        if op.verb == "sweep":
            return self._sweep(now)
        if op.key in life.keys:
            content, hold = life.keys[op.key]
            return Said("replay", hold) if content == op.content else Said("key_reused")
        said = self._hold(life, op, now) if op.verb == "hold" else self._rest(life, op, now)
        if said.word == "ok":
            life.keys[op.key] = (op.content, said.hold)
        return said

    def _rest(self, life: Life, op: Op, now: int) -> Said:
        if op.verb in ("settle", "release", "unknown", "refund"):
            return self._end(life, op, now)
        if op.verb in ("grant", "override"):
            self._limit(life, op, now)
        elif op.verb == "zone":
            _move(life, op.word, now)
        else:
            self._plan(life, op.word, op.verb == "operator plan", now)
        return Said("ok")

    def _hold(self, life: Life, op: Op, now: int) -> Said:
        assert op.lines is not None
        fits, added = [], dict.fromkeys((meter for meter, _ in op.lines), 0)
        for meter, amount in op.lines:
            limit, used, held = self.figures(op.account, meter, now)
            fits.append(limit is None or amount == 0 or used + held + added[meter] + amount <= limit)
            added[meter] += amount if fits[-1] else 0
        if not (any(fits) if op.partial else all(fits)):
            meter = op.lines[fits.index(False)][0]
            limit, used, held = self.figures(op.account, meter, now)
            return Said("allowance_exhausted", short=(meter, limit or 0, used, held))
        kept: dict[str, int] = {}  # what fits of one meter is one line
        for (meter, amount), fit in zip(op.lines, fits, strict=True):
            if fit:
                kept[meter] = kept.get(meter, 0) + amount
        lines = [
            HeldOf(meter, life.span(self._catalogue.meters[meter].window, now), amount)
            for meter, amount in kept.items()
        ]
        for line in lines:
            _add(life.held, line, line.held)
        self.holds.append(AHold(op.account, now + op.seconds * SECOND, lines))
        life.entries += len(lines)
        return Said("ok", len(self.holds) - 1, tuple(line.held for line in lines))

    def _end(self, life: Life, op: Op, now: int) -> Said:
        if op.hold < 0 or self.holds[op.hold].account != op.account:
            return Said("hold_not_found")
        hold = self.holds[op.hold]
        state = hold.state_at(now)
        if op.verb == "refund":
            return self._refund(life, op, hold, state)
        if state not in ("open", "unknown"):
            return Said(f"hold_{state}")
        settled = [line.held for line in hold.lines]
        if op.verb == "settle" and op.lines is not None:
            dealt = _deal(op.lines, hold.lines, settled)
            if dealt is None:
                return Said("amount_above_hold")
            settled = dealt
        life.entries += len(hold.lines)
        if op.verb == "unknown":
            hold.state = "unknown"
            return Said("ok", op.hold)
        hold.state = "settled" if op.verb == "settle" else "released"
        for line, amount in zip(hold.lines, settled, strict=True):
            _add(life.held, line, -line.held)
            if op.verb == "settle":
                line.settled = amount
                _add(life.used, line, amount)
        return Said("ok", op.hold)

    def _refund(self, life: Life, op: Op, hold: AHold, state: str) -> Said:
        if state != "settled":
            return Said("hold_open" if state in ("open", "unknown") else f"hold_{state}")
        rooms = [line.settled for line in hold.lines]
        back = rooms if op.lines is None else _deal(op.lines, hold.lines, rooms)
        if back is None or not any(back):
            return Said("amount_above_hold")
        for line, amount in zip(hold.lines, back, strict=True):
            line.settled -= amount
            _add(life.used, line, -amount)
            life.entries += amount > 0
        return Said("ok", op.hold)

    def _sweep(self, now: int) -> Said:
        for hold in self.holds:
            if hold.state == "open" and now >= hold.deadline:
                hold.state = "expired"
                life = self.lives[hold.account]
                life.entries += len(hold.lines)
                for line in hold.lines:
                    _add(life.held, line, -line.held)
        return Said("ok")

    def _limit(self, life: Life, op: Op, now: int) -> None:
        assert op.lines is not None
        ((meter, amount),) = op.lines
        life.entries += 1
        if op.verb == "grant":
            place = (meter, life.span(self._catalogue.meters[meter].window, now)[0])
            life.granted[place] = life.granted.get(place, 0) + amount
        elif op.word == "plan":
            life.own.pop(meter, None)
        else:
            life.own[meter] = None if op.word == "unlimited" else amount

    def _plan(self, life: Life, plan: str, by_operator: bool, now: int) -> None:
        present = life.plan_at(now)
        scheduled = life.later[0] if life.later and now < life.later[1] else None
        rank = {name: one.rank for name, one in self._catalogue.plans.items()}
        if plan == present:
            if scheduled is not None:
                life.later, life.entries = None, life.entries + 1
        elif by_operator or rank[plan] > rank[present]:
            life.plan, life.later, life.entries = plan, None, life.entries + 1
        elif plan != scheduled:
            ends_at = life.span("month", now)[1]
            assert ends_at is not None
            life.plan, life.later, life.entries = present, (plan, ends_at), life.entries + 1


def _move(life: Life, zone: str, now: int) -> None:
    """The running windows end at the first midnight of the new zone that is not before their end."""
    if zone == life.zone:
        return
    turns = {}
    for kind in ("day", "month"):
        start, end = life.span(kind, now)
        assert end is not None
        offset = OFFSETS[zone]
        turns[kind] = (start, -(-(end + offset) // DAY) * DAY - offset)
    life.turns, life.zone, life.entries = turns, zone, life.entries + 1
    if life.later and now < life.later[1]:
        life.later = (life.later[0], turns["month"][1])


def _deal(asked: tuple[tuple[str, int], ...], lines: list[HeldOf], rooms: list[int]) -> list[int] | None:
    """Amounts by meter, line after line; None when they are more than there is room for."""
    left: dict[str, int] = {}
    for meter, amount in asked:
        left[meter] = left.get(meter, 0) + amount
    dealt = []
    for line, room in zip(lines, rooms, strict=True):
        dealt.append(min(left.get(line.meter, 0), room))
        left[line.meter] = left.get(line.meter, 0) - dealt[-1]
    return None if any(left.values()) else dealt


def _add(to: dict[tuple[str, int], int], line: HeldOf, amount: int) -> None:
    place = (line.meter, line.span[0])
    to[place] = to.get(place, 0) + amount
    assert to[place] >= 0


def _local(at: int, zone: str) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at + OFFSETS[zone])


def _midnight(on: date, zone: str) -> int:
    return (on - date(1970, 1, 1)).days * DAY - OFFSETS[zone]


def _day(now: int, zone: str) -> tuple[int, int]:
    start = _midnight(_local(now, zone).date(), zone)
    return start, start + DAY


def _month(now: int, zone: str, billing_day: int) -> tuple[int, int]:
    today = _local(now, zone).date()
    starts = [_midnight(on, zone) for on in _billing_dates(today.year * 12 + today.month - 3, billing_day)]
    begun = max(start for start in starts if start <= now)
    return begun, min(start for start in starts if start > now)


def _billing_dates(month: int, billing_day: int) -> Iterator[date]:
    """The dates on which months begin, of four months from the given one on."""
    for number in range(month, month + 4):
        first = date(number // 12, number % 12 + 1, 1)
        following = date((number + 1) // 12, (number + 1) % 12 + 1, 1)
        yield first + timedelta(days=min(billing_day, (following - first).days) - 1)


def keys() -> Iterator[str]:
    """Keys that are never the same."""
    return (f"key {number}" for number in count(1))
