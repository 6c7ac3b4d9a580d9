"""`GET /api/v1/entries`: the account's ledger, newest first: a page of it as JSON, or all of it as CSV."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field
from starlette.types import Receive, Scope, Send

from reelbot.allowance import AccountRef, Entry, EntryKind, Found, Instant, Span, csv_text
from reelbot.clock import instant_from
from reelbot.errors import Malformed
from reelbot.ids import place_of
from reelbot.limits import PAGE_DEFAULT, PAGE_MAX, SEQ_MAX, WHY_LENGTH_MAX
from reelbot.studio import EXPORT_COLUMNS, EntryShown, Purpose, entry_shown, export_cells
from reelbot.web.context import Site
from reelbot.web.operations import Call
from reelbot.web.problems import OK
from reelbot.web.replies import PRIVATE, Fields, Reply, Streamed, json_reply
from reelbot.web.shapes import MeterName

CSV = "text/csv"

_VARY: Fields = ((b"vary", b"accept"),)
_CSV_FIELDS: Fields = (
    (b"content-type", b"text/csv; charset=utf-8; header=present"),
    (b"content-disposition", b'attachment; filename="entries.csv"'),
    *PRIVATE,
    *_VARY,
)

_WEIGHT = re.compile(r"[01](?:\.[0-9]{0,3})?")

_encode = msgspec.json.Encoder().encode


class EntriesQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which entries: those of a meter, kind or action, from an instant on and before another, after a cursor, so many.

    Or those of one hold, or of all that was done for one draft, also when that is no more.
    """

    after: (
        Annotated[
            str, Meta(pattern="^[1-9][0-9]{0,14}$", description="The `next` of the page before.", examples=["42"])
        ]
        | None
    ) = None
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX, description="Entries of one page; CSV has them all.")] = PAGE_DEFAULT
    meter: MeterName | None = None
    kind: EntryKind | None = None
    from_: Annotated[Instant, Meta(description="Not before this instant.")] | None = field(name="from", default=None)
    to: Annotated[Instant, Meta(description="Before this instant.")] | None = None
    action: Annotated[str, Meta(min_length=1, max_length=WHY_LENGTH_MAX, examples=["script"])] | None = None
    hold: (
        Annotated[str, Meta(pattern="^hold_[0-9a-z-]{5,30}$", description="Only the entries of this hold.")] | None
    ) = None
    draft: (
        Annotated[str, Meta(pattern="^draft_[0-9a-z-]{5,30}$", description="Only what was used for this draft.")] | None
    ) = None


class EntriesShown(Struct, frozen=True):
    """A page of entries, newest first; `next` is the cursor of the page behind it, null on the last.

    With filters on a long history a page may have fewer entries than were asked for, or none, and a `next` all the same.
    """

    entries: list[EntryShown]
    next: str | None


async def list_entries(call: Call) -> Reply | Streamed:
    """Tell the history."""
    span = await _span(call)
    if _prefers_csv(call.headers.get(b"accept", b"").decode("latin-1")):
        call.site.exports.require(_place(call))  # a place is taken as the answer begins, before anybody else has a turn
        return Streamed(OK, _CsvAnswer(call, span._replace(size=PAGE_MAX)))
    page, before = await found_page(call.site, call.account, span)
    following = None if before is None else str(before)
    catalogue, purposes = call.site.ledger.terms.catalogue, await _purposes(call, page)
    shown = [entry_shown(one, catalogue, purposes) for one in page]
    return json_reply(OK, _encode(EntriesShown(shown, following)), _VARY)


async def found_page(site: Site, account: AccountRef, span: Span) -> Found:
    """A page of the history, as far as it is found within a bounded time; `ShareUsedUp` when too many are looked for."""
    if not span.is_searched:
        return await site.ledger.found(account, span)
    with site.searches.taken((account.lane, account.id)):
        return await site.ledger.found(account, span)


def _place(call: Call) -> tuple[int, int]:
    return call.account.lane, call.account.id


async def _purposes(call: Call, entries: Sequence[Entry]) -> Mapping[int, Purpose]:
    """What entries were for, by their holds; nothing where there is no studio."""
    studio = call.site.studio
    return {} if studio is None else await studio.purposes.of_entries(call.account, entries)


async def _span(call: Call) -> Span:
    query: EntriesQuery = call.query
    if query.meter is not None:
        call.site.ledger.terms.catalogue.meter_named(query.meter)
    after = None if query.after is None else int(query.after)
    from_at, until_at = _instant("from", query.from_), _instant("to", query.to)
    holds = await _holds(call, query)
    return Span(after, query.limit, query.meter, query.kind, from_at, until_at, action=query.action, holds=holds)


async def _holds(call: Call, query: EntriesQuery) -> Sequence[int] | None:
    """The numbers of the holds that are asked for; None for whatever there is. Another account's are no holds at all."""
    if query.draft is None and query.hold is None:
        return None
    holds = set[int]()
    if query.draft is not None and call.site.studio is not None:
        holds.update(await call.site.studio.purposes.holds_of(call.account, query.draft))
    if query.hold is None:
        return sorted(holds)
    place = place_of(query.hold)
    own = place is not None and (place.kind, place.lane, place.account) == ("hold", call.account.lane, call.account.id)
    one = {place.seq} if place is not None and own and place.seq <= SEQ_MAX else set[int]()
    return sorted(one if query.draft is None else one & holds)


def _instant(name: str, text: str | None) -> int | None:
    """The instant of a parameter. No entry is older than 1970, so all that lies before it says the same."""
    try:
        return None if text is None else max(0, instant_from(text))
    except ValueError as error:
        raise Malformed(f"The parameter {name}: {error}.", name) from error


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
        with self._call.site.exports.taken(_place(self._call)):
            await self._send(scope, send)

    async def _send(self, scope: Scope, send: Send) -> None:
        first = await self._page(self._span)
        await send({"type": "http.response.start", "status": OK, "headers": _CSV_FIELDS})
        if scope["method"] != "HEAD":
            await send({"type": "http.response.body", "body": csv_text([EXPORT_COLUMNS]).encode(), "more_body": True})
            async for page in self._pages(first):
                catalogue, purposes = self._call.site.ledger.terms.catalogue, await _purposes(self._call, page)
                rows = (export_cells(entry, catalogue, purposes) for entry in page)
                await send({"type": "http.response.body", "body": csv_text(rows).encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pages(self, page: Sequence[Entry]) -> AsyncIterator[Sequence[Entry]]:
        while page:
            yield page
            if len(page) < self._span.size:
                return
            page = await self._page(self._span._replace(before_seq=page[-1].seq))

    async def _page(self, span: Span) -> Sequence[Entry]:
        return await self._call.site.ledger.history(self._call.account, span)
