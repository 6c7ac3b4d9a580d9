"""The front door of `db`: open a database by its address, migrate it, load a room's statements.

PostgreSQL's driver is imported when an address names PostgreSQL, and not before.
"""

from importlib import import_module

from reelbot.db.address import dialect_of, sqlite_path
from reelbot.db.migrations import Migration, migrate, pending
from reelbot.db.port import Connection, Database, Dialect, PostgresConnection, PostgresDatabase, Row
from reelbot.db.sqlite import LOCK_SECONDS, SqliteDatabase
from reelbot.db.statements import Statements, load_statements
from reelbot.extras import require

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
    "load_statements",
    "migrate",
    "open_database",
    "pending",
]


async def open_database(url: str, *, lock_seconds: float = LOCK_SECONDS) -> SqliteDatabase | PostgresDatabase:
    """Open the database at an address such as `sqlite:///reelbot.db` or `postgresql://user@host/name`.

    `lock_seconds` is how long another program's lock on a SQLite file is waited for. Raises `ConfigFailure` for an address
    that cannot be meant, and for one of PostgreSQL where its driver is not installed (`ExtraMissing`); `DatabaseFailure`
    when the database cannot be reached.
    """
    if dialect_of(url) == "sqlite":
        return await SqliteDatabase.open(sqlite_path(url), lock_seconds)
    require("postgres")
    driven = import_module("reelbot.db.postgres")
    database: PostgresDatabase = await driven.PsycopgDatabase.open(url)
    return database
