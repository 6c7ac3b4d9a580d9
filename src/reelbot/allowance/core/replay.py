"""Rebuilds an account from its entries alone: what is used, held and granted, every hold, the account's own facts.

The audit's half of the arithmetic, written apart from the deciders so that a mistake in one is not repeated in the other.
Each entry must stand on the state that the entries before it lead to; the first that does not is a `Mismatch`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from reelbot.allowance.core.accounts import NO_OVERRIDES, Account
from reelbot.allowance.core.balances import EMPTY, Balance
from reelbot.allowance.core.entries import Entry
from reelbot.allowance.core.outcomes import HoldState
from reelbot.allowance.core.windows import Calendar, ZoneTurn

STATE_AFTER: dict[str, HoldState] = {
    "settle": "settled",
    "release": "released",
    "expire": "expired",
    "unknown": "unknown",
}
"""What a hold becomes by entries of a kind."""

MAY_END: dict[str, tuple[HoldState, ...]] = {
    "settle": ("open", "unknown"),
    "release": ("open", "unknown"),
    "expire": ("open",),
    "unknown": ("open", "unknown"),
}
"""The states in which a hold may meet entries of a kind."""

_details = msgspec.json.Decoder(dict[str, tuple[Any, Any]]).decode

Moves = tuple[int, int, int]
"""What an entry adds to used, held and granted."""


class Mismatch(Exception):
    """An entry that does not follow from those before it."""

    def __init__(self, expected: object, found: object) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = str(expected)
        self.found = str(found)


class ReplayedLine(NamedTuple):
    """One line of a hold as its entries tell it."""

    meter: str
    action: str | None
    window: tuple[int, int | None]
    held: int
    settled: int


class ReplayedHold(NamedTuple):
    """A hold as its entries tell it. `left_open_at` is the instant of its first conclusion.

    The deadline of an owned hold stands in its entries: `expires_at`, None when it has none. That of others does not.
    """

    state: HoldState
    opened_at: int
    lines: tuple[ReplayedLine, ...]
    left_open_at: int | None
    owner: str | None
    expires_at: int | None


class _Group(NamedTuple):
    """Entries that one decision writes together, a line each: which come next, and how many of them."""

    kind: str
    hold: int
    line: int


class ReplayedAccount:
    """One account, rebuilt entry by entry. `holds` may be relieved of those that are known to have ended well."""

    def __init__(self) -> None:
        self.account: Account | None = None
        self.balances: dict[tuple[str, int], Balance] = {}
        self.holds: dict[int, ReplayedHold] = {}
        self._group: _Group | None = None
        self._moves: dict[str, Callable[[Entry], Moves]] = {
            "hold": self._take_hold,
            "settle": self._take_settle,
            "release": self._take_back,
            "expire": self._take_back,
            "unknown": self._take_unknown,
            "refund": self._take_refund,
            "grant": self._take_grant,
            "override": self._take_override,
        }
        self._remarks: dict[str, Callable[[Entry, dict[str, tuple[Any, Any]]], None]] = {
            "open": self._take_open,
            "plan": self._take_plan,
            "zone": self._take_zone,
        }

    def take(self, entry: Entry) -> None:
        """Let one entry happen. Raises `Mismatch`."""
        self._require_group(entry)
        if entry.kind in self._remarks:
            self._take_remark(entry)
        elif entry.kind in self._moves:
            self._take_move(entry)
        else:
            raise Mismatch("a kind of entry that there is", entry.kind)

    def end(self) -> None:
        """No entry follows: the last decision must be complete. Raises `Mismatch`."""
        if self._group is not None:
            raise Mismatch(self._awaited(self._group), "the end of the ledger")

    def _require_group(self, entry: Entry) -> None:
        group = self._group
        if group is not None and (entry.kind, entry.hold) != (group.kind, group.hold):
            raise Mismatch(self._awaited(group), f"{entry.kind} of hold {entry.hold}")

    @staticmethod
    def _awaited(group: _Group) -> str:
        return f"{group.kind} of line {group.line + 1} of hold {group.hold}"

    # what moves a balance

    def _take_move(self, entry: Entry) -> None:
        account = self._opened()
        if entry.meter is None:
            raise Mismatch("a meter", "none")
        key = (entry.meter, entry.window_start)
        before = self.balances.get(key, EMPTY)
        _agree("before", before[:2], (entry.used_before, entry.held_before))
        used, held, granted = self._moves[entry.kind](entry)
        after = Balance(before.used + used, before.held + held, before.granted + granted)
        _agree("after", after[:2], (entry.used_after, entry.held_after))
        if min(after) < 0:
            raise Mismatch("nothing below 0", _figures(*after[:2]))
        self._require_override(account, entry, after)
        self.balances[key] = after

    def _require_override(self, account: Account, entry: Entry, after: Balance) -> None:
        """The plan's limits are an operator's to change; a limit of the account's own stands in its entries."""
        overrides = self._opened().overrides if entry.kind == "override" else account.overrides
        if entry.meter is not None and entry.meter in overrides:
            own = overrides[entry.meter]
            limit = None if own is None else own + after.granted
            if entry.limit != limit:
                raise Mismatch(f"limit {limit}", f"limit {entry.limit}")

    def _take_hold(self, entry: Entry) -> Moves:
        hold = self.holds.get(entry.hold)
        lines = () if hold is None else hold.lines
        if entry.seq != entry.hold + len(lines):
            raise Mismatch(f"a hold numbered {entry.seq}", f"hold {entry.hold}")
        if entry.amount and entry.limit is not None and entry.used_after + entry.held_after > entry.limit:
            raise Mismatch(f"at most {entry.limit} used and held", _figures(entry.used_after, entry.held_after))
        if entry.window_end is not None and entry.at >= entry.window_end:
            raise Mismatch("a window that runs", f"one that ended at {entry.window_end}")
        assert entry.meter is not None, "a move has a meter"
        line = ReplayedLine(entry.meter, entry.action, (entry.window_start, entry.window_end), entry.amount, 0)
        opened_at = entry.at if hold is None else hold.opened_at
        told = ReplayedHold("open", opened_at, (*lines, line), None, *_owner_and_deadline(entry))
        if hold is not None:
            _agree_on("owner", hold.owner, told.owner)
            _agree_on("deadline", hold.expires_at, told.expires_at)
        self.holds[entry.hold] = told
        return 0, entry.amount, 0

    def _take_settle(self, entry: Entry) -> Moves:
        line = self._conclude(entry, entry.amount)
        if entry.amount > line.held:
            raise Mismatch(f"at most {line.held} settled", entry.amount)
        return entry.amount, -line.held, 0

    def _take_back(self, entry: Entry) -> Moves:
        line = self._conclude(entry, 0)
        _require_amount(line.held, entry)
        return 0, -line.held, 0

    def _take_unknown(self, entry: Entry) -> Moves:
        _require_amount(self._conclude(entry, 0).held, entry)
        return 0, 0, 0

    def _conclude(self, entry: Entry, settled: int) -> ReplayedLine:
        """The line of a hold that this entry concludes; the hold has its new state when all lines have."""
        hold = self._hold_of(entry)
        number = self._group.line if self._group is not None else 0
        if number == 0 and hold.state not in MAY_END[entry.kind]:
            raise Mismatch(f"nothing more of a hold that was {hold.state}", entry.kind)
        if entry.kind != "expire":
            _require_owner(hold, entry)
        elif hold.owner is not None and hold.expires_at is None:
            raise Mismatch(f"an end by {hold.owner}", "the end of a deadline that there is not")
        line = hold.lines[number]
        _require_line(line, entry)
        lines = (*hold.lines[:number], line._replace(settled=settled), *hold.lines[number + 1 :])
        is_last = number + 1 == len(lines)
        self._group = None if is_last else _Group(entry.kind, entry.hold, number + 1)
        state = STATE_AFTER[entry.kind] if is_last else hold.state
        left_open_at = entry.at if hold.left_open_at is None else hold.left_open_at
        self.holds[entry.hold] = hold._replace(state=state, lines=lines, left_open_at=left_open_at)
        return line

    def _take_refund(self, entry: Entry) -> Moves:
        hold = self._hold_of(entry)
        if hold.state != "settled":
            raise Mismatch("a settled hold", f"one that is {hold.state}")
        _require_owner(hold, entry)
        number = _refunded(hold.lines, entry)
        line = hold.lines[number]
        if not 0 < entry.amount <= line.settled:
            raise Mismatch(f"1 to {line.settled} refunded", entry.amount)
        less = line._replace(settled=line.settled - entry.amount)
        lines = (*hold.lines[:number], less, *hold.lines[number + 1 :])
        self.holds[entry.hold] = hold._replace(lines=lines)
        return -entry.amount, 0, 0

    def _hold_of(self, entry: Entry) -> ReplayedHold:
        hold = self.holds.get(entry.hold)
        if hold is None:
            raise Mismatch("a hold that has not ended", f"{entry.kind} of hold {entry.hold}")
        return hold

    def _take_grant(self, entry: Entry) -> Moves:
        if entry.amount < 1 or entry.hold:
            raise Mismatch("at least 1 granted, to no hold", f"{entry.amount} to hold {entry.hold}")
        return 0, 0, entry.amount

    def _take_override(self, entry: Entry) -> Moves:
        assert entry.meter is not None, "a move has a meter"
        account = self._opened()
        before, after = _change(_detail(entry), "limit")
        _agree_on("limit", _limit_word(account, entry.meter), before)
        overrides = {meter: limit for meter, limit in account.overrides.items() if meter != entry.meter}
        if after != "by plan":
            overrides[entry.meter] = None if after == "unlimited" else after
        self.account = account._replace(overrides=overrides)
        if entry.amount or entry.hold:
            raise Mismatch("no amount and no hold", f"{entry.amount} of hold {entry.hold}")
        return 0, 0, 0

    # what changes the account itself

    def _take_remark(self, entry: Entry) -> None:
        figures = (entry.used_before, entry.held_before, entry.used_after, entry.held_after, entry.amount, entry.hold)
        if any(figures) or entry.meter is not None:
            raise Mismatch("no figures", figures)
        self._remarks[entry.kind](entry, _detail(entry))

    def _take_open(self, entry: Entry, detail: dict[str, tuple[Any, Any]]) -> None:
        if self.account is not None:
            raise Mismatch("one opening", "another")
        _, name = _change(detail, "name")
        _, plan = _change(detail, "plan")
        calendar = Calendar(_change(detail, "timezone")[1], _change(detail, "billing_day")[1], None, None)
        self.account = Account(
            entry.lane, entry.account, name, entry.at, plan, None, None, calendar, NO_OVERRIDES
        )  # fmt: skip

    def _take_plan(self, entry: Entry, detail: dict[str, tuple[Any, Any]]) -> None:
        account = self._opened()
        if "next_plan" in detail:
            _agree_on("scheduled plan", account.next_plan, _change(detail, "next_plan")[0])
            self.account = account._replace(next_plan=None, next_plan_at=None)
            return
        present, plan = _change(detail, "plan")
        _agree_on("plan", account.plan_at(entry.at), present)
        _, later_at = _change(detail, "effective_at")
        if later_at is None:
            self.account = account._replace(plan=plan, next_plan=None, next_plan_at=None)
        else:
            self.account = account._replace(plan=present, next_plan=plan, next_plan_at=later_at)

    def _take_zone(self, entry: Entry, detail: dict[str, tuple[Any, Any]]) -> None:
        account = self._opened()
        zone, billing_day, day_turn, month_turn = account.calendar
        present, zone_after = _change(detail, "timezone")
        _agree_on("zone", zone, present)
        _agree_on("day", day_turn, _turn(_change(detail, "day_turn")[0]))
        _agree_on("month", month_turn, _turn(_change(detail, "month_turn")[0]))
        days, months = _turn(_change(detail, "day_turn")[1]), _turn(_change(detail, "month_turn")[1])
        _require_turn(day_turn, days)
        _require_turn(month_turn, months)
        calendar = Calendar(zone_after, billing_day, days, months)
        self.account = account._replace(calendar=calendar, next_plan_at=_change(detail, "next_plan_at")[1])

    def _opened(self) -> Account:
        if self.account is None:
            raise Mismatch("the opening of the account", "another entry")
        return self.account


