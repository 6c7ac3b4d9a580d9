"""Safe iteration: the impact before a change, bring up to date, regenerate, undo, already made; with prices."""

import msgspec
import pytest
from tests.studio.stage import ALL, Stage, step

from reelbot.errors import Malformed
from reelbot.studio.actions.requests import GenerationAsked
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.core.requests import ChangeAsked, ChoiceAsked, SettingsAsked
from reelbot.studio.core.rows import KeptDraft
from reelbot.studio.core.slots import SCRIPT, VOICEOVER


async def refused(stage: Stage, draft: str, asked: ChangeAsked) -> StudioRefused:
    with pytest.raises(StudioRefused) as no:
        await stage.studio.change(stage.ada, draft, asked)
    return no.value


async def test_a_change_that_makes_results_stale_is_told_with_its_price_before_anything_happens(stage: Stage) -> None:
    draft = await stage.finished()
    before: KeptDraft = await stage.studio.kept_draft(stage.ada, draft)
    no = await refused(stage, draft, ChangeAsked(topic="why dogs bark"))
    assert no.code == "confirmation_needed"
    impact = no.members["impact"]
    assert [one["slot"] for one in impact["affected"]] == ["script", "voiceover"]
    assert [name.partition(":")[0] for name in impact["stays"]] == ["picture"]
    assert impact["refresh"]["amount"] == 2 + 3
    assert {one["slot"]: one["price"]["amount"] for one in impact["refresh"]["stale"]} == {"script": 2, "voiceover": 3}
    assert await stage.studio.kept_draft(stage.ada, draft) == before
    shown = await stage.change(draft, topic="why dogs bark")
    assert (shown.steps["script"].state, shown.steps["voiceover"].state) == ("stale", "stale")
    assert shown.steps["script"].text != ""


async def test_undoing_a_change_costs_nothing_and_the_old_results_are_current_again(stage: Stage) -> None:
    draft = await stage.finished()
    await stage.change(draft, settings=SettingsAsked(tone="humorous"))
    shown = await stage.change(draft, settings=SettingsAsked(tone="casual"))
    assert {one.state for one in shown.steps.values()} == {"current"}
    assert shown.refresh is None
    assert await stage.credits() == (9, 0)


async def test_bring_up_to_date_makes_what_is_stale_in_one_batch_and_the_rest_stands_there_at_0(stage: Stage) -> None:
    draft = await stage.finished()
    await stage.change(draft, topic="why dogs bark")
    asked = GenerationAsked(stale=True)
    quoted = await stage.studio.quote(stage.ada, draft, asked)
    picture = (await stage.draft(draft)).scenes[0].id
    assert [(one.slot, one.amount) for one in quoted.lines] == [
        ("script", 2),
        ("voiceover", 3),
        (f"picture:{picture}", 0),
    ]
    assert quoted.totals == {"ai_credits": 5}
    begun = await stage.generate(draft, stale=True, quote=quoted.id)
    job = await stage.done(begun)
    assert [str(task.slot) for task in job.request.tasks] == ["script", "voiceover"]
    shown = await stage.shown(draft)
    assert {one.state for one in shown.steps.values()} == {"current"}
    assert await stage.credits() == (9 + 5, 0)
    with pytest.raises(StudioRefused, match="up to date"):
        await stage.generate(draft, stale=True)


async def test_a_chained_voiceover_speaks_the_script_that_was_just_written(stage: Stage) -> None:
    draft = await stage.finished()
    await stage.change(draft, settings=SettingsAsked(duration_s=60))
    quoted = await stage.studio.quote(stage.ada, draft, GenerationAsked(stale=True))
    assert dict(quoted.totals) == {"ai_credits": 2 + 6}  # 60 s of speech are expected
    await stage.done(await stage.generate(draft, stale=True))
    kept = await stage.draft(draft)
    assert await stage.credits() == (9 + 2 + 3, 0)  # and 25 s were measured
    spoken = kept.version(VOICEOVER.ref())
    words = spoken.words if spoken else None
    assert words is not None
    assert all(word in stage.room.files.path(words).read_text() for word in kept.text_of("script").split())


