"""Brings a database to the schema that the program expects, one numbered script at a time.

A room keeps its scripts in `migrations/0001_name.sql`, once for every dialect (see `reelbot.db.schema`), and their
checksums beside them in `migrations/checksums`: SHA-256, as `sha256sum` writes and checks it. Each is applied in a
transaction of its own together with its row in the table `migration`; a lock sees to it that several processes may begin
at once and each script runs once.

A script never changes: one whose text is not that of its checksum is refused, and so is a database to which a script of
another checksum was applied. A script adds; what removes stands in one of its own, whose name begins with `remove_`, so
that it can come when nothing uses any more what goes. A database that holds a migration which the program does not know
was made by a newer program, and one whose migrations have no checksums by one from before the first release; both are
refused.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from reelbot.clock import Clock, system_clock
from reelbot.db.port import Connection, Database
from reelbot.db.schema import split, statements_for
from reelbot.db.sql_text import plain
from reelbot.db.statements import Statements, folder_of, load_statements
from reelbot.errors import ConfigFailure

_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_CHECKSUM = re.compile(r"([0-9a-f]{64})  (\S+)")
_REMOVES = re.compile(r"DROP\b|ALTER TABLE\b.*\b(DROP|RENAME)\b", re.I | re.S)
_ANOTHER = "Restore the files of this version, or use the version that made the database."


class Migration(NamedTuple):
    """One script of one room."""

    room: str
    number: int
    name: str
    script: str
    checksum: str

    def __str__(self) -> str:
        return f"{self.room} {self.number:04} {self.name}"


class _Row(NamedTuple):
    """What the database says of a migration that was applied."""

    name: str
    checksum: str


_Applied = dict[tuple[str, int], _Row]


async def migrate(database: Database, rooms: Sequence[str], clock: Clock = system_clock) -> list[Migration]:
    """Apply what is missing of these rooms (names of packages), in the order given, and tell what was applied.

    `ConfigFailure` when the database is newer or older than what this program can carry over, or its scripts were changed.
    """
    known = known_migrations(rooms)
    done: list[Migration] = []
    while await _pending(database, known):
        applied = await _apply_next(database, known, clock)
        done.extend(applied)
    return done


async def pending(database: Database, rooms: Sequence[str]) -> list[Migration]:
    """What `migrate` would apply. `ConfigFailure` in the same cases."""
    return await _pending(database, known_migrations(rooms))


def known_migrations(rooms: Sequence[str]) -> list[Migration]:
    """Every script of these rooms, in order. A room's numbers count 1, 2, 3 without a gap."""
    return [migration for room in rooms for migration in _of_room(room)]


async def _pending(database: Database, known: list[Migration]) -> list[Migration]:
    statements = load_statements("reelbot.db", database.dialect)
    async with database.reading() as connection:
        return _missing(known, await _applied(connection, statements))


async def _apply_next(database: Database, known: list[Migration], clock: Clock) -> list[Migration]:
    """Apply the first that is missing; none when another process has applied all of them in the meantime."""
    statements = load_statements("reelbot.db", database.dialect)
    async with database.transaction() as connection:
        await connection.lock("migrations")
        await connection.execute(statements["create_migrations"])
        missing = _missing(known, await _applied(connection, statements))
        for migration in missing[:1]:
            for statement in statements_for(migration.script, connection.dialect):
                await connection.execute(statement)
            row = (migration.room, migration.number, migration.name, clock(), migration.checksum)
            await connection.execute(statements["record_migration"], row)
        return missing[:1]


async def _applied(connection: Connection, statements: Statements) -> _Applied:
    columns = {name for (name,) in await connection.fetch(statements["read_columns"])}
    if columns and "checksum" not in columns:
        raise ConfigFailure(
            "The database has a schema from before the first release, which this ReelBot cannot carry over.",
            "Give it a new database: another address, or an empty one in place of this. To go on with what is in this one, "
            "use the version that made it.",
        )
    rows = await connection.fetch(statements["read_migrations"]) if columns else []
    return {(room, number): _Row(*row) for room, number, *row in rows}


def _missing(known: list[Migration], applied: _Applied) -> list[Migration]:
    by_place = {(migration.room, migration.number): migration for migration in known}
    rooms = {migration.room for migration in known}
    for (room, number), row in applied.items():
        if room not in rooms:
            continue
        migration = by_place.get((room, number))
        if migration is None or migration.name != row.name:
            raise ConfigFailure(
                f"The database was migrated by a newer or another ReelBot "
                f"({room} {number:04} {row.name} is unknown here).",
                "Use the version that made it, or a newer one.",
            )
        if migration.checksum != row.checksum:
            raise ConfigFailure(
                f"The database was migrated by another script than this ReelBot's {migration}.", _ANOTHER
            )
    return [migration for migration in known if (migration.room, migration.number) not in applied]


def _of_room(package: str) -> list[Migration]:
    folder = folder_of(package) / "migrations"
    origin = f"{package.replace('.', '/')}/migrations"
    checksums = _checksums(folder, origin)
    texts = {entry.name: entry.read_bytes() for entry in folder.iterdir() if _FILE.fullmatch(entry.name)}
    if odd := sorted(texts.keys() ^ checksums.keys()):
        raise ConfigFailure(f"{origin}/{odd[0]} is not both there and in {origin}/checksums.", _ANOTHER)
    for name, text in texts.items():
        if hashlib.sha256(text).hexdigest() != checksums[name]:
            raise ConfigFailure(f"{origin}/{name} was changed: its text is not that of its checksum.", _ANOTHER)
    room = package.rpartition(".")[2]
    found = [_migration(room, name, texts[name].decode(), checksums[name]) for name in sorted(texts)]
    assert [migration.number for migration in found] == list(range(1, len(found) + 1)), (
        f"gaps in {package}'s migrations"
    )
    return found


def _checksums(folder: Path, origin: str) -> Mapping[str, str]:
    """The checksum of each script by the name of its file, as they are written down beside them."""
    try:
        lines = (folder / "checksums").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise ConfigFailure(f"{origin}/checksums is missing.", _ANOTHER) from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        match = _CHECKSUM.fullmatch(line)
        if match is None:
            raise ConfigFailure(f"{origin}/checksums line {number} is not a checksum and a file's name.", _ANOTHER)
        found[match[2]] = match[1]
    return found


def _migration(room: str, file: str, script: str, checksum: str) -> Migration:
    match = _FILE.fullmatch(file)
    assert match is not None
    migration = Migration(room, int(match[1]), match[2], script, checksum)
    if not migration.name.startswith("remove_") and any(
        _REMOVES.match(plain(statement)) for statement in split(script)
    ):
        raise ConfigFailure(f"{migration} removes something: what removes stands in a migration named remove_….")
    return migration
