"""Who is asking: opens members and API keys, revokes keys, and tells whose key a request presents.

`identify` is on the way of every request. A revoked key is refused at once, whichever process revoked it, so nothing is
remembered from one request to the next: each reads one row, on SQLite in about 15 µs. Only requests with one key in
the same turn of the event loop share a reading. So a busy account costs one a turn, and whoever has been told of a
revocation can only ask in a later turn. Asking the database whether anything changed would cost as much as the row.
"""

import hmac
import secrets

from reelbot.accounts.core.keys import SECRET_BYTES, KeyPlace, checked_label, digest_of, key_text, presented_key
from reelbot.accounts.core.members import Identity, Key, Member, Role
from reelbot.accounts.last_use import LastUse
from reelbot.accounts.sharing import SharedReads
from reelbot.clock import DAY, Clock, system_clock
from reelbot.db import Connection, PostgresDatabase, Row, SqliteDatabase, load_statements
from reelbot.errors import Malformed


class Accounts:
    """The members of one database and their keys. Belongs to one event loop."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase, clock: Clock = system_clock) -> None:
        self._database = database
        self._clock = clock
        self._sql = load_statements("reelbot.accounts", database.dialect)
        self._identify_sql = self._sql["identify_key"]
        self._reads = SharedReads(self._read_key)
        self._last_use = LastUse(database, self._sql["note_use"])

    async def close(self) -> None:
        """Finish what is being written."""
        await self._last_use.close()

    # members

    async def join(self, connection: Connection, lane: int, account: int, name: str, role: Role) -> None:
        """Give an account its member, in the caller's transaction. One that is there already stays as it is."""
        await connection.execute(self._sql["insert_member"], (lane, account, name, role, self._clock()))

    async def member(self, lane: int, account: int) -> Member | None:
        """The member of an account; None for one that was opened without."""
        rows = await self._database.fetch(self._sql["read_member"], (lane, account))
        return Member(*rows[0]) if rows else None

    # keys

    async def issue_key(self, lane: int, account: int, label: str) -> str:
        """A new key of an account. Its text is told this once; only a digest is kept."""
        async with self._database.transaction() as connection:
            return await self.issue_key_on(connection, lane, account, label)

    async def issue_key_on(self, connection: Connection, lane: int, account: int, label: str) -> str:
        """The same in the caller's transaction; `Malformed` when the account has no member or the label is wrong."""
        checked_label(label)
        counted = await connection.fetch(self._sql["next_key_number"], (lane, account))
        if not counted:
            raise Malformed("There is no such account.", "account")
        text = key_text(KeyPlace(lane, account, counted[0][0]), secrets.token_bytes(SECRET_BYTES))
        digest = digest_of(text.rpartition("-")[2])
        row = (lane, account, counted[0][0], label, digest, self._clock())
        await connection.execute(self._sql["insert_key"], row)
        return text

    async def keys(self, lane: int, account: int) -> list[Key]:
        """Every key of an account, revoked ones included, the oldest first."""
        rows = await self._database.fetch(self._sql["list_keys"], (lane, account))
        return [Key(*row) for row in rows]

    async def revoke_key(self, lane: int, account: int, number: int) -> bool:
        """Refuse a key from now on; False when the account has no key of that number."""
        async with self._database.transaction() as connection:
            parameters = (self._clock(), lane, account, number)
            return await connection.execute(self._sql["revoke_key"], parameters) == 1

    async def identify(self, token: str) -> Identity | None:
        """Whose key this is; None for one that is malformed, unknown or revoked."""
        presented = presented_key(token)
        if presented is None:
            return None
        rows = await self._reads.rows(presented.place)
        if not rows:
            return None
        lane, account, name, role, digest, last_used_on = rows[0]
        if not hmac.compare_digest(digest, presented.digest):
            return None
        today = self._clock() // DAY
        if last_used_on is None or last_used_on < today:
            self._last_use.note(presented.place, today)
        return Identity(lane, account, name, role)

    async def _read_key(self, place: KeyPlace) -> list[Row]:
        return await self._database.fetch(self._identify_sql, place)
