"""Pictures, a scene each."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated

from msgspec import Meta

from reelbot.errors import Malformed
from reelbot.providers.port import Delivered
from reelbot.providers.works import ImageWork
from reelbot.studio.actions.action import (
    Action,
    ActionOffer,
    Asked,
    ChosenProvider,
    Intake,
    Planning,
    Prompt,
    as_a_result,
    as_estimated,
    never_awaits,
    no_files,
    no_script,
    not_stored,
    one_piece,
)
from reelbot.studio.core import edits
from reelbot.studio.core.draft import Draft, Scene, SlotRef, Version
from reelbot.studio.core.job import Made
from reelbot.studio.core.requests import SceneId
from reelbot.studio.core.slots import PICTURE
from reelbot.studio.limits import PROMPT_LENGTH_MAX, SCENES_MAX

SCENE_SECONDS = 6
"""How long a picture is shown about: a whole video has as many as fill it at that."""

PICTURES_MIN = 3
"""Pictures of the shortest whole video: fewer are a slide, not a film."""


class ImageAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`count` pictures as `prompt` describes them (left out, of the topic and the script); or another one of a `scene`."""

    prompt: Prompt | None = None
    count: Annotated[int, Meta(ge=1, le=SCENES_MAX)] = 1
    scene: SceneId | None = None


def _plan(plan: Planning, asked: ImageAsked) -> None:
    if asked.scene is not None:
        _another(plan, asked, asked.scene)
        return
    chosen = plan.chosen("image", asked)
    prompts = [asked.prompt] * asked.count if asked.prompt else _prompts(plan.draft, asked.count)
    for prompt in prompts:
        work = _work(plan, prompt, chosen, None if asked.prompt else _unused_variation(plan))
        plan.draft, scene = edits.with_scene(plan.draft, None, work.prompt, work.variation)
        plan.task(PICTURE.ref(scene), work, chosen)


def _another(plan: Planning, asked: ImageAsked, scene: int) -> None:
    found, ref = plan.draft.scene(scene), PICTURE.ref(scene)
    if found is None:
        raise Malformed(f"This draft has no scene {scene}.", "scene")
    slot = plan.draft.slot(ref)
    before = slot.version.prompt if slot.version else ""
    prompt = asked.prompt or before or found.prompt or _prompts(plan.draft, 1)[0]
    chosen = plan.chosen("image", asked)
    waits = not slot.versions and prompt == found.prompt
    plan.task(ref, _work(plan, prompt, chosen, found.variation if waits else None), chosen)


def _work(plan: Planning, prompt: str, chosen: ChosenProvider, variation: int | None) -> ImageWork:
    """A picture of that description: the variation named, or one that no scene of this draft has or waits for."""
    settings = plan.draft.settings
    if variation is None:
        variation = _unused_variation(plan, prompt)
    return ImageWork(prompt=prompt, tone=settings.tone, aspect=settings.aspect, variation=variation, **chosen.common)


def _unused_variation(plan: Planning, prompt: str | None = None) -> int:
    """The next variation that no picture of this draft has or waits for, of one description or of any.

    Pictures that go with one script are numbered through, though each has a description of its own: whoever makes them
    can tell by the number that they are a series, and vary them.
    """
    refs = [PICTURE.ref(scene.id) for scene in plan.draft.scenes]
    pictures = [version for ref in refs for version in plan.draft.slot(ref).versions]
    going = [task.work for task in plan.tasks if isinstance(task.work, ImageWork)]
    known: list[Version | Scene | ImageWork] = [*pictures, *plan.draft.scenes, *going]
    return 1 + max((one.variation for one in known if prompt in (None, one.prompt)), default=-1)


def _prompts(draft: Draft, count: int) -> list[str]:
    """A description for each of so many pictures: the topic, and in turn a part of the script."""
    topic, script = draft.text_of("topic"), draft.text_of("script")
    if not topic and not script:
        raise Malformed("Describe the picture, or type a topic first.", "prompt")
    words = script.split()
    cuts = [len(words) * at // count for at in range(count + 1)]
    parts = (" ".join(words[begin:end]) for begin, end in pairwise(cuts))
    return [". ".join(filter(None, (topic, part)))[:PROMPT_LENGTH_MAX] for part in parts]


def pictures_proposed(seconds: int) -> int:
    """As many pictures as fill a video of so many seconds."""
    return max(PICTURES_MIN, round(seconds / SCENE_SECONDS))


def _again(draft: Draft, ref: SlotRef) -> ImageAsked:
    return ImageAsked(scene=int(ref.part))


def _offers(draft: Draft) -> Iterable[ActionOffer[ImageAsked]]:
    yield ActionOffer(PICTURE.ref(), ImageAsked())
    for scene in draft.scenes:
        yield ActionOffer(PICTURE.ref(scene.id), ImageAsked(scene=scene.id))


def _completes(draft: Draft) -> ImageAsked | None:
    return None if draft.scenes else ImageAsked(count=pictures_proposed(draft.settings.duration_s))


async def _receive(intake: Intake, work: ImageWork, delivered: Delivered) -> Made:
    return Made(label=delivered.label, media=await intake.file(delivered.path, "image"))


ACTION = Action(
    name="image",
    work=ImageWork,
    asks=ImageAsked,
    slot=PICTURE,
    running="Painting a picture",
    plan=_plan,
    again=_again,
    offers=_offers,
    completes=_completes,
    least=one_piece,
    stored_bytes=not_stored,
    measured=as_estimated,
    makes_file=True,
    files=no_files,
    completed=never_awaits,
    receive=_receive,
    script=no_script,
    placed=as_a_result,
)