async def test_regenerating_a_current_step_is_another_variation_charged_and_the_old_one_kept(stage: Stage) -> None:
    draft = await stage.finished()
    first = await stage.draft(draft)
    await stage.made(draft, "script")
    again = await stage.draft(draft)
    assert await stage.credits() == (9 + 2, 0)
    assert [one.variation for one in again.slot(SCRIPT.ref()).versions] == [0, 1]
    assert again.text_of("script") != first.text_of("script")
    chosen = [ChoiceAsked("script", first.slot(SCRIPT.ref()).current)]
    shown = await stage.change(draft, versions=chosen)
    assert {one.state for one in shown.steps.values()} == {"current"}
    assert await stage.credits() == (9 + 2, 0)


async def test_the_same_from_the_same_inputs_is_already_made_and_costs_nothing(each_stage: Stage) -> None:
    stage = each_stage
    await stage.finished()
    other = await stage.open()
    asked = len(stage.provider.asked)
    quoted = await stage.studio.quote(stage.ada, other, GenerationAsked(step="script"))
    assert (quoted.id, quoted.totals, quoted.lines[0].why) == (None, {}, "Already made from the same inputs.")
    price = (await stage.shown(other)).steps["script"].price
    assert price is not None and price.already_made and price.amount == 0
    begun = await stage.generate(other, "script")
    assert begun.hold is None
    job = await stage.done(begun)
    assert (job.state, job.hold, len(stage.provider.asked)) == ("succeeded", None, asked)
    assert await stage.credits() == (9, 0)
    assert (await stage.draft(other)).text_of("script")


async def test_what_another_job_made_in_the_meantime_is_not_charged_again(stage: Stage) -> None:
    one, other = await stage.open(), await stage.open()
    jobs = [await stage.generate(draft, "script") for draft in (one, other)]
    assert await stage.credits() == (0, 4)
    assert {(await stage.done(begun)).state for begun in jobs} == {"succeeded"}
    assert await stage.credits() == (2, 0)
    assert len(stage.provider.asked) == 1


async def test_a_draft_can_be_looked_at_whatever_is_missing_to_bring_it_up_to_date(stage: Stage) -> None:
    draft = await stage.finished()
    no = await refused(stage, draft, ChangeAsked(topic=""))
    assert no.code == "confirmation_needed"
    shown = await stage.change(draft, topic="")
    assert shown.refresh is not None
    assert (shown.refresh.why_not, [one.slot for one in shown.refresh.stale]) == (
        "The script needs a topic first. Type one or choose a suggestion.",
        ["script", "voiceover"],
    )


async def test_a_clip_whose_picture_changed_is_made_anew_as_long_as_it_was(stage: Stage) -> None:
    draft = await stage.finished()
    await stage.made(draft, step("animation", seconds=7))
    scene = (await stage.draft(draft)).scenes[0].id
    await stage.made(draft, step("image", scene=scene))
    shown = await stage.shown(draft)
    assert shown.refresh is not None
    assert ([one.slot for one in shown.refresh.stale], shown.refresh.amount) == ([f"animation:{scene}"], 35)


async def test_a_rewritten_passage_takes_its_place_and_a_voiceover_in_the_same_batch_speaks_the_whole(
    stage: Stage,
) -> None:
    draft = await stage.open(script="Cats purr. Dogs bark.")
    await stage.made(draft, step("rewrite", passage="Dogs bark."), "voiceover")
    kept = await stage.draft(draft)
    assert kept.text_of("script") == "Cats purr. <Dogs bark.>"
    shown = await stage.shown(draft)
    assert shown.steps["voiceover"].state == "current"
    spoken = kept.version(VOICEOVER.ref())
    words = spoken.words if spoken else None
    assert words is not None
    assert "purr" in stage.room.files.path(words).read_text()


