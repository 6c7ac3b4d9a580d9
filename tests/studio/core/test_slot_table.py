"""The table of slots: whatever kind is a row of it is found, kept, made stale and named by that row alone."""

import pytest
from msgspec import structs
from tests.studio.finished_drafts import finished, media, with_ai

from reelbot.errors import Malformed
from reelbot.studio.core import edits
from reelbot.studio.core.draft import EMPTY, STEPS, Draft, Settings, SlotRef
from reelbot.studio.core.slots import (
    ANIMATION,
    PICTURE,
    SLOT_KINDS,
    SLOTS,
    SlotKind,
    each_scene,
    has_place,
    once,
    scene_of,
    shown_of,
    slot_refs,
)
from reelbot.studio.core.staleness import pinned

EVERY_KIND = pytest.mark.parametrize("kind", SLOTS, ids=lambda kind: kind.name)


def some_ref(draft: Draft, kind: SlotKind) -> SlotRef:
    return next(ref for ref in slot_refs(draft) if ref.name == kind.name)


def test_no_two_kinds_have_one_name_and_every_one_is_found_by_it() -> None:
    assert tuple(SLOT_KINDS.values()) == SLOTS


@EVERY_KIND
def test_a_kind_is_shown_in_a_step_that_people_see_and_has_words_for_it(kind: SlotKind) -> None:
    assert kind.step in STEPS["narrated"]
    assert kind.one.split()[0] in ("a", "the")
    assert kind.title[0].isupper()
    assert kind.titles[0].isupper()


@EVERY_KIND
def test_what_a_kind_is_made_from_stands_before_it(kind: SlotKind) -> None:
    order = [one.name for one in SLOTS]
    sources = [one.comes_from(kind.ref("3")).name for one in kind.needs if one.comes_from is not None]
    assert all(order.index(source) < order.index(kind.name) for source in sources)


@EVERY_KIND
def test_an_input_that_comes_from_a_slot_comes_from_one_that_the_draft_has(kind: SlotKind) -> None:
    draft = finished()
    ref = some_ref(draft, kind)
    for one in kind.needs:
        if one.comes_from is not None:
            assert has_place(draft, one.comes_from(ref))
            assert one.value(draft, ref)
            assert not one.value(edits.with_choice(draft, one.comes_from(ref), None), ref)


@EVERY_KIND
def test_a_result_is_kept_under_the_name_of_its_slot_and_pinned_to_its_needs(kind: SlotKind) -> None:
    draft = finished()
    ref = some_ref(draft, kind)
    assert str(ref) == (f"{kind.name}:{ref.part}" if kind.parts is each_scene else kind.name)
    again = with_ai(draft, kind.name, "again", scene=scene_of(ref), file=media("9"))
    version = again.slots[str(ref)].version
    assert version is not None
    assert version.text == "again"
    assert version.inputs == pinned(draft, ref)
    assert set(version.inputs) == {one.name for one in kind.needs}
    assert {name for name, slot in again.slots.items() if slot != draft.slots.get(name)} == {str(ref)}


def test_only_an_input_that_counts_when_empty_is_pinned_when_there_is_none_of_it() -> None:
    nothing = Draft(flow="narrated", settings=Settings(language="", voice=""))
    assert pinned(nothing, SlotRef("voiceover")) == {"voice": "", "pace": "1", "pitch": "0"}


def test_slots_go_scene_by_scene_between_those_of_the_whole_draft() -> None:
    draft = finished()
    first, second = (scene.id for scene in draft.scenes)
    assert [str(ref) for ref in slot_refs(draft)] == [
        "suggestions",
        "topic",
        "title",
        "script",
        "voiceover",
        f"picture:{first}",
        f"animation:{first}",
        f"picture:{second}",
        f"animation:{second}",
        "music",
    ]


def test_the_slots_of_a_scene_go_with_it_and_those_of_others_stay() -> None:
    draft = finished()
    gone, left = (scene.id for scene in draft.scenes)
    after = edits.with_scenes(draft, [left])
    assert set(draft.slots) - set(after.slots) == {f"picture:{gone}", f"animation:{gone}"}
    assert after.slot(PICTURE.ref(gone)) == EMPTY
    assert not has_place(after, PICTURE.ref(gone))


def test_a_result_for_a_scene_that_is_gone_leaves_the_draft_as_it_is() -> None:
    draft = finished()
    gone = PICTURE.ref(draft.scenes[0].id)
    version = draft.version(gone)
    assert version is not None
    after = edits.with_scenes(draft, [draft.scenes[1].id])
    assert edits.with_result(after, gone, version) == after


@pytest.mark.parametrize("part", ["", "0", "007", "999", "x", "2:3"])
def test_no_part_that_a_draft_does_not_have_can_be_pointed_to(part: str) -> None:
    with pytest.raises(Malformed, match="There is no version None of picture"):
        edits.with_choice(finished(), SlotRef("picture", part), None)


def test_a_slot_of_the_whole_draft_has_no_parts() -> None:
    draft = finished()
    assert {kind.name for kind in SLOTS if kind.parts is once} == set(SLOT_KINDS) - {"picture", "animation"}
    assert not has_place(draft, SlotRef("script", str(draft.scenes[0].id)))
    assert scene_of(SlotRef("script")) is None


def test_a_scene_shows_its_clip_and_without_one_its_picture() -> None:
    draft = finished()
    scene = draft.scenes[0].id
    assert shown_of(draft, scene) == draft.version(ANIMATION.ref(scene))
    still = edits.with_choice(draft, ANIMATION.ref(scene), None)
    assert shown_of(still, scene) == draft.version(PICTURE.ref(scene))
    assert shown_of(structs.replace(still, slots={}), scene) is None
