"""Fixtures of the studio's tests: one studio on SQLite, and one on each kind of database in turn."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.fakes import FakeClock
from tests.postgres_server import TestServer
from tests.studio.stages import Stage, emptied, staged


@pytest.fixture(scope="session")
def studio_postgres_url(postgres_server: TestServer) -> Iterator[str]:
    """The address of one PostgreSQL database for all of these tests."""
    with postgres_server.fresh_database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def studio_url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    """The address of an empty database, of each kind in turn."""
    return sqlite_url if request.param == "sqlite" else emptied(request.getfixturevalue("studio_postgres_url"))


@pytest.fixture
async def stage(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Stage]:
    """A studio on SQLite, sound in the end whatever a test does to it. Its account is on Pro."""
    async with staged(sqlite_url, tmp_path / "studio", clock) as opened:
        yield opened
        await opened.require_sound()


@pytest.fixture
async def each_stage(studio_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Stage]:
    """The same on each kind of database."""
    async with staged(studio_url, tmp_path / "studio", clock) as opened:
        yield opened
        await opened.require_sound()
