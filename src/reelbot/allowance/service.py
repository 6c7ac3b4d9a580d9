"""The ledger as a service: quote, hold, settle, release, grant, usage, history. The front door of the allowance.

Every method that changes something takes an idempotency `key`: the same key with the same content is answered again
without a second effect. A refusal is raised as `Refused`; `submit` gives it as a value to callers who want that. Bad
input is `Malformed`; a database that cannot be reached is `DatabaseFailure`, and then nothing was written (`Ledger`).

A hold may have an `owner`, the id of what it is placed for, such as a job. It needs no deadline, and every call that ends
it has to name the same owner; whoever does not is refused with `hold_in_use`, in every state of the hold.
"""

import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from reelbot.allowance import validation
from reelbot.allowance.batch import Batch, Rider
from reelbot.allowance.catalogue import load_failures, load_plans, load_prices, require_plans
from reelbot.allowance.core import commands as ask
from reelbot.allowance.core.accounts import Account, limit_of, running_starts
from reelbot.allowance.core.balances import Allowance
from reelbot.allowance.core.book import Book, HoldFacts, LedgerPage
from reelbot.allowance.core.commands import AccountRef, ChangedBy, Command, Direction, Line, content_hash
from reelbot.allowance.core.entries import Entry
from reelbot.allowance.core.explain import refusal_sentence
from reelbot.allowance.core.failures import FailurePoint, FailureTable, settled_amount
from reelbot.allowance.core.fast_tuple import made
from reelbot.allowance.core.outcomes import Answer, Outcome, Refusal, Replay, Status
from reelbot.allowance.core.plans import Catalogue
from reelbot.allowance.core.prices import PriceList
from reelbot.allowance.core.reservation import weigh, when_they_fit
from reelbot.allowance.core.usage_by_hold import Taken, taken_by
from reelbot.allowance.core.windows import moved, window_at
from reelbot.allowance.core.zone_change import moved_windows, zone_sentence
from reelbot.allowance.deliveries import Deliveries, Delivery, first_uncharged, hold_numbers
from reelbot.allowance.faults import Fault
from reelbot.allowance.history_search import Found, HistorySearch
from reelbot.allowance.lifespan import opened_store
from reelbot.allowance.quotes import Item, PricedItem, QuoteExpired, QuoteSigner, at_most, priced
from reelbot.allowance.receipts import PlanChange, Quote, QuotedLine, Receipt, Refused, Usage, ZoneChange
from reelbot.allowance.store import Span, Store
from reelbot.allowance.sweeper import Sweeper
from reelbot.allowance.verify import AuditReport, verify
from reelbot.clock import Clock, system_clock
from reelbot.db import Connection
from reelbot.errors import Malformed
from reelbot.events import EventStream
from reelbot.ids import place_of
from reelbot.limits import WHY_LENGTH_MAX

What = Mapping[str, int] | Sequence[Line] | Sequence[Item] | Sequence[PricedItem]
"""What to hold: amounts by meter, lines, or items of the price list, perhaps priced already by `Ledger.priced`."""

Mode = Literal["all", "fit"]
"""All of it or nothing, or as many lines as fit in the order given."""


class Terms(NamedTuple):
    """What an operator sets: plans, prices, and what becomes of a hold when work fails."""

    catalogue: Catalogue
    prices: PriceList
    failures: FailureTable


def load_terms(plans: Path | None = None, prices: Path | None = None, failures: Path | None = None) -> Terms:
    """The terms in these files, or the packaged ones.

    Raises `ConfigFailure`, which names the file and line of every mistake.
    """
    catalogue = load_plans(plans)
    return Terms(catalogue, load_prices(prices, catalogue), load_failures(failures))


