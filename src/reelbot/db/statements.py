"""Loads a room's named SQL statements: one file `statements.sql` a room, for every dialect.

A file is a sequence of statements, each introduced by its name and by a sentence that says what it is for:

    -- name: take_draft
    -- One draft, to be written in this transaction: lane, account, number.
    SELECT ... FROM draft WHERE lane = ? AND account = ? AND number = ? FOR UPDATE;

Where the dialects differ, both forms stand side by side under the one name, and behind the marker of each what its
parameters are:

    -- name: load_names
    -- Which of a batch's names are taken.
    -- sqlite: lane, JSON array of names
    SELECT ...;
    -- postgres: lane, names
    SELECT ...;

Everything is written as PostgreSQL reads it, with `?` for a parameter. Three rules make the rest of it:

- psycopg's placeholders: `?` becomes `%s`, and `%` becomes `%%`; nothing within quotes is a parameter.
- SQLite has one writer at a time, so it knows no FOR UPDATE: that is left out.
- PostgreSQL chooses its index itself: INDEXED BY is left out.

Comments are left out as well. A mistake is a `ConfigFailure` with file, line and statement; to ask for a name that the file
does not have is a defect.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, get_args

from reelbot.db.port import Dialect
from reelbot.db.sql_text import changed_outside_quotes, plain, without_comments
from reelbot.errors import ConfigFailure

Statements = Mapping[str, str]
"""The SQL of a room, by the name of the statement."""

_HEADING = re.compile(r"--\s*name:(.*)")
_FORM = re.compile(r"--\s*(sqlite|postgres):.*")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LOCK = re.compile(r"\s+FOR UPDATE(?: SKIP LOCKED)?\b")
_HINT = re.compile(r"\s+INDEXED BY \w+")
_NUMBERED = re.compile(r"\?\d")


class _Block(NamedTuple):
    """The lines below one heading. `line` is the heading's own number, counted from 1."""

    name: str
    line: int
    lines: tuple[str, ...]


class _Found(dict[str, str]):
    """Statements by name. `origin` is the file that they are from."""

    def __init__(self, origin: str) -> None:
        super().__init__()
        self._origin = origin

    def __missing__(self, name: str) -> str:
        raise AssertionError(f"{self._origin} has no statement {name!r}")


def load_statements(package: str, dialect: Dialect) -> Statements:
    """The statements of `<package>/statements.sql` as a dialect's driver takes them, by name, read-only."""
    origin = f"{package.replace('.', '/')}/statements.sql"
    try:
        text = (folder_of(package) / "statements.sql").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigFailure(f"{origin} is missing.") from None
    return parsed(text, origin, dialect)


def folder_of(package: str) -> Path:
    """The folder of a room. The room is not imported for it: its libraries may not be installed."""
    found = find_spec(package)
    assert found is not None, f"{package} is no room"
    assert found.submodule_search_locations, f"{package} is a module, not a room"
    return Path(found.submodule_search_locations[0])


def parsed(text: str, origin: str, dialect: Dialect) -> Statements:
    """The statements of one file's text; `origin` is what its mistakes are reported under."""
    found = _Found(origin)
    for block in _blocks(text, origin):
        if block.name in found:
            raise _mistake(origin, block.line, f"{block.name!r} is there twice")
        found[block.name] = _statement(block, origin, dialect)
    return MappingProxyType(found)


def _blocks(text: str, origin: str) -> Iterator[_Block]:
    lines = text.splitlines()
    headings = [at for at, line in enumerate(lines) if _HEADING.fullmatch(line.strip())]
    _require_only_comments(lines[: headings[0] if headings else len(lines)], origin)
    for start, end in zip(headings, [*headings[1:], len(lines)], strict=True):
        yield _Block(_name(lines[start], origin, start + 1), start + 1, tuple(lines[start + 1 : end]))


def _require_only_comments(lines: list[str], origin: str) -> None:
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.strip().startswith("--"):
            raise _mistake(origin, number, "SQL stands before the first '-- name: …'")


def _name(line: str, origin: str, number: int) -> str:
    name = line.partition(":")[2].strip()
    if not _NAME.fullmatch(name):
        raise _mistake(origin, number, f"{name!r} is not a name of lower-case letters, digits and underscores")
    return name


def _statement(block: _Block, origin: str, dialect: Dialect) -> str:
    sentence = block.lines[0].strip() if block.lines else ""
    if not sentence.startswith("--") or not sentence.strip("- ") or _FORM.fullmatch(sentence):
        raise _mistake(origin, block.line, f"{block.name!r} lacks the comment line that says what it is for")
    own = _forms(block, origin)
    sql = without_comments("\n".join(own.get(dialect, block.lines)))
    if not sql.removesuffix(";").strip():
        raise _mistake(origin, block.line, f"{block.name!r} has no SQL{f' for {dialect}' if own else ''}")
    if not sqlite3.complete_statement(sql) or ";" in plain(sql.removesuffix(";")):
        raise _mistake(origin, block.line, f"{block.name!r} is not one statement that ends with a semicolon")
    if not own and _NUMBERED.search(plain(sql)):
        raise _mistake(origin, block.line, f"{block.name!r} numbers its parameters, which only a form for sqlite may")
    return _IN[dialect](sql.removesuffix(";").rstrip())


def _forms(block: _Block, origin: str) -> dict[Dialect, tuple[str, ...]]:
    """The lines of each dialect's own form; nothing when one form is there for all."""
    starts = [at for at, line in enumerate(block.lines) if _FORM.fullmatch(line.strip())]
    if not starts:
        return {}
    if any(line.strip() and not line.strip().startswith("--") for line in block.lines[: starts[0]]):
        raise _mistake(origin, block.line, f"{block.name!r} has SQL before its forms")
    found: dict[Dialect, tuple[str, ...]] = {}
    for start, end in zip(starts, [*starts[1:], len(block.lines)], strict=True):
        dialect: Dialect = "sqlite" if "sqlite" in block.lines[start].partition(":")[0] else "postgres"
        if dialect in found:
            raise _mistake(origin, block.line, f"{block.name!r} has two forms for {dialect}")
        found[dialect] = block.lines[start + 1 : end]
    if missing := [one for one in _DIALECTS if one not in found]:
        raise _mistake(origin, block.line, f"{block.name!r} lacks the form for {missing[0]}")
    return found


def _sqlite(sql: str) -> str:
    return changed_outside_quotes(sql, lambda piece: _LOCK.sub("", piece))


def _postgres(sql: str) -> str:
    if "?" not in plain(sql):  # psycopg reads a statement without parameters as it is
        return changed_outside_quotes(sql, lambda piece: _HINT.sub("", piece))
    return changed_outside_quotes(sql.replace("%", "%%"), lambda piece: _HINT.sub("", piece).replace("?", "%s"))


_DIALECTS: tuple[Dialect, ...] = get_args(Dialect)
_IN: Mapping[Dialect, Callable[[str], str]] = {"sqlite": _sqlite, "postgres": _postgres}


def _mistake(origin: str, line: int, detail: str) -> ConfigFailure:
    return ConfigFailure(f"{origin} line {line}: {detail}.")
