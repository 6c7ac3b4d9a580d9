"""Throttling: counts tries in the database, so that a bound holds in all processes: wrong passwords, new accounts.

**Passwords.** A try is counted under three things, each with a bound of its own:

- the *pair* of a name and a network: 10 within a quarter of an hour. A person meets this one, and whoever guesses from one
  place; a stranger elsewhere cannot use it up for them.
- the *network*, whatever the names: 50 within an hour. Stolen passwords are tried on many names, once or twice each.
- the *name*, from wherever: 50 within an hour. Many machines together learn no more than one would.

The last two could be used up by a stranger, to keep somebody out. So they do not bind where that account has signed in from
before (its sessions remember where): there, only the pair counts. A link that signs in once is never throttled, which is the
way in for somebody who has been shut out of a place that is new to them, or shares one with the stranger.

A try is counted before the password is compared, so that many at once are counted too, and taken back when it was right. One
that is refused is not counted: a bound opens again by itself, however often somebody asks. A try from this machine itself,
or through a proxy that does not say for whom, belongs to no network.

**New accounts**, where anybody may open one: 20 within an hour from one network.

What is kept is a digest: what people type as their name is now and then their password.
"""

import hashlib
import logging
from collections.abc import Sequence
from typing import Literal, NamedTuple

from reelbot.clock import HOUR, MINUTE, Clock, instant_text
from reelbot.db import PostgresDatabase, SqliteDatabase, Statements
from reelbot.errors import Failure

_log = logging.getLogger(__name__)

Kind = Literal["network", "name", "pair", "signup"]


class Bound(NamedTuple):
    """So many tries within so long; the first one begins the time."""

    kind: Kind
    made_max: int
    within_ms: int


PAIR = Bound("pair", 10, 15 * MINUTE)
"""Ten tries are a person's; a thousand a day find no password that was not known before."""

NETWORK = Bound("network", 50, HOUR)
"""A class behind one address, each mistaken once; 1,200 a day find little in a list of stolen passwords."""

NAME = Bound("name", 50, HOUR)
"""As many as one network may make in that time, however many there are."""

SIGNUP = Bound("signup", 20, HOUR)
"""A workshop that opens its accounts together; more are opened by an operator, or an hour later."""

PRUNED_EVERY_MS = 15 * MINUTE
"""How often a process drops counts that are over: each is a hundred bytes."""


class TooManyTries(Failure):
    """Something was tried too often; `until_at` says from when on another try is made."""

    code = "too_many_requests"
    retryable = True

    def __init__(self, until_at: int) -> None:
        super().__init__("This was tried too often.", "Try again later, or ask for a link that signs in once.")
        self.until_at = until_at


class ThrottleKey(NamedTuple):
    """What a try is counted under. One that does not bind is counted all the same, for others and for operators to see."""

    bound: Bound
    subject: bytes
    binds: bool = True


class UsedUp(NamedTuple):
    """A bound that the last try has reached: no more are made until an instant."""

    bound: Bound
    until_at: int


def counted(bound: Bound, *subject: str, binds: bool = True) -> ThrottleKey:
    """A try under a bound, by the texts that it is about."""
    text = "\0".join((bound.kind, *subject))
    return ThrottleKey(bound, hashlib.sha256(text.encode(errors="surrogatepass")).digest(), binds)


class Tries:
    """The counts of one database. Belongs to one event loop."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase, clock: Clock, sql: Statements) -> None:
        self._database = database
        self._clock = clock
        self._sql = sql
        self._pruned_at = 0

    async def count(self, tries: Sequence[ThrottleKey]) -> list[UsedUp]:
        """Count a try under all of these, or `TooManyTries` and under none; those that it has now used up.

        Everybody names network, name and pair in this order, so that two who wait for each other's rows cannot both wait.
        """
        now = self._clock()
        for one in tries:  # a look that waits for nobody: a flood of refused tries must not keep writers waiting
            if one.binds:
                _require(one, await self._database.fetch(self._sql["read_try"], (one.bound.kind, one.subject, now)))
        await self._prune(now)
        used_up: list[UsedUp] = []
        async with self._database.transaction() as connection:
            for one in tries:
                row = (one.bound.kind, one.subject, now + one.bound.within_ms, now, now)
                ((made, until_at),) = await connection.fetch(self._sql["count_try"], row)
                if one.binds and made > one.bound.made_max:
                    raise TooManyTries(until_at)
                if one.binds and made == one.bound.made_max:
                    used_up.append(UsedUp(one.bound, until_at))
        return used_up

    async def take_back(self, tries: Sequence[ThrottleKey]) -> None:
        """Count these no more: nobody guessed. Of the pair of a name and a network nothing is left."""
        async with self._database.transaction() as connection:
            for one in tries:
                statement = "forget_try" if one.bound is PAIR else "uncount_try"
                await connection.execute(self._sql[statement], (one.bound.kind, one.subject))

    async def lately(self) -> int:
        """How many wrong passwords were told within the last hour or so, for whatever name."""
        ((made,),) = await self._database.fetch(self._sql["sum_tries"], (NAME.kind, self._clock()))
        return int(made)

    async def lately_for(self, name: str) -> int:
        """The same for one name."""
        one = counted(NAME, name)
        rows = await self._database.fetch(self._sql["read_try"], (one.bound.kind, one.subject, self._clock()))
        return int(rows[0][0]) if rows else 0

    async def _prune(self, now: int) -> None:
        if now - self._pruned_at < PRUNED_EVERY_MS:
            return
        self._pruned_at = now
        async with self._database.transaction() as connection:
            await connection.execute(self._sql["prune_tries"], (now,))


def _require(one: ThrottleKey, rows: Sequence[tuple[int, int]]) -> None:
    if rows and rows[0][0] >= one.bound.made_max:
        raise TooManyTries(rows[0][1])


def tell_wrong(name: str | None, network: str, used_up: Sequence[UsedUp]) -> None:
    """Log that a password was wrong, and that no more are tried. A name that nobody has is not repeated."""
    whose, where = "a name that nobody has" if name is None else name, network or "this machine"
    _log.info("A wrong password for %s from %s.", whose, where)
    for bound, until_at in used_up:
        what = {"pair": f"{whose} from {where}", "network": f"any name from {where}"}.get(bound.kind, whose)
        _log.warning(
            "%d wrong passwords for %s: no more are tried until %s.", bound.made_max, what, instant_text(until_at)
        )
