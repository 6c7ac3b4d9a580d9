"""Previews are free, so they are bounded: of the beginning of a video, and only the last one of a draft is kept."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.studio.stage import Stage, staged
from tests.support.clock import FakeClock

from reelbot.clock import SECOND
from reelbot.render import FINAL, PREVIEW, MediaFile, TimedWord, Timeline, TimelineScene, opening_of
from reelbot.studio.core.job import Job
from reelbot.studio.jobs import render_job
from reelbot.studio.jobs.render_job import Maker
from reelbot.studio.limits import PREVIEW_SECONDS_MAX, PREVIEWS_RUNNING_MAX

TWENTY_MINUTES = 20 * 60 * 1_000


@pytest.fixture
async def stage(emptied_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Stage]:
    async with staged(emptied_url, tmp_path / "studio", clock) as opened:
        yield opened
        await opened.require_sound()


def long_timeline(scenes: int = 4) -> Timeline:
    picture, share = MediaFile(Path("a.png"), "a" * 64, "image", 9, 16), TWENTY_MINUTES // scenes
    words = tuple(TimedWord(str(at), at * 500, at * 500 + 400) for at in range(TWENTY_MINUTES // 500))
    return Timeline(tuple(TimelineScene(picture, at * share, (at + 1) * share) for at in range(scenes)), words)


@pytest.mark.parametrize("scenes", [1, 4, 60])
def test_the_beginning_of_a_timeline_is_a_whole_timeline(scenes: int) -> None:
    begun = opening_of(long_timeline(scenes), 60_000)
    assert (begun.scenes[0].start_ms, begun.length_ms) == (0, 60_000)
    assert all(before.end_ms == after.start_ms for before, after in zip(begun.scenes, begun.scenes[1:], strict=False))
    assert begun.words[-1].end_ms <= 60_000 < begun.words[-1].end_ms + 500
    assert opening_of(begun, 60_000) is begun


async def test_a_preview_of_an_upload_of_twenty_minutes_is_a_minute_long_and_the_video_is_whole(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: list[int] = []

    async def on_paper(timeline: Timeline, *_: Any, **__: Any) -> None:
        rendered.append(timeline.length_ms)

    monkeypatch.setattr(render_job, "render", on_paper)
    monkeypatch.setattr(render_job, "timeline_of", lambda *_: long_timeline())
    maker = Maker(stage.room)
    for quality in (PREVIEW, FINAL):
        await maker._rendered(None, Path(), quality, lambda _: None)  # type: ignore[arg-type]
    assert rendered == [PREVIEW_SECONDS_MAX * SECOND, TWENTY_MINUTES]


async def previewed(stage: Stage, draft: str, look: int) -> Job:
    """A preview of a draft that was changed before it, made long ago as far as the disk knows."""
    stage.clock.advance(SECOND)
    await stage.change(draft, title=f"{draft} {look}")
    job = await stage.done(await stage.studio.preview(stage.ada, draft, f"{draft} {look}"))
    assert job.result is not None
    path = stage.room.files.path(str(job.result["preview"]))
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 3_600))
    return job


def has(stage: Stage, job: Job) -> bool:
    assert job.result is not None
    return stage.room.files.has(str(job.result["preview"]))


async def test_only_the_last_preview_of_a_living_draft_is_kept(stage: Stage) -> None:
    draft, other = await stage.finished(), await stage.finished("why dogs bark")
    looks = [await previewed(stage, draft, look) for look in range(4)]
    beside = await previewed(stage, other, 0)
    assert [has(stage, look) for look in looks] == [False, False, False, True]
    assert has(stage, beside)
    kept = [(await stage.studio.job(stage.ada, look.id)).result for look in looks]
    assert [result is not None for result in kept] == [False, False, False, True]
    await stage.studio.remove(stage.ada, draft)
    await previewed(stage, other, 1)
    assert [has(stage, looks[-1]), has(stage, beside)] == [False, False]


async def test_an_older_preview_that_was_made_a_moment_ago_is_left_until_the_next_one(stage: Stage) -> None:
    draft = await stage.finished()
    young = await stage.done(await stage.studio.preview(stage.ada, draft, "young"))
    await previewed(stage, draft, 1)
    assert (await stage.studio.job(stage.ada, young.id)).result == young.result
    path = stage.room.files.path(str((young.result or {})["preview"]))
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 3_600))
    await previewed(stage, draft, 2)
    assert (await stage.studio.job(stage.ada, young.id)).result is None
    assert not has(stage, young)


async def test_a_preview_that_another_draft_has_too_stays(stage: Stage) -> None:
    draft, other = await stage.finished(), await stage.finished()
    for one in (draft, other):
        await stage.change(one, title="the same")
    same = [await stage.done(await stage.studio.preview(stage.ada, one, one)) for one in (draft, other)]
    assert same[0].result == same[1].result
    path = stage.room.files.path(str((same[0].result or {})["preview"]))
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 3_600))
    await previewed(stage, draft, 1)
    assert has(stage, same[1])


async def test_drafts_beyond_a_bound_lose_their_previews(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reelbot.studio.files.file_gc.PREVIEWS_KEPT_MAX", 2)
    drafts = [await stage.finished(f"topic {number}") for number in range(3)]
    looks = [await previewed(stage, draft, 0) for draft in drafts]
    assert [has(stage, look) for look in looks] == [False, True, True]


async def test_one_preview_of_an_account_is_made_at_once(stage: Stage) -> None:
    drafts = [await stage.finished(f"topic {number}") for number in range(3)]
    for draft in drafts:
        await stage.studio.preview(stage.ada, draft, draft)
    worker = stage.beside()
    taken = [await worker._taken("preview") for _ in drafts]
    assert sum(job is not None for job in taken) == PREVIEWS_RUNNING_MAX
    assert await worker._taken("work") is None
    stage.clock.advance(3_600 * SECOND)
    await stage.worker.run_all()
