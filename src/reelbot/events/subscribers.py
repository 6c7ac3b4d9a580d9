"""Who waits for news of which account, in this process."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from reelbot.events.core.event import Place


class Wakes:
    """Wakes one subscriber. Any number of wakes before it waits again are one."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Let the subscriber go on, now or as soon as it waits."""
        self._woken.set()

    async def wait(self) -> None:
        """Wait for a wake that came since the last wait ended. There may turn out to be nothing new."""
        await self._woken.wait()
        self._woken.clear()


class Subscribers:
    """All subscribers of this process. Waking costs nothing for accounts that nobody watches."""

    def __init__(self) -> None:
        self._wakes: dict[Place, set[Wakes]] = {}
        self._watched = asyncio.Event()

    @contextmanager
    def subscribed(self, place: Place) -> Iterator[Wakes]:
        """A subscription for as long as the block lasts."""
        wakes = Wakes()
        self._wakes.setdefault(place, set()).add(wakes)
        self._watched.set()
        try:
            yield wakes
        finally:
            self._remove(place, wakes)

    def wake(self, places: Iterable[Place]) -> None:
        """Wake those who watch one of these accounts. Places may be told twice; they are not even listed in vain."""
        if self._wakes:
            for place in set(places):
                for wakes in self._wakes.get(place, ()):
                    wakes.wake()

    def wake_all(self) -> None:
        """Wake everybody."""
        self.wake(self._wakes)

    async def until_watched(self) -> None:
        """Wait until there is a subscriber."""
        await self._watched.wait()

    def _remove(self, place: Place, wakes: Wakes) -> None:
        others = self._wakes[place]
        others.remove(wakes)
        if not others:
            del self._wakes[place]
        if not self._wakes:
            self._watched.clear()
