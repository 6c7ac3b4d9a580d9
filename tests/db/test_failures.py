"""What happens when the world breaks under a database: each fault is told in words, keeps nothing half, and heals."""

import asyncio
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL
from tests.support.postgres_server import TestServer

from reelbot.db import PostgresDatabase, SqliteDatabase, migrate, open_database, pending
from reelbot.db.postgres import PsycopgDatabase
from reelbot.errors import ConfigFailure, DatabaseFailure
from reelbot.events import Events

Opened = SqliteDatabase | PostgresDatabase

NOBODY = 65_534
CREATE = "CREATE TABLE thing (name TEXT)"
COUNT = "SELECT count(*) FROM thing"
PATIENCE_SECONDS = 60


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


async def write(database: Opened, text: str = "x") -> None:
    mark = "?" if database.dialect == "sqlite" else "%s"
    async with database.transaction() as connection:
        await connection.execute(f"INSERT INTO thing VALUES ({mark})", (text,))


async def count(database: Opened) -> int:
    number: int = (await database.fetch(COUNT))[0][0]
    return number


async def with_things(url: str, lock_seconds: float = 5.0) -> Opened:
    database = await open_database(url, lock_seconds=lock_seconds)
    async with database.transaction() as connection:
        await connection.execute(CREATE)
    return database


