"""Group commit: commands that arrive while a commit is under way wait and go together in the next transaction.

There is no timer. A lone caller never waits for company; under load one commit serves hundreds. A command is answered
after the commit that holds it, never before. The queue is bounded (back-pressure): what it has no room for is `TooBusy`.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable
from typing import NamedTuple

from reelbot.allowance.core.book import Book, Decision
from reelbot.allowance.core.commands import Command, Open
from reelbot.allowance.core.decide import balances_needed, decide
from reelbot.allowance.core.fast_tuple import made
from reelbot.allowance.core.outcomes import Answer, Outcome
from reelbot.allowance.core.plans import Catalogue
from reelbot.allowance.store import Accepted, Store, StoreTransaction, WantedFacts
from reelbot.clock import Clock
from reelbot.db import Connection
from reelbot.errors import DatabaseFailure, Malformed, TooBusy
from reelbot.limits import BATCH_COMMANDS_MAX, QUEUE_COMMANDS_MAX

Rider = Callable[[Connection | None, Answer], Awaitable[None]]
"""A caller's own write: run in the command's transaction if it is accepted, never for a replay or a refusal. When it
raises, its command is not carried out and the caller gets the error; the other commands of the batch are. It may be run
again when another command of the batch made the first transaction roll back, so it writes on the connection it is given
and nowhere else."""

Committed = Callable[[Sequence[Answer]], None]


class Waiting(NamedTuple):
    """A command on its way, and who waits for it."""

    command: Command
    rider: Rider | None
    outcome: "asyncio.Future[Outcome]"


class _RiderFailed(Exception):
    """A rider raised what is its cause."""


class Batch:
    """The one line in which the commands of a lane stand, in this process."""

    def __init__(self, store: Store, catalogue: Catalogue, clock: Clock, lane: int, committed: Committed) -> None:
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self._lane = lane
        self._committed = committed
        self._queue: deque[Waiting] = deque()
        self._arrived = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._closing = False

    def start(self) -> None:
        """Begin to serve; needs a running event loop."""
        self._runner = asyncio.create_task(self._run(), name=f"ledger batch {self._lane}")

    async def stop(self) -> None:
        """Finish what has been asked, then end."""
        self._closing = True
        self._arrived.set()
        if self._runner is not None:
            await self._runner

    def submit(self, command: Command, rider: Rider | None = None) -> "asyncio.Future[Outcome]":
        """Stand in line; the future ends with the outcome, once it is durable.

        Raises `TooBusy` when the line is full, `DatabaseFailure` when the ledger cannot be reached: nothing happened
        then, or, if only the answer was lost, the same key gets it again.
        """
        if self._closing or self._runner is None:
            raise DatabaseFailure("The ledger is closed.", "Open it before asking anything of it.")
        if len(self._queue) >= QUEUE_COMMANDS_MAX:
            raise TooBusy("More is asked of the ledger than it can do right now.", "Try again in a moment.")
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._queue.append(made(Waiting, (command, rider, outcome)))
        self._arrived.set()
        return outcome

    async def _run(self) -> None:
        while True:
            if not self._queue:
                if self._closing:
                    return
                self._arrived.clear()
                await self._arrived.wait()
            await asyncio.sleep(0)
            await self._serve(self._take())

    def _take(self) -> list[Waiting]:
        taken = [self._queue.popleft() for _ in range(min(len(self._queue), BATCH_COMMANDS_MAX))]
        return [waiting for waiting in taken if not waiting.outcome.done()]

    async def _serve(self, batch: list[Waiting]) -> None:
        if not batch:
            return
        try:
            outcomes = await self._transact(batch)
        except DatabaseFailure as failure:
            for waiting in batch:
                _fail(waiting, failure)
        except Exception as failure:
            await self._serve_apart(batch, failure)
        else:
            for waiting, outcome in zip(batch, outcomes, strict=True):
                if not waiting.outcome.done():
                    waiting.outcome.set_result(outcome)

    async def _serve_apart(self, batch: list[Waiting], failure: Exception) -> None:
        """One command spoiled the transaction, by its rider or by a defect: without company, it is the only one to fail."""
        if len(batch) == 1:
            _fail(batch[0], (failure.__cause__ or failure) if isinstance(failure, _RiderFailed) else failure)
            return
        for waiting in batch:
            await self._serve([waiting])

    async def _transact(self, batch: list[Waiting]) -> list[Outcome]:
        book = Book(self._catalogue, self._lane)
        async with self._store.transaction(self._lane) as transaction:
            await transaction.load(book, _wanted(batch))
            now = self._clock()
            keys = {key for waiting in batch for key in balances_needed(book, waiting.command, now)}
            await transaction.load_balances(book, keys)
            outcomes, accepted = _decide_all(book, batch, now)
            if accepted:
                await transaction.append(accepted, book)
                await _ride(transaction, batch, outcomes)
        if accepted:
            self._committed([one.decision.answer for one in accepted])
        return outcomes


def _fail(waiting: Waiting, failure: BaseException) -> None:
    if not waiting.outcome.done():
        waiting.outcome.set_exception(failure)


def _wanted(batch: Sequence[Waiting]) -> WantedFacts:
    accounts, names, holds, keys = set(), set(), set(), set()
    for command, _, _ in batch:
        if isinstance(command, Open):
            names.add(command.name)
            continue
        accounts.add(command.account)
        if command.key:
            keys.add((command.account, command.key))
        hold = getattr(command, "hold", 0)
        if hold:
            holds.add((command.account, hold))
    return WantedFacts(sorted(accounts), sorted(names), list(holds), list(keys))


def _decide_all(book: Book, batch: Sequence[Waiting], now: int) -> tuple[list[Outcome], list[Accepted]]:
    outcomes: list[Outcome] = []
    accepted: list[Accepted] = []
    for waiting in batch:
        command = waiting.command
        decision = decide(book, command, now)
        if isinstance(decision, Decision):
            book.take(command, decision)
            accepted.append(made(Accepted, (command.key, command.content, decision)))
            outcomes.append(decision.answer)
        else:
            outcomes.append(decision)
    return outcomes, accepted


async def _ride(transaction: StoreTransaction, batch: Sequence[Waiting], outcomes: Sequence[Outcome]) -> None:
    riding = [
        (waiting.rider, outcome)
        for waiting, outcome in zip(batch, outcomes, strict=True)
        if waiting.rider is not None and isinstance(outcome, Answer)
    ]
    if not riding:
        return
    try:
        for rider, answer in riding:
            ridden = rider(transaction.connection, answer)
            if not isawaitable(ridden):
                raise Malformed("A rider is an `async def`, or a plain function behind `sync_rider`.", "rider")
            await ridden
        await transaction.flush()
    except Exception as failure:
        raise _RiderFailed from failure
