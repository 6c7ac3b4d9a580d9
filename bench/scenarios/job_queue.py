"""The operator's page of jobs and its list in the API, with a million jobs that wait beside a thousand.

A server for each, that does none of them, asked in turns over one connection by an operator.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.browsing import Visitor, signed_in
from bench.load import on_loop
from bench.rounds import rotated
from bench.scenario import Case, Found, Measure, Place, Scenario
from bench.wire import UNBOUNDED, Address, asked, parts_of, request, served
from reelbot.wiring import open_account

JOBS = {"1 k": 1_000, "1 M": 1_000_000}
"""How many wait; as many have failed within the last day."""

SMALL = "1 k"
TURNS = 4
REQUESTS = 6
BOUND = 1.2

_WAITING = """
WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < ?)
INSERT INTO job (lane, account, number, kind, draft, state, priority, due_at, progress, message, request, tasks, created_at)
SELECT 0, 1 + n % 50, n, 'generation', 1, 'queued', 0, n, 0, '', '{}', '[]', n FROM counted
"""
_FAILED = """
WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < ?1)
INSERT INTO job (lane, account, number, kind, draft, state, priority, due_at, progress, message, request, tasks, failure,
                 created_at, ended_at)
SELECT 0, 1 + n % 50, ?1 + n, 'generation', 1, 'failed', 0, n, 0, '', '{}', '[]',
       '{"point":"provider","code":"failed","detail":"It failed.","hint":""}', n, 4000000000000 + n FROM counted
"""


class _Desk(NamedTuple):
    address: Address
    visits: Mapping[str, bytes]


async def _operator(database: Path) -> Visitor:
    async with parts_of(database) as parts:
        account = (await open_account(parts, "operator", "pro", "UTC", "operator", "bench")).account
        return await signed_in(parts, account)


def _fill(database: Path, jobs: int) -> None:
    """Let so many jobs wait, and as many have failed."""
    with closing(sqlite3.connect(database)) as raw:
        raw.execute(_WAITING, (jobs,))
        raw.execute(_FAILED, (jobs,))
        raw.commit()


@contextmanager
def _desk(place: Place, name: str) -> Iterator[_Desk]:
    database = place.directory / name / "ledger.db"
    database.parent.mkdir()
    operator = on_loop(_operator(database))
    with served(database, {**UNBOUNDED, "REELBOT_JOBS": "0"}):
        pass  # the first start makes the tables
    _fill(database, JOBS[name])
    visits = {
        "page": operator.visit("/operator/jobs"),
        "list": request("GET", "/api/v1/operator/jobs", operator.key),
    }
    with served(database, {**UNBOUNDED, "REELBOT_JOBS": "0"}) as address:
        on_loop(asked(address, list(visits.values()), 1))
        yield _Desk(address, visits)


def _looked_at(place: Place) -> Found:
    latencies: dict[str, list[float]] = {f"{what}, {name}, ms": [] for what in ("page", "list") for name in JOBS}
    failed = 0
    with ExitStack() as servers:
        desks = {name: servers.enter_context(_desk(place, name)) for name in JOBS}
        for turn in range(TURNS):
            for what in ("page", "list"):
                for name in rotated(list(desks), turn):
                    answers = on_loop(asked(desks[name].address, [desks[name].visits[what]] * REQUESTS, 1))
                    latencies[f"{what}, {name}, ms"] += answers.latencies_ms
                    failed += answers.failed
    figures = {figure: median(seen) for figure, seen in latencies.items()}
    return Found(figures, (f"{failed:,} requests were not answered as they should be.",) if failed else ())


SCENARIO = Scenario(
    title="The queue of jobs, a million ÷ a thousand",
    cases=(Case("servers", _looked_at),),
    measures=tuple(
        Measure(title, ("servers", f"{what}, 1 M, ms"), ("servers", f"{what}, {SMALL}, ms"), BOUND, None, "low")
        for title, what in (("the operator's page of jobs", "page"), ("the operator's list of jobs", "list"))
    ),
    rounds=1,
)
