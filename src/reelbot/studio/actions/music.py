"""Music under the video."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from reelbot.providers.port import Delivered
from reelbot.providers.works import MusicWork
from reelbot.studio.actions.action import (
    Action,
    ActionOffer,
    Asked,
    Intake,
    Planning,
    as_a_result,
    as_estimated,
    never_awaits,
    no_files,
    no_script,
    not_stored,
    one_piece,
    variation_of,
)
from reelbot.studio.core.draft import Draft, SlotRef
from reelbot.studio.core.job import Made
from reelbot.studio.core.slots import MUSIC
from reelbot.studio.limits import WISH_LENGTH_MAX

SPARE_SECONDS = 5
"""Music is made a little longer than the video is meant to be: a voice may run over, and a loop is heard."""


class MusicAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Music of a `mood`, as long as the video."""

    mood: Annotated[str, Meta(max_length=WISH_LENGTH_MAX)] = ""


def _plan(plan: Planning, asked: MusicAsked) -> None:
    chosen, ref, settings = plan.chosen("music", asked), MUSIC.ref(), plan.draft.settings
    work = MusicWork(
        mood=asked.mood,
        tone=settings.tone,
        seconds=settings.duration_s + SPARE_SECONDS,
        variation=variation_of(plan.draft, ref),
        **chosen.common,
    )
    plan.task(ref, work, chosen)


def _again(draft: Draft, ref: SlotRef) -> MusicAsked:
    return MusicAsked()


def _offers(draft: Draft) -> Iterable[ActionOffer[MusicAsked]]:
    return [ActionOffer(MUSIC.ref(), MusicAsked())]


def _completes(draft: Draft) -> MusicAsked | None:
    return MusicAsked() if draft.version(MUSIC.ref()) is None else None


async def _receive(intake: Intake, work: MusicWork, delivered: Delivered) -> Made:
    return Made(label=delivered.label, media=await intake.file(delivered.path, "audio"))


ACTION = Action(
    name="music",
    work=MusicWork,
    asks=MusicAsked,
    slot=MUSIC,
    running="Making music",
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
