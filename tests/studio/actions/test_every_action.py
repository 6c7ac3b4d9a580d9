"""What every AI action promises: a price, words, a slot, options of its own, a plan, and a delivery taken in."""

from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from msgspec import structs
from tests.studio.finished_drafts import finished, media

from reelbot.allowance import load_terms
from reelbot.errors import ConfigFailure, Malformed
from reelbot.providers.embedded.provider import Embedded
from reelbot.providers.port import Delivered, ProviderFailure
from reelbot.providers.registry import Registry
from reelbot.providers.works import SpokenWord
from reelbot.studio.actions import ACTIONS, BY_NAME, BY_SLOT, action_of
from reelbot.studio.actions.action import AnyAction
from reelbot.studio.actions.requests import GenerationAsked, StepAsked, canonical, step_asked
from reelbot.studio.core.draft import Draft, Media, MediaKind
from reelbot.studio.core.slots import MUSIC, PICTURE, SCRIPT, SLOT_KINDS, TITLE, VOICEOVER
from reelbot.studio.core.staleness import is_stale
from reelbot.studio.files.ingest import FileIntake
from reelbot.studio.planning.costing import require_prices
from reelbot.studio.planning.plan import Planned, planned
from reelbot.studio.planning.remaining import steps_remaining

TERMS = load_terms()
REGISTRY = Registry([Embedded()])

each = pytest.mark.parametrize("action", ACTIONS, ids=[one.name for one in ACTIONS])

OPTIONS: dict[str, dict[str, Any]] = {
    "topic": {"keywords": "cats"},
    "rewrite": {"wish": "shorter"},
    "voiceover": {"pace": 1.2},
    "image": {"count": 2},
    "animation": {"seconds": 4},
    "music": {"mood": "calm"},
}
"""An option that one action has, and no other."""

TAKEN_IN: dict[str, tuple[MediaKind, ...]] = {
    "voiceover": ("audio",),
    "image": ("image",),
    "animation": ("clip",),
    "music": ("audio",),
}
"""Of which kind the file of an action has to be; the others deliver texts."""


class FakeFiles:
    """Keeps texts by counting them."""

    async def keep_text(self, text: str) -> str:
        return f"kept {len(text)}"


class FakeTakingIn:
    """Takes in any file, and remembers of which kinds it had to be."""

    def __init__(self) -> None:
        self.kinds: tuple[MediaKind, ...] = ()

    async def __call__(self, files: object, path: Path, kinds: tuple[MediaKind, ...]) -> Media:
        self.kinds = kinds
        return structs.replace(media("f", kinds[0]), duration_ms=20_500)


def plan_of(draft: Draft, *steps: StepAsked) -> Planned:
    return planned(draft, GenerationAsked(steps=list(steps)), REGISTRY, TERMS.prices)


def first_plan(action: AnyAction) -> Planned:
    """The plan of the first thing that an action offers on a finished draft."""
    return plan_of(finished(), step_asked(next(iter(action.offers(finished()))).asked))


@each
def test_an_action_has_a_price_words_and_a_slot(action: AnyAction) -> None:
    assert action.name in TERMS.prices.prices
    assert action.running and action.running[0].isupper()
    assert SLOT_KINDS[action.slot.name] is action.slot and BY_SLOT[action.slot.name] is action
    assert action.least(finished()) >= 1


@each
def test_a_price_list_without_an_action_is_named_at_the_start(action: AnyAction) -> None:
    require_prices(TERMS.prices)
    left = {name: price for name, price in TERMS.prices.prices.items() if name != action.name}
    with pytest.raises(ConfigFailure, match=f"no price for: {action.name}"):
        require_prices(TERMS.prices._replace(prices=MappingProxyType(left)))


@each
def test_every_option_says_what_it_can_be_and_what_belongs_to_another_action_is_refused(action: AnyAction) -> None:
    own = OPTIONS.get(action.name, {})
    assert canonical(GenerationAsked(step=action.name, options=own)).options.items() >= own.items()
    for other, options in OPTIONS.items():
        if other != action.name:
            with pytest.raises(Malformed, match=f"The options of {action.name}: "):
                canonical(GenerationAsked(step=action.name, options=options))


@each
def test_what_is_offered_on_a_finished_draft_is_planned_for_its_slot_at_its_price(action: AnyAction) -> None:
    draft = finished()
    for offer in action.offers(draft):
        plan = plan_of(draft, step_asked(offer.asked))
        task, items = plan.tasks[0], plan.items[0]
        assert action_of(task.work) is action and items[0].action == action.name
        assert action.name == "rewrite" or task.slot.name == offer.slot.name
        assert not offer.slot.part or task.slot == offer.slot
        assert [item.action for item in items[1:]] == (["storage"] if action.stored_bytes(task.work) else [])


