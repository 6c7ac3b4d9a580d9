"""Brings a database to the schema that the program expects, one numbered script at a time.

A room keeps its scripts in `stores/migrations/<dialect>/0001_name.sql`, the same numbers and names for every dialect.
Each is applied in a transaction of its own together with its row in the table `migration`; a lock sees to it that
several processes may begin at once and each script runs once. A database that holds a migration which the program does
not know was made by a newer program, and is refused.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reelbot.clock import Clock, system_clock
from reelbot.db.port import Connection, Database, Dialect
from reelbot.db.statements import Statements, load_statements, stored
from reelbot.errors import ConfigFailure

_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")


class Migration(NamedTuple):
    """One script of one room."""

    room: str
    number: int
    name: str
    script: str

    def __str__(self) -> str:
        return f"{self.room} {self.number:04} {self.name}"


_Applied = dict[tuple[str, int], str]


async def migrate(database: Database, rooms: Sequence[str], clock: Clock = system_clock) -> list[Migration]:
    """Apply what is missing of these rooms (names of packages), in the order given, and tell what was applied."""
    known = known_migrations(rooms, database.dialect)
    done: list[Migration] = []
    while await _pending(database, known):
        applied = await _apply_next(database, known, clock)
        done.extend(applied)
    return done


async def pending(database: Database, rooms: Sequence[str]) -> list[Migration]:
    """What `migrate` would apply. `ConfigFailure` when the database is newer than the program."""
    return await _pending(database, known_migrations(rooms, database.dialect))


def known_migrations(rooms: Sequence[str], dialect: Dialect) -> list[Migration]:
    """Every script of these rooms, in order. A room's numbers count 1, 2, 3 without a gap."""
    return [migration for room in rooms for migration in _of_room(room, dialect)]


async def _pending(database: Database, known: list[Migration]) -> list[Migration]:
    statements = load_statements("reelbot.db", database.dialect)
    async with database.reading() as connection:
        return _missing(known, await _applied(connection, statements))


async def _apply_next(database: Database, known: list[Migration], clock: Clock) -> list[Migration]:
    """Apply the first that is missing; none when another process has applied all of them in the meantime."""
    statements = load_statements("reelbot.db", database.dialect)
    async with database.transaction() as connection:
        await connection.fetch(statements["lock_migrations"])
        await connection.execute(statements["create_migrations"])
        missing = _missing(known, await _applied(connection, statements))
        for migration in missing[:1]:
            await _run(connection, migration.script)
            row = (migration.room, migration.number, migration.name, clock())
            await connection.execute(statements["record_migration"], row)
        return missing[:1]


async def _run(connection: Connection, script: str) -> None:
    # SQLite takes one statement at a time; PostgreSQL takes them all, bodies of functions with semicolons included.
    for statement in split(script) if connection.dialect == "sqlite" else (script,):
        await connection.execute(statement)


def split(script: str) -> Iterator[str]:
    """The statements of a script, cut at those semicolons that end one."""
    statement = ""
    for piece in re.split(r"(?<=;)", script):
        statement += piece
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
    if any(line.strip() and not line.strip().startswith("--") for line in statement.splitlines()):
        raise ConfigFailure("A migration's last statement lacks its semicolon.")


async def _applied(connection: Connection, statements: Statements) -> _Applied:
    if not await connection.fetch(statements["has_migrations"]):
        return {}
    return {(room, number): name for room, number, name in await connection.fetch(statements["read_migrations"])}


def _missing(known: list[Migration], applied: _Applied) -> list[Migration]:
    names = {(migration.room, migration.number): migration.name for migration in known}
    rooms = {migration.room for migration in known}
    for (room, number), name in applied.items():
        if room in rooms and names.get((room, number)) != name:
            raise ConfigFailure(
                f"The database was migrated by a newer or another ReelBot ({room} {number:04} {name} is unknown here).",
                "Use the version that made it, or a newer one.",
            )
    return [migration for migration in known if (migration.room, migration.number) not in applied]


def _of_room(package: str, dialect: Dialect) -> list[Migration]:
    folder = stored(package) / "migrations" / dialect
    room = package.rpartition(".")[2]
    found = sorted(
        Migration(room, int(match[1]), match[2], entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if (match := _FILE.fullmatch(entry.name))
    )
    assert [migration.number for migration in found] == list(range(1, len(found) + 1)), (
        f"gaps in {package}'s migrations"
    )
    return found
