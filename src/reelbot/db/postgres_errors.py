"""Says in words that a person can act on what PostgreSQL and its client library say in codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import psycopg

from reelbot.errors import DatabaseFailure


class _PgAdvice(NamedTuple):
    """What happened and what to do about it."""

    detail: str
    hint: str


_AGAIN = "Try again."

_BY_STATE = {
    "25006": _PgAdvice("PostgreSQL is read-only.", "Use the address of the primary server."),
    "3D000": _PgAdvice("The database does not exist on the PostgreSQL server.", "Create it, or correct its name."),
    "40001": _PgAdvice("PostgreSQL could not order this transaction among others.", _AGAIN),
    "40P01": _PgAdvice("PostgreSQL ended a deadlock by giving this transaction up.", _AGAIN),
    "25P03": _PgAdvice("PostgreSQL gave up a transaction that stood still for too long.", _AGAIN),
    "42501": _PgAdvice("PostgreSQL refuses this user.", "Grant the user the rights to the database's tables."),
    "42703": _PgAdvice("The database lacks a column that this program needs.", "Run `reelbot database migrate`."),
    "42P01": _PgAdvice("The database lacks a table that this program needs.", "Run `reelbot database migrate`."),
    "53100": _PgAdvice("There is no space left on the PostgreSQL server.", "Free some; what was committed is safe."),
    "53200": _PgAdvice("The PostgreSQL server is out of memory.", "Give it more, or fewer connections."),
    "53300": _PgAdvice("PostgreSQL has no connection left.", "Raise its max_connections or run fewer programs."),
    "55P03": _PgAdvice("Another program holds a lock in PostgreSQL.", _AGAIN),
    "57014": _PgAdvice("PostgreSQL cancelled a statement.", _AGAIN),
    "57P01": _PgAdvice("The PostgreSQL server is shutting down or cut the connection.", _AGAIN),
    "57P02": _PgAdvice("The PostgreSQL server crashed and is recovering.", _AGAIN),
    "57P03": _PgAdvice("The PostgreSQL server is starting.", _AGAIN),
    "57P05": _PgAdvice("PostgreSQL cut an idle connection.", _AGAIN),
}

_BY_CLASS = {
    "08": _PgAdvice("The connection to PostgreSQL was lost.", _AGAIN),
    "53": _PgAdvice("The PostgreSQL server lacks a resource: {error}.", "Look at its log."),
    "57": _PgAdvice("The PostgreSQL server interrupted the work: {error}.", _AGAIN),
    "58": _PgAdvice("The PostgreSQL server's disk failed: {error}.", "Look at its log."),
    "XX": _PgAdvice(
        "The PostgreSQL server reports a damage: {error}.", "Look at its log; restore a backup if need be."
    ),
}

_LOST = _PgAdvice(
    "The connection to PostgreSQL was lost.", "Check that the server runs and can be reached, then try again."
)

_DEFECTS = (psycopg.IntegrityError, psycopg.DataError, psycopg.ProgrammingError, psycopg.NotSupportedError)


def failure_from(error: psycopg.Error) -> DatabaseFailure | AssertionError:
    """What to raise for `error`: a failure of the world, or a defect (a broken constraint, SQL that is wrong)."""
    state = error.sqlstate or ""
    words = _BY_STATE.get(state) or _BY_CLASS.get(state[:2])
    if words is None and (state or isinstance(error, _DEFECTS)):
        return AssertionError(f"a statement that PostgreSQL refuses: {_first_line(error)}")
    words = words or _LOST
    return DatabaseFailure(words.detail.format(error=_first_line(error)), words.hint)


@contextmanager
def database_failures() -> Iterator[None]:
    """Turn the client library's errors into ours."""
    try:
        yield
    except psycopg.Error as error:
        raise failure_from(error) from error


def _first_line(error: psycopg.Error) -> str:
    """The message without the lines that repeat values of the statement."""
    return str(error).partition("\n")[0].rstrip(".")
