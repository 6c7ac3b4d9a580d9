"""An entry as outsiders see it: in the API's pages, in CSV, on the command line. One shape, one place."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

import msgspec

from reelbot.allowance.core.entries import Entry, Kind
from reelbot.allowance.core.plans import Catalogue
from reelbot.allowance.core.views import Instant, WindowFigures, window_figures
from reelbot.clock import instant_text
from reelbot.ids import id_text

ENTRY_COLUMNS = (
    "id", "at", "kind", "hold", "action", "meter", "window", "window_starts_at", "window_ends_at", "amount", "limit",
    "used_before", "held_before", "used_after", "held_after", "detail", "why", "hash",
)  # fmt: skip
"""The columns of a history as CSV, in order."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


class EntryFigures(msgspec.Struct, frozen=True):
    """One accepted change. `before` and `after` are what was used and held, or, of the account itself, what changed.

    `hash` is the SHA-256, in hex, by which the entry is chained to the one before it; `detail` is what it covers of
    facts that no number says.
    """

    id: str
    at: Instant
    kind: Kind
    hold: str | None
    action: str | None
    meter: str | None
    window: WindowFigures | None
    amount: int
    limit: int | None
    before: dict[str, int | str | None]
    after: dict[str, int | str | None]
    detail: str | None
    why: str
    hash: str


def entry_figures(entry: Entry, catalogue: Catalogue) -> EntryFigures:
    """An entry in the words that everything outside shows."""
    before, after = _before_and_after(entry)
    return EntryFigures(
        id=id_text("entry", entry.lane, entry.account, entry.seq),
        at=instant_text(entry.at),
        kind=entry.kind,
        hold=id_text("hold", entry.lane, entry.account, entry.hold) if entry.hold else None,
        action=entry.action,
        meter=entry.meter,
        window=None if entry.meter is None else _window(entry, entry.meter, catalogue),
        amount=entry.amount,
        limit=entry.limit,
        before=before,
        after=after,
        detail=entry.detail,
        why=entry.why,
        hash=entry.hash.hex(),
    )


def entry_cells(entry: Entry, catalogue: Catalogue) -> tuple[object, ...]:
    """The cells of `ENTRY_COLUMNS`."""
    shown = entry_figures(entry, catalogue)
    window = shown.window or WindowFigures("", None, None)
    unlimited = entry.meter is not None and entry.limit is None
    return (
        shown.id, shown.at, shown.kind, shown.hold, shown.action, shown.meter,
        window.kind, window.starts_at, window.ends_at, shown.amount, "unlimited" if unlimited else shown.limit,
        entry.used_before, entry.held_before, entry.used_after, entry.held_after, shown.detail, shown.why, shown.hash,
    )  # fmt: skip


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Rows as RFC 4180 has them. A text that a spreadsheet would run as a formula begins with an apostrophe instead."""
    text = io.StringIO()
    csv.writer(text).writerows([_guarded(cell) for cell in row] for row in rows)
    return text.getvalue()


def _guarded(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _window(entry: Entry, meter: str, catalogue: Catalogue) -> WindowFigures:
    if entry.window_end is None:
        return window_figures("standing", 0, None)
    known = catalogue.meters.get(meter)
    return window_figures("day" if known is None else known.window, entry.window_start, entry.window_end)


def _before_and_after(entry: Entry) -> tuple[dict[str, int | str | None], dict[str, int | str | None]]:
    """What stood before and after: the balance where there is a meter, and the facts that the detail names."""
    before: dict[str, int | str | None] = {}
    after: dict[str, int | str | None] = {}
    if entry.meter is not None:
        before.update(used=entry.used_before, held=entry.held_before)
        after.update(used=entry.used_after, held=entry.held_after)
    for name, (was, became) in (json.loads(entry.detail) if entry.detail else {}).items():
        before[name], after[name] = _fact(name, was), _fact(name, became)
    return before, after


def _fact(name: str, value: Any) -> int | str | None:
    fact: int | str | None = instant_text(value) if name.endswith("_at") and value is not None else value
    return fact
