"""What was delivered and could not be taken in: kept as it came, paid for once, and never asked of the provider again."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.studio.scripted import Act, Scripted
from tests.studio.stage import Stage, staged, step
from tests.support.clock import FakeClock

from reelbot.allowance import FailurePoint
from reelbot.clock import DAY, SECOND
from reelbot.errors import Malformed
from reelbot.providers.port import ProviderFailure
from reelbot.studio.core.draft import StepFailure
from reelbot.studio.core.requests import ChoiceAsked, SettingsAsked
from reelbot.studio.files.content import StorageFull
from reelbot.studio.files.file_gc import NEW_SECONDS, UNNAMED_DAYS, free_unnamed
from reelbot.studio.limits import DISK_SPARE_BYTES

FULL = StorageFull("The disk of the studio is full.", "Free some space; then try again.")
NOT_KEPT = ProviderFailure("It delivered, and the disk is full.", point=FailurePoint.AFTER_DELIVERY)


@pytest.fixture
async def stage(emptied_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Stage]:
    """A studio with a provider that works at once, and one that takes jobs of its own."""
    providers = [Scripted(), Scripted("queued", queued=("image", "animation"))]
    async with staged(emptied_url, tmp_path / "studio", clock, providers) as opened:
        yield opened
        await opened.require_sound()
        for provider in providers:
            provider.require_asked_once()


async def noted(stage: Stage, draft: str, slot: str) -> StepFailure:
    """What the draft says of a slot that failed."""
    return (await stage.draft(draft)).failures[slot]


@pytest.mark.parametrize(
    "failure", [FULL, OSError(5, "input/output error"), RuntimeError("a defect of ours")], ids=repr
)
async def test_the_retry_takes_in_what_was_delivered_and_asks_nobody(stage: Stage, failure: Exception) -> None:
    draft = await stage.open(script="Cats purr.")
    stage.takes_in.append(failure)
    job = await stage.done(await stage.generate(draft, "voiceover"))
    assert (job.state, job.failure and job.failure.point) == ("failed", "after_delivery")
    assert await stage.credits() == (3, 0)
    assert (await noted(stage, draft, "voiceover")).hint.endswith(
        "What was delivered is kept: trying again costs nothing."
    )
    price = (await stage.shown(draft)).steps["voiceover"].price
    assert price is not None
    assert (price.amount, "taken in" in price.why) == (0, True)
    begun = await stage.generate(draft, "voiceover")
    assert begun.hold is None
    job = await stage.done(begun)
    assert (job.state, len(stage.provider.asked), await stage.credits()) == ("succeeded", 1, (3, 0))
    shown = await stage.shown(draft)
    assert (shown.steps["voiceover"].state, (await stage.draft(draft)).failures) == ("current", {})


async def test_the_retry_is_free_and_asks_nobody_although_the_script_was_edited_meanwhile(stage: Stage) -> None:
    draft = await stage.open(script="Cats purr.")
    stage.takes_in.append(FULL)
    await stage.done(await stage.generate(draft, "voiceover"))
    await stage.change(draft, script="Cats purr, and nobody knows why.")
    await stage.change(draft, settings=SettingsAsked(pace=1.5))
    begun = await stage.generate(draft, "voiceover")
    job = await stage.done(begun)
    assert (job.state, begun.hold, len(stage.provider.asked)) == ("succeeded", None, 1)
    assert await stage.credits() == (3, 0)
    shown = await stage.shown(draft)  # it speaks what it was made for, and says so
    assert (shown.steps["voiceover"].state, shown.refresh and shown.refresh.amount) == ("stale", 3)
    await stage.change(draft, script="Cats purr.", settings=SettingsAsked(pace=1.0))
    assert (await stage.shown(draft)).steps["voiceover"].state == "current"
    await stage.change(draft, script="Cats purr, and nobody knows why.")
    await stage.done(await stage.generate(draft, stale=True))
    assert (await stage.credits(), len(stage.provider.asked)) == ((6, 0), 2)


async def test_a_voice_whose_words_could_not_be_written_is_kept_although_its_file_had_been_moved(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = await stage.open(script="Cats purr.")

    async def full(text: str) -> str:
        raise FULL

    with monkeypatch.context() as patched:
        patched.setattr(stage.room.files, "keep_text", full)
        job = await stage.done(await stage.generate(draft, "voiceover"))
    assert (job.failure and job.failure.point, await stage.credits()) == ("after_delivery", (3, 0))
    await stage.made(draft, "voiceover")
    assert (await stage.credits(), len(stage.provider.asked)) == ((3, 0), 1)


async def test_bringing_up_to_date_takes_in_what_was_delivered_too(stage: Stage) -> None:
    draft = await stage.finished()
    await stage.change(draft, script="Cats purr.")
    stage.takes_in.append(FULL)
    await stage.done(await stage.generate(draft, stale=True))
    assert await stage.credits() == (9 + 3, 0)
    await stage.change(draft, script="Cats purr. Dogs bark.")
    asked = len(stage.provider.asked)
    await stage.done(await stage.generate(draft, stale=True))
    assert (await stage.credits(), len(stage.provider.asked)) == ((9 + 3, 0), asked)


async def test_something_else_that_is_asked_for_by_name_is_made(stage: Stage) -> None:
    draft = await stage.open()
    stage.takes_in.append(FULL)
    await stage.done(await stage.generate(draft, step("image", prompt="a cat")))
    scene = (await stage.draft(draft)).scenes[0].id
    await stage.made(draft, step("image", scene=scene, prompt="a dog"))
    assert (await stage.credits(), len(stage.provider.asked)) == ((8, 0), 2)
    await stage.made(await stage.open(), step("image", prompt="a cat"))  # the same work, wherever it is asked for
    assert (await stage.credits(), len(stage.provider.asked)) == ((8, 0), 2)


async def test_what_cannot_be_used_when_it_is_looked_at_again_is_told_so_and_the_next_is_new_work(stage: Stage) -> None:
    draft = await stage.open()
    broken = Malformed("It is broken: it can't be read to its end.", "file")
    stage.takes_in.extend((broken, broken))
    job = await stage.done(await stage.generate(draft, step("image", prompt="a cat")))
    assert job.failure is not None
    assert (job.failure.point, await stage.credits()) == ("after_delivery", (4, 0))
    scene = (await stage.draft(draft)).scenes[0].id
    job = await stage.done(await stage.generate(draft, step("image", scene=scene)))
    assert job.failure is not None
    assert job.failure.detail.startswith("What was delivered cannot be used: It is broken")
    assert job.failure.hint == "Making another one is new work at its price."
    assert (await stage.credits(), len(stage.provider.asked)) == ((4, 0), 1)
    repaint = (await stage.shown(draft)).steps["assets"].scenes[0].repaint  # type: ignore[index]
    assert repaint is not None
    assert repaint.amount == 4
    await stage.made(draft, step("image", scene=scene))
    assert (await stage.credits(), len(stage.provider.asked)) == ((8, 0), 2)


async def test_a_retry_that_fails_again_costs_nothing_and_loses_nothing(stage: Stage) -> None:
    draft = await stage.open()
    stage.takes_in.extend((FULL, FULL, OSError("again")))
    await stage.done(await stage.generate(draft, "image"))
    scene = (await stage.draft(draft)).scenes[0].id
    for _ in range(2):
        job = await stage.done(await stage.generate(draft, step("image", scene=scene)))
        assert (job.state, job.failure and job.failure.point) == ("failed", "after_delivery")
    await stage.made(draft, step("image", scene=scene))
    assert (await stage.credits(), len(stage.provider.asked)) == ((4, 0), 1)


async def test_what_could_not_even_be_kept_is_not_said_to_be(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = await stage.open()
    stage.takes_in.append(FULL)

    async def full(source: Path) -> str:
        raise FULL

    with monkeypatch.context() as patched:
        patched.setattr(stage.room.files, "keep", full)
        job = await stage.done(await stage.generate(draft, "image"))
    assert job.failure is not None
    assert job.failure.detail.startswith("It was made and could not be kept")
    assert job.failure.hint.endswith("Making it again costs nothing.")
    entries = await stage.told("job")
    assert "is kept" not in str(entries[-1])
    scene = (await stage.draft(draft)).scenes[0].id
    await stage.made(draft, step("image", scene=scene))
    assert (await stage.credits(), len(stage.provider.asked)) == ((4, 0), 2)


@pytest.mark.parametrize("acts", [(), (NOT_KEPT,)], ids=["at once", "the second time"])
async def test_a_providers_job_is_fetched_again_and_not_begun_again(stage: Stage, acts: tuple[Act, ...]) -> None:
    queued = stage.room.registry.provider("queued")
    assert isinstance(queued, Scripted)
    draft = await stage.open()
    queued.will("fetch", NOT_KEPT, *acts)
    await stage.done(await stage.generate(draft, step("image", provider="queued")))
    scene = (await stage.draft(draft)).scenes[0].id
    for _ in acts:
        await stage.done(await stage.generate(draft, step("image", scene=scene)))
    await stage.made(draft, step("image", scene=scene))
    assert (await stage.credits(), len(queued.asked)) == ((4, 0), 1)


async def test_a_providers_job_that_is_gone_by_then_is_made_again_at_no_charge(stage: Stage) -> None:
    queued = stage.room.registry.provider("queued")
    assert isinstance(queued, Scripted)
    draft = await stage.open()
    queued.will("fetch", NOT_KEPT, ProviderFailure("It is not there any more."))
    await stage.done(await stage.generate(draft, step("image", provider="queued")))
    scene = (await stage.draft(draft)).scenes[0].id
    await stage.made(draft, step("image", scene=scene))
    assert (await stage.credits(), len(queued.asked)) == ((4, 0), 2)


async def test_what_was_delivered_is_taken_in_although_its_provider_was_switched_off(
    emptied_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    async with staged(emptied_url, tmp_path, clock, [Scripted(), Scripted("other")]) as stage:
        draft = await stage.open()
        stage.takes_in.append(FULL)
        await stage.done(await stage.generate(draft, step("image", provider="other", prompt="a cat")))
    async with staged(emptied_url, tmp_path, clock, [Scripted()]) as stage:
        scene = (await stage.draft(draft)).scenes[0].id
        await stage.made(draft, step("image", scene=scene), key="another key")
        assert await stage.credits() == (4, 0)
        await stage.require_sound()


async def test_what_waits_to_be_taken_in_is_named_and_stays_on_the_disk(stage: Stage) -> None:
    draft = await stage.open()
    stage.takes_in.append(FULL)
    await stage.done(await stage.generate(draft, "image"))
    later = NEW_SECONDS + 10 + 2_000_000_000
    for days in (0, UNNAMED_DAYS + 1):
        assert await free_unnamed(stage.room.store, stage.room.files, later + days * DAY / SECOND) == 0
    scene = (await stage.draft(draft)).scenes[0].id
    await stage.made(draft, step("image", scene=scene))
    assert len(stage.provider.asked) == 1


async def test_nothing_is_asked_of_a_provider_that_there_is_no_room_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crowded(spare_bytes: int) -> None:
        assert spare_bytes == DISK_SPARE_BYTES
        raise FULL

    monkeypatch.setattr(stage.room.files, "require_room", crowded)
    draft = await stage.open()
    job = await stage.done(await stage.generate(draft, "image"))
    assert (job.failure and job.failure.point, stage.provider.asked) == ("before_acceptance", [])
    assert await stage.credits() == (0, 0)
    await stage.made(draft, "script")  # a text needs none


async def test_kept_is_said_of_a_cancelled_job_only_where_something_was(stage: Stage) -> None:
    draft = await stage.open()
    begun = await stage.generate(draft, step("image", count=2))
    run = stage.provider.run

    async def cancelled_before(work: object, desk: object) -> object:
        await stage.studio.cancel(stage.ada, begun.job)
        raise ProviderFailure("It does not say.", point=FailurePoint.BEFORE_ACCEPTANCE, retryable=True)

    stage.provider.run = cancelled_before  # type: ignore[method-assign,assignment]
    job = await stage.done(begun)
    stage.clock.set(max(job.due_at, stage.clock()))
    job = await stage.done(begun)
    assert (job.state, job.failure and job.failure.detail) == ("cancelled", "Cancelled. Nothing had been delivered.")
    stage.provider.run = run  # type: ignore[method-assign]
    await stage.change(draft, versions=[ChoiceAsked("script", None)])


@pytest.mark.parametrize(
    ("second", "state"),
    [(None, "succeeded"), (FULL, "failed"), (Malformed("It is broken.", "file"), "failed")],
    ids=["taken in", "the disk is still full", "it is broken"],
)
async def test_one_delivery_is_charged_once_although_another_job_for_it_was_queued_at_its_price(
    stage: Stage, second: Exception | None, state: str
) -> None:
    jobs = [await stage.generate(await stage.open(), step("image", prompt="a cat")) for _ in range(2)]
    assert await stage.credits() == (0, 8)
    stage.takes_in.extend([FULL] if second is None else [FULL, second])
    await stage.worker.run_all()
    states = [(await stage.job(job)).state for job in jobs]  # either may have come first
    assert sorted(states) == sorted(["failed", state])
    assert (await stage.credits(), len(stage.provider.asked)) == ((4, 0), 1)
