"""What no longer matches when something changes, and why: the table of PRODUCT 4, over every change and every slot."""

from collections.abc import Callable

import pytest
from msgspec import structs
from tests.studio.finished_drafts import finished, media, with_ai

from reelbot.studio.core import edits
from reelbot.studio.core.draft import Draft, Flow, SlotRef
from reelbot.studio.core.impact import impact
from reelbot.studio.core.slots import SCRIPT, TITLE, slot_refs
from reelbot.studio.core.staleness import is_stale, stale_slots, why_stale

Change = Callable[[Draft], Draft]


def setting(**changes: object) -> Change:
    return lambda draft: edits.with_settings(draft, structs.replace(draft.settings, **changes))


def text(name: str, words: str) -> Change:
    return lambda draft: edits.with_text(draft, name, words, 1)


def another_picture(draft: Draft) -> Draft:
    return with_ai(draft, "picture", scene=draft.scenes[0].id, file=media("e"))


def other_order(draft: Draft) -> Draft:
    return edits.with_scenes(draft, [scene.id for scene in reversed(draft.scenes)])


def no_scene(draft: Draft) -> Draft:
    return edits.with_scenes(draft, [draft.scenes[0].id])


NARRATED: list[tuple[str, Change, str]] = [
    # what changes             how                                             what no longer matches
    ("the topic", text("topic", "why dogs bark"), "script voiceover"),
    ("the topic, cleared", text("topic", ""), "script voiceover"),
    ("the tone", setting(tone="humorous"), "suggestions script voiceover"),
    ("the duration", setting(duration_s=60), "script voiceover"),
    ("the content language", setting(language="de"), "script voiceover"),
    ("the script", text("script", "Dogs bark."), "voiceover"),
    ("the voice", setting(voice="kim"), "voiceover"),
    ("the pace of the voice", setting(pace=1.2), "voiceover"),
    ("the pitch of the voice", setting(pitch=2), "voiceover"),
    ("an image", another_picture, "its animation"),
    ("the order of the assets", other_order, ""),
    ("an asset, removed", no_scene, ""),
    ("the music", lambda draft: edits.with_music(draft, media("f", "audio"), 1), ""),
    ("no music", lambda draft: edits.with_music(draft, None, 1), ""),
    ("the caption size", setting(caption_size="large"), ""),
    ("the text colour", setting(text_colour="#123456"), ""),
    ("the accent colour", setting(accent_colour="#123456"), ""),
    ("the outline colour", setting(outline_colour="#123456"), ""),
    ("the logo", setting(logo="asset_0-1-1"), ""),
    ("the corner", setting(corner="top-left"), ""),
    ("the aspect", setting(aspect="1:1"), ""),
    ("who makes it", setting(providers={"script": "other", "voiceover": "other", "image": "other"}), ""),
    ("the title", text("title", "Meow"), ""),
    ("the keywords", lambda draft: edits.with_keywords(draft, "dogs"), ""),
]

SPOKEN = {"script", "voiceover"}


def expected(draft: Draft, words: str) -> set[str]:
    if words == "its animation":
        return {f"animation:{draft.scenes[0].id}"}
    return {word for word in words.split() if draft.flow == "narrated" or word not in SPOKEN}


def stale(draft: Draft) -> set[str]:
    return {str(ref) for ref in stale_slots(draft)}


@pytest.mark.parametrize("flow", ["narrated", "cinematic"])
@pytest.mark.parametrize(("what", "change", "words"), NARRATED, ids=[row[0] for row in NARRATED])
def test_a_change_makes_stale_what_the_table_says_and_nothing_else(
    flow: Flow, what: str, change: Change, words: str
) -> None:
    if flow == "cinematic" and what == "the script":
        return  # there is none
    before = finished(flow)
    assert stale(before) == set()
    after = change(before)
    assert stale(after) == expected(before, words)
    assert {str(one.ref) for one in impact(before, after).affected} == expected(before, words)
    assert all(one.why for one in impact(before, after).affected)


@pytest.mark.parametrize(("what", "change", "words"), NARRATED, ids=[row[0] for row in NARRATED])
def test_undoing_a_change_is_free_and_the_old_result_is_current_again(what: str, change: Change, words: str) -> None:
    before = finished()
    after = change(before)
    undone = structs.replace(after, settings=before.settings)
    for ref in slot_refs(before):
        slot, now = before.slot(ref), undone.slot(ref)
        if now.of(slot.current or 0):
            undone = edits.with_choice(undone, ref, slot.current)
    assert stale(undone) == set()


def test_a_result_says_what_has_changed_or_what_it_was_made_from() -> None:
    draft = setting(tone="humorous", duration_s=60)(finished())
    assert why_stale(draft, SlotRef("script")) == "The tone and the duration have changed since it was made."
    assert why_stale(draft, SlotRef("voiceover")) == "It was made from the script, which no longer matches."
    assert why_stale(draft, SlotRef("title")) == ""


def test_impact_names_what_stays_as_well() -> None:
    before = finished()
    found = impact(before, text("topic", "why dogs bark")(before))
    assert {str(ref) for ref in found.stays} >= {"suggestions", "title", "music", "picture:17", "animation:17"}


def test_what_a_change_itself_replaces_is_not_said_to_become_stale_by_it() -> None:
    before = finished()
    after = text("script", "Dogs bark.")(text("topic", "why dogs bark")(before))
    assert [str(one.ref) for one in impact(before, after).affected] == ["voiceover"]


def test_a_result_that_gives_the_same_text_again_makes_nothing_stale() -> None:
    draft = setting(tone="humorous")(finished())
    again = with_ai(draft, "script", "Cats purr because they can.")
    assert not is_stale(again, SlotRef("voiceover"))


def test_a_text_that_is_written_again_as_it_stands_matches_again() -> None:
    draft = text("topic", "why dogs bark")(finished())
    kept = text("script", "Cats purr because they can.")(draft)
    assert stale(kept) == set()
    assert len(kept.slot(SCRIPT.ref()).versions) == 2


def test_what_there_was_nothing_of_yet_never_makes_a_result_stale() -> None:
    draft = edits.with_text(Draft(flow="narrated"), "script", "Cats purr.", 0)
    assert stale(text("topic", "why cats purr")(draft)) == set()


def test_a_language_brings_back_the_voice_that_was_chosen_for_it() -> None:
    english = setting(voice="kim")(finished())
    spoken = with_ai(english, "voiceover", file=media("k", "audio"))
    german = setting(language="de")(spoken)
    assert (german.settings.voice, stale(german)) == ("", SPOKEN)
    assert stale(setting(language="en")(german)) == set()


def test_a_result_that_came_for_other_inputs_is_stale_and_kept() -> None:
    before = finished()
    after = text("topic", "why dogs bark")(before)
    late = edits.with_result(after, SlotRef("script"), structs.replace(before.slot(SCRIPT.ref()).versions[0], id=0))
    written = late.slot(SCRIPT.ref())
    assert written.current == written.versions[-1].id
    assert is_stale(late, SlotRef("script"))


def test_a_result_that_was_paid_for_always_has_room() -> None:
    draft = finished()
    title = draft.slot(TITLE.ref())
    draft = draft.with_slot(TITLE.ref(), structs.replace(title, versions=title.versions * 500))
    assert len(with_ai(draft, "title", "One more").slot(TITLE.ref()).versions) == 501
