"""One effect for one idempotency key: what it made is remembered in the transaction that makes it, and given again.

Every store has keys of its own, so one key may be used once in each room that takes keys.
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
from reelbot.studio.keeping import KeepingStore, Owner, owner_of

_REUSED = "This idempotency key was used for another request. Use a new key for a new request."

Claim = Callable[[Connection, str], Awaitable[None]]
"""Writes down, in the transaction that makes a thing, that this is what an idempotency key made."""

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

        async def claim(connection: Connection, thing: str) -> None:
            await self.claim(connection, owner_of(account), key, content, thing)

        if len(key) > KEY_LENGTH_MAX or not key.isprintable():
            raise Malformed(f"A key has 1 to {KEY_LENGTH_MAX} printable characters.", "key")
        known = await self.known(account, key, content)
        if known is None:
            try:
                return await make(claim), False
            except KeyTaken:
                known = await self.known(account, key, content)
        assert known is not None, "a key that is taken is there"
        return await find(known), True

    def reused(self, account: AccountRef) -> Refused:
        """The no to a key that was used for something else."""
        return Refused(Refusal(Status.KEY_REUSED, account.id, self.clock(), 0), _REUSED)


def content_of(kind: str, thing: str, asked: object) -> str:
    """What a request says, so that a key can be held to it."""
    return hashlib.sha256(msgspec.json.encode([kind, thing, asked], order="deterministic")).hexdigest()


async def unclaimed(connection: Connection, thing: str) -> None:
    """The claim of a thing that was asked for without a key."""
