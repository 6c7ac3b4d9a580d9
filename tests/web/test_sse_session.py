"""`GET /events`: what happens, as it happens; nothing skipped, nothing repeated, whatever breaks in between."""

import asyncio
import os
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.clock import FakeClock
from tests.support.sites import FakeGate, Listener, Message, Stand, blocks, join, standing

from reelbot.accounts import Accounts
from reelbot.allowance import Ledger
from reelbot.clock import DAY, HOUR, MINUTE, SECOND, instant_from
from reelbot.web.shares import ALL
from reelbot.web.sse_session import HEARTBEAT_SECONDS

MIDNIGHT = instant_from("2026-03-01T23:00:00Z")
"""In Paris: the day ends, the month that began on 1 March does not."""

MONTH_END = instant_from("2026-03-31T22:00:00Z")
"""The day and the month end together."""

METERS = ["ai_credits", "video_generations", "posts", "channels", "storage_bytes"]


def listener(stand: Stand, last: str | None = None, name: str = "ada", after: str | None = None) -> Listener:
    return Listener(stand.app, stand.keys[name], last, after)


def meters(told: Sequence[Message]) -> list[str]:
    return [one.data["meter"] for one in told]


def ids(told: Sequence[Message]) -> list[str]:
    return [one.id or "" for one in told]


def last_id(stream: Listener) -> str:
    """What a browser would resume from."""
    return [one.id for one in stream.messages if one.id is not None][-1]


def ever_increasing(told: Sequence[Message]) -> bool:
    numbers = [Decimal(one) for one in ids(told)]
    return all(one < other for one, other in pairwise(numbers))


async def beat(stand: Stand, stream: Listener) -> list[Message]:
    """Let a heartbeat pass; whatever was to be told before it has then been told."""
    blocks_before = len(stream.messages)
    stand.time.advance(HEARTBEAT_SECONDS * SECOND)
    await stream.until(lambda: any(one.id is None for one in stream.messages[blocks_before:]) or stream.ended)
    return stream.told


async def test_a_stream_begins_with_its_place_and_tells_what_happens(stand: Stand) -> None:
    async with listener(stand) as stream:
        assert stream.status == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["cache-control"] == "no-store"
        assert stream.told == []
        await stand.hold(25)
        (message,) = await stream.count(1)
    usage = (await stand.get("/usage")).json()
    assert (message.event, message.data) == ("usage", usage["meters"][0])
    assert message.id == usage["cursor"].partition(".")[0]


async def test_every_touched_meter_has_a_message(stand: Stand) -> None:
    async with listener(stand) as stream:
        body = {"items": [{"action": "script"}, {"action": "render"}]}
        await stand.post("/holds", body)
        assert meters(await stream.count(2)) == ["ai_credits", "video_generations"]


async def test_a_stream_is_of_ones_own_account_only(stand: Stand) -> None:
    async with listener(stand, name="bob") as bob, listener(stand) as ada:
        await stand.hold(25)
        await ada.count(1)
        assert await beat(stand, bob) == []


async def test_an_idle_reconnect_loses_nothing(stand: Stand) -> None:
    async with listener(stand) as stream:
        place = last_id(stream)
    await stand.hold(25)
    async with listener(stand, place) as stream:
        assert [one.data["held"] for one in await stream.count(1)] == [25]


async def test_a_stream_goes_on_behind_the_figures_of_usage(stand: Stand) -> None:
    await stand.hold(1)
    cursor = (await stand.get("/usage")).json()["cursor"]
    await stand.hold(2)
    async with listener(stand, after=cursor) as stream:
        assert [one.data["held"] for one in await stream.count(1)] == [3]
        assert len(await beat(stand, stream)) == 1


async def test_the_header_goes_before_the_query(stand: Stand) -> None:
    """A browser reconnects to the address it knows, with the header that counts."""
    for amount in (1, 2, 3):
        await stand.hold(amount)
    first = (await stand.ledger.events.last(*stand.accounts["ada"][:2])) - 2
    async with listener(stand, last=str(first + 1), after=str(first)) as stream:
        assert [one.data["held"] for one in await stream.count(1)] == [6]


