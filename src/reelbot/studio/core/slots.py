"""The table of slots: what needs what. Staleness, impact and the order of bringing up to date all follow from it.

A result is made from *inputs*. It is stale when one of them is no longer what it was, or when the slot that an input
comes from is itself stale. Nothing else makes it so.
"""

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from reelbot.studio.core.draft import Draft, SlotName, SlotRef


class Input(NamedTuple):
    """Something that results are made from: its words, and the slot that it comes from, if any."""

    words: str
    comes_from: SlotName | None
    value: Callable[[Draft, SlotRef], str]


def text_hash(text: str) -> str:
    """A text as an input is pinned by; empty for none."""
    return hashlib.sha256(text.encode()).hexdigest()[:32] if text else ""


def _picture(draft: Draft, ref: SlotRef) -> str:
    scene = draft.scene(ref.scene)
    version = None if scene is None else scene.picture.version
    return version.media.sha256 if version and version.media else ""


INPUTS: Mapping[str, Input] = MappingProxyType(
    {
        "topic": Input("the topic", "topic", lambda draft, _: draft.text_of("topic")),
        "tone": Input("the tone", None, lambda draft, _: draft.settings.tone),
        "duration": Input("the duration", None, lambda draft, _: str(draft.settings.duration_s)),
        "language": Input("the content language", None, lambda draft, _: draft.settings.language),
        "script": Input("the script", "script", lambda draft, _: text_hash(draft.text_of("script"))),
        "voice": Input("the voice", None, lambda draft, _: draft.settings.voice),
        "pace": Input("the pace of the voice", None, lambda draft, _: f"{draft.settings.pace:g}"),
        "pitch": Input("the pitch of the voice", None, lambda draft, _: str(draft.settings.pitch)),
        "picture": Input("the picture", "picture", _picture),
    }
)

NEEDS: Mapping[SlotName, tuple[str, ...]] = MappingProxyType(
    {
        "suggestions": ("tone",),
        "topic": (),
        "title": (),
        "script": ("topic", "tone", "duration", "language"),
        "voiceover": ("script", "language", "voice", "pace", "pitch"),
        "picture": (),
        "animation": ("picture",),
        "music": (),
    }
)
"""The inputs of every slot's results. What is not named here never makes a result stale."""
