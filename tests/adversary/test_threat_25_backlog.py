"""A backlog is its owner's own: whoever asked for much keeps nobody else waiting for more than a turn of each."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.publish.stage import publish_staged
from tests.studio.scripted import Act, Scripted
from tests.studio.stage import ALL, Stage, generation, plan_of, staged, step
from tests.support.clock import FakeClock

from reelbot.allowance import AccountRef
from reelbot.clock import SECOND
from reelbot.publish import ChannelAsked, PublicationAsked
from reelbot.queue import head_start
from reelbot.queue.limits import HEAD_START_MAX, TURN
from reelbot.records import Owner
from reelbot.studio.core.job import Job
from reelbot.studio.core.requests import DraftAsked
from reelbot.studio.jobs.enqueue import Begun
from reelbot.studio.jobs.worker import JobWorker
from reelbot.studio.limits import JOBS_RUNNING_MAX

BACKLOG = 60
WAITING: list[Act] = ["waiting"] * 10_000


@pytest.fixture
async def stage(emptied_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Stage]:
    """A studio with a provider that works at once and one that takes jobs of its own."""
    providers = [Scripted(), Scripted("slow", queued=("animation", "image"))]
    async with staged(emptied_url, tmp_path / "studio", clock, providers) as opened:
        yield opened
        await opened.require_sound()


async def asked(stage: Stage, account: AccountRef, number: int = 0) -> Begun:
    """One job of an account, about something that nobody has made before."""
    kept, _ = await stage.studio.open(account, DraftAsked(flow="narrated", topic="cats"))
    wanted = generation(step("topic", keywords=f"{account.name} {number}"))
    return await stage.studio.generate(account, kept.id, wanted, f"for {kept.id}")


async def taken(worker: JobWorker) -> Job:
    job = await worker._taken("work")
    assert job is not None
    return job


async def test_a_newcomer_among_backlogs_is_served_within_a_turn_of_each(stage: Stage) -> None:
    greedy = [await stage.ledger.account(f"greedy {n}", plan="enterprise") for n in range(3)]
    for account in greedy:
        for number in range(BACKLOG // 3):
            await asked(stage, account, number)
    worker = stage.beside()
    for _ in range(7):
        await worker._run(worker._claim(await taken(worker), None))
    newcomer = await stage.ledger.account("newcomer", plan="free")
    for number in range(3):  # also when it comes again
        begun = await asked(stage, newcomer, number)
        waited = -1  # its own turn is none that it waits for
        while (await stage.studio.job(newcomer, begun.job)).state == "queued":
            await worker._run(worker._claim(await taken(worker), None))
            waited += 1
        assert waited <= len(greedy) + 1
    await stage.worker.run_all()


def test_the_head_start_of_a_plan_is_bounded_by_less_than_two_turns() -> None:
    starts = [head_start(rank) for rank in range(100)]
    assert starts == sorted(starts)
    assert (starts[0], max(starts)) == (0, HEAD_START_MAX)
    assert HEAD_START_MAX < 2 * TURN


async def test_of_two_that_wait_equally_long_the_higher_plan_is_served_first(stage: Stage) -> None:
    free, rich = [await stage.ledger.account(plan, plan=plan) for plan in ("free", "enterprise")]
    for number in range(4):
        for account in (free, rich):
            await asked(stage, account, number)
    worker, order = stage.beside(), []
    for _ in range(6):
        job = await taken(worker)
        order.append("free" if job.account == free.id else "rich")
        await worker._run(worker._claim(job, None))
    assert order == ["rich", "free", "rich", "rich", "free", "rich"]
    await stage.worker.run_all()


async def test_previews_take_no_place_that_a_render_needs_and_one_of_an_account_runs_at_once(stage: Stage) -> None:
    drafts = [await stage.finished() for _ in range(2)]
    going, gate = asyncio.Event(), asyncio.Event()

    async def held_up() -> None:
        going.set()
        await gate.wait()

    stage.maker.acts.append(held_up)  # the first preview
    previews = [await stage.studio.preview(stage.ada, draft, f"look at {draft}") for draft in drafts]
    stage.worker = stage.beside(jobs=1)
    stage.worker.start()
    await asyncio.wait_for(going.wait(), 60)
    render = await stage.render(drafts[0])
    stage.worker.look()
    assert (await stage.ended(render)).state == "succeeded"  # while the preview has not ended
    assert sorted([(await stage.job(one)).state for one in previews]) == ["queued", "running"]
    gate.set()
    for one in previews:
        assert (await stage.ended(one)).state == "succeeded"
    await stage.worker.stop()


async def test_waiting_for_a_provider_holds_no_place_that_a_render_needs(stage: Stage) -> None:
    draft, others = await stage.finished(), [await stage.open() for _ in range(JOBS_RUNNING_MAX + 1)]
    slow = stage.room.registry.provider("slow")
    assert isinstance(slow, Scripted)
    slow.will("poll", *WAITING)
    waiting = [await stage.generate(one, step("image", provider="slow", prompt=one)) for one in others]
    worker = stage.beside(jobs=1)
    worker.start()
    while len(slow.asked) < len(others):
        await asyncio.sleep(0.01)
    render = await stage.render(draft)
    worker.look()
    assert (await stage.ended(render)).state == "succeeded"
    assert {(await stage.job(one)).state for one in waiting} == {"running"}
    slow._acts.clear()
    for one in waiting:
        assert (await stage.ended(one)).state == "succeeded"
    while worker.running:
        await asyncio.sleep(0.01)
    assert worker._places["work"]._free == 1
    await worker.stop()


async def test_waiting_for_the_answer_of_a_provider_elsewhere_holds_no_place_either(stage: Stage) -> None:
    draft, others = await stage.finished(), [await stage.open() for _ in range(JOBS_RUNNING_MAX + 1)]
    asked_at_once, gate = stage.room.registry.provider("scripted"), asyncio.Event()
    assert isinstance(asked_at_once, Scripted)
    before = len(asked_at_once.asked)
    asked_at_once.will("run", *[gate] * len(others))
    waiting = [await stage.generate(one, step("image", prompt=one)) for one in others]
    worker = stage.beside(jobs=1)
    worker.start()
    while len(asked_at_once.asked) - before < len(others):
        await asyncio.sleep(0.01)
    render = await stage.render(draft)
    worker.look()
    assert (await stage.ended(render)).state == "succeeded"
    assert {(await stage.job(one)).state for one in waiting} == {"running"}
    gate.set()
    for one in waiting:
        assert (await stage.ended(one)).state == "succeeded"
    while worker.running:
        await asyncio.sleep(0.01)
    assert worker._places["work"]._free == 1
    await worker.stop()


async def test_a_job_that_is_cancelled_while_it_is_away_gives_no_place_twice(stage: Stage) -> None:
    slow = stage.room.registry.provider("slow")
    assert isinstance(slow, Scripted)
    slow.will("poll", *WAITING)
    begun = await stage.generate(await stage.open(), step("image", provider="slow"))
    worker = stage.beside(jobs=1)
    stage.studio.worker = worker
    worker.start()
    while not any(run.is_away for run in worker.running):
        await asyncio.sleep(0.01)
    await stage.studio.cancel(stage.ada, begun.job)
    assert (await stage.ended(begun)).state == "cancelled"
    while worker.running:
        await asyncio.sleep(0.01)
    assert (worker._places["work"]._free, len(slow.called_off)) == (1, 1)
    await worker.stop()


MANY = """
INSERT INTO job (lane, account, number, kind, draft, state, priority, due_at, progress, message, request, tasks, created_at)
SELECT 0, 1 + number % 100, number, 'generation', number, 'queued', 1, number, 0, '', '{}', '[]', number
  FROM generate_series(1, 20000) AS number;
