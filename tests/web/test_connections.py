"""Seats and feeds of open streams: how they wait, what they share, and that no reader holds up another."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from tests.support.clock import FakeClock

from reelbot.clock import DAY
from reelbot.errors import DatabaseFailure
from reelbot.events import Event, MemoryEvents, NewEvent, Place
from reelbot.web.connections import Seat
from reelbot.web.fan_out import PAGES_MAX, Feed, Feeds
from reelbot.web.sse import EventsAnswer
from reelbot.web.waiting import woken_or_at

ADA: Place = (0, 1)
BOB: Place = (0, 2)


class CountedEvents(MemoryEvents):
    """Events in memory; `reads` notes after which numbers was read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[int] = []
        self.is_away = False

    async def read(self, lane: int, account: int, after_n: int, limit: int) -> list[Event]:
        self.reads.append(after_n)
        await asyncio.sleep(0)
        if self.is_away:
            raise DatabaseFailure("The ledger cannot be reached.")
        return await super().read(lane, account, after_n, limit)

    def happen(self, place: Place = ADA) -> None:
        """One more event, told to those who listen."""
        self.append_now([NewEvent(*place, 1_000, "usage", b"{}")])
        self.wake([place])


async def seated(stack: AsyncExitStack, feeds: Feeds, events: CountedEvents, count: int) -> tuple[Feed, list[Seat]]:
    """So many readers of one account."""
    seats = [Seat() for _ in range(count)]
    joined = [await stack.enter_async_context(feeds.joined(events, ADA, seat)) for seat in seats]
    assert len({id(feed) for feed in joined}) == 1
    return joined[0], seats


async def soon(act: Awaitable[object]) -> None:
    """For what must come, on a busy machine too."""
    async with asyncio.timeout(30):
        await act


# seats


async def test_a_wake_before_the_wait_is_not_lost_and_many_are_one() -> None:
    seat = Seat()
    seat.wake()
    seat.wake()
    await soon(seat.wait())
    waiting = asyncio.create_task(seat.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    seat.wake()
    await soon(waiting)


async def test_a_wait_that_was_cancelled_leaves_the_seat_as_it_was() -> None:
    seat = Seat()
    waiting = asyncio.create_task(seat.wait())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    seat.wake()
    await soon(seat.wait())


async def test_an_alarm_wakes_and_a_later_one_takes_its_place() -> None:
    seat, clock = Seat(), FakeClock()
    seat.wake_at(clock() + DAY, clock)
    await soon(woken_or_at(seat, clock(), clock))
    await soon(woken_or_at(seat, clock(), clock))
    seat.wake_at(clock() + DAY, clock)
    seat.leave()
    assert seat.has_left


# feeds


async def test_a_piece_of_news_is_read_once_for_all_streams_of_an_account() -> None:
    events, feeds = CountedEvents(), Feeds()
    async with AsyncExitStack() as stack:
        feed, seats = await seated(stack, feeds, events, 100)
        for number in range(3):
            events.reads.clear()
            events.happen()
            for seat in seats:
                await soon(seat.wait())
            pages = await asyncio.gather(*(feed.page(number) for _ in seats))
            assert events.reads == [number]
            assert {id(page) for page in pages} == {id(pages[0])}
            assert [one.n for one in pages[0].events] == [number + 1]
            assert pages[0].whole == b"id: %d\nevent: usage\ndata: {}\n\n" % (number + 1)


async def test_who_is_woken_reads_what_was_committed_before_the_wake() -> None:
    events, feeds = CountedEvents(), Feeds()
    async with AsyncExitStack() as stack:
        feed, (seat,) = await seated(stack, feeds, events, 1)
        assert not (await feed.page(0)).events
        events.happen()
        await soon(seat.wait())
        assert [one.n for one in (await feed.page(0)).events] == [1]


async def test_a_page_that_was_begun_before_a_wake_is_not_given_to_who_asks_after_it() -> None:
    events, feeds = CountedEvents(), Feeds()
    async with AsyncExitStack() as stack:
        feed, (seat,) = await seated(stack, feeds, events, 1)
        begun = asyncio.create_task(feed.page(0))
        await asyncio.sleep(0)
        feed.forget()
        await feed.page(0)
        await begun
        assert events.reads == [0, 0]
        assert not seat.has_left


async def test_a_reading_that_fails_fails_all_and_none_after() -> None:
    events, feeds = CountedEvents(), Feeds()
    async with AsyncExitStack() as stack:
        feed, _ = await seated(stack, feeds, events, 1)
        events.is_away = True
        found = await asyncio.gather(*(feed.page(0) for _ in range(3)), return_exceptions=True)
        assert [type(one) for one in found] == [DatabaseFailure] * 3
        events.is_away = False
        assert not (await feed.page(0)).events


async def test_few_pages_are_kept_at_once() -> None:
    events, feeds = CountedEvents(), Feeds()
    async with AsyncExitStack() as stack:
        feed, _ = await seated(stack, feeds, events, 1)
        for after_n in range(10 * PAGES_MAX):
            await feed.page(after_n)
        assert len(vars(feed)["_pages"]) <= PAGES_MAX


async def test_accounts_have_feeds_of_their_own_that_end_with_their_last_reader() -> None:
    events, feeds = CountedEvents(), Feeds()
    async with feeds.joined(events, ADA, Seat()) as of_ada:
        async with feeds.joined(events, BOB, Seat()) as of_bob, feeds.joined(events, ADA, Seat()) as again:
            assert again is of_ada
            assert of_bob is not of_ada
        assert list(vars(feeds)["_feeds"]) == [ADA]
    assert not vars(feeds)["_feeds"]
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("streams of")]


# the answer


Sent = list[dict[str, object]]


async def never() -> dict[str, object]:
    await asyncio.Event().wait()
    raise AssertionError("never comes")


async def answered(answer: EventsAnswer, method: str, send: Callable[[dict[str, object]], Awaitable[None]]) -> None:
    await soon(answer.send_on({"type": "http", "method": method}, never, send))  # type: ignore[arg-type]


def unnoticed() -> None:
    """For an end that nobody waits for."""


async def three(seat: Seat) -> AsyncIterator[bytes]:
    for piece in (b"1", b"2", b"3"):
        yield piece


async def test_an_answer_that_comes_to_its_end_is_complete() -> None:
    sent: Sent = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await answered(EventsAnswer(200, three, 30, unnoticed), "GET", send)
    assert b"".join(bytes(one.get("body", b"")) for one in sent) == b"123"  # type: ignore[call-overload]
    assert sent[-1]["more_body"] is False


async def test_head_opens_no_stream() -> None:
    sent: Sent = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await answered(EventsAnswer(200, three, 30, unnoticed), "HEAD", send)
    assert [one["type"] for one in sent] == ["http.response.start", "http.response.body"]
    assert sent[1]["body"] == b""


async def test_a_reader_who_takes_nothing_is_dropped_and_the_stream_is_closed() -> None:
    closed: list[bool] = []

    async def endless(seat: Seat) -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"news"
        finally:
            closed.append(seat.has_left)

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.body":
            await never()

    await answered(EventsAnswer(200, endless, 0.01, unnoticed), "GET", send)
    assert closed == [False]
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_who_cancels_an_answer_is_heard() -> None:
    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.body":
            await never()

    task = asyncio.create_task(answered(EventsAnswer(200, three, 30, unnoticed), "GET", send))
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
