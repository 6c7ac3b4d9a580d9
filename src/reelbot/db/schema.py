"""What a migration's script says, statement by statement, as a dialect takes it.

A script is written once, with PostgreSQL's types. For SQLite each column's type becomes the one of five that it has:
smallint, integer and bigint are INTEGER, boolean is an INTEGER of 0 or 1, double precision is REAL, bytea is BLOB, text
is TEXT. Tables are STRICT there, so that a type which is none of these is refused, and WITHOUT ROWID. A comment above a
statement says otherwise, and why:

    -- rowid: rows stay in the order they were written
    CREATE TABLE ...            keeps its rowid in SQLite

    -- sqlite: why             or -- postgres: why
    CREATE INDEX ...            is for that dialect alone, and left as it is
"""

import re
import sqlite3
from collections.abc import Iterator

from reelbot.db.port import Dialect
from reelbot.db.sql_text import without_comments
from reelbot.errors import ConfigFailure

_MARK = re.compile(r"^--\s*(sqlite|postgres|rowid):(.*)$", re.M)
_COLUMN = re.compile(
    r'(^\s+|ADD COLUMN )("?\w+"?) (smallint|integer|bigint|boolean|double precision|bytea|text)\b', re.M
)
_TYPES = {"double precision": "REAL", "bytea": "BLOB", "text": "TEXT"}


def statements_for(script: str, dialect: Dialect) -> Iterator[str]:
    """The statements of a script for a dialect; `ConfigFailure` where a mark lacks its reason or the last its semicolon."""
    for statement in split(script):
        marks = {}
        for mark, why in _MARK.findall(statement):
            if not why.strip():
                raise ConfigFailure(f"The mark '-- {mark}:' in a migration lacks its reason.")
            marks[mark] = why
        if {"sqlite", "postgres"}.isdisjoint(marks):
            yield _adapted(statement, "rowid" in marks) if dialect == "sqlite" else statement
        elif dialect in marks:
            yield statement


def split(script: str) -> Iterator[str]:
    """The statements of a script with the comments above them, cut at those semicolons that end one."""
    statement = ""
    for piece in re.split(r"(?<=;)", script):
        statement += piece
        # A body in $$ is PostgreSQL's, and its semicolons end nothing.
        if sqlite3.complete_statement(statement) and statement.count("$$") % 2 == 0:
            yield statement.strip()
            statement = ""
    if without_comments(statement):
        raise ConfigFailure("A migration's last statement lacks its semicolon.")


def _adapted(statement: str, keeps_rowid: bool) -> str:
    sql = without_comments(statement)
    if sql.startswith(("CREATE TABLE ", "ALTER TABLE ")):
        sql = _COLUMN.sub(_column, sql)
    if sql.startswith("CREATE TABLE "):
        sql = sql.removesuffix(";").rstrip() + (" STRICT;" if keeps_rowid else " STRICT, WITHOUT ROWID;")
    return sql


def _column(found: re.Match[str]) -> str:
    before, name, type = found.groups()
    if type == "boolean":
        return f"{before}{name} INTEGER CHECK ({name} BETWEEN 0 AND 1)"
    return f"{before}{name} {_TYPES.get(type, 'INTEGER')}"
