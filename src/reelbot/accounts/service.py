"""Who is asking: opens members and API keys, revokes keys, and tells whose key a request presents.

`identify` is on the way of every request, so a key that counted is remembered. It counts again after one look at whether
any key was taken back since, which all requests of one turn of the event loop share. A revoked key is refused at once,
whichever process revoked it: the look is never older than the turn, and whoever has been told of a revocation can only
ask in a later one.
"""

import hmac
import logging
import secrets
import unicodedata

from reelbot.accounts.access_log import AccessLog
from reelbot.accounts.core.api_keys import SECRET_BYTES, KeyPlace, checked_label, digest_of, key_text, presented_key
from reelbot.accounts.core.confusables import look_of
from reelbot.accounts.core.members import ApiKey, Identity, Member, Role
from reelbot.accounts.core.networks import NOWHERE, network_of
from reelbot.accounts.core.scopes import USUAL, Scope, kept_scopes, scopes_text
from reelbot.accounts.core.tokens import is_session
from reelbot.accounts.key_cache import KEPT_MS, KeyCache
from reelbot.accounts.last_use import LastUse
from reelbot.accounts.passwords import Passwords
from reelbot.accounts.roles import Roles
from reelbot.accounts.sessions import Sessions
from reelbot.accounts.single_flight import SharedReads
from reelbot.accounts.throttle import SIGNUP, Tries, counted
from reelbot.clock import DAY, Clock, instant_text, system_clock
from reelbot.db import Connection, PostgresDatabase, Row, SqliteDatabase, load_statements
from reelbot.errors import Malformed

_log = logging.getLogger(__name__)


