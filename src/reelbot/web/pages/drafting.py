"""What the page of a draft is filled with: its steps in words, lengths, voices, what is still to be made and its price."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args

from reelbot.allowance import AccountRef
from reelbot.clock import SECOND, instant_from
from reelbot.errors import Failure, Malformed, TooBusy
from reelbot.studio import (
    AssetShown,
    DraftShown,
    GenerationAsked,
    Job,
    JobShown,
    OptionsAsked,
    Page,
    Quoted,
    StepAsked,
    Studio,
    StudioRefused,
    asset_shown,
)
from reelbot.studio.core.drafts import CaptionSize, Corner
from reelbot.studio.core.works import Aspect, Duration, Tone
from reelbot.studio.embedded.languages import Language, languages
from reelbot.studio.embedded.tunes.moods import MOODS
from reelbot.studio.embedded.words import reading_ms, words
from reelbot.studio.providers.port import Voice
from reelbot.studio.shown import StepShown, VersionShown
from reelbot.web.pages.wording import instant_words

REVIEW = "review"
TITLES: Mapping[str, str] = {
    "topic": "Topic",
    "script": "Script",
    "voiceover": "Voiceover",
    "assets": "Assets",
    REVIEW: "Review",
}
"""The steps as they are called, in order; a cinematic draft has the first, and those from the assets on."""

STATES: Mapping[str, str] = {
    "empty": "To do",
    "current": "Done",
    "stale": "No longer matches",
    "running": "At work",
    "failed": "Failed",
}

SCENE_SECONDS = 6
"""How long a picture is shown about: as many pictures are proposed as fill the video at that."""

JOBS_LOOKED_AT = 50
"""Jobs among which the last preview is looked for: one that is further behind is of another day's draft."""

LIBRARY = 48
"""Assets that can be chosen on the page itself: the newest; all are on the page of assets."""

HAND_VERSIONS = 5
"""Versions by hand that are listed: every pause in typing saves one."""

CLIP_SECONDS = (3, 5, 8)
"""Lengths of a clip that are offered: what fits one scene."""

StepState = Literal["empty", "current", "stale", "running", "failed"]


class StepLine(NamedTuple):
    """A step in the row of steps. `word` says its state, `href` leads to it."""

    name: str
    title: str
    state: StepState
    word: str
    href: str
    number: int


class Length(NamedTuple):
    """How long a script is, and how long it should be; `share` in percent of the duration."""

    words: int
    seconds: int
    aim_seconds: int
    language: Language
    pace: float

    @property
    def word(self) -> str:
        """Whether it fits, in a few words."""
        if self.words == 0:
            return "Nothing yet"
        if self.seconds > self.aim_seconds * 1.15:
            return "Longer than the duration"
        return "Shorter than the duration" if self.seconds < self.aim_seconds * 0.6 else "Fits the duration"


class Whole(NamedTuple):
    """All that is still to be made for a video, as one decision: what to ask for, and what it costs."""

    asked: Mapping[str, Any]
    quote: Quoted
    credits: int
    videos: int


class Preview(NamedTuple):
    """The last preview; it `is_old` when the draft was changed since."""

    url: str
    is_old: bool


def step_lines(draft: DraftShown, rendering: JobShown | None) -> list[StepLine]:
    """The row of steps."""
    states: dict[str, StepState] = {name: draft.steps[name].state for name in TITLES if name in draft.steps}
    states[REVIEW] = "running" if rendering else "failed" if draft.failure else "empty"
    lines = []
    for number, (name, state) in enumerate(states.items(), 1):
        word = STATES[state]
        if name == REVIEW and state == "empty":
            word = "Ready" if draft.ready else "To come"
        lines.append(StepLine(name, TITLES[name], state, word, f"/studio/{draft.id}/{name}", number))
    return lines


def first_to_do(lines: Sequence[StepLine]) -> str:
    """The step to begin at: the topic of a new draft, else the first that wants something, else the review."""
    if all(line.state == "empty" for line in lines[1:]):
        return lines[0].name
    return next((line.name for line in lines if line.state != "current"), REVIEW)


def rendering_of(draft: DraftShown) -> JobShown | None:
    """The job that makes the video of a draft right now."""
    return next((job for job in draft.jobs if job.kind in ("render", "video")), None)


def length_of(draft: DraftShown) -> Length:
    """How long the script takes to say."""
    settings, text = draft.settings, draft.steps["script"].text if "script" in draft.steps else ""
    spoken = reading_ms(text, settings.language) / settings.pace
    found = languages()[settings.language]
    return Length(len(words(text)), round(spoken / SECOND), settings.duration_s, found, settings.pace)


