"""Fixtures of publishing's tests: on SQLite, and on each kind of database in turn."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.fakes import FakeClock
from tests.postgres_server import TestServer
from tests.publish.stage import PublishStage, publish_staged
from tests.studio.stages import emptied


@pytest.fixture(scope="session")
def publish_postgres_url(postgres_server: TestServer) -> Iterator[str]:
    """The address of one PostgreSQL database for all of these tests."""
    with postgres_server.fresh_database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def publish_url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    """The address of an empty database, of each kind in turn."""
    return sqlite_url if request.param == "sqlite" else emptied(request.getfixturevalue("publish_postgres_url"))


@pytest.fixture
async def stage(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[PublishStage]:
    """Publishing on SQLite. Its account is on Pro."""
    async with publish_staged(sqlite_url, tmp_path / "data", clock) as opened:
        yield opened


@pytest.fixture
async def each_stage(publish_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[PublishStage]:
    """The same on each kind of database."""
    async with publish_staged(publish_url, tmp_path / "data", clock) as opened:
        yield opened


@pytest.fixture
async def free_stage(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[PublishStage]:
    """Publishing on SQLite for an account on Free: five posts a month, one channel."""
    async with publish_staged(sqlite_url, tmp_path / "data", clock, "free") as opened:
        yield opened
