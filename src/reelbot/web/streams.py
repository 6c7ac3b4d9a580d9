"""The streams that are open in this process: counted, bounded, and ended together when the server stops."""

from collections.abc import Iterator
from contextlib import contextmanager

from reelbot.events import Wakes
from reelbot.limits import STREAMS_MAX


class Streams:
    """Knows every open stream. After `close` each of them ends as soon as it has said what it has to say."""

    def __init__(self) -> None:
        self._open: set[Wakes] = set()
        self.closing = False

    def __len__(self) -> int:
        return len(self._open)

    @property
    def is_full(self) -> bool:
        """Whether one more would be too many."""
        return len(self._open) >= STREAMS_MAX

    @contextmanager
    def opened(self, wakes: Wakes) -> Iterator[None]:
        """Count a stream for as long as the block lasts."""
        self._open.add(wakes)
        try:
            yield
        finally:
            self._open.discard(wakes)

    def close(self) -> None:
        """Let every stream end, also those that are opened from now on."""
        self.closing = True
        for wakes in self._open:
            wakes.wake()
