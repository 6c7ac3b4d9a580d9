"""Takes jobs and runs them, under the leases of `queue`; when a worker dies, another takes its job over where it was.

The next place goes to the account that was served longest ago; who waits for a provider holds no place meanwhile, and
previews have one of their own.
"""

import asyncio
import logging
import os
import socket
import time
from contextlib import suppress

from reelbot.allowance import FailurePoint
from reelbot.clock import DAY, SECOND
from reelbot.errors import DatabaseFailure, Failure
from reelbot.limits import ANSWER_KEPT_DAYS
from reelbot.queue import LanesInTurn, LeaseLost, Pool, Running, Worker
from reelbot.records import Owner
from reelbot.studio.context import Room
from reelbot.studio.core.events import job_told
from reelbot.studio.core.job import Job
from reelbot.studio.files.file_gc import free_unnamed
from reelbot.studio.jobs.completion import Ending
from reelbot.studio.jobs.conclusion import Failed, job_failure
from reelbot.studio.jobs.job_run import POLL_SECONDS, Run
from reelbot.studio.jobs.render_job import Maker
from reelbot.studio.jobs.worker_registry import Presence
from reelbot.studio.limits import AWAY_LEASES, AWAY_MAX, CRASHES_MAX, LEASE_SECONDS, PREVIEWS_AT_ONCE

IDLE_SECONDS = 0.5
"""How often a worker without work looks for some that another process has queued."""

STOP_SECONDS = 20
"""How long the end of a process waits for a provider that is in the middle of an answer."""

SWEEP_SECONDS = 6 * 3_600
"""How old a folder of unfinished work must be to count as left behind: longer than any lease or render."""

_log = logging.getLogger(__name__)


class JobSource:
    """The jobs of an installation, as a worker of that name takes and does them."""

    name = "the studio's jobs"
    is_called_back = True

    def __init__(self, room: Room, maker: Maker, presence: Presence, worker: str, pause_seconds: float) -> None:
        self.ending = Ending(room)
        self._room = room
        self._maker = maker
        self._presence = presence
        self._worker = worker
        self._pause_seconds = pause_seconds
        self._lanes = LanesInTurn(room.store.lanes)
        self._runs: dict[Running[Job], Run] = {}

    def label(self, item: Job) -> str:
        """The job by its number."""
        return f"Job {item.number}"

    async def look(self) -> None:
        """Say that the worker is there."""
        await self._presence.note()

    async def take(self, pool: str, until_at: int) -> Job | None:
        """A job under a fresh lease, if one is due."""
        store, now = self._room.store, self._room.clock()
        for lane in self._lanes.begun():
            # Looked at first without a lock: a worker that idles must not keep anybody from writing.
            if not await store.due(None, lane, pool, now, 1):
                continue
            async with store.database.transaction() as connection:
                await connection.lock("claims", lane)  # so that the bound on an account's running jobs holds
                for account, number in await store.due(connection, lane, pool, now, 1):
                    job = await store.take_job(connection, Owner(lane, account), number)
                    assert job is not None, "it has just been listed"
                    crashes = job.crashes + (job.state == "running")
                    if await store.claim(connection, job, until_at, self._worker, crashes, now):
                        return job._replace(
                            state="running",
                            due_at=until_at,
                            fence=job.fence + 1,
                            worker=self._worker,
                            crashes=crashes,
                            started_at=job.started_at or now,
                        )
        return None

    async def renew(self, running: Running[Job], until_at: int) -> bool | None:
        """Renew the lease, and tell how far the job is."""
        asked = await self._room.store.renew(running.item, until_at)
        if asked is not None and (run := self._runs.get(running)) is not None:
            await run.tell()
        return asked

    async def do(self, running: Running[Job]) -> None:
        """Run the job, unless its workers died again and again."""
        if running.item.is_cancelled:
            running.cancelled.set()
        if running.item.crashes > CRASHES_MAX:
            await self._give_up(running.item)
            return
        run = self._runs[running] = Run(self._room, self.ending, self._maker, running, self._pause_seconds)
        try:
            await run.carry_out()
        finally:
            del self._runs[running]

    async def _give_up(self, job: Job) -> None:
        point = FailurePoint.AT_PROVIDER
        told = job_failure(
            "crashed", "Its worker died again and again.", "Nothing was charged. Try again.", point, None
        )
        await self.ending.fail(job, Failed(point, told))

    async def put_back(self, running: Running[Job], seconds: float, why: str) -> None:
        """Give the lease back; the job is due again after so many seconds."""
        job = running.item
        due_at = self._room.clock() + round(seconds * SECOND)
        told = job_told(job.moved("queued")._replace(message=why))
        with suppress(LeaseLost, DatabaseFailure):  # then it is due when the lease ends
            async with self._room.writing(Owner(job.lane, job.account), [told]) as connection:
                if not await self._room.store.requeue(connection, job, due_at, job.crashes, why):
                    raise LeaseLost


class JobWorker(Worker[Job]):
    """Runs up to so many jobs at once in this process, beside previews and those that wait for a provider.

    It also frees, once a day, what nobody needs any more.
    """

    def __init__(
        self,
        room: Room,
        *,
        jobs: int = 2,
        lease_seconds: float = LEASE_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        pause_seconds: float = POLL_SECONDS,
        maker: Maker | None = None,
    ) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._room = room
        self._presence = Presence(room.store.database, room.clock, self.name, jobs)
        self._cleaning: asyncio.Task[None] | None = None
        self.source = JobSource(room, maker or Maker(room), self._presence, self.name, pause_seconds)
        super().__init__(
            self.source,
            room.clock,
            {"work": Pool(jobs, AWAY_MAX), "preview": Pool(PREVIEWS_AT_ONCE)},
            lease_seconds=lease_seconds,
            idle_seconds=idle_seconds,
            stop_seconds=STOP_SECONDS,
            away_leases=AWAY_LEASES,
        )

    def start(self) -> None:
        """Begin to take jobs; needs a running event loop."""
        super().start()
        self._cleaning = asyncio.create_task(self._clean_daily(), name="studio cleaning")

    async def stop(self) -> None:
        """Take no more, give back what is at work so that another worker goes on with it, and end.

        A provider that could not be asked what became of its work is given a while to deliver it.
        """
        if self._cleaning is None:
            return
        cleaning, self._cleaning = self._cleaning, None
        cleaning.cancel()
        await asyncio.wait({cleaning})
        await super().stop()
        await self._presence.leave()

    def cancel(self, job: Job) -> None:
        """Somebody asked for the end of a job; if it runs here, it ends now and not at the next heartbeat."""
        for running in self.running:
            if running.item[:3] == job[:3]:
                running.cancelled.set()

    async def _clean_daily(self) -> None:
        while True:
            try:
                await self.clean()
            except (Failure, OSError) as failure:
                _log.warning("What nobody needs any more could not be removed: %s", failure)
            await asyncio.sleep(DAY / SECOND)

    async def clean(self) -> None:
        """Drop idempotency keys that nobody will repeat any more, and files that nothing names."""
        await self._room.store.forget_keys(self._room.clock() - ANSWER_KEPT_DAYS * DAY)
        freed = await free_unnamed(self._room.store, self._room.files, time.time())
        if freed:
            _log.info("%d bytes of files were freed that nothing named any more.", freed)
