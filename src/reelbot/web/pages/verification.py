"""The check of the ledger, and of what was delivered on it, that an operator starts with a click; it outlives the page."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from reelbot.allowance import AuditReport, Deliveries, Ledger
from reelbot.clock import Clock
from reelbot.errors import Failure


class Verified(NamedTuple):
    """How the last check ended: with a report, or with why there is none."""

    ended_at: int
    report: AuditReport | None
    failure: str


class Verification:
    """One check at a time. Belongs to one event loop."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self.began_at: int | None = None
        self.last: Verified | None = None

    @property
    def is_running(self) -> bool:
        """Whether a check is under way."""
        return self._task is not None and not self._task.done()

    def begin(self, ledger: Ledger, rooms: Sequence[Deliveries], clock: Clock) -> None:
        """Begin a check; one that is under way goes on instead."""
        if self.is_running:
            return
        self.began_at = clock()
        self._task = asyncio.create_task(self._verify(ledger, rooms, clock), name="check of the ledger")

    async def close(self) -> None:
        """End a check that is under way."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})

    async def until_done(self) -> None:
        """Wait for the check that is under way, if there is one."""
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _verify(self, ledger: Ledger, rooms: Sequence[Deliveries], clock: Clock) -> None:
        try:
            report = await ledger.verify(rooms)
        except Failure as failure:
            self.last = Verified(clock(), None, str(failure))
        else:
            self.last = Verified(clock(), report, "")
