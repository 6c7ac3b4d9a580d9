"""Fixtures: a server in place of a provider, a desk, and a bench of providers that ask that server."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.fakes import FakeClock
from tests.studio_providers.material import desk_in
from tests.studio_providers.providers import Bench
from tests.studio_providers.servers import Server

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
