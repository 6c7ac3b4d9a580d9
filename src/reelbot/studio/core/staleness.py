"""Staleness: which results no longer match what they were made from, and why."""

from collections.abc import Iterator

from reelbot.studio.core.draft import Draft, SlotRef
from reelbot.studio.core.slots import SLOT_KINDS, Input, slot_refs


def pinned(draft: Draft, ref: SlotRef) -> dict[str, str]:
    """The inputs of a slot as they are now. What there is none of yet is not pinned, and never makes a result stale."""
    values = {one: one.value(draft, ref) for one in SLOT_KINDS[ref.name].needs}
    return {one.name: value for one, value in values.items() if value or one.counts_when_empty}


def _inputs(draft: Draft, ref: SlotRef) -> Iterator[tuple[Input, str]]:
    """What the result of a slot that counts was made from, and what that was then."""
    version = draft.version(ref)
    then = version.inputs if version else {}
    return ((one, then[one.name]) for one in SLOT_KINDS[ref.name].needs if one.name in then)


def changed_inputs(draft: Draft, ref: SlotRef) -> tuple[Input, ...]:
    """The inputs of the current result that are no longer what they were."""
    return tuple(one for one, then in _inputs(draft, ref) if one.value(draft, ref) != then)


def stale_sources(draft: Draft, ref: SlotRef) -> tuple[Input, ...]:
    """The inputs that come from a slot which is itself stale."""
    sources = ((one, one.comes_from) for one, _ in _inputs(draft, ref))
    return tuple(one for one, source in sources if source and is_stale(draft, source(ref)))


def is_stale(draft: Draft, ref: SlotRef) -> bool:
    """Whether the slot has a result that no longer matches."""
    return bool(changed_inputs(draft, ref) or stale_sources(draft, ref))


def stale_slots(draft: Draft) -> tuple[SlotRef, ...]:
    """Every slot whose result no longer matches, those that others are made from first."""
    return tuple(ref for ref in slot_refs(draft) if is_stale(draft, ref))


def why_stale(draft: Draft, ref: SlotRef) -> str:
    """A sentence for people; empty when the slot is not stale."""
    changed = [one.words for one in changed_inputs(draft, ref)]
    if changed:
        verb = "has" if len(changed) == 1 else "have"
        return f"{_listed(changed).capitalize()} {verb} changed since it was made."
    sources = [one.words for one in stale_sources(draft, ref)]
    return f"It was made from {_listed(sources)}, which no longer matches." if sources else ""


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
