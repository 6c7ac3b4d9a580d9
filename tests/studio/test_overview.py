"""What operators see of the studio, on both databases: jobs of all accounts, failures, workers; and how they end a job."""

import asyncio

import pytest
from tests.studio.scripted import Killed
from tests.studio.stage import Stage, plan_of
from tests.support.clock import FakeClock
from tests.support.ledgers import figures

from reelbot.allowance import AccountRef
from reelbot.clock import DAY, MINUTE, SECOND
from reelbot.errors import Malformed
from reelbot.providers.port import ProviderFailure
from reelbot.studio.actions.requests import GenerationAsked
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.core.requests import DraftAsked
from reelbot.studio.core.rows import insert_job
from reelbot.studio.jobs.worker_registry import FORGOTTEN_DAYS, PRESENCE_SECONDS, Presence
from reelbot.studio.overview import FAILURES_SEEN_MAX, JOBS_SEEN_MAX, SILENT_SECONDS, Overview


@pytest.fixture
async def bob(each_stage: Stage) -> AccountRef:
    """One more account of the same ledger."""
    return await each_stage.ledger.account("bob", plan="pro")


def overview(stage: Stage) -> Overview:
    return stage.studio.overview


async def asked_by(stage: Stage, account: AccountRef, topic: str) -> str:
    """A job of that account that waits."""
    kept, _ = await stage.studio.open(account, DraftAsked(flow="narrated", topic=topic))
    return (await stage.studio.generate(account, kept.id, GenerationAsked(step="script"), f"key of {topic}")).job


# jobs at work


async def test_jobs_of_all_accounts_are_seen_the_longest_waiting_first(
    each_stage: Stage, bob: AccountRef, clock: FakeClock
) -> None:
    first = await asked_by(each_stage, bob, "rivers")
    clock.advance(MINUTE)
    second = await asked_by(each_stage, each_stage.ada, "why cats purr")
    queued = await overview(each_stage).queued()
    assert [(job.id, job.heading, job.steps) for job in queued.jobs] == [
        (first, "rivers", ("script",)),
        (second, "why cats purr", ("script",)),
    ]
    assert (queued.total, queued.oldest_at) == (2, clock() - MINUTE)
    assert await overview(each_stage).running() == (0, None, ())


async def test_a_job_that_runs_shows_who_has_it_and_until_when(each_stage: Stage, clock: FakeClock) -> None:
    each_stage.provider.will("run", "hang")
    await each_stage.generate(await each_stage.open(), "script")
    each_stage.worker.start()
    await asyncio.wait_for(each_stage.provider.is_hanging.wait(), 60)
    (job,) = (await overview(each_stage).running()).jobs
    assert (job.worker, job.tries, job.crashes) == (each_stage.worker.name, 1, 0)
    assert job.due_at > clock() and job.started_at == clock()
    (worker,) = await overview(each_stage).workers()
    assert (worker.name, worker.jobs, worker.heard_at) == (each_stage.worker.name, 1, clock())
    await each_stage.worker.stop()
    assert await overview(each_stage).workers() == []


async def test_a_list_is_bounded_and_says_how_many_there_are(each_stage: Stage) -> None:
    draft = await each_stage.open()
    begun = await each_stage.generate(draft, "script")
    job = await each_stage.job(begun)
    async with each_stage.room.store.database.transaction() as connection:
        for number in range(1, JOBS_SEEN_MAX + 2):
            await each_stage.room.store.carry_out(connection, insert_job(job._replace(number=number, hold=None)))
    queued = await overview(each_stage).queued()
    assert (len(queued.jobs), queued.total) == (JOBS_SEEN_MAX, JOBS_SEEN_MAX + 2)
    assert await overview(each_stage).counted(job.created_at, 0) == (0, JOBS_SEEN_MAX + 2, 0, 0)


async def test_a_job_whose_draft_is_gone_is_still_seen(each_stage: Stage) -> None:
    draft = await each_stage.open()
    job = await each_stage.job(await each_stage.generate(draft, "script"))
    async with each_stage.room.store.database.transaction() as connection:
        await each_stage.room.store.delete_draft(connection, job[:2], job.draft)  # type: ignore[arg-type]
    assert [one.heading for one in (await overview(each_stage).queued()).jobs] == [""]


