"""Runs the cases of a scenario side by side: in rounds, the order rotated, and makes medians of what they found.

A ratio is made within each round, of two cases that ran a moment apart, and only then is the median taken: what slows
the machine down for a while slows both.
"""

from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Literal, NamedTuple, TypeVar

from bench.scenario import Case, Found, Measure

T = TypeVar("T")

Round = dict[str, Found]
"""What each case found in one round, by its name."""

Verdict = Literal["aim", "floor", "missed", "rejected", ""]


class Measured(NamedTuple):
    """A measure with its value in each round; none when it was rejected."""

    measure: Measure
    values: tuple[float, ...]
    verdict: Verdict

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.values)


def run_rounds(cases: Sequence[Case], rounds: int, run: Callable[[Case, int], Found]) -> list[Round]:
    """Run every case once a round; `run` is given the case and the number of the round."""
    return [{case.name: run(case, turn) for case in rotated(cases, turn)} for turn in range(rounds)]


def rotated(cases: Sequence[T], turn: int) -> list[T]:
    """The same things, another one first in each round."""
    first = turn % len(cases)
    return [*cases[first:], *cases[:first]]


def measured(measure: Measure, rounds: Sequence[Round]) -> Measured:
    """The measure in each round, and whether it meets its goal; rejected when a case it rests on found a fault."""
    used = {measure.over[0], (measure.under or measure.over)[0]}
    if any(found.faults for a_round in rounds for name, found in a_round.items() if name in used):
        return Measured(measure, (), "rejected")
    values = tuple(_values(measure, rounds))
    return Measured(measure, values, _verdict(measure, median(values)))


def _values(measure: Measure, rounds: Sequence[Round]) -> Iterator[float]:
    for a_round in rounds:
        over = _figure(a_round, measure.over)
        yield over if measure.under is None else over / _figure(a_round, measure.under)


def _figure(a_round: Round, place: tuple[str, str]) -> float:
    case, figure = place
    return a_round[case].figures[figure]


def _verdict(measure: Measure, value: float) -> Verdict:
    if measure.floor is None:
        return ""
    if _meets(measure, value, measure.aim):
        return "aim"
    return "floor" if _meets(measure, value, measure.floor) else "missed"


def _meets(measure: Measure, value: float, goal: float | None) -> bool:
    if goal is None:
        return False
    return value >= goal if measure.best == "high" else value <= goal
