"""What needs what: one table, from which staleness, impact and the order of bringing up to date all follow.

A result is made from *inputs*. It is stale when one of them is no longer what it was, or when the slot that an input
comes from is itself stale. Nothing else makes it so.
"""

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from reelbot.studio.core.drafts import Draft, SlotName, SlotRef


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


def pinned(draft: Draft, ref: SlotRef) -> dict[str, str]:
    """The inputs of a slot as they are now. What there is none of yet is not pinned, and never makes a result stale."""
    values = {name: INPUTS[name].value(draft, ref) for name in NEEDS[ref.name]}
    return {name: value for name, value in values.items() if value or name == "voice"}


def changed_inputs(draft: Draft, ref: SlotRef) -> tuple[str, ...]:
    """The inputs of the current result that are no longer what they were, by name."""
    slot = draft.slot(ref)
    version = slot.version if slot else None
    if version is None:
        return ()
    return tuple(name for name, value in version.inputs.items() if INPUTS[name].value(draft, ref) != value)


def stale_sources(draft: Draft, ref: SlotRef) -> tuple[str, ...]:
    """The inputs that come from a slot which is itself stale, by name."""
    slot = draft.slot(ref)
    if slot is None or slot.version is None:
        return ()
    sources = ((name, INPUTS[name].comes_from) for name in slot.version.inputs)
    return tuple(name for name, source in sources if source and is_stale(draft, SlotRef(source, ref.scene)))


def is_stale(draft: Draft, ref: SlotRef) -> bool:
    """Whether the slot has a result that no longer matches."""
    return bool(changed_inputs(draft, ref) or stale_sources(draft, ref))


def stale_slots(draft: Draft) -> tuple[SlotRef, ...]:
    """Every slot whose result no longer matches, those that others are made from first."""
    return tuple(ref for ref in draft.refs() if is_stale(draft, ref))


def why_stale(draft: Draft, ref: SlotRef) -> str:
    """A sentence for people; empty when the slot is not stale."""
    changed = [INPUTS[name].words for name in changed_inputs(draft, ref)]
    if changed:
        verb = "has" if len(changed) == 1 else "have"
        return f"{_listed(changed).capitalize()} {verb} changed since it was made."
    sources = [INPUTS[name].words for name in stale_sources(draft, ref)]
    return f"It was made from {_listed(sources)}, which no longer matches." if sources else ""


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
