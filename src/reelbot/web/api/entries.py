"""`GET /api/v1/entries`: the account's ledger, newest first: a page of it as JSON, or all of it as CSV."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field
from starlette.types import Receive, Scope, Send

from reelbot.allowance import Catalogue, Entry, Span
from reelbot.clock import instant_from, instant_text
from reelbot.errors import Malformed
from reelbot.ids import id_text
from reelbot.limits import PAGE_DEFAULT, PAGE_MAX
from reelbot.web.operations import Call
from reelbot.web.problems import OK
from reelbot.web.replies import PRIVATE, Fields, Reply, Streamed, json_reply
from reelbot.web.shapes import Instant, MeterName

CSV = "text/csv"

EntryKind = Literal[
    "open", "hold", "settle", "release", "unknown", "expire", "refund", "grant", "override", "plan", "zone"
]

_VARY: Fields = ((b"vary", b"accept"),)
_CSV_FIELDS: Fields = (
    (b"content-type", b"text/csv; charset=utf-8; header=present"),
    (b"content-disposition", b'attachment; filename="entries.csv"'),
    *PRIVATE,
    *_VARY,
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""

_WEIGHT = re.compile(r"[01](?:\.[0-9]{0,3})?")

_encode = msgspec.json.Encoder().encode


class EntriesQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which entries: those of a meter or a kind, from an instant on and before another, after a cursor, so many."""

    after: (
        Annotated[
            str, Meta(pattern="^[1-9][0-9]{0,17}$", description="The `next` of the page before.", examples=["42"])
        ]
        | None
    ) = None
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX, description="Entries of one page; CSV has them all.")] = PAGE_DEFAULT
    meter: MeterName | None = None
    kind: EntryKind | None = None
    from_: Annotated[Instant, Meta(description="Not before this instant.")] | None = field(name="from", default=None)
    to: Annotated[Instant, Meta(description="Before this instant.")] | None = None


class EntryWindow(Struct, frozen=True):
    """The window that counted an entry; a standing one has no instants."""

    kind: str
    starts_at: Instant | None
    ends_at: Instant | None


class EntryShown(Struct, frozen=True):
    """One accepted change. `before` and `after` are what was used and held, or, of the account itself, what changed.

    `hash` is the SHA-256, in hex, by which the entry is chained to the one before it; `detail` is what it covers of
    facts that no number says.
    """

    id: str
    at: Instant
    kind: EntryKind
    hold: str | None
    action: str | None
    meter: str | None
    window: EntryWindow | None
    amount: int
    limit: int | None
    before: dict[str, int | str | None]
    after: dict[str, int | str | None]
    detail: str | None
    why: str
    hash: str


class EntriesShown(Struct, frozen=True):
    """A page of entries, newest first; `next` is the cursor of the page behind it, null on the last."""

    entries: list[EntryShown]
    next: str | None


async def list_entries(call: Call) -> Reply | Streamed:
    """Tell the history."""
    span = _span(call)
    if _prefers_csv(call.headers.get(b"accept", b"").decode("latin-1")):
        return Streamed(OK, _CsvAnswer(call, span._replace(size=PAGE_MAX)))
    entries = await call.site.ledger.history(call.account, span._replace(size=span.size + 1))
    page = entries[: span.size]
    following = str(page[-1].seq) if len(entries) > len(page) else None
    catalogue = call.site.ledger.terms.catalogue
    return json_reply(OK, _encode(EntriesShown([_shown(one, catalogue) for one in page], following)), _VARY)


def _span(call: Call) -> Span:
    query: EntriesQuery = call.query
    if query.meter is not None:
        call.site.ledger.terms.catalogue.meter_named(query.meter)
    after = None if query.after is None else int(query.after)
    return Span(after, query.limit, query.meter, query.kind, _instant("from", query.from_), _instant("to", query.to))


