"""Subscriptions as a service: who may move to which plan, requests for higher ones, and what operators decide of them.

The one place that the API, the pages and the command line go through, so that no route gets round the rule. Whether a move
goes up is decided in the ledger's core, with the plan as it stands there: a look beforehand could be a moment too old.

An expected no is a `SubscriptionRefused`, bad input `Malformed`, a used-up idempotency key the ledger's own `Refused`.
"""

import hashlib
import logging
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from reelbot.accounts import Accounts, RecordKind
from reelbot.allowance import AccountRef, Answer, Ledger, PlanChange, Receipt, Refusal, Refused, Status
from reelbot.clock import DAY, Clock
from reelbot.db import Connection, PostgresDatabase, SqliteDatabase
from reelbot.errors import DatabaseFailure, Malformed
from reelbot.events import EventStream, NewEvent, Place
from reelbot.ids import place_of
from reelbot.limits import ANSWER_KEPT_DAYS, KEY_LENGTH_MAX
from reelbot.subscriptions.core.requests import (
    ASKED_A_DAY_MAX,
    KIND,
    REASON_LENGTH_MAX,
    UNANSWERED_KEPT_DAYS,
    PlanRequest,
    RequestState,
    SubscriptionRefused,
)
from reelbot.subscriptions.core.rules import Offer, PlanChanges, moves_at_once, offer_of, rule_for
from reelbot.subscriptions.store import KnownKey, RequestStore, new_number
from reelbot.subscriptions.views import Audience, request_told, title_of

EVENT_KIND = "plan_request"
"""What events of this room are called."""

OPERATORS_TOLD_MAX = 20
"""Operators who are told of a request in their own stream: each is a row more in its transaction. All see it on their
page."""

LATEST = 2**62
"""An instant and a number after all others: where the newest page begins."""

_OWN_MOVE = "Moved by its owner, an operator"
_REUSED = "This idempotency key was used for another request. Use a new key for a new request."
CLOSED = "Plans are changed by whoever runs this server. Ask them for another one."
"""What somebody is told who may not move up by themselves."""

_NOWHERE = "This server keeps its ledger in memory, where nothing can be requested."
_NO_REQUEST = "There is no such request."
_MANY = f"You can request a plan {ASKED_A_DAY_MAX} times a day. Wait for an answer, or try again tomorrow."

_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class PlanMoved(NamedTuple):
    """A move that the account was free to make, now or scheduled; `receipt` is the ledger's."""

    receipt: Receipt


class Requested(NamedTuple):
    """A request that an operator will decide; `replayed` when the same key had made it before."""

    request: PlanRequest
    replayed: bool