class Ledger:
    """The allowance of every account. Open it with `Ledger.open`; one instance belongs to one event loop.

    What a method raises stands at the end of its docstring; all of it is exported beside this class:

    - `Malformed`: what was asked cannot be meant. `QuoteExpired` is one, of a quote that was ours and is over.
    - `Refused`: an expected no, with its figures. Its statuses are named in brackets, in the order in which they are told.
    - `TooBusy`: more waits than the bound allows; try again in a moment.
    - `DatabaseFailure`: the database cannot be reached, is full, locked or damaged (`Damaged`), or the ledger is closed.
    - `ConfigFailure`: it cannot be opened with these files, plans, lanes or at this address.

    What a `rider` raises comes out of the method as it is. Nothing was written then. Only where the answer was lost with the
    connection may it have been; the same key tells.
    """

    def __init__(
        self,
        store: Store,
        events: EventStream,
        terms: Terms,
        clock: Clock = system_clock,
        sweep_seconds: float | None = 1.0,
    ) -> None:
        self.terms = terms
        self.events = events
        self.store = store
        self._clock = clock
        self._batches = [Batch(store, terms.catalogue, clock, lane, self._wake) for lane in range(store.lanes)]
        self._search = HistorySearch(store)
        self.sweeper = Sweeper(store, events, self.submit, clock, sweep_seconds or 0)
        self._sweeps = sweep_seconds is not None
        self._signer = QuoteSigner(b"")

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        address: str,
        *,
        terms: Terms | None = None,
        clock: Clock = system_clock,
        sweep_seconds: float | None = 1.0,
        lanes: int = 1,
    ) -> AsyncIterator["Ledger"]:
        """A ledger at `memory:`, `sqlite:///path` or `postgresql://…`, its tables made when they are missing.

        `sweep_seconds` is how often overdue holds are given back; None leaves that to another process. `lanes` is over
        how many lanes accounts are spread, on PostgreSQL; a database keeps the number that it was first opened with.

        Raises `ConfigFailure` for an address, lanes or plans that cannot be, `DatabaseFailure`.
        """
        async with opened_store(address, lanes) as (store, events):
            ledger = cls(store, events, terms or load_terms(), clock, sweep_seconds)
            await ledger.start()
            try:
                yield ledger
            finally:
                await ledger.stop()

    async def start(self) -> None:
        """Begin to serve.

        Raises `ConfigFailure` when the database has other lanes or an account's plan is unknown, `DatabaseFailure`.
        """
        await self.store.claim_lanes()
        require_plans(self.terms.catalogue, await self.store.plans_in_use())
        self._signer = QuoteSigner(await self.store.secret())
        for batch in self._batches:
            batch.start()
        if self._sweeps:
            self.sweeper.start()

    async def stop(self) -> None:
        """Answer what has been asked, then end."""
        await self.sweeper.stop()
        for batch in self._batches:
            await batch.stop()

    def _wake(self, answers: Sequence[Answer]) -> None:
        self.events.wake((answer.lane, answer.account) for answer in answers)

    # accounts

    async def account(
        self, name: str, *, plan: str = "free", timezone: str = "UTC", rider: Rider | None = None
    ) -> AccountRef:
        """The account of that name; opened on that plan and in that zone when there is none yet.

        Raises `Malformed`, `TooBusy`, `DatabaseFailure`.
        """
        name = validation.checked_name(name)
        lane = lane_of(name, self.store.lanes)
        self.terms.catalogue.plan_named(plan)
        command = ask.Open(lane, name, plan, validation.checked_zone(timezone))
        outcome = await self.submit(command, rider)
        assert not isinstance(outcome, Refusal), "opening an account is never refused"
        answer = outcome.answer if isinstance(outcome, Replay) else outcome
        return AccountRef(lane, answer.account, name)

    async def find(self, name: str) -> AccountRef | None:
        """The account of that name, if there is one.

        Raises `Malformed`, `DatabaseFailure`.
        """
        name = validation.checked_name(name)
        return await self.store.find(lane_of(name, self.store.lanes), name)

    async def accounts(self, after: AccountRef | None = None, count: int = 500) -> Sequence[Account]:
        """Accounts in the order in which they were opened.

        Raises `DatabaseFailure`.
        """
        return await self.store.accounts(after, count)

    # holds

    async def hold(
        self,
        account: AccountRef,
        what: What,
        *,
        key: str,
        expires_in: int | None = None,
        mode: Mode = "all",
        quote: str | None = None,
        why: str | None = None,
        owner: str | None = None,
        rider: Rider | None = None,
    ) -> Receipt:
        """Set amounts aside for `expires_in` seconds, or until its `owner` ends it, in one decision.

        With `quote`, no item costs more than was quoted, also where some of its items are left out. A `rider` writes in the
        same transaction, or not at all. Lines of one meter and action are kept as one, so the receipt may have fewer lines
        than were asked for.

        Raises `Malformed`, `QuoteExpired`, `Refused` (`account_not_found`, `key_reused`, `allowance_exhausted`),
        `TooBusy`, `DatabaseFailure`.
        """
        if mode not in ("all", "fit"):
            raise Malformed('mode must be "all" or "fit".', "mode")
        key, why, owner = validation.checked_key(key), validation.checked_why(why), validation.checked_owner(owner)
        seconds = None if owner is not None and expires_in is None else validation.checked_seconds(expires_in)
        try:
            lines = self._lines(account, what, quote)
        except QuoteExpired:
            known = await self.store.remembered(account, key)
            if known is None or known.content != _hold_content(what, mode, seconds, quote, why, owner):
                raise
            return Receipt(account, known.answer, replayed=True)  # held while the quote still counted
        content = _hold_content(what, mode, seconds, quote, why, owner)
        command = made(ask.Hold, (account.lane, account.id, key, content, lines, mode == "fit", seconds, why, owner))
        return await self._carried_out(account, command, rider)

    def priced(self, account: AccountRef, items: Sequence[Item], quote: str | None = None) -> tuple[PricedItem, ...]:
        """What each item costs now, under the ceiling of a quote; to be held as it is.

        Raises `Malformed`, `QuoteExpired`.
        """
        return self._priced(account, validation.checked_items(items), quote)

    def _lines(self, account: AccountRef, what: What, quote: str | None) -> tuple[Line, ...]:
        if isinstance(what, validation.LISTS) and what and isinstance(what[0], Item):
            return tuple(one.line for one in self._priced(account, validation.checked_items(what), quote))
        if isinstance(what, validation.LISTS) and what and isinstance(what[0], PricedItem):
            return validation.checked_lines(self.terms.catalogue, validation.checked_prices(what, quote), least=0)
        if quote is not None:
            raise Malformed("A quote goes with items, not with lines.", "quote")
        return validation.checked_lines(self.terms.catalogue, what, least=1)

    def _priced(self, account: AccountRef, items: tuple[Item, ...], quote: str | None) -> tuple[PricedItem, ...]:
        today = priced(self.terms.prices, items)
        if quote is None:
            return today
        return at_most(self._signer.amounts(quote, account.lane, account.id, self._clock()), today)

    async def settle(
        self,
        hold: Receipt | str,
        lines: Mapping[str, int] | Sequence[Line] | None = None,
        *,
        key: str | None = None,
        why: str | None = None,
        owner: str | None = None,
        asked_by: str | None = None,
        rider: Rider | None = None,
    ) -> Receipt:
        """Turn a hold into usage: all of it, or so much of each meter; the rest goes back. 0 is a fine amount.

        `asked_by` is the caller's own key of the request that the settlement carries out, where the hold has an owner:
        it is refused with `key_reused` when that key was used for anything else.

        Raises `Malformed`, `Refused` (`account_not_found`, `key_reused`, `hold_not_found`, `hold_in_use`,
        `hold_settled`, `hold_released`, `hold_expired`, `amount_above_hold`), `TooBusy`, `DatabaseFailure`.
        """
        account, number = _place(hold)
        owner = validation.checked_owner(owner)
        amounts = None if lines is None else validation.checked_lines(self.terms.catalogue, lines, least=0)
        content = content_hash("settle", number, amounts, validation.checked_why(why), *_named(owner))
        key = _key(key, content, owner) if asked_by is None else validation.checked_key(asked_by)
        command = made(ask.Settle, (account.lane, account.id, key, content, number, amounts, why, owner))
        return await self._carried_out(account, command, rider)

    async def release(
        self,
        hold: Receipt | str,
        *,
        key: str | None = None,
        why: str | None = None,
        owner: str | None = None,
        rider: Rider | None = None,
    ) -> Receipt:
        """Give a hold back.

        Raises `Malformed`, `Refused` (`account_not_found`, `key_reused`, `hold_not_found`, `hold_in_use`,
        `hold_settled`, `hold_released`, `hold_expired`), `TooBusy`, `DatabaseFailure`.
        """
        account, number = _place(hold)
        owner = validation.checked_owner(owner)
        content = content_hash("release", number, validation.checked_why(why), *_named(owner))
        command = ask.Release(*account[:2], _key(key, content, owner), content, number, why, owner)
        return await self._carried_out(account, command, rider)

    async def mark_unknown(
        self,
        hold: Receipt | str,
        *,
        key: str | None = None,
        why: str | None = None,
        owner: str | None = None,
        rider: Rider | None = None,
    ) -> Receipt:
        """Keep a hold, past its deadline if need be, until it is known how the work ended.

        Raises `Malformed`, `Refused` (`account_not_found`, `key_reused`, `hold_not_found`, `hold_in_use`,
        `hold_settled`, `hold_released`, `hold_expired`), `TooBusy`, `DatabaseFailure`.
        """
        account, number = _place(hold)
        owner = validation.checked_owner(owner)
        content = content_hash("unknown", number, validation.checked_why(why), *_named(owner))
        command = ask.MarkUnknown(*account[:2], _key(key, content, owner), content, number, why, owner)
        return await self._carried_out(account, command, rider)

    async def refund(
        self,
        hold: Receipt | str,
        lines: Mapping[str, int] | Sequence[Line] | None = None,
        *,
        key: str | None = None,
        why: str | None = None,
        owner: str | None = None,
        rider: Rider | None = None,
    ) -> Receipt:
        """Take back what a hold used, all or in part, in its own window. Removing a channel frees its place so.

        Raises `Malformed`, `Refused` (`account_not_found`, `key_reused`, `hold_not_found`, `hold_in_use`,
        `hold_released`, `hold_expired`, `hold_open`, `amount_above_hold`), `TooBusy`, `DatabaseFailure`.
        """
        account, number = _place(hold)
        owner = validation.checked_owner(owner)
        amounts = None if lines is None else validation.checked_lines(self.terms.catalogue, lines, least=1)
        content = content_hash("refund", number, amounts, validation.checked_why(why), *_named(owner))
        command = ask.Refund(*account[:2], _key(key, content, owner), content, number, amounts, why, owner)
        return await self._carried_out(account, command, rider)

    async def conclude(
        self,
        hold: Receipt | str,
        point: FailurePoint,
        delivered: Mapping[str, int] | None = None,
        *,
        key: str | None = None,
        owner: str | None = None,
        rider: Rider | None = None,
    ) -> Receipt:
        """End a hold whose work failed, by the table of failure points. `delivered` is what arrived, by meter.

        Raises `Malformed`, `Refused` (`key_reused`, `hold_not_found`, `hold_in_use`, `hold_settled`, `hold_released`,
        `hold_expired`), `TooBusy`, `DatabaseFailure`.
        """
        account, number = _place(hold)
        if delivered:
            validation.checked_lines(self.terms.catalogue, delivered, least=0)
        facts = await self.store.hold(account, number)
        if facts is None:
            raise self._refused(Refusal(Status.HOLD_NOT_FOUND, account.id, self._clock(), number))
        rule = self.terms.failures[point]
        amounts = _settled_amounts(facts, rule.rule_for, delivered or {})
        if amounts is None:
            return await self.mark_unknown(hold, key=key, why=rule.sentence, owner=owner, rider=rider)
        if not any(amounts.values()):
            return await self.release(hold, key=key, why=rule.sentence, owner=owner, rider=rider)
        return await self.settle(hold, amounts, key=key, why=rule.sentence, owner=owner, rider=rider)

    async def use_key(self, account: AccountRef, key: str, content: str, *, rider: Rider) -> Receipt:
        """Use a caller's key for something that is not counted here; the `rider` writes it.

        So one key is one request over all that an account can ask for, decided in one place: `key_reused` when it was used
        for anything else, `replayed`, and nothing written, when it was used for the same `content`.

        Raises `Malformed`, `Refused` (`account_not_found`, `key_reused`), `TooBusy`, `DatabaseFailure`.
        """
        command = ask.UseKey(*account[:2], validation.checked_key(key), content_hash("key", content))
        return await self._carried_out(account, command, rider)

    # what an operator or the account itself changes

    async def grant(self, account: AccountRef, meter: str, amount: int, *, key: str, why: str) -> Receipt:
        """Add to one limit in the window that runs now.

        Raises `Malformed`, `Refused` (`account_not_found`, `key_reused`), `TooBusy`, `DatabaseFailure`.
        """
        self.terms.catalogue.meter_named(meter)
        validation.checked_amount(amount, 1, "amount")
        reason = validation.checked_text(why, WHY_LENGTH_MAX, "why")
        content = content_hash("grant", meter, amount, why)
        command = ask.Grant(*account[:2], validation.checked_key(key), content, meter, amount, reason)
        return await self._carried_out(account, command)

    async def override(
        self, account: AccountRef, meter: str, limit: int | Literal["plan"] | None, *, key: str, why: str
    ) -> Receipt:
        """Set one limit of one account: a number, None for unlimited, or "plan" to follow the plan again.

        Raises `Malformed`, `Refused` (`account_not_found`, `key_reused`), `TooBusy`, `DatabaseFailure`.
        """
        self.terms.catalogue.meter_named(meter)
        by_plan = limit == "plan"
        figure = None if limit is None or limit == "plan" else validation.checked_amount(limit, 0, "limit")
        reason = validation.checked_text(why, WHY_LENGTH_MAX, "why")
        content = content_hash("override", meter, limit, why)
        command = ask.Override(*account[:2], validation.checked_key(key), content, meter, figure, by_plan, reason)
        return await self._carried_out(account, command)

    async def change_plan(
        self,
        account: AccountRef,
        plan: str,
        *,
        key: str,
        by: ChangedBy = "account",
        why: str | None = None,
        only: Direction | None = None,
        rider: Rider | None = None,
    ) -> Receipt:
        """Move to a plan: up at once, down at the end of the month; an operator's move is always at once.

        With `only`, a move in the other direction is `Refused`, as the plans stand when it is decided. A `rider` writes in
        the same transaction, or not at all.

        Raises `Malformed`, `Refused` (`account_not_found`, `key_reused`, `plan_higher`, `plan_not_higher`), `TooBusy`,
        `DatabaseFailure`.
        """
        self.terms.catalogue.plan_named(plan)
        if by not in ("account", "operator"):
            raise Malformed('by must be "account" or "operator".', "by")
        if only not in (None, "up", "down"):
            raise Malformed('only must be "up" or "down".', "only")
        key, why = validation.checked_key(key), validation.checked_why(why)
        content = content_hash("plan", plan, by, why)
        command = ask.ChangePlan(*account[:2], key, content, plan, by, why, only)
        return await self._carried_out(account, command, rider)

    async def change_zone(self, account: AccountRef, timezone: str, *, key: str, why: str | None = None) -> Receipt:
        """Count days and months in another zone; each date opens one day, each billing date one month, in any zone.

        `zone_change` tells what becomes of the running windows.

        Raises `Malformed`, `Refused` (`account_not_found`, `key_reused`), `TooBusy`, `DatabaseFailure`.
        """
        key, why = validation.checked_key(key), validation.checked_why(why)
        zone, content = validation.checked_zone(timezone), content_hash("zone", timezone, why)
        return await self._carried_out(account, ask.ChangeZone(*account[:2], key, content, zone, why))

    # what there is to see

    async def usage(self, account: AccountRef) -> Usage:
        """Every allowance of an account, now.

        Raises `Refused` (`account_not_found`), `DatabaseFailure`.
        """
        page, cursor = await self._page(account)
        facts, meters = page.account, page.figures(self.terms.catalogue.meters)
        scheduled = facts.next_plan is not None and page.plan == facts.plan
        next_plan, next_plan_at = (facts.next_plan, facts.next_plan_at) if scheduled else (None, None)
        ref, zone = AccountRef(facts.lane, facts.id, facts.name), facts.calendar.zone
        return Usage(ref, page.plan, next_plan, next_plan_at, zone, page.now, meters, cursor)

    async def quote(self, account: AccountRef, items: Sequence[Item]) -> Quote:
        """What items would cost at most, and which of them fit now; changes nothing.

        Raises `Malformed`, `Refused` (`account_not_found`), `DatabaseFailure`.
        """
        listed = priced(self.terms.prices, validation.checked_items(items))
        page, _ = await self._page(account)
        lines, figures = _quoted(page, listed)
        totals: dict[str, int] = {}
        for one in listed:
            totals[one.line.meter] = totals.get(one.line.meter, 0) + one.line.amount
        quote, expires_at = self._signer.sign(account.lane, account.id, listed, page.now)
        return Quote(quote, lines, totals, all(one.fits for one in lines), figures, expires_at)

    async def fitting(self, account: AccountRef, items: Sequence[Item], quote: str | None) -> tuple[QuotedLine, ...]:
        """Which items fit now and when the others will, each at most at the price of a quote; changes nothing.

        No quote comes of it: a ceiling is never prolonged.

        Raises `Malformed`, `QuoteExpired`, `Refused` (`account_not_found`), `DatabaseFailure`.
        """
        listed = self._priced(account, validation.checked_items(items), quote)
        page, _ = await self._page(account)
        lines, _ = _quoted(page, listed)
        return lines

    async def outlook(self, account: AccountRef, lines: Sequence[Line]) -> list[int | None]:
        """When each of these lines will fit, in the order given: now, at the start of a window to come, or None: never.

        Each takes its place before the next is looked at, and nothing else is used meanwhile; changes nothing.

        Raises `Malformed`, `Refused` (`account_not_found`), `DatabaseFailure`.
        """
        wanted = validation.checked_lines(self.terms.catalogue, tuple(lines), least=1)
        page, _ = await self._page(account)
        fits, _ = weigh(page, wanted)
        missing = [line for line, fit in zip(wanted, fits, strict=True) if not fit]
        rest = iter(when_they_fit(page.book, page.account, missing, page.now))
        return [page.now if fit else next(rest).fits_at for fit in fits]

    async def plan_change(self, account: AccountRef, plan: str) -> PlanChange:
        """What moving to a plan would do, and when; changes nothing.

        Raises `Malformed`, `Refused` (`account_not_found`), `DatabaseFailure`.
        """
        target = self.terms.catalogue.plan_named(plan)
        page, _ = await self._page(account)
        facts, now, present = page.account, page.now, page.plan
        stays, cancels = plan == present, facts.next_plan if present == facts.plan else None
        later = target.rank < self.terms.catalogue.plans[present].rank
        effective_at = window_at(facts.calendar, "month", now).ends_at if later else None
        moved = facts._replace(plan=plan, next_plan=None, next_plan_at=None)
        limits = {
            meter: (self._limit(facts, meter, now), self._limit(moved, meter, now))
            for meter in self.terms.catalogue.meters
        }
        return PlanChange(present, plan, stays, effective_at, cancels, limits)

    async def zone_change(self, account: AccountRef, timezone: str) -> ZoneChange:
        """What moving to a time zone would do to the running day and month; changes nothing.

        Raises `Malformed`, `Refused` (`account_not_found`), `DatabaseFailure`.
        """
        zone = validation.checked_zone(timezone)
        page, _ = await self._page(account)
        facts, now, before = page.account, page.now, page.account.calendar
        next_plan = facts.next_plan if page.plan == facts.plan else None
        if zone == before.zone:
            stays = f"Days are counted in {zone}; nothing changes."
            return ZoneChange(zone, zone, True, (), next_plan, facts.next_plan_at if next_plan else None, stays)
        windows = _, month = moved_windows(before, moved(before, zone, now), now)
        title = self.terms.catalogue.plans[next_plan].title if next_plan else None
        told = zone_sentence(before.zone, zone, windows, now, next_plan=title)
        return ZoneChange(before.zone, zone, False, windows, next_plan, month.ends_at if next_plan else None, told)

    def _limit(self, account: Account, meter: str, now: int) -> int | None:
        return limit_of(account, self.terms.catalogue, meter, now, granted=0)

    async def hold_facts(self, account: AccountRef, hold: str) -> HoldFacts | None:
        """A hold of this account with the state that counts now; None when there is no such hold.

        Raises `DatabaseFailure`.
        """
        place = place_of(hold)
        if place is None or (place.kind, place.lane, place.account) != ("hold", account.lane, account.id):
            return None
        facts = await self.store.hold(account, place.seq)
        return None if facts is None else facts._replace(state=facts.state_at(self._clock()))

    async def history(self, account: AccountRef, span: Span) -> Sequence[Entry]:
        """A page of the account's ledger, newest first, however many entries have to be looked through for it.

        Raises `Malformed`, `DatabaseFailure`.
        """
        return (await self._search.found(account, validation.checked_span(span), is_bounded=False)).entries

    async def found(self, account: AccountRef, span: Span) -> Found:
        """The same as far as it is found within a bounded time, and where the search goes on.

        Raises `Malformed`, `DatabaseFailure`.
        """
        return await self._search.found(account, validation.checked_span(span))

    async def taken(self, account: AccountRef, holds: Sequence[int]) -> dict[str, Taken]:
        """What some holds, by their numbers, used and still hold in all, by meter.

        Raises `Malformed`, `DatabaseFailure`.
        """
        return taken_by(await self.store.holds_of(account, validation.checked_holds(holds)), self._clock())

    async def verify(self, rooms: Sequence[Deliveries] = ()) -> AuditReport:
        """Recompute every account from its entries and compare; may run beside live servers and changes nothing.

        `rooms` name what they delivered to an account without its charge.

        Raises `DatabaseFailure`.
        """
        return await verify(self.store, rooms)

    async def first_uncharged(
        self, connection: Connection | None, account: AccountRef, deliveries: Sequence[Delivery]
    ) -> Fault | None:
        """The first of these deliveries that its hold does not pay for, at the instant of a caller's reading.

        Raises `DatabaseFailure`.
        """
        holds = await self.store.holds_on(connection, account, hold_numbers(deliveries))
        return first_uncharged(account.name, deliveries, holds)

    async def _page(self, account: AccountRef) -> tuple[LedgerPage, int]:
        """The account with its running balances, ready to be weighed, and the last event that they already contain."""
        now, catalogue = self._clock(), self.terms.catalogue
        snapshot = await self.store.snapshot(account, lambda facts: running_starts(facts, catalogue, now))
        if snapshot is None:
            raise self._refused(Refusal(Status.ACCOUNT_NOT_FOUND, account.id, now, 0))
        book = Book(catalogue, account.lane)
        book.balances.update(snapshot.balances)
        return LedgerPage(book, snapshot.account, now), snapshot.cursor

    # carrying out

    async def submit(self, command: Command, rider: Rider | None = None) -> Outcome:
        """Have a command decided and written; a refusal comes back as a value.

        Raises `TooBusy`, `DatabaseFailure`.
        """
        if not 0 <= command.lane < len(self._batches):
            return Refusal(Status.ACCOUNT_NOT_FOUND, command.account, self._clock(), 0)
        return await self._batches[command.lane].submit(command, rider)

    async def _carried_out(self, account: AccountRef, command: Command, rider: Rider | None = None) -> Receipt:
        outcome = await self.submit(command, rider)
        if isinstance(outcome, Answer):
            return made(Receipt, (account, outcome, False))
        if isinstance(outcome, Refusal):
            raise self._refused(outcome)
        return Receipt(account, outcome.answer, replayed=True)

    def _refused(self, refusal: Refusal) -> Refused:
        return Refused(refusal, refusal_sentence(self.terms.catalogue, refusal))


