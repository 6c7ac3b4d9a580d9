"""PostgreSQL: a lifecycle, 256 callers, beside one PL/pgSQL call for each command on 32 connections."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter, process_time

from psycopg import AsyncConnection

from bench.engines import loaded
from bench.ground import HOT_LIMIT, Ground, fill, refs
from bench.load import METER, WARM_UP, Job, jobs, keys_in_order, on_loop
from bench.postgres import database_url, fresh_copy, made
from bench.scenario import Case, Found, Measure, Place, Scenario
from bench.scenarios.sqlite_lifecycle import HOT_ENTRIES, SEED, hot_jobs
from reelbot.allowance.core.commands import content_hash
from reelbot.clock import DAY, system_clock

CONNECTIONS = 32

SPREAD, HOT = "ground_spread", "ground_hot"

_PEER = Path(__file__).with_name("plpgsql_peer.sql")
_HOLD = "SELECT peer_hold(0::smallint, %s, %s, %s, %s, %s, %s, 1, %s, %s, %s, 'Held 1 AI credit.')"
_SETTLE = "SELECT peer_settle(0::smallint, %s, %s, %s, %s, %s, %s, 'Used 1 AI credit.')"
_SUMS = "SELECT coalesce(sum(used), 0)::bigint, coalesce(sum(held), 0)::bigint FROM balance"
_ENTRIES = "SELECT count(*) FROM entry WHERE kind IN ('hold', 'settle')"


def accounts(place: Place) -> int:
    """Over how many accounts a load is spread."""
    return place.sized(2_000, 100_000)


def grounds(place: Place) -> None:
    """Make the grounds on the server, with the peer's functions in them."""
    for name, ground in ((SPREAD, Ground(accounts(place))), (HOT, Ground(1, are_hot=True))):
        if made(place.server, name):
            on_loop(_made(database_url(place.server, name), ground))


async def _made(url: str, ground: Ground) -> None:
    await fill(url, ground)
    async with await AsyncConnection.connect(url, autocommit=True) as raw:
        await raw.execute(_PEER.read_bytes())
        await raw.execute("VACUUM ANALYZE")


def _spread(place: Place, lifecycles: int) -> list[Job]:
    return jobs(refs(accounts(place)), WARM_UP + lifecycles, keys_in_order(), SEED)


def _engine_spread(place: Place) -> Found:
    with fresh_copy(place.server, SPREAD) as url:
        return on_loop(loaded(url, _spread(place, place.sized(3_000, 30_000)), accounts(place)))


def _engine_hot(place: Place) -> Found:
    with fresh_copy(place.server, HOT) as url:
        return on_loop(loaded(url, hot_jobs(WARM_UP + place.sized(4_000, 40_000)), HOT_ENTRIES))


def _peer_spread(place: Place) -> Found:
    with fresh_copy(place.server, SPREAD) as url:
        return on_loop(_peered(url, _spread(place, place.sized(1_000, 10_000)), limit=1_000))


def _peer_hot(place: Place) -> Found:
    with fresh_copy(place.server, HOT) as url:
        return on_loop(_peered(url, hot_jobs(WARM_UP + place.sized(500, 5_000)), limit=HOT_LIMIT))


async def _peered(url: str, asked: Sequence[Job], limit: int) -> Found:
    connections = [await AsyncConnection.connect(url, autocommit=True, prepare_threshold=0) for _ in range(CONNECTIONS)]
    await _called(connections, asked[:WARM_UP], limit)
    rest = asked[WARM_UP:]
    began, cpu_began = perf_counter(), process_time()
    await _called(connections, rest, limit)
    seconds, cpu_seconds = perf_counter() - began, process_time() - cpu_began
    faults = await _peer_faults(connections[0], len(asked))
    for raw in connections:
        await raw.close()
    return Found({"per_second": len(rest) / seconds, "cpu_us": cpu_seconds * 1e6 / len(rest)}, faults)


async def _called(connections: Sequence[AsyncConnection], asked: Sequence[Job], limit: int) -> None:
    shared = iter(asked)
    async with asyncio.TaskGroup() as group:
        for raw in connections:
            group.create_task(_caller(raw, shared, limit))


async def _caller(raw: AsyncConnection, shared: Iterator[Job], limit: int) -> None:
    for job in shared:
        now = system_clock()
        today = now // DAY * DAY
        content = content_hash("hold", ((METER, 1),), "all", 3_600, None, None)
        hold = (job.account.id, job.hold_key, content, METER, today, today + DAY, limit, now, now + DAY)
        number = await _told(raw, _HOLD, hold)
        settled = (job.account.id, job.settle_key, content_hash("settle", number), number, limit, system_clock())
        await _told(raw, _SETTLE, settled)


async def _told(raw: AsyncConnection, sql: str, parameters: Sequence[object]) -> int:
    row = await (await raw.execute(sql, parameters)).fetchone()
    assert row is not None, "a function answers"
    number: int = json.loads(row[0])["hold"]
    return number


async def _peer_faults(raw: AsyncConnection, lifecycles: int) -> tuple[str, ...]:
    """What is wrong with the peer's own books."""
    sums = await (await raw.execute(_SUMS)).fetchone()
    entries = await (await raw.execute(_ENTRIES)).fetchone()
    if sums == (lifecycles, 0) and entries == (2 * lifecycles,):
        return ()
    return (f"The peer has {sums} used and held and {entries} entries after {lifecycles:,} lifecycles.",)


SCENARIO = Scenario(
    title="PostgreSQL, 256 callers",
    prepare=grounds,
    needs_postgres=True,
    cases=(
        Case("engine, spread", _engine_spread),
        Case("calls, spread", _peer_spread),
        Case("engine, hot", _engine_hot),
        Case("calls, hot", _peer_hot),
    ),
    measures=(
        Measure(
            "lifecycle ÷ one PL/pgSQL call per command, spread",
            ("engine, spread", "per_second"), ("calls, spread", "per_second"), 5, 8,
        ),
        Measure(
            "lifecycle ÷ one PL/pgSQL call per command, one hot account",
            ("engine, hot", "per_second"), ("calls, hot", "per_second"), 20, 35,
        ),
    ),
)  # fmt: skip
