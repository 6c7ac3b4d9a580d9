"""Deciding a settlement, a release or an expiry: how a hold ends, or is not known yet; and refunds of what was settled.

Whether a command may do so, and to which state it leads, is for the table to say (`hold_moves`); here its figures are
counted. A hold ends in the windows it was taken in, whatever the time is: yesterday's hold is yesterday's usage. Commands
of a hold's owner say so in their entries, for the audit.
"""

from collections.abc import Iterable

from reelbot.allowance.core import explain
from reelbot.allowance.core.accounts import Account
from reelbot.allowance.core.balances import Allowance
from reelbot.allowance.core.book import Book, Decision, HoldFacts, LedgerPage
from reelbot.allowance.core.commands import Expire, Line, MarkUnknown, Refund, Release, Settle
from reelbot.allowance.core.entries import detail_text
from reelbot.allowance.core.fast_tuple import made
from reelbot.allowance.core.hold_moves import Move, Moved, moved
from reelbot.allowance.core.outcomes import HeldLine, InUse, Refusal, Status
from reelbot.allowance.core.windows import window_at


def settle(book: Book, account: Account, command: Settle, now: int) -> Decision | Refusal:
    """Turn a hold into usage, in whole or in part."""
    found = _found(book, account, command.hold, "settle", command.owner, now)
    if isinstance(found, Refusal):
        return found
    hold = found.hold
    amounts = _dealt(command.lines, hold.lines, [line.held for line in hold.lines])
    if amounts is None:
        return Refusal(Status.AMOUNT_ABOVE_HOLD, account.id, now, hold.id)
    page, detail = LedgerPage(book, account, now), _owned_detail(hold)
    lines = []
    for line, amount in zip(hold.lines, amounts, strict=True):
        why = explain.why_settled(book.catalogue.meters[line.meter], line, amount, command.why)
        page.move("settle", hold.id, line.action, line.meter, line.window, amount, amount, -line.held, 0, why, detail)
        lines.append(_with_settled(line, amount))
    return _closed(page, "settle", found, tuple(lines))


def release(book: Book, account: Account, command: Release, now: int) -> Decision | Refusal:
    """Give a hold back."""
    found = _found(book, account, command.hold, "release", command.owner, now)
    if isinstance(found, Refusal):
        return found
    meters = book.catalogue.meters
    reasons = [explain.why_released(meters[line.meter], line, command.why) for line in found.hold.lines]
    return _given_back(LedgerPage(book, account, now), "release", found, reasons, _owned_detail(found.hold))


def expire(book: Book, account: Account, command: Expire, now: int) -> Decision | Refusal:
    """Give an overdue hold back. An unknown one is never overdue: somebody is asking how it ended."""
    found = _found(book, account, command.hold, "expire", None, now)
    if isinstance(found, Refusal):
        return found
    reasons = [explain.why_expired(book.catalogue.meters[line.meter], line) for line in found.hold.lines]
    return _given_back(LedgerPage(book, account, now), "expire", found, reasons, None)


def mark_unknown(book: Book, account: Account, command: MarkUnknown, now: int) -> Decision | Refusal:
    """Keep a hold past its deadline until its outcome is known."""
    found = _found(book, account, command.hold, "unknown", command.owner, now)
    if isinstance(found, Refusal):
        return found
    hold = found.hold
    page, detail = LedgerPage(book, account, now), _owned_detail(hold)
    for line in hold.lines:
        why = explain.why_unknown(book.catalogue.meters[line.meter], line, command.why)
        page.move("unknown", hold.id, line.action, line.meter, line.window, line.held, 0, 0, 0, why, detail)
    return _closed(page, "unknown", found, hold.lines)


