"""Token buckets: how often somebody may ask. In memory, one whole number for each who asked lately; no task, no timer.

The form is the generic cell rate algorithm (GCRA): kept is the instant at which a bucket will be full again. Each process
counts for itself, so behind N processes somebody may ask N times as often.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

from reelbot.clock import SECOND
from reelbot.limits import BUCKETS_MAX, REQUEST_BURST, REQUESTS_PER_SECOND

_TICKS = 1_000
"""Of a millisecond: a bucket of ten thousand a second still has whole ticks between two of them."""


class Rate(NamedTuple):
    """So many at once, and so many a second after that."""

    burst: int = REQUEST_BURST
    per_second: int = REQUESTS_PER_SECOND

    @property
    def window_seconds(self) -> int:
        """How long an empty bucket takes to be full again."""
        return -(-self.burst // self.per_second)


class Buckets:
    """The buckets of one kind. Whoever was seen longest ago makes room, and finds a full bucket when seen again."""

    def __init__(self, rate: Rate, kept_max: int = BUCKETS_MAX) -> None:
        self.rate = rate
        self._kept_max = kept_max
        self._between = max(1, SECOND * _TICKS // rate.per_second)
        self._full_at: OrderedDict[Hashable, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def wait_ms(self, who: Hashable, now: int) -> int:
        """How long until there is a token for them; 0 when there is one. Takes nothing."""
        return self._wait_ms(self._missing(who, now * _TICKS))

    def missing_ms(self, who: Hashable, now: int) -> int:
        """How long until their bucket is full again, in whole milliseconds; 0 for who has left it alone. Takes nothing."""
        return self._missing(who, now * _TICKS) // _TICKS

    def take(self, who: Hashable, now: int) -> int:
        """Take a token, or say how many milliseconds it takes until there is one. A refusal costs nothing."""
        missing = self._missing(who, now * _TICKS)
        wait_ms = self._wait_ms(missing)
        self._keep(who, now * _TICKS + missing + (0 if wait_ms else self._between))
        return wait_ms

    def _wait_ms(self, missing: int) -> int:
        return max(0, -(-(missing - (self.rate.burst - 1) * self._between) // _TICKS))

    def _missing(self, who: Hashable, now: int) -> int:
        """What a bucket lacks, in ticks; never more than all of it: a clock that was set back would lock them out."""
        most, full_at = self.rate.burst * self._between, self._full_at.get(who, 0)
        if full_at - now > most:
            self._full_at[who] = full_at = now + most
        return max(0, full_at - now)

    def _keep(self, who: Hashable, full_at: int) -> None:
        self._full_at[who] = full_at
        self._full_at.move_to_end(who)
        if len(self._full_at) > self._kept_max:
            self._full_at.popitem(last=False)