def lane_of(name: str, lanes: int) -> int:
    """The lane of an account: by its name, so that a name is unique wherever its rows are kept. Never changes."""
    return zlib.crc32(name.encode()) % lanes


def _place(hold: Receipt | str) -> tuple[AccountRef, int]:
    if isinstance(hold, Receipt):
        return hold.account, hold.answer.hold
    place = place_of(hold) if isinstance(hold, str) else None
    if place is None or place.kind != "hold":
        raise Malformed("This is not the id of a hold.", "hold")
    return AccountRef(place.lane, place.account, ""), place.seq


def _hold_content(
    what: What, mode: Mode, seconds: int | None, quote: str | None, why: str | None, owner: str | None
) -> bytes:
    asked = tuple(what.items()) if isinstance(what, Mapping) else tuple(what)
    return content_hash("hold", asked, mode, seconds, quote, why, *_named(owner))


def _named(owner: str | None) -> tuple[str, ...]:
    """The owner as a part of what was asked; none for a caller, whose requests keep the hash that they always had."""
    return () if owner is None else (owner,)


_OWNED = "\x1f"
"""What the keys begin with by which owners end their holds. Callers' keys are printable, so none of them is one of these."""


def _key(key: str | None, content: bytes, owner: str | None) -> str:
    """The caller's key, or one that makes the same request the same command."""
    chosen = f"~{content.hex()}" if key is None else validation.checked_key(key)
    return chosen if owner is None else f"{_OWNED}{chosen}"