class Subscriptions:
    """The plans of all accounts of a ledger. Belongs to one event loop.

    Without a `database` (a ledger in memory) there is nobody to ask: what would be a request is refused.
    """

    def __init__(
        self,
        ledger: Ledger,
        events: EventStream,
        clock: Clock,
        setting: PlanChanges | None = None,
        database: SqliteDatabase | PostgresDatabase | None = None,
        accounts: Accounts | None = None,
    ) -> None:
        self._ledger = ledger
        self._events = events
        self._clock = clock
        self._setting = setting
        self._accounts = accounts
        self._store = None if database is None else RequestStore(database)

    # what an account does

    async def offer(self, account: AccountRef, plan: str, *, is_operator: bool) -> Offer:
        """What choosing a plan would do; changes nothing."""
        change = await self._ledger.plan_change(account, plan)
        return offer_of(change, self._is_higher(change), self.rule(is_operator), is_operator)

    def rule(self, is_operator: bool) -> PlanChanges:
        """The rule for whoever asks."""
        return rule_for(self._setting, is_operator)

    async def change(
        self, account: AccountRef, plan: str, *, is_operator: bool, key: str, is_own_key: bool = True
    ) -> PlanMoved | Requested:
        """Choose a plan: moves where that is free, and else asks for it. `SubscriptionRefused` where that is closed.

        `is_own_key` is False for a key that the caller did not choose, which nobody will repeat.
        """
        self._ledger.terms.catalogue.plan_named(plan)
        rule, content = self.rule(is_operator), _content("change", plan)
        if not 1 <= len(key) <= KEY_LENGTH_MAX or not key.isprintable():
            raise Malformed(f"key must be 1 to {KEY_LENGTH_MAX} printable characters.", "key")
        known = await self._known(account, key, content) if is_own_key else None
        if known is not None:
            return Requested(known, replayed=True)
        by_operator = moves_at_once(rule, is_operator)
        by, why = ("operator", _OWN_MOVE) if by_operator else ("account", None)
        try:
            only = None if rule == "open" else "down"
            receipt = await self._ledger.change_plan(account, plan, key=key, by=by, why=why, only=only)  # type: ignore[arg-type]
        except Refused as refused:
            if refused.refusal.status is not Status.PLAN_HIGHER:
                raise
        else:
            return PlanMoved(receipt)
        if rule == "closed":
            raise SubscriptionRefused("forbidden", CLOSED)
        return await self._ask(account, plan, key if is_own_key else None, content)

    async def latest(self, account: AccountRef) -> PlanRequest | None:
        """The request that the account made last, open or decided; None once it was withdrawn."""
        return None if self._store is None else await self._store.latest_of((account.lane, account.id))

    async def withdraw(self, account: AccountRef) -> PlanRequest:
        """Take the open request back; `SubscriptionRefused` when there is none."""
        store = self._kept()
        found = await store.open_of((account.lane, account.id))
        if found is None:
            raise SubscriptionRefused("not_found", "There is no open request to withdraw.")
        return await self._close(store, found._replace(state="withdrawn", decided_at=self._clock()))

    # what an operator does

    async def requests(
        self, state: RequestState, size: int, before_at: int = LATEST, before_number: int = LATEST
    ) -> Sequence[PlanRequest]:
        """A page of the requests of all accounts in a state, the newest first."""
        return () if self._store is None else await self._store.page(state, size, before_at, before_number)

    async def count_open(self) -> int:
        """How many requests wait for an operator."""
        return 0 if self._store is None else await self._store.count_open()

    async def approve(self, request: str, by: str, why: str) -> PlanRequest:
        """Move the account up at once, in the transaction that ends its request. One that is approved already stays so.

        `SubscriptionRefused` when it was declined or withdrawn, also this very moment; when its plan is offered no more; and
        when the account has reached that plan or a higher one in another way. Then nothing has changed.
        """
        store, found, reason = self._kept(), await self._found(request), _reason(why)
        if found.state == "approved":
            return found
        _require_open(found)
        catalogue = self._ledger.terms.catalogue
        if found.plan not in catalogue.plans:
            raise SubscriptionRefused(
                "request_closed", f"The plan {found.plan} is no longer offered. Decline the request."
            )
        decided = found._replace(state="approved", decided_at=self._clock(), by=by, why=reason)

        async def end(connection: Connection | None, answer: Answer) -> None:
            assert connection is not None, "requests are kept in a database"
            if not await store.close(connection, decided):
                raise SubscriptionRefused("request_closed", "This request was just decided or withdrawn.")
            await self._tell(connection, [(decided, (found.lane, found.account), "account")])
            await self._record(connection, decided)

        try:
            said = f"Approved by {by}: {reason}"
            await self._ledger.change_plan(
                found.ref, found.plan, key=_approval_key(found), by="operator", why=said, only="up", rider=end
            )
        except (Refused, SubscriptionRefused) as refused:
            again = await self._found(request)
            if again.state == "approved":  # by somebody else, this very moment
                return again
            if isinstance(refused, Refused) and refused.refusal.status is Status.PLAN_NOT_HIGHER:
                raise await self._overtaken(found) from refused
            raise
        approved = await self._found(request)
        await self._tell_operators_later(approved)
        return approved

    async def decline(self, request: str, by: str, why: str) -> PlanRequest:
        """Leave the account where it is, and tell it why. One that is declined already stays so."""
        store, found, reason = self._kept(), await self._found(request), _reason(why)
        if found.state == "declined":
            return found
        _require_open(found)
        try:
            return await self._close(
                store, found._replace(state="declined", decided_at=self._clock(), by=by, why=reason)
            )
        except SubscriptionRefused:
            again = await self._found(request)
            if again.state == "declined":
                return again
            raise

    async def set_plan(self, account: AccountRef, plan: str, *, by: str, key: str, why: str) -> Receipt:
        """Move an account to a plan at once. Its open request ends with it as approved, where the plan is as high."""
        store, catalogue = self._store, self._ledger.terms.catalogue
        rank = catalogue.plan_named(plan).rank

        async def end(connection: Connection | None, answer: Answer) -> None:
            if store is None or connection is None:
                return
            found = await store.open_of((account.lane, account.id), connection)
            if found is None or found.plan not in catalogue.plans or catalogue.plans[found.plan].rank > rank:
                return
            decided = found._replace(state="approved", decided_at=self._clock(), by=by, why=why)
            if await store.close(connection, decided):
                await self._tell(connection, [(decided, (found.lane, found.account), "account")])
                await self._record(connection, decided)

        return await self._ledger.change_plan(account, plan, key=key, by="operator", why=why, rider=end)

    async def claimed(self, operator: AccountRef, key: str, *asked: object) -> bool:
        """Whether an operator's idempotency key was used for this; `Refused` when it was used for something else."""
        known = await self._kept().known((operator.lane, operator.id), key)
        return known is not None and self._is_same(operator, known, _content(*asked))

    async def claim(self, operator: AccountRef, key: str, *asked: object) -> bool:
        """Hold an operator's key to what it is used for; whether it was used for that before.

        `Refused` when it was used for something else. Before something that is safe to repeat, or after something that is
        not remembered when it was refused.
        """
        async with self._kept().database.transaction() as connection:
            return await self.claim_on(connection, operator, key, *asked)

    async def claim_on(self, connection: Connection, operator: AccountRef, key: str, *asked: object) -> bool:
        """The same in the transaction that does it."""
        store, place, now = self._kept(), (operator.lane, operator.id), self._clock()
        content = _content(*asked)
        await store.forget_keys(connection, place, now - ANSWER_KEPT_DAYS * DAY)
        if await store.keep_key(connection, place, key, KnownKey(content, ""), now):
            return False
        known = await store.known(place, key, connection)
        return known is not None and self._is_same(operator, known, content)

    def _is_same(self, operator: AccountRef, known: KnownKey, content: str) -> bool:
        if known.content != content:
            raise self._reused(operator)
        return True

    # asking

    async def _ask(self, account: AccountRef, plan: str, key: str | None, content: str) -> Requested:
        """Make a request, in the place of another one; the same one again stays as it is."""
        store, place, now = self._kept(), (account.lane, account.id), self._clock()
        present = (await self._ledger.usage(account)).plan
        wanted = PlanRequest(*place, new_number(), account.name, plan, present, "open", now, None, None, None)
        listeners: list[tuple[PlanRequest, Place, Audience]] = [(wanted, place, "account")]
        listeners.extend((wanted, operator, "operator") for operator in await self._operators())
        async with store.database.transaction() as connection:
            await connection.lock("plan requests", *place)
            known = None if key is None else await store.known(place, key, connection)
            if known is not None:  # the same request came in twice at once, and the other one was quicker
                return Requested(self._same(account, known, content), replayed=True)
            found = await store.open_of(place, connection)
            request = wanted if found is None or found.plan != plan else found
            if request is wanted:
                if await store.asked_since(connection, place, now - DAY) >= ASKED_A_DAY_MAX:
                    raise SubscriptionRefused("too_many_requests", _MANY)
                await self._tell(connection, listeners)
                if found is not None:
                    await store.close(connection, found._replace(state="withdrawn", decided_at=now))
                await store.forget_withdrawn(connection, place, now - UNANSWERED_KEPT_DAYS * DAY)
                await store.insert(connection, request)
            if key is not None:
                answer = KnownKey(content, _encode(request).decode())
                await store.forget_keys(connection, place, now - ANSWER_KEPT_DAYS * DAY)
                if not await store.keep_key(connection, place, key, answer, now):
                    raise self._reused(account)
        self._events.wake(listener[1] for listener in listeners)
        return Requested(request, replayed=False)

    async def _known(self, account: AccountRef, key: str, content: str) -> PlanRequest | None:
        """The request that a key made before; None when it is new. `Refused` when it was used for something else."""
        known = None if self._store is None else await self._store.known((account.lane, account.id), key)
        return None if known is None else self._same(account, known, content)

    def _same(self, account: AccountRef, known: KnownKey, content: str) -> PlanRequest:
        if known.content != content or not known.answer:
            raise self._reused(account)
        return msgspec.json.decode(known.answer, type=PlanRequest)

    def _reused(self, account: AccountRef) -> Refused:
        return Refused(Refusal(Status.KEY_REUSED, account.id, self._clock(), 0), _REUSED)

    # deciding

    async def _found(self, request: str) -> PlanRequest:
        place = place_of(request)
        if place is None or place.kind != KIND or self._store is None:
            raise SubscriptionRefused("not_found", _NO_REQUEST)
        found = await self._store.read((place.lane, place.account), place.seq)
        if found is None:
            raise SubscriptionRefused("not_found", _NO_REQUEST)
        return found

    async def _close(self, store: RequestStore, decided: PlanRequest) -> PlanRequest:
        """End an open request without a change of plan, and tell both sides."""
        place = (decided.lane, decided.account)
        listeners: list[tuple[PlanRequest, Place, Audience]] = [(decided, place, "account")]
        listeners.extend((decided, operator, "operator") for operator in await self._operators())
        async with store.database.transaction() as connection:
            await self._tell(connection, listeners)
            if not await store.close(connection, decided):
                raise SubscriptionRefused("request_closed", "This request was just decided or withdrawn.")
            await self._record(connection, decided)
        self._events.wake(listener[1] for listener in listeners)
        return decided

    async def _record(self, connection: Connection, decided: PlanRequest) -> None:
        """Write an operator's decision into the access log, in the transaction of the decision."""
        if self._accounts is None or decided.state not in ("approved", "declined"):
            return
        kind: RecordKind = "plan_approved" if decided.state == "approved" else "plan_declined"
        place, detail = (decided.lane, decided.account), f"{decided.plan}: {decided.why}"
        await self._accounts.access.record(connection, *place, kind, decided.by or "", detail=detail)

    async def _overtaken(self, request: PlanRequest) -> SubscriptionRefused:
        catalogue = self._ledger.terms.catalogue
        usage = await self._ledger.usage(request.ref)
        present = title_of(catalogue, usage.plan)
        return SubscriptionRefused(
            "request_closed",
            f"{request.name} is on {present}, which is as high as what was requested. Decline the request.",
        )

    # telling

    async def _tell(self, connection: Connection, told: Sequence[tuple[PlanRequest, Place, Audience]]) -> None:
        """Write events; all of a transaction in one go, which locks the streams in the order that everybody does."""
        catalogue, now = self._ledger.terms.catalogue, self._clock()
        events = [
            NewEvent(*place, now, EVENT_KIND, _encode(request_told(request, catalogue, to)))
            for request, place, to in told
        ]
        await self._events.append(connection, events)
        await self._events.announce(connection, {place for _, place, _ in told})

    async def _tell_operators_later(self, decided: PlanRequest) -> None:
        """Tell the operators of an approval, once it is durable.

        Not in its transaction, where the streams of accounts behind theirs may be locked already. It has happened, whether
        this can be told or not.
        """
        store, operators = self._kept(), await self._operators()
        try:
            async with store.database.transaction() as connection:
                await self._tell(connection, [(decided, operator, "operator") for operator in operators])
        except DatabaseFailure as failure:
            _log.warning("Operators could not be told that %s was approved: %s", decided.id, failure)
            return
        self._events.wake(operators)

    async def _operators(self) -> Sequence[Place]:
        return () if self._accounts is None else await self._accounts.roles.operators(OPERATORS_TOLD_MAX)

    # small

    def _is_higher(self, change: PlanChange) -> bool:
        plans = self._ledger.terms.catalogue.plans
        return plans[change.plan].rank > plans[change.present].rank

    def _kept(self) -> RequestStore:
        if self._store is None:
            raise SubscriptionRefused("forbidden", _NOWHERE)
        return self._store


def _require_open(request: PlanRequest) -> None:
    if request.state != "open":
        raise SubscriptionRefused("request_closed", f"This request was {request.state} before.")


def _reason(why: str) -> str:
    if not 1 <= len(why.strip()) <= len(why) <= REASON_LENGTH_MAX or not why.isprintable():
        raise Malformed(f"A reason has 1 to {REASON_LENGTH_MAX} printable characters.", "why")
    return why


def _content(*asked: object) -> str:
    """What a request says, so that a key can be held to it."""
    return hashlib.sha256(_encode(asked)).hexdigest()


def _approval_key(request: PlanRequest) -> str:
    """The ledger's key of an approval; its sign is none that a key of the API has, so no account can use it up."""
    return f"{request.id} · approved"
