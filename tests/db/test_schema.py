"""A migration's script, as each dialect takes it."""

from typing import get_args

import pytest

from reelbot.db import Dialect
from reelbot.db.schema import split, statements_for
from reelbot.errors import ConfigFailure

TABLE = """-- Things; each has its name.
CREATE TABLE thing (
    lane smallint NOT NULL CHECK (lane BETWEEN 0 AND 63),
    text text NOT NULL DEFAULT 'a boolean',
    many integer,
    "at" bigint,
    is_there boolean NOT NULL DEFAULT false,
    share double precision,
    hash bytea CHECK (length(hash) = 32),
    PRIMARY KEY (lane, text)
);
"""

IN_SQLITE = """CREATE TABLE thing (
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    text TEXT NOT NULL DEFAULT 'a boolean',
    many INTEGER,
    "at" INTEGER,
    is_there INTEGER CHECK (is_there BETWEEN 0 AND 1) NOT NULL DEFAULT false,
    share REAL,
    hash BLOB CHECK (length(hash) = 32),
    PRIMARY KEY (lane, text)
) STRICT, WITHOUT ROWID;"""


def test_a_table_is_as_it_stands_in_postgresql_and_strict_with_five_types_in_sqlite() -> None:
    assert list(statements_for(TABLE, "postgres")) == [TABLE.strip()]
    assert list(statements_for(TABLE, "sqlite")) == [IN_SQLITE]


def test_a_table_that_is_marked_keeps_its_rowid_in_sqlite() -> None:
    marked = f"-- rowid: in the order of writing\n{TABLE}"
    assert list(statements_for(marked, "sqlite")) == [IN_SQLITE.replace(" STRICT, WITHOUT ROWID;", " STRICT;")]
    assert list(statements_for(marked, "postgres")) == [marked.strip()]


def test_a_statement_that_is_marked_is_for_one_dialect_alone_and_left_as_it_is() -> None:
    script = (
        "CREATE INDEX a ON t (a);\n-- Why.\n-- sqlite: no other\nCREATE TABLE b (a text);\n"
        "-- postgres: none in SQLite\nCREATE TABLE c (a bigint) WITH (fillfactor = 50);\n"
    )
    sqlite, postgres = (list(statements_for(script, dialect)) for dialect in get_args(Dialect))
    assert sqlite == ["CREATE INDEX a ON t (a);", "-- Why.\n-- sqlite: no other\nCREATE TABLE b (a text);"]
    assert postgres[0] == "CREATE INDEX a ON t (a);"
    assert postgres[1].endswith("CREATE TABLE c (a bigint) WITH (fillfactor = 50);")
    assert len(postgres) == 2


@pytest.mark.parametrize(
    ("type", "in_sqlite"),
    [("bigint NOT NULL DEFAULT 0", "INTEGER NOT NULL DEFAULT 0"), ("boolean", "INTEGER CHECK (a BETWEEN 0 AND 1)")],
)
def test_a_column_that_is_added_has_its_type_too(type: str, in_sqlite: str) -> None:
    assert list(statements_for(f"ALTER TABLE t ADD COLUMN a {type};", "sqlite")) == [
        f"ALTER TABLE t ADD COLUMN a {in_sqlite};"
    ]


def test_texts_stay_as_they_are() -> None:
    script = "-- Why.\nINSERT INTO t (a) -- which\nVALUES ('one\n\n-- two; \n   three integer');\n"
    assert list(statements_for(script, "sqlite")) == [
        "INSERT INTO t (a)\nVALUES ('one\n\n-- two; \n   three integer');"
    ]
    assert list(statements_for(script, "postgres")) == [script.strip()]


@pytest.mark.parametrize("mark", ["sqlite", "postgres", "rowid"])
def test_a_mark_without_its_reason_is_refused(mark: str) -> None:
    with pytest.raises(ConfigFailure, match=f"'-- {mark}:' in a migration lacks its reason"):
        list(statements_for(f"-- {mark}:\nCREATE INDEX a ON t (a);", "sqlite"))


def test_a_script_is_split_where_its_statements_end() -> None:
    trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM b; DELETE FROM c;\nEND;"
    function = "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN; RETURN new; END; $$ LANGUAGE plpgsql;"
    script = f"-- a; comment\nCREATE TABLE a (x TEXT DEFAULT ';');\n{trigger}\n{function}\n-- the end\n"
    assert list(split(script)) == ["-- a; comment\nCREATE TABLE a (x TEXT DEFAULT ';');", trigger, function]


def test_a_script_whose_last_statement_is_not_ended_is_refused() -> None:
    with pytest.raises(ConfigFailure, match="lacks its semicolon"):
        list(split("SELECT 1;\nSELECT 2"))
