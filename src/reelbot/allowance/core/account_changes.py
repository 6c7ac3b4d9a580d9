"""Deciding changes of an account itself: opening it, its plan, its time zone, its exceptions.

A plan moves up at once: what is used stays used, the limit rises. It moves down, or is cancelled, at the end of the
running month, and until then it can be taken back. Whatever the order of moves, used and held stand against the limit of
the moment, so nothing is gained by moving. A move that waits for the end of the month waits for the end of that one,
wherever a change of zone puts it.
"""

from collections.abc import Mapping

from reelbot.allowance.core import explain
from reelbot.allowance.core.accounts import NO_OVERRIDES, Account, window_of
from reelbot.allowance.core.book import Book, Decision, LedgerPage
from reelbot.allowance.core.commands import ChangePlan, ChangeZone, Grant, Open, Override
from reelbot.allowance.core.entries import detail_text as _detail
from reelbot.allowance.core.outcomes import Answer, Refusal, Replay, Status
from reelbot.allowance.core.windows import first_calendar, local_text, moved, window_at
from reelbot.allowance.core.zone_change import moved_windows, zone_sentence


def decide_open(book: Book, command: Open, now: int) -> Decision | Replay:
    """Begin an account; its months begin on the day of the month on which it was opened, as it was there."""
    known = book.names.get(command.name)
    if known is not None:
        return Replay(Answer("open", book.lane, known, now, 0, None, None, (), (), (), command.plan, command.zone))
    calendar = first_calendar(command.zone, now)
    account = Account(book.lane, book.next_account, command.name, now, command.plan, None, None, calendar, NO_OVERRIDES)
    page = LedgerPage(book, account, now)
    detail = _detail(
        name=(None, command.name),
        plan=(None, command.plan),
        timezone=(None, command.zone),
        billing_day=(None, calendar.billing_day),
    )
    title = book.catalogue.plans[command.plan].title
    page.remark("open", explain.why_opened(command.name, title, command.zone), detail)
    return page.decision("open", page.figures(book.catalogue.meters), account=account)


def decide_grant(book: Book, account: Account, command: Grant, now: int) -> Decision:
    """Add to the limit of the running window; the next one begins with the plan's again."""
    page = LedgerPage(book, account, now)
    window = window_of(account, book.catalogue, command.meter, now)
    why = explain.why_granted(book.catalogue.meters[command.meter], command.amount, command.why)
    page.move("grant", 0, None, command.meter, window[1:], command.amount, 0, 0, command.amount, why)
    return page.decision("grant", page.figures((command.meter,)))


def decide_override(book: Book, account: Account, command: Override, now: int) -> Decision:
    """Set one limit apart from the plan, or let it follow the plan again."""
    overrides = {meter: limit for meter, limit in account.overrides.items() if meter != command.meter}
    if not command.by_plan:
        overrides[command.meter] = command.limit
    changed = account._replace(overrides=overrides)
    detail = _detail(limit=(_override_word(account.overrides, command.meter), _override_word(overrides, command.meter)))
    meter = book.catalogue.meters[command.meter]
    page = LedgerPage(book, changed, now)
    window = window_of(changed, book.catalogue, command.meter, now)
    why = explain.why_overridden(meter, command.limit, command.by_plan, command.why)
    page.move("override", 0, None, command.meter, window[1:], 0, 0, 0, 0, why, detail)
    return page.decision("override", page.figures((command.meter,)), account=changed)


def _override_word(overrides: Mapping[str, int | None], meter: str) -> int | str:
    if meter not in overrides:
        return "by plan"
    limit = overrides[meter]
    return "unlimited" if limit is None else limit


def change_plan(book: Book, account: Account, command: ChangePlan, now: int) -> Decision | Refusal:
    """Move up at once, down at the end of the month; naming the plan in force takes a scheduled move back."""
    present = account.plan_at(now)
    rises = book.catalogue.plans[command.plan].rank > book.catalogue.plans[present].rank
    if command.only == "down" and rises:
        return Refusal(Status.PLAN_HIGHER, account.id, now, 0)
    if command.only == "up" and not rises:
        return Refusal(Status.PLAN_NOT_HIGHER, account.id, now, 0)
    pending = account.next_plan if present == account.plan else None
    settled = account._replace(plan=present, next_plan=None, next_plan_at=None)
    if command.plan == present:
        return _stay(book, settled, pending, now)
    if command.by == "operator" or rises:
        return _move_plan(book, settled._replace(plan=command.plan), present, None, command.why, now)
    if command.plan == pending:
        return LedgerPage(book, account, now).decision("plan", ())
    ends_at = window_at(account.calendar, "month", now).ends_at
    later = settled._replace(next_plan=command.plan, next_plan_at=ends_at)
    return _move_plan(book, later, present, ends_at, command.why, now)


def _stay(book: Book, account: Account, pending: str | None, now: int) -> Decision:
    page = LedgerPage(book, account, now)
    if pending is None:
        return page.decision("plan", ())
    page.remark("plan", explain.why_stays(book.catalogue, account.plan), _detail(next_plan=(pending, None)))
    return page.decision("plan", page.figures(book.catalogue.meters), account=account)


def _move_plan(book: Book, changed: Account, present: str, at: int | None, why: str | None, now: int) -> Decision:
    page = LedgerPage(book, changed, now)
    plan = changed.next_plan or changed.plan
    effective = local_text(at, changed.calendar.zone) if at is not None else None
    detail = _detail(plan=(present, plan), effective_at=(None, at))
    page.remark("plan", explain.why_plan(book.catalogue, plan, effective, why), detail)
    return page.decision("plan", page.figures(book.catalogue.meters), account=changed)


def change_zone(book: Book, account: Account, command: ChangeZone, now: int) -> Decision:
    """Count days and months elsewhere; a scheduled change of plan comes with the end of the month that runs."""
    present = account.calendar.zone
    if command.zone == present:
        return LedgerPage(book, account, now).decision("zone", ())
    calendar = moved(account.calendar, command.zone, now)
    windows = _, month = moved_windows(account.calendar, calendar, now)
    changed, next_plan = account._replace(calendar=calendar), None
    if account.next_plan is not None and account.plan_at(now) == account.plan:
        changed, next_plan = changed._replace(next_plan_at=month.ends_at), book.catalogue.plans[account.next_plan].title
    page = LedgerPage(book, changed, now)
    why = zone_sentence(present, command.zone, windows, now, next_plan=next_plan, why=command.why)
    page.remark("zone", why, _zone_detail(account, changed))
    return page.decision("zone", page.figures(book.catalogue.meters), account=changed)


def _zone_detail(account: Account, changed: Account) -> str:
    """The zones, and the windows that run past the change, as they are kept: so the audit can compare."""
    before, after = account.calendar, changed.calendar
    return _detail(
        timezone=(before.zone, after.zone),
        day_turn=(before.day_turn, after.day_turn),
        month_turn=(before.month_turn, after.month_turn),
        next_plan_at=(account.next_plan_at, changed.next_plan_at),
    )
