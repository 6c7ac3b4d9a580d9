"""A provider that was taken out of the configuration, or lost its key: its jobs end, say so, and give back what was held."""

from pathlib import Path

import pytest
from tests.studio.scripted import Act, Scripted
from tests.studio.stage import Stage, staged, step
from tests.support.clock import FakeClock

from reelbot.clock import HOUR
from reelbot.providers.port import ProviderFailure
from reelbot.providers.works import Kind
from reelbot.studio.core.job import Job
from reelbot.studio.core.requests import SettingsAsked
from reelbot.studio.jobs.enqueue import Begun

WAITING: list[Act] = ["waiting"] * 1_000

IMAGES: tuple[Kind, ...] = ("image",)


def provider(stage: Stage, name: str) -> Scripted:
    found = stage.room.registry.provider(name)
    assert isinstance(found, Scripted)
    return found


async def given_back(stage: Stage, begun: Begun) -> Job:
    """The job, which has ended with a sentence that names who is gone, and holds nothing."""
    job = await stage.done(begun)
    assert (job.state, job.failure and job.failure.code) == ("failed", "provider_unavailable"), job
    assert job.failure is not None
    assert "other" in job.failure.detail.lower()
    assert await stage.credits() == (0, 0)
    await stage.require_sound()
    return job


async def test_a_job_whose_provider_is_gone_before_it_began_ends_and_gives_back(
    emptied_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    async with staged(emptied_url, tmp_path, clock, [Scripted(), Scripted("other")]) as stage:
        draft = await stage.open()
        begun = await stage.generate(draft, step("image", provider="other"))
        assert await stage.credits() == (0, 4)
    async with staged(emptied_url, tmp_path, clock, [Scripted()]) as stage:
        job = await given_back(stage, begun)
        assert job.failure is not None
        assert job.failure.point == "before_acceptance"
        assert (await stage.shown(draft)).steps["assets"].state == "failed"


@pytest.mark.parametrize("has_job", [True, False])
async def test_a_job_whose_provider_is_gone_while_it_works_ends_and_gives_back(
    emptied_url: str, tmp_path: Path, clock: FakeClock, has_job: bool
) -> None:
    unknown = ProviderFailure("It does not say.", retryable=True)
    async with staged(emptied_url, tmp_path, clock, [Scripted(), Scripted("other", queued=IMAGES)]) as stage:
        provider(stage, "other").will("poll" if has_job else "submit", unknown)
        draft = await stage.open()
        begun = await stage.generate(draft, step("image", provider="other"))
        job = await stage.done(begun)
        assert (job.state, (job.tasks[0].provider_job is not None)) == ("queued", has_job)
    clock.advance(HOUR)
    async with staged(emptied_url, tmp_path, clock, [Scripted()]) as stage:
        await given_back(stage, begun)


async def test_a_provider_that_lost_its_key_ends_its_jobs_instead_of_asking_for_a_day(
    sqlite_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    other = Scripted("other", queued=IMAGES)
    async with staged(sqlite_url, tmp_path, clock, [Scripted(), other]) as stage:
        other.will("poll", ProviderFailure("It does not say.", retryable=True))
        begun = await stage.generate(await stage.open(), step("image", provider="other"))
        assert (await stage.done(begun)).state == "queued"
        clock.advance(HOUR)
        other.lacks = "Set its key."
        other.will("poll", *(ProviderFailure("It does not accept the key.", retryable=True) for _ in range(9)))
        job = await given_back(stage, begun)
        assert job.failure is not None
        assert job.failure.hint.startswith("Set its key.")


async def test_a_draft_that_names_a_provider_that_is_gone_can_be_looked_at_and_changed(
    sqlite_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    async with staged(sqlite_url, tmp_path, clock, [Scripted(), Scripted("other")]) as stage:
        draft = await stage.finished()
        await stage.change(draft, settings=SettingsAsked(providers={"voiceover": "other", "image": "other"}))
    async with staged(sqlite_url, tmp_path, clock, [Scripted()]) as stage:
        shown = await stage.shown(draft)
        assert shown.steps["voiceover"].state == "current"
        await stage.change(draft, settings=SettingsAsked(tone="humorous"))
        await stage.change(draft, settings=SettingsAsked(providers={"voiceover": "scripted"}))
        await stage.made(draft, "script", "voiceover", key="another key")
