"""The end of a job as a value: what becomes of its hold, what is told and what is written. No database."""

import pytest
from msgspec import structs

from reelbot.allowance import FailurePoint
from reelbot.providers.works import AnimationWork, MusicWork, work_hash
from reelbot.records import Owner
from reelbot.studio.actions import action_of
from reelbot.studio.core import edits, rows
from reelbot.studio.core.draft import Draft, Media, Settings, SlotRef, Version
from reelbot.studio.core.edits import changed_draft
from reelbot.studio.core.job import Job, JobKind, JobState, Kept, Made, Request, Setup, Task, TaskProgress
from reelbot.studio.core.rows import KeptAsset, KeptDraft, KeptVideo, PastDraft, VideoFacts, VideoFiles
from reelbot.studio.jobs.conclusion import (
    Facts,
    Failed,
    Settlement,
    Succeeded,
    TaskDelivered,
    Unpaid,
    Unsuccessful,
    conclude,
    ended_job,
    job_failure,
    settlement,
    told,
    without_hold,
)

NOW = 1_000
OWNER = Owner(0, 1)
PICTURE = Media(sha256="ab" * 32, kind="image", bytes=10)
CLIP = Media(sha256="cd" * 32, kind="clip", bytes=500)
DRAFT, SCENE = edits.with_scene(
    edits.with_text(Draft(flow="narrated"), "topic", "cats", 1), Version(id=0, at=1, by="upload", media=PICTURE)
)
KEPT = KeptDraft(*OWNER, 5, 3, "cats", DRAFT, 1, 1, None, None)
ANIMATION = Task(
    slot=SlotRef("animation", str(SCENE)),
    work=AnimationWork(image="ab" * 32, seconds=4, aspect="9:16"),
    inputs={},
    amounts={"ai_credits": 20, "storage_bytes": 800},
)
MUSIC = Task(
    slot=SlotRef("music"), work=MusicWork(mood="calm", tone="casual", seconds=30), inputs={}, amounts={"ai_credits": 5}
)
CLIP_MADE = Made(label="a clip", media=CLIP, amounts={"ai_credits": 20, "storage_bytes": 500})
MUSIC_MADE = Made(label="a tune", media=structs.replace(CLIP, kind="audio"), amounts={"ai_credits": 5})
SETUP = Setup(flow="narrated", title="Cats", settings=Settings(), scenes=(PICTURE,), seed=1)
VIDEO = KeptVideo(
    *OWNER,
    8,
    "Cats",
    VideoFacts(
        setup=SETUP,
        files=VideoFiles(*["ef" * 32] * 5),
        width=9,
        height=16,
        duration_ms=1,
        bytes=9,
        draft="draft_0-1-5",
        job="job_0-1-9",
    ),
    NOW,
)


def job_of(*tasks: tuple[Task, Made | None], kind: JobKind = "generation", hold: str | None = "hold_0-1-7") -> Job:
    """A job that is running, with what its tasks have made."""
    request = Request(tasks=tuple(task for task, _ in tasks), renders=kind in ("render", "video"))
    progress = tuple(TaskProgress(made=made) for _, made in tasks)
    state: JobState = "running"
    facts = (*OWNER, 9, kind, 5, state, 0, 0, 1, "w", 0, hold, False, 0.5, "", request, progress)
    return Job(*facts, None, None, 1, 1, None)


def failed(point: FailurePoint, task: Task | None = MUSIC, **more: object) -> Failed:
    slot = None if task is None else task.slot
    return Failed(point, job_failure("oops", "It says no.", "Ask otherwise.", point, slot), slot, **more)  # type: ignore[arg-type]


def facts(job: Job | None = None, draft: KeptDraft | None = KEPT) -> Facts:
    return Facts(job, draft, [77, 78], NOW)


def saved(draft: Draft) -> object:
    return rows.save_draft(changed_draft(KEPT, draft, NOW))


KEPT_AS_IT_CAME = Kept(task=MUSIC, label="a tune", file="cd" * 32, name="tune.wav")
ASSET = KeptAsset(*OWNER, 77, "Clip: cats", "animation", "hold_0-1-7", CLIP, NOW)
CLIP_KEPT = structs.replace(CLIP_MADE, media=structs.replace(CLIP, asset=ASSET.id))


# what becomes of the hold

BOTH = job_of((ANIMATION, CLIP_MADE), (MUSIC, None))
ALONE = job_of((MUSIC, None))
P = FailurePoint


