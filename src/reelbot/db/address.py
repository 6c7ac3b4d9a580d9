"""Reads the address of a database, `sqlite:///…` or `postgresql://…`, and keeps its password out of every text."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from reelbot.db.port import Dialect
from reelbot.errors import ConfigFailure

_ALLOWED = "Use sqlite:///relative/path.db, sqlite:////absolute/path.db or postgresql://user@host/name."

_POSTGRES_DEFAULTS = {
    "application_name": "reelbot",
    "connect_timeout": "5",
    # A server that vanished without a word is noticed within half a minute instead of two hours.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}


def dialect_of(url: str) -> Dialect:
    """Which database an address names; `ConfigFailure` when it is neither."""
    scheme, separator, _ = url.partition("://")
    if separator and scheme == "sqlite":
        return "sqlite"
    if separator and scheme in ("postgresql", "postgres"):
        return "postgres"
    said = f"begins with {scheme}://" if separator else "has no scheme"
    raise ConfigFailure(f"The database's address {said}.", _ALLOWED)


def sqlite_path(url: str) -> Path:
    """The file of a SQLite address. Options and databases in memory are refused."""
    path = unquote(url.removeprefix("sqlite:///"))
    if not url.startswith("sqlite:///") or path in ("", "/", ":memory:") or "\0" in path:
        raise ConfigFailure("The database's address names no file.", _ALLOWED)
    if "?" in url:
        raise ConfigFailure("The address of a SQLite database takes no options.", "Write a ? in a name as %3F.")
    return Path(path)


def postgres_parameters(url: str) -> dict[str, Any]:
    """The connection parameters of a PostgreSQL address, with our defaults where it says nothing."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:  # its text repeats the address, password and all
        raise ConfigFailure("The PostgreSQL address cannot be read.", _ALLOWED) from None
    if "@" in str(given.get("host", "")):
        raise ConfigFailure("The PostgreSQL address has more than one @.", "Write an @ in a password as %40.")
    return {**_POSTGRES_DEFAULTS, **given}


def without_secrets(error: psycopg.Error, parameters: dict[str, Any]) -> str:
    """The message of a failed connection on one line, the password struck out should it occur."""
    text = " ".join(str(error).split())
    password = str(parameters.get("password") or "")
    return text.replace(password, "…") if password else text
