"""What a finished video of a draft still lacks, and the AI actions that would make it."""

from collections.abc import Iterable

from reelbot.studio.actions import ACTIONS
from reelbot.studio.actions.requests import StepAsked, step_asked
from reelbot.studio.core.draft import Draft, SlotRef
from reelbot.studio.core.slots import PICTURE, VOICEOVER, shown_of


def missing_after(draft: Draft, slots: Iterable[SlotRef]) -> str:
    """What a draft will still lack to be rendered once these slots are made, as a sentence; empty when nothing."""
    made = tuple(slots)
    if draft.flow == "narrated" and not (draft.version(VOICEOVER.ref()) or VOICEOVER.ref() in made):
        return "The voiceover is missing: generate or upload one."
    if not any(shown_of(draft, scene.id) or PICTURE.ref(scene.id) in made for scene in draft.scenes):
        return "There is no picture or clip yet: generate or upload one."
    return ""


def steps_remaining(draft: Draft) -> list[StepAsked]:
    """The AI actions that would fill every step that has nothing yet; none when the video could be made as it is."""
    if not missing_after(draft, ()):
        return []
    lacking = [action.completes(draft) for action in ACTIONS]
    return [step_asked(asked) for asked in lacking if asked is not None]
