"""A session of Server-Sent Events: the live stream of one account, with what happened and what the clock alone changes.

A reader subscribes first, then reads after its cursor, then waits; so it misses nothing. Whatever it is sent bears a
cursor, and with the last one it resumes: on this connection or another, on this process or another. One timer for each
stream sleeps until the next window ends. Before an event of a new window, the turn of that window is told. What is new is
read and encoded once for all streams of an account, see `fan_out`.

Nothing is queued: a stream reads on when its reader has taken what was sent. Who is too slow is dropped, and resumes.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

import msgspec

from reelbot.accounts import Identity
from reelbot.allowance import AccountRef, Allowance, Usage, meter_figures
from reelbot.clock import SECOND
from reelbot.errors import Failure
from reelbot.events import Cursor
from reelbot.web.connections import Seat
from reelbot.web.context import Site
from reelbot.web.fan_out import EventPage, Feed
from reelbot.web.rollovers import (
    LAST,
    Rollover,
    Seen,
    complete_at,
    cursor_of,
    is_turn,
    next_turn_at,
    numbered,
    turns_after,
)

HEARTBEAT_SECONDS = 15
"""How often a silent stream says that it is alive, and looks whether its key still counts."""

_HEARTBEAT = b":\n\n"

_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class Reader(NamedTuple):
    """Who reads: with which key, from which place on; None is from now on."""

    who: Identity
    token: str
    cursor: Cursor | None


async def frames(site: Site, reader: Reader, seat: Seat) -> AsyncIterator[bytes]:
    """The stream in pieces of whole messages.

    Ends when the reader leaves the seat, the server stops, the key is revoked or the ledger is away.
    """
    place = (reader.who.lane, reader.who.account)
    try:
        async with site.feeds.joined(site.events, place, seat) as feed:
            with site.streams.opened(seat):
                stream = _Stream(site, reader, seat, feed)
                piece: bytes | None = await stream.beginning()
                while piece is not None:
                    yield piece
                    piece = await stream.next_piece()
    except Failure as failure:
        _log.warning("A stream ends, its reader will resume: %s", failure)


class _Stream:
    """One open stream: how far its reader has been told, which turns it is owed, when the next one comes."""

    def __init__(self, site: Site, reader: Reader, seat: Seat, feed: Feed) -> None:
        self._site = site
        self._reader = reader
        self._seat = seat
        self._feed = feed
        self._account = AccountRef(reader.who.lane, reader.who.account, reader.who.name)
        self._n = 0
        self._seen = Seen(0, LAST)
        self._owed: list[Rollover] = []
        self._turns_at: int | None = None
        self._may_have_news = True
        self._beats_at = site.clock() + HEARTBEAT_SECONDS * SECOND

    async def next_piece(self) -> bytes | None:
        """What the reader is sent next, as soon as there is something; None when it may read no longer.

        Waiting and reading are plain coroutines below one generator: a piece that climbs through several of them costs a
        tenth of what it takes to send it.
        """
        while True:
            piece = await self._news()
            if piece:
                return piece
            if self._site.streams.closing:
                return None
            await self._pause()
            if self._seat.has_left:
                return None
            if self._site.clock() >= self._beats_at:
                return await self._heartbeat()

    async def _heartbeat(self) -> bytes | None:
        """That the stream is alive; None when the key counts no longer."""
        if await self._site.accounts.identify(self._reader.token) is None:
            return None
        self._beats_at = self._site.clock() + HEARTBEAT_SECONDS * SECOND
        return _HEARTBEAT

    async def _usage(self) -> Usage:
        """The figures of this instant; a page that is read before them must not be told after them."""
        usage = await self._site.ledger.usage(self._account)
        self._feed.forget()
        return usage

    async def _pause(self) -> None:
        until_at = self._beats_at if self._turns_at is None else min(self._beats_at, self._turns_at)
        await self._site.wait(self._seat, until_at, self._site.clock)
        self._may_have_news = True

    # where to begin

    async def beginning(self) -> bytes:
        """Find the reader's place: it resumes there, or begins here, told where that is."""
        usage = await self._usage()
        cursor = self._reader.cursor
        if cursor is None:
            return self._from_now(usage)
        seen = await self._seen_at(cursor, usage)
        if seen is None:
            return self._from_now(usage, usage.meters)
        self._n, self._seen = cursor.n, seen
        self._expect(usage)
        return _HEARTBEAT

    def _from_now(self, usage: Usage, told: Sequence[Allowance] = ()) -> bytes:
        """Begin with the figures of this instant; all of `told` in one piece, which is cut nowhere but at its end."""
        here = cursor_of(usage)
        self._n, self._seen = here.n, Seen(here.turned_at, LAST)
        self._expect(usage)
        if not told:
            return f"id: {here}\n\n".encode()
        cursors = (here._replace(turn_index=index) for index in numbered(len(told)))
        return b"".join(_figures_frame(cursor, one) for cursor, one in zip(cursors, told, strict=True))

    async def _seen_at(self, cursor: Cursor, usage: Usage) -> Seen | None:
        """What a reader at this place knows of turns; None when it cannot resume from there.

        It cannot when the place is ahead of us, when events behind it are gone, or when it is in the middle of a full
        state. A place after an event knows all turns until that event.
        """
        if cursor > complete_at(usage.cursor, usage.as_of):
            return None
        oldest = await self._site.events.oldest(self._account.lane, self._account.id)
        if cursor.turned_at:
            known = cursor.turn_index == LAST or is_turn(cursor.turned_at, usage.meters)
            kept = cursor.n + 1 >= oldest and cursor.turned_at <= usage.as_of
            return Seen(cursor.turned_at, cursor.turn_index) if known and kept else None
        first = max(cursor.n, 1)
        if first < oldest:
            return None
        events = await self._site.events.read(self._account.lane, self._account.id, first - 1, 1)
        return Seen(events[0].at, LAST) if events else Seen(usage.as_of, LAST)

    # what is new

    async def _news(self) -> bytes:
        """A piece of what is to be told now, nothing when all has been: events in order, each turn before its window's."""
        while self._may_have_news:
            page = await self._feed.page(self._n)
            piece = self._told(page)
            self._heed(page.ends)
            self._may_have_news = page.is_full and self._n >= page.events[-1].n
            if self._turns_at is not None and self._site.clock() >= self._turns_at:
                self._expect(await self._usage())
                self._may_have_news = True
            if piece:
                return piece
        return b""

    def _told(self, page: EventPage) -> bytes:
        """The events and owed turns, until a window ends that has not been looked at yet; the reader now knows them."""
        if self._owed or (self._turns_at is not None and page.latest_at >= self._turns_at):
            return self._told_one_by_one(page)
        if page.events:
            self._n = page.events[-1].n
            self._seen = max(self._seen, Seen(page.latest_at, LAST))
        return page.whole

    def _heed(self, ends: frozenset[int]) -> None:
        """Wake for an end that is nearer than the one waited for: whoever moves back to where they were has it again."""
        now = self._site.clock()
        nearer = [at for at in ends if at > now and (self._turns_at is None or at < self._turns_at)]
        if nearer:
            self._turns_at = min(nearer)

    def _told_one_by_one(self, page: EventPage) -> bytes:
        frames: list[bytes] = []
        more = page.is_full  # what comes behind them may still be older than a turn that is owed
        for n, at, frame in page.events:
            if self._turns_at is not None and at >= self._turns_at:
                more = False
                break
            frames.extend(self._owed_until(at))
            frames.append(frame)
            self._n = n
            self._seen = max(self._seen, Seen(at, LAST))
        if not more:
            frames.extend(self._owed_until(None))
        return b"".join(frames)

    def _owed_until(self, at: int | None) -> list[bytes]:
        frames = []
        while self._owed and (at is None or self._owed[0].at <= at):
            turn = self._owed.pop(0)
            frames.append(_figures_frame(Cursor(self._n, turn.at, turn.number), turn.allowance))
            self._seen = Seen(turn.at, turn.number)
        return frames

    def _expect(self, usage: Usage) -> None:
        """Note which turns the reader is owed, and when the next one comes.

        A window begins with nothing used. When there are events behind the reader's place, what was used since is in
        those of them that belong to the window, and they are told after its turn.
        """
        behind = usage.cursor != self._n
        owed = turns_after(self._seen, usage.meters)
        self._owed = [turn._replace(allowance=_fresh(turn.allowance)) for turn in owed] if behind else owed
        self._turns_at = next_turn_at(usage.meters)


def _fresh(allowance: Allowance) -> Allowance:
    return allowance._replace(used=0, held=0)


def _figures_frame(cursor: Cursor, allowance: Allowance) -> bytes:
    return b"id: %b\nevent: usage\ndata: %b\n\n" % (str(cursor).encode(), _encode(meter_figures(allowance)))
