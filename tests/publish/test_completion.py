"""What becomes of a post when publishing fails, when its worker dies, and when two workers want it: never two posts."""

import asyncio
from typing import Any

import pytest
from tests.publish.stage import Killed, PublishStage
from tests.support.clock import FakeClock
from tests.support.writes import breaking_at

from reelbot.allowance import Receipt
from reelbot.clock import DAY, SECOND
from reelbot.errors import DatabaseFailure
from reelbot.publish import PlatformFailure, Post
from reelbot.publish.limits import ATTEMPTS_MAX, BACKOFF_SECONDS, LEASE_SECONDS

LEASE_MS = round(LEASE_SECONDS * SECOND)


def refused() -> PlatformFailure:
    return PlatformFailure("refused", "The platform does not take this.", "Shorten the title.")


def hiccup() -> PlatformFailure:
    return PlatformFailure("overrun", "The platform is overrun.", is_retryable=True)


def in_order(clock: FakeClock, attempt: int) -> None:
    clock.advance(round(BACKOFF_SECONDS[attempt] * SECOND))


async def test_a_refused_post_gives_its_place_back_and_may_be_sent_again(each_stage: PublishStage) -> None:
    stage = each_stage
    stage.platform.before.append(refused())
    sent = await stage.send(await stage.connect())
    await stage.work()
    post = await stage.post(sent)
    assert post.failure is not None and post.failure.hint == "Shorten the title."
    assert (post.state, await stage.posts()) == ("failed", (0, 0))
    again = await stage.publishing.publish(stage.ada, sent.post, "again")
    assert again.hold != sent.hold
    await stage.work()
    post = await stage.post(sent)
    assert (post.state, post.failure, await stage.posts()) == ("published", None, (1, 0))


async def test_a_hiccup_is_tried_again_after_a_pause_and_counts_once(
    each_stage: PublishStage, clock: FakeClock
) -> None:
    stage = each_stage
    stage.platform.before.append(hiccup())
    sent = await stage.send(await stage.connect())
    await stage.work()
    post = await stage.post(sent)
    assert (post.state, post.attempts, await stage.posts()) == ("queued", 1, (0, 1))
    await stage.work()
    assert stage.platform.asked == ["publish"]
    in_order(clock, 0)
    await stage.work()
    assert stage.platform.asked == ["publish", "found", "publish"]
    assert ((await stage.post(sent)).state, await stage.posts()) == ("published", (1, 0))


async def test_an_answer_that_was_lost_is_found_and_nothing_is_published_again(
    each_stage: PublishStage, clock: FakeClock
) -> None:
    stage = each_stage
    stage.platform.after.append(hiccup())
    sent = await stage.send(await stage.connect())
    await stage.work()
    in_order(clock, 0)
    await stage.work()
    assert stage.platform.asked == ["publish", "found"]
    assert ((await stage.post(sent)).state, await stage.posts()) == ("published", (1, 0))


async def test_after_the_last_try_it_is_looked_once_more_and_then_given_back(
    stage: PublishStage, clock: FakeClock
) -> None:
    stage.platform.before.extend(hiccup() for _ in range(ATTEMPTS_MAX))
    sent = await stage.send(await stage.connect())
    for attempt in range(ATTEMPTS_MAX):
        await stage.work()
        assert (await stage.post(sent)).state == "queued"
        in_order(clock, attempt)
    await stage.work()
    post = await stage.post(sent)
    assert post.failure is not None and post.failure.code == "overrun"
    assert (post.state, await stage.posts()) == ("failed", (0, 0))
    assert stage.platform.asked.count("publish") == ATTEMPTS_MAX
    assert stage.platform.asked[-1] == "found"


