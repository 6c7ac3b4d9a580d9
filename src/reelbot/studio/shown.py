"""Drafts, jobs, videos and assets as outsiders see them, in the API, in events and on the command line: one shape each."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from reelbot.clock import instant_text, instant_text_or_none
from reelbot.ids import id_text
from reelbot.studio.core.drafts import (
    RENDER_FAILURE,
    STEPS,
    Draft,
    Flow,
    Media,
    Settings,
    Slot,
    SlotRef,
    StepFailure,
    Version,
)
from reelbot.studio.core.jobs import Job, JobFailure, JobKind, JobState
from reelbot.studio.core.steps import is_stale, why_stale
from reelbot.studio.store import KeptAsset, KeptDraft, KeptVideo

StepState = Literal["empty", "current", "stale", "running", "failed"]


class DraftTold(Struct, frozen=True):
    """An event: a draft was changed, or removed."""

    id: str
    removed: bool


class VideoTold(Struct, frozen=True):
    """An event: a video is finished."""

    id: str
    title: str
    draft: str
    job: str


class JobShown(Struct, frozen=True):
    """A job. `result` says what came of it, `failure` why it ended without."""

    id: str
    kind: JobKind
    state: JobState
    progress: float
    message: str
    draft: str
    hold: str | None
    steps: list[str]
    result: dict[str, Any] | None
    failure: JobFailure | None
    created_at: str
    started_at: str | None
    ended_at: str | None


class PriceShown(Struct, frozen=True):
    """What making a step would cost now, at most: `amount` AI credits. `already_made` is why it is 0."""

    action: str
    amount: int
    already_made: bool
    why: str


class MediaShown(Struct, frozen=True):
    """A file: `url` gives it."""

    url: str
    kind: str
    width: int
    height: int
    duration_ms: int
    asset: str | None


class VersionShown(Struct, frozen=True):
    """A result. `label` says what made it, `by` whether a hand, an AI action or an upload did."""

    version: int
    at: str
    by: str
    label: str
    current: bool
    text: str
    suggestions: list[str]
    hashtags: list[str]
    prompt: str
    media: MediaShown | None
    words: str | None


class SceneShown(Struct, frozen=True):
    """A picture or clip of the video, and what was animated from it. `price` is for animating, `repaint` for the picture."""

    scene: int
    state: StepState
    why: str
    picture: VersionShown | None
    animation: VersionShown | None
    picture_versions: list[VersionShown]
    animation_versions: list[VersionShown]
    price: PriceShown | None
    repaint: PriceShown | None
    failure: StepFailure | None


class StepShown(Struct, frozen=True, kw_only=True):
    """A step. `why` says why it is stale, `price` what making it by AI costs now."""

    state: StepState
    why: str = ""
    text: str = ""
    current: int | None = None
    versions: list[VersionShown] = []
    price: PriceShown | None = None
    failure: StepFailure | None = None
    # of the topic
    keywords: str | None = None
    suggestions: "StepShown | None" = None
    title: "StepShown | None" = None
    # of the assets
    scenes: list[SceneShown] | None = None
    music: "StepShown | None" = None
    image_price: PriceShown | None = None


class StaleShown(Struct, frozen=True):
    """What no longer matches, why, and what making it again costs."""

    slot: str
    step: str
    scene: int | None
    why: str
    price: PriceShown | None


class RefreshShown(Struct, frozen=True):
    """What bringing everything up to date would make again, and its price. `why_not` says why that can't be done now."""

    stale: list[StaleShown]
    unchanged: list[str]
    amount: int
    why_not: str = ""


class DraftShown(Struct, frozen=True):
    """A draft: its settings, its steps with their results and prices, what is stale, and the jobs at work for it.

    `failure` says why the last attempt to make its video failed.
    """

    id: str
    flow: Flow
    heading: str
    revision: int
    created_at: str
    updated_at: str
    locked: bool
    origin: str | None
    settings: Settings
    steps: dict[str, StepShown]
    refresh: RefreshShown | None
    ready: bool
    missing: str
    jobs: list[JobShown]
    failure: StepFailure | None = None


class DraftListed(Struct, frozen=True):
    """A draft in a list."""

    id: str
    flow: Flow
    heading: str
    created_at: str
    updated_at: str
    locked: bool
    steps: dict[str, StepState]
    picture: str | None


