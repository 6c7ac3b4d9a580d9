"""What a finished video of a draft still lacks."""

from collections.abc import Iterable

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
