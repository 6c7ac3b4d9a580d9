"""The front door of `db`: open a database by its address, migrate it, load a room's statements."""

from reelbot.db.address import dialect_of, sqlite_path
from reelbot.db.migrations import Migration, migrate, pending
from reelbot.db.port import Connection, Database, Dialect, Row
from reelbot.db.postgres import PostgresConnection, PostgresDatabase
from reelbot.db.postgres_errors import database_failures
from reelbot.db.sqlite import LOCK_SECONDS, SqliteDatabase
from reelbot.db.statements import Statements, load_statements, require_same_names

__all__ = [
    "Connection",
    "Database",
    "Dialect",
    "Migration",
    "PostgresConnection",
    "PostgresDatabase",
    "Row",
    "SqliteDatabase",
    "Statements",
    "database_failures",
    "load_statements",
    "migrate",
    "open_database",
    "pending",
    "require_same_names",
]


async def open_database(url: str, *, lock_seconds: float = LOCK_SECONDS) -> SqliteDatabase | PostgresDatabase:
    """Open the database at an address such as `sqlite:///reelbot.db` or `postgresql://user@host/name`.

    `lock_seconds` is how long another program's lock on a SQLite file is waited for.
    """
    if dialect_of(url) == "sqlite":
        return await SqliteDatabase.open(sqlite_path(url), lock_seconds)
    return await PostgresDatabase.open(url)