class Accounts:
    """The members of one database and their keys. Belongs to one event loop."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase, clock: Clock = system_clock) -> None:
        self._database = database
        self._clock = clock
        self._sql = load_statements("reelbot.accounts", database.dialect)
        self._changes = SharedReads(self._read_change)
        self._keys = SharedReads(self._read_key)
        self._memory = KeyCache(clock)
        self._last_use = LastUse(database, self._sql["note_use"])
        self.access = AccessLog(database, clock, self._sql)
        self.roles = Roles(database, clock, self._sql, self.access)
        self.sessions = Sessions(database, clock, self._sql, self.access)
        self.tries = Tries(database, clock, self._sql)
        self.passwords = Passwords(database, clock, self._sql, self.sessions, self.tries, self.access)

    async def close(self) -> None:
        """Finish what is being written."""
        await self._last_use.close()
        await self.sessions.close()

    # members

    async def join(self, connection: Connection, lane: int, account: int, name: str, role: Role) -> None:
        """Give an account its member, in the caller's transaction. One that is there already stays as it is."""
        as_kept = unicodedata.normalize("NFC", name)  # as the ledger writes it
        row = (lane, account, as_kept, look_of(name), role, self._clock())
        await connection.execute(self._sql["insert_member"], row)

    async def admit(self, lane: int, account: int, name: str) -> None:
        """Let an account have keys and sign in: one that was opened without a member, by the Python front door, gets it."""
        async with self._database.transaction() as connection:
            await self.join(connection, lane, account, name, "creator")

    async def count_signup(self, address: str) -> None:
        """Count an account that a stranger at an address opens; `TooManyTries` when there were too many."""
        await self.tries.count([counted(SIGNUP, network_of(address))])

    async def take_back_signup(self, address: str) -> None:
        """Count it no more: nothing was opened, and nothing was learned."""
        await self.tries.take_back([counted(SIGNUP, network_of(address))])

    async def looks_taken(self, name: str) -> bool:
        """Whether people would take a new account of this name for one that a member has."""
        return bool(await self._database.fetch(self._sql["read_look"], (look_of(name),)))

    async def member(self, lane: int, account: int) -> Member | None:
        """The member of an account; None for one that was opened without."""
        rows = await self._database.fetch(self._sql["read_member"], (lane, account))
        return Member(*rows[0]) if rows else None

    async def set_password(
        self,
        lane: int,
        account: int,
        name: str,
        password: str,
        by: str = "",
        address: str = NOWHERE,
        stays: str = "",
    ) -> None:
        """Another password for an account: ends its links and all its sessions, but for the one whose text is `stays`.

        Its API keys stay as they are. `Malformed` when the password is too short, too long or too easy to guess. An account
        without a member gets it now.
        """
        hashed = await self.passwords.hashed(password, (name,))
        async with self._database.transaction() as connection:
            await self.join(connection, lane, account, name, "creator")
            await self.sessions.end_others_on(connection, lane, account, stays)
            await self.passwords.write_on(connection, lane, account, hashed)
            await self.access.record(connection, lane, account, "password_changed", by, address)
        _log.info("%s has a new password, set by %s; sessions and links are ended.", name, by or "a program")

    # keys

    async def issue_key(
        self,
        lane: int,
        account: int,
        label: str,
        scopes: frozenset[Scope] = USUAL,
        expires_at: int | None = None,
        by: str = "",
        address: str = NOWHERE,
    ) -> str:
        """A new key of an account. Its text is told this once; only a digest is kept.

        From the instant `expires_at` on it is refused. `by` says who issues it, `address` from where.
        """
        async with self._database.transaction() as connection:
            return await self.issue_key_on(connection, lane, account, label, scopes, expires_at, by, address)

    async def issue_key_on(
        self,
        connection: Connection,
        lane: int,
        account: int,
        label: str,
        scopes: frozenset[Scope] = USUAL,
        expires_at: int | None = None,
        by: str = "",
        address: str = NOWHERE,
    ) -> str:
        """The same in the caller's transaction.

        `Malformed` when the account has no member, the label is wrong, or the key would be over already.
        """
        checked_label(label)
        if expires_at is not None and expires_at <= self._clock():
            raise Malformed("The key must expire in the future.", "expires")
        counted = await connection.fetch(self._sql["next_key_number"], (lane, account))
        if not counted:
            raise Malformed("There is no such account.", "account")
        text = key_text(KeyPlace(lane, account, counted[0][0]), secrets.token_bytes(SECRET_BYTES))
        digest = digest_of(text.rpartition("-")[2])
        row = (lane, account, counted[0][0], label, digest, self._clock(), scopes_text(scopes), expires_at)
        await connection.execute(self._sql["insert_key"], row)
        until = "" if expires_at is None else f", until {instant_text(expires_at)}"
        told = f"Key {counted[0][0]}, {label}: {scopes_text(scopes)}{until}"
        await self.access.record(connection, lane, account, "key_issued", by, address, told)
        return text

    async def keys(self, lane: int, account: int) -> list[ApiKey]:
        """Every key of an account, revoked ones included, the oldest first."""
        rows = await self._database.fetch(self._sql["list_keys"], (lane, account))
        return [_key(*row) for row in rows]

    async def revoke_key(self, lane: int, account: int, number: int, by: str = "", address: str = NOWHERE) -> bool:
        """Refuse a key from now on; False when the account has no key of that number."""
        async with self._database.transaction() as connection:
            revoked = await connection.fetch(self._sql["revoke_key"], (self._clock(), lane, account, number))
            if not revoked:
                return bool(await connection.fetch(self._sql["has_key"], (lane, account, number)))
            await connection.execute(self._sql["count_change"], (lane,))
            told = f"Key {number}, {revoked[0][0]}"
            await self.access.record(connection, lane, account, "key_revoked", by, address, told)
            return True

    async def revoke_all_keys(self, lane: int, account: int, by: str = "", address: str = NOWHERE) -> int:
        """Refuse all keys of an account from now on, and say how many counted until now."""
        async with self._database.transaction() as connection:
            revoked = await connection.execute(self._sql["revoke_all_keys"], (self._clock(), lane, account))
            if revoked:
                await connection.execute(self._sql["count_change"], (lane,))
                told = f"{revoked} key{'' if revoked == 1 else 's'}"
                await self.access.record(connection, lane, account, "all_keys_revoked", by, address, told)
            return revoked

    async def identify(self, token: str) -> Identity | None:
        """Whose key or session this is, and what it may be used for.

        None for one that is malformed, unknown, revoked, ended or expired.
        """
        known = self._memory.find(token)
        if known is not None and known.change == await self._change(known.who.lane):
            return known.who
        return await self._looked_up(token)

    def remembered(self, token: str) -> Identity | None:
        """Whose key or session this was when it last counted in this process; reads nothing and proves nothing."""
        return self._memory.seen(token)

    async def _looked_up(self, token: str) -> Identity | None:
        if is_session(token):
            return await self._session_looked_up(token)
        presented = presented_key(token)
        if presented is None:
            return None
        rows = await self._keys.rows(presented.place)
        if not rows:
            return None
        lane, account, name, role, digest, last_used_on, scopes, expires_at, change = rows[0]
        now = self._clock()
        if not hmac.compare_digest(digest, presented.digest) or (expires_at is not None and expires_at <= now):
            return None
        today = now // DAY
        if last_used_on is None or last_used_on < today:
            self._last_use.note(presented.place, today)
        who = Identity(lane, account, name, role, kept_scopes(scopes))
        if expires_at is None or expires_at - now > KEPT_MS:
            self._memory.keep(token, who, change)
        return who

    async def _session_looked_up(self, text: str) -> Identity | None:
        known = await self.sessions.known(text)
        if known is None:
            return None
        if known.expires_at - self._clock() > KEPT_MS:
            self._memory.keep(text, known.who, known.change)
        return known.who

    async def _change(self, lane: int) -> int:
        """How often keys of a lane have been taken back, as it stands in this turn of the event loop."""
        rows = await self._changes.rows(lane)
        return rows[0][0] if rows else 0

    async def _read_change(self, lane: int) -> list[Row]:
        return await self._database.fetch(self._sql["read_change"], (lane,))

    async def _read_key(self, place: KeyPlace) -> list[Row]:
        return await self._database.fetch(self._sql["identify_key"], place)


def _key(
    number: int,
    label: str,
    created_at: int,
    revoked_at: int | None,
    last_used_on: int | None,
    scopes: str,
    expires_at: int | None,
) -> ApiKey:
    return ApiKey(number, label, created_at, revoked_at, last_used_on, kept_scopes(scopes), expires_at)
