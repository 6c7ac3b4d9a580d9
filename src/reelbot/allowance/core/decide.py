"""The decision: (facts, command, now) in, a `Decision`, a `Replay` or a `Refusal` out. Nothing else decides anything.

Called by the batch, command after command, against a `Book` of facts that takes each decision before the next command is
looked at. So a hundred callers of one account are decided in memory, in order.

What a command may do to a hold that is there is a table: `hold_moves`.
"""

from collections.abc import Iterable
from typing import assert_never

from reelbot.allowance.core.account_changes import change_plan, change_zone, decide_grant, decide_open, decide_override
from reelbot.allowance.core.accounts import Account, window_of
from reelbot.allowance.core.book import BalanceKey, Book, Decision, LedgerPage
from reelbot.allowance.core.commands import (
    ChangePlan,
    ChangeZone,
    Command,
    Expire,
    Grant,
    Hold,
    MarkUnknown,
    Open,
    Override,
    Refund,
    Release,
    Settle,
    UseKey,
)
from reelbot.allowance.core.outcomes import Refusal, Replay, Status
from reelbot.allowance.core.reservation import decide_hold
from reelbot.allowance.core.settlement import expire, mark_unknown, refund, release, settle

_CONCLUDING = (Settle, Release, MarkUnknown, Expire, Refund)
"""Commands about a hold that is there. Made once: a union of types that is written where it is asked for is made anew for
each command, which takes ten times as long as the answer."""


def decide(book: Book, command: Command, now: int) -> Decision | Replay | Refusal:
    """Decide one command. The first reason against it, in the order of `Status`, is the one that is told."""
    if isinstance(command, Open):
        return decide_open(book, command, now)
    account = book.accounts.get(command.account)
    if account is None:
        return Refusal(Status.ACCOUNT_NOT_FOUND, command.account, now, 0)
    if command.key:
        known = book.known.get((command.account, command.key))
        if known is not None:
            same = known.content == command.content
            return Replay(known.answer) if same else Refusal(Status.KEY_REUSED, command.account, now, 0)
    if isinstance(command, UseKey):
        return LedgerPage(book, account, now).decision("key", ())
    return _decide_new(book, account, command, now)


def _decide_new(book: Book, account: Account, command: Command, now: int) -> Decision | Refusal:
    match command:
        case Hold():
            return decide_hold(book, account, command, now)
        case Settle():
            return settle(book, account, command, now)
        case Release():
            return release(book, account, command, now)
        case Expire():
            return expire(book, account, command, now)
        case MarkUnknown():
            return mark_unknown(book, account, command, now)
        case Refund():
            return refund(book, account, command, now)
        case Grant():
            return decide_grant(book, account, command, now)
        case Override():
            return decide_override(book, account, command, now)
        case ChangePlan():
            return change_plan(book, account, command, now)
        case ChangeZone():
            return change_zone(book, account, command, now)
        case Open() | UseKey():
            raise AssertionError("these two are decided before")
        case _:
            assert_never(command)


def balances_needed(book: Book, command: Command, now: int) -> Iterable[BalanceKey]:
    """The balances that `decide` will look at; all other facts of the command are already in the book."""
    account = book.accounts.get(command.account)
    if account is None:
        return ()
    if isinstance(command, UseKey):
        return ()
    if isinstance(command, Hold):
        return [_running_key(book, account, line.meter, now) for line in command.lines]
    if isinstance(command, _CONCLUDING):
        hold = book.holds.get((account.id, command.hold))
        return [(account.id, line.meter, line.window_start) for line in hold.lines] if hold else ()
    return [_running_key(book, account, meter, now) for meter in book.catalogue.meters]


def _running_key(book: Book, account: Account, meter: str, now: int) -> BalanceKey:
    return account.id, meter, window_of(account, book.catalogue, meter, now).starts_at
