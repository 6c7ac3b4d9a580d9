"""Fixtures of the contract suites: one ledger over each store in turn, audited after every test."""

from collections.abc import AsyncIterator

import pytest
from tests.support.clock import FakeClock

from reelbot.allowance import AccountRef, Ledger

LANES = {"memory": 1, "sqlite": 1, "postgres": 1, "postgres in 7 lanes": 7}
"""Each kind of ledger, and over how many lanes it spreads its accounts."""


@pytest.fixture(params=LANES)
def ledger_kind(request: pytest.FixtureRequest) -> str:
    """Each kind of ledger in turn."""
    kind: str = request.param
    return kind


@pytest.fixture
def ledger_address(ledger_kind: str, request: pytest.FixtureRequest) -> str:
    """The address of an empty ledger."""
    if ledger_kind == "memory":
        return "memory:"
    url: str = request.getfixturevalue("sqlite_url" if ledger_kind == "sqlite" else "emptied_postgres_url")
    return url


@pytest.fixture
async def ledger(ledger_kind: str, ledger_address: str, clock: FakeClock) -> AsyncIterator[Ledger]:
    """An empty ledger that sweeps when it is told to. Whatever a test does to it, its audit is clean in the end."""
    lanes = LANES[ledger_kind]
    async with Ledger.open(ledger_address, clock=clock, sweep_seconds=None, lanes=lanes) as opened:
        yield opened
        report = await opened.verify()
        assert report.is_clean, [fault.sentence for fault in report.faults]


@pytest.fixture
async def ada(ledger: Ledger) -> AccountRef:
    """An account on Free, in UTC."""
    return await ledger.account("ada")
