"""Deciding a settlement, a release or an expiry: how a hold ends, or is not known yet; and refunds of what was settled.

A hold ends in the windows it was taken in, whatever the time is: yesterday's hold is yesterday's usage.

A hold that has an owner is concluded by commands of that owner only, in whatever state it is; all others are refused, so
that what was delivered on it stays charged. An owner's commands say so in their entries, for the audit.
"""

from collections.abc import Callable, Iterable

from reelbot.allowance.core import explain
from reelbot.allowance.core.accounts import Account
from reelbot.allowance.core.balances import Allowance
from reelbot.allowance.core.book import Book, Decision, HoldFacts, Page
from reelbot.allowance.core.commands import Expire, Line, MarkUnknown, Refund, Release, Settle
from reelbot.allowance.core.entries import Kind, detail_text
from reelbot.allowance.core.fast_tuple import made
from reelbot.allowance.core.outcomes import HeldLine, HoldState, InUse, Refusal, Status
from reelbot.allowance.core.plans import Meter
from reelbot.allowance.core.windows import window_at

_ENDED: dict[HoldState, Status] = {
    "settled": Status.HOLD_SETTLED,
    "released": Status.HOLD_RELEASED,
    "expired": Status.HOLD_EXPIRED,
}


_ByOwner = Settle | Release | MarkUnknown | Refund
"""Commands that only a hold's owner may give."""


def settle(book: Book, account: Account, command: Settle, now: int) -> Decision | Refusal:
    """Turn a hold into usage, in whole or in part."""
    hold = _unfinished(book, account, command, now)
    if isinstance(hold, Refusal):
        return hold
    amounts = _dealt(command.lines, hold.lines, [line.held for line in hold.lines])
    if amounts is None:
        return Refusal(Status.AMOUNT_ABOVE_HOLD, account.id, now, hold.id)
    page, detail = Page(book, account, now), _owned_detail(hold)
    lines = []
    for line, amount in zip(hold.lines, amounts, strict=True):
        why = explain.why_settled(book.catalogue.meters[line.meter], line, amount, command.why)
        _end(page, "settle", hold, line, amount, amount, why, detail)
        lines.append(_with_settled(line, amount))
    return _closed(page, "settle", hold, "settled", tuple(lines))


def release(book: Book, account: Account, command: Release, now: int) -> Decision | Refusal:
    """Give a hold back."""
    hold = _unfinished(book, account, command, now)
    if isinstance(hold, Refusal):
        return hold
    return _given_back(
        book,
        account,
        hold,
        "release",
        "released",
        now,
        lambda meter, line: explain.why_released(meter, line, command.why),
        _owned_detail(hold),
    )


def expire(book: Book, account: Account, command: Expire, now: int) -> Decision | Refusal:
    """Give an overdue hold back. An unknown one is never overdue: somebody is asking how it ended."""
    hold = book.holds.get((account.id, command.hold))
    if hold is None:
        return Refusal(Status.HOLD_NOT_FOUND, account.id, now, command.hold)
    if hold.state != "open" or hold.expires_at is None or now < hold.expires_at:
        return Refusal(_ENDED.get(hold.state, Status.HOLD_OPEN), account.id, now, hold.id)
    return _given_back(book, account, hold, "expire", "expired", now, explain.why_expired)


def mark_unknown(book: Book, account: Account, command: MarkUnknown, now: int) -> Decision | Refusal:
    """Keep a hold past its deadline until its outcome is known."""
    hold = _unfinished(book, account, command, now)
    if isinstance(hold, Refusal):
        return hold
    page, detail = Page(book, account, now), _owned_detail(hold)
    for line in hold.lines:
        why = explain.why_unknown(book.catalogue.meters[line.meter], line, command.why)
        page.move("unknown", hold.id, line.action, line.meter, line.window, line.held, 0, 0, 0, why, detail)
    return _closed(page, "unknown", hold, "unknown", hold.lines)


