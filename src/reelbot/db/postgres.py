"""PostgreSQL behind the database port: a small pool, a pool of connections for pipelined writing, and LISTEN.

- Connections are bounded and reopened when the server has cut them; a caller waits for one that is free.
- An address's password is kept out of every text.
- `transaction` is READ COMMITTED, `reading` a snapshot (REPEATABLE READ READ ONLY), `fetch` one statement by itself.
- `writer` lends the bare psycopg connection to a store that wants pipelines; `database_failures` words its errors.
- A lost connection is a `DatabaseFailure`: nothing was kept, except when the loss came during the commit itself,
  where nobody can know. Whoever repeats such a call must be able to find out by its idempotency key.
"""

import asyncio
import select
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import Any, Self

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.sql import SQL, Identifier

from reelbot.db.address import ALLOWED
from reelbot.db.port import PostgresConnection, PostgresDatabase, Row
from reelbot.db.postgres_errors import database_failures
from reelbot.errors import ConfigFailure, DatabaseFailure

CONNECTIONS = 8
"""Ordinary connections of one process: more than its two cores can keep busy, few enough for a dozen processes."""

WRITERS = 2
"""Connections for pipelined writing: one that commits, one whose next batch is being decided."""

_SESSION = (
    # A plan made while a table was empty reads it from end to end, and a prepared statement would keep that plan. With
    # custom plans the statement is parsed once and planned at each execution for the table as it is now.
    "SET plan_cache_mode = force_custom_plan",
    # Of a machine that vanished in the middle of a transaction: its locks must not outlive a minute.
    "SET idle_in_transaction_session_timeout = '60s'",
)

