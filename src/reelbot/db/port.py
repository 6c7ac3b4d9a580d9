"""What a room may ask of a database, whichever it is.

A room writes its SQL in `<room>/stores/sqlite.sql` and `<room>/stores/postgres.sql`: the same statement names in both,
each with a sentence that says what it is for. It opens a `transaction` to write and a `reading` to read, and runs
statements by their text. Parameters are positional: `?` in SQLite's files, `%s` in PostgreSQL's, `$`-free in both.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

Dialect = Literal["sqlite", "postgres"]
Row = tuple[Any, ...]


class Connection(Protocol):
    """One open transaction, or one consistent reading."""

    @property
    def dialect(self) -> Dialect:
        """Which of the two SQL files this connection understands."""
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


class Database(Protocol):
    """A database that is open and migrated. Every failure it raises is a `reelbot.errors.DatabaseFailure`."""

    @property
    def dialect(self) -> Dialect:
        """Which of the two SQL files this database understands."""
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