class AssetShown(Struct, frozen=True):
    """An uploaded or animated file."""

    id: str
    name: str
    origin: str
    kind: str
    container: str
    bytes: int
    width: int
    height: int
    duration_ms: int
    url: str
    created_at: str


class VideoShown(Struct, frozen=True):
    """A finished video, and where its files are."""

    id: str
    title: str
    duration_ms: int
    width: int
    height: int
    bytes: int
    created_at: str
    draft: str
    job: str
    files: dict[str, str]
    hashtags: list[str]
    setup: "SetupShown"


class SetupShown(Struct, frozen=True):
    """What a video was made of."""

    flow: Flow
    settings: Settings
    topic: str
    script: str


def job_shown(job: Job) -> JobShown:
    """The shape that everything outside shows."""
    return JobShown(
        id=job.id,
        kind=job.kind,
        state=job.state,
        progress=job.progress,
        message=job.message,
        draft=id_text("draft", job.lane, job.account, job.draft),
        hold=job.hold,
        steps=[str(task.slot) for task in job.request.tasks],
        result=job.result,
        failure=job.failure,
        created_at=instant_text(job.created_at),
        started_at=instant_text_or_none(job.started_at),
        ended_at=instant_text_or_none(job.ended_at),
    )


def asset_shown(asset: KeptAsset) -> AssetShown:
    """The shape that everything outside shows."""
    media = asset.media
    facts = (media.kind, media.container, media.bytes, media.width, media.height, media.duration_ms)
    url = f"/api/v1/assets/{asset.id}/file"
    return AssetShown(asset.id, asset.name, asset.origin, *facts, url, instant_text(asset.created_at))


VIDEO_FILES: Mapping[str, str] = {
    "mp4": "file",
    "srt": "captions.srt",
    "vtt": "captions.vtt",
    "words": "words.json",
    "thumbnail": "thumbnail.jpg",
}
"""The files of a video, and what each is called in its address."""


def video_shown(video: KeptVideo) -> VideoShown:
    """The shape that everything outside shows."""
    facts, setup = video.facts, video.facts.setup
    paths = {**VIDEO_FILES, **({"script": "script.txt"} if setup.script else {})}
    return VideoShown(
        id=video.id,
        title=video.title,
        duration_ms=facts.duration_ms,
        width=facts.width,
        height=facts.height,
        bytes=facts.bytes,
        created_at=instant_text(video.created_at),
        draft=facts.draft,
        job=facts.job,
        files={name: f"/api/v1/videos/{video.id}/{path}" for name, path in paths.items()},
        hashtags=list(setup.hashtags),
        setup=SetupShown(setup.flow, setup.settings, setup.topic, setup.script),
    )


Prices = Mapping[str, PriceShown]
"""What making each slot by AI would cost now, by slot; `picture` is that of one more picture."""


def draft_shown(
    kept: KeptDraft, jobs: Sequence[Job], prices: Prices, refresh: RefreshShown | None, missing: str
) -> DraftShown:
    """The shape that everything outside shows. `missing` says what a render still lacks."""
    draft, running = kept.draft, running_slots(jobs)
    view = _View(kept.id, draft, running, prices)
    return DraftShown(
        id=kept.id,
        flow=draft.flow,
        heading=kept.heading,
        revision=kept.revision,
        created_at=instant_text(kept.created_at),
        updated_at=instant_text(kept.updated_at),
        locked=kept.locked_by is not None,
        origin=None if kept.origin is None else id_text("video", kept.lane, kept.account, kept.origin),
        settings=draft.settings,
        steps=view.steps(),
        refresh=refresh,
        ready=not missing,
        missing=missing,
        jobs=[job_shown(job) for job in jobs],
        failure=draft.failures.get(RENDER_FAILURE),
    )


def draft_listed(kept: KeptDraft, jobs: Sequence[Job]) -> DraftListed:
    """A draft as one line of a list."""
    view = _View(kept.id, kept.draft, running_slots(jobs), {})
    shown = next((scene.picture.version for scene in kept.draft.scenes if scene.picture.version), None)
    return DraftListed(
        id=kept.id,
        flow=kept.draft.flow,
        heading=kept.heading,
        created_at=instant_text(kept.created_at),
        updated_at=instant_text(kept.updated_at),
        locked=kept.locked_by is not None,
        steps={name: step.state for name, step in view.steps().items()},
        picture=view.media(shown.media).url if shown and shown.media else None,
    )