async def test_a_post_that_arrived_with_the_last_try_counts(stage: PublishStage, clock: FakeClock) -> None:
    stage.platform.before.extend(hiccup() for _ in range(ATTEMPTS_MAX - 1))
    stage.platform.after.append(hiccup())
    sent = await stage.send(await stage.connect())
    for attempt in range(ATTEMPTS_MAX):
        await stage.work()
        in_order(clock, attempt)
    await stage.work()
    assert ((await stage.post(sent)).state, await stage.posts()) == ("published", (1, 0))


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_killed_worker_is_replaced_and_nothing_is_published_twice(
    each_stage: PublishStage, clock: FakeClock, moment: str
) -> None:
    stage = each_stage
    getattr(stage.platform, moment).append(Killed())
    sent = await stage.send(await stage.connect())
    with pytest.raises(Killed):
        await stage.work()
    await stage.work()
    assert (await stage.post(sent)).state == "publishing"
    clock.advance(LEASE_MS)
    await stage.work()
    assert ((await stage.post(sent)).state, await stage.posts()) == ("published", (1, 0))
    assert stage.platform.arrived == {sent.post: 1}


async def test_a_post_whose_workers_die_again_and_again_is_given_back(stage: PublishStage, clock: FakeClock) -> None:
    stage.platform.before.extend(Killed() for _ in range(ATTEMPTS_MAX))
    sent = await stage.send(await stage.connect())
    for _ in range(ATTEMPTS_MAX):
        with pytest.raises(Killed):
            await stage.work()
        clock.advance(LEASE_MS)
    await stage.work()
    post = await stage.post(sent)
    assert post.failure is not None and post.failure.code == "crashed"
    assert (post.state, await stage.posts()) == ("failed", (0, 0))


async def test_a_worker_that_was_overtaken_writes_nothing(each_stage: PublishStage, clock: FakeClock) -> None:
    stage = each_stage
    other = stage.beside()

    async def overtake() -> None:
        clock.advance(LEASE_MS)
        await other.run_all()

    stage.platform.after.append(overtake)
    sent = await stage.send(await stage.connect())
    await stage.work()
    post = await stage.post(sent)
    assert (post.state, post.fence, await stage.posts()) == ("published", 2, (1, 0))
    assert [state for _, state, _ in await stage.told()].count("published") == 1


async def test_a_ticket_is_durable_before_the_platform_begins(each_stage: PublishStage, clock: FakeClock) -> None:
    stage = each_stage
    stage.platform.gives_ticket = True
    stage.platform.before.append(Killed())
    sent = await stage.send(await stage.connect())
    with pytest.raises(Killed):
        await stage.work()
    assert (await stage.post(sent)).ticket == "ticket-0"
    clock.advance(LEASE_MS)
    await stage.work()
    assert stage.platform.asked == ["publish", "found ticket-0", "publish"]


async def test_a_ticket_is_refused_to_a_worker_that_was_overtaken(stage: PublishStage, clock: FakeClock) -> None:
    sent = await stage.send(await stage.connect())
    seen: list[Post] = []

    async def overtaken() -> None:
        seen.append(await stage.post(sent))
        clock.advance(LEASE_MS)
        await stage.beside().run_all()
        assert not await stage.publishing._room.store.note_ticket(seen[0], "late")

    stage.platform.before.append(overtaken)
    stage.platform.after.append(lambda: stage.platform.arrived.subtract([sent.post]))
    await stage.work()
    assert (await stage.post(sent)).ticket == ""


async def test_two_workers_publish_everything_once(each_stage: PublishStage) -> None:
    stage = each_stage
    channel = await stage.connect()
    sent = [await stage.send(channel) for _ in range(6)]
    workers = [stage.beside(), stage.beside()]
    await asyncio.gather(*(worker.run_all() for worker in workers))
    assert stage.platform.arrived == {one.post: 1 for one in sent}
    assert await stage.posts() == (6, 0)


async def test_a_worker_in_the_background_publishes_what_it_is_told_of_and_ends_cleanly(stage: PublishStage) -> None:
    worker = stage.publishing.worker
    worker.start()
    async with stage.ledger.events.subscribe(stage.ada.lane, stage.ada.id) as wakes:
        sent = await stage.send(await stage.connect())
        while (await stage.post(sent)).state != "published":
            await asyncio.wait_for(wakes.wait(), 60)
    await worker.stop()
    assert await stage.posts() == (1, 0)


