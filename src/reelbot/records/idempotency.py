"""One effect for one idempotency key: what it made is remembered in the transaction that makes it, and given again.

A key is used up in the ledger, by the command that carries out its request: a hold, the settlement of an upload, or, where
nothing is counted, `Ledger.use_key`. So one key is one request over all rooms. What it made is remembered by the room that
made it.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

import msgspec

from reelbot.allowance import AccountRef, Refusal, Refused, Status
from reelbot.clock import Clock
from reelbot.db import Connection
from reelbot.errors import Malformed
from reelbot.limits import KEY_LENGTH_MAX
from reelbot.records.repository import KeepingStore, Owner, owner_of

_REUSED = "This idempotency key was used for another request. Use a new key for a new request."


class Claim(NamedTuple):
    """The key that something is asked for with, None without one, and what its request says.

    `keep` writes down, in the transaction that makes a thing, that this is what the key made.
    """

    key: str | None
    content: str
    keep: Callable[[Connection, str], Awaitable[None]]


T = TypeVar("T")


class KeyTaken(Exception):
    """The same request came in twice at once, and the other one was quicker."""


class Keys(NamedTuple):
    """The idempotency keys of one store."""

    store: KeepingStore
    clock: Clock

    async def known(self, account: AccountRef, key: str, content: str) -> str | None:
        """What a key made before; None when it is new. `Refused` when it was used for something else."""
        found = await self.store.keyed(owner_of(account), key)
        if found is None:
            return None
        if found[0] != content:
            raise self.reused(account)
        return found[1]

    async def claim(self, connection: Connection, owner: Owner, key: str, content: str, thing: str) -> None:
        """Remember what a key makes, in the transaction that makes it; `KeyTaken` when another one was quicker."""
        if not await self.store.keep_key(connection, owner, key, content, thing, self.clock()):
            raise KeyTaken

    async def once(
        self,
        account: AccountRef,
        key: str | None,
        content: str,
        make: Callable[[Claim], Awaitable[T]],
        find: Callable[[str], Awaitable[T]],
    ) -> tuple[T, bool]:
        """What a key made before, or what is made now; and whether it was there. Without a key it is always made."""
        if key is None:
            return await make(unclaimed), False

        async def keep(connection: Connection, thing: str) -> None:
            await self.claim(connection, owner_of(account), key, content, thing)

        if len(key) > KEY_LENGTH_MAX or not key.isprintable():
            raise Malformed(f"A key has 1 to {KEY_LENGTH_MAX} printable characters.", "key")
        known = await self.known(account, key, content)
        if known is None:
            try:
                return await make(Claim(key, content, keep)), False
            except KeyTaken:
                known = await self.known(account, key, content)
            except Refused as refused:
                if refused.refusal.status is not Status.KEY_REUSED:
                    raise
                known = await self.known(account, key, content)
        if known is None:  # the key belongs to a request that has nothing to do with this room
            raise self.reused(account)
        return await find(known), True

    def reused(self, account: AccountRef) -> Refused:
        """The no to a key that was used for something else."""
        return Refused(Refusal(Status.KEY_REUSED, account.id, self.clock(), 0), _REUSED)


def content_of(kind: str, thing: str, asked: object) -> str:
    """What a request says, so that a key can be held to it."""
    return hashlib.sha256(msgspec.json.encode([kind, thing, asked], order="deterministic")).hexdigest()


async def _nothing(connection: Connection, thing: str) -> None:
    """There is no key to remember."""


unclaimed = Claim(None, "", _nothing)
"""Of a thing that was asked for without a key."""
