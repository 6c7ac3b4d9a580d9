"""Fixtures of publishing's tests: on SQLite, and on each kind of database in turn."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.publish.stage import PublishStage, publish_staged
from tests.support.clock import FakeClock


@pytest.fixture
async def stage(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[PublishStage]:
    """Publishing on SQLite. Its account is on Pro."""
    async with publish_staged(sqlite_url, tmp_path / "data", clock) as opened:
        yield opened


@pytest.fixture
async def each_stage(emptied_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[PublishStage]:
    """The same on each kind of database."""
    async with publish_staged(emptied_url, tmp_path / "data", clock) as opened:
        yield opened


@pytest.fixture
async def free_stage(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[PublishStage]:
    """Publishing on SQLite for an account on Free: five posts a month, one channel."""
    async with publish_staged(sqlite_url, tmp_path / "data", clock, "free") as opened:
        yield opened
