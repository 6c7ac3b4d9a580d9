"""What is counted while the server runs: plain numbers that only the event loop touches; `metrics` words them.

A dictionary costs a request a tenth of a microsecond; the client library's own counters, with their locks, a few.
"""

from bisect import bisect_left
from collections import Counter

SECONDS_UP_TO = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the buckets of how long requests take: from one commit on a fast disk to a client's patience."""


class Durations:
    """How long the requests of one operation took, in buckets and in sum."""

    def __init__(self) -> None:
        self.buckets = [0] * (len(SECONDS_UP_TO) + 1)
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        """Count one request."""
        self.buckets[bisect_left(SECONDS_UP_TO, seconds)] += 1
        self.seconds += seconds


class Counts:
    """Since the server was started."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        self.durations: dict[str, Durations] = {}
        self.commands: Counter[tuple[str, bool]] = Counter()
        self.problems: Counter[str] = Counter()

    def answered(self, operation: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self.requests[operation, status] += 1
        durations = self.durations.get(operation)
        if durations is None:
            durations = self.durations[operation] = Durations()
        durations.add(seconds)

    def carried_out(self, kind: str, replayed: bool) -> None:
        """Count a command that the ledger accepted, now or, when `replayed`, before."""
        self.commands[kind, replayed] += 1
