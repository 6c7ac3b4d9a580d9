"""Delivery of messages: each webhook its own, one after the other, many webhooks at once.

A message is sent under a lease on its webhook, with a fencing number: whoever is overtaken, because he stood still for
longer than the lease, notes nothing. A process that dies leaves a lease that ends by itself; then the message is sent
again, under the same id. A webhook that fails waits, with all that comes behind, and its receiver is tried once at a
time. At most half of the slots are for those that failed last, so that receivers that hang never delay those that answer.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from reelbot.clock import SECOND, Clock
from reelbot.errors import Failure
from reelbot.webhooks.client import Attempt, Client
from reelbot.webhooks.core.messages import message_id
from reelbot.webhooks.core.retries import ATTEMPTS_MAX, next_attempt_at
from reelbot.webhooks.core.signature import signed_headers
from reelbot.webhooks.store import Due, Oldest, WebhookPlace, WebhookStore

SLOTS = 100
"""Attempts under way at once in one process: each is a socket that mostly waits."""

FAILING_SLOTS = SLOTS // 2

BURST_MAX = 50
"""Messages of one webhook before others that wait for a slot get theirs."""

LEASE_MS = 60 * SECOND
"""Of one attempt, which takes ten seconds at most: the rest is for clocks that differ and a database that is slow."""

FAREWELL_SECONDS = 3.0
"""How long attempts under way may take to end by themselves; one that is cut off is made again after its lease."""

_log = logging.getLogger(__name__)


class Sender:
    """Sends what is due. `attempted` counts the attempts of this process."""

    def __init__(self, store: WebhookStore, client: Client, clock: Clock) -> None:
        self._store = store
        self._client = client
        self._clock = clock
        self._sending: dict[WebhookPlace, tuple[Due, asyncio.Task[None]]] = {}
        self.attempted = 0

    async def start_due(self, ended: Callable[[], None]) -> None:
        """Begin to send what is due, as far as there are slots; `ended` is called whenever one is free again."""
        for due in await self._store.due(self._clock(), 2 * SLOTS):
            if self._has_slot(due):
                task = asyncio.create_task(self._send_burst(due), name=f"webhook {due.place.id}")
                self._sending[due.place] = due, task
                task.add_done_callback(partial(self._end, due.place, ended))

    async def wait(self, seconds: float | None = None) -> None:
        """Wait for the attempts that are under way."""
        if self._sending:
            await asyncio.wait([task for _, task in self._sending.values()], timeout=seconds)

    async def stop(self) -> None:
        """Wait a little for the attempts that are under way, then cut them off."""
        await self.wait(FAREWELL_SECONDS)
        tasks = [task for _, task in self._sending.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _has_slot(self, due: Due) -> bool:
        if due.place in self._sending or len(self._sending) >= SLOTS:
            return False
        return not due.attempts or sum(1 for other, _ in self._sending.values() if other.attempts) < FAILING_SLOTS

    def _end(self, place: WebhookPlace, ended: Callable[[], None], task: asyncio.Task[None]) -> None:
        del self._sending[place]
        ended()

    async def _send_burst(self, due: Due) -> None:
        """Send messages of one webhook until there is none, one fails, or others wait: an outermost loop."""
        try:
            for _ in range(BURST_MAX):
                if not await self._send_one(due):
                    return
                due = due._replace(fence=due.fence + 1, attempts=0)
        except Failure as failure:
            _log.warning("Webhook %s waits: %s", due.place.id, failure)
        except Exception:
            _log.exception("A defect while sending to webhook %s", due.place.id)

    async def _send_one(self, due: Due) -> bool:
        """Send the oldest message; True when it was delivered and noted, and the next one may follow."""
        now = self._clock()
        oldest = await self._store.claim(due, now, now + LEASE_MS)
        if oldest is None:
            return False
        self.attempted += 1
        attempt = await self._attempt(due.place, oldest)
        if attempt.is_delivered:
            return await self._store.delivered(due.place, due.fence + 1, oldest.n, self._clock())
        await self._note_failure(due, attempt)
        return False

    async def _attempt(self, place: WebhookPlace, oldest: Oldest) -> Attempt:
        now, name = self._clock(), message_id(*place, oldest.n)
        headers = signed_headers(oldest.secrets_at(now), name, now, oldest.body)
        return await self._client.send(oldest.url, headers, oldest.body)

    async def _note_failure(self, due: Due, attempt: Attempt) -> None:
        now, (place, fence, attempts) = self._clock(), due
        next_at = None if attempt.is_gone else next_attempt_at(attempts + 1, now, place.number)
        if next_at is not None:
            await self._store.failed(place, fence + 1, attempt.detail, now, next_at)
            return
        why = "It asks for no more." if attempt.is_gone else f"All of {ATTEMPTS_MAX} attempts failed."
        if await self._store.disable(place, fence + 1, f"{why} {attempt.detail}", now):
            _log.warning("Webhook %s is disabled. %s %s", place.id, why, attempt.detail)
