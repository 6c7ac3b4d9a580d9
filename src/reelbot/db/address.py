"""Reads the address of a database, `sqlite:///…` or `postgresql://…`; what it says of PostgreSQL is read by `postgres`."""

from pathlib import Path
from urllib.parse import unquote

from reelbot.db.port import Dialect
from reelbot.errors import ConfigFailure

ALLOWED = "Use sqlite:///relative/path.db, sqlite:////absolute/path.db or postgresql://user@host/name."
"""What an address may be."""


def dialect_of(url: str) -> Dialect:
    """Which database an address names; `ConfigFailure` when it is neither."""
    scheme, separator, _ = url.partition("://")
    if separator and scheme == "sqlite":
        return "sqlite"
    if separator and scheme in ("postgresql", "postgres"):
        return "postgres"
    said = f"begins with {scheme}://" if separator else "has no scheme"
    raise ConfigFailure(f"The database's address {said}.", ALLOWED)


def sqlite_path(url: str) -> Path:
    """The file of a SQLite address. Options and databases in memory are refused."""
    path = unquote(url.removeprefix("sqlite:///"))
    if not url.startswith("sqlite:///") or path in ("", "/", ":memory:") or "\0" in path:
        raise ConfigFailure("The database's address names no file.", ALLOWED)
    if "?" in url:
        raise ConfigFailure("The address of a SQLite database takes no options.", "Write a ? in a name as %3F.")
    return Path(path)
