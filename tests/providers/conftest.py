"""Fixtures: a server in place of a provider, a desk, and a bench of providers that ask that server."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.providers.material import desk_in
from tests.providers.servers import Server
from tests.providers.stage import Bench
from tests.support.clock import FakeClock

from reelbot.providers.port import Desk


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server().open() as opened:
        yield opened


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_in(tmp_path / "desk")


@pytest.fixture
async def bench(server: Server, clock: FakeClock) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as closing:
        yield Bench(server, clock, closing)