def refund(book: Book, account: Account, command: Refund, now: int) -> Decision | Refusal:
    """Take usage of a settled hold back, no more than was settled."""
    hold = _concluded(book, account, command, now)
    if isinstance(hold, Refusal):
        return hold
    state = hold.state_at(now)
    if state != "settled":
        return Refusal(_ENDED.get(state, Status.HOLD_OPEN), account.id, now, hold.id)
    amounts = _dealt(command.lines, hold.lines, [line.settled for line in hold.lines])
    if amounts is None or not any(amounts):
        return Refusal(Status.AMOUNT_ABOVE_HOLD, account.id, now, hold.id)
    page, detail = Page(book, account, now), _owned_detail(hold)
    lines = []
    for line, amount in zip(hold.lines, amounts, strict=True):
        lines.append(_with_settled(line, line.settled - amount))
        if amount:
            why = explain.why_refunded(book.catalogue.meters[line.meter], amount, command.why)
            page.move("refund", hold.id, line.action, line.meter, line.window, amount, -amount, 0, 0, why, detail)
    return _closed(page, "refund", hold, "settled", tuple(lines))


def _unfinished(book: Book, account: Account, command: _ByOwner, now: int) -> HoldFacts | Refusal:
    hold = _concluded(book, account, command, now)
    if isinstance(hold, Refusal):
        return hold
    ended = _ENDED.get(hold.state_at(now))
    return hold if ended is None else Refusal(ended, account.id, now, hold.id)


def _concluded(book: Book, account: Account, command: _ByOwner, now: int) -> HoldFacts | Refusal:
    """The hold that a command is about, if it is the command's to conclude. A hold without an owner is anybody's."""
    hold = book.holds.get((account.id, command.hold))
    if hold is None:
        return Refusal(Status.HOLD_NOT_FOUND, account.id, now, command.hold)
    if hold.owner is not None and hold.owner != command.owner:
        in_use = InUse(hold.owner, hold.state_at(now))
        return Refusal(Status.HOLD_IN_USE, account.id, now, hold.id, in_use=in_use)
    return hold


def _owned_detail(hold: HoldFacts) -> str | None:
    """Whose the hold is and whose command concludes it: the same, by `_concluded`. Kept so that the audit can see it."""
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


def _end(
    page: Page, kind: Kind, hold: HoldFacts, line: HeldLine, amount: int, used: int, why: str, detail: str | None
) -> None:
    page.move(kind, hold.id, line.action, line.meter, line.window, amount, used, -line.held, 0, why, detail)


def _given_back(
    book: Book,
    account: Account,
    hold: HoldFacts,
    kind: Kind,
    state: HoldState,
    now: int,
    sentence: Callable[[Meter, HeldLine], str],
    detail: str | None = None,
) -> Decision:
    page = Page(book, account, now)
    for line in hold.lines:
        _end(page, kind, hold, line, line.held, 0, sentence(book.catalogue.meters[line.meter], line), detail)
    return _closed(page, kind, hold, state, hold.lines)


def _with_settled(line: HeldLine, settled: int) -> HeldLine:
    meter, action, kind, window_start, window_end, held, _ = line
    return made(HeldLine, (meter, action, kind, window_start, window_end, held, settled))


def _closed(page: Page, kind: Kind, hold: HoldFacts, state: HoldState, lines: tuple[HeldLine, ...]) -> Decision:
    ended = made(HoldFacts, (hold.account, hold.id, state, hold.expires_at, lines, hold.owner))
    return page.decision(kind, _touched(page, lines), ended)


def _touched(page: Page, lines: Iterable[HeldLine]) -> tuple[Allowance, ...]:
    """The figures of the hold's own windows, each once; they may be over."""
    windows = {(meter, starts_at): (kind, ends_at) for meter, _, kind, starts_at, ends_at, _, _ in lines}
    return tuple([_figures(page, meter, kind, starts, ends) for (meter, starts), (kind, ends) in windows.items()])


def _figures(page: Page, meter: str, kind: str, starts_at: int, ends_at: int | None) -> Allowance:
    """The figures of a window that had this end when the hold was taken; a change of zone may have moved it since."""
    calendar = page.account.calendar
    if ends_at is not None and calendar.day_turn is not None:
        running = window_at(calendar, kind, page.now)
        if running.starts_at == starts_at:
            ends_at = running.ends_at
        elif running.starts_at > starts_at:
            ends_at = min(ends_at, running.starts_at)
    return page.allowance(meter, kind, starts_at, ends_at)