async def test_five_hundred_events_over_broken_connections_come_once_each(stand: Stand) -> None:
    chance = random.Random(17)
    await join(stand, "eve", "enterprise")
    first = int((await stand.get("/usage", "eve")).json()["cursor"].partition(".")[0])

    async def place_holds() -> None:
        for number in range(500):
            await stand.ledger.hold(stand.accounts["eve"], {"ai_credits": 1}, key=f"h{number}")

    told: list[Message] = []
    place: str | None = str(first)
    writer = asyncio.create_task(place_holds())
    while len(told) < 500:
        async with listener(stand, place, "eve") as stream:
            await stream.count(chance.randint(1, min(60, 500 - len(told))))
        told.extend(stream.told)
        place = last_id(stream)
    await writer
    assert [int(one) for one in ids(told)] == list(range(first + 1, first + 501))
    assert [one.data["held"] for one in told] == list(range(1, 501))


async def test_a_long_absence_is_caught_up_page_by_page(stand: Stand) -> None:
    await join(stand, "eve", "enterprise")
    for number in range(1_100):
        await stand.ledger.hold(stand.accounts["eve"], {"ai_credits": 1}, key=f"h{number}")
    async with listener(stand, after="0", name="eve") as stream:
        told = await stream.count(1_105)
        assert len(await beat(stand, stream)) == 1_105
    assert ids(told) == [str(n) for n in range(1, 1_106)]


# turns of windows


async def test_a_turn_is_told_once_for_each_meter_at_the_moment_it_comes(stand: Stand) -> None:
    await stand.hold(25)
    async with listener(stand) as stream:
        stand.time.move_to(MIDNIGHT - 1)
        assert await beat_without_moving(stand, stream) == []
        stand.time.move_to(MIDNIGHT)
        (turn,) = await stream.count(1)
        assert (turn.data["meter"], turn.data["used"], turn.data["held"]) == ("ai_credits", 0, 0)
        assert turn.data["window"]["starts_at"] == "2026-03-01T23:00:00Z"
        assert turn.id == f"{place_of(stream)}.{MIDNIGHT // SECOND}9"
        assert len(await beat(stand, stream)) == 1
        await stand.hold(3)
        told = await stream.count(2)
        assert ever_increasing(told)


def place_of(stream: Listener) -> str:
    """The number of the event that a stream began behind."""
    return str(stream.messages[0].id).partition(".")[0]


async def beat_without_moving(stand: Stand, stream: Listener) -> list[Message]:
    """Let all tasks run until none has anything to do."""
    for _ in range(20):
        await asyncio.sleep(0)
    return stream.told


async def test_every_meter_whose_window_turned_has_its_message(stand: Stand) -> None:
    stand.time.move_to(MONTH_END - HOUR)
    async with listener(stand) as stream:
        stand.time.move_to(MONTH_END)
        told = await stream.count(3)
        assert meters(told) == ["ai_credits", "video_generations", "posts"]
        assert [one[-1] for one in ids(told)] == ["0", "1", "9"]
        assert ever_increasing(told)
        assert len(await beat(stand, stream)) == 3


async def test_many_days_are_told_one_by_one_to_who_is_there(stand: Stand) -> None:
    async with listener(stand) as stream:
        for day in range(5):
            stand.time.move_to(MIDNIGHT + day * DAY)
            await stream.count(day + 1)
        assert ever_increasing(stream.told)


async def test_missed_turns_are_told_once_and_only_the_last_of_each_meter(stand: Stand) -> None:
    async with listener(stand) as stream:
        place = last_id(stream)
    stand.time.move_to(MIDNIGHT + 4 * DAY + HOUR)
    async with listener(stand, place) as stream:
        (turn,) = await stream.count(1)
        assert turn.data["window"]["starts_at"] == "2026-03-05T23:00:00Z"
        assert len(await beat(stand, stream)) == 1
        place = last_id(stream)
    async with listener(stand, place) as stream:
        assert await beat(stand, stream) == [], "what was seen is not repeated"


