"""Jobs: leases, fencing, order, bounds, progress, events, and that a result and its settlement are one thing."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
from tests.studio.scripted import Killed
from tests.studio.stage import ALL, Stage, generation, step
from tests.support.ledgers import entries
from tests.support.writes import breaking_at

from reelbot.allowance import AccountRef, FailurePoint, Ledger, Receipt
from reelbot.clock import DAY, HOUR
from reelbot.db import Connection
from reelbot.errors import DatabaseFailure, TooBusy
from reelbot.providers.port import ProviderFailure
from reelbot.queue import LeaseLost
from reelbot.records import Write
from reelbot.studio.core import rows
from reelbot.studio.core.job import MOVES, Job, backoff_seconds
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.core.requests import DraftAsked
from reelbot.studio.core.slots import PICTURE, SCRIPT
from reelbot.studio.jobs.completion import Ending
from reelbot.studio.jobs.enqueue import Begun
from reelbot.studio.limits import ATTEMPTS_MAX, CRASHES_MAX, JOBS_RUNNING_MAX, LEASE_SECONDS


async def died(stage: Stage, begun: Begun) -> Job:
    """The job after a worker took it and died."""
    stage.provider.will("run", Killed())
    with pytest.raises(Killed):
        await stage.worker.run_all()
    return await stage.job(begun)


def test_a_state_that_is_an_end_has_no_way_out_and_every_other_has_one() -> None:
    assert {state for state, after in MOVES.items() if not after} == {"succeeded", "failed", "cancelled"}
    assert all(after <= MOVES.keys() for after in MOVES.values())


def test_pauses_grow_and_end() -> None:
    pauses = [backoff_seconds(attempts, None) for attempts in range(1, ATTEMPTS_MAX + 1)]
    assert pauses == [2.0, 8.0, 30.0, 90.0, None]
    assert backoff_seconds(1, 500.0) == 500.0


# leases


async def test_nobody_takes_a_job_while_its_lease_lasts_and_anybody_does_when_it_has_ended(each_stage: Stage) -> None:
    stage = each_stage
    begun = await stage.generate(await stage.open(), "topic")
    job = await died(stage, begun)
    assert (job.state, job.fence, job.due_at - stage.clock()) == ("running", 1, round(LEASE_SECONDS * 1_000))
    other = stage.beside()
    await other.run_all()
    assert (await stage.job(begun)).fence == 1
    stage.clock.set(job.due_at)
    await other.run_all()
    job = await stage.job(begun)
    assert (job.state, job.fence, job.crashes) == ("failed", 2, 1)  # what could not be asked after is lost


async def test_a_heartbeat_keeps_the_lease(each_stage: Stage) -> None:
    stage = each_stage
    worker = stage.beside(lease_seconds=0.1)
    stage.provider.will("run", "hang")
    begun = await stage.generate(await stage.open(), "topic")
    worker.start()
    await asyncio.wait_for(stage.provider.is_hanging.wait(), 60)
    before = (await stage.job(begun)).due_at
    stage.clock.advance(50)
    while (await stage.job(begun)).due_at <= before:
        await asyncio.sleep(0.01)
    await stage.studio.cancel(stage.ada, begun.job)  # heard of with a heartbeat: it runs in another worker
    assert (await stage.ended(begun)).state == "cancelled"
    await worker.stop()


async def test_a_worker_that_lost_its_lease_writes_nothing(each_stage: Stage) -> None:
    stage = each_stage
    draft = await stage.open()
    begun = await stage.generate(draft, "script", "voiceover")
    zombie = await _claimed(stage)
    stage.clock.set(zombie.due_at)
    await stage.worker.run_all()
    job = await stage.job(begun)
    assert (job.state, job.fence) == ("succeeded", 2)
    before = (job, await stage.draft(draft), await stage.credits(), await stage.told("job", "draft", "usage"))
    ending, store = Ending(stage.room), stage.room.store
    done = zombie._replace(tasks=job.tasks, state="running")
    writes: list[Callable[[], Awaitable[None]]] = [
        lambda: ending.succeed(done, [1]),
        lambda: ending.keep_delivered(done, 0),
        lambda: _noted(stage, store.note_progress, zombie, 0.9, "still here"),
        lambda: _carried_out(stage, rows.note_tasks(zombie)),
        lambda: _noted(stage, store.requeue, zombie, 0, 0, ""),
    ]
    for write in writes:
        with pytest.raises(LeaseLost):
            await write()
    assert await store.renew(zombie, 10**15) is None
    after = (await stage.job(begun), await stage.draft(draft), await stage.credits())
    assert (*after, await stage.told("job", "draft", "usage")) == before


async def _noted(stage: Stage, write: Callable[..., Awaitable[bool]], *given: Any) -> None:
    async with stage.room.store.database.transaction() as connection:
        if not await write(connection, *given):
            raise LeaseLost


async def _carried_out(stage: Stage, *writes: Write) -> None:
    async with stage.room.store.database.transaction() as connection:
        await stage.room.store.carry_out(connection, writes)


async def _claimed(stage: Stage) -> Job:
    """A job that a worker has taken and will do nothing about."""
    job = await stage.beside()._taken("work")
    assert job is not None
    return job


async def test_a_worker_whose_job_was_taken_over_stops_at_once(stage: Stage) -> None:
    slow = stage.beside(lease_seconds=0.2)
    stage.provider.will("run", "hang")
    begun = await stage.generate(await stage.open(), "topic")
    slow.start()
    await asyncio.wait_for(stage.provider.is_hanging.wait(), 60)
    job = await stage.job(begun)
    async with stage.room.store.database.transaction() as connection:
        assert await stage.room.store.claim(connection, job, stage.clock() + DAY, "somebody else", 0, 0)
    while slow.running:
        await asyncio.sleep(0.01)
    assert (await stage.job(begun)).worker == "somebody else"
    await slow.stop()
    await stage.studio.cancel(stage.ada, begun.job)
    stage.clock.advance(DAY)
    assert (await stage.done(begun)).state in ("cancelled", "failed")


async def test_a_worker_that_stops_gives_its_job_back_and_another_goes_on(stage: Stage) -> None:
    begun = await stage.generate(await stage.open(), "script", "voiceover")
    stage.provider.will("run", "deliver")
    repeatable = stage.provider.abilities["voiceover"]._replace(is_repeatable=True)
    stage.provider._abilities["voiceover"] = repeatable
    stage.provider.will("run", "hang")
    stage.worker.start()
    await asyncio.wait_for(stage.provider.is_hanging.wait(), 60)
    await stage.worker.stop()
    job = await stage.job(begun)
    assert (job.state, job.crashes, job.tasks[0].made is not None) == ("queued", 0, True)
    assert (await stage.done(begun)).state == "succeeded"
    assert [kind for kind, _ in stage.provider.asked] == ["script", "voiceover", "voiceover"]
    assert len(set(stage.provider.asked)) == 2


async def test_a_job_whose_workers_die_again_and_again_is_given_up_and_costs_nothing(stage: Stage) -> None:
    begun = await stage.generate(await stage.open(), "topic")
    stage.provider._abilities["topic"] = stage.provider.abilities["topic"]._replace(is_repeatable=True)
    for _ in range(CRASHES_MAX + 1):
        job = await died(stage, begun)
        stage.clock.set(job.due_at)
    stage.provider._acts.clear()
    job = await stage.done(begun)
    assert (job.state, job.failure and job.failure.code) == ("failed", "crashed")
    assert await stage.credits() == (0, 0)


# the result and its settlement


async def test_a_result_and_its_settlement_are_kept_together_or_not_at_all(each_stage: Stage) -> None:
    stage = each_stage
    draft = await stage.open()
    begun = await stage.generate(draft, "script")
    store = stage.room.store
    carry_out = store.carry_out
    for statement in ("end_job", "leave_turns", "insert_made", "update_draft"):

        async def spoiled(connection: Connection, writes: Sequence[Write], spoilt: str = statement) -> None:
            names = [one.statement for one in writes]
            if "end_job" not in names:  # on the way there, tasks are noted
                await carry_out(connection, writes)
                return
            assert names == ["end_job", "leave_turns", "insert_made", "update_draft"]
            await carry_out(connection, writes[: names.index(spoilt) + 1])
            raise Killed

        store.carry_out = _as_defect(spoiled)  # type: ignore[method-assign,assignment]
        with pytest.raises(AssertionError, match="the worker ends here"):
            await stage.worker.run_all()
        del store.carry_out
        job = await stage.job(begun)
        assert (job.state, await stage.credits()) == ("running", (0, 2))
        assert (await stage.draft(draft)).slot(SCRIPT.ref()).versions == ()
        stage.provider._abilities["script"] = stage.provider.abilities["script"]._replace(is_repeatable=True)
        stage.clock.set(job.due_at)
    assert (await stage.done(begun)).state == "succeeded"
    assert (await stage.credits(), len((await stage.draft(draft)).slot(SCRIPT.ref()).versions)) == ((2, 0), 1)


def _as_defect(write: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def defective(*given: Any) -> None:
        try:
            await write(*given)
        except Killed:
            raise AssertionError("the worker ends here") from None

    return defective


async def test_a_crash_right_after_the_commit_leaves_a_job_that_has_ended(each_stage: Stage) -> None:
    stage = each_stage
    draft = await stage.open()
    begun = await stage.generate(draft, "script")
    settle = stage.ledger.settle

    async def settled_then_killed(*given: Any, **more: Any) -> None:
        await settle(*given, **more)
        raise Killed

    stage.ledger.settle = settled_then_killed  # type: ignore[method-assign,assignment]
    with pytest.raises(Killed):
        await stage.worker.run_all()
    del stage.ledger.settle
    job = await stage.job(begun)
    assert (job.state, await stage.credits()) == ("succeeded", (2, 0))
    stage.clock.advance(HOUR)
    assert await stage.done(begun) == job


async def test_what_was_delivered_is_kept_once_the_database_can_be_reached_again(stage: Stage) -> None:
    draft = await stage.open()
    begun = await stage.generate(draft, "script", "image")
    for method, failure in (("keep_delivered", DatabaseFailure("gone")), ("succeed", TooBusy("full"))):
        _fail_once(stage, method, failure)
    assert (await stage.done(begun)).state == "succeeded"
    assert await stage.credits() == (6, 0)
    assert len(stage.provider.asked) == 2


async def test_a_commit_whose_answer_was_lost_is_not_written_twice(stage: Stage) -> None:
    draft = await stage.open()
    begun = await stage.generate(draft, "script", "image")
    _fail_once(stage, "keep_delivered", DatabaseFailure("gone"), after=True)
    _fail_once(stage, "succeed", DatabaseFailure("gone"), after=True)
    assert (await stage.done(begun)).state == "succeeded"
    kept = await stage.draft(draft)
    assert (len(kept.slot(SCRIPT.ref()).versions), len(kept.slot(PICTURE.ref(kept.scenes[0].id)).versions)) == (1, 1)
    assert await stage.credits() == (6, 0)


def _fail_once(stage: Stage, method: str, failure: Exception, *, after: bool = False) -> None:
    ending = stage.worker.source.ending
    whole = getattr(ending, method)

    async def failing(*given: Any) -> None:
        setattr(ending, method, whole)
        if after:
            await whole(*given)
        raise failure

    setattr(ending, method, failing)


# holds of jobs


async def test_a_job_that_waits_for_weeks_is_done_on_the_hold_it_was_given(each_stage: Stage) -> None:
    stage = each_stage
    draft = await stage.open()
    begun = await stage.generate(draft, "script")
    stage.clock.advance(60 * DAY)
    assert await stage.ledger.sweeper.sweep() == 0
    assert await stage.state_of(begun.hold) == "open"
    assert (await stage.done(begun)).state == "succeeded"
    facts = await stage.ledger.hold_facts(stage.ada, begun.hold or "")
    assert facts is not None
    assert (facts.state, facts.owner, facts.expires_at, facts.lines[0].settled) == ("settled", begun.job, None, 2)
    assert await stage.credits() == (0, 0)  # it counts on the day on which it was asked for


@pytest.mark.parametrize("died_at", ["insert_job", "lock_draft"])
async def test_there_is_no_hold_without_its_job(
    each_stage: Stage, died_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = each_stage
    draft = await stage.finished()
    before = await entries(stage.ledger, stage.ada)

    with monkeypatch.context() as patched:
        patched.setattr(stage.room.store, "carry_out", breaking_at(stage.room.store, died_at, ZeroDivisionError()))
        with pytest.raises(ZeroDivisionError):
            await stage.render(draft)
    assert await entries(stage.ledger, stage.ada) == before
    assert await stage.videos() == (0, 0)
    assert (await stage.done(await stage.render(draft))).state == "succeeded"


@pytest.mark.parametrize("how", ["released", "expired", "settled", "settled in just the same way"])
async def test_a_job_from_before_holds_had_owners_keeps_nothing_that_its_hold_no_longer_pays(
    each_stage: Stage, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = each_stage
    draft = await stage.open()
    with monkeypatch.context() as patched:
        _hold_without_owner(patched, stage.ledger)
        begun = await stage.generate(draft, "script")
    await _end_hold(stage, begun, how)
    job = await stage.done(begun)
    assert (job.state, job.failure and job.failure.code) == ("failed", "hold_over")
    assert (await stage.draft(draft)).text_of("script") == ""
    used = {"settled": 1, "settled in just the same way": 2}.get(how, 0)
    assert await stage.credits() == (used, 0)


def _hold_without_owner(patched: pytest.MonkeyPatch, ledger: Ledger) -> None:
    """Have holds placed as a caller places its own: with a deadline, and ended by whoever asks."""
    hold = ledger.hold

    async def before(*given: Any, owner: str, **named: Any) -> Receipt:
        return await hold(*given, expires_in=2 * 86_400, **named)

    patched.setattr(ledger, "hold", before)


async def _end_hold(stage: Stage, begun: Begun, how: str) -> None:
    assert begun.hold is not None
    match how:
        case "released":
            await stage.ledger.release(begun.hold, why="It was mine.")
        case "expired":
            stage.clock.advance(3 * DAY)
            await stage.ledger.sweeper.sweep()
        case "settled":
            await stage.ledger.settle(begun.hold, {"ai_credits": 1})
        case _:
            await stage.ledger.settle(begun.hold, {"ai_credits": 2})


# cancelling


async def test_cancelling_twice_or_after_the_end_changes_nothing(stage: Stage) -> None:
    draft = await stage.open()
    begun = await stage.generate(draft, "script")
    job = await stage.done(begun)
    assert await stage.studio.cancel(stage.ada, begun.job) == job
    begun = await stage.generate(draft, "image")
    first = await stage.studio.cancel(stage.ada, begun.job)
    assert await stage.studio.cancel(stage.ada, begun.job) == first
    assert first.state == "cancelled"


async def test_a_job_cancelled_between_two_workers_begins_nothing_new(stage: Stage) -> None:
    begun = await stage.generate(await stage.open(), "script", "image")
    stage.provider.will("run", "deliver", Killed())
    with pytest.raises(Killed):
        await stage.worker.run_all()
    asked = len(stage.provider.asked)
    job = await stage.studio.cancel(stage.ada, begun.job)
    assert (job.state, job.is_cancelled) == ("running", True)
    stage.clock.set(job.due_at)
    job = await stage.done(begun)
    assert job.state in ("cancelled", "failed")
    assert len(stage.provider.asked) == asked
    assert await stage.credits() == (2, 0)


async def test_removing_a_draft_cancels_what_is_at_work_for_it(each_stage: Stage) -> None:
    stage = each_stage
    draft, other = await stage.open(), await stage.open("why dogs bark")
    jobs = [await stage.generate(draft, "script"), await stage.generate(draft, "image")]
    left = await stage.generate(other, "script")
    await stage.studio.remove(stage.ada, draft)
    assert {(await stage.job(begun)).state for begun in jobs} == {"cancelled"}
    assert (await stage.done(left)).state == "succeeded"
    assert await stage.credits() == (2, 0)
    with pytest.raises(StudioRefused, match="no such draft"):
        await stage.shown(draft)


async def test_a_draft_that_is_removed_while_its_job_runs_takes_the_job_with_it(stage: Stage) -> None:
    draft = await stage.open()
    stage.provider.will("run", "hang")
    begun = await stage.generate(draft, "script")
    stage.worker.start()
    await asyncio.wait_for(stage.provider.is_hanging.wait(), 60)
    await stage.studio.remove(stage.ada, draft)
    assert (await stage.ended(begun)).state == "cancelled"
    assert await stage.credits() == (0, 0)


async def test_a_draft_is_locked_while_it_is_rendered(stage: Stage) -> None:
    draft = await stage.finished()
    begun = await stage.render(draft)
    for change in (
        stage.change(draft, topic="another"),
        stage.generate(draft, "script"),
        stage.render(draft),
        stage.studio.remove(stage.ada, draft),
    ):
        with pytest.raises(StudioRefused) as no:
            await change
        assert no.value.code == "draft_locked"
    await stage.studio.cancel(stage.ada, begun.job)
    await stage.change(draft, topic="another")


async def test_a_video_is_not_made_while_something_is_on_its_way_to_the_draft(stage: Stage) -> None:
    draft = await stage.finished()
    begun = await stage.generate(draft, "music")
    with pytest.raises(StudioRefused, match="being made") as no:
        await stage.render(draft)
    assert no.value.code == "step_running"
    await stage.done(begun)
    assert (await stage.done(await stage.render(draft))).state == "succeeded"


# the queue


async def test_the_account_with_the_fewest_at_work_comes_first_then_the_higher_plan_then_the_oldest(
    each_stage: Stage,
) -> None:
    stage = each_stage
    accounts = {"ada": stage.ada}
    for name, plan in (("bob", "free"), ("cleo", "enterprise")):
        accounts[name] = await stage.ledger.account(name, plan=plan)
    for name in ("ada", "ada", "ada", "bob", "cleo"):
        stage.clock.advance(1_000)
        await _asked(stage, accounts[name])
    worker, order = stage.beside(), []
    while (job := await worker._taken("work")) is not None:
        order.append(next(name for name, one in accounts.items() if one.id == job.account))
    assert order == ["cleo", "ada", "bob", "ada"]
    assert order.count("ada") == JOBS_RUNNING_MAX
    stage.clock.advance(HOUR)
    await worker.run_all()


async def _asked(stage: Stage, account: AccountRef) -> Begun:
    kept, _ = await stage.studio.open(account, DraftAsked(flow="narrated", topic="cats"))
    return await stage.studio.generate(account, kept.id, generation(step("topic", keywords=kept.id)), f"for {kept.id}")


async def test_two_workers_never_take_the_same_job_nor_too_many_of_one_account(each_stage: Stage) -> None:
    stage = each_stage
    for _ in range(5):
        await _asked(stage, stage.ada)
    workers = [stage.beside() for _ in range(6)]
    taken = [job for job in await asyncio.gather(*(worker._taken("work") for worker in workers)) if job is not None]
    assert len({job.number for job in taken}) == len(taken) == JOBS_RUNNING_MAX
    stage.clock.advance(HOUR)
    await stage.worker.run_all()


async def test_too_many_waiting_jobs_are_refused_and_nothing_is_held(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reelbot.studio.jobs.enqueue.JOBS_WAITING_MAX", 2)
    for _ in range(2):
        await _asked(stage, stage.ada)
    before = await stage.credits()
    with pytest.raises(TooBusy):
        await _asked(stage, stage.ada)
    assert await stage.credits() == before


# what is told


async def test_progress_never_goes_back_and_never_passes_one_and_everything_is_told_in_order(
    each_stage: Stage,
) -> None:
    stage = each_stage
    draft = await stage.open()
    stage.provider.will("run", "deliver")
    begun = await stage.generate(draft, "script", "voiceover", step("image", count=3), render=True)
    job = await stage.done(begun)
    assert job.state == "succeeded"
    told = await stage.told("job", "draft", "video")
    progress = [one["progress"] for one in told if one["event"] == "job"]
    assert progress == sorted(progress)
    assert (progress[0], progress[-1]) == (0.0, 1.0)
    states = [one["state"] for one in told if one["event"] == "job"]
    assert states == sorted(states, key=["queued", "running", "succeeded"].index)
    assert [one["event"] for one in told[-3:]] == ["job", "draft", "video"]
    assert (told[-2]["removed"], told[-1]["job"]) == (True, begun.job)
    assert len({one["message"] for one in told if one["event"] == "job"}) >= 5


async def test_progress_does_not_go_back_when_another_worker_goes_on(stage: Stage) -> None:
    begun = await stage.generate(await stage.open(), step("image", count=3))
    stage.provider._abilities["image"] = stage.provider.abilities["image"]._replace(is_repeatable=True)
    stage.provider.will("run", "deliver", "deliver", Killed())
    with pytest.raises(Killed):
        await stage.worker.run_all()
    job = await stage.job(begun)
    assert job.progress > 0.6
    stage.clock.set(job.due_at)
    await stage.done(begun)
    progress = [one["progress"] for one in await stage.told("job")]
    assert all(before <= after for before, after in pairwise(progress))


async def test_what_is_put_off_is_told_with_its_reason(stage: Stage) -> None:
    stage.provider.will("run", ProviderFailure("Busy.", point=FailurePoint.BEFORE_ACCEPTANCE, retryable=True))
    begun = await stage.generate(await stage.open(), "topic")
    await stage.done(begun)
    last = (await stage.told("job"))[-1]
    assert (last["state"], last["message"]) == ("queued", "Busy. Trying again.")
    stage.clock.advance(HOUR)
    await stage.done(begun)


async def test_a_preview_costs_nothing_and_locks_nothing(stage: Stage) -> None:
    draft = await stage.finished()
    begun = await stage.studio.preview(stage.ada, draft, "look")
    await stage.change(draft, title="Still mine")
    job = await stage.done(begun)
    assert (job.state, job.hold, list(job.result or {})) == ("succeeded", None, ["preview", "slots"])
    assert (await stage.credits(), await stage.videos()) == ((9, 0), (0, 0))


async def test_every_lane_has_its_turn(stage: Stage) -> None:
    looked: list[int] = []

    async def none_due(connection: object, lane: int, *_: object) -> list[tuple[int, int]]:
        looked.append(lane)
        return []

    stage.room.store.lanes = range(3)
    worker = stage.beside()
    stage.room.store.due = none_due  # type: ignore[method-assign,assignment]
    for _ in range(3):
        assert await worker._taken("work") is None
    assert looked == [0, 1, 2, 1, 2, 0, 2, 0, 1]
    del stage.room.store.due
    stage.room.store.lanes = range(1)


async def test_another_accounts_things_do_not_exist(stage: Stage) -> None:
    draft = await stage.finished()
    begun = await stage.render(draft)
    await stage.done(begun)
    bob = await stage.ledger.account("bob")
    (video,) = await stage.studio.videos(stage.ada, ALL)
    kept = await stage.open()
    asset = await stage.upload("image")
    for asked in (
        stage.studio.job(bob, begun.job),
        stage.studio.cancel(bob, begun.job),
        stage.studio.draft(bob, kept),
        stage.studio.remove(bob, kept),
        stage.studio.generate(bob, kept, generation("script"), "key"),
        stage.studio.video(bob, video.id),
        stage.studio.edit(bob, video.id),
        stage.studio.asset(bob, asset.id),
        stage.studio.remove_asset(bob, asset.id),
    ):
        with pytest.raises(StudioRefused) as no:
            await asked
        assert no.value.code == "not_found"
