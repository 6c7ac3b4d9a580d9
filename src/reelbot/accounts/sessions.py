"""Sessions of browsers, and links that begin one without a password, once. Used by `Accounts` and the pages.

A session counts for 30 days unless it is ended. What ends one moves the lane's change, as a revoked API key does: so it
is refused at once, whichever process ended it. A link ends when it is used, when a newer one is issued, and with
everything that ends all sessions.

Whoever begins a session and whoever ends them all lock the member first. So no session is begun by a link or a password
that has just been taken away: it is begun before, and ended with the others, or not at all.
"""

import hmac
import secrets
from typing import NamedTuple

from reelbot.accounts.access_log import AccessLog
from reelbot.accounts.core.api_keys import SECRET_BYTES, KeyPlace, digest_of
from reelbot.accounts.core.members import Identity
from reelbot.accounts.core.networks import NOWHERE, network_of
from reelbot.accounts.core.tokens import LINK, SESSION, PresentedTicket, Session, presented_ticket, ticket_text
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


class CachedSession(NamedTuple):
    """Who a session stands for, until when, and of which change of its lane that is."""

    who: Identity
    expires_at: int
    change: int


class Sessions:
    """The sessions and links of one database. Belongs to one event loop."""

    def __init__(
        self, database: SqliteDatabase | PostgresDatabase, clock: Clock, sql: Statements, access: AccessLog
    ) -> None:
        self._database = database
        self._clock = clock
        self._sql = sql
        self._access = access
        self._last_use = LastUse(database, sql["note_seen"])

    async def close(self) -> None:
        """Finish what is being written."""
        await self._last_use.close()

    # beginning

    async def begin(self, lane: int, account: int, agent: str, address: str = NOWHERE) -> str:
        """A new session of an account; its text is told this once. `Malformed` when the account has no member."""
        async with self._database.transaction() as connection:
            text = await self._begin_on(connection, lane, account, agent, address, False)
            await self._access.record(connection, lane, account, "signed_in", "", address, agent)
        return text

    async def begin_by_password(
        self, lane: int, account: int, hashed: str, agent: str, address: str = NOWHERE
    ) -> str | None:
        """The same for whoever has just shown the password of this hash; None when it was changed meanwhile."""
        async with self._database.transaction() as connection:
            await connection.fetch(self._sql["lock_member"], (lane, account))
            rows = await connection.fetch(self._sql["read_password"], (lane, account))
            if not rows or rows[0][0] != hashed:
                return None
            text = await self._begin_on(connection, lane, account, agent, address, False)
            await self._access.record(connection, lane, account, "signed_in", "", address, agent)
        return text

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

    async def issue_link(self, lane: int, account: int, by: str = "", address: str = NOWHERE) -> str:
        """The text of a link that begins one session within `LINK_MS`; older links of the account end.

        `by` says who issues it, `address` from where.
        """
        async with self._database.transaction() as connection:
            place = await self._next(connection, "next_link_number", lane, account)
            await connection.execute(self._sql["end_links"], (lane, account))
            text = ticket_text(LINK, place, secrets.token_bytes(SECRET_BYTES))
            await connection.execute(self._sql["insert_link"], (*place, _digest(text), self._clock() + LINK_MS))
            await self._access.record(connection, lane, account, "link_issued", by, address)
        return text

    async def whose_link(self, link: str) -> str | None:
        """The name of the account that a link would sign in, which is not used up by asking; None when it counts not."""
        presented = presented_ticket(LINK, link)
        if presented is None:
            return None
        asked = (*presented.place, presented.digest, self._clock())
        rows = await self._database.fetch(self._sql["read_link"], asked)
        return str(rows[0][0]) if rows else None

    async def enter(self, link: str, agent: str, address: str = NOWHERE) -> str | None:
        """The session that a link begins; None when it is none of ours, was used before or has expired."""
        presented = presented_ticket(LINK, link)
        if presented is None:
            return None
        lane, account, _ = presented.place
        async with self._database.transaction() as connection:
            await connection.fetch(self._sql["lock_member"], (lane, account))
            asked = (*presented.place, presented.digest, self._clock())
            if not await connection.fetch(self._sql["use_link"], asked):
                return None
            text = await self._begin_on(connection, lane, account, agent, address, True)
            await self._access.record(connection, lane, account, "link_used", "", address, agent)
        return text

    # while it lasts

    async def known(self, text: str) -> CachedSession | None:
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
        return CachedSession(Identity(lane, account, name, role), expires_at, change)

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

    async def end(self, text: str, address: str = NOWHERE) -> None:
        """End this session; one that has ended already, or never was, is left alone."""
        presented = presented_ticket(SESSION, text)
        known = None if presented is None else await self.known(text)
        if presented is not None and known is not None:
            await self.end_numbered(*presented.place, known.who.name, address)

    async def end_numbered(self, lane: int, account: int, number: int, by: str = "", address: str = NOWHERE) -> bool:
        """End one session of an account; False when there is none of that number that counts."""
        async with self._database.transaction() as connection:
            ended = await self._end_on(connection, "end_session", lane, account, number)
            if ended:
                await self._access.record(connection, lane, account, "signed_out", by, address)
        return ended

    async def end_others(self, lane: int, account: int, text: str, by: str = "", address: str = NOWHERE) -> None:
        """End all links of an account and all its sessions but this one; all of them when this is none of its own."""
        async with self._database.transaction() as connection:
            if await self.end_others_on(connection, lane, account, text):
                await self._access.record(connection, lane, account, "signed_out_everywhere", by, address)

    async def end_others_on(self, connection: Connection, lane: int, account: int, text: str = "") -> bool:
        """The same in the caller's transaction, and not recorded; False when there was nothing to end."""
        number = number_of(text)
        await connection.fetch(self._sql["lock_member"], (lane, account))
        links = await connection.execute(self._sql["end_links"], (lane, account))
        kept = 0 if number is None else number
        return await self._end_on(connection, "end_other_sessions", lane, account, kept) or links > 0

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
