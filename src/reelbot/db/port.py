"""What a room may ask of a database, whichever it is.

A room writes its SQL in `<room>/statements.sql`, once for all dialects: each statement with a name and a sentence that
says what it is for (see `reelbot.db.statements`). It opens a `transaction` to write and a `reading` to read, and runs
statements by their text. Parameters are positional.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

if TYPE_CHECKING:
    from psycopg import AsyncConnection

Dialect = Literal["sqlite", "postgres"]
"""The two kinds of database."""

Row = tuple[Any, ...]
"""One row, as the driver gives it: a value a column."""


class Connection(Protocol):
    """One open transaction, or one consistent reading."""

    @property
    def dialect(self) -> Dialect:
        """Which form of a statement this connection understands."""
        ...

    async def fetch(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one statement and return all its rows."""
        ...

    async def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run one statement and return how many rows it changed."""
        ...

    async def execute_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement once for each row."""
        ...

    async def lock(self, name: str, *parts: int) -> None:
        """Wait until no other transaction has this lock, and keep it until this one ends.

        `name` says in words what is done one at a time, `parts` for whom. The statements behind it see what whoever had the
        lock before has committed. Only a block of `transaction` may ask for it.
        """
        ...


class Database(Protocol):
    """A database that is open and migrated. Every failure it raises is a `reelbot.errors.DatabaseFailure`."""

    @property
    def dialect(self) -> Dialect:
        """Which form of a statement this database understands."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """Begin to write: commits, durably, when the block ends well and rolls back when it raises."""
        ...

    def reading(self) -> AbstractAsyncContextManager[Connection]:
        """A consistent snapshot to read from; never waits for a writer of this process."""
        ...

    async def close(self) -> None:
        """Give back every connection."""
        ...


class PostgresConnection(ABC):
    """A `Connection` to PostgreSQL; `reelbot.db.postgres` has the one that there is.

    Rooms name these two classes and not their implementation, so that SQLite is used without PostgreSQL's driver.
    """

    dialect: Final[Dialect] = "postgres"

    @abstractmethod
    async def fetch(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one statement and return all its rows."""

    @abstractmethod
    async def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run one statement and return how many rows it changed; -1 in a pipeline, where that isn't known yet."""

    @abstractmethod
    async def lock(self, name: str, *parts: int) -> None:
        """Wait until no other transaction has this lock, and keep it until this one ends; in a pipeline only sends."""

    @abstractmethod
    async def execute_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement once for each row."""

    @abstractmethod
    async def notify(self, channel: str, payload: str) -> None:
        """Tell every listener of `channel` when this transaction commits; a payload has less than 8000 bytes."""


class PostgresDatabase(ABC):
    """A `Database` on PostgreSQL, with what only PostgreSQL has."""

    dialect: Final[Dialect] = "postgres"

    @abstractmethod
    def transaction(self) -> AbstractAsyncContextManager[PostgresConnection]:
        """Begin to write: READ COMMITTED, durable once the block is left."""

    @abstractmethod
    def reading(self) -> AbstractAsyncContextManager[PostgresConnection]:
        """A snapshot to read from, taken at the first statement."""

    @abstractmethod
    async def fetch(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one reading statement by itself: one round trip, where a `reading` takes three."""

    @abstractmethod
    def writer(self) -> "AbstractAsyncContextManager[AsyncConnection]":
        """Lend a connection, in autocommit and outside any transaction, for writing in pipelines."""

    @abstractmethod
    def listen(self, channel: str) -> AsyncGenerator[str | None, None]:
        """What is notified on `channel`, for ever. `None` marks a gap: what came before it may have been missed."""

    @abstractmethod
    async def close(self) -> None:
        """Give back every connection; those that are lent are closed when they come back."""
