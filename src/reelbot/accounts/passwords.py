"""Passwords: kept as Argon2id hashes, checked aside from the event loop, and not to be guessed by trying.

Whether a name is unknown, has no password or another one is told, and timed, alike. After ten wrong tries for a name
within a quarter of an hour no more are made for it until that is over. Tries are counted in each process: with N of them
there are N times ten.
"""

import asyncio
import unicodedata
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from reelbot.clock import MINUTE, Clock
from reelbot.db import Connection, PostgresDatabase, SqliteDatabase, Statements
from reelbot.errors import Failure, Malformed, TooBusy

LENGTH_MIN = 10
"""Characters: what is shorter is found from a stolen hash, however slow the hash is."""

LENGTH_MAX = 200
"""Characters: no passphrase is longer, and a hash of a megabyte would be work for nothing."""

TRIES_MAX = 10
TRIES_WITHIN_MS = 15 * MINUTE
"""Ten tries are a person's; a thousand a day find no password that was not known before."""

NAMES_MAX = 10_000
"""Names whose tries are counted at once: the one counted first makes room."""

AT_ONCE = 2
"""Hashes computed at once: each takes 64 MB and a core for a twentieth of a second."""

WAITING_MAX = 100
"""Hashes that may wait: a few seconds of them; more is answered `too_busy` at once."""

_UNKNOWN = "$argon2id$v=19$m=65536,t=3,p=4$qkfNxS6x2j8FsV/OegDjhA$MWb6B0Lsf7EIQjdge8Q7MSjxnTOuPr7DO4fkqOQaDfQ"
"""Compared with when there is nothing to compare with, so that nobody learns from the time which names there are."""

T = TypeVar("T")


class TooManyTries(Failure):
    """A password was tried too often; `until_at` says from when on another try is made."""

    code = "too_many_requests"
    retryable = True

    def __init__(self, until_at: int) -> None:
        super().__init__("This password was tried too often.", "Try again in a quarter of an hour.")
        self.until_at = until_at


class Tries(NamedTuple):
    """Tries for one name, counted until an instant."""

    made: int
    until_at: int


class Throttle:
    """Counts by name the tries since the right password was given."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tries: dict[str, Tries] = {}

    def require(self, name: str) -> None:
        """Raise `TooManyTries` when no more are made for this name now."""
        tries = self._running(name)
        if tries.made >= TRIES_MAX:
            raise TooManyTries(tries.until_at)

    def note(self, name: str) -> None:
        """Count a try; the first one begins the quarter of an hour."""
        tries = self._running(name)
        self._tries.pop(name, None)
        if len(self._tries) >= NAMES_MAX:
            del self._tries[next(iter(self._tries))]
        self._tries[name] = Tries(tries.made + 1, tries.until_at)

    def forget(self, name: str) -> None:
        """The right one was given."""
        self._tries.pop(name, None)

    def _running(self, name: str) -> Tries:
        now = self._clock()
        tries = self._tries.get(name)
        return Tries(0, now + TRIES_WITHIN_MS) if tries is None or tries.until_at <= now else tries


class Passwords:
    """The passwords of one database. Belongs to one event loop."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase, clock: Clock, sql: Statements) -> None:
        self._database = database
        self._clock = clock
        self._sql = sql
        self._hasher = PasswordHasher()
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._throttle = Throttle(clock)

    async def is_set(self, lane: int, account: int) -> bool:
        """Whether an account can sign in by a password."""
        return bool(await self._database.fetch(self._sql["read_password"], (lane, account)))

    async def hashed(self, password: str) -> str:
        """What is kept of a new password; `Malformed` when it is too short or too long."""
        if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
            raise Malformed(f"A password has {LENGTH_MIN} to {LENGTH_MAX} characters.", "password")
        return await self._aside(lambda: self._hasher.hash(_normal(password)))

    async def write(self, lane: int, account: int, hashed: str) -> None:
        """Let an account sign in by what `hashed` gave."""
        async with self._database.transaction() as connection:
            await self.write_on(connection, lane, account, hashed)

    async def write_on(self, connection: Connection, lane: int, account: int, hashed: str) -> None:
        """The same in the caller's transaction."""
        await connection.execute(self._sql["write_password"], (lane, account, hashed, self._clock()))

    async def is_right(self, name: str, place: tuple[int, int] | None, password: str) -> bool:
        """Whether this is the password of the account at `place`; None, for a name that nobody has, never is.

        `TooManyTries` when it was tried too often.
        """
        self._throttle.require(name)
        self._throttle.note(name)  # before the hash is computed, so that many tries at once are counted too
        rows = [] if place is None else await self._database.fetch(self._sql["read_password"], place)
        kept = rows[0][0] if rows else _UNKNOWN
        matches = await self._aside(lambda: self._matches(kept, password[: LENGTH_MAX + 1]))
        if not (matches and rows):
            return False
        self._throttle.forget(name)
        return True

    def _matches(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, _normal(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _aside(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING_MAX:
            raise TooBusy("Too many people are signing in at once.", "Try again in a moment.")
        self._waiting += 1
        try:
            async with self._at_once:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


def _normal(password: str) -> str:
    """The same letters, however a keyboard put them together."""
    return unicodedata.normalize("NFC", password)