def running_slots(jobs: Sequence[Job]) -> frozenset[str]:
    """The slots that jobs are at work for."""
    return frozenset(
        str(task.slot)
        for job in jobs
        for task, progress in zip(job.request.tasks, job.tasks, strict=True)
        if progress.made is None
    )


class _View:
    """One draft, looked at."""

    def __init__(self, id: str, draft: Draft, running: frozenset[str], prices: Prices) -> None:
        self._id = id
        self._draft = draft
        self._running = running
        self._prices = prices

    def steps(self) -> dict[str, StepShown]:
        built = {"topic": self._topic, "script": self._script, "voiceover": self._voiceover, "assets": self._assets}
        return {name: built[name]() for name in STEPS[self._draft.flow]}

    def _topic(self) -> StepShown:
        own = self._slot(SlotRef("topic"))
        ideas = self._slot(SlotRef("suggestions"))
        state: StepState = "running" if ideas.state == "running" else own.state
        return StepShown(
            state=state,
            text=own.text,
            current=own.current,
            versions=own.versions,
            price=ideas.price,
            failure=ideas.failure,
            keywords=self._draft.keywords,
            suggestions=ideas,
            title=self._slot(SlotRef("title")),
        )

    def _script(self) -> StepShown:
        return self._slot(SlotRef("script"))

    def _voiceover(self) -> StepShown:
        return self._slot(SlotRef("voiceover"))

    def _assets(self) -> StepShown:
        scenes = [self._scene(scene.id) for scene in self._draft.scenes]
        music = self._slot(SlotRef("music"))
        states = [scene.state for scene in scenes] + ([music.state] if music.state in ("running", "failed") else [])
        state: StepState = next((one for one in _WORST if one in states), "current" if scenes else "empty")
        return StepShown(
            state="empty" if not scenes and state == "current" else state,
            scenes=scenes,
            music=music,
            image_price=self._prices.get("picture"),
        )

    def _scene(self, id: int) -> SceneShown:
        scene = self._draft.scene(id)
        assert scene is not None, "one of the draft's own"
        refs = SlotRef("picture", id), SlotRef("animation", id)
        picture, animation = (self._slot(ref) for ref in refs)
        state: StepState = next((one for one in _WORST if one in (picture.state, animation.state)), picture.state)
        return SceneShown(
            scene=id,
            state=state,
            why=animation.why,
            picture=_current(picture),
            animation=_current(animation),
            picture_versions=picture.versions,
            animation_versions=animation.versions,
            price=animation.price,
            repaint=picture.price,
            failure=animation.failure or picture.failure,
        )

    def _slot(self, ref: SlotRef) -> StepShown:
        slot = self._draft.slot(ref)
        assert slot is not None, "one of the draft's own"
        failure = self._draft.failures.get(str(ref))
        return StepShown(
            state=self._state(ref, slot, failure),
            why=why_stale(self._draft, ref),
            text=slot.version.text if slot.version else "",
            current=slot.current,
            versions=[self._version(one, slot, ref) for one in slot.versions],
            price=self._prices.get(str(ref)),
            failure=failure,
        )

    def _state(self, ref: SlotRef, slot: Slot, failure: StepFailure | None) -> StepState:
        if str(ref) in self._running:
            return "running"
        if slot.version is None:
            return "failed" if failure else "empty"
        if failure is not None and failure.at > slot.version.at:
            return "failed"
        return "stale" if is_stale(self._draft, ref) else "current"

    def _version(self, version: Version, slot: Slot, ref: SlotRef) -> VersionShown:
        words = f"/api/v1/drafts/{self._id}/words/{version.words}" if version.words else None
        return VersionShown(
            version=version.id,
            at=instant_text(version.at),
            by=version.by,
            label=version.label,
            current=version.id == slot.current,
            text=version.text,
            suggestions=list(version.suggestions),
            hashtags=list(version.hashtags),
            prompt=version.prompt,
            media=self.media(version.media) if version.media else None,
            words=words,
        )

    def media(self, media: Media) -> MediaShown:
        """A file of this draft."""
        url = f"/api/v1/drafts/{self._id}/files/{media.sha256}"
        return MediaShown(url, media.kind, media.width, media.height, media.duration_ms, media.asset)


_WORST: tuple[StepState, ...] = ("running", "failed", "stale")
"""What a step of several parts is said to be: the first of these that one of them is."""


def _current(step: StepShown) -> VersionShown | None:
    return next((one for one in step.versions if one.current), None)