# failures


async def test_the_last_failures_come_with_their_sentence_and_code(each_stage: Stage, clock: FakeClock) -> None:
    draft = await each_stage.open()
    each_stage.provider.will("run", ProviderFailure("The provider is on fire.", "Wait."))
    failed = await each_stage.done(await each_stage.generate(draft, "script"))
    assert failed.failure is not None
    clock.advance(DAY)
    each_stage.provider.will("run", ProviderFailure("It burns again.", "Wait."))
    await each_stage.done(await each_stage.generate(draft, "script"))
    failures = await overview(each_stage).failures(clock())
    assert [job.failure.detail for job in failures.jobs if job.failure] == [
        "It burns again.",
        "The provider is on fire.",
    ]
    assert failures.jobs[1].failure == failed.failure
    assert failures.total == 1
    assert (await overview(each_stage).counted(clock(), 0)).failed == 2


async def test_no_more_failures_are_read_than_are_listed(each_stage: Stage) -> None:
    draft = await each_stage.open()
    for number in range(FAILURES_SEEN_MAX + 1):
        each_stage.provider.will("run", ProviderFailure(f"Number {number}.", ""))
        await each_stage.done(await each_stage.generate(draft, "script"))
        each_stage.clock.advance(SECOND)
    failures = await overview(each_stage).failures(0)
    assert (len(failures.jobs), failures.total) == (FAILURES_SEEN_MAX, FAILURES_SEEN_MAX + 1)
    newest = failures.jobs[0].failure
    assert newest is not None and newest.detail == f"Number {FAILURES_SEEN_MAX}."


# every list is found by an index

INDEXED = {
    "count_at_work": ((0, "queued", 50), "job_at_work"),
    "list_at_work": ((0, "queued", 50), "job_at_work"),
    "count_leases": ((0,), "job_a"),
    "count_failed": ((0, 1, 50), "job_failed"),
    "list_failed": ((0, 20), "job_failed"),
}


A_YEAR_OF_JOBS = """
INSERT INTO job (lane, account, number, kind, draft, state, priority, due_at, progress, message, request, tasks, created_at,
                 ended_at)
SELECT 0, 1 + n % 50, 1000000 + n, 'generation', 1, 'succeeded', 0, n, 1, '', '{}', '[]', n, n
  FROM generate_series(1, 20000) n
"""


@pytest.mark.parametrize("name", INDEXED)
async def test_no_list_reads_jobs_that_it_does_not_show(each_stage: Stage, name: str) -> None:
    parameters, index = INDEXED[name]
    plan = await plan_of(each_stage, overview(each_stage)._sql[name], parameters, A_YEAR_OF_JOBS)
    assert index in plan, plan
    assert name == "count_leases" or not ("ORDER BY" in plan or "Sort" in plan), plan


# workers


async def test_a_worker_is_seen_while_it_idles_and_missed_when_it_is_silent(
    each_stage: Stage, clock: FakeClock
) -> None:
    presence = Presence(each_stage.room.store.database, clock, "host:17", 2)
    began_at = clock()
    await presence.note()
    clock.advance(PRESENCE_SECONDS * SECOND - 1)
    await presence.note()
    (worker,) = await overview(each_stage).workers()
    assert worker == ("host:17", 2, began_at, began_at, 0)
    clock.advance(1)
    await presence.note()
    (worker,) = await overview(each_stage).workers()
    assert (worker.began_at, worker.heard_at, worker.is_silent(clock())) == (began_at, clock(), False)
    assert (await overview(each_stage).counted(clock(), 0)).workers == 1
    clock.advance(SILENT_SECONDS * SECOND + 1)
    assert worker.is_silent(clock())
    assert (await overview(each_stage).counted(clock(), 0)).workers == 0


async def test_a_worker_that_was_killed_is_forgotten_after_a_day(each_stage: Stage, clock: FakeClock) -> None:
    await Presence(each_stage.room.store.database, clock, "dead:1", 2).note()
    clock.advance(FORGOTTEN_DAYS * DAY + 1)
    await Presence(each_stage.room.store.database, clock, "alive:2", 4).note()
    assert [worker.name for worker in await overview(each_stage).workers()] == ["alive:2"]