def voices_of(studio: Studio, draft: DraftShown) -> Sequence[Voice]:
    """The voices that speak the language of a draft, the default first; none where nobody can speak."""
    name = draft.settings.providers.get("voiceover")
    try:
        provider = studio.registry.provider(name) if name else studio.registry.default("voiceover")
    except Malformed:  # chosen when it was configured, and not any more
        return ()
    return provider.voices(draft.settings.language)


async def whole_of(studio: Studio, account: AccountRef, draft: DraftShown) -> Whole | None:
    """What making all the rest by AI would be; None when there is nothing to make it from, or something is at work."""
    steps = _missing_steps(draft)
    if not steps or draft.jobs or draft.refresh or not draft.steps["topic"].text:
        return None
    try:
        quote = await studio.quote(account, draft.id, GenerationAsked(steps=steps, render=True))
    except (Malformed, StudioRefused, TooBusy, Failure):  # a provider is missing: each step says so itself
        return None
    asked = {"steps": [_step_json(step) for step in steps], "render": True}
    return Whole(asked, quote, quote.totals.get("ai_credits", 0), quote.totals.get("video_generations", 0))


def _missing_steps(draft: DraftShown) -> list[StepAsked]:
    """The AI actions that would fill every step that has nothing yet; none when the video could be made as it is."""
    if draft.ready:
        return []
    steps: list[StepAsked] = []
    if "script" in draft.steps:
        steps += [StepAsked("script")] if not draft.steps["script"].text else []
        steps += [StepAsked("voiceover")] if draft.steps["voiceover"].current is None else []
    assets = draft.steps["assets"]
    if not assets.scenes:
        steps.append(StepAsked("image", OptionsAsked(count=pictures_proposed(draft))))
    if assets.music is not None and assets.music.current is None:
        steps.append(StepAsked("music"))
    return steps


def _step_json(step: StepAsked) -> dict[str, Any]:
    options = {"count": step.options.count} if step.step == "image" else {}
    return {"step": step.step, "options": options}


def pictures_proposed(draft: DraftShown) -> int:
    """As many pictures as fill the video."""
    return max(3, round(draft.settings.duration_s / SCENE_SECONDS))


def preview_of(draft: DraftShown, jobs: Sequence[Job], shown: Sequence[JobShown]) -> Preview | None:
    """The last preview that was made of a draft."""
    for job, told in zip(jobs, shown, strict=True):
        if told.draft == draft.id and told.kind == "preview" and told.state == "succeeded":
            is_old = job.created_at < instant_from(draft.updated_at)
            return Preview(f"/api/v1/jobs/{told.id}/preview.mp4", is_old)
    return None


async def library_of(studio: Studio, account: AccountRef) -> list[AssetShown]:
    """The newest assets."""
    return [asset_shown(asset) for asset in await studio.assets(account, Page(LIBRARY))]


def current_of(step: StepShown) -> VersionShown | None:
    """The result of a step that counts."""
    return next((one for one in step.versions if one.current), None)


def listed_versions(versions: Sequence[VersionShown]) -> list[VersionShown]:
    """The versions to choose from, the newest first: all that were made or uploaded, and the last ones by hand."""
    by_hand = [one.version for one in versions if one.by == "hand" and not one.current][-HAND_VERSIONS:]
    return [one for one in reversed(versions) if one.by != "hand" or one.current or one.version in by_hand]


def slot_words(draft: DraftShown, slot: str) -> str:
    """A slot as people call it: `Picture 2` is that of the second scene."""
    name, _, scene = slot.partition(":")
    called = _SLOTS.get(name, name.capitalize())
    order = [one.scene for one in draft.steps["assets"].scenes or ()]
    return f"{called} {order.index(int(scene)) + 1}" if scene and int(scene) in order else called


_SLOTS = {
    "suggestions": "Topic ideas",
    "picture": "Picture",
    "animation": "Clip",
    "render": "The video",
    "title": "Title",
}


def when_words(text: str, zone: str) -> str:
    """An instant of the API by the account's clock."""
    return instant_words(instant_from(text), zone)


CHOICES: Mapping[str, Sequence[Any]] = {
    "tones": get_args(Tone),
    "durations": get_args(Duration),
    "aspects": get_args(Aspect),
    "caption_sizes": get_args(CaptionSize),
    "corners": get_args(Corner),
    "moods": [(name, mood.label) for name, mood in MOODS.items()],
    "clip_seconds": CLIP_SECONDS,
}
"""What the settings can be."""
