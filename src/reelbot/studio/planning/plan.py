"""Plans the works that a request needs: which slot, from which inputs, by whom, how much of it.

Nothing is written here. New scenes and settings that the asking implies are part of the planned draft; whoever places the
hold saves it in the same transaction.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, structs

from reelbot.allowance import FULL_PRICE, Item, PriceList
from reelbot.clock import SECOND
from reelbot.errors import Malformed
from reelbot.providers.port import Ability, Provider, ProviderUnavailable, ability_of
from reelbot.providers.registry import Registry
from reelbot.providers.works import (
    AnimationWork,
    ImageWork,
    Kind,
    MusicWork,
    RewriteWork,
    ScriptWork,
    TopicWork,
    VoiceoverWork,
    Work,
    kind_of,
)
from reelbot.studio.core import edits
from reelbot.studio.core.draft import Draft, Scene, Settings, SlotRef, Version
from reelbot.studio.core.job import Task
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.core.requests import GenerationAsked, OptionsAsked, StepAsked
from reelbot.studio.core.slots import ANIMATION, PICTURE, slot_refs
from reelbot.studio.core.staleness import is_stale, pinned, stale_slots
from reelbot.studio.limits import (
    BATCH_TASKS_MAX,
    CLIP_BYTES_PER_SECOND,
    CLIP_SECONDS_DEFAULT,
    CLIP_SECONDS_MAX,
    PROMPT_LENGTH_MAX,
)

STORAGE = "storage"
"""The action of the price list that stored bytes are counted by."""

MUSIC_SPARE_SECONDS = 5
"""Music is made a little longer than the video is meant to be: a voice may run over, and a loop is heard."""

_SLOT_OF: dict[Kind, str] = {
    "topic": "suggestions",
    "script": "script",
    "voiceover": "voiceover",
    "image": "picture",
    "animation": "animation",
    "music": "music",
}

_KIND_OF: dict[str, Kind] = {slot: kind for kind, slot in _SLOT_OF.items()}


class Planned(NamedTuple):
    """Pieces of work in order, what each would cost as items of the price list, and the draft as it has to be for them.

    `options` are those that were asked for with each.
    """

    draft: Draft
    tasks: tuple[Task, ...]
    items: tuple[tuple[Item, ...], ...]
    options: tuple[OptionsAsked, ...]
    unchanged: tuple[SlotRef, ...] = ()


class _Plan:
    """A draft on its way, and the tasks so far."""

    def __init__(self, draft: Draft, registry: Registry, factors: Mapping[str, int]) -> None:
        self.draft = draft
        self.tasks: list[Task] = []
        self.items: list[tuple[Item, ...]] = []
        self.options: list[OptionsAsked] = []
        self._asked = OptionsAsked()
        self._registry = registry
        self._factors = factors

    def add(self, step: StepAsked) -> None:
        """Put what one step asks for at the end."""
        self._asked = step.options
        _BUILDERS[step.step](self, step.options)

    def again(self, kind: Kind, options: OptionsAsked) -> None:
        """Put what no longer matches at the end; nobody has asked for the options that it was made with."""
        _BUILDERS[kind](self, options)

    def task(self, ref: SlotRef, work: Work, provider: Provider, **facts: Any) -> None:
        """Put a piece of work at the end, checked by its provider unless an earlier one has to complete it."""
        if len(self.tasks) >= BATCH_TASKS_MAX:
            raise Malformed(f"At most {BATCH_TASKS_MAX} pieces of work can be asked for at once.", "steps")
        edits.require_room(self.draft, ref)
        awaits = facts.get("script_from") is not None
        provider.check(self._foreseen(work) if awaits else work)
        quantity = self.draft.settings.duration_s if awaits else provider.quantity(work)
        facts.setdefault("inputs", pinned(self.draft, ref))
        self.tasks.append(Task(slot=ref, work=work, **facts))
        self.items.append(self._items(work, provider, quantity))
        self.options.append(self._asked)

    def _foreseen(self, work: Work) -> Work:
        """A voiceover whose script is still to be written, with another text in its place: enough to check the rest."""
        text = self.draft.text_of("script") or self.draft.text_of("topic")
        return structs.replace(work, script=text) if isinstance(work, VoiceoverWork) else work

    def _items(self, work: Work, provider: Provider, quantity: int) -> tuple[Item, ...]:
        # A provider that costs the full price is not named, so that a quote for the mere action is a quote for this.
        item = Item(kind_of(work), quantity, provider.name if provider.name in self._factors else None)
        return (item, *stored_items(work))

    def provider(self, kind: Kind, options: OptionsAsked) -> Provider:
        """Who makes it: whom the options, the settings or the installation name. It is there and able to."""
        name = options.provider or self.draft.settings.providers.get(kind)
        provider = self._registry.provider(name) if name else self._registry.default(kind)
        missing = provider.missing()
        if missing is not None:
            raise ProviderUnavailable(f"{provider.title} cannot be used yet.", missing)
        return provider

    def common(self, kind: Kind, options: OptionsAsked) -> tuple[Provider, dict[str, Any]]:
        """Who makes it, and the members that all works have but the variation; the options checked by its ability."""
        provider = self.provider(kind, options)
        kept = self.draft.settings.provider_options.get(kind, {}).get(provider.name, {})
        chosen = chosen_options(provider, kind, options.provider_options or kept)
        edition = ability_of(provider, kind).edition
        return provider, {
            "provider": provider.name,
            "options": chosen,
            "edition": UNSET if edition is None else edition,
        }


def chosen_options(provider: Provider, kind: Kind, asked: Mapping[str, Any]) -> dict[str, Any]:
    """All of a provider's own options, those that were not given as they are by default.

    `Malformed` names the one that cannot be meant, as `provider_options.NAME` where it is known which.
    """
    try:
        chosen = msgspec.convert(asked, ability_of(provider, kind).options)
    except msgspec.ValidationError as error:
        says, _, place = str(error).partition(" - at ")
        name = place.strip("`").removeprefix("$.")
        where = f"provider_options.{name}" if name else "provider_options"
        raise Malformed(f"{provider.title}{', ' if name else ''}{name}: {says}.", where) from error
    built: dict[str, Any] = msgspec.to_builtins(chosen)
    return built


def stored_items(work: Work) -> tuple[Item, ...]:
    """What of a work's result counts as storage, whatever making it costs."""
    return (Item(STORAGE, work.seconds * CLIP_BYTES_PER_SECOND),) if isinstance(work, AnimationWork) else ()


