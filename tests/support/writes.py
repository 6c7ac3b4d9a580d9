"""Breaks what a conclusion writes, at a statement by its name: what comes before it is written and then rolled back."""

from collections.abc import Awaitable, Callable, Iterable

from reelbot.db import Connection
from reelbot.records import KeepingStore, Write


def breaking_at(
    store: KeepingStore, statement: str, failure: Exception
) -> Callable[[Connection, Iterable[Write]], Awaitable[None]]:
    """In place of a store's `carry_out`: fails where it would write that statement. Other writes are carried out."""
    whole = store.carry_out

    async def broken(connection: Connection, writes: Iterable[Write]) -> None:
        for one in writes:
            if one.statement == statement:
                raise failure
            await whole(connection, [one])

    return broken
