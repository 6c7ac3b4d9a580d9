"""Places: how many things a process does at once. What waits for others gives its place to somebody else meanwhile."""

import asyncio
from collections import deque
from collections.abc import Callable


class QueuePlaces:
    """So many places, of one event loop. `freed` is called whenever one has become free."""

    def __init__(self, count: int, away_max: int, freed: Callable[[], None]) -> None:
        self._free = count
        self._may_leave = away_max
        self._freed = freed
        self._returning: deque[asyncio.Future[None]] = deque()

    @property
    def is_free(self) -> bool:
        """Whether something new may begin; what comes back goes first."""
        return self._free > 0

    def take(self) -> None:
        """Begin something on a free place."""
        assert self._free > 0, "somebody has every place"
        self._free -= 1

    def give(self) -> None:
        """What had a place has ended."""
        while self._returning:
            waiting = self._returning.popleft()
            if not waiting.done():
                waiting.set_result(None)
                return
        self._free += 1
        self._freed()

    def leave(self) -> bool:
        """Give one's place to others while one waits; False when too many have done so already."""
        if self._may_leave == 0:
            return False
        self._may_leave -= 1
        self.give()
        return True

    async def come_back(self) -> None:
        """Have a place again, as soon as one is free, before anything that has not begun."""
        if self._free > 0:
            self.take()
        else:
            waiting = asyncio.get_running_loop().create_future()
            self._returning.append(waiting)
            try:
                await waiting
            except asyncio.CancelledError:
                if waiting.done() and not waiting.cancelled():  # given at the same moment: somebody else may have it
                    self.give()
                raise
        self._may_leave += 1

    def stay_away(self) -> None:
        """What was away has ended: it had no place to give."""
        self._may_leave += 1
