"""A room's SQL files: what is read from them, and how their mistakes are told."""

import pytest

from reelbot.db import load_statements, require_same_names
from reelbot.db.migrations import known_migrations, split
from reelbot.db.statements import parsed
from reelbot.errors import ConfigFailure

ROOMS = ("reelbot.db", "reelbot.events")


def test_a_statement_is_found_by_its_name_without_its_sentence_and_semicolon() -> None:
    text = "-- About the file.\n\n-- name: read_it\n-- Read it.\nSELECT 1, -- one\n       2;\n"
    assert parsed(text, "x.sql") == {"read_it": "SELECT 1, -- one\n       2"}


def test_statements_keep_the_order_of_the_file() -> None:
    text = "-- name: b\n-- First.\nSELECT 1;\n-- name: a\n-- Second.\nSELECT 2;"
    assert list(parsed(text, "x.sql")) == ["b", "a"]


def test_loaded_statements_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        load_statements("reelbot.events", "sqlite")["read_last"] = "SELECT 2"  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("SELECT 1;\n-- name: a\n-- It.\nSELECT 1;", "x.sql line 1: SQL stands before the first"),
        ("-- name: a\nSELECT 1;", "x.sql line 1: 'a' lacks the comment line"),
        ("-- name: a\n--\nSELECT 1;", "x.sql line 1: 'a' lacks the comment line"),
        ("-- name: a", "x.sql line 1: 'a' lacks the comment line"),
        ("-- name: a\n-- It.\n", "x.sql line 1: 'a' has no SQL"),
        ("-- name: a\n-- It.\n;", "x.sql line 1: 'a' has no SQL"),
        ("-- name: A b\n-- It.\nSELECT 1;", "x.sql line 1: 'A b' is not a name"),
        ("-- name:\n-- It.\nSELECT 1;", "x.sql line 1: '' is not a name"),
        ("-- name: a\n-- It.\nSELECT 1;\n\n-- name: a\n-- It.\nSELECT 2;", "x.sql line 5: 'a' is there twice"),
    ],
)
def test_a_malformed_file_is_reported_with_its_line(text: str, complaint: str) -> None:
    with pytest.raises(ConfigFailure) as caught:
        parsed(text, "x.sql")
    assert str(caught.value).startswith(complaint)


def test_a_file_that_is_missing_is_named() -> None:
    with pytest.raises(ConfigFailure, match=r"reelbot/stores/sqlite\.sql is missing"):
        load_statements("reelbot", "sqlite")


@pytest.mark.parametrize("room", ROOMS)
def test_both_dialects_have_the_same_names(room: str) -> None:
    require_same_names(room)


def test_both_dialects_have_the_same_migrations() -> None:
    def names(dialect: str) -> list[tuple[str, int, str]]:
        return [migration[:3] for migration in known_migrations(["reelbot.events"], dialect)]  # type: ignore[arg-type]

    assert names("sqlite") == names("postgres") != []


def test_a_script_is_split_where_its_statements_end() -> None:
    trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM b; DELETE FROM c;\nEND;"
    script = f"-- a; comment\nCREATE TABLE a (x TEXT DEFAULT ';');\n{trigger}\n-- the end\n"
    assert list(split(script)) == ["-- a; comment\nCREATE TABLE a (x TEXT DEFAULT ';');", trigger]


def test_a_script_whose_last_statement_is_not_ended_is_refused() -> None:
    with pytest.raises(ConfigFailure, match="lacks its semicolon"):
        list(split("SELECT 1;\nSELECT 2"))