def is_asked_again(options: OptionsAsked, work: Work) -> bool:
    """Whether somebody who asks with these options may mean this work: nothing that they named is another there."""
    named = ("provider", "prompt", "voice", "pace", "pitch", "mood", "seconds", "passage", "keywords")
    given = [(name, getattr(options, name)) for name in named]
    return all(value in (None, "") or value == getattr(work, name, value) for name, value in given)


def planned(draft: Draft, asked: GenerationAsked, registry: Registry, prices: PriceList) -> Planned:
    """The pieces of work that were asked for. `Malformed` or `StudioRefused` says why there can't be any."""
    if [asked.step is not None, asked.steps is not None, asked.stale].count(True) != 1:
        raise Malformed('Name one of "step", "steps" and "stale".', "step")
    factors = {name: factor for name, factor in prices.factors.items() if factor != FULL_PRICE}
    plan = _Plan(draft, registry, factors)
    if asked.stale:
        stale = to_refresh(draft)
        if not stale:
            raise StudioRefused("nothing_to_do", "Everything is up to date.")
        _refresh(plan, stale)
        unchanged = tuple(ref for ref in slot_refs(draft) if _has_ai_result(draft, ref) and ref not in stale)
        return Planned(plan.draft, tuple(plan.tasks), tuple(plan.items), tuple(plan.options), unchanged)
    for step in asked.steps or [StepAsked(_named(asked), asked.options)]:
        plan.add(step)
    return Planned(plan.draft, tuple(plan.tasks), tuple(plan.items), tuple(plan.options))


