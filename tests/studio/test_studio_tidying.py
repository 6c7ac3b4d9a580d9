"""The disk is freed of files that nothing names any more, and of no others."""

import os
from pathlib import Path

from tests.studio.scripted import paper
from tests.studio.stages import ALL, Stage, step

from reelbot.clock import DAY, SECOND
from reelbot.studio.files import Files
from reelbot.studio.tidying import UNNAMED_DAYS, free_unnamed

LATER = (UNNAMED_DAYS + 1) * DAY / SECOND
"""Seconds after which a file that nothing names is of no use to anybody."""


def aged(files: Files, *kept: str) -> float:
    """Have files kept at one instant; another one, much later."""
    for sha256 in kept:
        os.utime(files.path(sha256), (1_000_000, 1_000_000))
    return 1_000_000 + LATER


async def freed(stage: Stage, now_seconds: float) -> int:
    return await free_unnamed(stage.room.store, stage.room.files, now_seconds)


async def test_a_removed_file_is_freed_when_its_days_are_over_and_not_before(each_stage: Stage) -> None:
    stage, files = each_stage, each_stage.room.files
    asset = await stage.upload("image")
    later = aged(files, asset.media.sha256)
    assert (await freed(stage, later), files.has(asset.media.sha256)) == (0, True)
    await stage.studio.remove_asset(stage.ada, asset.id)
    assert (await freed(stage, later - 2 * DAY / SECOND), files.has(asset.media.sha256)) == (0, True)
    size = files.size(asset.media.sha256)
    assert (await freed(stage, later), files.has(asset.media.sha256)) == (size, False)


async def test_what_a_draft_its_versions_a_video_and_a_preview_name_stays(each_stage: Stage) -> None:
    stage, files = each_stage, each_stage.room.files
    finished, open_draft = await stage.finished(), await stage.finished("why dogs bark")
    await stage.made(open_draft, "voiceover")
    await stage.done(await stage.studio.preview(stage.ada, open_draft, "look"))
    await stage.done(await stage.render(finished))
    kept = list(files.older_than(float("inf")))
    later = aged(files, *kept)
    assert len(kept) >= 8
    assert await freed(stage, later) == 0
    assert sorted(files.older_than(float("inf"))) == sorted(kept)


async def test_the_preview_of_a_draft_that_is_gone_is_freed(each_stage: Stage) -> None:
    stage, files = each_stage, each_stage.room.files
    draft = await stage.finished()
    job = await stage.done(await stage.studio.preview(stage.ada, draft, "look"))
    assert job.result is not None
    preview = str(job.result["preview"])
    later = aged(files, preview)
    assert await freed(stage, later) == 0
    await stage.studio.remove(stage.ada, draft)
    assert await freed(stage, later) > 0
    assert not files.has(preview)


async def test_a_clip_that_was_removed_is_freed_with_its_draft_although_it_was_paid_for(each_stage: Stage) -> None:
    stage, files = each_stage, each_stage.room.files
    draft = await stage.finished()
    await stage.made(draft, step("animation", seconds=3))
    (clip,) = await stage.studio.assets(stage.ada, ALL)
    await stage.studio.remove(stage.ada, draft)
    later = aged(files, clip.media.sha256)
    assert (await freed(stage, later), files.has(clip.media.sha256)) == (0, True)
    await stage.studio.remove_asset(stage.ada, clip.id)
    assert (await freed(stage, later) > 0, files.has(clip.media.sha256)) == (True, False)


async def test_what_a_waiting_job_is_about_stays(each_stage: Stage) -> None:
    stage, files = each_stage, each_stage.room.files
    draft = await stage.finished()
    await stage.render(draft)
    kept = list(files.older_than(float("inf")))
    assert await freed(stage, aged(files, *kept)) == 0


async def test_a_file_that_is_kept_again_is_as_new(tmp_path: Path) -> None:
    files = Files(tmp_path / "studio")
    files.open()
    sha256 = await files.keep(paper(tmp_path / "once", "image", "cat"))
    later = aged(files, sha256)
    assert await files.keep(paper(tmp_path / "again", "image", "cat")) == sha256
    assert (files.free(sha256, later), files.has(sha256)) == (0, True)


async def test_a_crash_while_a_file_is_freed_leaves_nothing_for_ever(stage: Stage) -> None:
    files = stage.room.files
    asset = await stage.upload("image")
    await stage.studio.remove_asset(stage.ada, asset.id)
    later, place = aged(files, asset.media.sha256), files.path(asset.media.sha256)
    place.rename(place.with_name(f"{place.name}.freed"))
    assert await freed(stage, later) > 0
    assert list(files.older_than(float("inf"))) == []
