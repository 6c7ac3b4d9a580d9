"""What a failure uses and what it leaves, row by row of PRODUCT's table, through a real worker, on each database."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.studio.scripted import Act, Killed, Scripted
from tests.studio.stage import ALL, Stage, staged, step
from tests.support.clock import FakeClock

from reelbot.allowance import FailurePoint
from reelbot.clock import HOUR, MINUTE
from reelbot.providers.port import ProviderFailure
from reelbot.studio.core.job import Job
from reelbot.studio.core.slots import PICTURE, shown_of
from reelbot.studio.files.content import StorageFull
from reelbot.studio.jobs.enqueue import Begun


def fails(point: FailurePoint, **facts: object) -> ProviderFailure:
    return ProviderFailure("It says no.", "Ask otherwise.", point=point, **facts)  # type: ignore[arg-type]


WAITING: list[Act] = ["waiting"] * 1_000
"""A provider that is at work for longer than any test."""


class Row(NamedTuple):
    """What happens, then what is used of 4 AI credits for one image, and what a retry costs."""

    what: str
    acts: tuple[Act, ...]
    point: str
    used: int
    retry: int
    provider: str = "scripted"


ROWS = [
    Row("refused by the provider", (fails(FailurePoint.BEFORE_ACCEPTANCE),), "before_acceptance", 0, 4),
    Row("an error at the provider", (fails(FailurePoint.AT_PROVIDER),), "at_provider", 0, 4),
    Row("an error that it did not foresee", (ValueError("oops"),), "at_provider", 0, 4),
    Row("a cut connection that it did not foresee", (ConnectionResetError(),), "at_provider", 0, 4),
    Row("an answer without a file", ("nothing",), "at_provider", 0, 4),
    Row("a provider that bills failures", (fails(FailurePoint.AT_PROVIDER),), "at_provider_billed", 4, 4, "billing"),
    Row("a disk that is full after delivery", (fails(FailurePoint.AFTER_DELIVERY),), "after_delivery", 4, 0),
    Row("an outcome that nobody can tell", (fails(FailurePoint.UNKNOWN),), "at_provider", 0, 4),
    Row("the same where failures are billed", (fails(FailurePoint.UNKNOWN),), "at_provider", 0, 4, "billing"),
]


@pytest.fixture
async def stage(emptied_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Stage]:
    """A studio with a provider for each manner of failing."""
    providers = [
        Scripted(),
        Scripted("billing", bills_failures=True),
        Scripted("repeatable", is_repeatable=True),
        Scripted("queued", queued=("image", "animation")),
        Scripted("impatient", seconds_max=0.05),
    ]
    async with staged(emptied_url, tmp_path / "studio", clock, providers) as opened:
        yield opened
        await opened.require_sound()
        for provider in providers:
            if provider.name != "repeatable":
                provider.require_asked_once()


def provider(stage: Stage, name: str) -> Scripted:
    found = stage.room.registry.provider(name)
    assert isinstance(found, Scripted)
    return found


async def failed(stage: Stage, draft: str, job: Job, point: str) -> None:
    """It failed there, says so on the draft in words, and the video limit was never touched."""
    assert (job.state, job.failure and job.failure.point) == ("failed", point)
    assert job.failure is not None and job.failure.detail
    slot = job.failure.slot
    assert (await stage.draft(draft)).failures[slot].detail == job.failure.detail
    assert await stage.videos() == (0, 0)


@pytest.mark.parametrize("row", ROWS, ids=[row.what for row in ROWS])
async def test_a_failure_uses_what_its_row_says_and_the_draft_stays(stage: Stage, row: Row) -> None:
    draft = await stage.open(script="By hand.")
    before = await stage.draft(draft)
    provider(stage, row.provider).will("run", *row.acts)
    job = await stage.done(await stage.generate(draft, step("image", prompt="a cat", provider=row.provider)))
    await failed(stage, draft, job, row.point)
    assert await stage.credits() == (row.used, 0)
    after = await stage.draft(draft)
    assert {one: after.slots[one] for one in before.slots} == before.slots
    scene = after.scenes[0].id
    await stage.made(draft, step("image", scene=scene, provider=row.provider))
    assert await stage.credits() == (row.used + row.retry, 0)
    shown = await stage.shown(draft)
    assert shown.steps["assets"].state == "current"


async def test_cancelled_while_queued_gives_all_back_and_the_provider_is_never_asked(stage: Stage) -> None:
    draft = await stage.open()
    begun = await stage.generate(draft, "image")
    assert await stage.credits() == (0, 4)
    job = await stage.studio.cancel(stage.ada, begun.job)
    assert (job.state, job.failure and job.failure.point) == ("cancelled", "before_acceptance")
    assert await stage.credits() == (0, 0)
    await stage.worker.run_all()
    assert stage.provider.asked == []


async def test_cancelled_while_running_settles_what_was_delivered(stage: Stage) -> None:
    draft = await stage.open()
    begun = await stage.generate(draft, step("image", count=3))
    stage.provider.will("run", "deliver", "deliver", "hang")
    stage.worker.start()
    await asyncio.wait_for(stage.provider.is_hanging.wait(), 60)
    await stage.studio.cancel(stage.ada, begun.job)
    job = await stage.ended(begun)
    assert (job.state, job.failure and job.failure.point) == ("cancelled", "cancelled_running")
    assert await stage.credits() == (8, 0)
    kept = await stage.draft(draft)
    assert [shown_of(kept, scene.id) is not None for scene in kept.scenes] == [True, True]
    assert kept.failures == {}


async def test_cancelling_a_picture_takes_its_empty_place_away_and_no_other(stage: Stage) -> None:
    draft = await stage.open()
    await stage.made(draft, "image")
    first = (await stage.draft(draft)).scenes[0].id
    begun = await stage.generate(draft, step("image", count=2))
    assert len((await stage.draft(draft)).scenes) == 3
    await stage.studio.cancel(stage.ada, begun.job)
    assert [scene.id for scene in (await stage.draft(draft)).scenes] == [first]
    again = await stage.generate(draft, step("image", scene=first))
    await stage.studio.cancel(stage.ada, again.job)
    assert [scene.id for scene in (await stage.draft(draft)).scenes] == [first]


async def test_the_place_of_a_picture_that_failed_stays_when_trying_again_is_cancelled(stage: Stage) -> None:
    draft = await stage.open()
    stage.provider.will("run", fails(FailurePoint.AT_PROVIDER))
    await stage.done(await stage.generate(draft, "image"))
    scene = (await stage.draft(draft)).scenes[0].id
    again = await stage.generate(draft, step("image", scene=scene))
    await stage.studio.cancel(stage.ada, again.job)
    shown = await stage.shown(draft)
    assert [one.state for one in shown.steps["assets"].scenes or ()] == ["failed"]


async def test_in_part_settles_what_was_delivered_and_gives_the_rest_back(stage: Stage) -> None:
    draft = await stage.open()
    stage.provider.will("run", "deliver", "deliver", "deliver", fails(FailurePoint.AT_PROVIDER))
    job = await stage.done(await stage.generate(draft, step("image", count=5)))
    assert job.state == "failed"
    assert await stage.credits() == (12, 0)
    kept = await stage.draft(draft)
    assert [shown_of(kept, scene.id) is not None for scene in kept.scenes] == [True, True, True, False, False]
    prompts = [scene.prompt for scene in kept.scenes]
    for scene in kept.scenes[3:]:
        await stage.made(draft, step("image", scene=scene.id))
    assert await stage.credits() == (20, 0)
    kept = await stage.draft(draft)
    painted = [kept.version(PICTURE.ref(scene.id)) for scene in kept.scenes]
    assert [picture and picture.prompt for picture in painted] == prompts


async def test_a_batch_of_which_one_was_billed_and_failed_settles_that_one_too(stage: Stage) -> None:
    draft = await stage.open()
    provider(stage, "billing").will("run", "deliver", fails(FailurePoint.AT_PROVIDER))
    job = await stage.done(await stage.generate(draft, step("image", count=3, provider="billing")))
    assert (job.state, job.failure and job.failure.point) == ("failed", "at_provider_billed")
    assert await stage.credits() == (8, 0)


async def test_a_batch_of_which_one_broke_after_delivery_settles_it_once_and_its_retry_is_free(stage: Stage) -> None:
    draft = await stage.open()
    stage.takes_in.extend((None, OSError("a disk that is broken")))
    job = await stage.done(await stage.generate(draft, step("image", count=3, prompt="a cat")))
    await failed(stage, draft, job, "after_delivery")
    assert await stage.credits() == (8, 0)
    broken = (await stage.draft(draft)).scenes[1].id
    assert (await stage.shown(draft)).steps["assets"].scenes[1].repaint.amount == 0  # type: ignore[index,union-attr]
    asked = len(stage.provider.asked)
    await stage.made(draft, step("image", scene=broken))
    assert (await stage.credits(), len(stage.provider.asked)) == ((8, 0), asked)


async def test_after_delivery_of_a_clip_the_retry_is_free_and_its_storage_counts_once(stage: Stage) -> None:
    draft = await stage.finished()
    stage.takes_in.append(OSError("a disk that is broken"))
    job = await stage.done(await stage.generate(draft, step("animation", seconds=2)))
    await failed(stage, draft, job, "after_delivery")
    assert (await stage.credits(), await stage.storage()) == ((9 + 10, 0), (0, 0))
    begun = await stage.generate(draft, step("animation", seconds=2))
    assert (await stage.credits(), await stage.storage()) == ((19, 0), (0, 4_000_000))
    await stage.done(begun)
    (asset,) = await stage.studio.assets(stage.ada, ALL)
    assert (await stage.credits(), await stage.storage()) == ((19, 0), (asset.media.bytes, 0))


# retries


async def test_what_the_provider_asks_to_repeat_is_repeated_with_growing_pauses_and_a_bound(stage: Stage) -> None:
    draft = await stage.open()
    stage.provider.will("run", *(fails(FailurePoint.BEFORE_ACCEPTANCE, retryable=True) for _ in range(9)))
    begun = await stage.generate(draft, "image")
    pauses = []
    while (job := await stage.done(begun)).state == "queued":
        assert await stage.credits() == (0, 4)
        pauses.append(job.due_at - stage.clock())
        stage.clock.set(job.due_at)
    assert pauses == [2_000, 8_000, 30_000, 90_000]
    await failed(stage, draft, job, "before_acceptance")
    assert await stage.credits() == (0, 0)
    assert len(stage.provider.asked) == len(set(stage.provider.asked)) == 5


async def test_a_provider_may_ask_for_a_longer_pause(stage: Stage) -> None:
    draft = await stage.open()
    stage.provider.will("run", fails(FailurePoint.BEFORE_ACCEPTANCE, retryable=True, retry_seconds=61.0))
    begun = await stage.generate(draft, "image")
    job = await stage.done(begun)
    assert (job.state, job.due_at - stage.clock()) == ("queued", 61_000)
    assert "Trying again" in job.message
    stage.clock.set(job.due_at)
    assert (await stage.done(begun)).state == "succeeded"
    assert await stage.credits() == (4, 0)


# an outcome that is not known


async def test_a_provider_that_hangs_is_not_waited_for_for_ever(stage: Stage) -> None:
    draft = await stage.open()
    provider(stage, "impatient").will("run", "hang")
    job = await stage.done(await stage.generate(draft, step("image", provider="impatient")))
    await failed(stage, draft, job, "at_provider")
    assert job.failure is not None
    assert job.failure.detail == "The provider took too long."
    assert await stage.credits() == (0, 0)


async def test_work_that_died_and_cannot_be_asked_after_is_lost_and_costs_nothing(stage: Stage) -> None:
    draft = await stage.open()
    begun = await _died_in(stage, draft, "run", Killed(), "scripted")
    job = await stage.done(begun)
    await failed(stage, draft, job, "at_provider")
    assert job.failure is not None
    assert job.failure.code == "lost"
    assert await stage.credits() == (0, 0)


async def test_work_that_died_and_is_harmless_to_repeat_is_done_again(stage: Stage) -> None:
    draft = await stage.open()
    begun = await _died_in(stage, draft, "run", Killed(), "repeatable")
    assert (await stage.done(begun)).state == "succeeded"
    assert len(set(provider(stage, "repeatable").asked)) == 1
    assert await stage.credits() == (4, 0)


@pytest.mark.parametrize(
    ("call", "act"), [("submit", "accept, then die"), ("poll", Killed()), ("fetch", Killed())], ids=str
)
async def test_a_providers_job_is_asked_after_and_never_a_second_one_started(stage: Stage, call: str, act: Act) -> None:
    draft = await stage.open()
    begun = await _died_in(stage, draft, call, act, "queued")
    assert await stage.credits() == (0, 4)
    job = await stage.done(begun)
    assert job.state == "succeeded", job.failure
    assert len(provider(stage, "queued").asked) == 1
    assert await stage.credits() == (4, 0)


async def test_a_submission_that_nobody_knows_of_is_lost_and_costs_nothing(stage: Stage) -> None:
    draft = await stage.open()
    provider(stage, "queued").finds_requests = False
    begun = await _died_in(stage, draft, "submit", "accept, then die", "queued")
    job = await stage.done(begun)
    await failed(stage, draft, job, "at_provider")
    assert await stage.credits() == (0, 0)


async def test_what_is_unknown_stays_held_past_its_deadline_until_the_provider_tells(stage: Stage) -> None:
    draft = await stage.open()
    queued = provider(stage, "queued")
    queued.will("poll", *(fails(FailurePoint.UNKNOWN, retryable=True) for _ in range(3)))
    begun = await stage.generate(draft, step("image", provider="queued"))
    job = await stage.done(begun)
    assert (job.state, await stage.state_of(begun.hold)) == ("queued", "unknown")
    stage.clock.advance(20 * HOUR)
    for _ in range(2):
        job = await stage.done(begun)
        await stage.ledger.sweeper.sweep()
        stage.clock.advance(MINUTE)
    assert await stage.state_of(begun.hold) == "unknown"
    assert (await stage.done(begun)).state == "succeeded"
    assert len(queued.asked) == 1
    assert await stage.state_of(begun.hold) == "settled"


async def test_a_provider_that_never_tells_is_given_up_after_a_day(stage: Stage) -> None:
    draft = await stage.open()
    provider(stage, "queued").will("poll", fails(FailurePoint.UNKNOWN), fails(FailurePoint.UNKNOWN))
    begun = await stage.generate(draft, step("image", provider="queued"))
    await stage.done(begun)
    stage.clock.advance(25 * HOUR)
    job = await stage.done(begun)
    await failed(stage, draft, job, "at_provider")
    assert await stage.state_of(begun.hold) == "released"


async def test_a_result_that_cannot_be_fetched_right_now_is_fetched_later_and_not_made_again(stage: Stage) -> None:
    draft = await stage.open()
    queued = provider(stage, "queued")
    queued.will("fetch", fails(FailurePoint.AT_PROVIDER, retryable=True))
    begun = await stage.generate(draft, step("image", provider="queued"))
    job = await stage.done(begun)
    assert job.state == "queued"
    stage.clock.set(job.due_at)
    assert (await stage.done(begun)).state == "succeeded"
    assert len(queued.asked) == 1


async def test_a_queued_job_that_is_cancelled_is_called_off_at_the_provider(stage: Stage) -> None:
    draft = await stage.open()
    queued = provider(stage, "queued")
    queued.will("poll", *WAITING)
    queued.will("cancel", fails(FailurePoint.UNKNOWN))  # even if that cannot be said
    begun = await stage.generate(draft, step("image", provider="queued"))
    stage.worker.start()
    while (await stage.job(begun)).tasks[0].provider_job is None:
        await asyncio.sleep(0)
    await stage.studio.cancel(stage.ada, begun.job)
    job = await stage.ended(begun)
    assert (job.state, queued.called_off) == ("cancelled", ["job 1"])
    assert await stage.credits() == (0, 0)


async def test_a_job_that_waits_for_its_provider_is_called_off_there_when_it_is_cancelled(stage: Stage) -> None:
    draft = await stage.open()
    queued = provider(stage, "queued")
    queued.will("poll", fails(FailurePoint.UNKNOWN))
    begun = await stage.generate(draft, step("image", provider="queued"))
    job = await stage.done(begun)
    assert job.state == "queued"
    assert (await stage.studio.cancel(stage.ada, begun.job)).state == "queued"
    stage.clock.set(job.due_at)
    assert (await stage.done(begun)).state == "cancelled"
    assert queued.called_off == ["job 1"]
    assert await stage.credits() == (0, 0)


async def _died_in(stage: Stage, draft: str, call: str, act: Act, name: str) -> Begun:
    """A job whose worker died in a call, and whose lease has run out since."""
    provider(stage, name).will(call, act)
    begun = await stage.generate(draft, step("image", provider=name))
    with pytest.raises(Killed):
        await stage.worker.run_all()
    job = await stage.job(begun)
    assert (job.state, job.tasks[0].called_at) == ("running", stage.clock())
    stage.clock.set(job.due_at)
    return begun


# renders


async def test_a_render_that_fails_costs_no_video_says_why_on_the_draft_and_can_be_tried_again(stage: Stage) -> None:
    draft = await stage.finished()
    stage.maker.acts.append(StorageFull("The disk of the studio is full.", "Free some space; then try again."))
    begun = await stage.render(draft)
    assert await stage.videos() == (0, 1)
    job = await stage.done(begun)
    assert (job.state, job.failure and job.failure.code) == ("failed", "disk_full")
    assert await stage.videos() == (0, 0)
    shown = await stage.shown(draft)
    assert (shown.locked, shown.failure and shown.failure.detail) == (False, "The disk of the studio is full.")
    begun = await stage.render(draft)
    assert (await stage.shown(draft)).failure is None
    assert (await stage.done(begun)).state == "succeeded"
    assert (await stage.videos(), await stage.credits()) == ((1, 0), (9, 0))


async def test_a_render_that_is_cancelled_costs_no_video_and_unlocks_the_draft(stage: Stage) -> None:
    draft = await stage.finished()
    started = asyncio.Event()

    async def never() -> None:
        started.set()
        await asyncio.Event().wait()

    stage.maker.acts.append(never)
    begun = await stage.render(draft)
    stage.worker.start()
    await asyncio.wait_for(started.wait(), 60)
    await stage.studio.cancel(stage.ada, begun.job)
    job = await stage.ended(begun)
    assert (job.state, await stage.videos()) == ("cancelled", (0, 0))
    shown = await stage.shown(draft)
    assert (shown.locked, shown.ready, shown.failure) == (False, True, None)


async def test_a_video_made_in_one_go_settles_its_parts_when_only_the_render_fails(stage: Stage) -> None:
    draft = await stage.open()
    stage.maker.acts.append(StorageFull("The disk of the studio is full."))
    job = await stage.done(await stage.generate(draft, "script", "voiceover", "image", render=True))
    assert job.state == "failed"
    assert (await stage.credits(), await stage.videos()) == ((9, 0), (0, 0))
    assert (await stage.shown(draft)).ready
    assert (await stage.done(await stage.render(draft))).state == "succeeded"
    assert (await stage.credits(), await stage.videos()) == ((9, 0), (1, 0))
