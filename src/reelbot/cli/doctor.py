"""`reelbot doctor`: looks at this machine and this installation, and says what to do about what it finds.

Every check is a function in the table at the end: adding one is a line. A check changes nothing that stays.
"""

import asyncio
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import get_args

import click
from rich.table import Table

from reelbot.cli.call import Invocation, configured
from reelbot.cli.findings import Finding, State
from reelbot.cli.listening import listener
from reelbot.cli.terminal import styled, table
from reelbot.cli.timezone import machine_timezone
from reelbot.clock import SECOND, instant_from, instant_text, system_clock
from reelbot.config import Config
from reelbot.db import PostgresDatabase, SqliteDatabase, open_database, pending
from reelbot.db.address import dialect_of, sqlite_path
from reelbot.errors import Failure
from reelbot.extras import Extra, command, is_installed
from reelbot.wiring import ROOMS, terms_of

PYTHON_MIN = (3, 11)
SQLITE_MIN = (3, 38, 0)
"""The first with STRICT tables and the arrow operators of JSON, which the statements use."""

SYNCS = 20
SYNC_SLOW_MS = 20.0
"""A lone caller waits for one sync: above this it is felt."""

SYNC_UNREAL_MS = 0.01
"""No disk is faster: such a sync keeps nothing when the power fails."""

FREE_ERROR_BYTES = 100 * 10**6
FREE_WARNING_BYTES = 10**9

CLOCK_EARLIEST_AT = instant_from("2026-01-01T00:00:00Z")
"""This program was written after it."""

CLOCK_APART_MS = 2 * SECOND
"""Two clocks that differ by more disagree on when a day ends."""

_to_disk = getattr(os, "fdatasync", os.fsync)
"""What SQLite calls too; some systems only have the other one."""

_COLOURS: dict[State, str] = {"ok": "green", "warning": "yellow", "error": "red"}


@click.command()
@configured
def doctor(call: Invocation) -> None:
    """Check this machine and this installation, and say what to do."""
    findings = [finding for check in CHECKS for finding in check(call.config)]
    found_error = any(finding.state == "error" for finding in findings)
    call.show({"ok": not found_error, "checks": [finding._asdict() for finding in findings]}, _table(findings))
    if found_error:
        raise click.exceptions.Exit(1)


def _table(findings: list[Finding]) -> Table:
    rows = table("Check", "", "Found", "What to do", wrapped=("Found", "What to do"))
    for finding in findings:
        rows.add_row(finding.check, styled(finding.state, _COLOURS[finding.state]), finding.detail, finding.advice)
    return rows


def _python(config: Config) -> Iterator[Finding]:
    found = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info >= PYTHON_MIN:
        yield Finding("Python", "ok", found)
    else:
        yield Finding("Python", "error", found, "Install Python 3.11 or newer.")


def _sqlite(config: Config) -> Iterator[Finding]:
    if sqlite3.sqlite_version_info >= SQLITE_MIN:
        yield Finding("SQLite", "ok", sqlite3.sqlite_version)
    else:
        least = ".".join(str(part) for part in SQLITE_MIN)
        yield Finding("SQLite", "error", sqlite3.sqlite_version, f"Use a Python that was built with SQLite {least}.")


def _settings(config: Config) -> Iterator[Finding]:
    try:
        terms = terms_of(config)
    except Failure as failure:
        yield Finding("Plans and prices", "error", failure.detail, failure.hint or "Correct the file.")
        return
    found = (
        f"{len(terms.catalogue.plans)} plans, {len(terms.catalogue.meters)} meters, {len(terms.prices.prices)} prices"
    )
    yield Finding("Plans and prices", "ok", found)


def _database(config: Config) -> Iterator[Finding]:
    try:
        if dialect_of(config.database) == "sqlite" and not sqlite_path(config.database).exists():
            yield Finding("Database", "ok", f"{config.database_shown} is not there yet.", "`reelbot serve` makes it.")
            return
        yield from asyncio.run(_database_findings(config))
    except Failure as failure:
        yield Finding("Database", "error", failure.detail, failure.hint)


async def _database_findings(config: Config) -> list[Finding]:
    database = await open_database(config.database)
    try:
        async with database.transaction():
            found = [Finding("Database", "ok", f"{config.database_shown} can be read and written.")]
        found.append(_migrated(database, len(await pending(database, ROOMS))))
        if isinstance(database, PostgresDatabase):
            found.append(await _server_clock(database))
        return found
    finally:
        await database.close()


def _migrated(database: SqliteDatabase | PostgresDatabase, missing: int) -> Finding:
    if not missing:
        return Finding("Migrations", "ok", "All are applied.")
    state: State = "warning" if isinstance(database, SqliteDatabase) else "error"
    return Finding("Migrations", state, f"{missing} are missing.", "Run `reelbot database migrate`.")


