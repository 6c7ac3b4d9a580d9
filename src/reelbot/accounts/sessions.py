"""Sessions of browsers, and links that begin one without a password, once. Used by `Accounts` and the pages.

A session counts for 30 days unless it is ended. What ends one moves the lane's change, as a revoked API key does: so it
is refused at once, whichever process ended it.
"""

import hmac
import secrets
from typing import NamedTuple

from reelbot.accounts.core.keys import SECRET_BYTES, KeyPlace, digest_of
from reelbot.accounts.core.members import Identity
from reelbot.accounts.core.networks import NOWHERE, network_of
from reelbot.accounts.core.tickets import LINK, SESSION, PresentedTicket, Session, presented_ticket, ticket_text
from reelbot.accounts.last_use import LastUse
from reelbot.clock import DAY, HOUR, MINUTE, Clock
from reelbot.db import Connection, PostgresDatabase, SqliteDatabase, Statements
from reelbot.errors import Malformed

SESSION_MS = 30 * DAY
"""How long a browser stays signed in: a month between two videos is nothing unusual."""

LINK_MS = 10 * MINUTE
"""How long a link may be used: time to reach for the browser, not to be found in a terminal's scrollback."""

RESET_MS = HOUR
"""How long a session that a link began may set a password without the old one: time to do it, and then an open browser is
worth no more than any other."""

AGENT_LENGTH_MAX = 200
"""Characters kept of what a browser says it is: enough to tell a phone from a laptop."""


class Known(NamedTuple):
    """Who a session stands for, until when, and of which change of its lane that is."""

    who: Identity
    expires_at: int
    change: int


