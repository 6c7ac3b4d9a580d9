"""The ledger without its batch: commands carried out in a transaction by whoever calls. Same decisions, same store.

With one command at a time it is the naive peer of the group commit; with thousands it fills a database quickly, with
true rows and true chains.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager

from reelbot.allowance import Catalogue, Ledger, Rider
from reelbot.allowance.core.book import Book, Decision
from reelbot.allowance.core.commands import Command, Expire, MarkUnknown, Open, Refund, Release, Settle
from reelbot.allowance.core.decide import balances_needed, decide
from reelbot.allowance.core.outcomes import Outcome
from reelbot.allowance.store import Accepted, Store, WantedFacts
from reelbot.clock import Clock, system_clock
from reelbot.db import Connection, SqliteDatabase
from reelbot.db.port import Dialect, Row

Concluding = Settle | Release | MarkUnknown | Expire | Refund
"""Commands about a hold that is there already."""


async def carried_out(store: Store, catalogue: Catalogue, clock: Clock, commands: Sequence[Command]) -> list[Outcome]:
    """Decide and write these commands of one lane in one transaction."""
    book = Book(catalogue, commands[0].lane)
    async with store.transaction(book.lane) as transaction:
        await transaction.load(book, wanted_by(commands))
        now = clock()
        await transaction.load_balances(book, {key for one in commands for key in balances_needed(book, one, now)})
        outcomes, accepted = decided(book, commands, now)
        if accepted:
            await transaction.append(accepted, book)
    return outcomes


def wanted_by(commands: Iterable[Command]) -> WantedFacts:
    """The facts that these commands are decided on, in the order in which they are locked."""
    existing = [one for one in commands if not isinstance(one, Open)]
    return WantedFacts(
        sorted({one.account for one in existing}),
        sorted({one.name for one in commands if isinstance(one, Open)}),
        list({(one.account, one.hold) for one in existing if isinstance(one, Concluding)}),
        list({(one.account, one.key) for one in existing if one.key}),
    )


def decided(book: Book, commands: Iterable[Command], now: int) -> tuple[list[Outcome], list[Accepted]]:
    """What becomes of commands that are decided in this order, and what of it is to be written."""
    outcomes: list[Outcome] = []
    accepted: list[Accepted] = []
    for command in commands:
        decision = decide(book, command, now)
        if isinstance(decision, Decision):
            book.take(command, decision)
            accepted.append(Accepted(command.key, command.content, decision))
            outcomes.append(decision.answer)
        else:
            outcomes.append(decision)
    return outcomes, accepted


class NaiveLedger(Ledger):
    """A ledger that gives every command a transaction of its own."""

    async def submit(self, command: Command, rider: Rider | None = None) -> Outcome:
        """Carry out one command."""
        assert rider is None, "the naive peer has no riders"
        outcomes = await carried_out(self.store, self.terms.catalogue, system_clock, [command])
        return outcomes[0]


class CommitsHere:
    """A SQLite database that commits on the caller's thread, as a program without an event loop does.

    For the naive peer, which would otherwise pay for a way to another thread that it has no use for.
    """

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    @property
    def dialect(self) -> Dialect:
        """SQLite's."""
        return self._database.dialect

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """Begin to write."""
        return self._database.transaction(commit_here=True)

    def reading(self) -> AbstractAsyncContextManager[Connection]:
        """A snapshot to read from."""
        return self._database.reading()

    async def fetch(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one reading statement by itself."""
        return await self._database.fetch(sql, parameters)

    async def close(self) -> None:
        """Give back every connection."""
        await self._database.close()
