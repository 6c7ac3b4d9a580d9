"""Every statement of every room, prepared by both databases on the schema that the migrations build."""

import re
import sqlite3
from collections.abc import Callable
from itertools import count
from pathlib import Path

import psycopg

from reelbot.db import Dialect, load_statements, migrate, open_database
from reelbot.wiring import ROOMS

_QUOTED = re.compile(r"('(?:[^']|'')*')")

Prepare = Callable[[str], object]


def statements(dialect: Dialect) -> dict[str, str]:
    """Those that can be prepared: what makes a table is run by each migration."""
    found = {
        f"{room} {name}": sql for room in ("reelbot.db", *ROOMS) for name, sql in load_statements(room, dialect).items()
    }
    return {name: sql for name, sql in found.items() if not sql.startswith("CREATE TABLE")}


def refused(statements: dict[str, str], prepare: Prepare, refusal: type[Exception]) -> dict[str, str]:
    """What the database does not understand, by the statement's name."""
    wrong: dict[str, str] = {}
    for name, sql in statements.items():
        try:
            prepare(sql)
        except refusal as error:
            wrong[name] = str(error)
    return wrong


async def migrated(url: str) -> None:
    database = await open_database(url)
    await migrate(database, ROOMS)
    await database.close()


async def test_sqlite_understands_every_statement(sqlite_url: str, tmp_path: Path) -> None:
    await migrated(sqlite_url)
    raw = sqlite3.connect(tmp_path / "reelbot.db")

    def prepare(sql: str) -> None:
        numbered = [int(number) for number in re.findall(r"\?(\d+)", sql)]
        marks = max(numbered) if numbered else "".join(_QUOTED.split(sql)[::2]).count("?")
        raw.execute(f"EXPLAIN {sql}", [None] * marks).fetchall()

    known = statements("sqlite")
    assert refused(known, prepare, sqlite3.Error) == {}
    assert refused({"x": "SELECT a FROM nowhere"}, prepare, sqlite3.Error) == {"x": "no such table: nowhere"}
    raw.close()
    assert len(known) > 200


async def test_postgresql_understands_every_statement(postgres_url: str) -> None:
    await migrated(postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as raw:
        numbers = count()

        def prepare(sql: str) -> None:
            marks = count(1)
            pieces = _QUOTED.split(sql if "%s" not in sql else sql.replace("%%", "%"))
            text = "".join(
                piece if at % 2 else re.sub("%s", lambda _: f"${next(marks)}", piece) for at, piece in enumerate(pieces)
            )
            raw.execute(f"PREPARE s{next(numbers)} AS {text}".encode(), prepare=False)

        known = statements("postgres")
        assert refused(known, prepare, psycopg.Error) == {}
        assert list(refused({"x": "SELECT a FROM nowhere"}, prepare, psycopg.Error)) == ["x"]
    assert len(known) > 200