async def test_a_rewritten_passage_that_is_gone_by_then_is_kept_and_does_not_push_out_what_was_written(
    stage: Stage,
) -> None:
    draft = await stage.open(script="Cats purr. Dogs bark.")
    begun = await stage.generate(draft, step("rewrite", passage="Dogs bark."))
    await stage.change(draft, script="Birds sing.")
    await stage.done(begun)
    kept = await stage.draft(draft)
    assert kept.text_of("script") == "Birds sing."
    assert [one.text for one in kept.slot(SCRIPT.ref()).versions][-1] == "Cats purr. <Dogs bark.>"


async def test_a_result_that_comes_after_its_inputs_changed_is_stale_and_never_lost(each_stage: Stage) -> None:
    stage = each_stage
    draft = await stage.open()
    begun = await stage.generate(draft, "script")
    await stage.change(draft, topic="why dogs bark")
    await stage.done(begun)
    shown = await stage.shown(draft)
    assert (shown.steps["script"].state, shown.steps["script"].why) == (
        "stale",
        "The topic has changed since it was made.",
    )
    shown = await stage.change(draft, topic="why cats purr")
    assert shown.steps["script"].state == "current"


async def test_editing_a_finished_video_opens_a_draft_with_its_whole_setup(stage: Stage) -> None:
    draft = await stage.finished()
    await stage.change(draft, title="Purr!")
    await stage.done(await stage.render(draft))
    (video,) = await stage.studio.videos(stage.ada, ALL)
    kept, _ = await stage.studio.edit(stage.ada, video.id)
    assert kept.draft.heading == "Purr!"
    await stage.done(await stage.render(kept.id))
    first, second = (one.facts.setup for one in await stage.studio.videos(stage.ada, ALL))
    assert (first.title, first.script, first.scenes, first.voiceover, first.words) == (
        second.title,
        second.script,
        second.scenes,
        second.voiceover,
        second.words,
    )
    assert await stage.videos() == (2, 0)
    assert await stage.credits() == (9, 0)


# undoing after everything was brought up to date


async def test_undoing_after_bringing_up_to_date_makes_the_old_results_current_by_itself(each_stage: Stage) -> None:
    stage = each_stage
    draft = await stage.finished()
    before = await stage.draft(draft)
    await stage.change(draft, topic="why dogs bark", settings=SettingsAsked(tone="humorous"))
    await stage.done(await stage.generate(draft, stale=True))
    used, _ = await stage.credits()
    asked = len(stage.provider.asked)
    remaining = next(one for one in (await stage.ledger.usage(stage.ada)).meters if one.meter == "ai_credits").remaining
    await stage.ledger.hold(stage.ada, {"ai_credits": remaining or 0}, key="nothing is left")
    undone = ChangeAsked(topic="why cats purr", settings=SettingsAsked(tone="casual"))  # nothing to agree to
    shown = await stage.studio.change(stage.ada, draft, undone)
    assert ({one.state for one in shown.steps.values()}, shown.refresh) == ({"current"}, None)
    after = await stage.draft(draft)
    for kind in (SCRIPT, VOICEOVER):
        assert after.version(kind.ref()) == before.version(kind.ref())
    assert ((await stage.credits())[0], len(stage.provider.asked)) == (used, asked)
    shown = await stage.change(draft, topic="why dogs bark", settings=SettingsAsked(tone="humorous"))
    assert {one.state for one in shown.steps.values()} == {"current"}  # and there again
    assert len((await stage.draft(draft)).slot(SCRIPT.ref()).versions) == 2


