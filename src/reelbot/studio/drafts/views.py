"""A draft as outsiders see it, in the API and on pages: one shape, one place."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from reelbot.clock import instant_text
from reelbot.ids import id_text
from reelbot.studio.core.draft import (
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
from reelbot.studio.core.events import JobShown, job_shown, running_slots
from reelbot.studio.core.job import Job
from reelbot.studio.core.rows import KeptDraft
from reelbot.studio.core.slots import ANIMATION, MUSIC, PICTURE, SCRIPT, SUGGESTIONS, TITLE, TOPIC, VOICEOVER
from reelbot.studio.core.staleness import is_stale, why_stale
from reelbot.studio.planning.costing import PriceShown

StepState = Literal["empty", "current", "stale", "running", "failed"]


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
    shown = next(filter(None, (kept.draft.version(PICTURE.ref(scene.id)) for scene in kept.draft.scenes)), None)
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
        own = self._slot(TOPIC.ref())
        ideas = self._slot(SUGGESTIONS.ref())
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
            title=self._slot(TITLE.ref()),
        )

    def _script(self) -> StepShown:
        return self._slot(SCRIPT.ref())

    def _voiceover(self) -> StepShown:
        return self._slot(VOICEOVER.ref())

    def _assets(self) -> StepShown:
        scenes = [self._scene(scene.id) for scene in self._draft.scenes]
        music = self._slot(MUSIC.ref())
        states = [scene.state for scene in scenes] + ([music.state] if music.state in ("running", "failed") else [])
        state: StepState = next((one for one in _WORST if one in states), "current" if scenes else "empty")
        return StepShown(
            state="empty" if not scenes and state == "current" else state,
            scenes=scenes,
            music=music,
            image_price=self._prices.get("picture"),
        )

    def _scene(self, id: int) -> SceneShown:
        picture, animation = self._slot(PICTURE.ref(id)), self._slot(ANIMATION.ref(id))
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