@each
def test_what_made_a_stale_result_makes_one_that_matches(action: AnyAction) -> None:
    changed = finished()
    for ref in [action.slot.ref(part) for part in action.slot.parts(changed)]:
        again = plan_of(changed, step_asked(action.again(changed, ref)))
        assert again.tasks[0].slot == ref


@each
async def test_a_delivery_is_taken_in_and_counts_in_its_slot(action: AnyAction) -> None:
    plan, take_in = first_plan(action), FakeTakingIn()
    task = plan.tasks[0]
    words = (SpokenWord("Cats", 0, 400), SpokenWord("purr.", 400, 800))
    delivered = Delivered("made up", " Cats! ", ("Cats", " "), ("cats",), Path("file"), 20_500, words)
    made = await action.receive(FileIntake(FakeFiles(), take_in), task.work, delivered)  # type: ignore[arg-type]
    assert take_in.kinds == TAKEN_IN.get(action.name, ())
    assert bool(made.media) is action.makes_file and made.label == "made up"
    assert made.media or made.text == "Cats!" or made.suggestions == ("Cats",)
    placed = action.placed(plan.draft, task, made, 7)
    version = placed.version(task.slot)
    assert version is not None and (version.by, version.at, version.label) == ("ai", 7, "made up")
    assert not is_stale(placed, task.slot)
    seconds = 21 if action.name == "voiceover" else None  # the one that has begun counts
    assert (action.measured(task.work, made), action.is_measured) == (seconds, seconds is not None)


@each
async def test_a_delivery_that_lacks_what_was_asked_for_is_a_failure_of_the_provider(action: AnyAction) -> None:
    task = first_plan(action).tasks[0]
    with pytest.raises(ProviderFailure, match="The provider answered without a"):
        await action.receive(FileIntake(FakeFiles(), FakeTakingIn()), task.work, Delivered("nothing"))  # type: ignore[arg-type]


@each
def test_a_work_names_the_files_that_its_provider_is_given(action: AnyAction) -> None:
    work = first_plan(action).tasks[0].work
    draft = finished()
    picture = draft.version(PICTURE.ref(draft.scenes[0].id))
    assert picture is not None and picture.media is not None
    assert action.files(work) == ((picture.media.sha256,) if action.name == "animation" else ())


def test_a_whole_video_lacks_every_part_of_an_empty_draft_and_none_of_a_finished_one() -> None:
    empty = Draft(flow="narrated")
    assert steps_remaining(empty) == [
        StepAsked("script"),
        StepAsked("voiceover"),
        StepAsked("image", {"count": 5}),
        StepAsked("music"),
    ]
    assert [step.step for step in steps_remaining(structs.replace(empty, flow="cinematic"))] == ["image", "music"]
    assert steps_remaining(finished()) == []


def test_what_is_there_already_is_not_made_for_a_whole_video() -> None:
    draft = finished()
    for kind in (VOICEOVER, MUSIC):
        draft = draft.with_slot(kind.ref(), draft.slot(kind.ref()).pointing_to(None))
    assert [step.step for step in steps_remaining(draft)] == ["voiceover", "music"]


def test_a_voiceover_awaits_the_script_that_is_made_before_it() -> None:
    tasks = plan_of(finished(), StepAsked("script"), StepAsked("voiceover")).tasks
    assert (tasks[1].script_from, "script" in tasks[1].inputs) == (0, False)
    assert BY_NAME["voiceover"].completed(tasks[1].work, "Dogs bark.").script == "Dogs bark."


def test_a_request_that_names_no_action_has_no_options() -> None:
    with pytest.raises(Malformed, match="Options belong to"):
        canonical(GenerationAsked(stale=True, options={"count": 2}))


def test_two_requests_for_the_same_are_equal_however_much_they_say() -> None:
    said = GenerationAsked(step="image", options={"count": 1, "prompt": None})
    assert canonical(said) == canonical(GenerationAsked(step="image"))


def test_a_title_and_a_passage_are_made_by_one_action_for_two_slots() -> None:
    draft = finished()
    plan = plan_of(draft, StepAsked("rewrite", {"makes": "title"}), StepAsked("rewrite", {"passage": "Cats purr"}))
    assert [task.slot for task in plan.tasks] == [TITLE.ref(), SCRIPT.ref()]
