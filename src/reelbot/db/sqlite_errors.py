"""Says in words that a person can act on what SQLite says in codes."""

import sqlite3
from pathlib import Path
from typing import NamedTuple

from reelbot.errors import DatabaseFailure


class _SqliteAdvice(NamedTuple):
    """What happened and what to do about it; `{path}` stands for the database's file."""

    detail: str
    hint: str


_PLACE = "Check that the folder of {path} exists, is on a local disk, and belongs to the user who runs ReelBot."

_WORDS = {
    sqlite3.SQLITE_BUSY: _SqliteAdvice(
        "The database {path} is locked by another program.", "Close the program that keeps it open for writing."
    ),
    sqlite3.SQLITE_LOCKED: _SqliteAdvice("The database {path} is locked by another reader.", "Try again in a moment."),
    sqlite3.SQLITE_FULL: _SqliteAdvice(
        "There is no space left for the database {path}.", "Free some space on its disk; what was committed is safe."
    ),
    sqlite3.SQLITE_READONLY: _SqliteAdvice(
        "The database {path} cannot be written.",
        "Give the user who runs ReelBot the right to write the file and its folder, and check that the disk is not "
        "mounted read-only.",
    ),
    sqlite3.SQLITE_PERM: _SqliteAdvice("The database {path} may not be opened.", _PLACE),
    sqlite3.SQLITE_CANTOPEN: _SqliteAdvice("The database {path} cannot be opened.", _PLACE),
    sqlite3.SQLITE_NOTADB: _SqliteAdvice(
        "The file {path} is not a SQLite database.", "Choose another address, or move that file away."
    ),
    sqlite3.SQLITE_CORRUPT: _SqliteAdvice(
        "The database {path} is damaged.", "Stop ReelBot, keep a copy of the file, and restore the last backup."
    ),
    sqlite3.SQLITE_IOERR: _SqliteAdvice(
        "The disk of the database {path} failed to read or write.", "Look at the system's log and check the disk."
    ),
    sqlite3.SQLITE_PROTOCOL: _SqliteAdvice("The database {path} cannot be locked.", _PLACE),
    sqlite3.SQLITE_NOMEM: _SqliteAdvice(
        "There was no memory left to use the database {path}.", "Give ReelBot more memory."
    ),
    sqlite3.SQLITE_TOOBIG: _SqliteAdvice("A value is too large for the database {path}.", "Send a smaller one."),
    sqlite3.SQLITE_INTERRUPT: _SqliteAdvice("A statement on {path} was interrupted.", "Try again."),
}

_NO_TABLE = _SqliteAdvice(
    "The database {path} lacks a table or column that this program needs ({error}).",
    "Run `reelbot database migrate`.",
)


def failure_from(error: sqlite3.Error, path: Path) -> DatabaseFailure | AssertionError:
    """What to raise for `error`: a failure of the world, or a defect (a broken constraint, SQL that is wrong)."""
    words = _words_for(error)
    if words is None:
        return AssertionError(f"a statement that the database {path} refuses: {error}")
    return DatabaseFailure(words.detail.format(path=path, error=error), words.hint.format(path=path))


def failure_of(code: int, path: Path) -> DatabaseFailure:
    """What to raise where SQLite would give this primary code."""
    words = _WORDS[code]
    return DatabaseFailure(words.detail.format(path=path), words.hint.format(path=path))


def is_locked(error: sqlite3.Error) -> bool:
    """Whether another connection holds the lock at this moment, so that waiting can help."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _words_for(error: sqlite3.Error) -> _SqliteAdvice | None:
    if str(error).startswith(("no such table", "no such column")):
        return _NO_TABLE
    return _WORDS.get(_code(error))


def _code(error: sqlite3.Error) -> int:
    """The primary code, without what extended codes add; 0 for errors of the Python module itself."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
