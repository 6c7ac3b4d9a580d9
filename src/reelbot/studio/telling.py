"""How a room writes: a transaction of an account begins with the events that it tells, which locks the account's stream.

See `studio.store` for why in that order.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from reelbot.allowance import Ledger
from reelbot.clock import Clock
from reelbot.db import Connection
from reelbot.events import EventStream, NewEvent
from reelbot.studio.keeping import KeepingStore, Owner
from reelbot.studio.keys import Keys

Told = tuple[str, object]
"""The kind of an event, and its body."""

S = TypeVar("S", bound=KeepingStore)

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, eq=False)
class TellingRoom(Generic[S]):
    """A room that keeps things of accounts in the ledger's database, and tells what becomes of them."""

    ledger: Ledger
    events: EventStream
    store: S
    clock: Clock

    @property
    def keys(self) -> Keys:
        """The room's idempotency keys."""
        return Keys(self.store, self.clock)

    @asynccontextmanager
    async def writing(self, owner: Owner, told: Sequence[Told]) -> AsyncIterator[Connection]:
        """A transaction of an account that tells these events, and wakes who watches once it is durable."""
        async with self.store.database.transaction() as connection:
            await self.tell(connection, owner, told)
            yield connection
        self.events.wake([owner])

    async def tell(self, connection: Connection, owner: Owner, told: Sequence[Told]) -> None:
        """Write events in a transaction, before anything else of the account is written there."""
        now = self.clock()
        events = [NewEvent(owner.lane, owner.account, now, kind, _encode(body)) for kind, body in told]
        await self.events.append(connection, events)
        await self.events.announce(connection, [owner])