async def test_of_several_that_match_the_one_that_counted_last_comes_back(stage: Stage) -> None:
    draft = await stage.open()
    for _ in range(3):
        await stage.made(draft, "script")
    chosen = (await stage.draft(draft)).slot(SCRIPT.ref()).versions[1].id
    await stage.change(draft, versions=[ChoiceAsked("script", chosen)])
    await stage.change(draft, topic="why dogs bark")
    await stage.done(await stage.generate(draft, stale=True))
    await stage.change(draft, topic="why cats purr")
    assert (await stage.draft(draft)).slot(SCRIPT.ref()).current == chosen


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        (ChoiceAsked("dub", None), "There is no slot 'dub'; there are suggestions, topic, title, script"),
        (ChoiceAsked("picture:3", None), "There is no slot 'picture:3'"),
        (ChoiceAsked("render", None), "There is no slot 'render'"),
        (ChoiceAsked("script", None, 3), "Name the scene of a picture or an animation, and of nothing else"),
        (ChoiceAsked("picture", None), "Name the scene of a picture or an animation, and of nothing else"),
        (ChoiceAsked("animation", None, 999), "There is no version None of animation:999"),
        (ChoiceAsked("script", 999), "There is no version 999 of script"),
    ],
)
async def test_a_choice_in_a_slot_that_the_draft_does_not_have_is_refused(
    stage: Stage, choice: ChoiceAsked, says: str
) -> None:
    draft = await stage.finished()
    before = await stage.draft(draft)
    with pytest.raises(Malformed, match=says):
        await stage.change(draft, versions=[choice])
    assert await stage.draft(draft) == before


def test_a_slot_that_is_asked_for_has_a_name_that_an_answer_can_repeat() -> None:
    with pytest.raises(msgspec.ValidationError, match="length <= 60"):
        msgspec.convert({"slot": "s" * 61, "version": None}, ChoiceAsked)


async def test_what_a_person_wrote_or_chose_does_not_give_way(stage: Stage) -> None:
    draft = await stage.open()
    await stage.made(draft, "script")
    first = (await stage.draft(draft)).slot(SCRIPT.ref()).current
    await stage.change(draft, topic="why dogs bark")
    await stage.change(draft, script="Dogs bark because they can.")
    shown = await stage.change(draft, topic="why cats purr")
    assert (shown.steps["script"].text, shown.steps["script"].state) == ("Dogs bark because they can.", "stale")
    await stage.change(draft, topic="why dogs bark")
    await stage.made(draft, "script")
    other = (await stage.draft(draft)).slot(SCRIPT.ref()).current
    chosen = await stage.change(draft, topic="why cats purr", versions=[ChoiceAsked("script", other)])
    assert (chosen.steps["script"].state, (await stage.draft(draft)).slot(SCRIPT.ref()).current) == ("stale", other)
    assert first != other
    await stage.change(draft, settings=SettingsAsked(caption_size="large"))
    assert (await stage.draft(draft)).slot(SCRIPT.ref()).current == other


async def test_a_change_that_is_undone_bit_by_bit_is_undone(stage: Stage) -> None:
    draft = await stage.finished()
    first = (await stage.draft(draft)).slot(SCRIPT.ref()).current
    await stage.change(draft, topic="why dogs bark", settings=SettingsAsked(tone="humorous"))
    await stage.done(await stage.generate(draft, stale=True))
    await stage.change(draft, topic="why cats purr")
    shown = await stage.change(draft, settings=SettingsAsked(tone="casual"))
    assert {one.state for one in shown.steps.values()} == {"current"}
    assert (await stage.draft(draft)).slot(SCRIPT.ref()).current == first


async def test_a_result_that_comes_after_its_change_was_undone_is_kept_and_the_old_one_counts(stage: Stage) -> None:
    draft = await stage.finished()
    first = (await stage.draft(draft)).slot(SCRIPT.ref()).current
    await stage.change(draft, topic="why dogs bark")
    begun = await stage.generate(draft, "script")
    await stage.change(draft, topic="why cats purr")
    await stage.done(begun)
    kept = await stage.draft(draft)
    assert (kept.slot(SCRIPT.ref()).current, len(kept.slot(SCRIPT.ref()).versions)) == (first, 2)


async def test_an_older_text_that_was_made_from_less_does_not_push_itself_forward(stage: Stage) -> None:
    draft = await stage.open(topic="", script="By hand, before there was a topic.")
    await stage.change(draft, topic="why cats purr")
    await stage.made(draft, "script")
    shown = await stage.change(draft, topic="why dogs bark")
    assert shown.steps["script"].state == "stale"
