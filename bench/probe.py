"""What the machine is like at this moment: how long the disk takes to sync, and how busy the processors are.

Every figure of a ledger hangs on both, so they are measured first and printed above the table.
"""

import os
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

SYNCS = 200

PAGE = 4_096
"""Bytes of a write before each sync: one page, the least that a commit writes."""


class Machine(NamedTuple):
    """The state of the machine. `busy` is the load average of the last minute."""

    processors: int
    busy: float
    sync_ms: float
    sync_ms_p99: float

    @property
    def warning(self) -> str:
        """Why these figures should be doubted; empty when there is no reason."""
        if self.sync_ms < 0.02:
            return "The disk syncs in no time: this is a file system in memory, or one that ignores syncs. Set TMPDIR."
        if self.busy > self.processors / 2:
            return "The machine is busy with something else: absolute figures are too low, ratios are less certain."
        return ""


def machine_at(directory: Path) -> Machine:
    """Look at the machine and at the disk that a directory is on."""
    syncs = sync_times_ms(directory, SYNCS)
    return Machine(os.cpu_count() or 1, os.getloadavg()[0], median(syncs), syncs[SYNCS * 99 // 100])


def sync_times_ms(directory: Path, count: int) -> list[float]:
    """How long each of `count` fdatasyncs took, each behind the overwriting of one page; shortest first.

    Overwriting, because a log that is reused does so: growing a file costs the file system a second write.
    """
    path = directory / "sync"
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.pwrite(file, bytes(PAGE * count), 0)
        os.fsync(file)
        return sorted(_sync_ms(file, place * PAGE) for place in range(count))
    finally:
        os.close(file)
        path.unlink()


def _sync_ms(file: int, offset: int) -> float:
    os.pwrite(file, os.urandom(PAGE), offset)
    began = perf_counter()
    os.fdatasync(file)
    return (perf_counter() - began) * 1_000
