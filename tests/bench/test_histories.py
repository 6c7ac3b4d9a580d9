"""The histories that pages are measured on: quickly made, and true to the last hash."""

from pathlib import Path

import pytest
from bench.ground import refs, sqlite_url
from bench.histories import DAYS, History, audited, make_history

from reelbot.allowance import Ledger, Span

ENTRIES = 100


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A ledger of one account with a short history."""
    make_history(tmp_path / "history.db", History(1, ENTRIES))
    return sqlite_url(tmp_path / "history.db")


@pytest.mark.parametrize("history", [History(1, 400), History(7, 60)])
def test_the_ledgers_own_audit_finds_no_fault_in_a_history(tmp_path: Path, history: History) -> None:
    path = tmp_path / "history.db"
    make_history(path, history)
    assert audited(path, history) == ()


async def test_a_ledger_goes_on_where_a_history_ends(url: str) -> None:
    (account,) = refs(1)
    async with Ledger.open(url) as ledger:
        held = await ledger.hold(account, {"ai_credits": 3}, key="the next one")
        await ledger.settle(held)
        report = await ledger.verify()
    assert report.is_clean
    assert report.entries == History(1, ENTRIES).entries_in_all + 2


async def test_a_history_is_spread_over_the_days_that_a_dashboard_shows(url: str) -> None:
    (account,) = refs(1)
    async with Ledger.open(url) as ledger:
        settled = await ledger.history(account, Span(None, ENTRIES, "ai_credits", "settle"))
    assert len(settled) == ENTRIES // 2
    assert len({entry.window_start for entry in settled}) in (DAYS, DAYS + 1)
