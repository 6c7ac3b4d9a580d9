"""A passage in other words; or a title and hashtags for it."""

from collections.abc import Iterable
from typing import Annotated, Literal

from msgspec import Meta, structs

from reelbot.errors import Malformed
from reelbot.providers.port import Delivered
from reelbot.providers.works import RewriteWork
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
    next_variation,
    no_files,
    not_for_a_whole_video,
    not_stored,
    one_piece,
)
from reelbot.studio.core import edits
from reelbot.studio.core.draft import Draft, SlotRef
from reelbot.studio.core.job import Made, Task, version_of
from reelbot.studio.core.requests import Text
from reelbot.studio.core.slots import SCRIPT, TITLE
from reelbot.studio.limits import WISH_LENGTH_MAX


class RewriteAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`passage` (left out, the whole script) in other words as `wish` says; or what it `makes` is a title for it."""

    passage: Text | None = None
    wish: Annotated[str, Meta(max_length=WISH_LENGTH_MAX)] = ""
    makes: Literal["passage", "title"] = "passage"


def _plan(plan: Planning, asked: RewriteAsked) -> None:
    script = plan.draft.text_of("script")
    passage = asked.passage if asked.passage is not None else script or plan.draft.text_of("topic")
    if not passage.strip():
        raise Malformed("There is no text to rewrite yet.", "passage")
    if asked.makes == "passage":
        narrated(plan.draft)
        if passage not in script:
            raise Malformed("This passage is not in the script any more.", "passage")
        if any(task.slot == SCRIPT.ref() for task in plan.tasks):
            raise Malformed("The script is made anew before this. Rewrite it when it is there.", "steps")
    chosen, settings = plan.chosen("rewrite", asked), plan.draft.settings
    ref = SCRIPT.ref() if asked.makes == "passage" else TITLE.ref()
    work = RewriteWork(
        passage=passage,
        wish=asked.wish,
        tone=settings.tone,
        language=settings.language,
        makes=asked.makes,
        variation=next_variation(plan.draft, ref),
        **chosen.common,
    )
    plan.task(ref, work, chosen, within=script if asked.makes == "passage" else "")


def _again(draft: Draft, ref: SlotRef) -> RewriteAsked:
    return RewriteAsked(makes="title")


def _offers(draft: Draft) -> Iterable[ActionOffer[RewriteAsked]]:
    """One price for both: that of a passage, which is there whenever a script is."""
    return [ActionOffer(TITLE.ref(), RewriteAsked())]


async def _receive(intake: Intake, work: RewriteWork, delivered: Delivered) -> Made:
    return Made(label=delivered.label, text=intake.text(delivered.text), hashtags=delivered.hashtags)


def _script(task: Task, made: Made, script: str) -> str:
    """A rewritten passage stands where it stood."""
    assert isinstance(task.work, RewriteWork), "it comes of this action"
    return script.replace(task.work.passage, made.text, 1)


def _placed(draft: Draft, task: Task, made: Made, now: int) -> Draft:
    """A rewritten passage goes to its place in the script.

    When the passage is gone from there, somebody has written on: what came is kept, in the script as it was, and theirs
    still counts.
    """
    assert isinstance(task.work, RewriteWork), "placed by the action that made it"
    if task.work.makes == "title":
        return as_a_result(draft, task, made, now)
    script = draft.text_of("script")
    in_place = task.work.passage in script
    text = _script(task, made, script if in_place else task.within)
    return edits.with_result(draft, task.slot, structs.replace(version_of(task, made, now), text=text), counts=in_place)


ACTION = Action(
    name="rewrite",
    work=RewriteWork,
    asks=RewriteAsked,
    slot=TITLE,
    running="Rewriting",
    plan=_plan,
    again=_again,
    offers=_offers,
    completes=not_for_a_whole_video,
    least=one_piece,
    stored_bytes=not_stored,
    measured=as_estimated,
    makes_file=False,
    files=no_files,
    completed=never_awaits,
    receive=_receive,
    script=_script,
    placed=_placed,
)
