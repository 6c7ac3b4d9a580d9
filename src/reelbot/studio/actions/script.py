"""The script, about the topic."""

from collections.abc import Iterable

from reelbot.errors import Malformed
from reelbot.providers.port import Delivered
from reelbot.providers.works import ScriptWork
from reelbot.studio.actions.action import (
    Action,
    ActionOffer,
    Asked,
    Intake,
    Planning,
    as_a_result,
    as_estimated,
    narrated,
    never_awaits,
    no_files,
    not_stored,
    one_piece,
    variation_of,
)
from reelbot.studio.core.draft import Draft, SlotRef
from reelbot.studio.core.job import Made, Task
from reelbot.studio.core.slots import SCRIPT


class ScriptAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A script about the topic of the draft, for its duration, tone and language."""


def _plan(plan: Planning, asked: ScriptAsked) -> None:
    topic, ref = narrated(plan.draft).text_of("topic"), SCRIPT.ref()
    if not topic:
        raise Malformed("The script needs a topic first. Type one or choose a suggestion.", "topic")
    chosen, settings = plan.chosen("script", asked), plan.draft.settings
    work = ScriptWork(
        topic=topic,
        tone=settings.tone,
        duration_s=settings.duration_s,
        language=settings.language,
        variation=variation_of(plan.draft, ref),
        **chosen.common,
    )
    plan.task(ref, work, chosen)


def _again(draft: Draft, ref: SlotRef) -> ScriptAsked:
    return ScriptAsked()


def _offers(draft: Draft) -> Iterable[ActionOffer[ScriptAsked]]:
    return [ActionOffer(SCRIPT.ref(), ScriptAsked())] if draft.flow == "narrated" else []


def _completes(draft: Draft) -> ScriptAsked | None:
    return ScriptAsked() if draft.flow == "narrated" and not draft.text_of("script") else None


async def _receive(intake: Intake, work: ScriptWork, delivered: Delivered) -> Made:
    return Made(label=delivered.label, text=intake.text(delivered.text))


def _script(task: Task, made: Made, script: str) -> str:
    return made.text


ACTION = Action(
    name="script",
    work=ScriptWork,
    asks=ScriptAsked,
    slot=SCRIPT,
    running="Writing the script",
    plan=_plan,
    again=_again,
    offers=_offers,
    completes=_completes,
    least=one_piece,
    stored_bytes=not_stored,
    measured=as_estimated,
    makes_file=False,
    files=no_files,
    completed=never_awaits,
    receive=_receive,
    script=_script,
    placed=as_a_result,
)