_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_DEFAULTS = {
    "application_name": "reelbot",
    "connect_timeout": "5",
    # A server that vanished without a word is noticed within half a minute instead of two hours.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}

_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 5.0


class PsycopgConnection(PostgresConnection):
    """One open transaction or reading, over a psycopg connection. Inside a pipeline only `execute` doesn't wait."""

    def __init__(self, raw: AsyncConnection) -> None:
        self._raw = raw

    async def fetch(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one statement and return all its rows."""
        with database_failures():
            return await _fetched(self._raw, sql, parameters)

    async def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run one statement and return how many rows it changed; -1 in a pipeline, where that isn't known yet."""
        with database_failures():
            cursor = await self._raw.execute(sql, parameters or None)
            return cursor.rowcount

    async def execute_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement once for each row."""
        with database_failures():
            await self._raw.cursor().executemany(sql, rows)

    async def lock(self, name: str, *parts: int) -> None:
        """Wait until no other transaction has this lock, and keep it until this one ends; in a pipeline only sends."""
        await self.execute(_LOCK, (" ".join(map(str, ("reelbot", name, *parts))),))

    async def notify(self, channel: str, payload: str) -> None:
        """Tell every listener of `channel` when this transaction commits; a payload has less than 8000 bytes."""
        await self.execute("SELECT pg_notify(%s, %s)", (channel, payload))


class PsycopgDatabase(PostgresDatabase):
    """A PostgreSQL database that answers. Belongs to one event loop."""

    def __init__(self, url: str, connections: int = CONNECTIONS, writers: int = WRITERS) -> None:
        self._parameters = _parameters(url)
        self._pool = _Pool(self._connect, connections)
        self._writers = _Pool(self._connect_writer, writers)

    @classmethod
    async def open(cls, url: str, connections: int = CONNECTIONS, writers: int = WRITERS) -> Self:
        """Connect once, to fail early when the server can't be reached."""
        database = cls(url, connections, writers)
        async with database._pool.lend():
            return database

    def transaction(self) -> AbstractAsyncContextManager[PsycopgConnection]:
        """Begin to write: READ COMMITTED, durable once the block is left."""
        return self._block(_WRITE, "COMMIT")

    def reading(self) -> AbstractAsyncContextManager[PsycopgConnection]:
        """A snapshot to read from, taken at the first statement."""
        return self._block(_READ, "ROLLBACK")

    async def fetch(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one reading statement by itself: one round trip, where a `reading` takes three."""
        async with self._pool.lend() as raw:
            with database_failures():
                return await _fetched(raw, sql, parameters)

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection, in autocommit and outside any transaction, for writing in pipelines.

        Statements are prepared at their first use. The borrower begins and commits; what it leaves open is rolled
        back. Errors of psycopg that leave the block leave it as ours.
        """
        async with self._writers.lend() as raw:
            with database_failures():
                yield raw

    async def listen(self, channel: str) -> AsyncGenerator[str | None, None]:
        """What is notified on `channel`, for ever. `None` marks a gap: what came before it may have been missed.

        The first item is a gap, told as soon as the channel is listened to. A lost connection is opened again, after
        growing waits, and is another gap.
        """
        wait_seconds = _FIRST_WAIT_SECONDS
        while True:
            try:
                async with aclosing(self._heard(channel)) as heard:
                    async for payload in heard:
                        wait_seconds = _FIRST_WAIT_SECONDS
                        yield payload
            except DatabaseFailure:
                await asyncio.sleep(wait_seconds)
                wait_seconds = min(2 * wait_seconds, _LONGEST_WAIT_SECONDS)

    async def close(self) -> None:
        """Give back every connection; those that are lent are closed when they come back."""
        await self._pool.close()
        await self._writers.close()

    @asynccontextmanager
    async def _block(self, begin: str, end: str) -> AsyncIterator[PsycopgConnection]:
        async with self._pool.lend() as raw:
            connection = PsycopgConnection(raw)
            await connection.execute(begin)
            yield connection
            if raw.info.transaction_status is not TransactionStatus.INTRANS:
                # A statement failed and somebody swallowed the failure; COMMIT would roll back without a word.
                raise DatabaseFailure("PostgreSQL gave this transaction up.", "Nothing was written.")
            await connection.execute(end)

    async def _heard(self, channel: str) -> AsyncGenerator[str | None, None]:
        raw = await self._connect()
        try:
            with database_failures():
                await raw.execute(SQL("LISTEN {}").format(Identifier(channel)))
                yield None
                async with aclosing(raw.notifies()) as notes:
                    async for note in notes:
                        yield note.payload
        finally:
            await raw.close()

    async def _connect_writer(self) -> AsyncConnection:
        raw = await self._connect()
        raw.prepare_threshold = 0
        return raw

    async def _connect(self) -> AsyncConnection:
        try:
            raw = await AsyncConnection.connect(autocommit=True, **self._parameters)
        except psycopg.Error as error:
            raise DatabaseFailure(
                f"PostgreSQL cannot be reached: {_without_secrets(error, self._parameters)}",
                "Check the address and that the server runs.",
            ) from None  # the library's own error repeats the address
        try:
            with database_failures():
                for statement in _SESSION:
                    await raw.execute(statement)
        except BaseException:
            await raw.close()
            raise
        return raw


class _Pool:
    """At most `size` connections, opened when needed, the most recently used first."""

    def __init__(self, connect: Callable[[], Awaitable[AsyncConnection]], size: int) -> None:
        self._connect = connect
        self._slots = asyncio.Semaphore(size)
        self._idle: list[AsyncConnection] = []
        self._closed = False

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[AsyncConnection]:
        assert not self._closed, "a closed database is used"
        async with self._slots:
            raw = await self._take()
            try:
                yield raw
            finally:
                await self._give_back(raw)

    async def close(self) -> None:
        self._closed = True
        while self._idle:
            await self._idle.pop().close()

    async def _take(self) -> AsyncConnection:
        while self._idle:
            raw = self._idle.pop()
            if not _was_cut(raw):
                return raw
            await raw.close()
        return await self._connect()

    async def _give_back(self, raw: AsyncConnection) -> None:
        try:
            await _roll_back(raw)
        finally:
            if self._closed or not _is_idle(raw):
                await raw.close()
            else:
                self._idle.append(raw)


def _parameters(url: str) -> dict[str, Any]:
    """The connection parameters of a PostgreSQL address, with our defaults where it says nothing."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:  # its text repeats the address, password and all
        raise ConfigFailure("The PostgreSQL address cannot be read.", ALLOWED) from None
    if "@" in str(given.get("host", "")):
        raise ConfigFailure("The PostgreSQL address has more than one @.", "Write an @ in a password as %40.")
    return {**_DEFAULTS, **given}


def _without_secrets(error: psycopg.Error, parameters: dict[str, Any]) -> str:
    """The message of a failed connection on one line, the password struck out should it occur."""
    text = " ".join(str(error).split())
    password = str(parameters.get("password") or "")
    return text.replace(password, "…") if password else text


async def _fetched(raw: AsyncConnection, sql: str, parameters: Sequence[object]) -> list[Row]:
    cursor = await raw.execute(sql, parameters or None)
    return await cursor.fetchall()


async def _roll_back(raw: AsyncConnection) -> None:
    if raw.closed or raw.info.pipeline_status is not PipelineStatus.OFF or _is_idle(raw):
        return
    try:
        await raw.rollback()
    except psycopg.Error:  # the connection is beyond use and is closed next; the error that led here matters more
        return


def _is_idle(raw: AsyncConnection) -> bool:
    return (
        not raw.closed
        and raw.info.transaction_status is TransactionStatus.IDLE
        and raw.info.pipeline_status is PipelineStatus.OFF
    )


def _was_cut(raw: AsyncConnection) -> bool:
    """Whether the server has said something since, which on an idle connection is that it cut it."""
    if raw.closed:
        return True
    probe = select.poll()
    probe.register(raw.pgconn.socket, select.POLLIN)
    return bool(probe.poll(0))
