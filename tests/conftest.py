"""Fixtures for all tests: a clock, a fresh database of each kind, and the one PostgreSQL server of the session."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.fakes import FakeClock
from tests.postgres_server import TestServer, running_server

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


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'reelbot.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database, of each kind in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[SqliteDatabase | PostgresDatabase]:
    """An empty database that is open, of each kind in turn."""
    opened = await open_database(database_url)
    yield opened
    await opened.close()