def _quoted(page: LedgerPage, listed: Sequence[PricedItem]) -> tuple[tuple[QuotedLine, ...], tuple[Allowance, ...]]:
    """Each item with whether it fits and when it will, and the figures with the fitting ones held."""
    fits, figures = weigh(page, [one.line for one in listed])
    rest = iter(when_they_fit(page.book, page.account, _missing(listed, fits), page.now))
    lines = tuple(
        QuotedLine(one, fit, None if fit else next(rest).fits_at) for one, fit in zip(listed, fits, strict=True)
    )
    return lines, tuple(figures.values())


def _missing(listed: Sequence[PricedItem], fits: Sequence[bool]) -> list[Line]:
    return [one.line for one, fit in zip(listed, fits, strict=True) if not fit]


def _settled_amounts(
    facts: HoldFacts, rule_for: Callable[[str], Any], delivered: Mapping[str, int]
) -> dict[str, int] | None:
    """How much of each meter becomes usage by the rules; None when the hold stays as it is."""
    held: dict[str, int] = {}
    for line in facts.lines:
        held[line.meter] = held.get(line.meter, 0) + line.held
    amounts: dict[str, int] = {}
    for meter, amount in held.items():
        settled = settled_amount(rule_for(meter), amount, delivered.get(meter, 0))
        if settled is None:
            return None
        amounts[meter] = settled
    return amounts
