"""What a job is and how it may move: a table of states, and the pieces of work that it is made of.

queued → running → succeeded | failed | cancelled, queued → cancelled, and running → queued: to be tried again.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from msgspec import Struct

from reelbot.ids import id_text
from reelbot.providers.works import SpokenWord, Work, work_hash
from reelbot.studio.core.draft import Draft, Flow, Media, Settings, SlotRef, Version
from reelbot.studio.core.slots import MUSIC, TITLE, VOICEOVER, shown_of
from reelbot.studio.limits import ATTEMPTS_MAX

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
JobKind = Literal["generation", "render", "video", "preview"]
"""AI actions; a finished video; both, one after the other; a small video to look at."""

MOVES: Mapping[JobState, frozenset[JobState]] = MappingProxyType(
    {
        "queued": frozenset({"running", "cancelled"}),
        "running": frozenset({"queued", "succeeded", "failed", "cancelled"}),
        "succeeded": frozenset(),
        "failed": frozenset(),
        "cancelled": frozenset(),
    }
)
"""From each state to those that may follow it."""

RENDER: Literal["render"] = "render"
"""The action of the price list that a finished video is counted by."""

RENDER_SHARE = 0.6
"""Share of a job's progress that the render is, where it makes parts and then the video."""

ACTIVE: frozenset[JobState] = frozenset({"queued", "running"})

BACKOFF_SECONDS = (2.0, 8.0, 30.0, 90.0)
"""Pauses before the second to fifth try of a piece of work: short for a hiccup, long for a provider that is overrun."""

assert len(BACKOFF_SECONDS) == ATTEMPTS_MAX - 1


class Task(Struct, frozen=True, kw_only=True):
    """One piece of work of a job: what is to be made, for which slot, from which inputs, at which price.

    `script_from` is the number of an earlier task of the same job whose text is the script of this one. `within` is the
    text that a rewritten passage stands in. `amounts` is what was held for it, by meter. `is_free` says that its price was
    not, because it was made or paid for before.
    """

    slot: SlotRef
    work: Work
    inputs: dict[str, str]
    amounts: dict[str, int] = {}
    is_free: bool = False
    script_from: int | None = None
    within: str = ""


class Setup(Struct, frozen=True, kw_only=True):
    """All that a video is made of, pinned when its render was asked for."""

    flow: Flow
    settings: Settings
    title: str
    topic: str = ""
    script: str = ""
    hashtags: tuple[str, ...] = ()
    voiceover: Media | None = None
    words: str | None = None
    scenes: tuple[Media, ...] = ()
    music: Media | None = None
    logo: Media | None = None
    seed: int = 0


class Request(Struct, frozen=True, kw_only=True):
    """What a job is to do: these tasks in order, then perhaps a render.

    `setup` is what to render; None with `renders` says: whatever the draft is when the tasks are done.
    """

    tasks: tuple[Task, ...] = ()
    renders: bool = False
    setup: Setup | None = None


class Made(Struct, frozen=True, kw_only=True):
    """What came of a task. `words` are a voiceover's, `amounts` what it really costs, `free` that it cost nothing anew."""

    label: str
    text: str = ""
    suggestions: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    media: Media | None = None
    words: str | None = None
    amounts: dict[str, int] = {}
    free: bool = False


class Kept(Struct, frozen=True, kw_only=True):
    """What a provider delivered for a task, kept as it came because our own work after that failed.

    `file` is the content of what came, `name` what it was called; without one, `provider_job` can be fetched again.
    """

    task: Task
    label: str
    file: str | None = None
    name: str = ""
    duration_ms: int = 0
    words: tuple[SpokenWord, ...] = ()
    provider_job: str | None = None


class TaskProgress(Struct, frozen=True, kw_only=True):
    """How far a task is. `called_at` is set before the provider is asked, `provider_job` before it is asked again."""

    attempts: int = 0
    called_at: int | None = None
    request_id: str = ""
    provider_job: str | None = None
    made: Made | None = None


class JobFailure(Struct, frozen=True):
    """Why a job ended without success, in words for its owner; `point` is the failure point."""

    code: str
    detail: str
    hint: str = ""
    point: str = ""
    slot: str = ""


