"""The ledger for programs without an event loop, such as Django, Flask and Celery: `Ledger`, in a thread of its own.

No call is written twice. Each method of `SyncLedger` is made from the one of `Ledger` that has its name: it hands the call
to an event loop in a thread, waits, and returns or raises what came of it. Calls of many threads meet there and are
committed together, as those of many tasks are.

A process that is forked has neither the thread nor the right to the parent's connections. So a ledger is opened by the
first call and not where it is named: a program that loads first and forks then, as prefork servers do, gets one in each
process. One that the parent did use is refused in the child (`Misplaced`).
"""

import asyncio
import atexit
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from functools import wraps
from inspect import signature
from threading import Lock, Thread, current_thread
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from reelbot.allowance.batch import Rider
from reelbot.allowance.core.outcomes import Answer
from reelbot.allowance.service import Ledger, Terms
from reelbot.db import Connection
from reelbot.db.port import Dialect, Row
from reelbot.errors import DatabaseFailure, Failure

P = ParamSpec("P")
T = TypeVar("T")

_riding: ContextVar[asyncio.AbstractEventLoop | None] = ContextVar("riding", default=None)
"""The loop whose transaction waits for this code, where this is a plain rider."""


class Misplaced(Failure):
    """A `SyncLedger` is used where it could never answer: after a fork, or by a rider that it is itself waiting for."""

    code = "misplaced"