async def healed(attempt: Callable[[], Awaitable[None]]) -> None:
    """Try again as a client would, for as long as the failure says that it may pass."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                return await attempt()
            except DatabaseFailure as failure:
                if not failure.retryable:
                    raise
                await asyncio.sleep(0.05)


# SQLite


async def test_a_full_disk_is_told_and_what_was_committed_stays(sqlite_url: str) -> None:
    database = await with_things(sqlite_url)
    await write(database)
    async with database.transaction() as connection:
        ((pages,),) = await connection.fetch("PRAGMA page_count")
        await connection.fetch(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(DatabaseFailure, match="no space left") as caught:
        await write(database, "x" * 100_000)
    assert caught.value.hint.startswith("Free some space")
    assert await count(database) == 1
    async with database.transaction() as connection:
        await connection.fetch("PRAGMA max_page_count = 1000000")
    await write(database, "x" * 100_000)
    assert await count(database) == 2
    await database.close()


async def test_after_a_full_disk_nothing_more_is_written_in_that_block(sqlite_url: str) -> None:
    database = await with_things(sqlite_url)

    async def go_on_regardless() -> None:
        async with database.transaction() as connection:
            ((pages,),) = await connection.fetch("PRAGMA page_count")
            await connection.fetch(f"PRAGMA max_page_count = {pages + 1}")
            with pytest.raises(DatabaseFailure):
                await connection.execute("INSERT INTO thing VALUES (?)", ("x" * 100_000,))
            with pytest.raises(AssertionError, match="gave its transaction up"):
                await connection.execute("INSERT INTO thing VALUES ('alone')")

    with pytest.raises(DatabaseFailure, match="gave this transaction up"):
        await go_on_regardless()
    assert await count(database) == 0
    await database.close()


@contextmanager
def as_an_ordinary_user() -> Iterator[Path]:
    """Stop being root, whom no file refuses, for the block; gives a directory that belongs to that user."""
    folder = Path(tempfile.mkdtemp(prefix="reelbot-readonly-"))
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(folder, NOBODY, -1)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


async def test_a_file_that_may_only_be_read_is_told() -> None:
    with as_an_ordinary_user() as folder:
        database = await with_things(f"sqlite:///{folder / 'reelbot.db'}")
        await database.close()
        (folder / "reelbot.db").chmod(0o400)
        with pytest.raises(DatabaseFailure, match=r"cannot be written\.") as caught:
            await open_database(f"sqlite:///{folder / 'reelbot.db'}")
        assert "right to write" in caught.value.hint


async def test_a_folder_that_may_only_be_read_is_told() -> None:
    with as_an_ordinary_user() as folder:
        folder.chmod(0o500)
        with pytest.raises(DatabaseFailure, match="cannot be opened: Permission denied"):
            await open_database(f"sqlite:///{folder / 'reelbot.db'}")
        with pytest.raises(DatabaseFailure, match="cannot be opened: Permission denied"):
            await open_database(f"sqlite:///{folder / 'below' / 'reelbot.db'}")


async def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(DatabaseFailure, match="cannot be opened"):
        await open_database(f"sqlite:///{tmp_path / 'data' / 'reelbot.db'}")
    with pytest.raises(DatabaseFailure, match="cannot be opened"):
        await open_database(f"sqlite:///{tmp_path}")


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Ada, " * 1_000)
    with pytest.raises(DatabaseFailure, match="is not a SQLite database"):
        await open_database(f"sqlite:///{letter}")
    assert letter.read_text() == "Dear Ada, " * 1_000


async def test_a_damaged_file_is_told(sqlite_url: str) -> None:
    database = await with_things(sqlite_url)
    for _ in range(20):
        await write(database, "x" * 10_000)
    await database.close()
    with path_of(sqlite_url).open("r+b") as file:
        file.seek(4_096)
        file.write(b"\xff" * 40_960)
    database = await open_database(sqlite_url)
    with pytest.raises(DatabaseFailure, match="is damaged"):
        await database.fetch("SELECT sum(length(name)) FROM thing")
    await database.close()


async def test_the_lock_of_another_program_is_waited_for(sqlite_url: str) -> None:
    database = await with_things(sqlite_url)
    other = sqlite3.connect(path_of(sqlite_url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(write(database))
    for _ in range(20):
        await asyncio.sleep(0)
    assert await count(database) == 0, "readers never wait"
    assert not writing.done()
    other.execute("COMMIT")
    await writing
    assert await count(database) == 1
    other.close()
    await database.close()


async def test_a_lock_that_another_program_keeps_is_told(sqlite_url: str) -> None:
    database = await with_things(sqlite_url, lock_seconds=0.02)
    other = sqlite3.connect(path_of(sqlite_url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseFailure, match="locked by another program") as caught:
        await write(database)
    assert caught.value.hint
    assert caught.value.retryable
    other.execute("ROLLBACK")
    other.close()
    await write(database)
    assert await count(database) == 1
    await database.close()


async def test_waiting_for_a_lock_can_be_cancelled(sqlite_url: str) -> None:
    database = await with_things(sqlite_url)
    other = sqlite3.connect(path_of(sqlite_url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(write(database))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    other.execute("ROLLBACK")
    other.close()
    await asyncio.wait_for(write(database), PATIENCE_SECONDS)
    await database.close()


# PostgreSQL


async def test_a_server_that_is_restarted_is_found_again(postgres_server: TestServer, postgres_url: str) -> None:
    database = await with_things(postgres_url)
    await write(database)
    postgres_server.stop()
    try:
        with pytest.raises(DatabaseFailure, match="cannot be reached"):
            await write(database)
    finally:
        postgres_server.start()
    await healed(lambda: write(database))
    assert await count(database) == 2
    await database.close()


async def test_idle_connections_that_a_restart_cut_cost_nobody_a_call(
    postgres_server: TestServer, postgres_url: str
) -> None:
    database = await with_things(postgres_url)
    assert isinstance(database, PostgresDatabase)
    async with database.writer() as raw, database.reading():
        await raw.execute(COUNT)
    postgres_server.stop()
    postgres_server.start()
    await write(database)
    async with database.writer() as raw:
        await raw.execute(COUNT)
    assert await count(database) == 1
    await database.close()


CUT_OTHERS = SQL(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = 'reelbot'"
)


async def test_a_connection_cut_in_mid_transaction_keeps_nothing_and_the_next_call_works(
    postgres_server: TestServer, postgres_url: str
) -> None:
    database = await with_things(postgres_url)

    async def write_with_a_cut() -> None:
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO thing VALUES ('lost')")
            postgres_server.run(CUT_OTHERS)
            await connection.execute("INSERT INTO thing VALUES ('lost too')")

    with pytest.raises(DatabaseFailure) as caught:
        await write_with_a_cut()
    assert caught.value.retryable
    await write(database)
    assert await count(database) == 1
    await database.close()


async def test_a_writer_cut_in_its_pipeline_fails_in_our_words_and_the_next_call_works(
    postgres_server: TestServer, postgres_url: str
) -> None:
    database = await PsycopgDatabase.open(postgres_url, writers=1)

    async def write_with_a_cut() -> None:
        async with database.writer() as raw, raw.pipeline():
            await raw.execute("BEGIN")
            await raw.execute(CREATE)
            await raw.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            await raw.execute("COMMIT")

    with pytest.raises(DatabaseFailure):
        await write_with_a_cut()
    async with database.writer() as raw:
        await raw.execute(CREATE)
    await database.close()


async def test_a_listener_that_was_cut_listens_again_and_tells_of_the_gap(
    postgres_server: TestServer, postgres_url: str
) -> None:
    database = await PsycopgDatabase.open(postgres_url)
    heard = database.listen("news")
    assert await anext(heard) is None
    postgres_server.run(CUT_OTHERS)
    assert await asyncio.wait_for(anext(heard), PATIENCE_SECONDS) is None
    async with database.transaction() as connection:
        await connection.notify("news", "back")
    assert await asyncio.wait_for(anext(heard), PATIENCE_SECONDS) == "back"
    await heard.aclose()
    await database.close()


async def test_subscribers_are_woken_when_the_listener_is_back(postgres_server: TestServer, postgres_url: str) -> None:
    database = await PsycopgDatabase.open(postgres_url)
    await migrate(database, ["reelbot.events"])
    events = Events(database)
    await events.start()
    async with events.subscribe(0, 7) as wakes:
        await asyncio.wait_for(wakes.wait(), PATIENCE_SECONDS)
        postgres_server.run(CUT_OTHERS)
        await asyncio.wait_for(wakes.wait(), PATIENCE_SECONDS)
    await events.stop()
    await database.close()


async def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(DatabaseFailure, match="cannot be reached") as caught:
        await open_database("postgresql://ada:correct-horse@127.0.0.1:1/ledger")
    assert "correct-horse" not in repr(caught.getrepr(style="long", showlocals=True).reprcrash)
    assert "correct-horse" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["postgresql://ada:correct@horse@host/x", "postgresql://ada:correct-horse@host/x?nonsense=correct-horse"],
)
async def test_an_address_that_cannot_be_read_is_told_without_the_password(address: str) -> None:
    with pytest.raises(ConfigFailure) as caught:
        await open_database(address)
    assert "horse" not in str(caught.value)


async def test_a_database_that_does_not_exist_is_told(postgres_server: TestServer) -> None:
    with pytest.raises(DatabaseFailure, match="does not exist"):
        await open_database(postgres_server.url("nowhere"))


async def test_a_deadlock_is_a_failure_that_may_be_tried_again(postgres_url: str) -> None:
    database = await with_things(postgres_url)
    await write(database, "one")
    await write(database, "two")
    met = asyncio.Barrier(2)

    async def change(first: str, second: str) -> None:
        async with database.transaction() as connection:
            await connection.execute("UPDATE thing SET name = name WHERE name = %s", (first,))
            await met.wait()
            await connection.execute("UPDATE thing SET name = name WHERE name = %s", (second,))

    ended = await asyncio.gather(change("one", "two"), change("two", "one"), return_exceptions=True)
    failures = [failure for failure in ended if failure is not None]
    assert [type(failure) for failure in failures] == [DatabaseFailure]
    assert "deadlock" in str(failures[0])
    await database.close()


async def test_a_server_without_a_free_connection_is_told(postgres_server: TestServer, postgres_url: str) -> None:
    name = postgres_url.removeprefix("postgresql://postgres@/").partition("?")[0]
    with psycopg.connect(postgres_server.url(), autocommit=True) as raw:
        raw.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
    try:
        with pytest.raises(DatabaseFailure, match="too many connections"):
            await open_database(postgres_server.url(name).replace("//postgres@", "//crowded@"))
    finally:
        postgres_server.run(SQL("DROP ROLE crowded"))


# Both


async def test_a_database_made_by_a_newer_program_is_refused(database: Opened) -> None:
    await migrate(database, ["reelbot.events"])
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO migration VALUES ('events', 9999, 'from_the_future', 1, 'any')")
    for attempt in (migrate, pending):
        with pytest.raises(ConfigFailure, match="events 9999 from_the_future"):
            await attempt(database, ["reelbot.events"])


async def test_the_migrations_of_rooms_that_are_not_asked_for_do_not_matter(database: Opened) -> None:
    await migrate(database, ["reelbot.events"])
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO migration VALUES ('studio', 1, 'drafts', 1, 'any')")
    assert await pending(database, ["reelbot.events"]) == []
