"""Fixtures for all tests: a clock, a fresh database of each kind, and the one PostgreSQL server of the session."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from tests.support.clock import FakeClock
from tests.support.postgres_server import TestServer, running_server

from reelbot.db import PostgresDatabase, SqliteDatabase, open_database


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still."""
    return FakeClock()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[TestServer]:
    """The session's server. A test that stops it starts it again."""
    with running_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: TestServer) -> Iterator[str]:
    """The address of an empty PostgreSQL database."""
    with postgres_server.fresh_database() as url:
        yield url


@pytest.fixture(scope="session")
def shared_postgres_url(postgres_server: TestServer) -> Iterator[str]:
    """The address of one PostgreSQL database for the tests that empty it: making one for each takes longer than they."""
    with postgres_server.fresh_database() as url:
        yield url


@pytest.fixture
def emptied_postgres_url(shared_postgres_url: str) -> str:
    """The address of that database, migrated perhaps, and empty."""
    with psycopg.connect(shared_postgres_url, autocommit=True) as raw:
        tables = raw.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration'")
        names = [Identifier(name) for (name,) in tables]
        if names:
            raw.execute(SQL("TRUNCATE {}").format(SQL(", ").join(names)))
    return shared_postgres_url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'reelbot.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database, of each kind in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite_url", "emptied_postgres_url"])
def emptied_url(request: pytest.FixtureRequest) -> str:
    """The address of a database without rows, perhaps with tables, of each kind in turn."""
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[SqliteDatabase | PostgresDatabase]:
    """An empty database that is open, of each kind in turn."""
    opened = await open_database(database_url)
    yield opened
    await opened.close()
