"""Usage by hold: what holds took, by meter: used for good, and held for now."""

from collections.abc import Iterable
from typing import NamedTuple

from reelbot.allowance.core.book import HoldFacts


class Taken(NamedTuple):
    """Of one meter, in whatever windows."""

    used: int
    held: int


def taken_by(holds: Iterable[HoldFacts], now: int) -> dict[str, Taken]:
    """The sums of holds. What was refunded is not used; what is overdue is not held."""
    sums: dict[str, Taken] = {}
    for hold in holds:
        is_held = hold.state_at(now) in ("open", "unknown")
        for line in hold.lines:
            used, held = sums.get(line.meter, Taken(0, 0))
            sums[line.meter] = Taken(used + line.settled, held + (line.held if is_held else 0))
    return sums
