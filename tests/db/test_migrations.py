"""What never changes of a migration, and which databases are refused: on both databases."""

import hashlib
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

import pytest
from tests.support.made_up_room import MadeUpRoom

from reelbot.allowance import Ledger
from reelbot.db import PostgresDatabase, SqliteDatabase, migrate, open_database, pending
from reelbot.errors import ConfigFailure
from reelbot.wiring import ROOMS

Opened = SqliteDatabase | PostgresDatabase

GOOD = "CREATE TABLE good (\n    a integer PRIMARY KEY\n);\n"

UNFROZEN_TABLE = {
    "sqlite": "CREATE TABLE migration (room TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, "
    "applied_at INTEGER NOT NULL, PRIMARY KEY (room, number)) STRICT",
    "postgres": "CREATE TABLE migration (room text NOT NULL, number integer NOT NULL, name text NOT NULL, "
    "applied_at bigint NOT NULL, PRIMARY KEY (room, number))",
}
"""The table of applied migrations as it was before they had checksums."""

HISTORIES = {
    "one room": [("events", 1, "events")],
    "half a ledger": [("events", 1, "events"), ("allowance", 1, "ledger"), ("allowance", 2, "entry_by_hold")],
    "rooms whose names are the same now": [(room, 1, room) for room in ("events", "accounts", "studio", "publish")],
    "none of the ledger's rooms": [("webhooks", 1, "webhooks")],
}
"""What such a table may say: the names and numbers may be those of today."""


async def unfrozen(database: Opened, history: str) -> None:
    """Leave behind what a version from before the freeze does."""
    async with database.transaction() as connection:
        await connection.execute(UNFROZEN_TABLE[database.dialect])
        for room, number, name in HISTORIES[history]:
            await connection.execute(f"INSERT INTO migration VALUES ('{room}', {number}, '{name}', 1)")


async def tables_of(database: Opened) -> list[tuple[object, ...]]:
    schema = {
        "sqlite": "SELECT name FROM sqlite_schema WHERE type = 'table'",
        "postgres": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    }
    return await database.fetch(schema[database.dialect])


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeUpRoom:
    """A room with one migration."""
    made_up = MadeUpRoom(tmp_path, monkeypatch)
    made_up.add("0001_good.sql", GOOD)
    return made_up


@pytest.mark.parametrize("package", ROOMS)
def test_every_script_is_that_of_its_checksum(package: str) -> None:
    folder = files(package) / "migrations"
    scripts = sorted(one.name for one in folder.iterdir() if one.name.endswith(".sql"))
    listed = (folder / "checksums").read_text().splitlines()
    assert listed == [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}" for name in scripts]
    assert scripts[0].startswith("0001_")


@pytest.mark.parametrize("history", HISTORIES)
async def test_a_database_from_before_the_freeze_is_refused_with_what_to_do(
    database: Opened, database_url: str, history: str
) -> None:
    await unfrozen(database, history)
    before = await tables_of(database)
    refused = "a schema from before the first release.* Give it a new database"
    for attempt in (migrate, pending):
        with pytest.raises(ConfigFailure, match=refused):
            await attempt(database, ROOMS)
    with pytest.raises(ConfigFailure, match=refused):
        async with Ledger.open(database_url):
            pass
    assert await tables_of(database) == before
    assert await database.fetch("SELECT count(*) FROM migration") == [(len(HISTORIES[history]),)]


async def test_a_script_that_was_edited_is_refused_before_anything_is_applied(
    database: Opened, room: MadeUpRoom
) -> None:
    (room.migrations / "0001_good.sql").write_text(GOOD.replace("integer", "bigint"))
    for attempt in (migrate, pending):
        with pytest.raises(ConfigFailure, match=r"made_up/migrations/0001_good\.sql was changed"):
            await attempt(database, [room.name])
    assert await tables_of(database) == []


async def test_a_database_to_which_another_script_was_applied_is_refused(database: Opened, room: MadeUpRoom) -> None:
    await migrate(database, [room.name])
    room.checksums.write_text("")
    room.add("0001_good.sql", GOOD.replace("integer", "bigint"))
    room.add("0002_more.sql", "CREATE INDEX good_by_a ON good (a);")
    for attempt in (migrate, pending):
        with pytest.raises(ConfigFailure, match="by another script than this ReelBot's made_up 0001 good"):
            await attempt(database, [room.name])
    assert await database.fetch("SELECT number FROM migration") == [(1,)]


def without_a_script(room: MadeUpRoom) -> None:
    (room.migrations / "0001_good.sql").unlink()


def without_a_line(room: MadeUpRoom) -> None:
    room.checksums.write_text("")


def without_checksums(room: MadeUpRoom) -> None:
    room.checksums.unlink()


def with_a_line_cut_off(room: MadeUpRoom) -> None:
    room.checksums.write_text(room.checksums.read_text()[1:])


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (without_a_script, r"made_up/migrations/0001_good\.sql is not both there and in made_up/migrations/checksums"),
        (without_a_line, r"made_up/migrations/0001_good\.sql is not both there and in made_up/migrations/checksums"),
        (without_checksums, "made_up/migrations/checksums is missing"),
        (with_a_line_cut_off, "made_up/migrations/checksums line 1 is not a checksum and a file's name"),
    ],
)
async def test_scripts_and_checksums_that_do_not_belong_together_are_refused(
    sqlite_url: str, room: MadeUpRoom, damage: Callable[[MadeUpRoom], None], complaint: str
) -> None:
    damage(room)
    database = await open_database(sqlite_url)
    with pytest.raises(ConfigFailure, match=complaint):
        await migrate(database, [room.name])
    await database.close()


REMOVING = (
    "DROP TABLE good;",
    "-- No longer needed.\ndrop index good_by_a;",
    "ALTER TABLE good DROP COLUMN a;",
    "CREATE INDEX b ON good (a);\nALTER TABLE good RENAME COLUMN a TO b;",
    "-- postgres: SQLite copies\nALTER TABLE good ALTER COLUMN a\n    DROP NOT NULL;",
)


@pytest.mark.parametrize("script", REMOVING)
async def test_what_removes_stands_in_a_migration_that_says_so(sqlite_url: str, room: MadeUpRoom, script: str) -> None:
    database = await open_database(sqlite_url)
    room.add("0002_better.sql", script)
    with pytest.raises(ConfigFailure, match=r"made_up 0002 better removes something.* named remove_"):
        await pending(database, [room.name])
    (room.migrations / "0002_better.sql").rename(room.migrations / "0002_remove_good.sql")
    room.checksums.write_text(room.checksums.read_text().replace("0002_better", "0002_remove_good"))
    assert [one.name for one in await pending(database, [room.name])] == ["good", "remove_good"]
    await database.close()


async def test_what_only_adds_needs_no_such_name(database: Opened, room: MadeUpRoom) -> None:
    room.add(
        "0002_more.sql",
        "-- Nothing is DROPped here.\nALTER TABLE good ADD COLUMN dropped text DEFAULT 'RENAME';\n"
        "INSERT INTO good (a, dropped) VALUES (1, '; DROP');\n",
    )
    await migrate(database, [room.name])
    assert await database.fetch("SELECT a, dropped FROM good") == [(1, "; DROP")]


def rooms(names: Sequence[str]) -> list[str]:
    return [name.rpartition(".")[2] for name in names]


async def test_every_room_begins_with_one_script(database: Opened) -> None:
    applied = await migrate(database, ROOMS)
    assert [(one.room, one.number) for one in applied] == [(room, 1) for room in rooms(ROOMS)]
