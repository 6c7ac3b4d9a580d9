"""Builds the studio of a ledger; used by `serve`, `work` and `make`. A command that only reads figures does without."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from reelbot.allowance import Ledger
from reelbot.clock import Clock
from reelbot.db import PostgresDatabase, SqliteDatabase
from reelbot.events import EventStream
from reelbot.providers.embedded.provider import Embedded
from reelbot.providers.registry import Registry, discovered
from reelbot.providers.settings import load_providers
from reelbot.studio.context import Room
from reelbot.studio.files.content import Files
from reelbot.studio.jobs.job_run import POLL_SECONDS
from reelbot.studio.jobs.worker import SWEEP_SECONDS, JobWorker
from reelbot.studio.limits import LEASE_SECONDS
from reelbot.studio.planning.costing import require_prices
from reelbot.studio.service import Studio
from reelbot.studio.store import StudioStore


def registry_of(providers: Path | None, environment: Mapping[str, str]) -> Registry:
    """All providers: those that are configured, those of installed packages, and the embedded one."""
    configured = [] if providers is None else load_providers(providers, environment)
    others, faults = discovered()
    return Registry([*configured, *others, Embedded()], faults)


@asynccontextmanager
async def open_studio(
    database: SqliteDatabase | PostgresDatabase,
    ledger: Ledger,
    events: EventStream,
    clock: Clock,
    folder: Path,
    registry: Registry,
    *,
    jobs: int = 0,
    lease_seconds: float = LEASE_SECONDS,
    pause_seconds: float = POLL_SECONDS,
) -> AsyncIterator[Studio]:
    """The studio for as long as the block lasts; with `jobs`, that many run at once in this process meanwhile.

    `ConfigFailure` when the price list lacks an action.

    `folder` holds the files; workers on other machines need the same one. The registry is closed in the end.
    """
    require_prices(ledger.terms.prices)
    files = Files(folder)
    files.open()
    files.sweep_desks(SWEEP_SECONDS, time.time())
    room = Room(ledger, events, StudioStore(database, ledger.store.lanes), clock, files, registry)
    worker = JobWorker(room, jobs=max(jobs, 1), lease_seconds=lease_seconds, pause_seconds=pause_seconds)
    studio = Studio(room, worker)
    await studio.uploads.free_left_behind()
    if jobs:
        worker.start()
    try:
        yield studio
    finally:
        studio.uploads.close()
        await worker.stop()
        await registry.aclose()
