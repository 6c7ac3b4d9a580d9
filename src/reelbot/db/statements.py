"""Loads a room's named SQL statements: one `.sql` file for each dialect, the same names in all of them.

A file is a sequence of statements, each introduced by its name and by one sentence that says what it is for:

    -- name: read_heads
    -- The newest number of each of these accounts.
    SELECT ...

Comments may stand before the first name and inside a statement. A mistake is a `ConfigFailure` with file and line.
"""

import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, get_args

from reelbot.db.port import Dialect
from reelbot.errors import ConfigFailure

Statements = Mapping[str, str]
"""The SQL of a room, by the name of the statement."""

_HEADING = re.compile(r"--\s*name:(.*)")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class _Block(NamedTuple):
    """The lines below one heading. `line` is the heading's own number, counted from 1."""

    name: str
    line: int
    lines: tuple[str, ...]


def load_statements(package: str, dialect: Dialect) -> Statements:
    """The statements of `<package>/stores/<dialect>.sql` by name, read-only."""
    origin = f"{package.replace('.', '/')}/stores/{dialect}.sql"
    try:
        text = (stored(package) / f"{dialect}.sql").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigFailure(f"{origin} is missing.") from None
    return parsed(text, origin)


def stored(package: str) -> Path:
    """The folder `stores` of a room. The room is not imported for it: its libraries may not be installed."""
    found = find_spec(package)
    assert found is not None, f"{package} is no room"
    assert found.submodule_search_locations, f"{package} is a module, not a room"
    return Path(found.submodule_search_locations[0]) / "stores"


def parsed(text: str, origin: str) -> Statements:
    """The statements of one file's text; `origin` is what its mistakes are reported under."""
    found: dict[str, str] = {}
    for block in _blocks(text, origin):
        if block.name in found:
            raise _mistake(origin, block.line, f"{block.name!r} is there twice")
        found[block.name] = _statement(block, origin)
    return MappingProxyType(found)


def require_same_names(package: str) -> None:
    """Raise `ConfigFailure` unless the files of every dialect hold the same names, in the same order."""
    first, *others = get_args(Dialect)
    names = list(load_statements(package, first))
    for dialect in others:
        here = list(load_statements(package, dialect))
        if here != names:
            odd = sorted(set(here) ^ set(names)) or "their order"
            raise ConfigFailure(f"{package}: {first}.sql and {dialect}.sql differ in {odd}.")


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


def _statement(block: _Block, origin: str) -> str:
    sentence = block.lines[0].strip() if block.lines else ""
    if not sentence.startswith("--") or not sentence.strip("- "):
        raise _mistake(origin, block.line, f"{block.name!r} lacks the comment line that says what it is for")
    sql = "\n".join(_without_leading_comments(block.lines)).strip().removesuffix(";").rstrip()
    if not sql:
        raise _mistake(origin, block.line, f"{block.name!r} has no SQL")
    return sql


def _without_leading_comments(lines: tuple[str, ...]) -> tuple[str, ...]:
    for at, line in enumerate(lines):
        if line.strip() and not line.strip().startswith("--"):
            return lines[at:]
    return ()


def _mistake(origin: str, line: int, detail: str) -> ConfigFailure:
    return ConfigFailure(f"{origin} line {line}: {detail}.")
