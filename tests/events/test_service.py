"""Every promise of the stream of events, over memory and both databases, and between processes."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

import pytest
from tests.support.clock import FakeClock

from reelbot.db import PostgresDatabase, SqliteDatabase, migrate, open_database
from reelbot.db.postgres import PsycopgConnection
from reelbot.events import Event, Events, EventStream, MemoryEvents, NewEvent
from reelbot.events.stores.postgres import PostgresEventStore
from reelbot.events.stores.sqlite import SqliteEventStore

Opened = SqliteDatabase | PostgresDatabase

PATIENCE_SECONDS = 60


class Kept(NamedTuple):
    """A stream, and the database that keeps it unless it is in memory."""

    stream: EventStream
    database: Opened | None

    async def tell(self, *events: NewEvent) -> None:
        """Write in a transaction of its own, then wake, as a committer does."""
        places = {event[:2] for event in events}
        if self.database is None:
            await self.stream.append(None, events)
        else:
            async with self.database.transaction() as connection:
                await self.stream.append(connection, events)
                await self.stream.announce(connection, places)
        self.stream.wake(places)


def of(account: int, body: str, at: int = 1_000, lane: int = 0) -> NewEvent:
    return NewEvent(lane, account, at, "usage", body.encode())


def bodies(events: Sequence[Event]) -> list[str]:
    return [event.body.decode() for event in events]


async def migrated(url: str) -> Opened:
    database = await open_database(url)
    await migrate(database, ["reelbot.events"], FakeClock())
    return database


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def kept(request: pytest.FixtureRequest) -> AsyncIterator[Kept]:
    if request.param == "memory":
        yield Kept(MemoryEvents(), None)
        return
    database = await migrated(request.getfixturevalue(f"{request.param}_url"))
    yield Kept(Events(database), database)
    await database.close()


@pytest.fixture
async def two(database_url: str) -> AsyncIterator[tuple[Kept, Kept]]:
    """Two programs on one database, as far as the database can tell."""
    databases = [await migrated(database_url) for _ in range(2)]
    one, other = (Kept(Events(database), database) for database in databases)
    await other.stream.start()
    yield one, other
    await other.stream.stop()
    for database in databases:
        await database.close()


async def test_events_of_an_account_are_numbered_from_one_in_the_order_they_were_told(kept: Kept) -> None:
    await kept.tell(of(7, "a"), of(7, "b"))
    await kept.tell(of(7, "c"))
    expected = [Event(n, 1_000, "usage", body) for n, body in [(1, b"a"), (2, b"b"), (3, b"c")]]
    assert await kept.stream.read(0, 7, 0, 10) == expected


async def test_accounts_and_lanes_are_numbered_apart(kept: Kept) -> None:
    await kept.tell(of(8, "x", lane=1), of(7, "a"), of(8, "b"), of(7, "c"), of(8, "y", lane=1))
    found = {place: await kept.stream.read(*place, 0, 10) for place in [(0, 7), (0, 8), (1, 8), (1, 7)]}
    assert {place: [(event.n, event.body.decode()) for event in events] for place, events in found.items()} == {
        (0, 7): [(1, "a"), (2, "c")],
        (0, 8): [(1, "b")],
        (1, 8): [(1, "x"), (2, "y")],
        (1, 7): [],
    }


async def test_a_page_holds_the_oldest_events_after_the_cursor(kept: Kept) -> None:
    await kept.tell(*(of(7, str(number)) for number in range(1, 8)))
    assert bodies(await kept.stream.read(0, 7, 2, 3)) == ["3", "4", "5"]
    assert bodies(await kept.stream.read(0, 7, 5, 3)) == ["6", "7"]
    assert await kept.stream.read(0, 7, 7, 3) == []
    assert await kept.stream.read(0, 7, 99, 3) == []


async def test_telling_nothing_is_fine(kept: Kept) -> None:
    await kept.tell()
    assert await kept.stream.last(0, 7) == 0


async def test_the_first_and_last_numbers_are_known(kept: Kept) -> None:
    assert (await kept.stream.oldest(0, 7), await kept.stream.last(0, 7)) == (0, 0)
    await kept.tell(of(7, "a"), of(7, "b"))
    assert (await kept.stream.oldest(0, 7), await kept.stream.last(0, 7)) == (1, 2)


async def test_pruning_drops_what_is_old_but_never_the_last(kept: Kept) -> None:
    await kept.tell(*(of(7, str(at), at) for at in range(1, 6)), *(of(8, str(at), at) for at in range(1, 4)))
    await kept.tell(of(9, "9", 9, lane=1))
    assert await kept.stream.prune(before_at=4) == 5
    assert bodies(await kept.stream.read(0, 7, 0, 10)) == ["4", "5"]
    assert bodies(await kept.stream.read(0, 8, 0, 10)) == ["3"]
    assert (await kept.stream.oldest(0, 7), await kept.stream.oldest(0, 8)) == (4, 3)
    assert await kept.stream.prune(before_at=100) == 1
    assert await kept.stream.prune(before_at=100) == 0
    assert bodies(await kept.stream.read(1, 9, 0, 10)) == ["9"]


async def test_numbers_go_on_after_pruning(kept: Kept) -> None:
    await kept.tell(of(7, "a"), of(7, "b"))
    await kept.stream.prune(before_at=10_000)
    await kept.tell(of(7, "c"))
    assert await kept.stream.read(0, 7, 0, 10) == [Event(2, 1_000, "usage", b"b"), Event(3, 1_000, "usage", b"c")]


async def test_pruning_goes_on_over_many_chunks(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for store in (SqliteEventStore, PostgresEventStore):
        monkeypatch.setattr(store, "chunk", 3)
    database = await migrated(database_url)
    kept = Kept(Events(database), database)
    await kept.tell(*(of(account, "old", 1) for account in range(10) for _ in range(3)))
    await kept.tell(*(of(account, "new", 9) for account in range(0, 10, 2)))
    assert await kept.stream.prune(before_at=5) == 5 * 3 + 5 * 2
    assert [await kept.stream.oldest(0, account) for account in range(4)] == [4, 3, 4, 3]
    await database.close()


async def test_what_is_rolled_back_leaves_no_gap(database_url: str) -> None:
    database = await migrated(database_url)
    kept = Kept(Events(database), database)

    async def tell_and_fail() -> None:
        async with database.transaction() as connection:
            await kept.stream.append(connection, [of(7, "never")])
            raise KeyError

    await kept.tell(of(7, "a"))
    with pytest.raises(KeyError):
        await tell_and_fail()
    await kept.tell(of(7, "b"))
    assert [event.n for event in await kept.stream.read(0, 7, 0, 10)] == [1, 2]
    await database.close()


async def test_the_last_number_is_seen_inside_the_transaction(database_url: str) -> None:
    database = await migrated(database_url)
    events = Events(database)
    async with database.transaction() as connection:
        await events.append(connection, [of(7, "a"), of(7, "b")])
        assert await events.last_on(connection, 0, 7) == 2
        assert await events.last(0, 7) == 0
    await database.close()


async def test_events_can_be_appended_in_a_pipeline(postgres_url: str) -> None:
    database = await migrated(postgres_url)
    assert isinstance(database, PostgresDatabase)
    events = Events(database)
    async with database.writer() as raw, raw.pipeline():
        connection = PsycopgConnection(raw)
        await connection.execute("BEGIN")
        await events.append(connection, [of(7, "a"), of(8, "b"), of(7, "c")])
        await events.announce(connection, {(0, 7), (0, 8)})
        await connection.execute("COMMIT")
    assert bodies(await events.read(0, 7, 0, 10)) == ["a", "c"]
    await database.close()


async def test_a_subscriber_is_woken_once_for_many_events(kept: Kept) -> None:
    async with kept.stream.subscribe(0, 7) as wakes:
        await kept.tell(of(7, "a"))
        await kept.tell(of(7, "b"))
        await asyncio.wait_for(wakes.wait(), PATIENCE_SECONDS)
        again = asyncio.create_task(wakes.wait())
        await asyncio.sleep(0)
        assert not again.done()
        await kept.tell(of(7, "c"))
        await asyncio.wait_for(again, PATIENCE_SECONDS)


async def test_every_subscriber_of_the_account_is_woken_and_no_other(kept: Kept) -> None:
    async with (
        kept.stream.subscribe(0, 7) as first,
        kept.stream.subscribe(0, 7) as second,
        kept.stream.subscribe(0, 8) as other,
        kept.stream.subscribe(1, 7) as elsewhere,
    ):
        waits = [asyncio.create_task(wakes.wait()) for wakes in (first, second, other, elsewhere)]
        await kept.tell(of(7, "a"))
        await asyncio.wait(waits[:2])
        assert [wait.done() for wait in waits] == [True, True, False, False]
        for wait in waits[2:]:
            wait.cancel()


async def test_a_subscription_ends_with_its_block(kept: Kept) -> None:
    async with kept.stream.subscribe(0, 7) as wakes:
        pass
    await kept.tell(of(7, "a"))
    wait = asyncio.create_task(wakes.wait())
    await asyncio.sleep(0)
    assert not wait.done()
    wait.cancel()


async def test_a_reader_that_subscribes_reads_and_waits_misses_nothing(kept: Kept) -> None:
    async def follow() -> list[str]:
        seen: list[Event] = []
        async with kept.stream.subscribe(0, 7) as wakes:
            while len(seen) < 100:
                new = await kept.stream.read(0, 7, seen[-1].n if seen else 0, 7)
                seen.extend(new)
                if not new:
                    await asyncio.wait_for(wakes.wait(), PATIENCE_SECONDS)
        return bodies(seen)

    followers = [asyncio.create_task(follow()) for _ in range(5)]
    for number in range(100):
        await kept.tell(of(7, str(number)))
    assert await asyncio.gather(*followers) == [[str(number) for number in range(100)]] * 5


async def test_a_subscriber_hears_of_another_program(two: tuple[Kept, Kept]) -> None:
    one, other = two
    async with other.stream.subscribe(0, 7) as wakes:
        await one.tell(of(7, "a"))
        while not await other.stream.read(0, 7, 0, 1):
            await asyncio.wait_for(wakes.wait(), PATIENCE_SECONDS)


async def test_a_subscriber_hears_of_a_transaction_over_more_accounts_than_a_message_can_name(
    two: tuple[Kept, Kept],
) -> None:
    one, other = two
    async with other.stream.subscribe(0, 7) as wakes:
        await one.tell(*(of(account, "a") for account in range(3_000)))
        while not await other.stream.read(0, 7, 0, 1):
            await asyncio.wait_for(wakes.wait(), PATIENCE_SECONDS)


async def test_a_stream_that_was_never_started_can_be_stopped(kept: Kept) -> None:
    await kept.stream.stop()


WRITER = """
import asyncio, sys
from reelbot.db import open_database
from reelbot.events import Events, NewEvent