INSERT INTO turn (lane, account, pool, served, place, head_start, waits)
SELECT 0, number, 'work', number, number, 0, number <= 100 FROM generate_series(1, 10000) AS number
ON CONFLICT DO NOTHING;
ANALYZE turn
"""


async def test_a_claim_finds_whose_turn_it_is_by_an_index_however_long_queues_are(stage: Stage) -> None:
    statement = stage.room.store._sql["list_due"]
    plan = await plan_of(stage, statement, (10**9, 10**9, 4, 0, "work", 10**9, 2, 1), MANY)
    assert "turn_by_place" in plan, plan
    assert "job_active" in plan, plan
    assert not any(slow in plan for slow in ("Seq Scan", "SCAN job", "SCAN turn\n", "Sort Key: job")), plan
    plan = await plan_of(stage, stage.room.store._sql["find_last_turn"], (0, "work"), MANY)
    assert "turn_by_served" in plan, plan


async def test_an_account_whose_work_has_ended_is_not_looked_at_any_more(stage: Stage) -> None:
    begun = await asked(stage, stage.ada)
    rows = "SELECT waits FROM turn WHERE pool = 'work'"
    assert [bool(waits) for (waits,) in await stage.room.store.database.fetch(rows)] == [True]
    await stage.done(begun)
    assert [bool(waits) for (waits,) in await stage.room.store.database.fetch(rows)] == [False]
    cancelled = await asked(stage, stage.ada, 1)
    await stage.studio.cancel(stage.ada, cancelled.job)
    assert [bool(waits) for (waits,) in await stage.room.store.database.fetch(rows)] == [False]


async def test_posts_are_served_in_turn_too_and_one_account_has_not_all_places(
    emptied_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    async with publish_staged(emptied_url, tmp_path, clock) as stage:
        channel = await stage.connect()
        for _ in range(6):
            clock.advance(SECOND)
            await stage.send(channel)
        bob = await stage.ledger.account("bob", plan="free")
        clock.advance(SECOND)
        stage.stage.ada = bob
        draft = await stage.stage.finished("why dogs bark")
        await stage.stage.done(await stage.stage.render(draft))
        (video,) = await stage.stage.studio.videos(bob, ALL)
        his, _ = await stage.publishing.connect(bob, ChannelAsked("scripted"))
        await stage.publishing.publish_video(bob, video.id, PublicationAsked(channel=his.id), "his")
        worker, order = stage.beside(), []
        while (post := await worker._taken("post")) is not None:
            order.append(Owner(post.lane, post.account))
        assert [owner.account for owner in order] == [stage.ada.id, bob.id, stage.ada.id]
        clock.advance(3_600 * SECOND)
        await stage.work()
