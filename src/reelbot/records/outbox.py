"""The outbox: a transaction of an account begins with the events that it tells, which locks the account's stream.

See `studio.store` for why in that order.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from reelbot.allowance import AccountRef, Answer, Ledger
from reelbot.clock import Clock
from reelbot.db import Connection
from reelbot.events import EventStream, NewEvent
from reelbot.records.idempotency import Claim, Keys, KeyTaken
from reelbot.records.repository import KeepingStore, Owner, owner_of

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

    async def make(
        self,
        account: AccountRef,
        claim: Claim,
        thing: str,
        told: Sequence[Told],
        write: Callable[[Connection], Awaitable[None]],
    ) -> None:
        """Write a thing that nothing is counted for, once for its key. `KeyTaken` when another one was quicker."""
        owner = owner_of(account)
        if claim.key is None:
            async with self.writing(owner, told) as connection:
                await write(connection)
            return

        async def ride(connection: Connection | None, answer: Answer) -> None:
            assert connection is not None, "it is kept in a database"
            await self.tell(connection, owner, told)
            await claim.keep(connection, thing)
            await write(connection)

        receipt = await self.ledger.use_key(account, claim.key, claim.content, rider=ride)
        if receipt.replayed:
            raise KeyTaken

    async def tell(self, connection: Connection, owner: Owner, told: Sequence[Told]) -> None:
        """Write events in a transaction, before anything else of the account is written there."""
        now = self.clock()
        events = [NewEvent(owner.lane, owner.account, now, kind, _encode(body)) for kind, body in told]
        await self.events.append(connection, events)
        await self.events.announce(connection, [owner])