async def test_a_turn_that_was_cut_in_the_middle_is_told_to_its_end(stand: Stand) -> None:
    stand.time.move_to(MONTH_END)
    n = await stand.ledger.events.last(*stand.accounts["ada"][:2])
    second = MONTH_END // SECOND
    for seen, rest in {"0": ["video_generations", "posts"], "1": ["posts"], "9": []}.items():
        async with listener(stand, f"{n}.{second}{seen}") as stream:
            assert meters(await beat(stand, stream)) == rest


async def test_a_missed_turn_stands_between_the_events_before_and_after_it(stand: Stand) -> None:
    async with listener(stand) as stream:
        place = last_id(stream)
    await stand.hold(25)
    stand.time.move_to(MIDNIGHT + MINUTE)
    await stand.hold(5)
    async with listener(stand, place) as stream:
        told = await stream.count(3)
        assert [one.data["held"] for one in told] == [25, 0, 5]
        assert ever_increasing(told)
        middle, final = ids(told)[1:]
    for seen, rest in {ids(told)[0]: [0, 5], middle: [5], final: []}.items():
        async with listener(stand, seen) as stream:
            assert [one.data["held"] for one in await beat(stand, stream)] == rest


async def test_a_turn_is_told_to_who_resumes_behind_an_event_of_the_day_before(stand: Stand) -> None:
    await stand.hold(25)
    n = await stand.ledger.events.last(*stand.accounts["ada"][:2])
    stand.time.move_to(MIDNIGHT + MINUTE)
    async with listener(stand, str(n)) as stream:
        assert [one.data["held"] for one in await beat(stand, stream)] == [0]


async def test_an_event_of_the_new_day_waits_for_the_turn(stand: Stand) -> None:
    """The clock of the process that wrote it was a little ahead of this one's."""
    stand.time.move_to(MIDNIGHT - 40)
    ahead = FakeClock(MIDNIGHT + 10)
    async with other_process(stand, ahead) as ledger, listener(stand) as stream:
        await ledger.hold(stand.accounts["ada"], {"ai_credits": 5}, key="early")
        assert await beat_without_moving(stand, stream) == []
        stand.time.move_to(MIDNIGHT)
        told = await stream.count(2)
        assert [one.data["held"] for one in told] == [0, 5]
        assert ever_increasing(told)


@asynccontextmanager
async def other_process(stand: Stand, clock: FakeClock) -> AsyncIterator[Ledger]:
    """Another ledger on the same store, with its own clock."""
    ledger = Ledger(stand.ledger.store, stand.ledger.events, stand.ledger.terms, clock, None)
    await ledger.start()
    yield ledger
    await ledger.stop()


async def test_a_change_of_zone_moves_the_turn(stand: Stand) -> None:
    async with listener(stand) as stream:
        await move(stand, "America/New_York")
        told = await stream.count(5)
        assert meters(told) == METERS
        stand.time.move_to(MIDNIGHT)
        assert len(await beat(stand, stream)) == 5, "the day that runs ends with that of New York"
        stand.time.move_to(instant_from("2026-03-02T05:00:00Z"))
        assert meters((await stream.count(6))[5:]) == ["ai_credits"]


async def move(stand: Stand, zone: str) -> None:
    answer = await stand.send("PATCH", "/account", {"timezone": zone, "confirm": True})
    assert answer.json()["changed"] is True


async def test_a_turn_that_comes_earlier_again_is_told_when_it_comes(stand: Stand) -> None:
    await move(stand, "America/New_York")
    async with listener(stand) as stream:
        await move(stand, "Europe/Paris")
        assert meters(await stream.count(5)) == METERS
        stand.time.move_to(MIDNIGHT)
        (turned,) = (await stream.count(6))[5:]
        assert (turned.data["meter"], turned.data["window"]["starts_at"]) == ("ai_credits", "2026-03-01T23:00:00Z")


# places that cannot be resumed from


