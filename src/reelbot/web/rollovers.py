"""Rollovers of windows as a reader of the stream sees them: which it has not been told yet. Pure; used by `sse_session`.

No event is stored when a window turns, because nothing happens then. A meter's last turn is the start of its running
window; a reader that was told of everything up to some instant is owed the turns after it, the last one of each meter,
in the order of time. Several at one instant are told in the order of the meters; the last of them is numbered `LAST`,
so that a reader who was cut off in the middle is told the rest.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from reelbot.allowance import Allowance, Usage
from reelbot.clock import SECOND
from reelbot.events import Cursor

LAST = 9
"""The number of the last message of one turn: whoever has it has been told of all meters that turned then."""


class Seen(NamedTuple):
    """What a reader was told of: all turns before `at`, and those at `at` up to message `number`."""

    at: int
    number: int


class Rollover(NamedTuple):
    """A meter's window began at `at`; `number` is that of the message among those of this instant."""

    at: int
    number: int
    allowance: Allowance


def numbered(count: int) -> Iterator[int]:
    """Numbers for so many messages of one instant: 0, 1, 2 …, and `LAST` for the last."""
    return (LAST if place == count - 1 else min(place, LAST - 1) for place in range(count))


def turns_after(seen: Seen, meters: Iterable[Allowance]) -> list[Rollover]:
    """The turns that a reader has not been told of, the oldest first."""
    windowed = sorted((one for one in meters if one.ends_at is not None), key=_start)
    turns = []
    for at, group in groupby(windowed, key=_start):
        turned = list(group)
        for number, allowance in zip(numbered(len(turned)), turned, strict=True):
            if (at, number) > seen:
                turns.append(Rollover(at, number, allowance))
    return turns


def next_turn_at(meters: Iterable[Allowance]) -> int | None:
    """When the first of the running windows ends; None when none ever does."""
    return min((one.ends_at for one in meters if one.ends_at is not None), default=None)


def is_turn(at: int, meters: Sequence[Allowance]) -> bool:
    """Whether some running window began then."""
    return any(one.ends_at is not None and one.starts_at == at for one in meters)


def complete_at(n: int, at: int) -> Cursor:
    """The place of a reader who knows the events up to `n` and the figures of the instant `at`."""
    return Cursor(n, at // SECOND * SECOND, LAST)


def cursor_of(usage: Usage) -> Cursor:
    """The place of a reader who has just been told these figures."""
    return complete_at(usage.cursor, usage.as_of)


def _start(allowance: Allowance) -> int:
    return allowance.starts_at
