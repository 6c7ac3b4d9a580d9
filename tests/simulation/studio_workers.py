"""A nursery of studio workers: a process that forks one worker for each line it reads, until its input ends.

Run as `python -m tests.simulation.studio_workers <address> <folder>`; each answer is the process id of a new worker. Forking
spares every worker the second that its imports take. The workers share a database, a folder, and a provider that writes
down each request in a file, appended in one write, and keeps its own jobs as files: so it outlives whoever asked.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from tests.studio.scripted import Scripted, on_trust
from tests.studio.stage import PaperMaker

from reelbot.allowance import Ledger, load_terms, store_on
from reelbot.clock import system_clock
from reelbot.db import migrate, open_database
from reelbot.events import Events
from reelbot.providers.port import Delivered, Desk, Polled
from reelbot.providers.registry import Registry
from reelbot.providers.works import Work, kind_of
from reelbot.render import Quality, Rendered
from reelbot.studio.context import Room
from reelbot.studio.core.job import Setup
from reelbot.studio.files.content import Files
from reelbot.studio.jobs.worker import JobWorker
from reelbot.studio.store import StudioStore
from reelbot.wiring import ROOMS

LEASE_SECONDS = 1.5
"""Short, so that what a killed worker left is soon taken up."""

SLOW_SECONDS = 0.1
"""About how long each piece of work takes: long enough to be killed in the midst of it."""

_random = Random()


class Diligent(Scripted):
    """Paints and animates by jobs of its own, speaks repeatably, and does the rest at once and only once."""

    def __init__(self, folder: Path) -> None:
        super().__init__(queued=("image", "animation"))
        self._abilities["voiceover"] = self._abilities["voiceover"]._replace(is_repeatable=True)
        self._log = folder / "asked.log"
        self._jobs_at = folder / "provider"
        self._jobs_at.mkdir(parents=True, exist_ok=True)

    async def run(self, work: Work, desk: Desk) -> Delivered:
        self._note(work, desk)
        await slowly()
        return self._delivered(work, desk, "")

    async def submit(self, work: Work, desk: Desk) -> str:
        self._note(work, desk)
        (self._jobs_at / desk.request_id).touch()
        await slowly()
        return desk.request_id

    async def find(self, request_id: str) -> str | None:
        return request_id if (self._jobs_at / request_id).exists() else None

    async def poll(self, work: Work, provider_job: str) -> Polled:
        await slowly()
        return Polled("done") if _random.random() < 0.5 else Polled("waiting", 0.5)

    def _note(self, work: Work, desk: Desk) -> None:
        line = f"{kind_of(work)} {desk.request_id}\n".encode()
        descriptor = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)


class SlowMaker(PaperMaker):
    """Renders on paper, and takes its time."""

    async def _rendered(
        self, setup: Setup, folder: Path, quality: Quality, progress: Callable[[float], None]
    ) -> Rendered:
        await slowly()
        return await super()._rendered(setup, folder, quality, progress)


async def slowly() -> None:
    """Be at it for a while."""
    await asyncio.sleep(_random.uniform(0, 2 * SLOW_SECONDS))


@asynccontextmanager
async def opened(address: str, folder: Path) -> AsyncIterator[Room]:
    """The studio's parts on the shared database and folder."""
    database = await open_database(address, lock_seconds=60)
    try:
        await migrate(database, ROOMS)
        events = Events(database)
        await events.start()
        ledger = Ledger(store_on(database, events), events, load_terms(), system_clock, None)
        await ledger.start()
        files = Files(folder / "studio")
        files.open()
        store = StudioStore(database, ledger.store.lanes)
        yield Room(ledger, events, store, system_clock, files, Registry([Diligent(folder)]), on_trust)
        await ledger.stop()
        await events.stop()
    finally:
        await database.close()


async def work(address: str, folder: Path) -> None:
    """Be a worker until killed."""
    async with opened(address, folder) as room:
        worker = JobWorker(
            room, jobs=3, lease_seconds=LEASE_SECONDS, idle_seconds=0.1, pause_seconds=0.02, maker=SlowMaker(room)
        )
        worker.start()
        await asyncio.Event().wait()


def main(address: str, folder: Path) -> None:
    """Fork a worker for each line of input; when the input ends, so do they."""
    born: list[int] = []
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            asyncio.run(work(address, folder))
            os._exit(0)
        born.append(child)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
    for child in born:
        if is_ours(child):
            os.kill(child, signal.SIGKILL)


def is_ours(child: int) -> bool:
    """Whether a process is still there and still a child of this one: ids are given out again."""
    try:
        stat = Path(f"/proc/{child}/stat").read_text()
    except FileNotFoundError:
        return False
    return int(stat.rpartition(")")[2].split()[1]) == os.getpid()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
