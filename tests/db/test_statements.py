"""A room's file of statements: what is read from it for each dialect, and how its mistakes are told."""

from typing import get_args

import pytest

from reelbot.db import Dialect, load_statements
from reelbot.db.statements import parsed
from reelbot.errors import ConfigFailure


def statement(sql: str, dialect: Dialect) -> str:
    """A statement that stands in a file, as the driver of a dialect takes it."""
    return parsed(f"-- name: it\n-- It.\n{sql}\n", "x.sql", dialect)["it"]


@pytest.mark.parametrize("dialect", get_args(Dialect))
def test_a_statement_is_found_by_its_name_without_comments_and_semicolon(dialect: Dialect) -> None:
    text = "-- About the file.\n\n-- name: read_it\n-- Read it.\n-- In two lines.\nSELECT 1, -- why?\n       2;\n"
    assert parsed(text, "x.sql", dialect) == {"read_it": "SELECT 1,\n       2"}


def test_statements_keep_the_order_of_the_file() -> None:
    text = "-- name: b\n-- First.\nSELECT 1;\n-- name: a\n-- Second.\nSELECT 2;"
    assert list(parsed(text, "x.sql", "sqlite")) == ["b", "a"]


def test_loaded_statements_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        load_statements("reelbot.events", "sqlite")["read_last"] = "SELECT 2"  # type: ignore[index]


def test_each_dialect_has_its_own_form_where_there_are_two() -> None:
    forms = "-- sqlite: numbers as JSON\nSELECT ?2, ?1;\n-- postgres: numbers\n-- And a word.\nSELECT ?::int;\n"
    text = f"-- name: a\n-- A.\nSELECT 1;\n-- name: it\n-- It.\n{forms}-- name: b\n-- B.\nSELECT 2;\n"
    assert parsed(text, "x.sql", "sqlite") == {"a": "SELECT 1", "it": "SELECT ?2, ?1", "b": "SELECT 2"}
    assert parsed(text, "x.sql", "postgres") == {"a": "SELECT 1", "it": "SELECT %s::int", "b": "SELECT 2"}


@pytest.mark.parametrize(
    ("sql", "sqlite", "postgres"),
    [
        ("SELECT a FROM t WHERE b = ?;", "SELECT a FROM t WHERE b = ?", "SELECT a FROM t WHERE b = %s"),
        ("SELECT '?', \"a?\" % ?;", "SELECT '?', \"a?\" % ?", "SELECT '?', \"a?\" %% %s"),
        ("SELECT 'it''s 5 %?' || ?;", "SELECT 'it''s 5 %?' || ?", "SELECT 'it''s 5 %%?' || %s"),
        ("SELECT 7 % 2, '%?';", "SELECT 7 % 2, '%?'", "SELECT 7 % 2, '%?'"),
        ("SELECT a FROM t\n FOR UPDATE;", "SELECT a FROM t", "SELECT a FROM t\n FOR UPDATE"),
        ("SELECT 'a FOR UPDATE' FROM t;", "SELECT 'a FOR UPDATE' FROM t", "SELECT 'a FOR UPDATE' FROM t"),
        (
            "DELETE FROM t WHERE a IN (SELECT a FROM t FOR UPDATE SKIP LOCKED);",
            "DELETE FROM t WHERE a IN (SELECT a FROM t)",
            "DELETE FROM t WHERE a IN (SELECT a FROM t FOR UPDATE SKIP LOCKED)",
        ),
        (
            "SELECT ' INDEXED BY i' FROM t INDEXED BY i WHERE a;",
            "SELECT ' INDEXED BY i' FROM t INDEXED BY i WHERE a",
            "SELECT ' INDEXED BY i' FROM t WHERE a",
        ),
    ],
)
def test_three_rules_make_both_forms_of_a_statement(sql: str, sqlite: str, postgres: str) -> None:
    assert (statement(sql, "sqlite"), statement(sql, "postgres")) == (sqlite, postgres)


@pytest.mark.parametrize("dialect", get_args(Dialect))
@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("SELECT 1;\n-- name: a\n-- It.\nSELECT 1;", "x.sql line 1: SQL stands before the first"),
        ("-- name: a\nSELECT 1;", "x.sql line 1: 'a' lacks the comment line"),
        ("-- name: a\n--\nSELECT 1;", "x.sql line 1: 'a' lacks the comment line"),
        ("-- name: a", "x.sql line 1: 'a' lacks the comment line"),
        ("-- name: a\n-- sqlite:\nSELECT 1;\n-- postgres:\nSELECT 2;", "x.sql line 1: 'a' lacks the comment line"),
        ("-- name: a\n-- It.\n", "x.sql line 1: 'a' has no SQL"),
        ("-- name: a\n-- It.\n;", "x.sql line 1: 'a' has no SQL"),
        ("-- name: a\n-- It.\n-- SELECT 1;\n", "x.sql line 1: 'a' has no SQL"),
        ("-- name: a\n-- It.\nSELECT 1", "x.sql line 1: 'a' is not one statement that ends with a semicolon"),
        ("-- name: a\n-- It.\nSELECT 1;\nSELECT 2;", "x.sql line 1: 'a' is not one statement"),
        ("-- name: a\n-- It.\nSELECT ?1;", "x.sql line 1: 'a' numbers its parameters"),
        ("-- name: A b\n-- It.\nSELECT 1;", "x.sql line 1: 'A b' is not a name"),
        ("-- name:\n-- It.\nSELECT 1;", "x.sql line 1: '' is not a name"),
        ("-- name: a\n-- It.\nSELECT 1;\n\n-- name: a\n-- It.\nSELECT 2;", "x.sql line 5: 'a' is there twice"),
        (
            "-- name: b\n-- It.\nSELECT 1;\n-- name: a\n-- It.\n-- sqlite:\nSELECT 1;",
            "x.sql line 4: 'a' lacks the form for",
        ),
        ("-- name: a\n-- It.\n-- postgres:\nSELECT 1;", "x.sql line 1: 'a' lacks the form for sqlite"),
        (
            "-- name: a\n-- It.\n-- sqlite:\nSELECT 1;\n-- sqlite:\nSELECT 2;",
            "x.sql line 1: 'a' has two forms for sqlite",
        ),
        (
            "-- name: a\n-- It.\nSELECT 1;\n-- sqlite:\nSELECT 1;\n-- postgres:\nSELECT 2;",
            "x.sql line 1: 'a' has SQL before its forms",
        ),
    ],
)
def test_a_malformed_file_is_reported_with_line_and_statement(text: str, complaint: str, dialect: Dialect) -> None:
    with pytest.raises(ConfigFailure) as caught:
        parsed(text, "x.sql", dialect)
    assert str(caught.value).startswith(complaint)


@pytest.mark.parametrize(
    ("dialect", "empty"),
    [("sqlite", "-- sqlite:\n-- postgres:\nSELECT 1;"), ("postgres", "-- sqlite:\nSELECT 1;\n-- postgres:")],
)
def test_a_form_without_sql_is_reported_with_its_dialect(dialect: Dialect, empty: str) -> None:
    with pytest.raises(ConfigFailure, match=f"x.sql line 1: 'it' has no SQL for {dialect}"):
        statement(empty, dialect)


def test_a_file_that_is_missing_is_named() -> None:
    with pytest.raises(ConfigFailure, match=r"reelbot/web/statements\.sql is missing"):
        load_statements("reelbot.web", "sqlite")
