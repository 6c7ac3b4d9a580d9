"""What an operator sees of the studio: the jobs of all accounts, those that failed, and the workers. Reads, and only reads.

Everything is bounded, and found by an index: the page may be looked at while thousands of jobs wait. What is shown of a
job leaves out its material, which is large and its owner's.
"""

from typing import NamedTuple

import msgspec
from msgspec import Struct

from reelbot.clock import SECOND
from reelbot.db import PostgresDatabase, Row, SqliteDatabase
from reelbot.ids import id_text
from reelbot.records import KeepingStore, read_json, read_json_or_none
from reelbot.studio.core.draft import SlotRef
from reelbot.studio.core.job import JobFailure, JobKind, JobState
from reelbot.studio.jobs.worker_registry import PRESENCE_SECONDS, WORKERS_LANE

JOBS_SEEN_MAX = 50
"""Jobs of one state that are listed: a page; how many there are in all is told beside them."""

FAILURES_SEEN_MAX = 20
"""Failed jobs that are listed: what went wrong lately shows in the last few, or it went wrong everywhere."""

COUNTED_MAX = 1_000
"""Jobs of one kind that are counted: whoever reads "1,000 or more" knows enough, and none waits for a million."""

WORKERS_SEEN_MAX = 100
"""Workers that are listed: a larger installation looks at its own monitoring."""

SILENT_SECONDS = 3 * PRESENCE_SECONDS
"""After how long without a word a worker counts as silent: two words may be late."""


class SeenJob(NamedTuple):
    """A job of any account. `heading` is its draft's, empty once that is gone; `tries` counts how often it was taken."""

    lane: int
    account: int
    number: int
    kind: JobKind
    draft: int
    heading: str
    state: JobState
    due_at: int
    tries: int
    worker: str
    crashes: int
    is_cancelled: bool
    progress: float
    message: str
    steps: tuple[str, ...]
    failure: JobFailure | None
    created_at: int
    started_at: int | None
    ended_at: int | None

    @property
    def id(self) -> str:
        """The job as outsiders name it."""
        return id_text("job", self.lane, self.account, self.number)


class Standing(NamedTuple):
    """Jobs of one state: how many there are (`COUNTED_MAX` stands for more), since when the oldest, and those listed."""

    total: int
    oldest_at: int | None
    jobs: tuple[SeenJob, ...]


class Failures(NamedTuple):
    """Jobs that failed: how many since an instant, and the last ones, of whenever."""

    total: int
    jobs: tuple[SeenJob, ...]


class SeenWorker(NamedTuple):
    """A worker: its name is the machine's and the process's. `jobs` counts its leases.

    `places`, `began_at` and `heard_at` are None for one that is only known by the leases that it holds.
    """

    name: str
    places: int | None
    began_at: int | None
    heard_at: int | None
    jobs: int

    def is_silent(self, now: int) -> bool:
        """Whether it has not been heard for so long that something must be wrong with it."""
        return self.heard_at is None or self.heard_at < now - SILENT_SECONDS * SECOND


class Counted(NamedTuple):
    """The studio in four numbers: jobs at work and waiting, those that failed lately, workers that are heard."""

    running: int
    queued: int
    failed: int
    workers: int


class _Task(Struct, frozen=True):
    slot: SlotRef


class _Asked(Struct, frozen=True):
    """Of what a job is to do, the names alone."""

    tasks: tuple[_Task, ...] = ()


_asked_in = msgspec.json.Decoder(_Asked).decode
_failure_in = msgspec.json.Decoder(JobFailure).decode


class Overview(KeepingStore):
    """Reads over all accounts, in all lanes."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase, lanes: int) -> None:
        super().__init__(database, lanes, "reelbot.studio")

    async def running(self) -> Standing:
        """Jobs that a worker has taken, those that were asked for first."""
        return await self._standing("running")

    async def queued(self) -> Standing:
        """Jobs that wait, those that have waited longest first: a job that is stuck is among them."""
        return await self._standing("queued")

    async def failures(self, since: int) -> Failures:
        """How many jobs have failed since an instant, and the last ones that did, of whenever."""
        found = [
            _seen(row) for lane in self.lanes for row in await self._rows(None, "list_failed", lane, FAILURES_SEEN_MAX)
        ]
        found.sort(key=lambda job: (job.ended_at or 0, job.number), reverse=True)
        return Failures(await self._failed(since), tuple(found[:FAILURES_SEEN_MAX]))

    async def workers(self) -> list[SeenWorker]:
        """Every worker that said that it is there, the one that was heard last first; then who else holds leases."""
        leases = await self._leases()
        rows = await self._rows(None, "list_workers", WORKERS_LANE, WORKERS_SEEN_MAX)
        found = [SeenWorker._make((*row, leases.pop(row[0], 0))) for row in rows]
        return [*found, *(SeenWorker(name, None, None, None, jobs) for name, jobs in sorted(leases.items()))]

    async def counted(self, now: int, since: int) -> Counted:
        """The numbers alone; failures are those since an instant."""
        heard = await self._rows(None, "count_workers", WORKERS_LANE, now - SILENT_SECONDS * SECOND)
        (running, _), (queued, _) = await self._count("running"), await self._count("queued")
        return Counted(running, queued, await self._failed(since), heard[0][0])

    async def _standing(self, state: JobState) -> Standing:
        rows = [
            row for lane in self.lanes for row in await self._rows(None, "list_at_work", lane, state, JOBS_SEEN_MAX)
        ]
        jobs = sorted((_seen(row) for row in rows), key=lambda job: (job.created_at, job.number))
        total, oldest_at = await self._count(state)
        return Standing(total, oldest_at, tuple(jobs[:JOBS_SEEN_MAX]))

    async def _count(self, state: JobState) -> tuple[int, int | None]:
        """How many jobs are in a state, `COUNTED_MAX` at most, and since when the oldest."""
        rows = [row for lane in self.lanes for row in await self._rows(None, "count_at_work", lane, state, COUNTED_MAX)]
        oldest = [oldest_at for _, oldest_at in rows if oldest_at is not None]
        return min(COUNTED_MAX, sum(count for count, _ in rows)), min(oldest, default=None)

    async def _failed(self, since: int) -> int:
        rows = [row for lane in self.lanes for row in await self._rows(None, "count_failed", lane, since, COUNTED_MAX)]
        failed: int = sum(count for (count,) in rows)
        return min(COUNTED_MAX, failed)

    async def _leases(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for lane in self.lanes:
            for worker, count in await self._rows(None, "count_leases", lane):
                found[worker] = found.get(worker, 0) + count
        return found


def _seen(row: Row) -> SeenJob:
    request, failure = row[14:16]
    steps = tuple(str(task.slot) for task in read_json(_asked_in, request).tasks)
    return SeenJob._make(
        (*row[:11], bool(row[11]), *row[12:14], steps, read_json_or_none(_failure_in, failure), *row[16:])
    )
