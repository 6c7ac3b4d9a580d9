"""The PostgreSQL store: any number of processes on any number of machines, each committing in groups.

A batch is three round trips: BEGIN, the locks on its accounts in the order of their ids, and all facts; the balances;
all writes and COMMIT. Locks come first, so two processes never wait for each other in a circle, and what is read behind
them is what the one before has committed.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection, AsyncCursor, AsyncPipeline

from reelbot.allowance.core.book import AnsweredKey, BalanceKey, Book
from reelbot.allowance.core.outcomes import decode_answer
from reelbot.allowance.store import Accepted, WantedFacts
from reelbot.allowance.stores.rows import Written, hold_from, put_accounts, put_balances
from reelbot.allowance.stores.sql import SqlReader
from reelbot.db import Connection, PostgresDatabase, load_statements
from reelbot.db.arrays import blobs, numbers, texts
from reelbot.db.postgres import PsycopgConnection
from reelbot.db.postgres_errors import database_failures
from reelbot.events import Events

_N, _T, _B = numbers, texts, blobs
_INSERTS: dict[str, tuple[Any, ...]] = {
    "put_balance": (_N, _T, _N, _N, _N, _N),
    "insert_hold": (_N, _N, _T, _N, _T, _T),
    "insert_entry": (_N, _N, _N, _T, _N, _T, _T, _N, _N, _N, _N, _N, _N, _N, _N, _T, _T, _B),
    "insert_answer": (_N, _T, _B, _N, _B),
}
"""How each column behind the lane is written."""


class PostgresStore(SqlReader):
    """Keeps the ledger in PostgreSQL."""

    def __init__(self, database: PostgresDatabase, events: Events, lanes: int = 1) -> None:
        super().__init__(database, events, load_statements("reelbot.allowance", "postgres"), lanes)
        self._postgres = database

    @asynccontextmanager
    async def transaction(self, lane: int) -> AsyncIterator["PostgresTransaction"]:
        """Begin a batch in a pipeline; the block's end commits it."""
        async with self._postgres.writer() as raw, raw.pipeline() as pipeline:
            await raw.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
            yield PostgresTransaction(raw, pipeline, self._events, self._sql)
            await raw.execute("COMMIT")


class PostgresTransaction:
    """A batch against PostgreSQL. Within the pipeline `execute` sends and does not wait; fetching waits."""

    def __init__(self, raw: AsyncConnection, pipeline: AsyncPipeline, events: Events, sql: Mapping[str, str]) -> None:
        self.connection: Connection = PsycopgConnection(raw)
        self._raw = raw
        self._pipeline = pipeline
        self._events = events
        self._sql = sql
        self._loaded: frozenset[tuple[int, int]] = frozenset()

    async def load(self, book: Book, wanted: WantedFacts) -> None:
        """Lock the accounts, then put the wanted facts into the book: everything is sent before anything is awaited."""
        if wanted.names:
            await self.connection.lock("names of accounts", book.lane)
        accounts = await self._send("load_accounts", book.lane, numbers(wanted.accounts))
        names = await self._send("load_names", book.lane, texts(wanted.names))
        following = await self._send("load_next_account", book.lane)
        holds = await self._send("load_holds", *_pairs(wanted.holds, numbers), book.lane)
        answers = await self._send("load_answers", *_pairs(wanted.keys, texts), book.lane)
        put_accounts(book, await accounts.fetchall())
        book.names.update(await names.fetchall())
        book.next_account = (await following.fetchall())[0][0]
        for row in await holds.fetchall():
            book.holds[row[0], row[1]] = hold_from(row)
        self._loaded = frozenset(book.holds)
        for account, key, content, answer in await answers.fetchall():
            book.known[account, key] = AnsweredKey(bytes(content), decode_answer(bytes(answer)))

    async def load_balances(self, book: Book, keys: Iterable[BalanceKey]) -> None:
        """Put the balances into the book."""
        columns = list(zip(*keys, strict=True))
        if columns:
            accounts, meters, starts = columns
            arrays = (numbers(accounts), texts(meters), numbers(starts))
            put_balances(book, await (await self._send("load_balances", *arrays, book.lane)).fetchall())

    async def append(self, accepted: Sequence[Accepted], book: Book) -> None:
        """Send the batch's writes; they are awaited with COMMIT."""
        written = Written(accepted, book, self._loaded)
        for row in written.new_accounts:
            await self._send("insert_account", *row)
        for row in written.changed_accounts:
            await self._send("change_account", *row)
        seqs, heads, _, ids = zip(*written.chains, strict=True)
        await self._send("move_chain", numbers(seqs), blobs(heads), numbers(ids), book.lane)
        await self._change_holds(written, book.lane)
        for name, rows in (
            ("put_balance", written.balances),
            ("insert_hold", written.new_holds),
            ("insert_entry", written.entries),
            ("insert_answer", written.answers),
        ):
            await self._insert(name, rows, book.lane)
        await self._events.append(self.connection, written.events)
        await self._events.announce(self.connection, {(event.lane, event.account) for event in written.events})

    async def flush(self) -> None:
        """Wait for the results of all that was sent."""
        with database_failures():
            await self._pipeline.sync()

    async def _change_holds(self, written: Written, lane: int) -> None:
        if written.changed_holds:
            states, lines, _, accounts, ids = zip(*written.changed_holds, strict=True)
            await self._send("change_hold", texts(states), texts(lines), numbers(accounts), numbers(ids), lane)

    async def _insert(self, name: str, rows: Sequence[Sequence[object]], lane: int) -> None:
        if rows:
            columns = list(zip(*rows, strict=True))[1:]
            arrays = [column_text(column) for column_text, column in zip(_INSERTS[name], columns, strict=True)]
            await self._send(name, lane, *arrays)

    async def _send(self, name: str, *parameters: object) -> AsyncCursor[tuple[Any, ...]]:
        return await self._raw.execute(self._sql[name], parameters)


def _pairs(pairs: Sequence[tuple[int, Any]], second: Any) -> tuple[str, str]:
    return numbers(account for account, _ in pairs), second(value for _, value in pairs)