def _named(asked: GenerationAsked) -> Kind:
    assert asked.step is not None, "one of the three was given"
    return asked.step


def to_refresh(draft: Draft) -> tuple[SlotRef, ...]:
    """What bringing up to date makes again: all that is stale, but no ideas for a topic that has been chosen."""
    chosen = bool(draft.text_of("topic"))
    return tuple(ref for ref in stale_slots(draft) if not (ref.name == "suggestions" and chosen))


def _has_ai_result(draft: Draft, ref: SlotRef) -> bool:
    version = draft.version(ref)
    return version is not None and version.by == "ai"


def _refresh(plan: _Plan, stale: Sequence[SlotRef]) -> None:
    for ref in stale:
        options = _clip_again(plan.draft, ref) if ref.name == "animation" else OptionsAsked()
        plan.again(_KIND_OF[ref.name], options)


def _clip_again(draft: Draft, ref: SlotRef) -> OptionsAsked:
    """A clip as long as the one that no longer matches."""
    version = draft.version(ref)
    media = version.media if version else None
    seconds = round(media.duration_ms / SECOND) if media else CLIP_SECONDS_DEFAULT
    return OptionsAsked(scenes=[int(ref.part)], seconds=min(max(seconds, 1), CLIP_SECONDS_MAX))


# one builder for each kind of work


def _topic(plan: _Plan, options: OptionsAsked) -> None:
    keywords = options.keywords if options.keywords is not None else plan.draft.keywords or plan.draft.text_of("topic")
    if not keywords.strip():
        raise Malformed("Type a keyword or two to get ideas for.", "keywords")
    plan.draft = edits.with_keywords(plan.draft, keywords)
    provider, common = plan.common("topic", options)
    settings, ref = plan.draft.settings, SlotRef("suggestions")
    made = _varied(
        plan.draft,
        ref,
        lambda variation: TopicWork(
            keywords=keywords.strip(), tone=settings.tone, language=settings.language, variation=variation, **common
        ),
        always=True,
    )
    plan.task(ref, made, provider)


def _script(plan: _Plan, options: OptionsAsked) -> None:
    topic, ref = plan.draft.text_of("topic"), _narrated(plan.draft, "script")
    if not topic:
        raise Malformed("The script needs a topic first. Type one or choose a suggestion.", "topic")
    provider, common = plan.common("script", options)
    settings = plan.draft.settings
    facts: dict[str, Any] = {"tone": settings.tone, "duration_s": settings.duration_s, "language": settings.language}
    made = _varied(plan.draft, ref, lambda n: ScriptWork(topic=topic, **facts, variation=n, **common))
    plan.task(ref, made, provider)


def _rewrite(plan: _Plan, options: OptionsAsked) -> None:
    script = plan.draft.text_of("script")
    passage = options.passage if options.passage is not None else script or plan.draft.text_of("topic")
    if not passage.strip():
        raise Malformed("There is no text to rewrite yet.", "passage")
    if options.makes == "passage":
        _narrated(plan.draft, "script")
        if passage not in script:
            raise Malformed("This passage is not in the script any more.", "passage")
        if any(task.slot.name == "script" for task in plan.tasks):
            raise Malformed("The script is made anew before this. Rewrite it when it is there.", "steps")
    provider, common = plan.common("rewrite", options)
    settings = plan.draft.settings
    ref = SlotRef("script" if options.makes == "passage" else "title")
    facts: dict[str, Any] = {
        "passage": passage,
        "wish": options.wish,
        "tone": settings.tone,
        "language": settings.language,
    }
    made = RewriteWork(**facts, makes=options.makes, variation=_next_variation(plan.draft, ref), **common)
    plan.task(ref, made, provider, within=script if options.makes == "passage" else "")


