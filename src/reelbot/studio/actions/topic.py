"""Ideas for a topic, from keywords."""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from reelbot.errors import Malformed
from reelbot.providers.port import Delivered
from reelbot.providers.works import TopicWork
from reelbot.studio.actions.action import (
    Action,
    ActionOffer,
    Asked,
    Intake,
    Planning,
    as_a_result,
    as_estimated,
    never_awaits,
    next_variation,
    no_files,
    no_script,
    not_for_a_whole_video,
    not_stored,
    one_piece,
)
from reelbot.studio.core import edits
from reelbot.studio.core.draft import Draft, SlotRef
from reelbot.studio.core.job import Made
from reelbot.studio.core.slots import SUGGESTIONS
from reelbot.studio.limits import KEYWORDS_LENGTH_MAX


class TopicAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Five ideas from `keywords`: left out, those of the draft, or its topic."""

    keywords: Annotated[str, Meta(max_length=KEYWORDS_LENGTH_MAX)] | None = None


def _plan(plan: Planning, asked: TopicAsked) -> None:
    keywords = asked.keywords if asked.keywords is not None else plan.draft.keywords or plan.draft.text_of("topic")
    if not keywords.strip():
        raise Malformed("Type a keyword or two to get ideas for.", "keywords")
    plan.draft = edits.with_keywords(plan.draft, keywords)
    chosen, ref, settings = plan.chosen("topic", asked), SUGGESTIONS.ref(), plan.draft.settings
    work = TopicWork(
        keywords=keywords.strip(),
        tone=settings.tone,
        language=settings.language,
        variation=next_variation(plan.draft, ref) if plan.draft.version(ref) else 0,
        **chosen.common,
    )
    plan.task(ref, work, chosen)


def _again(draft: Draft, ref: SlotRef) -> TopicAsked:
    return TopicAsked()


def _offers(draft: Draft) -> Iterable[ActionOffer[TopicAsked]]:
    return [ActionOffer(SUGGESTIONS.ref(), TopicAsked())]


async def _receive(intake: Intake, work: TopicWork, delivered: Delivered) -> Made:
    return Made(label=delivered.label, suggestions=intake.texts(delivered.suggestions))


ACTION = Action(
    name="topic",
    work=TopicWork,
    asks=TopicAsked,
    slot=SUGGESTIONS,
    running="Looking for ideas",
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
    script=no_script,
    placed=as_a_result,
)
