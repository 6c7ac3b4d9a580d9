"""A site in this process, and somebody who looks at it."""

from collections.abc import AsyncIterator

import pytest
from tests.support.clock import FakeClock
from tests.support.sites import Stand, standing
from tests.web.pages.visitors import Visitor, visiting


@pytest.fixture
async def stand(sqlite_url: str, clock: FakeClock) -> AsyncIterator[Stand]:
    """The accounts `ada` and `bob` on Free in Paris."""
    async with standing(sqlite_url, clock) as built:
        yield built


@pytest.fixture
async def stranger(stand: Stand) -> AsyncIterator[Visitor]:
    """A browser that nobody has signed in with."""
    async with visiting(stand) as visitor:
        yield visitor


@pytest.fixture
async def ada(stranger: Visitor) -> Visitor:
    """A browser that ada has signed in with."""
    await stranger.sign_in()
    return stranger
