"""Staleness: which results no longer match what they were made from, and why."""

from reelbot.studio.core.draft import Draft, SlotRef
from reelbot.studio.core.slots import INPUTS, NEEDS


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