@pytest.mark.parametrize(
    ("job", "how", "settled"),
    [
        (ALONE, failed(P.BEFORE_ACCEPTANCE), Settlement({"ai_credits": 0}, P.BEFORE_ACCEPTANCE)),
        (ALONE, failed(P.AFTER_DELIVERY, billed=0), Settlement({"ai_credits": 0}, P.AFTER_DELIVERY)),
        (ALONE, failed(P.AFTER_DELIVERY, billed=0, is_paid=True), Settlement({"ai_credits": 0}, P.IN_PART)),
        (BOTH, failed(P.AT_PROVIDER), Settlement({"ai_credits": 20, "storage_bytes": 500}, P.IN_PART)),
        (BOTH, failed(P.AT_PROVIDER_BILLED, billed=1), Settlement({"ai_credits": 25, "storage_bytes": 500}, P.IN_PART)),
        (BOTH, failed(P.CANCELLED_RUNNING), Settlement({"ai_credits": 20, "storage_bytes": 500}, P.CANCELLED_RUNNING)),
    ],
)
def test_what_failed_is_settled_by_its_failure_point_and_what_arrived_counts(
    job: Job, how: Failed, settled: Settlement
) -> None:
    assert settlement(Unsuccessful(job, how, "failed")) == settled


def test_what_arrived_is_settled_as_it_was_measured_and_a_video_as_it_was_held() -> None:
    job = job_of((ANIMATION, CLIP_MADE), (MUSIC, MUSIC_MADE), kind="video")
    ending = Succeeded(job, (), VIDEO, (("video_generations", 1), ("ai_credits", 3)))
    assert settlement(ending) == Settlement({"ai_credits": 28, "storage_bytes": 500, "video_generations": 1})


def test_a_settlement_leaves_what_a_task_cost_as_it_was() -> None:
    before = dict(MUSIC.amounts)
    settlement(Unsuccessful(BOTH, failed(P.AT_PROVIDER_BILLED, billed=1), "failed"))
    assert MUSIC.amounts == before


# a job that goes on


def test_what_was_delivered_is_noted_under_the_lease_and_recorded_once() -> None:
    job = job_of((ANIMATION, CLIP_MADE), (MUSIC, None))
    before = job_of((ANIMATION, None), (MUSIC, None))
    assert conclude(TaskDelivered(job, 0), facts(before)) == (
        rows.note_tasks(job),
        rows.insert_asset(ASSET),
        rows.keep_made(OWNER, work_hash(ANIMATION.work), CLIP_KEPT, NOW),
        saved(action_of(ANIMATION.work).placed(DRAFT, ANIMATION, CLIP_KEPT, NOW)),
    )
    assert conclude(TaskDelivered(job, 0), facts(job)) == (rows.note_tasks(job),)
    assert conclude(TaskDelivered(job, 0), facts(None)) == (rows.note_tasks(job),)


@pytest.mark.parametrize(
    ("job", "made"),
    [
        (job_of((ANIMATION, CLIP_MADE), hold=None), CLIP_MADE),
        (job_of((structs.replace(ANIMATION, amounts={"ai_credits": 20}), CLIP_MADE)), CLIP_MADE),
        (job_of((ANIMATION, structs.replace(CLIP_MADE, free=True))), structs.replace(CLIP_MADE, free=True)),
    ],
)
def test_a_clip_that_no_hold_counts_becomes_no_asset(job: Job, made: Made) -> None:
    writes = conclude(Succeeded(job, (0,)), facts(draft=None))
    assert [one.statement for one in writes] == ["end_job", "leave_turns", "insert_made"]
    assert writes[2] == rows.keep_made(OWNER, work_hash(ANIMATION.work), made, NOW)


def test_a_clip_counts_for_no_more_than_was_held_for_it() -> None:
    made = structs.replace(CLIP_MADE, amounts={"ai_credits": 20, "storage_bytes": 300})
    writes = conclude(Succeeded(job_of((ANIMATION, made)), (0,)), facts())
    assert rows.insert_asset(ASSET._replace(media=structs.replace(CLIP, bytes=300))) in writes


# a job that ends


def test_a_job_that_ends_well_is_ended_before_anything_is_recorded() -> None:
    ending = Succeeded(job_of((MUSIC, MUSIC_MADE)), (0,))
    ended = ended_job(ending, NOW)
    assert (ended.state, ended.progress, ended.result, ended.ended_at) == ("succeeded", 1.0, {"slots": ["music"]}, NOW)
    assert conclude(ending, facts()) == (
        *rows.end_job(ended),
        rows.keep_made(OWNER, work_hash(MUSIC.work), MUSIC_MADE, NOW),
        saved(action_of(MUSIC.work).placed(DRAFT, MUSIC, MUSIC_MADE, NOW)),
    )
    assert [(kind, getattr(body, "id", None)) for kind, body in told(ending, NOW)] == [
        ("job", "job_0-1-9"),
        ("draft", "draft_0-1-5"),
    ]


