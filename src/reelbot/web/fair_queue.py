"""Fair queueing of requests within the process: one begins in every few turns of the event loop, longest served ago first.

It is for parties that ask again before a token has come back: accounts, or addresses without valid credentials. However much
such a crowd asks, what others have begun goes on between any two of its requests; and within the crowd each waits for one
request of every other at most, never for what piles up behind it. Who finds nobody waiting begins at once.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Hashable
from heapq import heappop, heappush
from typing import NamedTuple

from reelbot.limits import BUCKETS_MAX, LEFT_OFF_MS, TURNS_OF_START

_NEVER = 0


class _Party(NamedTuple):
    """What is known of a party: when it was served last, as a count of all that were, and when it asked last."""

    served: int = _NEVER
    at: int | None = None


class FairQueue:
    """Whose request begins next. In memory, of one process and one event loop; no timer, and no task."""

    def __init__(self, turns_of_start: int = TURNS_OF_START, kept_max: int = BUCKETS_MAX) -> None:
        self._turns_of_start = turns_of_start
        self._kept_max = kept_max
        self._asked: OrderedDict[Hashable, _Party] = OrderedDict()
        self._served = _NEVER
        self._arrived = 0
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}
        self._order: list[tuple[int, int, Hashable]] = []
        self._turns_left = 0

    def __len__(self) -> int:
        """How many requests wait."""
        return sum(len(requests) for requests in self._waiting.values())

    def has_asked_lately(self, party: Hashable, now: int) -> bool:
        """Whether a party has not left off asking here, for long enough.

        Held back here, a crowd soon asks for no more than it may keep up: without this it could begin at once again.
        """
        asked_at = self._asked.get(party, _Party()).at
        return asked_at is not None and now - asked_at < LEFT_OFF_MS

    async def turn(self, party: Hashable, now: int) -> None:
        """Wait until a request of this party is the next to begin."""
        self._note(party, self._asked.get(party, _Party())._replace(at=now))
        if not self._order and not self._turns_left:
            self._start(party)
            return
        request = asyncio.get_running_loop().create_future()
        waiting = self._waiting.get(party)
        if waiting is None:
            self._waiting[party] = deque((request,))
            self._stand(party)
        else:
            waiting.append(request)
        await request

    def _note(self, party: Hashable, asked: _Party) -> None:
        self._asked[party] = asked
        self._asked.move_to_end(party)
        if len(self._asked) > self._kept_max:
            self._asked.popitem(last=False)

    def _stand(self, party: Hashable) -> None:
        """Have a party with something waiting stand in line, behind all that were served longer ago."""
        self._arrived += 1
        heappush(self._order, (self._asked.get(party, _Party()).served, self._arrived, party))

    def _start(self, party: Hashable) -> None:
        self._served += 1
        self._note(party, self._asked.get(party, _Party())._replace(served=self._served))
        self._turns_left = self._turns_of_start
        asyncio.get_running_loop().call_soon(self._next_turn)

    def _next_turn(self) -> None:
        """The event loop begins another turn; when none is left to wait for, the next request begins."""
        self._turns_left -= 1
        if self._turns_left:
            asyncio.get_running_loop().call_soon(self._next_turn)
            return
        while self._order and not self._turns_left:
            party = heappop(self._order)[2]
            requests = self._waiting[party]
            request = requests.popleft()
            if not request.cancelled():
                request.set_result(None)
                self._start(party)
            if requests:
                self._stand(party)
            else:
                del self._waiting[party]