def _waiting(
    method: Callable[Concatenate[Ledger, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate["SyncLedger", P], T]:
    """The same method for a caller who waits."""

    @wraps(method)
    def waited(self: "SyncLedger", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._result_of(lambda ledger: method(ledger, *args, **kwargs))

    return _named_here(waited)


def _at_once(method: Callable[Concatenate[Ledger, P], T]) -> Callable[Concatenate["SyncLedger", P], T]:
    """The same method of those that wait for nothing; run in the ledger's thread, which is the only one that may."""

    @wraps(method)
    def asked(self: "SyncLedger", /, *args: P.args, **kwargs: P.kwargs) -> T:
        async def answered(ledger: Ledger) -> T:
            return method(ledger, *args, **kwargs)

        return self._result_of(answered)

    return _named_here(asked)


def _named_here(made: Callable[P, T]) -> Callable[P, T]:
    made.__module__, made.__qualname__ = __name__, f"SyncLedger.{made.__name__}"
    return made


def _opening(opened: Callable[P, AbstractAsyncContextManager[Ledger]]) -> Callable[P, "SyncLedger"]:
    """The same arguments, kept for the first call."""

    @wraps(opened)
    def named(*args: P.args, **kwargs: P.kwargs) -> "SyncLedger":
        return SyncLedger(lambda: opened(*args, **kwargs))

    vars(named)["__signature__"] = signature(opened).replace(return_annotation="SyncLedger")
    return _named_here(named)


class SyncLedger:
    """The calls of `Ledger` without `async`, for any number of threads.

    `with SyncLedger.open(address) as ledger:` opens it at once and closes it in the end. Without `with` it is opened by
    the first call, and closed by `close` or when the program ends; a first call that fails to open it is tried again by the
    next. Errors are those of `Ledger`, and `Misplaced`.

    A call waits in its thread: in a program with an event loop use `Ledger`. A rider is an `async def`, which runs in
    the ledger's thread, or a plain function behind `sync_rider`.
    """

    def __init__(self, opening: Callable[[], AbstractAsyncContextManager[Ledger]]) -> None:
        self._opening = opening
        self._lock = Lock()
        self._process: int | None = None
        self._serving: _Serving | None = None
        self._is_closed = False

    open = staticmethod(_opening(Ledger.open))

    account = _waiting(Ledger.account)
    find = _waiting(Ledger.find)
    accounts = _waiting(Ledger.accounts)

    hold = _waiting(Ledger.hold)
    priced = _at_once(Ledger.priced)
    settle = _waiting(Ledger.settle)
    release = _waiting(Ledger.release)
    mark_unknown = _waiting(Ledger.mark_unknown)
    refund = _waiting(Ledger.refund)
    conclude = _waiting(Ledger.conclude)
    use_key = _waiting(Ledger.use_key)

    grant = _waiting(Ledger.grant)
    override = _waiting(Ledger.override)
    change_plan = _waiting(Ledger.change_plan)
    change_zone = _waiting(Ledger.change_zone)

    usage = _waiting(Ledger.usage)
    quote = _waiting(Ledger.quote)
    fitting = _waiting(Ledger.fitting)
    outlook = _waiting(Ledger.outlook)
    plan_change = _waiting(Ledger.plan_change)
    zone_change = _waiting(Ledger.zone_change)
    hold_facts = _waiting(Ledger.hold_facts)
    history = _waiting(Ledger.history)
    found = _waiting(Ledger.found)
    taken = _waiting(Ledger.taken)
    verify = _waiting(Ledger.verify)

    @property
    def terms(self) -> Terms:
        """The plans, prices and failure points in force."""
        return self._result_of(_terms)

    def __enter__(self) -> Self:
        with self._lock_here():
            self._served()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Answer what has been asked, then end; nothing can be asked afterwards. Does nothing in a process forked since."""
        if self._process not in (None, os.getpid()):
            return
        with self._lock_here():
            self._is_closed = True
            serving, self._serving, self._process = self._serving, None, None
        if serving is not None:
            atexit.unregister(self.close)
            serving.end()

    def _result_of(self, asked: Callable[[Ledger], Awaitable[T]]) -> T:
        with self._lock_here():  # so that nothing is handed to a loop that has ended
            answer = self._served().submit(asked)
        try:
            return answer.result()
        finally:
            answer.cancel()  # of a caller who was interrupted; done otherwise

    def _lock_here(self) -> Lock:
        """The lock, where it can be had; `Misplaced` where waiting for it, or for the answer, would never end."""
        if self._process not in (None, os.getpid()):
            raise Misplaced(
                "This ledger was opened before the process was forked, and belongs to the process that opened it.",
                "Let the first call come after the fork; until then, naming it opens nothing.",
            )
        serving = self._serving
        if serving is not None and (current_thread() is serving.thread or _riding.get() is serving.loop):
            raise Misplaced(
                "A rider asks the ledger that waits for it.", "Write on the connection that the rider is given."
            )
        return self._lock

    def _served(self) -> "_Serving":
        if self._is_closed:
            raise DatabaseFailure("The ledger is closed.", "Open it before asking anything of it.")
        if self._serving is None:
            self._process = os.getpid()
            try:
                self._serving = _Serving(self._opening)
            except BaseException:
                self._process = None
                raise
            atexit.register(self.close)
        return self._serving


async def _terms(ledger: Ledger) -> Terms:
    return ledger.terms


class _Serving:
    """A ledger that is open in a thread with an event loop of its own."""

    def __init__(self, opening: Callable[[], AbstractAsyncContextManager[Ledger]]) -> None:
        self._opened: Future[tuple[Ledger, asyncio.AbstractEventLoop]] = Future()
        self._end_asked: Future[None] = Future()
        self._ended: Future[None] = Future()
        self._under_way: set[asyncio.Task[Any] | None] = set()
        self.thread = Thread(target=lambda: asyncio.run(self._serve(opening)), name="reelbot-ledger", daemon=True)
        self.thread.start()
        try:
            self._ledger, self.loop = self._opened.result()
        except BaseException:
            self._end_asked.set_result(None)
            raise

    def submit(self, asked: Callable[[Ledger], Awaitable[T]]) -> "Future[T]":
        """Begin to ask; the future has the answer."""
        return asyncio.run_coroutine_threadsafe(self._answered(asked), self.loop)

    def end(self) -> None:
        """Answer what was begun, then close the ledger, and raise what went wrong in that."""
        self._end_asked.set_result(None)
        self.thread.join()
        self._ended.result()

    async def _answered(self, asked: Callable[[Ledger], Awaitable[T]]) -> T:
        task = asyncio.current_task()
        self._under_way.add(task)
        try:
            return await asked(self._ledger)
        finally:
            self._under_way.discard(task)

    async def _serve(self, opening: Callable[[], AbstractAsyncContextManager[Ledger]]) -> None:
        try:
            async with opening() as ledger:
                self._opened.set_result((ledger, asyncio.get_running_loop()))
                await asyncio.wrap_future(self._end_asked)
                while self._under_way:
                    await asyncio.wait([task for task in self._under_way if task is not None])
        except BaseException as error:
            (self._ended if self._opened.done() else self._opened).set_exception(error)
        else:
            self._ended.set_result(None)


class SyncConnection:
    """What a plain rider writes on: the transaction of its command, which waits for it. Not to be kept."""

    def __init__(self, connection: Connection) -> None:
        self.dialect: Dialect = connection.dialect
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._is_over = False

    def fetch(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one statement and return all its rows."""
        return self._result_of(lambda: self._connection.fetch(sql, parameters))

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run one statement and return how many rows it changed; -1 where that isn't known yet, as on PostgreSQL."""
        return self._result_of(lambda: self._connection.execute(sql, parameters))

    def execute_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement once for each row."""
        return self._result_of(lambda: self._connection.execute_many(sql, rows))

    def end(self) -> None:
        """Refuse whatever comes now: the transaction goes on without the rider."""
        self._is_over = True

    def _result_of(self, asked: Callable[[], Awaitable[T]]) -> T:
        return asyncio.run_coroutine_threadsafe(self._asked(asked), self._loop).result()

    async def _asked(self, asked: Callable[[], Awaitable[T]]) -> T:
        assert not self._is_over, "a rider's connection is used after the rider has ended"
        return await asked()


def sync_rider(write: Callable[[SyncConnection | None, Answer], None]) -> Rider:
    """A rider of a plain function, which runs in another thread while the transaction waits for it.

    It writes on the connection it is given, and asks nothing of the ledger: that would wait for itself. What is known of
    riders holds for it too: when it raises, its command is not carried out, and it may be run again.
    """

    @wraps(write)
    async def ridden(connection: Connection | None, answer: Answer) -> None:
        given = None if connection is None else SyncConnection(connection)
        loop = asyncio.get_running_loop()

        def apart() -> None:
            _riding.set(loop)  # in the thread's own context
            write(given, answer)

        try:
            await asyncio.to_thread(apart)
        finally:
            if given is not None:
                given.end()

    return ridden
