"""What the page of a draft is filled with: its steps in words, lengths, voices, what is still to be made and its price."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args

import msgspec

from reelbot.allowance import AccountRef, Usage
from reelbot.clock import SECOND, instant_from
from reelbot.errors import Failure, Malformed, TooBusy
from reelbot.languages.catalogue import Language, languages
from reelbot.languages.words import reading_ms, words
from reelbot.providers.embedded.music.moods import MOODS
from reelbot.providers.port import Voice
from reelbot.providers.works import Aspect, Duration, Tone
from reelbot.studio import (
    AssetShown,
    DraftShown,
    GenerationAsked,
    Job,
    JobShown,
    Quoted,
    Studio,
    StudioRefused,
    asset_shown,
)
from reelbot.studio.actions import BY_SLOT
from reelbot.studio.core.draft import RENDER_FAILURE, CaptionSize, Corner
from reelbot.studio.core.slots import SLOT_KINDS
from reelbot.studio.drafts.views import StepShown, VersionShown
from reelbot.studio.jobs.enqueue import QuoteLine
from reelbot.studio.planning.remaining import steps_remaining
from reelbot.web.pages.wording import full_instant_words, instant_words, moment

REVIEW = "review"
TITLES: Mapping[str, str] = {
    "topic": "Topic",
    "script": "Script",
    "voiceover": "Voiceover",
    "assets": "Assets",
    REVIEW: "Review & Generate",
}
"""The steps as they are called, in order; a cinematic draft has the first, and those from the assets on."""

STATES: Mapping[str, str] = {
    "empty": "To do",
    "current": "Done",
    "stale": "No longer matches",
    "running": "In progress",
    "failed": "Failed",
}

CREDITS = "ai_credits"

JOBS_LOOKED_AT = 50
"""Jobs among which the last preview is looked for: one that is further behind is of another day's draft."""

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


class WholeLine(NamedTuple):
    """A line of what is still to be made, and how much of it `fits`. `is_ceiling` when it may turn out to be less."""

    words: str
    amount: int
    is_ceiling: bool
    is_made: bool
    pieces: int
    fits: int

    @property
    def late_words(self) -> str:
        """What does not fit now, in a few words; empty when all of it does."""
        if self.fits == self.pieces:
            return ""
        return f"{self.fits} of them now" if self.fits else "not now"


class Whole(NamedTuple):
    """All that is still to be made for a video, as one decision: what to ask for, and what it costs at most.

    `credits` and `videos` are what all of it takes, `now` the AI credits of what fits, `least` those of the cheapest line.
    `lacks` names the limit because of which only a part is asked for; empty when it is all, also when nothing fits.
    """

    asked: Mapping[str, Any]
    lines: Sequence[WholeLine]
    credits: int
    videos: int
    now: int
    least: int
    fits: bool
    lacks: Literal["", "ai_credits", "video_generations"]


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
            word = "Ready" if draft.ready else "Not ready"
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
    if draft.ready or draft.jobs or draft.refresh or not draft.steps["topic"].text:
        return None
    steps = steps_remaining((await studio.kept_draft(account, draft.id)).draft)
    try:
        quote = await studio.quote(account, draft.id, GenerationAsked(steps=steps, render=True))
    except (Malformed, StudioRefused, TooBusy, Failure):  # a provider is missing: each step says so itself
        return None
    return _whole([msgspec.to_builtins(step) for step in steps], quote)


def _whole(steps: Sequence[Mapping[str, Any]], quote: Quoted) -> Whole:
    """The decision as the page shows it: all of it where it fits, else as much as does."""
    late = {line.meter for line in quote.lines if not line.fits}
    made = [line for line in quote.lines if line.slot != "render"]
    now = sum(line.amount for line in made if line.fits)
    least = min((line.amount for line in made if line.amount), default=0)
    lacks: Literal["", "ai_credits", "video_generations"] = ""
    asked: dict[str, Any] = {"steps": list(steps), "render": True}
    if CREDITS in late and now:
        lacks, asked = "ai_credits", {"steps": list(steps), "mode": "fit"}
    elif late and CREDITS not in late:
        lacks, asked = "video_generations", {"steps": list(steps)}
    totals = quote.totals.get(CREDITS, 0), quote.totals.get("video_generations", 0)
    return Whole(asked, _whole_lines(made), *totals, now, least, not late, lacks)


