"""Pages: how many bytes a browser loads when it sees one for the first time, and whether any are from other hosts."""

from pathlib import Path

from bench.browsing import Loaded, Visitor, begun_draft, is_elsewhere, loaded_by, signed_in
from bench.load import on_loop
from bench.scenario import Case, Found, Measure, Place, Scenario
from bench.wire import Address, parts_of, served
from reelbot.web.pages.table import PAGES
from reelbot.wiring import open_account

LEFT_OUT = {"/history.csv"}
"""Addresses in the table of pages that are none: a file."""

_KB = 1_000


def _pages(draft: str) -> list[str]:
    """Every page for those who have signed in whose address needs nothing filled in, and a draft's, which has most."""
    inside = [page.path for page in PAGES if page.method == "GET" and page.audience != "anyone"]
    return [*(path for path in inside if "{id}" not in path and path not in LEFT_OUT), draft]


async def _visitor(database: Path) -> Visitor:
    """An operator, who sees every page."""
    async with parts_of(database) as parts:
        return await signed_in(parts, (await open_account(parts, "ada", "pro", "UTC", "operator", "bench")).account)


def _weighed(place: Place) -> Found:
    database = place.directory / "ledger.db"
    visitor = on_loop(_visitor(database))
    with served(database) as address:
        draft = begun_draft(address, visitor, "Why cats purr", "Cats purr. Nobody is quite sure why.")
        loaded = {path: loaded_by(address, visitor, path) for path in _pages(draft)}
    return _found(address, loaded, draft)


def _found(address: Address, loaded: dict[str, list[Loaded]], draft: str) -> Found:
    weights = {path: sum(one.bytes_sent for one in all_of_it) / _KB for path, all_of_it in loaded.items()}
    elsewhere = {one.url for all_of_it in loaded.values() for one in all_of_it if is_elsewhere(address, one.url)}
    heaviest = max(weights, key=lambda path: weights[path])
    figures = {
        "dashboard_kb": weights["/"],
        "studio_kb": weights["/studio"],
        "draft_kb": weights[draft],
        "heaviest_kb": weights[heaviest],
        "heaviest_files": float(len(loaded[heaviest])),
        "elsewhere": float(len(elsewhere)),
    }
    notes = (
        f"{len(weights)} pages; the heaviest is {'a draft' if heaviest == draft else heaviest}",
        *sorted(elsewhere),
    )
    return Found(figures, notes=notes)


SCENARIO = Scenario(
    title="Pages, first load",
    cases=(Case("browser", _weighed),),
    measures=(
        Measure("Dashboard, all that it loads", ("browser", "dashboard_kb"), None, 200, None, "low", "kB"),
        Measure("Studio, all that it loads", ("browser", "studio_kb"), None, 200, None, "low", "kB"),
        Measure("a draft's page, all that it loads", ("browser", "draft_kb"), None, 200, None, "low", "kB"),
        Measure("the heaviest page, all that it loads", ("browser", "heaviest_kb"), None, 200, None, "low", "kB"),
        Measure("things loaded from other hosts", ("browser", "elsewhere"), None, 0, 0, "low"),
    ),
    rounds=1,
)