async def full_state(stand: Stand, place: str) -> list[Message]:
    async with listener(stand, place) as stream:
        told = await stream.count(5)
        assert meters(told) == METERS
        assert [one.data for one in told] == (await stand.get("/usage")).json()["meters"]
        await stand.hold(1)
        (news,) = (await stream.count(6))[5:]
        assert news.data["meter"] == "ai_credits"
        assert ever_increasing(stream.told)
    async with listener(stand, ids(told)[-1]) as stream:
        assert ids(await stream.count(1)) == [news.id]
    return told


@pytest.mark.parametrize("place", ["99", "99.17723976009", "6.99999999999"])
async def test_a_place_in_the_future_begins_again_with_the_full_state(stand: Stand, place: str) -> None:
    await stand.hold(25)
    await full_state(stand, place)


async def test_a_place_whose_events_are_gone_begins_again_with_the_full_state(stand: Stand) -> None:
    for _ in range(4):
        await stand.hold(1)
    stand.time.advance(HOUR)
    await stand.hold(1)
    await stand.ledger.events.prune(stand.clock())
    assert await stand.ledger.events.oldest(*stand.accounts["ada"][:2]) == 10
    await full_state(stand, "8")


async def test_a_place_right_behind_what_is_gone_is_resumed(stand: Stand) -> None:
    cursor = (await stand.get("/usage")).json()["cursor"]
    stand.time.advance(HOUR)
    await stand.hold(1)
    await stand.ledger.events.prune(stand.clock())
    async with listener(stand, cursor) as stream:
        assert len(await beat(stand, stream)) == 1


async def test_a_full_state_that_was_cut_is_told_again(stand: Stand) -> None:
    async with listener(stand, "99") as stream:
        cut = ids(await stream.count(5))[2]
    stand.time.advance(MINUTE)
    async with listener(stand, cut) as stream:
        assert meters(await stream.count(5)) == METERS


# how streams end


async def test_a_silent_stream_says_that_it_is_alive(stand: Stand) -> None:
    async with listener(stand) as stream:
        for _ in range(3):
            await beat(stand, stream)
        assert len([one for one in stream.messages if one.id is None]) == 3
        assert stream.told == []


async def test_the_stream_of_a_revoked_key_ends_within_a_heartbeat(stand: Stand) -> None:
    async with listener(stand) as stream:
        gate, ada = stand.site.accounts, stand.accounts["ada"]
        if isinstance(gate, Accounts):
            await gate.revoke_key(ada.lane, ada.id, 1)
        else:
            assert isinstance(gate, FakeGate)
            gate.keys.clear()
        stand.time.advance(HEARTBEAT_SECONDS * SECOND)
        await stream.until(lambda: stream.ended)


async def test_streams_end_when_the_server_stops(stand: Stand) -> None:
    async with listener(stand) as ada, listener(stand, name="bob") as bob:
        assert len(stand.site.streams) == 2
        stand.site.streams.close()
        await ada.until(lambda: ada.ended)
        await bob.until(lambda: bob.ended)
    assert len(stand.site.streams) == 0


async def test_a_reader_who_leaves_is_forgotten(stand: Stand) -> None:
    async with listener(stand):
        assert len(stand.site.streams) == 1
    assert len(stand.site.streams) == 0


def with_streams(stand: Stand, **bounds: int) -> None:
    """Bounds of streams for a stand that has none open yet."""
    stand.site.streams.shares = ALL._replace(**bounds)


async def test_too_many_streams_are_refused(stand: Stand) -> None:
    with_streams(stand, streams=1)
    async with listener(stand), listener(stand, name="bob") as refused:
        assert refused.status == 503


async def test_who_opens_all_streams_they_can_leaves_as_many_to_the_others(stand: Stand) -> None:
    with_streams(stand, streams=4)
    async with listener(stand), listener(stand):
        async with listener(stand) as refused:
            assert refused.status == 429
            assert refused.headers["retry-after"]
        async with listener(stand, name="bob") as other:
            assert other.status == 200
    async with listener(stand) as again:
        assert again.status == 200


