"""Runs the webhooks: hears of news, gathers messages, sends them. Any number of processes may, each at its own pace.

Every account that has webhooks is watched. What another process adds is found by a look at all of them now and then,
and what the clock alone makes due by a short question to the database every second.
"""

import asyncio
import logging
from contextlib import suppress

from reelbot.clock import SECOND, Clock
from reelbot.errors import Failure
from reelbot.events import EventStream, Place
from reelbot.webhooks.delivery import Sender
from reelbot.webhooks.relay import Gatherer
from reelbot.webhooks.store import WebhookStore

ROUND_SECONDS = 1.0
"""Between two rounds without news: how late a retry or a reset may be."""

GATHER_SECONDS = 0.1
"""Between two rounds with news: what comes close together is gathered together."""

SCAN_MS = 30 * SECOND
"""Between two looks at all webhooks, whoever added them."""

_log = logging.getLogger(__name__)


class Worker:
    """The loop of one process, and who rings for it."""

    def __init__(
        self, store: WebhookStore, gatherer: Gatherer, sender: Sender, events: EventStream, clock: Clock
    ) -> None:
        self._store = store
        self._gatherer = gatherer
        self._sender = sender
        self._events = events
        self._clock = clock
        self._watchers: dict[Place, asyncio.Task[None]] = {}
        self._stirred: set[Place] = set()
        self._bell = asyncio.Event()
        self._scan_at = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._task = asyncio.create_task(self._run(), name="webhooks")

    async def stop(self) -> None:
        """End, with nothing half done."""
        tasks = [task for task in (self._task, *self._watchers.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._sender.stop()

    def look_again(self) -> None:
        """Look at all webhooks soon: one was added."""
        self._scan_at = 0
        self._bell.set()

    async def deliver_due(self) -> int:
        """Gather all that there is to tell and send all that is due; how many attempts that took."""
        before = self._sender.attempted
        while True:
            for place in await self._store.watched():
                await self._gatherer.gather(place)
            attempted = self._sender.attempted
            await self._send_all()
            if self._sender.attempted == attempted:
                return attempted - before

    async def _send_all(self) -> None:
        while True:
            attempted = self._sender.attempted
            await self._sender.start_due(self._bell.set)
            await self._sender.wait()
            if self._sender.attempted == attempted:
                return

    async def _run(self) -> None:
        """The outermost loop: when the database is away in one round, a later one looks at everything again."""
        while True:
            try:
                await self._round()
            except Failure as failure:
                self._scan_at = 0
                _log.warning("Webhooks wait: %s", failure)
            await self._pause()

    async def _round(self) -> None:
        if self._clock() >= self._scan_at:
            await self._scan()
        stirred, self._stirred = self._stirred, set()
        for place in stirred | await self._store.turned(self._clock()):
            await self._gather(place)
        await self._sender.start_due(self._bell.set)

    async def _gather(self, place: Place) -> None:
        try:
            await self._gatherer.gather(place)
        except Failure:
            raise
        except Exception:  # of one account, which must not keep the others waiting
            _log.exception("A defect in the webhooks of account %s", place)

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(ROUND_SECONDS):
                await self._bell.wait()
                await asyncio.sleep(GATHER_SECONDS)
        self._bell.clear()

    async def _scan(self) -> None:
        """Watch the accounts that have webhooks, and no others; have all of them gathered."""
        places = await self._store.watched()
        for place in places - self._watchers.keys():
            self._watchers[place] = asyncio.create_task(self._watch(place), name=f"webhooks of {place}")
        for place in self._watchers.keys() - places:
            self._watchers.pop(place).cancel()
        self._stirred |= places
        self._scan_at = self._clock() + SCAN_MS

    async def _watch(self, place: Place) -> None:
        async with self._events.subscribe(*place) as wakes:
            while True:
                await wakes.wait()
                self._stirred.add(place)
                self._bell.set()
