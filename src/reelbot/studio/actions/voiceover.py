"""The script, spoken."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, structs

from reelbot.clock import SECOND
from reelbot.errors import Malformed
from reelbot.providers.port import Delivered, Provider
from reelbot.providers.works import VoiceoverWork
from reelbot.studio.actions.action import (
    Action,
    ActionOffer,
    Asked,
    Intake,
    Planning,
    as_a_result,
    narrated,
    no_files,
    no_script,
    not_stored,
    variation_of,
)
from reelbot.studio.core.draft import Draft, Settings, SlotRef
from reelbot.studio.core.job import Made
from reelbot.studio.core.slots import SCRIPT, SCRIPT_TEXT, VOICEOVER
from reelbot.studio.core.staleness import pinned


class VoiceoverAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The script spoken. `voice`, `pace` and `pitch` become settings of the draft; left out, they stay as they are."""

    voice: Annotated[str, Meta(max_length=100)] | None = None
    pace: Annotated[float, Meta(ge=0.5, le=2.0)] | None = None
    pitch: Annotated[int, Meta(ge=-6, le=6)] | None = None


def _plan(plan: Planning, asked: VoiceoverAsked) -> None:
    ref, given = VOICEOVER.ref(), {"voice": asked.voice, "pace": asked.pace, "pitch": asked.pitch}
    named = {name: one for name, one in given.items() if one is not None}
    settings = structs.replace(narrated(plan.draft).settings, **named)
    plan.draft = structs.replace(plan.draft, settings=settings)
    chosen = plan.chosen("voiceover", asked)
    source = max((at for at, task in enumerate(plan.tasks) if task.slot == SCRIPT.ref()), default=None)
    script = plan.draft.text_of("script") if source is None else ""
    if source is None and not script:
        raise Malformed("The voiceover needs a script first. Write one or generate it.", "script")
    work = VoiceoverWork(
        script=script,
        language=settings.language,
        voice=settings.voice or _usual_voice(chosen.provider, settings),
        pace=settings.pace,
        pitch=settings.pitch,
        variation=variation_of(plan.draft, ref) if source is None else 0,
        **chosen.common,
    )
    if source is None:
        plan.task(ref, work, chosen)
    else:
        inputs = {name: one for name, one in pinned(plan.draft, ref).items() if name != SCRIPT_TEXT.name}
        plan.task(ref, work, chosen, inputs=inputs, script_from=source)


def _usual_voice(provider: Provider, settings: Settings) -> str:
    """The voice of a language when none was chosen; `Malformed` when the provider does not speak it."""
    voices = provider.voices(settings.language)
    if not voices:
        raise Malformed(f"{provider.title} has no voice for {settings.language!r}.", "language")
    return voices[0].id


def _again(draft: Draft, ref: SlotRef) -> VoiceoverAsked:
    return VoiceoverAsked()


def _offers(draft: Draft) -> Iterable[ActionOffer[VoiceoverAsked]]:
    return [ActionOffer(VOICEOVER.ref(), VoiceoverAsked())] if draft.flow == "narrated" else []


def _completes(draft: Draft) -> VoiceoverAsked | None:
    return VoiceoverAsked() if draft.flow == "narrated" and draft.version(VOICEOVER.ref()) is None else None


def _least(draft: Draft) -> int:
    return draft.settings.duration_s


def _measured(work: VoiceoverWork, made: Made) -> int | None:
    """Seconds of speech, begun ones counted."""
    return None if made.media is None else max(1, -(-made.media.duration_ms // SECOND))


def _completed(work: VoiceoverWork, script: str) -> VoiceoverWork:
    return structs.replace(work, script=script)


async def _receive(intake: Intake, work: VoiceoverWork, delivered: Delivered) -> Made:
    media = await intake.file(delivered.path, "audio")
    return Made(label=delivered.label, media=media, words=await intake.words(delivered.words, media))


ACTION = Action(
    name="voiceover",
    work=VoiceoverWork,
    asks=VoiceoverAsked,
    slot=VOICEOVER,
    running="Speaking the voiceover",
    plan=_plan,
    again=_again,
    offers=_offers,
    completes=_completes,
    least=_least,
    stored_bytes=not_stored,
    measured=_measured,
    makes_file=True,
    files=no_files,
    completed=_completed,
    receive=_receive,
    script=no_script,
    placed=as_a_result,
)
