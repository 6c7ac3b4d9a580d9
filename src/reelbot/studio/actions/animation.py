"""A picture turned into a clip."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from reelbot.clock import SECOND
from reelbot.errors import Malformed
from reelbot.providers.port import Ability, Delivered
from reelbot.providers.works import AnimationWork
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
    no_script,
    not_for_a_whole_video,
    one_piece,
    variation_of,
)
from reelbot.studio.core.draft import Draft, SlotRef, Version
from reelbot.studio.core.job import Made
from reelbot.studio.core.requests import SceneId
from reelbot.studio.core.slots import ANIMATION, PICTURE
from reelbot.studio.limits import CLIP_BYTES_PER_SECOND, CLIP_SECONDS_DEFAULT, CLIP_SECONDS_MAX, SCENES_MAX


class AnimationAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Clips of `scenes`, or of one `scene`; left out, of all that have a picture and no clip. `seconds` are about five."""

    scene: SceneId | None = None
    scenes: Annotated[list[SceneId], Meta(max_length=SCENES_MAX)] | None = None
    seconds: Annotated[int, Meta(ge=1, le=CLIP_SECONDS_MAX)] | None = None
    prompt: Prompt | None = None


def _plan(plan: Planning, asked: AnimationAsked) -> None:
    scenes = asked.scenes if asked.scenes is not None else [asked.scene] if asked.scene else None
    chosen = plan.chosen("animation", asked)
    wanted = _without_a_clip(plan.draft) if scenes is None else scenes
    if not wanted:
        raise Malformed("There is no picture to animate yet.", "scenes")
    for scene in dict.fromkeys(wanted):
        _animate(plan, scene, asked, chosen)


def _animate(plan: Planning, scene: int, asked: AnimationAsked, chosen: ChosenProvider) -> None:
    picture = _picture(plan.draft, scene)
    if picture is None:
        raise Malformed(f"Scene {scene} has no picture that can be animated.", "scenes")
    assert picture.media is not None, "it is an image"
    ref = ANIMATION.ref(scene)
    before = plan.draft.version(ref)
    work = AnimationWork(
        image=picture.media.sha256,
        seconds=asked.seconds or usual_seconds(chosen.ability),
        aspect=plan.draft.settings.aspect,
        prompt=asked.prompt if asked.prompt is not None else (before or picture).prompt,
        variation=variation_of(plan.draft, ref),
        **chosen.common,
    )
    plan.task(ref, work, chosen)


def _without_a_clip(draft: Draft) -> list[int]:
    ids = [scene.id for scene in draft.scenes if draft.version(ANIMATION.ref(scene.id)) is None]
    return [id for id in ids if _picture(draft, id)]


def _picture(draft: Draft, scene: int) -> Version | None:
    """The picture of a scene; None where it shows an uploaded clip, or nothing."""
    version = draft.version(PICTURE.ref(scene))
    return version if version and version.media and version.media.kind == "image" else None


def usual_seconds(ability: Ability) -> int:
    """How long a clip is when nobody says: of the lengths that a provider can make, the nearest to the usual one."""
    lengths = ability.clip_seconds or (CLIP_SECONDS_DEFAULT,)
    return min(lengths, key=lambda seconds: abs(seconds - CLIP_SECONDS_DEFAULT))


def _again(draft: Draft, ref: SlotRef) -> AnimationAsked:
    """A clip as long as the one that no longer matches."""
    version = draft.version(ref)
    media = version.media if version else None
    seconds = round(media.duration_ms / SECOND) if media else CLIP_SECONDS_DEFAULT
    return AnimationAsked(scenes=[int(ref.part)], seconds=min(max(seconds, 1), CLIP_SECONDS_MAX))


def _offers(draft: Draft) -> Iterable[ActionOffer[AnimationAsked]]:
    return [ActionOffer(ANIMATION.ref(scene.id), AnimationAsked(scene=scene.id)) for scene in draft.scenes]


def _stored_bytes(work: AnimationWork) -> int:
    return work.seconds * CLIP_BYTES_PER_SECOND


def _files(work: AnimationWork) -> tuple[str, ...]:
    return (work.image,)


async def _receive(intake: Intake, work: AnimationWork, delivered: Delivered) -> Made:
    return Made(label=delivered.label, media=await intake.file(delivered.path, "clip"))


ACTION = Action(
    name="animation",
    work=AnimationWork,
    asks=AnimationAsked,
    slot=ANIMATION,
    running="Animating a picture",
    plan=_plan,
    again=_again,
    offers=_offers,
    completes=not_for_a_whole_video,
    least=one_piece,
    stored_bytes=_stored_bytes,
    measured=as_estimated,
    makes_file=True,
    files=_files,
    completed=never_awaits,
    receive=_receive,
    script=no_script,
    placed=as_a_result,
)
