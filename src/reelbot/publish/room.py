"""What every part of publishing works with: the rooms below it, its own store, the platforms, and how it writes."""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec

from reelbot.allowance import AccountRef, Ledger, Refusal, Refused, Status
from reelbot.clock import Clock
from reelbot.db import Connection
from reelbot.events import EventStream, NewEvent
from reelbot.publish.core.posts import Post
from reelbot.publish.platforms.port import Platform
from reelbot.publish.shown import PostTold
from reelbot.publish.store import Owner, PublishStore
from reelbot.studio import Studio

EVENT_KIND = "post"
"""The kind of the events that publishing writes."""

_REUSED = "This idempotency key was used for another request. Use a new key for a new one."

_encode = msgspec.json.Encoder().encode


class KeyTaken(Exception):
    """The same request came in twice at once, and the other one was quicker."""


@dataclass(frozen=True, eq=False)
class Room:
    """The parts of one running room."""

    ledger: Ledger
    events: EventStream
    store: PublishStore
    studio: Studio
    platforms: Mapping[str, Platform]
    clock: Clock

    @asynccontextmanager
    async def writing(self, owner: Owner, told: Sequence[PostTold]) -> AsyncIterator[Connection]:
        """A transaction of an account that tells these events, and wakes who watches once it is durable."""
        async with self.store.database.transaction() as connection:
            await self.tell(connection, owner, told)
            yield connection
        self.events.wake([owner])

    async def tell(self, connection: Connection, owner: Owner, told: Sequence[PostTold]) -> None:
        """Write events in a transaction, before anything else of the account is written there."""
        now = self.clock()
        events = [NewEvent(owner.lane, owner.account, now, EVENT_KIND, _encode(body)) for body in told]
        await self.events.append(connection, events)
        await self.events.announce(connection, [owner])

    async def known(self, account: AccountRef, key: str, content: str) -> str | None:
        """What a key made before; None when it is new. `Refused` when it was used for something else."""
        found = await self.store.keyed(owner_of(account), key)
        if found is None:
            return None
        if found[0] != content:
            raise self.key_reused(account)
        return found[1]

    async def claim_key(self, connection: Connection, owner: Owner, key: str | None, content: str, thing: str) -> None:
        """Remember what a key makes, in the transaction that makes it; `KeyTaken` when another one was quicker."""
        if key is not None and not await self.store.keep_key(connection, owner, key, content, thing, self.clock()):
            raise KeyTaken

    def key_reused(self, account: AccountRef) -> Refused:
        """The no to a key that was used for something else."""
        return Refused(Refusal(Status.KEY_REUSED, account.id, self.clock(), 0), _REUSED)


def owner_of(account: AccountRef) -> Owner:
    """Whose things an account's are."""
    return Owner(account.lane, account.id)


def content_of(kind: str, thing: str, asked: object) -> str:
    """What a request says, so that a key can be held to it."""
    return hashlib.sha256(msgspec.json.encode([kind, thing, asked], order="deterministic")).hexdigest()


def post_told(post: Post, *, is_removed: bool = False) -> PostTold:
    """That a post stands like this now, or is gone."""
    return PostTold(post.id, post.state, is_removed)
