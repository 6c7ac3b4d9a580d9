"""The history: every entry of the account's ledger with its sentence, by day, action and kind; and as CSV."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple, get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from reelbot.allowance import Entry, EntryKind, Span
from reelbot.clock import SECOND
from reelbot.ids import id_text
from reelbot.limits import PAGE_MAX
from reelbot.web.api.entries import CSV, EntriesQuery, list_entries
from reelbot.web.operations import Call
from reelbot.web.pages.meters import title_of
from reelbot.web.pages.visits import Outcome, Shown, Visit
from reelbot.web.pages.wording import amount_text, full_instant_words

ROWS = 50

LOOKED_AT_MAX = 5_000
"""Entries looked through for one action before a page is shown in part: the ledger is not ordered by action."""

KINDS: dict[str, str] = {
    "hold": "Held",
    "settle": "Used",
    "release": "Given back",
    "unknown": "Outcome unknown",
    "expire": "Given back by time",
    "refund": "Refunded",
    "grant": "Granted",
    "override": "Limit set",
    "plan": "Plan",
    "zone": "Time zone",
    "open": "Opened",
}
"""What people read for each kind of entry."""

_TONES = {"settle": "accent", "hold": "", "release": "good", "expire": "good", "refund": "good", "grant": "good"}


class Row(NamedTuple):
    """An entry in words."""

    seq: int
    at: str
    kind: str
    tone: str
    why: str
    amount: str
    before: str
    after: str
    meter: str
    hold: str
    hash: str


class Chosen(NamedTuple):
    """What of the history is asked for."""

    day: date | None
    action: str
    kind: str
    after: int | None

    def query(self, after: int | None) -> str:
        """The same as the query of an address, with another place to go on from."""
        told = {"day": self.day.isoformat() if self.day else "", "action": self.action, "kind": self.kind}
        wanted = {name: value for name, value in told.items() if value}
        return urlencode(wanted | ({} if after is None else {"after": str(after)}))


async def show(visit: Visit) -> Outcome:
    """Show a page of it."""
    chosen = _chosen(visit)
    entries = await _entries(visit, chosen)
    rows = [_row(entry, visit) for entry in entries[:ROWS]]
    older = chosen.query(entries[ROWS - 1].seq) if len(entries) > ROWS else ""
    prices = visit.site.ledger.terms.prices.prices
    values = {
        "rows": rows,
        "older": older,
        "chosen": chosen,
        "csv": chosen._replace(action="", after=None).query(None),
        "kinds": KINDS,
        "actions": {name: price.title for name, price in prices.items()},
    }
    return Shown("history", values, "History")


async def download(visit: Visit) -> Outcome:
    """All entries of the day and kind that are chosen, as CSV."""
    chosen = _chosen(visit)
    from_at, until_at = _bounds(chosen.day, visit.figures.zone)
    headers = {**visit.headers, b"accept": CSV.encode()}
    kind = _kind(chosen.kind)
    query = EntriesQuery(kind=kind, from_=_text(from_at), to=_text(until_at))
    return await list_entries(Call(visit.site, visit.member, "", headers, query, None, None))


def _text(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at / SECOND, ZoneInfo("UTC")).isoformat()


def _chosen(visit: Visit) -> Chosen:
    """What the address asks for; what cannot be meant is left out."""
    query, prices = visit.query, visit.site.ledger.terms.prices.prices
    try:
        day = date.fromisoformat(query.get("day", ""))
    except ValueError:
        day = None
    action = query.get("action", "")
    after = query.get("after", "")
    is_place = after.isascii() and after.isdigit() and 0 < len(after) <= 15
    return Chosen(
        day if day and 1970 < day.year < 9999 else None,
        action if action in prices else "",
        _kind(query.get("kind", "")) or "",
        int(after) if is_place else None,
    )


def _kind(text: str) -> EntryKind | None:
    kinds: Sequence[EntryKind] = get_args(EntryKind)
    return next((kind for kind in kinds if kind == text), None)


async def _entries(visit: Visit, chosen: Chosen) -> list[Entry]:
    """One more than a page has, when there are more."""
    ledger, (from_at, until_at) = visit.site.ledger, _bounds(chosen.day, visit.figures.zone)
    size = PAGE_MAX if chosen.action else ROWS + 1
    span = Span(chosen.after, size, None, chosen.kind or None, from_at, until_at)
    found: list[Entry] = []
    for _ in range(LOOKED_AT_MAX // size + 1):
        page = await ledger.history(visit.account, span)
        found.extend(entry for entry in page if not chosen.action or entry.action == chosen.action)
        if len(page) < size or len(found) > ROWS:
            break
        span = span._replace(before_seq=page[-1].seq)
    return found


def _bounds(day: date | None, zone: str) -> tuple[int | None, int | None]:
    """The first instant of a day in a zone, and that of the next."""
    if day is None:
        return None, None
    begin, end = (datetime(one.year, one.month, one.day, tzinfo=ZoneInfo(zone)) for one in (day, day + timedelta(1)))
    return int(begin.timestamp()) * SECOND, int(end.timestamp()) * SECOND


def _row(entry: Entry, visit: Visit) -> Row:
    meter = None if entry.meter is None else visit.site.ledger.terms.catalogue.meters.get(entry.meter)
    one = "" if meter is None else meter.one
    return Row(
        seq=entry.seq,
        at=full_instant_words(entry.at, visit.figures.zone),
        kind=KINDS.get(entry.kind, entry.kind),
        tone=_TONES.get(entry.kind, ""),
        why=entry.why,
        amount="" if meter is None else amount_text(entry.amount, one),
        before="" if meter is None else _stood(entry.used_before, entry.held_before, one),
        after="" if meter is None else _stood(entry.used_after, entry.held_after, one),
        meter="" if meter is None else title_of(meter),
        hold=id_text("hold", entry.lane, entry.account, entry.hold) if entry.hold else "",
        hash=entry.hash.hex(),
    )


def _stood(used: int, held: int, one: str) -> str:
    return f"{amount_text(used, one)} used, {amount_text(held, one)} held"
