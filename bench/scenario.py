"""What a scenario is made of: cases that are run, each in a process of its own, and the ratios between their figures."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

Figures = Mapping[str, float]


NO_PARTS: Figures = MappingProxyType({})


class Found(NamedTuple):
    """What one run of one case found. Anything in `faults` rejects every measure that rests on the case.

    `parts` are shares of a whole, for a scenario that shows a table of its own; `notes` say what was used.
    """

    figures: Figures
    faults: tuple[str, ...] = ()
    parts: Figures = NO_PARTS
    notes: tuple[str, ...] = ()


class Place(NamedTuple):
    """Where a case runs: an empty directory of its own, what `prepare` left for all cases, and how much is asked.

    `server` is the address of a running PostgreSQL, empty for scenarios that need none. `turn` counts the rounds and
    seeds every choice that is left to chance.
    """

    directory: Path
    shared: Path
    server: str
    is_full: bool
    turn: int

    def sized(self, short: int, full: int) -> int:
        """The size of something: what fits in the time, or with `--full` the real one."""
        return full if self.is_full else short


class Case(NamedTuple):
    """One thing that is measured."""

    name: str
    run: Callable[[Place], Found]


class Measure(NamedTuple):
    """One line of the table: a figure of one case divided by a figure of another, or alone when `under` is None.

    `floor` must be met, `aim` is what is wanted; both are None for a figure without a goal.
    """

    title: str
    over: tuple[str, str]
    under: tuple[str, str] | None = None
    floor: float | None = None
    aim: float | None = None
    best: Literal["high", "low"] = "high"
    unit: str = ""


class Scenario(NamedTuple):
    """One file of `bench/scenarios`. `prepare` makes what all cases begin from; `rounds` is fewer than usual where one
    round takes long."""

    title: str
    cases: tuple[Case, ...]
    measures: tuple[Measure, ...]
    prepare: Callable[[Place], None] | None = None
    needs_postgres: bool = False
    rounds: int = 3
