"""The mission's rules on AI actions, one test each, named after the sentence (PRODUCT M2, M3, M4, M11, M12)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from tests.studio.scripted import Act, Scripted
from tests.studio.stage import ALL, Stage, staged, step
from tests.support.clock import FakeClock

from reelbot.allowance import FailurePoint
from reelbot.providers.port import ProviderFailure
from reelbot.providers.works import KINDS, Kind
from reelbot.studio.actions.requests import GenerationAsked, StepAsked
from reelbot.studio.core.requests import ChoiceAsked, SettingsAsked
from reelbot.studio.core.slots import SCRIPT, slot_refs

PRICES: dict[Kind, int] = {
    "topic": 1,
    "script": 2,
    "rewrite": 1,
    "voiceover": 3,
    "image": 4,
    "animation": 10,
    "music": 5,
}
"""What each action costs where speech takes 25 s and a clip 2 s."""


@pytest.fixture
async def stage(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Stage]:
    providers = [Scripted(), Scripted("billing", bills_failures=True)]
    async with staged(sqlite_url, tmp_path / "studio", clock, providers) as opened:
        yield opened
        await opened.require_sound()
        for provider in providers:
            provider.require_asked_once()


async def furnished(stage: Stage) -> str:
    """A draft on which every AI action can be triggered and none was: texts by hand, a picture uploaded."""
    picture = await stage.upload("image", "cat")
    draft = await stage.open(script="Cats purr because they can.")
    await stage.change(draft, keywords="cats", add=[picture.id])
    return draft


def action(kind: Kind, provider: str = "scripted") -> StepAsked:
    """Each AI action, as small as it can be."""
    options = {"seconds": 2} if kind == "animation" else {}
    return step(kind, provider=provider, **options)


def test_every_ai_action_has_its_row() -> None:
    assert set(PRICES) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
async def test_m2_these_actions_use_credits(stage: Stage, kind: Kind) -> None:
    draft = await furnished(stage)
    quoted = await stage.studio.quote(stage.ada, draft, GenerationAsked(steps=[action(kind)]))
    assert quoted.totals["ai_credits"] == PRICES[kind]
    begun = await stage.generate(draft, action(kind))
    assert await stage.credits() == (0, PRICES[kind])
    assert (await stage.done(begun)).state == "succeeded"
    assert await stage.credits() == (PRICES[kind], 0)
    assert await stage.videos() == (0, 0)


@pytest.mark.parametrize("kind", KINDS)
async def test_m3_credits_are_used_only_when_somebody_triggers_an_action_and_nothing_else_is_generated(
    stage: Stage, kind: Kind
) -> None:
    draft = await furnished(stage)
    await stage.worker.run_all()
    assert (stage.provider.asked, await stage.credits()) == ([], (0, 0))
    await stage.done(await stage.generate(draft, action(kind)))
    await stage.worker.run_all()
    assert [asked for asked, _ in stage.provider.asked] == [kind]


def _other_settings() -> SettingsAsked:
    return SettingsAsked(duration_s=60, tone="humorous", aspect="1:1", language="de", accent_colour="#00FF00")


async def _previewed(stage: Stage, draft: str) -> None:
    begun = await stage.studio.preview(stage.ada, draft, "look")
    assert (await stage.done(begun)).state == "succeeded"


async def _downloaded(stage: Stage) -> None:
    for video in await stage.studio.videos(stage.ada, ALL):
        assert stage.studio.files.path(video.facts.files.mp4).read_bytes()


async def _undone(stage: Stage, draft: str) -> None:
    first = (await stage.draft(draft)).slot(SCRIPT.ref()).current
    await stage.change(draft, script="Dogs bark.")
    await stage.change(draft, versions=[ChoiceAsked("script", first)])


async def _reopened(stage: Stage) -> None:
    (video,) = await stage.studio.videos(stage.ada, ALL)
    await stage.studio.edit(stage.ada, video.id)


FREE: dict[str, Callable[[Stage, str], Awaitable[object]]] = {
    "moving between steps": lambda stage, draft: stage.shown(draft),
    "editing text by hand": lambda stage, draft: stage.change(draft, topic="dogs", title="Woof", script="Dogs bark."),
    "previewing": _previewed,
    "reviewing drafts": lambda stage, draft: stage.studio.drafts(stage.ada, ALL),
    "changing settings": lambda stage, draft: stage.change(draft, settings=_other_settings()),
    "downloading": lambda stage, draft: _downloaded(stage),
    "uploading": lambda stage, draft: stage.upload("image", "another"),
    "undoing": _undone,
    "asking for a price": lambda stage, draft: stage.studio.quote(stage.ada, draft, GenerationAsked(step="script")),
    "editing a finished video": lambda stage, draft: _reopened(stage),
    "removing a draft": lambda stage, draft: stage.studio.remove(stage.ada, draft),
}


@pytest.mark.parametrize("what", FREE)
async def test_m4_never_any_credits_for(stage: Stage, what: str) -> None:
    finished = await stage.finished("why dogs bark")
    await stage.done(await stage.render(finished))
    draft = await stage.finished()
    before = (await stage.credits(), await stage.videos(), len(stage.provider.asked))
    await FREE[what](stage, draft)
    await stage.worker.run_all()
    assert (await stage.credits(), await stage.videos(), len(stage.provider.asked)) == before


async def test_m4_never_any_credits_for_rendering_which_has_its_own_limit(stage: Stage) -> None:
    draft = await stage.finished()
    assert (await stage.done(await stage.render(draft))).state == "succeeded"
    assert (await stage.credits(), await stage.videos()) == ((9, 0), (1, 0))


CHANGES: list[tuple[str, dict[str, object], int]] = [
    # what changes                            what bringing it up to date costs of 2 + 3 + 4 + 10 + 5
    ("the topic", {"topic": "why dogs bark"}, 2 + 3),
    ("the tone", {"settings": SettingsAsked(tone="humorous")}, 2 + 3),
    ("the script", {"script": "Dogs bark."}, 3),
    ("the voice", {"settings": SettingsAsked(voice="kim")}, 3),
    ("the caption size", {"settings": SettingsAsked(caption_size="large")}, 0),
    ("the aspect", {"settings": SettingsAsked(aspect="16:9")}, 0),
    ("no music", {"music": None}, 0),
]


@pytest.mark.parametrize(("what", "change", "cost"), CHANGES, ids=[row[0] for row in CHANGES])
async def test_m11_regenerating_uses_credits_only_for_the_steps_that_are_regenerated(
    stage: Stage, what: str, change: dict[str, object], cost: int
) -> None:
    draft = await stage.finished()
    await stage.made(draft, action("animation"), "music")
    before = (await stage.credits())[0]
    shown = await stage.change(draft, **change)
    if not cost:
        assert shown.refresh is None
        return
    quoted = await stage.studio.quote(stage.ada, draft, GenerationAsked(stale=True))
    assert quoted.totals == {"ai_credits": cost}
    assert {line.amount for line in quoted.lines if line.slot.startswith(("picture", "animation", "music"))} == {0}
    await stage.done(await stage.generate(draft, stale=True))
    assert (await stage.credits())[0] == before + cost
    assert (await stage.shown(draft)).refresh is None


@pytest.mark.parametrize("kind", KINDS)
async def test_m11_unchanged_steps_are_never_charged_again(stage: Stage, kind: Kind) -> None:
    draft = await furnished(stage)
    await stage.made(draft, *(action(one) for one in KINDS if one != "rewrite"))
    before = (await stage.credits())[0]
    await stage.made(draft, action(kind))
    assert (await stage.credits())[0] == before + PRICES[kind]


FAILURES: list[tuple[str, Act, str, bool]] = [
    # the operation ended …         how                                                the point            used
    (
        "before it was accepted",
        ProviderFailure("No.", point=FailurePoint.BEFORE_ACCEPTANCE),
        "before_acceptance",
        False,
    ),
    ("at the provider", ProviderFailure("No.", point=FailurePoint.AT_PROVIDER), "at_provider", False),
    ("at a provider that bills", ProviderFailure("No.", point=FailurePoint.AT_PROVIDER), "at_provider_billed", True),
    ("after delivery", ProviderFailure("No.", point=FailurePoint.AFTER_DELIVERY), "after_delivery", True),
    ("in an unknown way", ProviderFailure("No.", point=FailurePoint.UNKNOWN), "at_provider", False),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("what", "act", "point", "is_used"), FAILURES, ids=[row[0] for row in FAILURES])
async def test_m12_a_failure_uses_credits_by_its_point_never_a_video_and_the_draft_stays_intact(
    stage: Stage, kind: Kind, what: str, act: Act, point: str, is_used: bool
) -> None:
    draft = await furnished(stage)
    before = await stage.draft(draft)
    provider = stage.room.registry.provider("billing" if "bills" in what else "scripted")
    assert isinstance(provider, Scripted)
    provider.will("run", act)
    job = await stage.done(await stage.generate(draft, action(kind, provider.name)))
    assert (job.state, job.failure and job.failure.point) == ("failed", point)
    assert await stage.credits() == (PRICES[kind] if is_used else 0, 0)
    assert await stage.videos() == (0, 0)
    after = await stage.draft(draft)
    for ref in slot_refs(before):
        assert after.slot(ref) == before.slot(ref)
    # Trying again works; after a delivery it is free.
    again = None if kind != "image" else after.scenes[-1].id
    retried = action(kind, provider.name) if again is None else step("image", provider=provider.name, scene=again)
    await stage.made(draft, retried)
    due = 0 if point == "after_delivery" else PRICES[kind]
    assert (await stage.credits())[0] == (PRICES[kind] if is_used else 0) + due


@pytest.mark.parametrize("kind", KINDS)
async def test_m12_cancelled_while_it_waits_or_runs_it_uses_nothing_that_was_not_delivered(
    stage: Stage, kind: Kind
) -> None:
    draft = await furnished(stage)
    begun = await stage.generate(draft, action(kind))
    assert (await stage.studio.cancel(stage.ada, begun.job)).state == "cancelled"
    assert (await stage.credits(), stage.provider.asked) == ((0, 0), [])
    stage.provider.will("run", "hang")
    begun = await stage.generate(draft, action(kind))
    stage.worker.start()
    await asyncio.wait_for(stage.provider.is_hanging.wait(), 60)
    await stage.studio.cancel(stage.ada, begun.job)
    assert (await stage.ended(begun)).state == "cancelled"
    assert (await stage.credits(), await stage.videos()) == ((0, 0), (0, 0))


async def test_m12_a_render_that_fails_never_uses_a_video_and_the_draft_stays_intact(stage: Stage) -> None:
    draft = await stage.finished()
    before = await stage.draft(draft)
    for failure in (OSError("the disk is gone"), ProviderFailure("No.")):
        stage.maker.acts.append(failure)
        job = await stage.done(await stage.render(draft))
        assert (job.state, await stage.videos(), await stage.credits()) == ("failed", (0, 0), (9, 0))
    after = await stage.draft(draft)
    assert (after.slots, after.scenes) == (before.slots, before.scenes)