def _whole_lines(quoted: Sequence[QuoteLine]) -> list[WholeLine]:
    """Lines for people: all pictures are one."""
    gathered: dict[str, list[QuoteLine]] = {}
    for line in quoted:
        gathered.setdefault(line.slot.partition(":")[0], []).append(line)
    order = [name for name in SLOT_KINDS if name in gathered]
    return [_whole_line(name, gathered[name]) for name in order]


def _whole_line(name: str, lines: Sequence[QuoteLine]) -> WholeLine:
    amount, count = sum(line.amount for line in lines), len(lines)
    kind = SLOT_KINDS[name]
    words = kind.title if count == 1 else f"{count} {kind.titles.lower()}"
    # What is measured once it is there is quoted as a ceiling, and what it took less goes back.
    is_ceiling = BY_SLOT[name].is_measured and amount > 0
    return WholeLine(words, amount, is_ceiling, amount == 0, count, sum(line.fits for line in lines))


def preview_of(draft: DraftShown, jobs: Sequence[Job], shown: Sequence[JobShown]) -> Preview | None:
    """The last preview that was made of a draft."""
    for job, told in zip(jobs, shown, strict=True):
        if told.draft == draft.id and told.kind == "preview" and told.state == "succeeded" and told.result:
            is_old = job.created_at < instant_from(draft.updated_at)
            return Preview(f"/api/v1/jobs/{told.id}/preview.mp4", is_old)
    return None


async def logo_of(studio: Studio, account: AccountRef, draft: DraftShown) -> AssetShown | None:
    """The logo that was chosen; None when there is none, or not any more."""
    if draft.settings.logo is None:
        return None
    try:
        return asset_shown(await studio.asset(account, draft.settings.logo))
    except StudioRefused:
        return None


def is_unmade(draft: DraftShown) -> bool:
    """Whether no AI action was ever asked for: then settings can still be settled at no price at all."""
    topic, assets = draft.steps["topic"], draft.steps["assets"]
    steps = [step for step in (topic.suggestions, topic.title, assets.music, *draft.steps.values()) if step]
    scenes = [version for scene in assets.scenes or () for version in scene.picture_versions]
    versions = [version for step in steps for version in step.versions]
    return not draft.jobs and not any(version.by == "ai" for version in (*versions, *scenes))


def lacks_words(draft: DraftShown) -> bool:
    """Whether the voiceover has no word timings, so that the video gets no captions."""
    spoken = current_of(draft.steps["voiceover"]) if "voiceover" in draft.steps else None
    return spoken is not None and spoken.words is None


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
    called = "The video" if name == RENDER_FAILURE else SLOT_KINDS[name].title
    order = [one.scene for one in draft.steps["assets"].scenes or ()]
    return f"{called} {order.index(int(scene)) + 1}" if scene and int(scene) in order else called


def work_words(job: JobShown) -> str:
    """What a job makes, in a few words: `Script, voiceover and 5 pictures`."""
    if not job.steps:
        return "Preview" if job.kind == "preview" else "Video"
    counted = Counter(slot.partition(":")[0] for slot in job.steps)
    called = [_counted_words(name, count) for name, count in counted.items()]
    words = f"{', '.join(called[:-1])} and {called[-1]}" if len(called) > 1 else called[0]
    return f"{words[:1].upper()}{words[1:]}{', then the video' if job.kind == 'video' else ''}"


def _counted_words(name: str, count: int) -> str:
    kind = SLOT_KINDS[name]
    return kind.title.lower() if count == 1 else f"{count} {kind.titles.lower()}"


def when_words(text: str, usage: Usage) -> str:
    """An instant of the API by the account's clock; one of another year with its year."""
    at = instant_from(text)
    is_of_this_year = moment(at, usage.zone).year == moment(usage.as_of, usage.zone).year
    return instant_words(at, usage.zone) if is_of_this_year else full_instant_words(at, usage.zone)


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
