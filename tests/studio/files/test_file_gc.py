"""The disk is freed of files that nothing names any more, and of no others."""

import os
from pathlib import Path

from tests.studio.scripted import paper
from tests.studio.stage import ALL, Stage, step

from reelbot.clock import DAY, SECOND
from reelbot.studio.files.content import Files
from reelbot.studio.files.file_gc import UNNAMED_DAYS, free_unnamed

KEPT_SECONDS = 1_000_000.0
"""When the files of these tests were kept."""

A_DAY = DAY / SECOND

ALL_OF_THEM = float("inf")


def aged(files: Files) -> None:
    """Have all files kept at one instant."""
    for sha256 in files.older_than(ALL_OF_THEM):
        os.utime(files.path(sha256), (KEPT_SECONDS, KEPT_SECONDS))


async def tidied(stage: Stage, days: float) -> int:
    """What is freed so many days after the files were kept."""
    return await free_unnamed(stage.room.store, stage.room.files, KEPT_SECONDS + days * A_DAY)


async def forgotten(stage: Stage) -> int:
    """What is freed when all that is found now has been waiting for its days."""
    aged(stage.room.files)
    assert await tidied(stage, 100) == 0
    return await tidied(stage, 100 + UNNAMED_DAYS)


async def test_a_removed_file_is_freed_a_week_after_that_was_found_however_old_it_is(each_stage: Stage) -> None:
    stage, files = each_stage, each_stage.room.files
    asset = await stage.upload("image")
    assert await forgotten(stage) == 0
    await stage.studio.remove_asset(stage.ada, asset.id)
    assert [await tidied(stage, 200 + days) for days in range(UNNAMED_DAYS)] == [0] * UNNAMED_DAYS
    size = files.size(asset.media.sha256)
    assert (await tidied(stage, 200 + UNNAMED_DAYS), files.has(asset.media.sha256)) == (size, False)
    assert await tidied(stage, 300) == 0


async def test_a_file_that_is_about_to_be_named_is_not_even_looked_at(stage: Stage, tmp_path: Path) -> None:
    sha256 = await stage.room.files.keep(paper(tmp_path / "new", "image", "cat"))
    aged(stage.room.files)
    await tidied(stage, 0.9)
    assert stage.room.files.unnamed() == {}
    await tidied(stage, 1.1)
    assert set(stage.room.files.unnamed()) == {sha256}


async def test_what_a_draft_its_versions_a_video_and_a_preview_name_stays(each_stage: Stage) -> None:
    stage, files = each_stage, each_stage.room.files
    finished, open_draft = await stage.finished(), await stage.finished("why dogs bark")
    await stage.made(open_draft, "voiceover")
    await stage.done(await stage.studio.preview(stage.ada, open_draft, "look"))
    await stage.done(await stage.render(finished))
    kept = sorted(files.older_than(ALL_OF_THEM))
    assert len(kept) >= 8
    assert await forgotten(stage) == 0
    assert sorted(files.older_than(ALL_OF_THEM)) == kept


async def test_the_preview_of_a_draft_that_is_gone_is_freed(each_stage: Stage) -> None:
    stage = each_stage
    draft = await stage.finished()
    job = await stage.done(await stage.studio.preview(stage.ada, draft, "look"))
    assert job.result is not None
    assert await forgotten(stage) == 0
    await stage.studio.remove(stage.ada, draft)
    assert await forgotten(stage) > 0
    assert not stage.room.files.has(str(job.result["preview"]))


async def test_a_clip_that_was_removed_is_freed_with_its_draft_although_it_was_paid_for(each_stage: Stage) -> None:
    stage, files = each_stage, each_stage.room.files
    draft = await stage.finished()
    await stage.made(draft, step("animation", seconds=3))
    (clip,) = await stage.studio.assets(stage.ada, ALL)
    await stage.studio.remove(stage.ada, draft)
    assert (await forgotten(stage), files.has(clip.media.sha256)) == (0, True)
    await stage.studio.remove_asset(stage.ada, clip.id)
    assert (await forgotten(stage) > 0, files.has(clip.media.sha256)) == (True, False)


async def test_what_a_waiting_job_is_about_stays(each_stage: Stage) -> None:
    await each_stage.render(await each_stage.finished())
    assert await forgotten(each_stage) == 0


async def test_a_file_that_is_kept_again_starts_anew(stage: Stage, tmp_path: Path) -> None:
    files = stage.room.files
    sha256 = await files.keep(paper(tmp_path / "once", "image", "cat"))
    aged(files)
    await tidied(stage, 100)
    assert await files.keep(paper(tmp_path / "again", "image", "cat")) == sha256
    assert (files.free(sha256, KEPT_SECONDS + 100 * A_DAY), files.has(sha256)) == (0, True)


async def test_a_crash_while_a_file_is_freed_or_noted_leaves_nothing_for_ever(stage: Stage, tmp_path: Path) -> None:
    files = stage.room.files
    place = files.path(await files.keep(paper(tmp_path / "once", "image", "cat")))
    aged(files)
    await tidied(stage, 100)
    place.rename(place.with_name(f"{place.name}.freed"))
    (files.cache.parent / "unnamed.json").write_text("{")
    assert await tidied(stage, 101) == 0
    assert await tidied(stage, 101 + UNNAMED_DAYS) > 0
    assert list(files.older_than(ALL_OF_THEM)) == []
