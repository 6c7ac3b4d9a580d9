"""The history: every entry of the account's ledger with its sentence and what it was for, filtered; and as CSV."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple, get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from reelbot.allowance import LOOKED_AT_MAX, Entry, EntryKind, Found, Span
from reelbot.clock import SECOND
from reelbot.ids import id_text
from reelbot.limits import HOLDS_MAX
from reelbot.publish import Post
from reelbot.studio import Purpose
from reelbot.web.api.entries import CSV, EntriesQuery, found_page, list_entries
from reelbot.web.operations import Call
from reelbot.web.pages.meters import title_of
from reelbot.web.pages.visits import Outcome, Shown, Visit
from reelbot.web.pages.wording import amount_text, full_instant_words, number_text

ROWS = 50

DRAFTS_OFFERED = 30
"""Drafts and videos to choose from, the last worked on first: what fits a list that one still reads."""

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


class For(NamedTuple):
    """What an entry was for: its name, where that is, what it is, and the draft by which all of it is found."""

    name: str
    href: str
    what: str
    draft: str


NOTHING = For("", "", "", "")
"""What changes of the account itself are for, and holds of other programs."""


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
    purpose: For


class Sum(NamedTuple):
    """What was used for a draft of one meter, and what of it is held for now; nothing held is empty."""

    title: str
    used: str
    held: str


class Chosen(NamedTuple):
    """What of the history is asked for: from one day to another, both with it."""

    first: date | None
    last: date | None
    action: str
    kind: str
    draft: str
    after: int | None

    def query(self, after: int | None) -> str:
        """The same as the query of an address, with another place to go on from."""
        told = {**self._days(), "action": self.action, "kind": self.kind, "draft": self.draft}
        wanted = {name: value for name, value in told.items() if value}
        return urlencode(wanted | ({} if after is None else {"after": str(after)}))

    def _days(self) -> dict[str, str]:
        if self.first is not None and self.first == self.last:
            return {"day": self.first.isoformat()}
        days = {"from": self.first, "to": self.last}
        return {name: day.isoformat() for name, day in days.items() if day is not None}


async def show(visit: Visit) -> Outcome:
    """Show a page of it."""
    chosen, draft = await _known(visit, _chosen(visit))
    holds = await _holds(visit, draft)
    found = await _found(visit, chosen, holds)
    purposes = await _purposes(visit, found.entries)
    prices = visit.site.ledger.terms.prices.prices
    values = {
        "rows": [_row(entry, visit, purposes.get(entry.hold, NOTHING)) for entry in found.entries],
        "older": "" if found.before_seq is None else chosen.query(found.before_seq),
        "is_whole": found.before_seq is None or len(found.entries) == ROWS,
        "looked_at": number_text(LOOKED_AT_MAX),
        "chosen": chosen,
        "csv": chosen.query(None),
        "kinds": KINDS,
        "actions": {name: price.title for name, price in prices.items()},
        "draft": None if draft is None else _for(draft),
        "sums": [] if holds is None else await _sums(visit, holds),
        "holds_max": number_text(HOLDS_MAX) if holds is not None and len(holds) >= HOLDS_MAX else "",
        "drafts": await _offered(visit, draft),
    }
    return Shown("history", values, "History")


async def download(visit: Visit) -> Outcome:
    """All that is chosen, as CSV."""
    chosen, _ = await _known(visit, _chosen(visit))
    from_at, until_at = _bounds(chosen, visit.figures.zone)
    headers = {**visit.headers, b"accept": CSV.encode()}
    query = EntriesQuery(
        kind=_kind(chosen.kind),
        from_=_text(from_at),
        to=_text(until_at),
        action=chosen.action or None,
        draft=chosen.draft or None,
    )
    return await list_entries(Call(visit.site, visit.member, "", headers, query, None, None))


def _text(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at / SECOND, ZoneInfo("UTC")).isoformat()


# what is asked for


def _chosen(visit: Visit) -> Chosen:
    """What the address asks for; what cannot be meant is left out."""
    query, prices = visit.query, visit.site.ledger.terms.prices.prices
    day, first, last = (_day(query.get(name, "")) for name in ("day", "from", "to"))
    action = query.get("action", "")
    after = query.get("after", "")
    is_place = after.isascii() and after.isdigit() and 0 < len(after) <= 15
    return Chosen(
        day or first,
        day or last,
        action if action in prices else "",
        _kind(query.get("kind", "")) or "",
        query.get("draft", ""),
        int(after) if is_place else None,
    )


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 < day.year < 9999 else None


def _kind(text: str) -> EntryKind | None:
    kinds: Sequence[EntryKind] = get_args(EntryKind)
    return next((kind for kind in kinds if kind == text), None)


async def _known(visit: Visit, chosen: Chosen) -> tuple[Chosen, Purpose | None]:
    """The same with the draft that it names; without it, when there is and was no such draft of this account."""
    studio = visit.site.studio
    draft = await studio.purposes.of_draft(visit.account, chosen.draft) if studio and chosen.draft else None
    return chosen._replace(draft=draft.draft if draft else ""), draft


async def _holds(visit: Visit, draft: Purpose | None) -> Sequence[int] | None:
    """The holds of a draft; None when all entries are asked for."""
    studio = visit.site.studio
    return None if draft is None or studio is None else await studio.purposes.holds_of(visit.account, draft.draft)


def _bounds(chosen: Chosen, zone: str) -> tuple[int | None, int | None]:
    """The first instant of the first day in a zone, and that of the day behind the last."""
    first, last = chosen.first, chosen.last
    return (
        None if first is None else _begin(first, zone),
        None if last is None else _begin(last + timedelta(1), zone),
    )


def _begin(day: date, zone: str) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()) * SECOND


# what is found


async def _found(visit: Visit, chosen: Chosen, holds: Sequence[int] | None) -> Found:
    """A page of entries, as far as they are found within a bounded time."""
    days = _bounds(chosen, visit.figures.zone)
    span = Span(chosen.after, ROWS, None, chosen.kind or None, *days, action=chosen.action or None, holds=holds)
    return await found_page(visit.site, visit.account, span)


# what it was for


async def _purposes(visit: Visit, entries: Sequence[Entry]) -> Mapping[int, For]:
    """By their holds, what entries were for: drafts, videos, posts."""
    site, account = visit.site, visit.account
    drafts = await site.studio.purposes.of_entries(account, entries) if site.studio else {}
    found = {hold: _for(purpose) for hold, purpose in drafts.items()}
    others = sorted({entry.hold for entry in entries if entry.hold and entry.hold not in found})
    posts = await site.publishing.posts_of(account, others) if site.publishing and others else {}
    return found | {hold: _for_post(post) for hold, post in posts.items()}


def _for(purpose: Purpose) -> For:
    if purpose.video is not None:
        return For(purpose.heading, f"/videos/{purpose.video}", "Video", purpose.draft)
    if purpose.is_there:
        return For(purpose.heading, f"/studio/{purpose.draft}", "Draft", purpose.draft)
    return For(purpose.heading, "", "Removed draft", purpose.draft)


def _for_post(post: Post) -> For:
    return For(post.words.title or "Untitled", f"/publish/posts/{post.id}", "Post", "")


async def _offered(visit: Visit, chosen: Purpose | None) -> list[For]:
    """Drafts and videos to choose from; the one that is chosen is among them."""
    studio = visit.site.studio
    lately = await studio.purposes.lately(visit.account, DRAFTS_OFFERED) if studio else []
    if chosen is not None and chosen.draft not in [one.draft for one in lately]:
        lately = [chosen, *lately]
    return [_for(one) for one in lately]


async def _sums(visit: Visit, holds: Sequence[int]) -> list[Sum]:
    """What these holds used and hold, in the order in which meters are listed."""
    taken = await visit.site.ledger.taken(visit.account, holds)
    sums = []
    for meter in visit.site.ledger.terms.catalogue.meters.values():
        one = taken.get(meter.name)
        if one is not None and any(one):
            held = amount_text(one.held, meter.one) if one.held else ""
            sums.append(Sum(title_of(meter), amount_text(one.used, meter.one), held))
    return sums


def _row(entry: Entry, visit: Visit, purpose: For) -> Row:
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
        purpose=purpose,
    )


def _stood(used: int, held: int, one: str) -> str:
    return f"{amount_text(used, one)} used, {amount_text(held, one)} held"