async def test_a_heartbeat_keeps_the_lease_while_the_platform_is_slow(stage: PublishStage, clock: FakeClock) -> None:
    worker = stage.beside(lease_seconds=0.06)
    held: list[int] = []

    async def slow() -> None:
        clock.advance(10 * SECOND)
        for _ in range(2_000):
            post = await stage.post(sent)
            held.append(post.due_at)
            if post.due_at > clock():
                return
            await asyncio.sleep(0.005)

    stage.platform.before.append(slow)
    sent = await stage.send(await stage.connect())
    await worker.run_all()
    assert held[-1] > clock()


async def test_a_post_that_waits_for_weeks_counts_in_the_month_in_which_it_was_sent(
    stage: PublishStage, clock: FakeClock
) -> None:
    stage.platform.after.append(Killed())
    sent = await stage.send(await stage.connect())
    with pytest.raises(Killed):
        await stage.work()
    clock.advance(60 * DAY)
    assert await stage.ledger.sweeper.sweep() == 0
    await stage.work()
    facts = await stage.ledger.hold_facts(stage.ada, sent.hold)
    assert facts is not None
    assert (facts.state, facts.owner, facts.expires_at, facts.lines[0].settled) == ("settled", sent.post, None, 1)
    assert ((await stage.post(sent)).state, await stage.posts()) == ("published", (0, 0))


async def test_there_is_no_hold_without_its_post(stage: PublishStage, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = await stage.connect()

    with monkeypatch.context() as patched:
        store = stage.publishing._room.store
        patched.setattr(store, "carry_out", breaking_at(store, "await_turn", ZeroDivisionError()))
        with pytest.raises(ZeroDivisionError):
            await stage.send(channel)
    assert await stage.posts() == (0, 0)


async def test_a_post_from_before_holds_had_owners_is_told_as_it_is(
    stage: PublishStage, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = stage.ledger.hold

    async def before(*given: Any, owner: str, **named: Any) -> Receipt:
        return await hold(*given, expires_in=2 * 86_400, **named)

    channel = await stage.connect()
    with monkeypatch.context() as patched:
        patched.setattr(stage.ledger, "hold", before)
        sent = await stage.send(channel)
    clock.advance(3 * DAY)
    await stage.ledger.sweeper.sweep()
    await stage.work()
    assert ((await stage.post(sent)).state, await stage.posts()) == ("published", (0, 0))
    (fault,) = (await stage.ledger.verify([stage.publishing.deliveries])).faults
    assert (fault.what, fault.place) == ("uncharged", sent.post)
    await stage.publishing.remove(stage.ada, sent.post)


async def test_a_database_that_is_away_at_the_end_is_asked_again(
    stage: PublishStage, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = await stage.send(await stage.connect())

    with monkeypatch.context() as patched:
        store = stage.publishing._room.store
        patched.setattr(store, "carry_out", breaking_at(store, "leave_turns", DatabaseFailure("away")))
        await stage.work()
    assert (await stage.post(sent)).state == "publishing"
    clock.advance(LEASE_MS)
    await stage.work()
    assert ((await stage.post(sent)).state, await stage.posts()) == ("published", (1, 0))
    assert stage.platform.asked == ["publish", "found"]


async def test_a_defect_of_a_platform_is_tried_again_and_given_back_in_the_end(
    stage: PublishStage, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    stage.platform.before.extend(ZeroDivisionError() for _ in range(ATTEMPTS_MAX))
    sent = await stage.send(await stage.connect())
    for _ in range(ATTEMPTS_MAX + 1):
        await stage.work()
        clock.advance(LEASE_MS)
    assert ((await stage.post(sent)).state, await stage.posts()) == ("failed", (0, 0))
    assert "A defect" in caplog.text


async def test_a_video_whose_file_is_gone_costs_nothing(stage: PublishStage) -> None:
    sent = await stage.send(await stage.connect())
    video = await stage.stage.studio.video(stage.ada, stage.video)
    stage.stage.room.files.path(video.facts.files.mp4).unlink()
    await stage.work()
    post = await stage.post(sent)
    assert post.failure is not None and post.failure.code == "file_missing"
    assert (post.state, await stage.posts()) == ("failed", (0, 0))
