"""Fair queueing: the next place goes to the account that was served longest ago, so nobody waits for another one's backlog.

Turns of a lane are numbered as they are had. Accounts stand in the order of their last turn, those that never had one in
front; a higher plan counts as served earlier, by less than two turns: so before an account that waits each of N others is
served once at most, and one of them once more, however much they have asked for. The queue is found by index: what a claim
looks at grows with the accounts that wait, never with what they wait for.

Used by every room that has a queue; the statements have the same names in each. A pool is what places are for, and has an
order of its own: AI actions and finished videos, previews, posts.
"""

from collections.abc import Mapping

from reelbot.db import Connection, PostgresDatabase, SqliteDatabase
from reelbot.queue.limits import HEAD_START_MAX, HEAD_START_PER_RANK, NEWCOMER, TURN

Owner = tuple[int, int]
"""Whose turn: the account's lane and id."""


def head_start(rank: int) -> int:
    """By how much of a turn, or of two, an account on a plan of that rank counts as served earlier."""
    return min(rank * HEAD_START_PER_RANK, HEAD_START_MAX)


def awaiting(owner: Owner, pool: str, rank: int) -> tuple[int, int, str, int, int]:
    """The parameters of `await_turn`: an account, on a plan of that rank, has something to be done."""
    ahead = head_start(rank)
    return (*owner, pool, NEWCOMER - ahead, ahead)


class LanesInTurn:
    """The lanes of a database, each time from the next one on, so that none waits for another."""

    def __init__(self, lanes: range) -> None:
        self._lanes = lanes
        self._first = 0

    def begun(self) -> tuple[int, ...]:
        """The lanes, in the order in which they are to be looked at now."""
        lanes = (*self._lanes[self._first :], *self._lanes[: self._first])
        self._first = (self._first + 1) % len(self._lanes)
        return lanes


class TurnStore:
    """Keeps whose turn it is, for a store that has these three. Every write is a statement on the caller's transaction."""

    database: SqliteDatabase | PostgresDatabase
    lanes: range
    _sql: Mapping[str, str]

    async def await_turn(self, connection: Connection, owner: Owner, pool: str, rank: int) -> None:
        """An account, on a plan of that rank, has something to be done."""
        await connection.execute(self._sql["await_turn"], awaiting(owner, pool, rank))

    async def leave_turns(self, connection: Connection, owner: Owner) -> None:
        """Something of an account's has ended; call it while the account's stream is locked, as whoever adds does."""
        await connection.execute(self._sql["leave_turns"], owner)

    async def take_turn(self, connection: Connection, owner: Owner, pool: str) -> None:
        """An account is served: its next turn comes after everybody else's."""
        ((last,),) = await connection.fetch(self._sql["find_last_turn"], (owner[0], pool))
        turn = last + 1
        await connection.execute(self._sql["take_turn"], (turn, turn * TURN, *owner, pool))
