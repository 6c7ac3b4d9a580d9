"""Every promise of the database port, over both databases."""

import asyncio
import stat
import sys
from pathlib import Path

import pytest
from tests.support.clock import FakeClock
from tests.support.made_up_room import MadeUpRoom

from reelbot.db import Connection, PostgresDatabase, SqliteDatabase, migrate, open_database, pending
from reelbot.db.postgres import PsycopgDatabase
from reelbot.errors import ConfigFailure, DatabaseFailure

Opened = SqliteDatabase | PostgresDatabase

CREATE = "CREATE TABLE thing (name TEXT PRIMARY KEY, size BIGINT NOT NULL CHECK (size >= 0))"
NAMES = "SELECT name FROM thing ORDER BY name"


def insert(connection: Connection) -> str:
    mark = "?" if connection.dialect == "sqlite" else "%s"
    return f"INSERT INTO thing (name, size) VALUES ({mark}, {mark})"


def modes_in(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


async def names_in(database: Opened) -> list[str]:
    async with database.reading() as connection:
        return [name for (name,) in await connection.fetch(NAMES)]


@pytest.fixture
async def things(database: Opened) -> Opened:
    async with database.transaction() as connection:
        await connection.execute(CREATE)
    return database


async def test_what_a_transaction_wrote_is_there_when_the_database_is_opened_again(database_url: str) -> None:
    database = await open_database(database_url)
    async with database.transaction() as connection:
        await connection.execute(CREATE)
        await connection.execute(insert(connection), ("a", 1))
    await database.close()
    again = await open_database(database_url)
    assert await names_in(again) == ["a"]
    await again.close()


async def test_a_block_that_raises_is_rolled_back(things: Opened) -> None:
    async def write() -> None:
        async with things.transaction() as connection:
            await connection.execute(insert(connection), ("a", 1))
            raise KeyError

    with pytest.raises(KeyError):
        await write()
    assert await names_in(things) == []


async def test_execute_tells_how_many_rows_it_changed(things: Opened) -> None:
    async with things.transaction() as connection:
        await connection.execute_many(insert(connection), (row for row in [("a", 1), ("b", 2), ("c", 3)]))
        assert await connection.execute("UPDATE thing SET size = 9 WHERE size > 1") == 2


async def test_a_transaction_reads_what_it_wrote(things: Opened) -> None:
    async with things.transaction() as connection:
        await connection.execute(insert(connection), ("a", 1))
        assert await connection.fetch(NAMES) == [("a",)]


async def test_others_read_nothing_before_the_commit(things: Opened) -> None:
    async with things.transaction() as connection:
        await connection.execute(insert(connection), ("a", 1))
        assert await names_in(things) == []
    assert await names_in(things) == ["a"]


async def test_a_reading_stays_at_its_snapshot(things: Opened) -> None:
    async with things.reading() as before:
        assert await before.fetch(NAMES) == []
        async with things.transaction() as connection:
            await connection.execute(insert(connection), ("a", 1))
        assert await before.fetch(NAMES) == []


async def test_a_reading_cannot_write(things: Opened) -> None:
    async def write() -> None:
        async with things.reading() as connection:
            await connection.execute(insert(connection), ("a", 1))

    with pytest.raises(DatabaseFailure):
        await write()
    assert await names_in(things) == []


async def test_a_single_statement_can_be_read_without_a_block(things: Opened) -> None:
    async with things.transaction() as connection:
        await connection.execute(insert(connection), ("a", 1))
    assert await things.fetch(NAMES) == [("a",)]


async def test_values_come_back_as_they_were_written(database: Opened) -> None:
    values = (2**63 - 1, -(2**63), "Zoë 🎬 \u202e", b"\x00\xff", None)
    blob = "BLOB" if database.dialect == "sqlite" else "BYTEA"
    marks = ", ".join(["?" if database.dialect == "sqlite" else "%s"] * len(values))
    async with database.transaction() as connection:
        await connection.execute(f"CREATE TABLE kept (a BIGINT, b BIGINT, c TEXT, d {blob}, e TEXT)")
        await connection.execute(f"INSERT INTO kept VALUES ({marks})", values)
        assert await connection.fetch("SELECT * FROM kept") == [values]


async def test_a_broken_constraint_is_a_defect_and_nothing_is_kept(things: Opened) -> None:
    async def write() -> None:
        async with things.transaction() as connection:
            await connection.execute(insert(connection), ("a", 1))
            await connection.execute(insert(connection), ("b", -1))

    with pytest.raises(AssertionError, match="refuses"):
        await write()
    assert await names_in(things) == []


async def test_a_missing_table_is_a_failure_that_says_to_migrate(database: Opened) -> None:
    with pytest.raises(DatabaseFailure, match="reelbot database migrate"):
        await database.fetch(NAMES)


async def test_writers_of_one_process_all_get_their_turn(things: Opened) -> None:
    async def write(number: int) -> None:
        async with things.transaction() as connection:
            await connection.execute(insert(connection), (f"{number:02}", number))

    await asyncio.gather(*map(write, range(40)))
    assert len(await names_in(things)) == 40


async def test_readers_of_one_process_all_get_their_turn(things: Opened) -> None:
    async def read() -> list[str]:
        async with things.reading() as connection:
            await asyncio.sleep(0)
            return [name for (name,) in await connection.fetch(NAMES)]

    assert await asyncio.gather(*(read() for _ in range(40))) == [[]] * 40


async def test_a_task_that_is_cancelled_inside_its_block_leaves_nothing(things: Opened) -> None:
    inside = asyncio.Event()

    async def write() -> None:
        async with things.transaction() as connection:
            await connection.execute(insert(connection), ("a", 1))
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with things.transaction() as connection:
        await connection.execute(insert(connection), ("b", 1))
    assert await names_in(things) == ["b"]


async def test_a_task_that_is_cancelled_at_any_step_leaves_all_or_nothing(things: Opened) -> None:
    async def write(name: str) -> None:
        async with things.transaction() as connection:
            await connection.execute_many(insert(connection), [(f"{name} one", 1), (f"{name} two", 2)])

    for steps in range(30):
        task = asyncio.create_task(write(f"{steps:02}"))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        task.cancel()
        await asyncio.wait({task})
        task.cancelled() or task.result()
    await asyncio.wait_for(write("last"), timeout=30)
    names = await names_in(things)
    assert names[-2:] == ["last one", "last two"]
    assert {name.removesuffix(" one") for name in names[::2]} == {name.removesuffix(" two") for name in names[1::2]}


async def test_a_task_that_is_cancelled_while_it_waits_for_its_turn_gives_the_turn_on(things: Opened) -> None:
    async def write(name: str) -> None:
        async with things.transaction() as connection:
            await connection.execute(insert(connection), (name, 1))

    waiting = []
    async with things.transaction() as connection:
        waiting = [asyncio.create_task(write(str(number))) for number in range(4)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        waiting[2].cancel()
        await connection.execute(insert(connection), ("first", 1))
    await asyncio.wait(waiting)
    assert {"1", "3", "first"} <= set(await names_in(things))


async def test_a_failure_that_is_swallowed_does_not_pass_for_a_commit(postgres_url: str) -> None:
    database = await open_database(postgres_url)

    async def write() -> None:
        async with database.transaction() as connection:
            await connection.execute(CREATE)
            with pytest.raises(DatabaseFailure, match="lacks a table"):
                await connection.execute("SELECT * FROM missing")

    with pytest.raises(DatabaseFailure, match="gave this transaction up"):
        await write()
    await database.close()


@pytest.mark.parametrize("address", ["mysql://somebody:secret@host/name", "reelbot.db", "", "sqlite:/x", "SQLITE:///x"])
async def test_an_unknown_scheme_is_refused_with_those_that_are_allowed(address: str) -> None:
    with pytest.raises(ConfigFailure, match=r"sqlite:///relative.*postgresql://") as caught:
        await open_database(address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite://host/x.db", "sqlite:///x?a=b"]
)
async def test_a_sqlite_address_without_a_file_is_refused(address: str) -> None:
    with pytest.raises(ConfigFailure):
        await open_database(address)


async def test_a_relative_sqlite_address_is_below_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    database = await open_database("sqlite:///data/my%20ledger.db")
    await database.close()
    assert (tmp_path / "data" / "my ledger.db").is_file()


async def test_a_sqlite_file_is_made_for_its_owner_only(sqlite_url: str, tmp_path: Path) -> None:
    database = await open_database(sqlite_url)
    async with database.transaction() as connection:
        await connection.execute(CREATE)
    modes = modes_in(tmp_path)
    await database.close()
    assert modes == {"reelbot.db": 0o600, "reelbot.db-wal": 0o600, "reelbot.db-shm": 0o600}


async def test_sqlite_syncs_every_commit_and_keeps_its_log_small(sqlite_url: str) -> None:
    database = await open_database(sqlite_url)
    async with database.transaction() as connection:
        settings = {
            name: (await connection.fetch(f"PRAGMA {name}"))[0][0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint", "busy_timeout")
        }
    await database.close()
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "wal_autocheckpoint": 4_000,
        "busy_timeout": 0,
    }


async def test_sqlite_can_commit_on_the_event_loop_for_a_lone_caller(sqlite_url: str) -> None:
    database = await SqliteDatabase.open(Path(sqlite_url.removeprefix("sqlite:///")))
    async with database.transaction(commit_here=True) as connection:
        await connection.execute(CREATE)
        await connection.execute(insert(connection), ("a", 1))
    assert await names_in(database) == ["a"]
    await database.close()


async def test_sqlite_tells_when_another_program_has_committed(sqlite_url: str) -> None:
    ours, theirs = await open_database(sqlite_url), await open_database(sqlite_url)
    assert isinstance(ours, SqliteDatabase)
    async with ours.transaction() as connection:
        await connection.execute(CREATE)
    before = await ours.data_version()
    async with ours.transaction() as connection:
        await connection.execute(insert(connection), ("a", 1))
    assert await ours.data_version() == before
    async with theirs.transaction() as connection:
        await connection.execute(insert(connection), ("b", 1))
    assert await ours.data_version() != before
    await ours.close()
    await theirs.close()


async def test_a_transaction_inside_a_transaction_of_the_same_task_is_a_defect(sqlite_url: str) -> None:
    database = await open_database(sqlite_url)
    async with database.transaction():
        with pytest.raises(AssertionError, match="wait for itself"):
            async with database.transaction():
                pass
    await database.close()


async def test_a_connection_is_of_no_use_after_its_block(sqlite_url: str) -> None:
    database = await open_database(sqlite_url)
    async with database.transaction() as connection:
        pass
    with pytest.raises(AssertionError, match="outside its block"):
        await connection.fetch("SELECT 1")
    await database.close()


async def test_a_closed_database_is_of_no_use(database: Opened) -> None:
    await database.close()
    with pytest.raises(AssertionError):
        await database.fetch("SELECT 1")
    with pytest.raises(AssertionError):
        async with database.transaction():
            pass


async def test_postgres_lends_a_connection_for_pipelines(postgres_url: str) -> None:
    database = await PsycopgDatabase.open(postgres_url)
    async with database.writer() as raw, raw.pipeline():
        await raw.execute("BEGIN")
        await raw.execute(CREATE)
        await raw.execute("INSERT INTO thing VALUES (%s, %s)", ("a", 1))
        await raw.execute("COMMIT")
    assert await names_in(database) == ["a"]
    await database.close()


async def test_postgres_rolls_back_what_a_borrower_left_open(postgres_url: str) -> None:
    database = await PsycopgDatabase.open(postgres_url, writers=1)
    async with database.transaction() as connection:
        await connection.execute(CREATE)
    async with database.writer() as raw:
        await raw.execute("BEGIN")
        await raw.execute("INSERT INTO thing VALUES ('a', 1)")
    async with database.writer() as raw:
        await raw.execute("INSERT INTO thing VALUES ('b', 1)")
    assert await names_in(database) == ["b"]
    await database.close()


async def test_postgres_plans_for_the_table_as_it_is_now(postgres_url: str) -> None:
    database = await PsycopgDatabase.open(postgres_url, writers=1)
    sql = "SELECT size FROM thing WHERE name = ANY(%s)"
    async with database.transaction() as connection:
        await connection.execute(CREATE)
    async with database.writer() as raw:
        for _ in range(10):
            await raw.execute(sql, (["1"],))
        await raw.execute("INSERT INTO thing SELECT n::text, n FROM generate_series(1, 20000) AS n")
        plan = await (await raw.execute(f"EXPLAIN {sql}", (["1"],))).fetchall()
        prepared = await (
            await raw.execute("SELECT custom_plans, generic_plans FROM pg_prepared_statements")
        ).fetchall()
    await database.close()
    assert "Seq Scan" not in str(plan)
    assert (10, 0) in prepared


async def is_free(database: Opened, name: str, *parts: int) -> bool:
    """Whether a transaction that waits for no lock gets this one."""
    try:
        async with database.transaction() as connection:
            await connection.execute("SET LOCAL lock_timeout = '1ms'")
            await connection.lock(name, *parts)
    except DatabaseFailure:
        return False
    return True


async def test_a_lock_is_had_by_one_transaction_at_a_time_and_only_for_its_parts(postgres_url: str) -> None:
    one, other = await open_database(postgres_url), await open_database(postgres_url)
    async with one.transaction() as holder:
        await holder.lock("things", 1, 2)
        await holder.lock("things", 1, 2)  # who has it does not wait for it
        assert not await is_free(other, "things", 1, 2)
        assert await is_free(other, "things", 2, 1)
        assert await is_free(other, "things", 12)
        assert await is_free(other, "things")
        assert await is_free(other, "other things", 1, 2)
    assert await is_free(other, "things", 1, 2)
    await one.close()
    await other.close()


async def test_a_lock_is_left_with_the_transaction_and_asked_for_in_one(database: Opened) -> None:
    for _ in range(2):
        async with database.transaction() as connection:
            await connection.lock("things", 1)
    if isinstance(database, SqliteDatabase):
        with pytest.raises(AssertionError, match="outside its block"):
            await connection.lock("things", 1)


async def test_a_notification_is_heard_when_its_transaction_has_committed(postgres_url: str) -> None:
    database = await PsycopgDatabase.open(postgres_url)
    heard = database.listen("news")
    assert await anext(heard) is None
    async with database.transaction() as connection:
        await connection.notify("news", "never")
        await connection.execute("ROLLBACK")
        await connection.execute("BEGIN")
        await connection.notify("news", "hello")
    assert await asyncio.wait_for(anext(heard), timeout=30) == "hello"
    await heard.aclose()
    await database.close()


ROOMS = ["reelbot.events"]


async def test_migrating_applies_what_is_missing_once(database: Opened, clock: FakeClock) -> None:
    missing = await pending(database, ROOMS)
    assert missing
    assert await migrate(database, ROOMS, clock) == missing
    assert await pending(database, ROOMS) == []
    assert await migrate(database, ROOMS, clock) == []
    recorded = await database.fetch("SELECT room, number, name, applied_at, checksum FROM migration")
    assert recorded == [(*migration[:3], clock(), migration.checksum) for migration in missing]


async def test_looking_for_migrations_changes_nothing(database: Opened) -> None:
    await pending(database, ROOMS)
    tables = (
        "SELECT name FROM sqlite_schema"
        if database.dialect == "sqlite"
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    assert await database.fetch(tables) == []


async def test_a_migration_that_fails_leaves_no_trace(
    database: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = MadeUpRoom(tmp_path, monkeypatch)
    room.add("0001_good.sql", "CREATE TABLE good (a integer PRIMARY KEY);")
    room.add("0002_bad.sql", "CREATE TABLE half (a integer PRIMARY KEY);\nCREATE TABLE good (a integer PRIMARY KEY);")
    with pytest.raises(AssertionError, match="exists"):
        await migrate(database, [room.name])
    assert [migration.name for migration in await pending(database, [room.name])] == ["bad"]
    with pytest.raises(DatabaseFailure):
        await database.fetch("SELECT * FROM half")


async def test_processes_that_migrate_at_once_apply_each_script_once(database_url: str) -> None:
    program = (
        "import asyncio, sys\n"
        "from reelbot.db import migrate, open_database\n"
        "async def run():\n"
        "    database = await open_database(sys.argv[1])\n"
        "    print(len(await migrate(database, sys.argv[2:])))\n"
        "    await database.close()\n"
        "asyncio.run(run())\n"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", program, database_url, *ROOMS), stdout=asyncio.subprocess.PIPE
        )
        for _ in range(4)
    ]
    said = [int((await process.communicate())[0]) for process in processes]
    database = await open_database(database_url)
    (total,) = (await database.fetch("SELECT count(*) FROM migration"))[0]
    await database.close()
    assert sum(said) == total > 0
