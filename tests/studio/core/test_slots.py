"""The way through the studio: every step by hand and by AI, on each database."""

from tests.studio.stage import ALL, Stage, step

from reelbot.studio.core.job import Job


async def test_a_draft_goes_from_a_topic_to_a_finished_video(each_stage: Stage) -> None:
    stage = each_stage
    draft = await stage.open()
    job = await stage.made(draft, "topic", "script", "voiceover", step("image", count=2), "music")
    assert job.progress == 1.0
    assert await stage.credits() == (1 + 2 + 3 + 8 + 5, 0)
    await stage.made(draft, step("animation", seconds=3))
    assert await stage.credits() == (19 + 2 * 15, 0)
    shown = await stage.shown(draft)
    assert {name: one.state for name, one in shown.steps.items()} == dict.fromkeys(shown.steps, "current")
    assert shown.ready
    begun = await stage.render(draft)
    assert (await stage.shown(draft)).locked
    assert await stage.videos() == (0, 1)
    rendered: Job = await stage.done(begun)
    assert rendered.state == "succeeded", rendered.failure
    assert await stage.videos() == (1, 0)
    (video,) = await stage.studio.videos(stage.ada, ALL)
    assert (video.title, len(video.facts.setup.scenes)) == ("why cats purr", 2)
    assert rendered.result == {"video": video.id}
    assert await stage.studio.drafts(stage.ada, ALL) == []
    stage.provider.require_asked_once()
