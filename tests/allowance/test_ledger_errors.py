"""What the ledger's methods raise: each is brought to every error it can end in, and its docstring names just these."""

import asyncio
import importlib
import inspect
import pkgutil
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
from tests.support.clock import FakeClock

from reelbot import allowance
from reelbot.allowance import (
    AccountRef,
    Delivery,
    FailurePoint,
    Item,
    Ledger,
    Line,
    Refused,
    Span,
    Status,
    load_terms,
)
from reelbot.allowance import batch as batch_module
from reelbot.allowance.core.commands import UseKey
from reelbot.allowance.store import Store, StoreTransaction
from reelbot.allowance.stores.memory import MemoryStore
from reelbot.clock import SECOND
from reelbot.errors import DatabaseFailure, Failure, Malformed
from reelbot.events import MemoryEvents
from reelbot.limits import LANES_MAX, QUOTE_SECONDS

STRANGER = AccountRef(0, 99, "nobody")
NO_HOLD = "hold_0-1-zz"
OWNER = "job_1"


class FailingStore:
    """The memory store, which can be out of reach, and can be kept from beginning a transaction."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.lanes = store.lanes
        self.is_out_of_reach = False
        self.begun = asyncio.Event()
        self.may_begin = asyncio.Event()
        self.may_begin.set()

    def __getattr__(self, name: str) -> Any:
        if self.is_out_of_reach:
            raise DatabaseFailure("The network is gone.")
        return getattr(self._store, name)

    @asynccontextmanager
    async def transaction(self, lane: int) -> AsyncIterator[StoreTransaction]:
        self.begun.set()
        await self.may_begin.wait()
        if self.is_out_of_reach:
            raise DatabaseFailure("The network is gone.")
        async with self._store.transaction(lane) as transaction:
            yield transaction


class World(NamedTuple):
    """A ledger with the account `ada` on Free, who has a hold already."""

    ledger: Ledger
    store: FailingStore
    clock: FakeClock
    ada: AccountRef
    standing: str

    async def hold(self, state: str = "open", owner: str | None = None) -> str:
        """A hold of one credit that is in this state."""
        hold = await self.ledger.hold(self.ada, {"ai_credits": 1}, key=f"a hold {state}", expires_in=60, owner=owner)
        if state == "settled":
            await self.ledger.settle(hold, owner=owner, why="before")
        elif state == "released":
            await self.ledger.release(hold, owner=owner, why="before")
        elif state == "expired":
            self.clock.advance(60 * SECOND)
        return hold.id

    async def old_quote(self) -> str:
        """The id of a quote that is over."""
        quote = await self.ledger.quote(self.ada, [Item("script")])
        self.clock.advance(QUOTE_SECONDS * SECOND)
        return quote.id

    async def used_key(self) -> str:
        """A key that was used for something else."""
        await self.ledger.hold(self.ada, {"posts": 1}, key="used before")
        return "used before"


Attempt = Callable[[World], Awaitable[object]]


async def _nothing(*_: object) -> None:
    return None


def about(call: Callable[..., Awaitable[object]], *ended: str) -> list[Attempt]:
    """What stands in the way of every command about a hold, and the states in which it is too late or too early for it."""

    async def used_key(w: World) -> object:
        return await call(w, await w.hold(), key=await w.used_key())

    def in_state(state: str) -> Attempt:
        async def attempt(w: World) -> object:
            return await call(w, await w.hold(state))

        return attempt

    async def of_another(w: World) -> object:
        return await call(w, await w.hold(owner=OWNER))

    return [
        lambda w: call(w, "no id of a hold"),
        lambda w: call(w, NO_HOLD),
        lambda w: call(w, "hold_0-zz-1"),
        used_key,
        of_another,
        *(in_state(state) for state in ended),
    ]


def _settle(w: World, hold: str, **more: Any) -> Awaitable[object]:
    return w.ledger.settle(hold, **more)


def _release(w: World, hold: str, **more: Any) -> Awaitable[object]:
    return w.ledger.release(hold, **more)


def _unknown(w: World, hold: str, **more: Any) -> Awaitable[object]:
    return w.ledger.mark_unknown(hold, **more)


def _refund(w: World, hold: str, **more: Any) -> Awaitable[object]:
    return w.ledger.refund(hold, **more)


def _conclude(w: World, hold: str, **more: Any) -> Awaitable[object]:
    return w.ledger.conclude(hold, FailurePoint.AT_PROVIDER, **more)


async def _too_much(w: World, call: Callable[..., Awaitable[object]], state: str) -> object:
    return await call(w, await w.hold(state), lines={"ai_credits": 2})


def keyed(call: Callable[..., Awaitable[object]]) -> list[Attempt]:
    """What stands in the way of every command of an account with a key."""

    async def used(w: World) -> object:
        return await call(w, w.ada, key=await w.used_key())

    return [lambda w: call(w, w.ada, key=""), lambda w: call(w, STRANGER, key="k"), used]


def _hold(w: World, account: AccountRef, key: str) -> Awaitable[object]:
    return w.ledger.hold(account, {"ai_credits": 1}, key=key)


def _use_key(w: World, account: AccountRef, key: str) -> Awaitable[object]:
    return w.ledger.use_key(account, key, "a draft", rider=_nothing)


def _grant(w: World, account: AccountRef, key: str) -> Awaitable[object]:
    return w.ledger.grant(account, "posts", 1, key=key, why="a gift")


def _override(w: World, account: AccountRef, key: str) -> Awaitable[object]:
    return w.ledger.override(account, "posts", 1, key=key, why="a gift")


def _plan(w: World, account: AccountRef, key: str, **more: Any) -> Awaitable[object]:
    return w.ledger.change_plan(account, more.pop("plan", "pro"), key=key, **more)


def _zone(w: World, account: AccountRef, key: str) -> Awaitable[object]:
    return w.ledger.change_zone(account, "Asia/Tokyo", key=key)


async def _expired(call: Callable[[World, str], Awaitable[object]], w: World) -> object:
    return await call(w, await w.old_quote())


async def _priced(w: World, items: list[Item], quote: str | None = None) -> object:
    return w.ledger.priced(w.ada, items, quote)


async def _without_its_plan(w: World) -> None:
    """Begin again with terms that lack the plan of an account."""
    catalogue = w.ledger.terms.catalogue
    plans = {name: plan for name, plan in catalogue.plans.items() if name != "free"}
    terms = w.ledger.terms._replace(catalogue=catalogue._replace(plans=plans))
    await Ledger(w.ledger.store, w.ledger.events, terms, w.clock, sweep_seconds=None).start()


ITEMS = [Item("script")]
LINES = [Line("ai_credits", 1)]
PAGE = Span(None, 10)

USUAL: dict[str, Attempt] = {
    "account": lambda w: w.ledger.account("eve"),
    "find": lambda w: w.ledger.find("ada"),
    "accounts": lambda w: w.ledger.accounts(),
    "hold": lambda w: _hold(w, w.ada, "k"),
    "settle": lambda w: _settle(w, NO_HOLD),
    "release": lambda w: _release(w, NO_HOLD),
    "mark_unknown": lambda w: _unknown(w, NO_HOLD),
    "refund": lambda w: _refund(w, NO_HOLD),
    "conclude": lambda w: _conclude(w, w.standing),
    "use_key": lambda w: _use_key(w, w.ada, "k"),
    "grant": lambda w: _grant(w, w.ada, "k"),
    "override": lambda w: _override(w, w.ada, "k"),
    "change_plan": lambda w: _plan(w, w.ada, "k"),
    "change_zone": lambda w: _zone(w, w.ada, "k"),
    "usage": lambda w: w.ledger.usage(w.ada),
    "quote": lambda w: w.ledger.quote(w.ada, ITEMS),
    "fitting": lambda w: w.ledger.fitting(w.ada, ITEMS, None),
    "outlook": lambda w: w.ledger.outlook(w.ada, LINES),
    "plan_change": lambda w: w.ledger.plan_change(w.ada, "pro"),
    "zone_change": lambda w: w.ledger.zone_change(w.ada, "Asia/Tokyo"),
    "hold_facts": lambda w: w.ledger.hold_facts(w.ada, NO_HOLD),
    "history": lambda w: w.ledger.history(w.ada, PAGE),
    "found": lambda w: w.ledger.found(w.ada, PAGE),
    "taken": lambda w: w.ledger.taken(w.ada, [1]),
    "verify": lambda w: w.ledger.verify(),
    "first_uncharged": lambda w: w.ledger.first_uncharged(None, w.ada, [Delivery("job_1", w.standing, None)]),
    "submit": lambda w: w.ledger.submit(UseKey(0, 1, "k", b"")),
    "start": lambda w: w.ledger.start(),
}
"""A call of each method that is fine on a ledger that is: also tried on one out of reach, and on one with a full line."""

AMISS: dict[str, list[Attempt]] = {
    "start": [_without_its_plan],
    "account": [lambda w: w.ledger.account("")],
    "find": [lambda w: w.ledger.find("")],
    "hold": [
        *keyed(_hold),
        lambda w: w.ledger.hold(w.ada, {"ai_credits": 61}, key="k"),
        lambda w: _expired(lambda w, quote: w.ledger.hold(w.ada, ITEMS, key="k", quote=quote), w),
    ],
    "priced": [
        lambda w: _priced(w, []),
        lambda w: _expired(lambda w, quote: _priced(w, ITEMS, quote), w),
    ],
    "settle": [
        *about(_settle, "settled", "released", "expired"),
        lambda w: _too_much(w, _settle, "open"),
    ],
    "release": about(_release, "settled", "released", "expired"),
    "mark_unknown": about(_unknown, "settled", "released", "expired"),
    "refund": [
        *about(_refund, "open", "released", "expired"),
        lambda w: _too_much(w, _refund, "settled"),
    ],
    "conclude": about(_conclude, "settled", "released", "expired"),
    "use_key": keyed(_use_key),
    "grant": keyed(_grant),
    "override": keyed(_override),
    "change_plan": [
        *keyed(_plan),
        lambda w: _plan(w, w.ada, "k", only="down"),
        lambda w: _plan(w, w.ada, "k", plan="free", only="up"),
    ],
    "change_zone": keyed(_zone),
    "usage": [lambda w: w.ledger.usage(STRANGER)],
    "quote": [lambda w: w.ledger.quote(w.ada, []), lambda w: w.ledger.quote(STRANGER, ITEMS)],
    "fitting": [
        lambda w: w.ledger.fitting(w.ada, [], None),
        lambda w: w.ledger.fitting(STRANGER, ITEMS, None),
        lambda w: _expired(lambda w, quote: w.ledger.fitting(w.ada, ITEMS, quote), w),
    ],
    "outlook": [lambda w: w.ledger.outlook(w.ada, []), lambda w: w.ledger.outlook(STRANGER, LINES)],
    "plan_change": [lambda w: w.ledger.plan_change(w.ada, "gold"), lambda w: w.ledger.plan_change(STRANGER, "pro")],
    "zone_change": [
        lambda w: w.ledger.zone_change(w.ada, "Mars/Olympus"),
        lambda w: w.ledger.zone_change(STRANGER, "Asia/Tokyo"),
    ],
    "history": [lambda w: w.ledger.history(w.ada, Span(None, 0))],
    "found": [lambda w: w.ledger.found(w.ada, Span(None, 0))],
    "taken": [lambda w: w.ledger.taken(w.ada, [-1])],
}
"""Calls of each method that cannot be carried out, one for each reason."""


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    clock = FakeClock()
    events = MemoryEvents()
    store = FailingStore(MemoryStore(events))
    ledger = Ledger(cast("Store", store), events, load_terms(), clock, sweep_seconds=None)
    await ledger.start()
    ada = await ledger.account("ada")
    standing = await ledger.hold(ada, {"posts": 1}, key="standing")
    yield World(ledger, store, clock, ada, standing.id)
    store.is_out_of_reach = False
    store.may_begin.set()
    await ledger.stop()


@asynccontextmanager
async def out_of_reach() -> AsyncIterator[World]:
    """A ledger whose database went away after it was opened."""
    async with world() as opened:
        opened.store.is_out_of_reach = True
        yield opened


WAITING_MAX = 3


@pytest.fixture(autouse=True)
def _a_short_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_module, "QUEUE_COMMANDS_MAX", WAITING_MAX)


@asynccontextmanager
async def with_a_full_line() -> AsyncIterator[World]:
    """A ledger that is waiting for its database, with as many commands waiting for it as may."""
    async with world() as opened:
        opened.store.begun.clear()
        opened.store.may_begin.clear()
        command = UseKey(0, opened.ada.id, "k", b"")
        waiting = [asyncio.create_task(opened.ledger.submit(command))]
        await opened.store.begun.wait()
        waiting += [asyncio.create_task(opened.ledger.submit(command)) for _ in range(WAITING_MAX)]
        await asyncio.sleep(0)
        yield opened
        opened.store.may_begin.set()
        await asyncio.gather(*waiting)


async def raised(place: AbstractAsyncContextManager[World], attempt: Attempt) -> set[str]:
    """The error that a call ends in, and the status of a refusal, in the words of the docstrings."""
    async with place as opened:
        try:
            await attempt(opened)
        except Refused as refused:
            return {"Refused", refused.refusal.status.value}
        except (Malformed, Failure) as error:
            return {type(error).__name__}
    return set()


def told(method: Callable[..., object]) -> set[str]:
    """What a docstring says that its method raises."""
    text = inspect.getdoc(method) or ""
    said = re.search(r"^Raises (.*?)\Z", text, re.MULTILINE | re.DOTALL)
    return set() if said is None else set(re.findall(r"`(\w+)`", said.group(1)))


METHODS = {
    name: method
    for name, method in inspect.getmembers(Ledger, inspect.isfunction)
    if not name.startswith("_") and name not in ("open", "stop")
}
"""The public methods, but for the two ends of its life: opening has its own test, and ending raises nothing."""


@pytest.mark.parametrize("name", METHODS)
async def test_a_docstring_names_the_errors_that_its_method_raises_and_no_others(name: str) -> None:
    found: set[str] = set()
    if name in USUAL:
        assert await raised(world(), USUAL[name]) <= {"Refused", "hold_not_found"}, (
            "this call is fine, or about no hold"
        )
        found |= await raised(out_of_reach(), USUAL[name])
        found |= await raised(with_a_full_line(), USUAL[name])
    for attempt in AMISS.get(name, []):
        error = await raised(world(), attempt)
        assert error, "this call cannot be carried out"
        found |= error
    assert told(METHODS[name]) == found


async def test_opening_raises_what_its_docstring_says(tmp_path: Path) -> None:
    found: set[str] = set()
    for address, lanes in (("nowhere", 1), ("memory:", LANES_MAX + 1), (f"sqlite:///{tmp_path}", 1)):
        with pytest.raises(Failure) as failure:
            async with Ledger.open(address, lanes=lanes):
                pass
        found.add(type(failure.value).__name__)
    assert told(Ledger.open) == found


def test_a_file_of_terms_that_cannot_be_used_raises_what_the_docstring_says(tmp_path: Path) -> None:
    with pytest.raises(allowance.ConfigFailure):
        load_terms(plans=tmp_path / "none.toml")
    assert told(load_terms) == {"ConfigFailure"}


def test_every_error_and_status_in_a_docstring_is_there_for_callers() -> None:
    documented: list[Callable[..., object]] = [*METHODS.values(), Ledger.open, load_terms]
    words = {word for method in documented for word in told(method)}
    errors = {word for word in words if word[0].isupper()}
    assert errors <= set(allowance.__all__)
    assert words - errors == {status.value for status in Status}


def test_every_error_that_callers_can_meet_is_exported() -> None:
    for module in pkgutil.walk_packages(allowance.__path__, "reelbot.allowance."):
        found = vars(importlib.import_module(module.name))
        for name, value in found.items():
            if inspect.isclass(value) and issubclass(value, Malformed | Failure | Refused) and not name.startswith("_"):
                assert getattr(allowance, name) is value, f"{name}, of {module.name}"
                assert name in allowance.__all__