def _voiceover(plan: _Plan, options: OptionsAsked) -> None:
    ref = _narrated(plan.draft, "voiceover")
    given = {name: getattr(options, name) for name in ("voice", "pace", "pitch")}
    settings = structs.replace(plan.draft.settings, **{name: one for name, one in given.items() if one is not None})
    plan.draft = structs.replace(plan.draft, settings=settings)
    provider, common = plan.common("voiceover", options)
    source = max((at for at, task in enumerate(plan.tasks) if task.slot.name == "script"), default=None)
    script = plan.draft.text_of("script") if source is None else ""
    if source is None and not script:
        raise Malformed("The voiceover needs a script first. Write one or generate it.", "script")
    facts: dict[str, Any] = {
        "script": script,
        "language": settings.language,
        "pace": settings.pace,
        "pitch": settings.pitch,
    }
    voice = settings.voice or default_voice(provider, settings)
    made = _varied(plan.draft, ref, lambda n: VoiceoverWork(**facts, voice=voice, variation=n, **common))
    if source is None:
        plan.task(ref, made, provider)
    else:
        inputs = {name: one for name, one in pinned(plan.draft, ref).items() if name != "script"}
        plan.task(ref, structs.replace(made, variation=0), provider, inputs=inputs, script_from=source)


def default_voice(provider: Provider, settings: Settings) -> str:
    """The voice of a language when none was chosen; `Malformed` when the provider does not speak it."""
    voices = provider.voices(settings.language)
    if not voices:
        raise Malformed(f"{provider.title} has no voice for {settings.language!r}.", "language")
    return voices[0].id


def _image(plan: _Plan, options: OptionsAsked) -> None:
    if options.scene is not None:
        _image_again(plan, options, options.scene)
        return
    provider, common = plan.common("image", options)
    prompts = [options.prompt] * options.count if options.prompt else scene_prompts(plan.draft, options.count)
    for prompt in prompts:
        work = _image_work(plan, prompt, common, None if options.prompt else _unused_variation(plan))
        plan.draft, scene = edits.with_scene(plan.draft, None, work.prompt, work.variation)
        plan.task(PICTURE.ref(scene), work, provider)


def _image_again(plan: _Plan, options: OptionsAsked, scene: int) -> None:
    found = plan.draft.scene(scene)
    if found is None:
        raise Malformed(f"This draft has no scene {scene}.", "scene")
    slot = plan.draft.slot(PICTURE.ref(scene))
    before = slot.version.prompt if slot.version else ""
    prompt = options.prompt or before or found.prompt or scene_prompts(plan.draft, 1)[0]
    provider, common = plan.common("image", options)
    waits = not slot.versions and prompt == found.prompt
    work = _image_work(plan, prompt, common, found.variation if waits else None)
    plan.task(PICTURE.ref(scene), work, provider)


def _image_work(plan: _Plan, prompt: str, common: dict[str, Any], variation: int | None = None) -> ImageWork:
    """A picture of that description: the variation named, or one that no scene of this draft has or waits for."""
    settings = plan.draft.settings
    if variation is None:
        variation = _unused_variation(plan, prompt)
    return ImageWork(prompt=prompt, tone=settings.tone, aspect=settings.aspect, variation=variation, **common)


def _unused_variation(plan: _Plan, prompt: str | None = None) -> int:
    """The next variation that no picture of this draft has or waits for, of one description or of any.

    Pictures that go with one script are numbered through, though each has a description of its own: whoever makes them
    can tell by the number that they are a series, and vary them.
    """
    refs = [PICTURE.ref(scene.id) for scene in plan.draft.scenes]
    pictures = [version for ref in refs for version in plan.draft.slot(ref).versions]
    going = [task.work for task in plan.tasks if isinstance(task.work, ImageWork)]
    known: list[Version | Scene | ImageWork] = [*pictures, *plan.draft.scenes, *going]
    return 1 + max((one.variation for one in known if prompt in (None, one.prompt)), default=-1)


