"""Fixtures for tests of the whole: a site in this process, on memory and on SQLite."""

from collections.abc import AsyncIterator

import pytest
from tests.support.clock import FakeClock
from tests.support.sites import Stand, standing


@pytest.fixture(params=["memory", "sqlite"])
async def stand(request: pytest.FixtureRequest, clock: FakeClock) -> AsyncIterator[Stand]:
    """A site on each kind of store that one process has for itself."""
    address = "memory:" if request.param == "memory" else request.getfixturevalue("sqlite_url")
    async with standing(address, clock) as built:
        yield built


@pytest.fixture
async def sqlite_stand(sqlite_url: str, clock: FakeClock) -> AsyncIterator[Stand]:
    """A site on SQLite, with real keys."""
    async with standing(sqlite_url, clock) as built:
        yield built