def _owner_and_deadline(entry: Entry) -> tuple[str | None, int | None]:
    """Whose hold an entry opens, None for nobody's in particular, and the deadline that it names."""
    if entry.detail is None:
        return None, None
    detail = _detail(entry)
    _, owner = _change(detail, "owner")
    return owner, detail.get("expires_at", (None, None))[1]


def _require_owner(hold: ReplayedHold, entry: Entry) -> None:
    """What concludes an owned hold is its owner's command."""
    by = None if entry.detail is None else _change(_detail(entry), "owner")[1]
    if by != hold.owner:
        raise Mismatch(f"a command of {hold.owner or 'no owner'}", f"one of {by or 'no owner'}")


def _refunded(lines: tuple[ReplayedLine, ...], entry: Entry) -> int:
    """The number of the line that a refund takes from: among lines that look the same, the first with anything left."""
    alike = [number for number, line in enumerate(lines) if _is_of(line, entry)]
    if not alike:
        raise Mismatch("a line of the hold", _line_text(entry.meter, entry.action, entry.window_start))
    return next((number for number in alike if lines[number].settled), alike[0])


def _is_of(line: ReplayedLine, entry: Entry) -> bool:
    return (line.meter, line.action, line.window) == (
        entry.meter,
        entry.action,
        (entry.window_start, entry.window_end),
    )


