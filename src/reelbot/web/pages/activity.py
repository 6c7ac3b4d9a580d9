"""What each action used on each of the last days, for the chart of the dashboard: a projection of the ledger's entries.

Summed from them and kept in memory, so that a page reads only what has been added since it was last looked at. What
happened in a day that is over counts to that day.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from reelbot.allowance import AccountRef, Entry, Ledger, Span
from reelbot.clock import DAY, HOUR
from reelbot.limits import PAGE_MAX
from reelbot.web.pages.wording import moment

DAYS = 14

ENTRIES_MAX = 20_000
"""Entries read for one account at once, so that no page waits long: beyond it the oldest days are told to be in part."""

ACCOUNTS_MAX = 1_000
"""Accounts whose sums are kept: the one looked at longest ago makes room."""

_SIGNS: Mapping[str, int] = {"settle": 1, "refund": -1}
"""The kinds of entries by which usage grows and shrinks; all others leave it as it is."""

_Place = tuple[int, int]


class DayUsed(NamedTuple):
    """A day, and what each action used on it."""

    day: date
    amounts: Mapping[str, int]

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.amounts.values())


class Used(NamedTuple):
    """The last days, the oldest first; not `is_whole` when there was too much to read of the oldest ones."""

    days: Sequence[DayUsed]
    is_whole: bool

    @property
    def actions(self) -> list[str]:
        """Every action that used something, the one that used most first."""
        totals: dict[str, int] = {}
        for day in self.days:
            for action, amount in day.amounts.items():
                totals[action] = totals.get(action, 0) + amount
        return sorted((action for action in totals if totals[action]), key=lambda action: -totals[action])

    @property
    def most(self) -> int:
        """The most of one day."""
        return max((day.total for day in self.days), default=0)


class _Sums:
    """What is known of one account and meter: sums by the start of the window and the action, up to an entry."""

    def __init__(self) -> None:
        self.last_seq = 0
        self.is_whole = True
        self.amounts: dict[tuple[int, str], int] = {}


class Activity:
    """The sums of those accounts whose dashboards were looked at last."""

    def __init__(self) -> None:
        self._known: dict[tuple[_Place, str], _Sums] = {}

    async def of(self, ledger: Ledger, account: AccountRef, meter: str, zone: str, now: int) -> Used:
        """What an account used of a meter on each of the last `DAYS` days, by its own calendar."""
        since_at = now - (DAYS + 1) * DAY
        sums = self._sums(((account.lane, account.id), meter))
        await _read(ledger, account, meter, since_at, sums)
        for key in [key for key in sums.amounts if key[0] < since_at - DAY]:
            del sums.amounts[key]
        return Used(_days(sums, zone, now), sums.is_whole)

    def _sums(self, key: tuple[_Place, str]) -> _Sums:
        sums = self._known.pop(key, None) or _Sums()
        if len(self._known) >= ACCOUNTS_MAX:
            del self._known[next(iter(self._known))]
        self._known[key] = sums
        return sums


async def _read(ledger: Ledger, account: AccountRef, meter: str, since_at: int, sums: _Sums) -> None:
    """Add what has come since. All is read before any of it is added: two pages may ask at once."""
    known = sums.last_seq
    found, is_whole = await _entries(ledger, account, Span(None, PAGE_MAX, meter, after_seq=known), since_at)
    if sums.last_seq != known:
        return
    for entry in found:
        key = (entry.window_start, entry.action or "")
        sums.amounts[key] = sums.amounts.get(key, 0) + _SIGNS.get(entry.kind, 0) * entry.amount
    sums.last_seq = max((entry.seq for entry in found), default=known)
    sums.is_whole = sums.is_whole and is_whole


async def _entries(ledger: Ledger, account: AccountRef, span: Span, since_at: int) -> tuple[list[Entry], bool]:
    """The newest entries of the span, and older ones back to an instant; and whether that is all of them.

    The instant is looked at here and not in the query, which would go on to look for entries behind it.
    """
    found: list[Entry] = []
    while len(found) < ENTRIES_MAX:
        page = await ledger.history(account, span)
        found.extend(page)
        if len(page) < span.size or page[-1].at < since_at:
            return found, True
        span = span._replace(before_seq=page[-1].seq)
    return found, False


def _days(sums: _Sums, zone: str, now: int) -> list[DayUsed]:
    today = moment(now, zone).date()
    first = today - timedelta(days=DAYS - 1)
    by_day: dict[date, dict[str, int]] = {first + timedelta(days=place): {} for place in range(DAYS)}
    for (starts_at, action), amount in sums.amounts.items():
        # The middle of a window is on its day in whatever zone it began.
        amounts = by_day.get(moment(starts_at + 12 * HOUR, zone).date())
        if amounts is not None and amount:
            amounts[action] = amounts.get(action, 0) + amount
    return [DayUsed(day, amounts) for day, amounts in by_day.items()]
