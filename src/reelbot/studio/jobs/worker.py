"""Takes jobs and runs them. Any number of workers, in any number of processes and machines, share one database.

A claim is a lease with a deadline and a fencing number. The worker renews it while it works; when it dies, the lease ends
and another takes the job over where it was. The next place goes to the account that was served longest ago (`queue`);
who waits for a provider holds no place meanwhile, and previews have one of their own.
"""

import asyncio
import logging
import os
import socket
import time
from contextlib import suppress

from reelbot.allowance import FailurePoint
from reelbot.clock import DAY, SECOND
from reelbot.errors import DatabaseFailure, Failure, TooBusy
from reelbot.limits import ANSWER_KEPT_DAYS
from reelbot.records import Owner
from reelbot.studio.context import Room
from reelbot.studio.core.events import job_told
from reelbot.studio.core.job import Job
from reelbot.studio.files.file_gc import free_unnamed
from reelbot.studio.jobs.completion import Ending, Failed, LeaseLost, job_failure
from reelbot.studio.jobs.job_places import JobPlaces
from reelbot.studio.jobs.job_run import POLL_SECONDS, Again, Run
from reelbot.studio.jobs.render_job import Maker
from reelbot.studio.jobs.worker_registry import Presence
from reelbot.studio.limits import AWAY_LEASES, AWAY_MAX, CRASHES_MAX, LEASE_SECONDS, PREVIEWS_AT_ONCE
from reelbot.studio.store import Pool, pool_of

IDLE_SECONDS = 0.5
"""How often a worker without work looks for some that another process has queued."""

BEATS_OF_A_LEASE = 8
"""Heartbeats within one lease: a few may be late before anybody else takes over."""

STOP_SECONDS = 20
"""How long the end of a process waits for a provider that is in the middle of an answer."""

SWEEP_SECONDS = 6 * 3_600
"""How old a folder of unfinished work must be to count as left behind: longer than any lease or render."""

_log = logging.getLogger(__name__)