def test_a_finished_video_takes_the_place_of_its_draft() -> None:
    ending = Succeeded(job_of(kind="render"), (), VIDEO)
    ended = ended_job(ending, NOW)
    assert ended.result == {"video": VIDEO.id}
    assert conclude(ending, facts()) == (
        *rows.end_job(ended),
        rows.lock_draft(OWNER, 5, None),
        rows.insert_video(VIDEO),
        *rows.forget_draft(PastDraft(*OWNER, 5, "Cats", VIDEO.id, NOW)),
    )
    assert [kind for kind, _ in told(ending, NOW)] == ["job", "draft", "video"]
    assert getattr(told(ending, NOW)[1][1], "removed", None) is True


@pytest.mark.parametrize(
    ("how", "remembered"),
    [
        (failed(P.AT_PROVIDER_BILLED, billed=0), ()),
        (failed(P.AFTER_DELIVERY, billed=0), (rows.keep_paid(OWNER, work_hash(MUSIC.work), None, NOW),)),
        (
            failed(P.AFTER_DELIVERY, billed=0, kept=KEPT_AS_IT_CAME),
            (rows.keep_paid(OWNER, work_hash(MUSIC.work), KEPT_AS_IT_CAME, NOW),),
        ),
        (failed(P.AFTER_DELIVERY, billed=0, is_spoiled=True), (rows.forget_paid(OWNER, work_hash(MUSIC.work)),)),
    ],
)
def test_what_was_paid_for_and_not_kept_is_remembered(how: Failed, remembered: tuple[object, ...]) -> None:
    ending = Unsuccessful(ALONE, how, "failed")
    assert conclude(ending, facts(draft=None)) == (*rows.end_job(ended_job(ending, NOW)), *remembered)


def test_a_failure_is_noted_where_it_happened_and_a_cancelled_job_takes_its_empty_scenes_with_it() -> None:
    note = conclude(Unsuccessful(ALONE, failed(P.AT_PROVIDER), "failed"), facts())[-1]
    assert note.statement == "update_draft" and "It says no." in str(note.parameters)
    render = conclude(Unsuccessful(job_of(kind="render"), failed(P.BEFORE_ACCEPTANCE, None), "failed"), facts())
    assert [one.statement for one in render] == ["end_job", "leave_turns", "lock_draft", "update_draft"]
    preview = conclude(Unsuccessful(job_of(kind="preview"), failed(P.BEFORE_ACCEPTANCE, None), "failed"), facts())
    assert [one.statement for one in preview] == ["end_job", "leave_turns"]
    draft, scene = edits.with_scene(DRAFT, None, "a cat")
    waiting = job_of((structs.replace(MUSIC, slot=SlotRef("picture", str(scene))), None))
    cancelled = Unsuccessful(waiting, failed(P.CANCELLED_RUNNING, None), "cancelled")
    kept = KEPT._replace(draft=draft)
    without = edits.without_empty_scenes(draft, {SlotRef("picture", str(scene))})
    assert without != draft
    assert conclude(cancelled, facts(draft=kept))[-1] == rows.save_draft(changed_draft(kept, without, NOW))


def test_a_job_whose_hold_was_over_keeps_nothing_that_it_would_have_been_charged_for() -> None:
    job = job_of((ANIMATION, CLIP_MADE), (MUSIC, MUSIC_MADE))
    unpaid = without_hold(Succeeded(job, (1,)))
    assert unpaid == Unpaid(job, (1,))
    ended = ended_job(unpaid, NOW)
    assert (ended.state, ended.failure and ended.failure.code) == ("failed", "hold_over")
    assert [one.made for one in ended.tasks] == [CLIP_MADE, None]
    assert conclude(unpaid, facts()) == rows.end_job(ended)
    failure = Unsuccessful(job, failed(P.AT_PROVIDER), "failed")
    assert without_hold(failure) is failure


ENDINGS = [
    TaskDelivered(job_of((MUSIC, MUSIC_MADE)), 0),
    Succeeded(job_of((MUSIC, MUSIC_MADE)), (0,)),
    Succeeded(job_of(kind="render"), (), VIDEO),
    Unsuccessful(ALONE, failed(P.AFTER_DELIVERY, billed=0), "failed"),
    Unsuccessful(BOTH, failed(P.CANCELLED_RUNNING), "cancelled"),
    Unpaid(job_of((MUSIC, MUSIC_MADE)), (0,)),
]


@pytest.mark.parametrize("happened", ENDINGS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("draft", [KEPT, None], ids=["draft", "no draft"])
def test_the_first_write_is_fenced_by_the_lease_so_nothing_is_written_without_it(
    happened: TaskDelivered | Succeeded | Unsuccessful | Unpaid, draft: KeptDraft | None
) -> None:
    first, *rest = conclude(happened, facts(ALONE, draft))
    assert first.is_fenced and first.parameters[-4:] == (*OWNER, 9, 1)
    assert not any(one.is_fenced for one in rest)
