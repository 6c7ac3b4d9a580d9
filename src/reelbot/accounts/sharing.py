"""One reading for all who ask for the same key in the same turn of the event loop. Used by `Accounts.identify`."""

import asyncio
from collections.abc import Awaitable, Callable

from reelbot.accounts.core.keys import KeyPlace
from reelbot.db import Row

Read = Callable[[KeyPlace], Awaitable[list[Row]]]


class SharedReads:
    """Nothing outlives a turn: a request of the next turn, which may know of a revocation, reads anew."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._of_this_turn: dict[KeyPlace, asyncio.Future[list[Row] | None]] = {}

    async def rows(self, place: KeyPlace) -> list[Row]:
        """The rows of a key. Raises what the reading raises, to each who asked."""
        shared = self._of_this_turn.get(place)
        if shared is None:
            return await self._read_for_all(place)
        found = await asyncio.shield(shared)
        return await self._read(place) if found is None else found

    async def _read_for_all(self, place: KeyPlace) -> list[Row]:
        loop = asyncio.get_running_loop()
        if not self._of_this_turn:
            loop.call_soon(self._of_this_turn.clear)
        shared = self._of_this_turn[place] = loop.create_future()
        found: list[Row] | None = None
        try:
            found = await self._read(place)
        finally:  # when this reading failed or was cancelled, the others read for themselves
            shared.set_result(found)
        return found