def _require_line(line: ReplayedLine, entry: Entry) -> None:
    if not _is_of(line, entry):
        expected = _line_text(line.meter, line.action, line.window[0])
        raise Mismatch(expected, _line_text(entry.meter, entry.action, entry.window_start))


def _line_text(meter: str | None, action: str | None, window_start: int) -> str:
    return f"{meter} for {action} in the window from {window_start}"


def _require_amount(amount: int, entry: Entry) -> None:
    if entry.amount != amount:
        raise Mismatch(f"the amount {amount}", entry.amount)


def _agree(when: str, expected: tuple[int, ...], found: tuple[int, ...]) -> None:
    if expected != found:
        raise Mismatch(f"{_figures(*expected)} {when}", _figures(*found))


def _figures(used: int, held: int) -> str:
    return f"{used} used and {held} held"


def _agree_on(what: str, expected: object, found: object) -> None:
    if expected != found:
        raise Mismatch(f"the {what} {expected}", found)


def _detail(entry: Entry) -> dict[str, tuple[Any, Any]]:
    try:
        return _details(entry.detail or "{}")
    except msgspec.MsgspecError:
        raise Mismatch("what changed, before and after", entry.detail) from None


def _change(detail: dict[str, tuple[Any, Any]], name: str) -> tuple[Any, Any]:
    if name not in detail:
        raise Mismatch(f"the {name} before and after", "neither")
    return detail[name]


def _turn(pair: Any) -> ZoneTurn | None:
    if pair is None:
        return None
    try:
        return msgspec.convert(pair, ZoneTurn)
    except msgspec.ValidationError:
        raise Mismatch("a window's start, its end, its date and the end that was due", pair) from None


def _require_turn(before: ZoneTurn | None, after: ZoneTurn | None) -> None:
    """The rule as far as it needs no zone: dates only go up, and no window ends before the end that it had when it began.

    What needs a zone is not worked out again: the rules of zones change, and an entry tells what followed from them then.
    """
    if after is None:
        return
    if after.ends_at < after.due_at:
        raise Mismatch(f"an end not before {after.due_at}", after.ends_at)
    if before is None:
        return
    is_same = after.starts_at == before.starts_at
    if (after.on != before.on or after.due_at != before.due_at) if is_same else after.on <= before.on:
        raise Mismatch(f"the date {before.on} once", f"a window from {after.starts_at} of the date {after.on}")


def _limit_word(account: Account, meter: str) -> int | str:
    if meter not in account.overrides:
        return "by plan"
    limit = account.overrides[meter]
    return "unlimited" if limit is None else limit
