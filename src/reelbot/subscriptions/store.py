"""What is kept of requests for plans, on the ledger's database. One class for both dialects; their SQL has the same names.

Whoever writes here locks as everybody does who writes for an account: its ledger row, its stream of events, then these rows.
"""

import secrets
from typing import NamedTuple

from reelbot.db import Connection, PostgresDatabase, Row, SqliteDatabase, load_statements
from reelbot.events import Place
from reelbot.subscriptions.core.requests import PlanRequest, RequestState

NUMBER_BITS = 40
"""Of a request's number. It is drawn, not counted: that of one which is gone never comes again."""


class KnownKey(NamedTuple):
    """What an idempotency key was used for; `answer` is empty where a repetition is made anew."""

    content: str
    answer: str


def new_number() -> int:
    """A number for a new request."""
    return 1 + secrets.randbits(NUMBER_BITS)


class RequestStore:
    """Requests and idempotency keys."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase) -> None:
        self.database = database
        self._sql = load_statements("reelbot.subscriptions", database.dialect)

    async def insert(self, connection: Connection, request: PlanRequest) -> None:
        """A new request."""
        facts = (*request[:6], request.asked_at)
        await connection.execute(self._sql["insert_request"], facts)

    async def close(self, connection: Connection, request: PlanRequest) -> bool:
        """End an open request as this one says; False when it was not open any more."""
        decided = (request.state, request.decided_at, request.by, request.why)
        place = (request.lane, request.account, request.number)
        return bool(await connection.fetch(self._sql["close_request"], (*decided, *place)))

    async def read(self, place: Place, number: int) -> PlanRequest | None:
        """One request."""
        return _first(await self.database.fetch(self._sql["read_request"], (*place, number)))

    async def open_of(self, place: Place, connection: Connection | None = None) -> PlanRequest | None:
        """The open request of an account."""
        return _first(await (connection or self.database).fetch(self._sql["read_open"], place))

    async def latest_of(self, place: Place) -> PlanRequest | None:
        """The request of an account that was made last, unless it was withdrawn."""
        return _first(await self.database.fetch(self._sql["read_latest"], place))

    async def asked_since(self, connection: Connection, place: Place, since: int) -> int:
        """How many requests an account has made since an instant."""
        ((asked,),) = await connection.fetch(self._sql["count_asked"], (*place, since))
        return int(asked)

    async def forget_withdrawn(self, connection: Connection, place: Place, before_at: int) -> None:
        """Drop what an account withdrew long ago."""
        await connection.execute(self._sql["forget_withdrawn"], (*place, before_at))

    async def page(self, state: RequestState, size: int, before_at: int, before_number: int) -> list[PlanRequest]:
        """A page of the requests of all accounts in a state, the newest first."""
        rows = await self.database.fetch(self._sql["list_requests"], (state, before_at, before_number, size))
        return [PlanRequest(*row) for row in rows]

    async def count_open(self) -> int:
        """How many requests of all accounts are open."""
        ((count,),) = await self.database.fetch(self._sql["count_open"])
        return int(count)

    async def known(self, place: Place, key: str, connection: Connection | None = None) -> KnownKey | None:
        """What an idempotency key was used for."""
        rows = await (connection or self.database).fetch(self._sql["read_key"], (*place, key))
        return KnownKey(*rows[0]) if rows else None

    async def keep_key(self, connection: Connection, place: Place, key: str, known: KnownKey, at: int) -> bool:
        """Remember what an idempotency key is used for; False when it was used before."""
        return bool(await connection.fetch(self._sql["insert_key"], (*place, key, *known, at)))

    async def forget_keys(self, connection: Connection, place: Place, before_at: int) -> None:
        """Drop the keys of an account that nobody will repeat any more."""
        await connection.execute(self._sql["forget_keys"], (*place, before_at))


def _first(rows: list[Row]) -> PlanRequest | None:
    return PlanRequest(*rows[0]) if rows else None