async def write(database, events, number):
    for turn in range(10):
        async with database.transaction() as connection:
            others = [NewEvent(0, account, 1, "usage", b"{}") for account in (9, 8)]
            mine = NewEvent(0, 7, 1, "usage", b"%d/%d" % (number, turn))
            await events.append(connection, [*others, mine])
            await events.announce(connection, {(0, 7)})

async def run(url, first):
    database = await open_database(url, lock_seconds=120)
    events = Events(database)
    await asyncio.gather(*(write(database, events, first + number) for number in range(5)))
    await database.close()

asyncio.run(run(sys.argv[1], int(sys.argv[2])))
"""


async def test_twenty_writers_in_four_processes_leave_no_gap_and_a_watcher_sees_all(
    two: tuple[Kept, Kept], database_url: str
) -> None:
    _, watcher = two
    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, database_url, str(5 * number))
        for number in range(4)
    ]
    seen: list[Event] = []
    async with watcher.stream.subscribe(0, 7) as wakes:
        while len(seen) < 200:
            new = await watcher.stream.read(0, 7, seen[-1].n if seen else 0, 500)
            seen.extend(new)
            if not new:
                await asyncio.wait_for(wakes.wait(), PATIENCE_SECONDS)
    assert [await writer.wait() for writer in writers] == [0] * 4
    assert [event.n for event in seen] == list(range(1, 201))
    for number in range(20):
        mine = [body for body in bodies(seen) if body.startswith(f"{number}/")]
        assert mine == [f"{number}/{turn}" for turn in range(10)]