class Sessions:
    """The sessions and links of one database. Belongs to one event loop."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase, clock: Clock, sql: Statements) -> None:
        self._database = database
        self._clock = clock
        self._sql = sql
        self._last_use = LastUse(database, sql["note_seen"])

    async def close(self) -> None:
        """Finish what is being written."""
        await self._last_use.close()

    # beginning

    async def begin(self, lane: int, account: int, agent: str, address: str = NOWHERE) -> str:
        """A new session of an account; its text is told this once. `Malformed` when the account has no member."""
        async with self._database.transaction() as connection:
            return await self._begin_on(connection, lane, account, agent, address, False)

    async def _begin_on(
        self, connection: Connection, lane: int, account: int, agent: str, address: str, by_link: bool
    ) -> str:
        now = self._clock()
        place = await self._next(connection, "next_session_number", lane, account)
        text = ticket_text(SESSION, place, secrets.token_bytes(SECRET_BYTES))
        long_ago = now - SESSION_MS
        await connection.execute(self._sql["forget_sessions"], (lane, account, long_ago, long_ago))
        told = (_digest(text), agent[:AGENT_LENGTH_MAX], _place_digest(address), by_link)
        row = (*place, *told, now, now + SESSION_MS)
        await connection.execute(self._sql["insert_session"], row)
        return text

    async def _next(self, connection: Connection, statement: str, lane: int, account: int) -> KeyPlace:
        counted = await connection.fetch(self._sql[statement], (lane, account))
        if not counted:
            raise Malformed("There is no such account.", "account")
        return KeyPlace(lane, account, counted[0][0])

    async def issue_link(self, lane: int, account: int) -> str:
        """The text of a link that begins one session within `LINK_MS`."""
        now = self._clock()
        async with self._database.transaction() as connection:
            await connection.execute(self._sql["forget_links"], (lane, account, now))
            place = await self._next(connection, "next_link_number", lane, account)
            text = ticket_text(LINK, place, secrets.token_bytes(SECRET_BYTES))
            await connection.execute(self._sql["insert_link"], (*place, _digest(text), now + LINK_MS))
        return text

    async def enter(self, link: str, agent: str, address: str = NOWHERE) -> str | None:
        """The session that a link begins; None when it is none of ours, was used before or has expired."""
        presented = presented_ticket(LINK, link)
        if presented is None:
            return None
        lane, account, _ = presented.place
        async with self._database.transaction() as connection:
            asked = (*presented.place, presented.digest, self._clock())
            if not await connection.fetch(self._sql["use_link"], asked):
                return None
            return await self._begin_on(connection, lane, account, agent, address, True)

    # while it lasts

    async def known(self, text: str) -> Known | None:
        """Whose session this is; None for one that is malformed, unknown, ended or expired."""
        presented = presented_ticket(SESSION, text)
        if presented is None:
            return None
        rows = await self._database.fetch(self._sql["identify_session"], presented.place)
        if not rows:
            return None
        lane, account, name, role, digest, expires_at, seen_on, change = rows[0]
        if not hmac.compare_digest(digest, presented.digest) or expires_at <= self._clock():
            return None
        self._note(presented, seen_on)
        return Known(Identity(lane, account, name, role), expires_at, change)

    def _note(self, presented: PresentedTicket, seen_on: int | None) -> None:
        today = self._clock() // DAY
        if seen_on is None or seen_on < today:
            self._last_use.note(presented.place, today)

    async def may_reset(self, text: str) -> bool:
        """Whether this session, which counts, was begun by a link within the last hour."""
        presented = presented_ticket(SESSION, text)
        if presented is None:
            return False
        asked = (*presented.place, self._clock() - RESET_MS)
        return bool(await self._database.fetch(self._sql["came_by_link"], asked))

    async def of(self, lane: int, account: int) -> list[Session]:
        """The sessions of an account that count, the newest first."""
        rows = await self._database.fetch(self._sql["list_sessions"], (lane, account, self._clock()))
        return [Session(*row) for row in rows]

    async def has_been_at(self, place: tuple[int, int], address: str) -> bool:
        """Whether an account has signed in from the network of an address before, as far as sessions are remembered."""
        asked = (*place, _place_digest(address) or b"")
        return bool(await self._database.fetch(self._sql["has_been_at"], asked))

    # ending

    async def end(self, text: str) -> None:
        """End this session; one that has ended already, or never was, is left alone."""
        presented = presented_ticket(SESSION, text)
        known = None if presented is None else await self.known(text)
        if presented is not None and known is not None:
            await self.end_numbered(*presented.place)

    async def end_numbered(self, lane: int, account: int, number: int) -> bool:
        """End one session of an account; False when there is none of that number that counts."""
        return await self._end("end_session", lane, account, number)

    async def end_others(self, lane: int, account: int, text: str) -> None:
        """End all sessions of an account but this one; all of them when this is none of the account's."""
        number = number_of(text)
        await self._end("end_other_sessions", lane, account, 0 if number is None else number)

    async def _end(self, statement: str, lane: int, account: int, number: int) -> bool:
        async with self._database.transaction() as connection:
            return await self._end_on(connection, statement, lane, account, number)

    async def end_all_on(self, connection: Connection, lane: int, account: int) -> None:
        """End all sessions of an account, in the caller's transaction."""
        await self._end_on(connection, "end_other_sessions", lane, account, 0)

    async def _end_on(self, connection: Connection, statement: str, lane: int, account: int, number: int) -> bool:
        ended = await connection.execute(self._sql[statement], (self._clock(), lane, account, number))
        if ended:
            await connection.execute(self._sql["count_change"], (lane,))
        return ended > 0


def number_of(text: str) -> int | None:
    """Which of its account's sessions a text is; None when it is no session's."""
    presented = presented_ticket(SESSION, text)
    return None if presented is None else presented.place.number


def _digest(text: str) -> bytes:
    return digest_of(text.rpartition("-")[2])


def _place_digest(address: str) -> bytes | None:
    """What is kept of where a browser signed in; none where that is not known."""
    network = network_of(address)
    return None if network == NOWHERE else digest_of(network)
