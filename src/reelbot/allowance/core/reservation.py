"""Deciding a hold, a reservation: what is set aside, what does not fit, and when it will.

Lines are weighed in the order given, each against what the lines before it leave. A line that does not fit takes nothing,
so a smaller one behind it still may. Those that fit are kept as one line for each meter and action, so a hold writes as
many entries as it names different things, however often it names them.
"""

from collections.abc import Iterable, Sequence
from itertools import compress
from typing import NamedTuple

from reelbot.allowance.core import explain
from reelbot.allowance.core.accounts import Account, fresh_allowance, window_of
from reelbot.allowance.core.balances import Allowance
from reelbot.allowance.core.book import Book, Decision, HoldFacts, LedgerPage
from reelbot.allowance.core.commands import Hold, Line
from reelbot.allowance.core.entries import detail_text
from reelbot.allowance.core.fast_tuple import made
from reelbot.allowance.core.outcomes import HeldLine, Refusal, RefusedLine, Shortage, Status
from reelbot.allowance.core.windows import Window, next_window
from reelbot.clock import SECOND


class FitCheck(NamedTuple):
    """Which lines fit, and the figures of every meter they name with the fitting ones held."""

    fits: list[bool]
    figures: dict[str, Allowance]


def weigh(page: LedgerPage, lines: Iterable[Line]) -> FitCheck:
    """Find out what fits; changes nothing. A quote is this and no more."""
    fits: list[bool] = []
    figures: dict[str, Allowance] = {}
    for line in lines:
        allowance = figures.get(line.meter) or page.running(line.meter)
        fitting = allowance.fits(line.amount)
        fits.append(fitting)
        figures[line.meter] = _with_held(allowance, line.amount) if fitting else allowance
    return made(FitCheck, (fits, figures))


def decide_hold(book: Book, account: Account, command: Hold, now: int) -> Decision | Refusal:
    """Set aside all of the lines or nothing; when `partial`, those that fit, unless none does."""
    page = LedgerPage(book, account, now)
    fits, figures = weigh(page, command.lines)
    rest: tuple[RefusedLine, ...] = ()
    lines = command.lines
    if not all(fits):
        if not command.partial or not any(fits):
            return _exhausted(page, command, fits)
        rest = when_they_fit(book, account, compress(lines, [not one for one in fits]), now)
        lines = tuple(compress(lines, fits))
    expires_at = None if command.seconds is None else now + command.seconds * SECOND
    detail = None if command.owner is None else _owned_detail(command.owner, expires_at)
    held = tuple([_set_aside(page, command, line, figures[line.meter], detail) for line in merged(lines)])
    hold = made(HoldFacts, (account.id, page.first, "open", expires_at, held, command.owner))
    return page.decision("hold", tuple(figures.values()), hold, rest)


def merged(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """One line for each meter and action, in the order in which they are first named, with the sum of what they ask."""
    if len(lines) == 1:
        return lines
    alike: dict[tuple[str, str | None], list[Line]] = {}
    for line in lines:
        alike.setdefault((line.meter, line.action), []).append(line)
    return tuple([_summed(each) for each in alike.values()])


def _summed(alike: Sequence[Line]) -> Line:
    first = alike[0]
    if len(alike) == 1:
        return first
    why = explain.why_several([line.why for line in alike if line.why is not None])
    return Line(first.meter, sum(line.amount for line in alike), first.action, why)


def _owned_detail(owner: str, expires_at: int | None) -> str:
    """Whose a hold is, and its deadline if it has one, where the hash covers them."""
    if expires_at is None:
        return detail_text(owner=(None, owner))
    return detail_text(owner=(None, owner), expires_at=(None, expires_at))


def _set_aside(page: LedgerPage, command: Hold, line: Line, allowance: Allowance, detail: str | None) -> HeldLine:
    meter, amount, action, _ = line
    why = explain.why_held(page.book.catalogue.meters[meter], line, command.why)
    _, kind, starts_at, ends_at, _, _, _ = allowance
    page.move("hold", page.first, action, meter, (starts_at, ends_at), amount, 0, amount, 0, why, detail)
    return made(HeldLine, (meter, action, kind, starts_at, ends_at, amount, 0))


def _with_held(allowance: Allowance, amount: int) -> Allowance:
    meter, kind, starts_at, ends_at, limit, used, held = allowance
    return made(Allowance, (meter, kind, starts_at, ends_at, limit, used, held + amount))


def _exhausted(page: LedgerPage, command: Hold, fits: Sequence[bool]) -> Refusal:
    first = command.lines[fits.index(False)]
    allowance = page.running(first.meter)
    needed = sum(line.amount for line in command.lines if line.meter == first.meter)
    (rest,) = when_they_fit(page.book, page.account, [Line(first.meter, needed)], page.now)
    fitting = tuple(compress(command.lines, fits))
    shortage = Shortage(allowance, needed, page.account.calendar.zone, fitting, rest.fits_at)
    return Refusal(Status.ALLOWANCE_EXHAUSTED, page.account.id, page.now, 0, shortage)


def when_they_fit(book: Book, account: Account, lines: Iterable[Line], now: int) -> tuple[RefusedLine, ...]:
    """Deal lines that do not fit now out to the windows to come, in order, each to the first one with room for it."""
    places: dict[str, _Place] = {}
    dealt = []
    for line in lines:
        place = _next_place(book, account, line, places.get(line.meter), now)
        if place is not None:
            places[line.meter] = place
        dealt.append(RefusedLine(line.meter, line.action, line.amount, place.window.starts_at if place else None))
    return tuple(dealt)


class _Place(NamedTuple):
    """A window to come, and how much of it is spoken for."""

    window: Window
    taken: int


def _next_place(book: Book, account: Account, line: Line, last: _Place | None, now: int) -> _Place | None:
    """The first window at or behind `last` with room for the line; two are enough to see that there is none."""
    window = last.window if last else _following(account, window_of(account, book.catalogue, line.meter, now))
    taken = last.taken if last else 0
    for _ in range(2):
        if window is None:
            return None
        limit = fresh_allowance(account, book.catalogue, line.meter, window).limit
        if limit is None or taken + line.amount <= limit:
            return _Place(window, taken + line.amount)
        window, taken = _following(account, window), 0
    return None


def _following(account: Account, window: Window) -> Window | None:
    return None if window.ends_at is None else next_window(account.calendar, window)
