"""Gives overdue holds back, and forgets answers and events that are older than their horizon.

Any number of processes may sweep at once: each hold is expired by a command like any other, and the second one is refused.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from reelbot.allowance.core.commands import Command, Expire
from reelbot.allowance.core.outcomes import Answer, Outcome
from reelbot.allowance.store import Store
from reelbot.clock import DAY, HOUR, Clock
from reelbot.errors import Failure
from reelbot.events import EventStream
from reelbot.limits import ANSWER_KEPT_DAYS, EVENT_KEPT_DAYS

SWEPT_MAX = 1_000
"""Holds, answers or events in one sweep: a short transaction; what is left over is swept next."""

Submit = Callable[[Command], Awaitable[Outcome]]

_log = logging.getLogger(__name__)


class Sweeper:
    """Sweeps at every period while it runs; `sweep` and `forget` may be called at any time."""

    def __init__(self, store: Store, events: EventStream, submit: Submit, clock: Clock, period_seconds: float) -> None:
        self._store = store
        self._events = events
        self._submit = submit
        self._clock = clock
        self._period_seconds = period_seconds
        self._forgot_at = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to sweep; needs a running event loop."""
        self._task = asyncio.create_task(self._run(), name="ledger sweeper")

    async def stop(self) -> None:
        """End, between two sweeps or in the middle of one: nothing is left half done."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def sweep(self) -> int:
        """Give back every hold whose deadline has passed; returns how many."""
        swept = 0
        while late := await self._store.overdue(self._clock(), SWEPT_MAX):
            outcomes = await asyncio.gather(
                *(self._submit(Expire(lane, account, hold)) for lane, account, hold in late)
            )
            expired = sum(isinstance(outcome, Answer) for outcome in outcomes)
            swept += expired
            if not expired:
                break
        return swept

    async def forget(self) -> None:
        """Drop what is older than its horizon, a bounded part of it at a time."""
        now = self._clock()
        while await self._store.forget(now - ANSWER_KEPT_DAYS * DAY, SWEPT_MAX) >= SWEPT_MAX:
            await asyncio.sleep(0)
        await self._events.prune(now - EVENT_KEPT_DAYS * DAY)
        self._forgot_at = now

    async def _run(self) -> None:
        while True:
            try:
                await self.sweep()
                if self._clock() - self._forgot_at > HOUR:
                    await self.forget()
            except Failure as failure:
                _log.warning("Sweeping waits: %s", failure)
            except Exception:
                _log.exception("A defect ended this sweep; the next one comes nevertheless.")
            await asyncio.sleep(self._period_seconds)
