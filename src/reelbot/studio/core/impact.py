"""What a change would do to finished steps: which would no longer match, and why; which stay."""

from typing import NamedTuple

from reelbot.studio.core.draft import Draft, SlotRef
from reelbot.studio.core.slots import slot_refs
from reelbot.studio.core.staleness import is_stale, why_stale


class Affected(NamedTuple):
    """A finished slot that a change makes stale, and the sentence that says why."""

    ref: SlotRef
    why: str


class Impact(NamedTuple):
    """What a change makes stale, and the finished slots that it leaves alone."""

    affected: tuple[Affected, ...]
    stays: tuple[SlotRef, ...]


def impact(before: Draft, after: Draft) -> Impact:
    """What changing one draft into another does to slots whose result was current and still counts afterwards."""
    finished = [ref for ref in slot_refs(before) if _is_current(before, ref) and _is_kept(before, after, ref)]
    affected = tuple(Affected(ref, why_stale(after, ref)) for ref in finished if is_stale(after, ref))
    lost = {one.ref for one in affected}
    return Impact(affected, tuple(ref for ref in finished if ref not in lost))


def _is_current(draft: Draft, ref: SlotRef) -> bool:
    return draft.version(ref) is not None and not is_stale(draft, ref)


def _is_kept(before: Draft, after: Draft, ref: SlotRef) -> bool:
    """Whether the same result counts before and after: what the change itself replaces is not made stale by it."""
    return before.slot(ref).current == after.slot(ref).current
