"""Work that was free when it was asked for: what it would have had for nothing may be gone when its turn comes."""

import asyncio

from tests.studio.stage import ALL, Stage, step

from reelbot.ids import id_text
from reelbot.studio.core.job import Job
from reelbot.studio.core.slots import shown_of
from reelbot.studio.files.content import StorageFull

FULL = StorageFull("The disk of the studio is full.", "Free some space; then try again.")


async def with_a_picture(stage: Stage) -> str:
    """A draft with the same picture as any other of these, so that it has the same clip."""
    draft = await stage.open()
    await stage.made(draft, step("image", prompt="a cat"))
    return draft


async def require_refused(stage: Stage, job: Job) -> None:
    """It ended without a clip, says what to do, and nothing is stored that is not counted."""
    assert (job.state, job.failure and job.failure.hint) == ("failed", "Ask for it again, at its price.")
    assert (await stage.studio.assets(stage.ada, ALL), await stage.storage()) == ([], (0, 0))
    kept = await stage.draft(id_text("draft", job.lane, job.account, job.draft))
    shown = shown_of(kept, kept.scenes[0].id)
    assert shown is not None
    assert shown.media is not None
    assert shown.media.kind == "image"


async def test_a_clip_that_was_free_and_was_removed_before_its_turn_is_not_made_for_nothing(stage: Stage) -> None:
    first, second = await with_a_picture(stage), await with_a_picture(stage)
    await stage.made(first, step("animation", seconds=3))
    begun = await stage.generate(second, step("animation", seconds=3))
    assert begun.hold is None
    (asset,) = await stage.studio.assets(stage.ada, ALL)
    await stage.studio.remove_asset(stage.ada, asset.id)
    await require_refused(stage, await stage.done(begun))
    assert (await stage.credits(), len(stage.provider.asked)) == ((19, 0), 2)
    await stage.made(second, step("animation", seconds=3))
    assert (await stage.credits(), len(stage.provider.asked)) == ((34, 0), 3)


async def test_a_delivery_that_another_job_took_in_and_that_was_then_removed_is_not_made_again_for_nothing(
    stage: Stage,
) -> None:
    first, second = await with_a_picture(stage), await with_a_picture(stage)
    stage.takes_in.append(FULL)
    assert (await stage.done(await stage.generate(first, step("animation", seconds=3)))).state == "failed"
    taking = await stage.generate(first, step("animation", seconds=3))
    waiting = await stage.generate(second, step("music"), step("animation", seconds=3))
    assert await stage.credits() == (19, 5)  # of both clips nothing, for one was paid
    is_removed = asyncio.Event()
    stage.provider.will("run", is_removed)
    async with asyncio.TaskGroup() as workers:
        for worker in (stage.worker, stage.beside()):
            workers.create_task(worker.run_all())
        assert (await stage.ended(taking)).state == "succeeded"
        (asset,) = await stage.studio.assets(stage.ada, ALL)
        await stage.studio.remove_asset(stage.ada, asset.id)
        is_removed.set()
    await require_refused(stage, await stage.job(waiting))
    assert (await stage.credits(), [kind for kind, _ in stage.provider.asked]) == (
        (24, 0),
        ["image", "animation", "music"],
    )
