"""What programs read: the same shapes as the API's answers."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from reelbot.allowance import Catalogue, Entry, Receipt, Usage, meter_figures
from reelbot.clock import instant_text
from reelbot.ids import id_text

CSV_COLUMNS = (
    "id", "at", "kind", "hold", "action", "meter", "window", "window_starts_at", "window_ends_at", "amount", "limit",
    "used_before", "held_before", "used_after", "held_after", "detail", "why", "hash",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def usage_document(usage: Usage) -> dict[str, object]:
    """As `GET /api/v1/usage`, without the cursor of the stream."""
    return {
        "account": usage.account.name,
        "plan": usage.plan,
        "next_plan": usage.next_plan,
        "next_plan_at": None if usage.next_plan_at is None else instant_text(usage.next_plan_at),
        "timezone": usage.zone,
        "as_of": instant_text(usage.as_of),
        "meters": [meter_figures(allowance) for allowance in usage.meters],
    }


def change_document(receipt: Receipt, usage: Usage) -> dict[str, object]:
    """An accepted change of an account: the usage right after it, and whether the same key had done it before."""
    return usage_document(usage) | {"replayed": receipt.replayed}


def entry_document(entry: Entry, catalogue: Catalogue) -> dict[str, object]:
    """As in `GET /api/v1/entries`."""
    before, after = _figures(entry)
    return {
        "id": id_text("entry", entry.lane, entry.account, entry.seq),
        "at": instant_text(entry.at),
        "kind": entry.kind,
        "hold": id_text("hold", entry.lane, entry.account, entry.hold) if entry.hold else None,
        "action": entry.action,
        "meter": entry.meter,
        "window": _window(entry, catalogue),
        "amount": entry.amount,
        "limit": entry.limit,
        "before": before,
        "after": after,
        "detail": entry.detail,
        "why": entry.why,
        "hash": entry.hash.hex(),
    }


def entry_cells(entry: Entry, catalogue: Catalogue) -> tuple[object, ...]:
    """The cells of `CSV_COLUMNS`, as the API's CSV has them."""
    shown = entry_document(entry, catalogue)
    window = _window(entry, catalogue) or {"kind": "", "starts_at": None, "ends_at": None}
    limit = "unlimited" if entry.meter is not None and entry.limit is None else entry.limit
    return (
        *(shown[name] for name in CSV_COLUMNS[:6]), *window.values(), entry.amount, limit,
        entry.used_before, entry.held_before, entry.used_after, entry.held_after, entry.detail, entry.why, shown["hash"],
    )  # fmt: skip


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Rows as RFC 4180 has them. A text that a spreadsheet would run as a formula begins with an apostrophe instead."""
    text = io.StringIO()
    csv.writer(text).writerows([_guarded(cell) for cell in row] for row in rows)
    return text.getvalue()


def _guarded(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _window(entry: Entry, catalogue: Catalogue) -> dict[str, str | None] | None:
    if entry.meter is None:
        return None
    if entry.window_end is None:
        return {"kind": "standing", "starts_at": None, "ends_at": None}
    known = catalogue.meters.get(entry.meter)
    kind = "day" if known is None else known.window
    return {"kind": kind, "starts_at": instant_text(entry.window_start), "ends_at": instant_text(entry.window_end)}


def _figures(entry: Entry) -> tuple[dict[str, object], dict[str, object]]:
    """What stood before and after: the balance where there is a meter, and the facts that the detail names."""
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    if entry.meter is not None:
        before |= {"used": entry.used_before, "held": entry.held_before}
        after |= {"used": entry.used_after, "held": entry.held_after}
    for name, (was, became) in (json.loads(entry.detail) if entry.detail else {}).items():
        before[name], after[name] = _fact(name, was), _fact(name, became)
    return before, after


def _fact(name: str, value: Any) -> object:
    return instant_text(value) if name.endswith("_at") and value is not None else value