async def _server_clock(database: PostgresDatabase) -> Finding:
    rows = await database.fetch("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
    apart_ms = abs(rows[0][0] - system_clock())
    if apart_ms <= CLOCK_APART_MS:
        return Finding("Server's clock", "ok", "It agrees with this machine's.")
    advice = "Keep the time of both machines by NTP: it says when a day ends."
    return Finding("Server's clock", "warning", f"It is {apart_ms / SECOND:.0f} s apart from this machine's.", advice)


def _disk(config: Config) -> Iterator[Finding]:
    """Of the database, where that is a file, and of what people upload and make."""
    folders = [config.data.absolute()]
    if dialect_of(config.database) == "sqlite":
        folders.append(sqlite_path(config.database).absolute().parent)
    for folder in dict.fromkeys(map(_existing, folders)):
        yield _space(folder)
        try:
            yield _sync(folder)
        except OSError as error:
            advice = "Choose a folder that the user who runs ReelBot may write to."
            yield Finding("Disk", "error", f"{folder} cannot be written: {error.strerror}.", advice)


def _existing(folder: Path) -> Path:
    return next(one for one in (folder, *folder.parents) if one.exists())


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    detail = f"{free / 10**9:,.1f} GB are free in {folder}."
    if free < FREE_ERROR_BYTES:
        return Finding("Disk space", "error", detail, "Free some space: nothing can be written on a full disk.")
    if free < FREE_WARNING_BYTES:
        return Finding("Disk space", "warning", detail, "Free some space soon.")
    return Finding("Disk space", "ok", detail)


def _sync(folder: Path) -> Finding:
    milliseconds = median(_sync_milliseconds(folder))
    detail = f"One sync takes {milliseconds:.2f} ms."
    if milliseconds > SYNC_SLOW_MS:
        return Finding("Disk", "warning", detail, "A faster or local disk answers sooner; what is answered is safe.")
    if milliseconds < SYNC_UNREAL_MS:
        return Finding(
            "Disk", "warning", detail, "This is memory, not a disk: put the data where it outlives a power cut."
        )
    return Finding("Disk", "ok", detail)


def _sync_milliseconds(folder: Path) -> list[float]:
    """How long it takes to bring 4 KiB to the disk, as one commit does."""
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        marks = [time.perf_counter()]
        for _ in range(SYNCS):
            file.write(bytes(4096))
            _to_disk(file.fileno())
            marks.append(time.perf_counter())
    return [(after - before) * SECOND for before, after in pairwise(marks)]


def _clock(config: Config) -> Iterator[Finding]:
    now, shown = system_clock(), instant_text(system_clock() // SECOND * SECOND)
    advice = "Set the machine's clock, best by NTP: it says when a day ends."
    if now < CLOCK_EARLIEST_AT:
        yield Finding("Clock", "error", f"{shown} is in the past.", advice)
    elif now + CLOCK_APART_MS < _written_at(config):
        yield Finding("Clock", "error", f"{shown} is before the database was last written.", advice)
    else:
        yield Finding("Clock", "ok", shown)


def _written_at(config: Config) -> int:
    """When a SQLite database was last written; 0 when that can't be said."""
    path = sqlite_path(config.database) if dialect_of(config.database) == "sqlite" else None
    if path is None or not path.exists():
        return 0
    log = path.with_name(f"{path.name}-wal")
    return max(one.stat().st_mtime_ns // 1_000_000 for one in (path, log) if one.exists())


def _zones(config: Config) -> Iterator[Finding]:
    yield Finding("Time zones", "ok", f"tzdata {version('tzdata')}; this machine is in {machine_timezone()}.")


def _port(config: Config) -> Iterator[Finding]:
    place = f"Port {config.port} of {config.host}"
    try:
        listener(config.host, config.port).close()
    except Failure as failure:
        yield Finding("Port", "warning", failure.detail, "It may be ReelBot that runs already; else use --port.")
    else:
        yield Finding("Port", "ok", f"{place} is free.")


def _extras(config: Config) -> Iterator[Finding]:
    """Which extras are installed, and what the studio's own checks find where it is."""
    lacking: list[Extra] = [extra for extra in get_args(Extra) if not is_installed(extra)]
    for extra in lacking:
        yield Finding("Extras", "ok", f"[{extra}] is not installed.", f"{command(extra)}, if you want it.")
    if "studio" not in lacking:
        yield from import_module("reelbot.cli.doctor_studio").studio_findings(config)


CHECKS: tuple[Callable[[Config], Iterator[Finding]], ...] = (
    _python,
    _sqlite,
    _settings,
    _database,
    _disk,
    _extras,
    _clock,
    _zones,
    _port,
)
