"""The statements of all rooms: each has its forms, each is used, and no other is asked for."""

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

import reelbot
from reelbot.db import Dialect, load_statements
from reelbot.wiring import ROOMS

SOURCE = Path(reelbot.__file__).parent
LOADED_ROOMS = ("reelbot.db", *ROOMS)
HOLDERS = ("_sql", "sql", "statements")
"""What the statements of a room are called where they are used."""

Runners = dict[str, set[int]]
"""Functions that run a statement by its name, and which of their arguments that is; `self` is not counted."""


def test_no_room_keeps_statements_that_are_not_looked_at_here() -> None:
    rooms = {".".join(("reelbot", *path.parent.relative_to(SOURCE).parts)) for path in SOURCE.rglob("statements.sql")}
    assert rooms == set(LOADED_ROOMS)


@pytest.mark.parametrize("room", LOADED_ROOMS)
def test_every_statement_has_a_form_for_each_dialect(room: str) -> None:
    names = [list(load_statements(room, dialect)) for dialect in get_args(Dialect)]
    assert names[0] == names[1] != []


@pytest.mark.parametrize("room", LOADED_ROOMS)
def test_every_statement_is_used(room: str) -> None:
    used = {name for path in _files_of(room) for name in _texts(path)}
    used |= {name for path in _shared_files() for name in _asked(path)}
    assert [name for name in load_statements(room, "sqlite") if name not in used] == []


@pytest.mark.parametrize("room", LOADED_ROOMS)
def test_no_statement_is_asked_for_that_is_not_there(room: str) -> None:
    there = load_statements(room, "sqlite").keys()
    asked = {name for path in _files_of(room) for name in _asked(path)}
    assert sorted(asked - there) == []
    assert asked & there, "the test looks past what runs this room's statements"


def test_what_several_rooms_share_asks_only_for_what_they_have() -> None:
    homeless = set(_all_files()) - {path for room in LOADED_ROOMS for path in _files_of(room)}
    asked = {name for path in homeless for name in _asked(path)}
    assert sorted(asked - _counted().keys()) == []


def test_a_name_that_is_not_there_is_told_with_its_file() -> None:
    with pytest.raises(AssertionError, match=r"reelbot/events/statements\.sql has no statement 'read_everything'"):
        load_statements("reelbot.events", "sqlite")["read_everything"]


@cache
def _counted() -> Counter[str]:
    """In how many rooms each name is a statement's."""
    return Counter(name for room in LOADED_ROOMS for name in load_statements(room, "sqlite"))


def _shared_files() -> Iterator[Path]:
    """Those that ask only for statements which several rooms have under one name."""
    for path in _all_files():
        asked = _asked(path)
        if asked and all(_counted()[name] > 1 for name in asked):
            yield path


@cache
def _all_files() -> tuple[Path, ...]:
    return tuple(sorted(SOURCE.rglob("*.py")))


def _files_of(room: str) -> list[Path]:
    folder = SOURCE.joinpath(*room.split(".")[1:])
    return [path for path in _all_files() if path.is_relative_to(folder)]


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _texts(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@cache
def _asked(path: Path) -> frozenset[str]:
    """The names of statements that a file asks for by themselves or has a function run."""
    own = _runners(path)
    runners = {name: own.get(name, places) for name, places in _all_runners().items()}
    found: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Subscript) and _name(node.value) in HOLDERS:
            found.update(_text(node.slice))
        elif isinstance(node, ast.Call):
            for place in runners.get(_name(node.func), ()):
                found.update(_text(node.args[place]) if place < len(node.args) else ())
    return frozenset(found)


@cache
def _all_runners() -> Runners:
    found: Runners = {}
    for path in _all_files():
        for name, places in _runners(path).items():
            found.setdefault(name, set()).update(places)
    return found


@cache
def _runners(path: Path) -> Runners:
    found: Runners = {}
    for function in ast.walk(_tree(path)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            given = [argument.arg for argument in function.args.args if argument.arg != "self"]
            for node in ast.walk(function):
                if isinstance(node, ast.Subscript) and _name(node.value) in HOLDERS and _name(node.slice) in given:
                    found.setdefault(function.name, set()).add(given.index(_name(node.slice)))
    return found


def _name(node: ast.expr) -> str:
    """The last name of `name` or `something.name`; empty for anything else."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.expr) -> tuple[str, ...]:
    return (node.value,) if isinstance(node, ast.Constant) and isinstance(node.value, str) else ()
