"""Places at something that takes memory or processor time: so many at once in all, and a share of them for each account.

Who waits is served in turn of accounts, whoever was served longest ago first, so nobody waits for the length of somebody
else's queue. One instance belongs to one event loop.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from reelbot.records import Owner
from reelbot.studio.core.refusals import StudioRefused


class Share:
    """`at_once` places in all, `of_account` of them for one account, `waiting_max` requests of one account that wait."""

    def __init__(self, at_once: int, of_account: int, waiting_max: int) -> None:
        self._free = at_once
        self._of_account = of_account
        self._waiting_max = waiting_max
        self._at_work: Counter[Owner] = Counter()
        self._waiting: OrderedDict[Owner, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def place(self, owner: Owner) -> AsyncIterator[None]:
        """A place for as long as the block lasts; `StudioRefused` when too many requests of the account wait already."""
        await self._take(owner)
        try:
            yield
        finally:
            self._give(owner)

    async def _take(self, owner: Owner) -> None:
        if self._free and self._at_work[owner] < self._of_account:  # whoever waits is kept by their own share
            self._seat(owner)
            return
        queue = self._waiting.setdefault(owner, deque())
        if len(queue) >= self._waiting_max:
            raise StudioRefused("too_many_requests", "Too many of your requests are waiting. Try again in a moment.")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it came at the very moment
                self._give(owner)
            with suppress(ValueError):
                queue.remove(turn)
            if not queue and self._waiting.get(owner) is queue:
                del self._waiting[owner]
            raise

    def _seat(self, owner: Owner) -> None:
        self._free -= 1
        self._at_work[owner] += 1

    def _give(self, owner: Owner) -> None:
        """Take a place back and give it to whose turn it is."""
        self._free += 1
        self._at_work[owner] -= 1
        if not self._at_work[owner]:
            del self._at_work[owner]
        while self._free and (following := self._following()) is not None:
            turn = self._waiting[following].popleft()
            self._waiting.move_to_end(following)
            if not self._waiting[following]:
                del self._waiting[following]
            if not turn.done():
                self._seat(following)
                turn.set_result(None)

    def _following(self) -> Owner | None:
        """Who has waited longest for a turn, of those whose share is not taken up."""
        return next((owner for owner in self._waiting if self._at_work[owner] < self._of_account), None)
