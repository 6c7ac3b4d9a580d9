"""Fair queueing of requests within the process: a few begin in each turn of the loop, who was served longest ago first.

A party is an account, or an address without valid credentials. However much some parties ask, another one's request waits
for what has begun already and for one request of each of them at most, never for what piles up behind these. A request that
finds nobody waiting begins at once. Whoever has not been seen for long begins first, as jobs do.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Hashable
from heapq import heappop, heappush

from reelbot.limits import BUCKETS_MAX, STARTS_OF_TURN

_NEVER = 0


class FairQueue:
    """Whose request begins next. In memory, of one process and one event loop; no timer, and no task."""

    def __init__(self, starts_of_turn: int = STARTS_OF_TURN, kept_max: int = BUCKETS_MAX) -> None:
        self._starts_of_turn = starts_of_turn
        self._kept_max = kept_max
        self._served_at: OrderedDict[Hashable, int] = OrderedDict()
        self._served = _NEVER
        self._arrived = 0
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}
        self._order: list[tuple[int, int, Hashable]] = []
        self._started = 0
        self._is_scheduled = False

    def __len__(self) -> int:
        """How many requests wait."""
        return sum(len(requests) for requests in self._waiting.values())

    async def turn(self, party: Hashable) -> None:
        """Wait until a request of this party is the next to begin."""
        if not self._order and self._started < self._starts_of_turn:
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

    def _stand(self, party: Hashable) -> None:
        """Have a party with something waiting stand in line, behind all that were served longer ago."""
        self._arrived += 1
        heappush(self._order, (self._served_at.get(party, _NEVER), self._arrived, party))

    def _start(self, party: Hashable) -> None:
        self._started += 1
        self._served += 1
        self._served_at[party] = self._served
        self._served_at.move_to_end(party)
        if len(self._served_at) > self._kept_max:
            self._served_at.popitem(last=False)
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._next_turn)

    def _next_turn(self) -> None:
        """The event loop begins another turn: so many more may begin."""
        self._started, self._is_scheduled = 0, False
        while self._order and self._started < self._starts_of_turn:
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