def refund(book: Book, account: Account, command: Refund, now: int) -> Decision | Refusal:
    """Take usage of a settled hold back, no more than was settled."""
    found = _found(book, account, command.hold, "refund", command.owner, now)
    if isinstance(found, Refusal):
        return found
    hold = found.hold
    amounts = _dealt(command.lines, hold.lines, [line.settled for line in hold.lines])
    if amounts is None or not any(amounts):
        return Refusal(Status.AMOUNT_ABOVE_HOLD, account.id, now, hold.id)
    page, detail = LedgerPage(book, account, now), _owned_detail(hold)
    lines = []
    for line, amount in zip(hold.lines, amounts, strict=True):
        lines.append(_with_settled(line, line.settled - amount))
        if amount:
            why = explain.why_refunded(book.catalogue.meters[line.meter], amount, command.why)
            page.move("refund", hold.id, line.action, line.meter, line.window, amount, -amount, 0, 0, why, detail)
    return _closed(page, "refund", found, tuple(lines))


def _found(book: Book, account: Account, number: int, move: Move, owner: str | None, now: int) -> Moved | Refusal:
    """The hold that a command is about and the state that it leads to, or the refusal with what it tells."""
    found = moved(book.holds.get((account.id, number)), move, owner, now)
    if isinstance(found, Moved):
        return found
    if isinstance(found, InUse):
        return Refusal(Status.HOLD_IN_USE, account.id, now, number, in_use=found)
    return Refusal(found, account.id, now, number)


def _owned_detail(hold: HoldFacts) -> str | None:
    """Whose the hold is and whose command moves it: the same, by `moved`. Kept so that the audit can see it."""
    return None if hold.owner is None else detail_text(owner=(hold.owner, hold.owner))


def _dealt(asked: tuple[Line, ...] | None, lines: tuple[HeldLine, ...], rooms: list[int]) -> list[int] | None:
    """Deal amounts by meter out to the lines of a hold, in their order; None when there is not that much room."""
    if asked is None:
        return rooms
    wanted: dict[str, int] = {}
    for line in asked:
        wanted[line.meter] = wanted.get(line.meter, 0) + line.amount
    dealt = []
    for held, room in zip(lines, rooms, strict=True):
        amount = min(room, wanted.get(held.meter, 0))
        wanted[held.meter] = wanted.get(held.meter, 0) - amount
        dealt.append(amount)
    return None if any(wanted.values()) else dealt


def _given_back(page: LedgerPage, kind: Move, found: Moved, reasons: Iterable[str], detail: str | None) -> Decision:
    hold = found.hold
    for line, why in zip(hold.lines, reasons, strict=True):
        page.move(kind, hold.id, line.action, line.meter, line.window, line.held, 0, -line.held, 0, why, detail)
    return _closed(page, kind, found, hold.lines)


def _with_settled(line: HeldLine, settled: int) -> HeldLine:
    meter, action, kind, window_start, window_end, held, _ = line
    return made(HeldLine, (meter, action, kind, window_start, window_end, held, settled))


def _closed(page: LedgerPage, kind: Move, found: Moved, lines: tuple[HeldLine, ...]) -> Decision:
    hold = found.hold
    after = made(HoldFacts, (hold.account, hold.id, found.state, hold.expires_at, lines, hold.owner))
    return page.decision(kind, _touched(page, lines), after)


def _touched(page: LedgerPage, lines: Iterable[HeldLine]) -> tuple[Allowance, ...]:
    """The figures of the hold's own windows, each once; they may be over."""
    windows = {(meter, starts_at): (kind, ends_at) for meter, _, kind, starts_at, ends_at, _, _ in lines}
    return tuple([_figures(page, meter, kind, starts, ends) for (meter, starts), (kind, ends) in windows.items()])


def _figures(page: LedgerPage, meter: str, kind: str, starts_at: int, ends_at: int | None) -> Allowance:
    """The figures of a window that had this end when the hold was taken; a change of zone may have moved it since."""
    calendar = page.account.calendar
    if ends_at is not None and calendar.day_turn is not None:
        running = window_at(calendar, kind, page.now)
        if running.starts_at == starts_at:
            ends_at = running.ends_at
        elif running.starts_at > starts_at:
            ends_at = min(ends_at, running.starts_at)
    return page.allowance(meter, kind, starts_at, ends_at)
