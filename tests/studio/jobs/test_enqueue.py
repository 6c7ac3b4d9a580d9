"""Triggering work: one effect for one key, all or as many as fit, and nothing charged that could not come to anything."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path

import msgspec
import pytest
from tests.studio.scripted import Scripted
from tests.studio.stage import ALL, TERMS, Stage, generation, staged, step
from tests.support.clock import FakeClock
from tests.support.ledgers import priced, status, with_factor

from reelbot.allowance import Refused, Status
from reelbot.errors import Malformed, TooBusy
from reelbot.providers.works import ScriptWork, work_hash
from reelbot.studio.actions.requests import GenerationAsked
from reelbot.studio.core.draft import Slot
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.core.requests import DraftAsked, RenderAsked, SettingsAsked
from reelbot.studio.core.rows import save_draft
from reelbot.studio.core.slots import PICTURE, SCRIPT, shown_of
from reelbot.studio.jobs.enqueue import Begun
from reelbot.studio.limits import VERSIONS_MAX


async def refused(asked: Awaitable[object]) -> str:
    with pytest.raises(StudioRefused) as no:
        await asked
    return no.value.code


# one key, one effect


async def test_the_same_key_with_the_same_content_is_answered_again_and_does_nothing(each_stage: Stage) -> None:
    stage = each_stage
    draft = await stage.open()
    first = await stage.generate(draft, "script", key="a click")
    again = await stage.generate(draft, "script", key="a click")
    assert (again, first.replayed) == (first._replace(replayed=True), False)
    await stage.done(first)
    assert (await stage.generate(draft, "script", key="a click")).replayed
    assert await stage.credits() == (2, 0)
    assert len(stage.provider.asked) == 1


async def test_the_same_key_with_other_content_is_refused(stage: Stage) -> None:
    draft = await stage.open()
    await stage.generate(draft, "script", key="a click")
    assert await status(stage.generate(draft, "image", key="a click")) is Status.KEY_REUSED
    await stage.ledger.hold(stage.ada, {"ai_credits": 2}, key="a hold of another program")
    assert await status(stage.generate(draft, "image", key="a hold of another program")) is Status.KEY_REUSED


@pytest.mark.parametrize("what", ["paid", "free", "batch", "render", "preview", "video"])
async def test_two_requests_at_once_with_one_key_begin_one_job(
    emptied_url: str, tmp_path: Path, clock: FakeClock, what: str
) -> None:
    async with (
        staged(emptied_url, tmp_path / "studio", clock) as stage,
        staged(emptied_url, tmp_path / "studio", clock) as other,
    ):
        draft = await stage.finished()
        if what == "free":
            await stage.made(draft, "script")
            draft = await stage.open()

        def ask(one: Stage) -> Awaitable[Begun]:
            match what:
                case "render":
                    return one.studio.render(one.ada, draft, RenderAsked(), "a click")
                case "preview":
                    return one.studio.preview(one.ada, draft, "a click")
                case "batch":
                    return one.generate(draft, step("image", count=2), "music", key="a click")
                case "video":
                    return one.generate(draft, "music", key="a click", render=True)
                case _:
                    return one.generate(draft, "script", key="a click")

        jobs = len(await stage.studio.jobs(stage.ada, ALL))
        begun = await asyncio.gather(*(ask(one) for one in (stage, other) * 4))
        assert len({one.job for one in begun}) == 1
        assert [one.replayed for one in begun].count(False) == 1
        assert len(await stage.studio.jobs(stage.ada, ALL)) == jobs + 1
        await stage.worker.run_all()
        await stage.require_sound()
        assert (await stage.job(begun[0])).state == "succeeded"


async def test_two_requests_at_once_with_one_key_open_one_draft(
    emptied_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    async with (
        staged(emptied_url, tmp_path / "studio", clock) as stage,
        staged(emptied_url, tmp_path / "studio", clock) as other,
    ):
        asked = DraftAsked(flow="narrated", topic="cats")
        opened = await asyncio.gather(*(one.studio.open(one.ada, asked, "a click") for one in (stage, other) * 4))
        assert len({kept.id for kept, _ in opened}) == 1
        assert [was_there for _, was_there in opened].count(False) == 1
        assert len(await stage.studio.drafts(stage.ada, ALL)) == 1
        with pytest.raises(Refused):
            await stage.studio.open(stage.ada, DraftAsked(flow="cinematic"), "a click")
        uploads = await asyncio.gather(*(one.upload("image", key="a file") for one in (stage, other) * 4))
        assert len({asset.id for asset in uploads}) == 1
        assert await stage.storage() == (uploads[0].media.bytes, 0)
        await stage.require_sound()


async def test_a_draft_that_is_saved_while_an_action_is_placed_loses_neither(each_stage: Stage) -> None:
    stage = each_stage
    draft = await stage.open()
    typing = [stage.change(draft, title=f"Title {number}") for number in range(6)]
    asking = [stage.generate(draft, step("image", prompt=f"cat {number}")) for number in range(3)]
    await asyncio.gather(*typing, *asking, stage.studio.preview(stage.ada, draft, "look"), return_exceptions=True)
    await stage.worker.run_all()
    kept = await stage.draft(draft)
    assert kept.text_of("title") in {f"Title {number}" for number in range(6)}
    jobs = await stage.studio.jobs(stage.ada, ALL)
    assert {job.state for job in jobs} == {"succeeded"}
    assert len([scene for scene in kept.scenes if shown_of(kept, scene.id)]) == len(jobs)
    assert await stage.credits() == (4 * len(jobs), 0)


async def test_a_step_that_is_being_made_is_not_made_twice(stage: Stage) -> None:
    draft = await stage.open()
    await stage.generate(draft, "script")
    assert await refused(stage.generate(draft, "script")) == "step_running"
    assert await stage.credits() == (0, 2)
    await stage.worker.run_all()


# how much


async def test_a_refusal_changes_nothing_and_the_same_key_may_be_tried_again(
    sqlite_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    async with staged(sqlite_url, tmp_path, clock, plan="free") as stage:
        draft = await stage.open()
        before = await stage.studio.kept_draft(stage.ada, draft)
        assert await status(stage.generate(draft, step("image", count=16), key="k")) is Status.ALLOWANCE_EXHAUSTED
        assert await stage.studio.kept_draft(stage.ada, draft) == before
        assert await stage.credits() == (0, 0)
        await stage.generate(draft, step("image", count=15), key="k")
        assert await stage.credits() == (0, 60)
        await stage.worker.run_all()


async def test_as_many_as_fit_are_made_and_the_rest_is_named_with_when_it_will(
    sqlite_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    async with staged(sqlite_url, tmp_path, clock, plan="free") as stage:
        draft = await stage.open()
        await stage.ledger.hold(stage.ada, {"ai_credits": 48}, key="something else")
        begun = await stage.generate(draft, step("image", count=2), "script", "voiceover", "music", mode="fit")
        assert [(one.slot, one.amount) for one in begun.later] == [("voiceover", 3), ("music", 5)]
        assert all(one.fits_at == clock() + 12 * 3_600_000 for one in begun.later)
        job = await stage.done(begun)
        assert [str(task.slot) for task in job.request.tasks] == ["picture:2", "picture:3", "script"]
        await stage.require_sound()


async def test_the_first_answer_is_repeated_with_what_did_not_fit_then(
    sqlite_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    async with staged(sqlite_url, tmp_path, clock, plan="free") as stage:
        draft = await stage.open()
        hold = await stage.ledger.hold(stage.ada, {"ai_credits": 58}, key="something else")
        first = await stage.generate(draft, "script", "music", mode="fit", key="a click")
        await stage.ledger.release(hold)
        assert [one.slot for one in first.later] == ["music"]
        assert await stage.generate(draft, "script", "music", mode="fit", key="a click") == first._replace(
            replayed=True
        )
        await stage.done(first)
        assert await stage.generate(draft, "script", "music", mode="fit", key="a click") == first._replace(
            replayed=True
        )


async def test_what_did_not_fit_when_a_draft_was_brought_up_to_date_is_told_again(
    sqlite_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    async with staged(sqlite_url, tmp_path, clock, plan="free") as stage:
        draft = await stage.finished()
        await stage.change(draft, topic="why dogs bark")
        await stage.ledger.hold(stage.ada, {"ai_credits": 48}, key="something else")
        first = await stage.generate(draft, stale=True, mode="fit", key="a click")
        assert first.later
        await stage.done(first)
        assert await stage.generate(draft, stale=True, mode="fit", key="a click") == first._replace(replayed=True)


async def test_what_follows_from_something_that_does_not_fit_waits_with_it(
    sqlite_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    async with staged(sqlite_url, tmp_path, clock, plan="free") as stage:
        draft = await stage.open()
        hold = await stage.ledger.hold(stage.ada, {"ai_credits": 55}, key="something else")
        begun = await stage.generate(draft, step("image", count=2), "script", "voiceover", mode="fit")
        # One picture fits, then neither script nor, therefore, its voiceover.
        assert [one.slot for one in begun.later] == ["picture:3", "script", "voiceover"]
        assert (await stage.done(begun)).state == "succeeded"
        await stage.ledger.release(hold)
        await stage.ledger.hold(stage.ada, {"ai_credits": 51}, key="yet something else")
        begun = await stage.generate(draft, step("animation", seconds=2), "script", "voiceover", mode="fit")
        job = await stage.done(begun)
        assert (job.state, [task.script_from for task in job.request.tasks]) == ("succeeded", [None, 0])
        assert len((await stage.draft(draft)).scenes) == 1
        await stage.require_sound()


async def test_a_quote_is_a_ceiling(stage: Stage) -> None:
    draft = await stage.open()
    asked = generation("script", "voiceover")
    quoted = await stage.studio.quote(stage.ada, draft, asked)
    assert quoted.totals == {"ai_credits": 5}
    stage.provider.speech_ms = 95_000
    await stage.done(await stage.generate(draft, "script", "voiceover", quote=quoted.id))
    assert await stage.credits() == (5, 0)


async def test_a_quote_is_a_ceiling_for_as_many_as_fit_too(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> None:
    async with staged(sqlite_url, tmp_path, clock, plan="free") as stage:
        draft = await stage.open()
        steps = [step("image", count=2), "script", "music"]
        quoted = await stage.studio.quote(stage.ada, draft, generation(*steps))  # type: ignore[arg-type]
        assert [one.amount for one in quoted.lines] == [4, 4, 2, 5]
    dearer = priced(TERMS, image=7, script=3, music=50)
    async with staged(sqlite_url, tmp_path, clock, plan="free", terms=dearer) as stage:
        await stage.ledger.hold(stage.ada, {"ai_credits": 51}, key="something else")
        begun = await stage.generate(draft, *steps, mode="fit", quote=quoted.id)  # type: ignore[arg-type]
        assert [(one.slot, one.amount) for one in begun.later] == [("script", 2), ("music", 5)]
        assert await stage.credits() == (0, 51 + 8)
        await stage.done(begun)
        assert await stage.credits() == (8, 51)
        await stage.require_sound()


async def test_what_was_made_since_the_quote_leaves_it_and_the_rest_keeps_its_ceiling(stage: Stage) -> None:
    draft, other = await stage.open(), await stage.open()
    quoted = await stage.studio.quote(stage.ada, draft, generation("script", "image"))
    await stage.made(other, "script")
    begun = await stage.generate(draft, "script", "image", quote=quoted.id)
    assert (begun.hold is not None, await stage.credits()) == (True, (2, 4))
    await stage.done(begun)


async def test_a_voiceover_is_settled_on_what_was_measured(stage: Stage) -> None:
    draft = await stage.open(script="Cats purr.")
    stage.provider.speech_ms = 10_001
    await stage.made(draft, "voiceover")
    assert await stage.credits() == (2, 0)


# nothing is charged that could not come to anything


async def test_a_voice_that_does_not_speak_the_language_is_refused_where_it_is_chosen(stage: Stage) -> None:
    draft = await stage.open()
    for voice in ("uta", "nobody"):
        with pytest.raises(Malformed, match="no voice"):
            await stage.change(draft, settings=SettingsAsked(voice=voice))
        with pytest.raises(Malformed):
            await stage.generate(draft, "script", step("voiceover", voice=voice))
    assert await stage.credits() == (0, 0)
    shown = await stage.change(draft, settings=SettingsAsked(voice="kim"))
    assert shown.settings.voice == "kim"
    shown = await stage.change(draft, settings=SettingsAsked(language="de"))
    assert shown.settings.voice == ""
    await stage.made(draft, "script", "voiceover")


@pytest.mark.parametrize("steps", [("script", "image"), ("script", "voiceover"), ("music",)])
async def test_a_video_in_one_go_is_refused_when_it_would_lack_something(stage: Stage, steps: tuple[str, ...]) -> None:
    draft = await stage.open()
    assert await refused(stage.generate(draft, *steps, render=True)) == "not_ready"  # type: ignore[arg-type]
    assert (await stage.credits(), await stage.videos()) == ((0, 0), (0, 0))


async def test_rendering_what_no_longer_matches_takes_a_yes(stage: Stage) -> None:
    draft = await stage.finished()
    await stage.change(draft, script="Something else.")
    assert await refused(stage.render(draft)) == "confirmation_needed"
    cinematic = await stage.open(flow="cinematic")
    await stage.made(cinematic, "image")
    await stage.made(cinematic, "animation")
    scene = (await stage.draft(cinematic)).scenes[0].id
    await stage.made(cinematic, step("image", scene=scene))
    assert await refused(stage.render(cinematic)) == "confirmation_needed"
    assert await stage.videos() == (0, 0)
    for one in (draft, cinematic):
        assert (await stage.done(await stage.render(one, confirm=True))).state == "succeeded"


async def test_a_script_is_not_rewritten_in_the_batch_that_makes_it_anew(stage: Stage) -> None:
    draft = await stage.open(script="Cats purr.")
    with pytest.raises(Malformed, match="made anew"):
        await stage.generate(draft, "script", step("rewrite", passage="Cats purr."))


async def test_a_step_with_too_many_versions_is_refused_before_anything_is_held(stage: Stage) -> None:
    draft = await stage.open(script="Cats purr.")
    kept = await stage.studio.kept_draft(stage.ada, draft)
    slot = kept.draft.slot(SCRIPT.ref())
    crowded = kept.draft.with_slot(SCRIPT.ref(), Slot(slot.versions * VERSIONS_MAX, slot.current))
    async with stage.room.store.database.transaction() as connection:
        await stage.room.store.carry_out(connection, [save_draft(kept._replace(draft=crowded))])
    with pytest.raises(TooBusy, match="versions already"):
        await stage.generate(draft, step("rewrite"))
    assert (await stage.shown(draft)).steps["script"].price is not None
    assert await stage.credits() == (0, 0)


async def test_pictures_of_one_description_differ_and_a_scene_that_waits_keeps_its_own(stage: Stage) -> None:
    draft = await stage.open()
    await stage.made(draft, step("image", count=2, prompt="a cat"))
    await stage.made(draft, step("image", prompt="a cat"))
    kept = await stage.draft(draft)
    pictures = [kept.version(PICTURE.ref(scene.id)) for scene in kept.scenes]
    assert [picture and picture.variation for picture in pictures] == [0, 1, 2]
    assert len({picture.media.sha256 for picture in pictures if picture and picture.media}) == 3


async def test_what_an_older_edition_of_a_provider_made_is_not_taken_for_the_same(stage: Stage) -> None:
    async def made_anew() -> int:
        before = len(stage.provider.asked)
        await stage.made(await stage.open(topic="why cats purr"), step("script"))
        return len(stage.provider.asked) - before

    assert [await made_anew(), await made_anew()] == [1, 0]
    abilities = stage.provider._abilities
    abilities["script"] = abilities["script"]._replace(edition=2)
    assert [await made_anew(), await made_anew()] == [1, 0]


def test_a_provider_that_counts_no_editions_names_its_works_as_before() -> None:
    work = ScriptWork(topic="cats", tone="casual", duration_s=30, language="en", provider="scripted")
    assert b"edition" not in msgspec.json.encode(work)
    assert work_hash(work) != work_hash(msgspec.structs.replace(work, edition=2))


async def test_pictures_that_go_with_a_script_are_numbered_through(stage: Stage) -> None:
    draft = await stage.open(script="Cats purr. Nobody knows why. Ask them.")
    await stage.made(draft, step("image", count=2))
    await stage.made(draft, step("image"))
    kept = await stage.draft(draft)
    pictures = [kept.version(PICTURE.ref(scene.id)) for scene in kept.scenes]
    assert [picture and picture.variation for picture in pictures] == [0, 1, 2]
    assert len({picture and picture.prompt for picture in pictures}) == 3


async def test_nothing_is_ever_made_without_being_asked_for(stage: Stage) -> None:
    draft = await stage.open(script="Cats purr.")
    await stage.shown(draft)
    await stage.studio.quote(stage.ada, draft, GenerationAsked(step="script"))
    await stage.change(draft, settings=SettingsAsked(tone="humorous"), topic="dogs", script="Dogs bark.")
    await stage.worker.run_all()
    assert (stage.provider.asked, await stage.credits()) == ([], (0, 0))


async def test_a_provider_with_a_factor_costs_that_much(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> None:
    terms = with_factor(TERMS, "scripted", 0)
    async with staged(sqlite_url, tmp_path, clock, [Scripted()], terms=terms) as stage:
        draft = await stage.finished()
        assert await stage.credits() == (0, 0)
        assert (await stage.done(await stage.render(draft))).state == "succeeded"
        await stage.require_sound()
