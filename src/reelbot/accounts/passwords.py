"""Passwords: not easy to guess, kept as Argon2id hashes, checked aside from the event loop, not to be found by trying.

Whether a name is unknown, has no password or another one is told, and timed, alike. Tries are counted, in all processes
together; `throttle` says which, and how many there may be.
"""

import asyncio
import unicodedata
from collections.abc import Callable, Iterable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from reelbot.accounts.access_log import AccessLog
from reelbot.accounts.core.networks import NOWHERE, network_of
from reelbot.accounts.core.strength import weakness_of
from reelbot.accounts.sessions import Sessions
from reelbot.accounts.throttle import NAME, NETWORK, PAIR, ThrottleKey, Tries, counted, tell_wrong
from reelbot.clock import Clock
from reelbot.db import Connection, PostgresDatabase, SqliteDatabase, Statements
from reelbot.errors import Malformed, TooBusy

LENGTH_MIN = 10
"""Characters: what is shorter is found from a stolen hash, however slow the hash is."""

LENGTH_MAX = 200
"""Characters: no passphrase is longer, and a hash of a megabyte would be work for nothing."""

AT_ONCE = 2
"""Hashes computed at once: each takes 64 MB and a core for a twentieth of a second."""

WAITING_MAX = 100
"""Hashes that may wait: a few seconds of them; more is answered `too_busy` at once."""

_UNKNOWN = "$argon2id$v=19$m=65536,t=3,p=4$qkfNxS6x2j8FsV/OegDjhA$MWb6B0Lsf7EIQjdge8Q7MSjxnTOuPr7DO4fkqOQaDfQ"
"""Compared with when there is nothing to compare with, so that nobody learns from the time which names there are."""

_NOBODY = (0, 0)
"""Where no account is: asked for in place of the one that a name does not have, so that the time is the same."""

T = TypeVar("T")


class Passwords:
    """The passwords of one database. Belongs to one event loop."""

    def __init__(
        self,
        database: SqliteDatabase | PostgresDatabase,
        clock: Clock,
        sql: Statements,
        sessions: Sessions,
        tries: Tries,
        access: AccessLog,
    ) -> None:
        self._database = database
        self._clock = clock
        self._sql = sql
        self._sessions = sessions
        self._tries = tries
        self._access = access
        self._hasher = PasswordHasher()
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def is_set(self, lane: int, account: int) -> bool:
        """Whether an account can sign in by a password."""
        return bool(await self._database.fetch(self._sql["read_password"], (lane, account)))

    async def hashed(self, password: str, about: Iterable[str] = ()) -> str:
        """What is kept of a new password; `Malformed` when it is too short, too long or too easy to guess.

        `about` is what a guesser knows of the person, as the account's name. Passwords that were set before there was this
        check go on counting.
        """
        if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
            raise Malformed(f"A password has {LENGTH_MIN} to {LENGTH_MAX} characters.", "password")
        if not _is_text(password):
            raise Malformed("A password is a text in UTF-8.", "password")
        weakness = weakness_of(password, about)
        if weakness is not None:
            raise Malformed(weakness, "password")
        return await self._aside(lambda: self._hasher.hash(_normal(password)))

    async def write(self, lane: int, account: int, hashed: str) -> None:
        """Let an account sign in by what `hashed` gave."""
        async with self._database.transaction() as connection:
            await self.write_on(connection, lane, account, hashed)

    async def write_on(self, connection: Connection, lane: int, account: int, hashed: str) -> None:
        """The same in the caller's transaction."""
        await connection.execute(self._sql["write_password"], (lane, account, hashed, self._clock()))

    async def is_right(self, name: str, place: tuple[int, int] | None, password: str, address: str) -> bool:
        """Whether this is the password of the account at `place`; None, for a name that nobody has, never is.

        `address` is where the try comes from. `TooManyTries` when too many were wrong.
        """
        return await self.matching(name, place, password, address) is not None

    async def matching(self, name: str, place: tuple[int, int] | None, password: str, address: str) -> str | None:
        """The same, as the hash that the password was found to match, for `Sessions.begin_by_password`; None if wrong."""
        self._require_room()
        network = network_of(address)
        is_known = await self._sessions.has_been_at(place or _NOBODY, address)
        tries = _counted(name, network, is_known)
        used_up = await self._tries.count(tries)
        rows = [] if place is None else await self._database.fetch(self._sql["read_password"], place)
        kept = rows[0][0] if rows else _UNKNOWN
        matches = await self._aside(lambda: self._matches(kept, password[: LENGTH_MAX + 1]))
        if not (matches and rows):
            tell_wrong(None if place is None else name, network, used_up)
            async with self._database.transaction() as connection:
                await self._access.record(connection, *(place or _NOBODY), "wrong_password", "", address)
            return None
        await self._tries.take_back(tries)
        return str(kept)

    def _matches(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, _normal(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _aside(self, work: Callable[[], T]) -> T:
        self._require_room()
        self._waiting += 1
        try:
            async with self._at_once:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1

    def _require_room(self) -> None:
        if self._waiting >= WAITING_MAX:
            raise TooBusy("Too many people are signing in at once.", "Try again in a moment.")


def _counted(name: str, network: str, is_known: bool) -> list[ThrottleKey]:
    """What a try is counted under; where the account has signed in from before, only the pair binds."""
    tries = [] if network == NOWHERE else [counted(NETWORK, network, binds=not is_known)]
    return [*tries, counted(NAME, name, binds=not is_known), counted(PAIR, name, network)]


def _is_text(password: str) -> bool:
    """Whether it could have come from a keyboard: a pipe may send bytes that are none of UTF-8."""
    return not any("\ud800" <= sign <= "\udfff" for sign in password)


def _normal(password: str) -> str:
    """The same letters, however a keyboard put them together."""
    return unicodedata.normalize("NFC", password)
