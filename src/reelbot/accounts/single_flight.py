"""Single-flight: one reading for all who ask the same in the same turn of the event loop. Used by `Accounts.identify`."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from reelbot.db import Row

Asked = TypeVar("Asked", bound=Hashable)


class SharedReads(Generic[Asked]):
    """Nothing outlives a turn: a request of the next turn, which may know of a revocation, reads anew."""

    def __init__(self, read: Callable[[Asked], Awaitable[list[Row]]]) -> None:
        self._read = read
        self._of_this_turn: dict[Asked, asyncio.Future[list[Row] | None]] = {}

    async def rows(self, asked: Asked) -> list[Row]:
        """The rows that were asked for. Raises what the reading raises, to each who asked."""
        shared = self._of_this_turn.get(asked)
        if shared is None:
            return await self._read_for_all(asked)
        found = shared.result() if shared.done() else await asyncio.shield(shared)
        return await self._read(asked) if found is None else found

    async def _read_for_all(self, asked: Asked) -> list[Row]:
        loop = asyncio.get_running_loop()
        if not self._of_this_turn:
            loop.call_soon(self._of_this_turn.clear)
        shared = self._of_this_turn[asked] = loop.create_future()
        found: list[Row] | None = None
        try:
            found = await self._read(asked)
        finally:  # when this reading failed or was cancelled, the others read for themselves
            shared.set_result(found)
        return found