def scene_prompts(draft: Draft, count: int) -> list[str]:
    """A description for each of so many pictures: the topic, and in turn a part of the script."""
    topic, script = draft.text_of("topic"), draft.text_of("script")
    if not topic and not script:
        raise Malformed("Describe the picture, or type a topic first.", "prompt")
    words = script.split()
    cuts = [len(words) * at // count for at in range(count + 1)]
    parts = (" ".join(words[begin:end]) for begin, end in pairwise(cuts))
    return [". ".join(filter(None, (topic, part)))[:PROMPT_LENGTH_MAX] for part in parts]


def _animation(plan: _Plan, options: OptionsAsked) -> None:
    scenes = options.scenes if options.scenes is not None else [options.scene] if options.scene else None
    provider, common = plan.common("animation", options)
    chosen = _to_animate(plan.draft) if scenes is None else scenes
    if not chosen:
        raise Malformed("There is no picture to animate yet.", "scenes")
    for scene in dict.fromkeys(chosen):
        _animate(plan, scene, options, provider, common)


def _to_animate(draft: Draft) -> Iterable[int]:
    ids = [scene.id for scene in draft.scenes if draft.version(ANIMATION.ref(scene.id)) is None]
    return [id for id in ids if _is_image(draft.version(PICTURE.ref(id)))]


def _is_image(version: Version | None) -> bool:
    return version is not None and version.media is not None and version.media.kind == "image"


def _animate(plan: _Plan, scene: int, options: OptionsAsked, provider: Provider, common: dict[str, Any]) -> None:
    picture = plan.draft.version(PICTURE.ref(scene))
    if not _is_image(picture):
        raise Malformed(f"Scene {scene} has no picture that can be animated.", "scenes")
    assert picture is not None and picture.media is not None, "it is an image"
    ref = ANIMATION.ref(scene)
    before = plan.draft.version(ref)
    prompt = options.prompt if options.prompt is not None else before.prompt if before else picture.prompt
    facts: dict[str, Any] = {
        "image": picture.media.sha256,
        "seconds": options.seconds or default_seconds(ability_of(provider, "animation")),
        "aspect": plan.draft.settings.aspect,
    }
    made = _varied(plan.draft, ref, lambda n: AnimationWork(**facts, prompt=prompt, variation=n, **common))
    plan.task(ref, made, provider)


def default_seconds(ability: Ability) -> int:
    """How long a clip is when nobody says: of the lengths that a provider can make, the nearest to the usual one."""
    lengths = ability.clip_seconds or (CLIP_SECONDS_DEFAULT,)
    return min(lengths, key=lambda seconds: abs(seconds - CLIP_SECONDS_DEFAULT))


def _music(plan: _Plan, options: OptionsAsked) -> None:
    provider, common = plan.common("music", options)
    settings, ref = plan.draft.settings, SlotRef("music")
    seconds = settings.duration_s + MUSIC_SPARE_SECONDS
    made = _varied(
        plan.draft,
        ref,
        lambda n: MusicWork(mood=options.mood, tone=settings.tone, seconds=seconds, variation=n, **common),
    )
    plan.task(ref, made, provider)


_BUILDERS: dict[Kind, Callable[[_Plan, OptionsAsked], None]] = {
    "topic": _topic,
    "script": _script,
    "rewrite": _rewrite,
    "voiceover": _voiceover,
    "image": _image,
    "animation": _animation,
    "music": _music,
}


def _narrated(draft: Draft, name: str) -> SlotRef:
    if draft.flow == "cinematic":
        raise Malformed("A cinematic draft has no script and no voiceover; it is told by pictures and music.", "step")
    return SlotRef(name)


def _varied(draft: Draft, ref: SlotRef, build: Callable[[int], Work], *, always: bool = False) -> Any:
    """The work for a slot. Where a current AI result is, another variation of it; else the first, made before or not."""
    version = draft.version(ref)
    again = version is not None and version.by == "ai" and not is_stale(draft, ref)
    return build(_next_variation(draft, ref) if again or (always and version is not None) else 0)


def _next_variation(draft: Draft, ref: SlotRef) -> int:
    return 1 + max((one.variation for one in draft.slot(ref).versions if one.by == "ai"), default=-1)