class Worker:
    """Runs up to so many jobs at once in this process, beside previews and those that wait for a provider."""

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
        self._ending = Ending(room)
        self._maker = maker or Maker(room)
        self._lease_seconds = lease_seconds
        self._idle_seconds = idle_seconds
        self._pause_seconds = pause_seconds
        self._first_lane = 0
        self._wanted = asyncio.Event()
        self._places = JobPlaces(jobs, AWAY_MAX, self._wanted.set)
        self._runs: dict[asyncio.Task[None], Run] = {}
        self._loop: asyncio.Task[None] | None = None
        self._cleaning: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to take jobs; needs a running event loop."""
        assert self._loop is None, "started twice"
        self._loop = asyncio.create_task(self._work(), name="studio worker")
        self._cleaning = asyncio.create_task(self._clean_daily(), name="studio cleaning")

    async def stop(self) -> None:
        """Take no more, give back what is at work so that another worker goes on with it, and end.

        A provider that could not be asked what became of its work is given a while to deliver it.
        """
        if self._loop is None or self._cleaning is None:
            return
        background, self._loop, self._cleaning = {self._loop, self._cleaning}, None, None
        for task in background:
            task.cancel()
        await asyncio.wait(background)
        patient = {task for task, run in self._runs.items() if not run.can_stop}
        for task in self._runs.keys() - patient:
            task.cancel()
        if patient:
            await asyncio.wait(patient, timeout=STOP_SECONDS)
        rest = set(self._runs)
        for task in rest:
            task.cancel()
        if rest:
            await asyncio.wait(rest)
        await self._presence.leave()

    def look(self) -> None:
        """There may be something to do: look now."""
        self._wanted.set()

    def cancel(self, job: Job) -> None:
        """Somebody asked for the end of a job; if it runs here, it ends now and not at the next heartbeat."""
        for run in self._runs.values():
            if run.job[:3] == job[:3]:
                run.cancelled.set()

    async def run_all(self) -> None:
        """Run every job that is due, until none is left: for a command, and for tests."""
        while True:
            job = await self._taken() or await self._taken("preview")
            if job is None:
                return
            await self._run(self._run_of(job))

    def _run_of(self, job: Job, places: JobPlaces | None = None) -> Run:
        return Run(self._room, self._ending, self._maker, job, self._pause_seconds, places)

    async def _work(self) -> None:
        while True:
            self._wanted.clear()
            try:
                await self._presence.note()
                while self._places.is_free and (job := await self._taken()) is not None:
                    self._places.take()
                    self._begin(self._run_of(job, self._places))
                while self._previewing() < PREVIEWS_AT_ONCE and (job := await self._taken("preview")) is not None:
                    self._begin(self._run_of(job))
            except (DatabaseFailure, TooBusy) as failure:
                _log.warning("No jobs can be taken: %s", failure)
            except Exception:  # a defect; without this loop no job would ever be done again
                _log.exception("No jobs can be taken")
            await self._woken()

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

    async def _woken(self) -> None:
        waits = {asyncio.ensure_future(self._wanted.wait()), *self._runs}
        try:
            await asyncio.wait(waits, timeout=self._idle_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits - self._runs.keys():
                wait.cancel()

    def _previewing(self) -> int:
        return sum(pool_of(run.job) == "preview" for run in self._runs.values())

    def _begin(self, run: Run) -> None:
        task = asyncio.create_task(self._run(run), name=f"job {run.job.number}")
        self._runs[task] = run
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        run = self._runs.pop(task)
        if pool_of(run.job) == "work":
            (self._places.stay_away if run.is_away else self._places.give)()
        self._wanted.set()
        if not task.cancelled() and (failure := task.exception()) is not None:
            _log.error("A defect while working; the job is tried again when its lease ends", exc_info=failure)

    # taking

    async def _taken(self, pool: Pool = "work") -> Job | None:
        """A job under a fresh lease, if one is due. Lanes are looked at in turn, so that none waits for another."""
        store, now = self._room.store, self._room.clock()
        lanes = (*store.lanes[self._first_lane :], *store.lanes[: self._first_lane])
        self._first_lane = (self._first_lane + 1) % len(store.lanes)
        for lane in lanes:
            # Looked at first without a lock: a worker that idles must not keep anybody from writing.
            if not await store.due(None, lane, pool, now, 1):
                continue
            async with store.database.transaction() as connection:
                await connection.lock("claims", lane)  # so that the bound on an account's running jobs holds
                for account, number in await store.due(connection, lane, pool, now, 1):
                    job = await store.take_job(connection, Owner(lane, account), number)
                    assert job is not None, "it has just been listed"
                    crashes = job.crashes + (job.state == "running")
                    until_at = now + round(self._lease_seconds * SECOND)
                    if await store.claim(connection, job, until_at, self.name, crashes, now):
                        return job._replace(
                            state="running",
                            due_at=until_at,
                            fence=job.fence + 1,
                            worker=self.name,
                            crashes=crashes,
                            started_at=job.started_at or now,
                        )
        return None

    # running

    async def _run(self, run: Run) -> None:
        if run.job.is_cancelled:
            run.cancelled.set()
        beats = asyncio.create_task(self._beat(run, asyncio.current_task()))
        try:
            if run.job.crashes > CRASHES_MAX:
                await self._give_up(run.job)
            else:
                await run.carry_out()
        except LeaseLost:
            _log.info("Job %d was taken over by another worker.", run.job.number)
        except Again as again:
            await self._put_off(run.job, again.seconds, again.why)
        except (DatabaseFailure, TooBusy) as failure:
            _log.warning("Job %d waits for the ledger: %s", run.job.number, failure)
        except asyncio.CancelledError:
            if run.is_lost:
                _log.info("Job %d was taken over by another worker.", run.job.number)
                return
            await asyncio.shield(self._put_off(run.job, 0.0, "Waiting for its turn"))
            raise
        finally:
            beats.cancel()
            await asyncio.wait({beats})

    async def _put_off(self, job: Job, seconds: float, why: str) -> None:
        """Give the lease back; the job is due again after so many seconds."""
        due_at = self._room.clock() + round(seconds * SECOND)
        told = job_told(job.moved("queued")._replace(message=why))
        with suppress(LeaseLost, DatabaseFailure):  # then it is due when the lease ends
            async with self._room.writing(Owner(job.lane, job.account), [told]) as connection:
                if not await self._room.store.requeue(connection, job, due_at, job.crashes, why):
                    raise LeaseLost

    async def _give_up(self, job: Job) -> None:
        point = FailurePoint.AT_PROVIDER
        told = job_failure(
            "crashed", "Its worker died again and again.", "Nothing was charged. Try again.", point, None
        )
        await self._ending.fail(job, Failed(point, told))

    async def _beat(self, run: Run, working: "asyncio.Task[None] | None") -> None:
        """Renew the lease until cancelled. Without it the work ends at once: somebody else is doing it."""
        while True:
            seconds = self._lease_seconds * (AWAY_LEASES if run.is_away else 1)
            await asyncio.sleep(seconds / BEATS_OF_A_LEASE)
            try:
                until_at = self._room.clock() + round(seconds * SECOND)
                asked = await self._room.store.renew(run.job, until_at)
                if asked is not None:
                    await run.tell()
            except (DatabaseFailure, TooBusy) as failure:
                _log.warning("A lease could not be renewed: %s", failure)
                continue
            except LeaseLost:
                asked = None
            if asked is None:
                run.is_lost = True
                if working is not None:
                    working.cancel()
                return
            if asked:
                run.cancelled.set()