class Job(NamedTuple):
    """A job as it is kept. `due_at` is when it may be taken, while running when its lease ends; `fence` counts claims."""

    lane: int
    account: int
    number: int
    kind: JobKind
    draft: int
    state: JobState
    priority: int
    due_at: int
    fence: int
    worker: str
    crashes: int
    hold: str | None
    is_cancelled: bool
    progress: float
    message: str
    request: Request
    tasks: tuple[TaskProgress, ...]
    result: dict[str, object] | None
    failure: JobFailure | None
    created_at: int
    started_at: int | None
    ended_at: int | None

    @property
    def id(self) -> str:
        """The job as outsiders name it, and as it owns its hold."""
        return id_text("job", self.lane, self.account, self.number)

    def shares(self) -> dict[str, float]:
        """How much of each step of the job is done, from 0 to 1, in the order in which they are done."""
        counted: dict[str, tuple[int, int]] = {}
        for task, progress in zip(self.request.tasks, self.tasks, strict=True):
            done, of = counted.get(task.slot.name, (0, 0))
            counted[task.slot.name] = (done + (progress.made is not None), of + 1)
        shares = {step: done / of for step, (done, of) in counted.items()}
        if self.request.renders:
            before = 1.0 - RENDER_SHARE if self.request.tasks else 0.0
            shares["render"] = max(0.0, self.progress - before) / (1.0 - before)
        return shares

    def moved(self, state: JobState) -> "Job":
        """In another state that may follow this one."""
        assert state in MOVES[self.state], f"a {self.state} job does not become {state}"
        return self._replace(state=state)


def backoff_seconds(attempts: int, asked: float | None) -> float | None:
    """How long to wait after so many tries, at least as long as the provider asked for; None when it was the last."""
    if attempts >= ATTEMPTS_MAX:
        return None
    return max(BACKOFF_SECONDS[attempts - 1], asked or 0.0)


def cancelled_words(job: Job, has_draft: bool) -> str:
    """What is said of a job that was cancelled, and of what had been delivered until then."""
    if not has_draft:
        return "Cancelled with its draft, which was removed."
    if not any(progress.made for progress in job.tasks):
        return "Cancelled. Nothing had been delivered." if job.tasks else "Cancelled."
    return "Cancelled. What had been delivered is kept."


def delivered_amounts(job: Job) -> dict[str, int]:
    """What arrived costs, by each meter that is held: never more than was held for it, and 0 for what was free."""
    total: dict[str, int] = {}
    for task, progress in zip(job.request.tasks, job.tasks, strict=True):
        made = progress.made
        for meter, held in task.amounts.items():
            due = 0 if made is None or made.free else min(held, made.amounts.get(meter, held))
            total[meter] = total.get(meter, 0) + due
    return total


def version_of(task: Task, made: Made, now: int) -> Version:
    """A delivered task as a result of its slot."""
    return Version(
        id=0,
        at=now,
        by="ai",
        inputs=task.inputs,
        text=made.text,
        suggestions=made.suggestions,
        hashtags=made.hashtags,
        media=made.media,
        words=made.words,
        prompt=getattr(task.work, "prompt", ""),
        label=made.label,
        work=work_hash(task.work),
        variation=task.work.variation,
    )


def setup_of(draft: Draft, logo: Media | None, seed: int) -> Setup:
    """All that a video of this draft would be made of, as it stands."""
    voiceover, title, music = (draft.version(kind.ref()) for kind in (VOICEOVER, TITLE, MUSIC))
    shown = (shown_of(draft, scene.id) for scene in draft.scenes)
    narrated = draft.flow == "narrated"
    return Setup(
        flow=draft.flow,
        settings=draft.settings,
        title=draft.heading,
        topic=draft.text_of("topic"),
        script=draft.text_of("script") if narrated else "",
        hashtags=title.hashtags if title else (),
        voiceover=voiceover.media if voiceover and narrated else None,
        words=voiceover.words if voiceover and narrated else None,
        scenes=tuple(one.media for one in shown if one and one.media),
        music=music.media if music else None,
        logo=logo,
        seed=seed,
    )
