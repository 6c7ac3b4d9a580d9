"""Fixtures of the studio's tests: one studio on SQLite, and one on each kind of database in turn."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.studio.stage import Stage, staged
from tests.support.clock import FakeClock


@pytest.fixture
async def stage(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Stage]:
    """A studio on SQLite, sound in the end whatever a test does to it. Its account is on Pro."""
    async with staged(sqlite_url, tmp_path / "studio", clock) as opened:
        yield opened
        await opened.require_sound()


@pytest.fixture
async def each_stage(emptied_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Stage]:
    """The same on each kind of database."""
    async with staged(emptied_url, tmp_path / "studio", clock) as opened:
        yield opened
        await opened.require_sound()