async def test_a_worker_that_says_nothing_is_known_by_its_leases(each_stage: Stage) -> None:
    each_stage.provider.will("run", Killed())
    await each_stage.generate(await each_stage.open(), "script")
    with pytest.raises(Killed):
        await each_stage.worker.run_all()
    (worker,) = await overview(each_stage).workers()
    assert worker.is_silent(each_stage.clock())
    assert worker == (each_stage.worker.name, None, None, None, 1)
    each_stage.clock.advance(DAY)
    await each_stage.worker.run_all()


async def test_a_worker_that_never_began_takes_nothing_away(each_stage: Stage, clock: FakeClock) -> None:
    await Presence(each_stage.room.store.database, clock, "host:17", 2).note()
    await Presence(each_stage.room.store.database, clock, "host:17", 2).leave()
    assert len(await overview(each_stage).workers()) == 1


# an operator ends a job


async def test_an_operator_cancels_a_waiting_job_and_its_owner_reads_why(each_stage: Stage, bob: AccountRef) -> None:
    id = await asked_by(each_stage, bob, "rivers")
    assert (await figures(each_stage.ledger, bob))[:2] == (0, 2)
    job = await each_stage.studio.call_off(bob, id, "The provider is down until Monday.")
    assert job.state == "cancelled" and job.failure is not None
    assert job.failure.detail == (
        "Cancelled before it began. An operator asked for it: The provider is down until Monday."
    )
    assert (await figures(each_stage.ledger, bob))[:2] == (0, 0)


async def test_an_operator_cancels_a_running_job_with_the_same_effect_as_its_owner(each_stage: Stage) -> None:
    each_stage.provider.will("run", "hang")
    begun = await each_stage.generate(await each_stage.open(), "script")
    each_stage.worker.start()
    await asyncio.wait_for(each_stage.provider.is_hanging.wait(), 60)
    await each_stage.studio.call_off(each_stage.ada, begun.job, "It hangs.")
    job = await each_stage.ended(begun)
    assert job.state == "cancelled" and job.failure is not None
    assert job.failure.detail.endswith("An operator asked for it: It hangs.")
    assert await each_stage.credits() == (0, 0)


async def test_a_job_that_has_ended_stays_as_it_ended(each_stage: Stage) -> None:
    begun = await each_stage.generate(await each_stage.open(), "script")
    await each_stage.done(begun)
    job = await each_stage.studio.call_off(each_stage.ada, begun.job, "Too late.")
    assert (job.state, await each_stage.room.store.reason(job[:2], job.number)) == ("succeeded", "")  # type: ignore[arg-type]


async def test_what_its_owner_cancels_has_no_reason(each_stage: Stage) -> None:
    begun = await each_stage.generate(await each_stage.open(), "script")
    job = await each_stage.studio.cancel(each_stage.ada, begun.job)
    assert job.failure is not None and job.failure.detail == "Cancelled before it began."


@pytest.mark.parametrize("why", ["", "x" * 501, "two\nlines"])
async def test_an_operator_needs_a_reason(stage: Stage, why: str) -> None:
    begun = await stage.generate(await stage.open(), "script")
    with pytest.raises(Malformed, match="Give a reason"):
        await stage.studio.call_off(stage.ada, begun.job, why)
    assert (await stage.job(begun)).state == "queued"


async def test_a_job_of_another_account_is_not_found_under_this_one(each_stage: Stage, bob: AccountRef) -> None:
    id = await asked_by(each_stage, bob, "rivers")
    with pytest.raises(StudioRefused, match="no such job"):
        await each_stage.studio.call_off(each_stage.ada, id, "Not theirs.")


async def test_jobs_are_counted_so_far_and_no_farther(each_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reelbot.studio.overview.COUNTED_MAX", 2)
    for _ in range(4):
        await each_stage.generate(await each_stage.open(), "script")
    queued = await overview(each_stage).queued()
    assert (queued.total, len(queued.jobs)) == (2, 4)
    assert (await overview(each_stage).counted(each_stage.clock(), 0)).queued == 2