async def test_a_reader_who_takes_nothing_is_dropped(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reelbot.web.api.events.SEND_SECONDS_MAX", 0.01)
    async with Listener(stand.app, stand.keys["ada"], takes=False) as stream:
        await stream.until(lambda: stream.ended)
    assert len(stand.site.streams) == 0


# more than one process


async def test_processes_on_one_postgres_hear_of_each_other(postgres_url: str, clock: FakeClock) -> None:
    async with standing(postgres_url, clock) as one, standing(postgres_url, clock) as other:
        assert one.accounts == other.accounts
        async with listener(one) as ada, listener(other) as ada_elsewhere:
            for number in range(1, 11):
                await (one if number % 2 else other).hold(1)
            for stream in (ada, ada_elsewhere):
                assert [message.data["held"] for message in await stream.count(10)] == list(range(1, 11))
        place = ada.told[3].id
        async with listener(other, place) as resumed:
            assert await resumed.count(6) == ada.told[4:]


# a real server


@asynccontextmanager
async def served(address: str, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """A server in a process of its own, that answers."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    command = (sys.executable, "-m", "tests.support.served_site", address, str(port))
    process = await asyncio.create_subprocess_exec(*command, cwd=root, env=environment, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def events_in(got: Sequence[Message]) -> list[int]:
    """The numbers of the events, without the turns of windows."""
    return [int(one.id) for one in got if one.id is not None and "." not in one.id]


async def read(http: httpx.AsyncClient, place: str, count: int, got: list[Message]) -> None:
    """Read a real stream until so many events are there, or the connection breaks."""
    text = ""
    async with http.stream("GET", "/api/v1/events", headers={"Last-Event-ID": place}, timeout=30) as answer:
        async for piece in answer.aiter_text():
            whole, end, text = (text + piece).rpartition("\n\n")
            got.extend(one for one in blocks(whole + end) if one.event is not None)
            if len(events_in(got)) >= count:
                return


async def test_a_stream_resumes_after_the_server_was_killed(sqlite_url: str, clock: FakeClock) -> None:
    async with standing(sqlite_url, clock) as stand:
        await stand.ledger.change_plan(stand.accounts["ada"], "enterprise", key="up", by="operator")
        key = stand.keys["ada"]
        first = await stand.ledger.events.last(*stand.accounts["ada"][:2])
    port = free_port()
    got: list[Message] = []
    accepted = 0
    for round_number in range(3):
        async with served(sqlite_url, port) as process, caller(port, key) as http:
            place = got[-1].id if got else f"{first}.{clock() // SECOND}9"
            reader = asyncio.create_task(read(http, str(place), 10_000, got))
            for number in range(20):
                accepted += await placed(http, f"{round_number}-{number}")
            process.send_signal(signal.SIGKILL)
            await asyncio.gather(reader, return_exceptions=True)
    async with served(sqlite_url, port), caller(port, key) as http:
        await read(http, str(got[-1].id), accepted, got)
    assert accepted == 60
    assert events_in(got) == list(range(first + 1, first + 61))
    assert ever_increasing(got)
    assert len(got) - 60 == 3, "the day and both months have turned since the place where it began, once each"


@asynccontextmanager
async def caller(port: int, key: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as http:
        yield http


async def placed(http: httpx.AsyncClient, key: str) -> int:
    body: dict[str, Any] = {"lines": [{"meter": "ai_credits", "amount": 1}]}
    answer = await http.post("/api/v1/holds", json=body, headers={"Idempotency-Key": key})
    return int(answer.status_code == 201)


async def test_a_server_that_is_told_to_stop_ends_its_streams_well(sqlite_url: str, clock: FakeClock) -> None:
    async with standing(sqlite_url, clock) as stand:
        key = stand.keys["ada"]
    port = free_port()
    async with served(sqlite_url, port) as process, caller(port, key) as http:
        async with http.stream("GET", "/api/v1/events", timeout=30) as answer:
            pieces = answer.aiter_text()
            assert (await anext(pieces)).startswith("id: ")
            process.send_signal(signal.SIGTERM)
            assert [piece async for piece in pieces] == [], "the stream ends without an error"
        async with asyncio.timeout(20):
            await process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
