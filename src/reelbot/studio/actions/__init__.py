"""The AI actions: the one place where all of them are named."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never, get_args

from reelbot.providers.works import (
    KINDS,
    AnimationWork,
    ImageWork,
    Kind,
    MusicWork,
    RewriteWork,
    ScriptWork,
    TopicWork,
    VoiceoverWork,
    Work,
)
from reelbot.studio.actions import animation, image, music, rewrite, script, topic, voiceover
from reelbot.studio.actions.action import AnyAction
from reelbot.studio.core.slots import SLOTS

ACTIONS: tuple[AnyAction, ...] = (
    topic.ACTION,
    script.ACTION,
    rewrite.ACTION,
    voiceover.ACTION,
    image.ACTION,
    animation.ACTION,
    music.ACTION,
)
"""In the order in which the parts of a video are made."""

BY_NAME: Mapping[Kind, AnyAction] = MappingProxyType({one.name: one for one in ACTIONS})

BY_SLOT: Mapping[str, AnyAction] = MappingProxyType({one.slot.name: one for one in ACTIONS})
"""Which one brings a slot up to date."""

assert tuple(BY_NAME) == KINDS, "each kind of work has its action"
assert {one.work for one in ACTIONS} == set(get_args(Work)), "each work has its action"
assert all(one.slot in SLOTS for one in ACTIONS), "results go to slots that are in the table"
assert len(BY_SLOT) == len(ACTIONS), "no two actions bring the same slot up to date"


def action_of(work: Work) -> AnyAction:
    """The action that a work belongs to."""
    match work:
        case TopicWork():
            return topic.ACTION
        case ScriptWork():
            return script.ACTION
        case RewriteWork():
            return rewrite.ACTION
        case VoiceoverWork():
            return voiceover.ACTION
        case ImageWork():
            return image.ACTION
        case AnimationWork():
            return animation.ACTION
        case MusicWork():
            return music.ACTION
        case _:
            assert_never(work)
