"""Events in PostgreSQL.

A row for each account holds its last number. Adding to it locks the account's stream until the transaction ends, so
numbers are committed in order and a reader who sees one has seen all before it. Accounts are locked in ascending order,
so writers of several accounts can't deadlock. Other processes hear by NOTIFY.
"""

import json
import secrets
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing

from reelbot.db import Connection, PostgresConnection, PostgresDatabase
from reelbot.db.arrays import blobs, numbers, texts
from reelbot.events.core.event import NewEvent, Place
from reelbot.events.store import UntilWatched
from reelbot.events.stores.sql import SqlEvents

CHANNEL = "reelbot_events"

PAYLOAD_BYTES_MAX = 7_000
"""Of a notification; PostgreSQL refuses 8000. A longer list of accounts is told as "any"."""

_ANY = "*"


class PostgresEventStore(SqlEvents):
    """Keeps events in PostgreSQL; hears of other processes by LISTEN."""

    chunk = 1_000
    chunks_grow_younger = False

    def __init__(self, database: PostgresDatabase) -> None:
        super().__init__(database)
        self._server = database
        self._origin = secrets.token_hex(8)

    async def append(self, connection: Connection | None, events: Sequence[NewEvent]) -> None:
        """Number the events, in the order given, and write them in the caller's transaction."""
        assert connection is not None, "events are written in a transaction"
        for lane in sorted({event.lane for event in events}):
            _, accounts, ats, kinds, bodies = zip(*(event for event in events if event.lane == lane), strict=True)
            columns = (numbers(accounts), numbers(ats), texts(kinds), blobs(bodies))
            await connection.execute(self._sql["append_events"], (*columns, lane, lane))

    async def announce(self, connection: Connection | None, places: Collection[Place]) -> None:
        """Notify the other processes when the caller's transaction commits."""
        assert isinstance(connection, PostgresConnection), "news is told in a transaction on PostgreSQL"
        told = json.dumps(sorted(places), separators=(",", ":"))
        payload = f"{self._origin} {told if len(told) < PAYLOAD_BYTES_MAX else _ANY}"
        await connection.notify(CHANNEL, payload)

    async def news(self, until_watched: UntilWatched) -> AsyncGenerator[frozenset[Place] | None, None]:
        """What others announce. Everything is read even while nobody watches: the server must not have to store it."""
        async with aclosing(self._server.listen(CHANNEL)) as payloads:
            async for payload in payloads:
                if payload is None:
                    yield None
                elif not payload.startswith(self._origin):
                    yield _places(payload)

    def _listed(self, accounts: Sequence[int]) -> object:
        return list(accounts)


def _places(payload: str) -> frozenset[Place] | None:
    told = payload.partition(" ")[2]
    return None if told == _ANY else frozenset((lane, account) for lane, account in json.loads(told))