def _instant(name: str, text: str | None) -> int | None:
    try:
        return None if text is None else instant_from(text)
    except ValueError as error:
        raise Malformed(f"The parameter {name}: {error}.", name) from error


def _shown(entry: Entry, catalogue: Catalogue) -> EntryShown:
    before, after = _figures(entry)
    return EntryShown(
        id_text("entry", entry.lane, entry.account, entry.seq),
        instant_text(entry.at),
        entry.kind,
        id_text("hold", entry.lane, entry.account, entry.hold) if entry.hold else None,
        entry.action,
        entry.meter,
        None if entry.meter is None else _window(entry, entry.meter, catalogue),
        entry.amount,
        entry.limit,
        before,
        after,
        entry.detail,
        entry.why,
        entry.hash.hex(),
    )


def _window(entry: Entry, meter: str, catalogue: Catalogue) -> EntryWindow:
    if entry.window_end is None:
        return EntryWindow("standing", None, None)
    known = catalogue.meters.get(meter)
    kind = "day" if known is None else known.window
    return EntryWindow(kind, instant_text(entry.window_start), instant_text(entry.window_end))


def _figures(entry: Entry) -> tuple[dict[str, int | str | None], dict[str, int | str | None]]:
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


# CSV


def _prefers_csv(accept: str) -> bool:
    """Whether a caller would rather have CSV than JSON, by the weights of its `Accept` field."""
    csv_weight = json_weight = 0.0
    for part in accept.split(","):
        kind, _, parameters = part.partition(";")
        match kind.strip().lower():
            case "text/csv" | "text/*":
                csv_weight = max(csv_weight, _weight(parameters))
            case "application/json" | "application/*":
                json_weight = max(json_weight, _weight(parameters))
    return csv_weight > json_weight


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            match = _WEIGHT.fullmatch(value.strip())
            return float(match[0]) if match else 0.0
    return 1.0


class _CsvAnswer:
    """All entries of a span as CSV (RFC 4180), page by page, so that no history is too long."""

    def __init__(self, call: Call, span: Span) -> None:
        self._call = call
        self._span = span

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them. When the database goes away in the middle, so does the connection: the file is visibly cut."""
        first = await self._page(self._span)
        await send({"type": "http.response.start", "status": OK, "headers": _CSV_FIELDS})
        if scope["method"] != "HEAD":
            await send({"type": "http.response.body", "body": _csv([_COLUMNS]), "more_body": True})
            async for page in self._pages(first):
                rows = [_row(entry, self._call.site.ledger.terms.catalogue) for entry in page]
                await send({"type": "http.response.body", "body": _csv(rows), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pages(self, page: Sequence[Entry]) -> AsyncIterator[Sequence[Entry]]:
        while page:
            yield page
            if len(page) < self._span.size:
                return
            page = await self._page(self._span._replace(before_seq=page[-1].seq))

    async def _page(self, span: Span) -> Sequence[Entry]:
        return await self._call.site.ledger.history(self._call.account, span)


_COLUMNS = (
    "id", "at", "kind", "hold", "action", "meter", "window", "window_starts_at", "window_ends_at", "amount", "limit",
    "used_before", "held_before", "used_after", "held_after", "detail", "why", "hash",
)  # fmt: skip


def _row(entry: Entry, catalogue: Catalogue) -> tuple[object, ...]:
    shown = _shown(entry, catalogue)
    window = shown.window or EntryWindow("", None, None)
    unlimited = entry.meter is not None and entry.limit is None
    return (
        shown.id, shown.at, shown.kind, shown.hold, shown.action, shown.meter,
        window.kind, window.starts_at, window.ends_at, shown.amount, "unlimited" if unlimited else shown.limit,
        entry.used_before, entry.held_before, entry.used_after, entry.held_after, shown.detail, shown.why, shown.hash,
    )  # fmt: skip


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_guarded(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _guarded(cell: object) -> object:
    """A text that a spreadsheet would run as a formula begins with an apostrophe instead."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
