"""Choose sentences so that a script takes as long as asked: one of each part's choices, or none, in order."""

import random
from collections.abc import Sequence

_STEP_MS = 20
"""Times are added up in steps of this: far below what anybody hears."""

_TOLERANCES = (0.03, 0.05, 0.08, 0.10)

Part = Sequence[int]
"""The times of a part's choices, in milliseconds."""


def fitted(parts: Sequence[Part], required: frozenset[int], aim_ms: int, rng: random.Random) -> list[int | None]:
    """For each part the number of its choice, or None where it is left out; the required ones are never left out.

    Among all ways that come within 3 % of the aim one is drawn, with the parts left out spread evenly; when there is
    none, the tolerance grows, and in the end the nearest way is taken. Every required part has a choice.
    """
    steps = [[round(ms / _STEP_MS) for ms in part] for part in parts]
    aim = round(aim_ms / _STEP_MS)
    reachable = _reachable(steps, required)
    low, high = _window(reachable[0], aim)
    share_told = min(1.0, aim / max(1, sum(sum(step) / max(1, len(step)) for step in steps)))
    drawn: list[int | None] = []
    for index, choices in enumerate(steps):
        behind = reachable[index + 1]
        told = [at for at, step in enumerate(choices) if _between(behind, low - step, high - step)]
        may_skip = index not in required and _between(behind, low, high)
        chosen = rng.choice(told) if told and not (may_skip and rng.random() > share_told) else None
        drawn.append(chosen)
        spent = 0 if chosen is None else choices[chosen]
        low, high = low - spent, high - spent
    return drawn


def _window(reachable: int, aim: int) -> tuple[int, int]:
    """The totals to accept: the narrowest tolerance that can be met, or else the nearest total there is."""
    for tolerance in _TOLERANCES:
        low, high = round(aim * (1 - tolerance)), round(aim * (1 + tolerance))
        if _between(reachable, low, high):
            return low, high
    nearest = min(_members(reachable), key=lambda total: abs(total - aim))
    return nearest, nearest


def _reachable(steps: Sequence[Sequence[int]], required: frozenset[int]) -> list[int]:
    """For each part, which totals the parts from it to the end can have: a set of numbers as the bits of one."""
    sets = [1]
    for index in reversed(range(len(steps))):
        behind = sets[0]
        here = 0 if index in required else behind
        for step in steps[index]:
            here |= behind << step
        sets.insert(0, here)
    return sets


def _between(members: int, low: int, high: int) -> bool:
    """Whether a set has a member from low to high."""
    return high >= 0 and bool(members >> max(low, 0) & (1 << (high - max(low, 0) + 1)) - 1)


def _members(members: int) -> list[int]:
    return [number for number in range(members.bit_length()) if members >> number & 1]
