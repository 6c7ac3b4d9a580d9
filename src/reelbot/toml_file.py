"""Reads a TOML file that people write, and knows on which line everything in it stands, so that mistakes can be told.

Used for the configuration, the tables of the allowance and the list of providers; each says by itself what it may hold.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NamedTuple

from reelbot.errors import ConfigFailure

Keys = tuple[str, ...]
"""A path into the file: the keys from the outermost table inwards."""

_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


class TomlFile(NamedTuple):
    """What a file says, and on which line each key and table of it stands. `name` is what mistakes call it."""

    name: str
    content: dict[str, Any]
    lines: Mapping[Keys, int]

    def line_of(self, keys: Keys) -> int:
        """The line of a path, or that of the nearest table around it."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys, 1)

    def mistake(self, line: int, says: str) -> str:
        """What is wrong, with where."""
        return _mistake(self.name, line, says)


def read_toml(source: Path | Traversable, name: str) -> TomlFile:
    """A file in whole; `ConfigFailure` when it cannot be read or is not TOML, then with the line."""
    try:
        content = source.read_bytes()
    except OSError as error:
        raise ConfigFailure(f"{name} cannot be read: {error.strerror}.") from error
    try:
        return _parsed(name, content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigFailure(_mistake(name, line, "the text is not UTF-8")) from error


def key_lines(text: str) -> dict[Keys, int]:
    """The line, from 1, on which each key and table of a valid TOML text first stands; arrays are not looked into.

    Lines are gathered until they are valid TOML by themselves: that is one statement, however many lines it spans, and
    what the parser makes of it are its keys. So text inside long strings and arrays is never taken for a key.
    """
    lines: dict[Keys, int] = {}
    table: Keys = ()
    statement, begins = "", 1
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        statement += line + "\n"
        said = _whole_statement(statement)
        if said is None:
            continue
        if statement.lstrip().startswith("["):
            *_, table = _paths(said, ())
            paths: Iterable[Keys] = _paths(said, ())
        else:
            paths = _paths(said, table)
        for path in paths:
            lines.setdefault(path, begins)
        statement, begins = "", number + 1
    return lines


def _whole_statement(text: str) -> dict[str, Any] | None:
    """What a text says as TOML; None when it does not end yet."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _paths(table: Mapping[str, Any], under: Keys) -> Iterable[Keys]:
    """The path of every key in a table and in the tables inside it, outer ones first."""
    for key, value in table.items():
        yield (*under, key)
        if isinstance(value, dict):
            yield from _paths(value, (*under, key))


def suggestion(name: str, known: Iterable[str]) -> str:
    """What could have been meant by a name that is not known."""
    known = tuple(known)
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"


def _parsed(name: str, text: str) -> TomlFile:
    try:
        return TomlFile(name, tomllib.loads(text), key_lines(text))
    except tomllib.TOMLDecodeError as error:
        says = str(error)
        position = _POSITION.search(says)
        at_end = text.rstrip().count("\n") + 1
        line = int(position[1] or at_end) if position else 1
        says = _POSITION.sub("", says).replace("Cannot overwrite a value", "this key is given twice")
        raise ConfigFailure(_mistake(name, line, says)) from error
    except (ValueError, RecursionError) as error:
        raise ConfigFailure(
            _mistake(name, _line_beyond_bounds(text), "a number too long or tables too deep")
        ) from error


def _line_beyond_bounds(text: str) -> int:
    """The first line with something that is right but more than the parser takes."""
    lines = text.split("\n")
    for number in range(1, len(lines)):
        try:
            key_lines("\n".join(lines[:number]))
        except (ValueError, RecursionError):
            return number
    return len(lines)


def _mistake(name: str, line: int, says: str) -> str:
    return f"{name} line {line}: {says}"
