"""Words the results: one table for people, one JSON document for programs."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.probe import Machine
from bench.rounds import Measured, Round
from bench.scenario import Figures

_STYLES = {"aim": "green", "floor": "yellow", "missed": "red", "rejected": "bold red", "": ""}
_WORDS = {"aim": "aim met", "floor": "floor met", "missed": "missed", "rejected": "rejected", "": ""}

PART_LEAST = 0.005
"""The smallest share of a whole that gets a line of its own."""


class Result(NamedTuple):
    """What a scenario came to."""

    name: str
    title: str
    rounds: Sequence[Round]
    measured: Sequence[Measured]
    seconds: float
    failure: str = ""

    @property
    def faults(self) -> list[str]:
        """Every fault that any case found, with the case's name."""
        return [
            f"{case}: {fault}" for a_round in self.rounds for case, found in a_round.items() for fault in found.faults
        ]

    def notes(self, case: str) -> list[str]:
        """What a case tells of itself, each thing once."""
        return list(dict.fromkeys(note for a_round in self.rounds for note in a_round[case].notes))


def machine_lines(machine: Machine) -> Iterable[str]:
    """The state of the machine, and a warning when its figures should be doubted."""
    yield (
        f"{machine.processors} processors, load {machine.busy:.2f}; one fdatasync {machine.sync_ms:.2f} ms "
        f"(p99 {machine.sync_ms_p99:.2f} ms)"
    )
    if machine.warning:
        yield machine.warning


def print_results(console: Console, results: Sequence[Result]) -> None:
    """The table of measures, then the plain figures they are made of, then where time goes."""
    console.print(_measures(results))
    console.print(_plain(results))
    for result in results:
        for case, parts in _parts(result.rounds).items():
            console.print(_whole(f"{result.title}: {case}", parts))
    for result in results:
        for trouble in (result.failure, *result.faults):
            if trouble:
                console.print(Text(f"{result.name}: {trouble}", style="red"))


def _measures(results: Sequence[Result]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title="Measures: the median of the rounds, the least and the most")
    for column, justify in (("measure", "left"), ("median", "right"), ("spread", "right"), ("floor", "right"),
                            ("aim", "right"), ("", "left")):  # fmt: skip
        table.add_column(column, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for result in results:
        table.add_row(Text(result.title, style="bold"))
        for one in result.measured:
            table.add_row(*_row(one))
    return table


def _row(one: Measured) -> tuple[Text, ...]:
    measure, style = one.measure, _STYLES[one.verdict]
    goals = (_goal(measure.floor, measure.best), _goal(measure.aim, measure.best))
    middle = f"{_figure(one.middle)} {measure.unit}".rstrip() if one.values else "–"
    spread = f"{_figure(min(one.values))}–{_figure(max(one.values))}" if one.values else ""
    words = (f"  {measure.title}", middle, spread, *goals, _WORDS[one.verdict])
    return tuple(Text(word, style=style if place in (1, 5) else "") for place, word in enumerate(words))


def _goal(goal: float | None, best: str) -> str:
    if goal is None:
        return ""
    return f"{'≥' if best == 'high' else '≤'} {_figure(goal)}"


def _plain(results: Sequence[Result]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title="Plain figures, medians: of this machine at this moment only")
    table.add_column("case", no_wrap=True)
    table.add_column("figures")
    for result in results:
        table.add_row(Text(result.title, style="bold"))
        for case, figures in _medians(result.rounds).items():
            told = [*result.notes(case), *(f"{name} {_figure(value)}" for name, value in figures.items())]
            table.add_row(f"  {case}", Text("  ".join(told)))
    return table


def _whole(title: str, parts: Figures) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title=title, title_justify="left")
    table.add_column("stage")
    table.add_column("share", justify="right")
    for name, share in sorted(parts.items(), key=lambda part: -part[1]):
        if share >= PART_LEAST:
            table.add_row(name, f"{100 * share:.1f} %")
    return table


def _medians(rounds: Sequence[Round]) -> dict[str, dict[str, float]]:
    return {case: _middles([a_round[case].figures for a_round in rounds]) for case in (rounds[0] if rounds else {})}


def _parts(rounds: Sequence[Round]) -> dict[str, dict[str, float]]:
    cases = [case for case, found in (rounds[0] if rounds else {}).items() if found.parts]
    return {case: _middles([a_round[case].parts for a_round in rounds]) for case in cases}


def _middles(all_figures: Sequence[Figures]) -> dict[str, float]:
    names = dict.fromkeys(name for figures in all_figures for name in figures)
    return {name: median(figures[name] for figures in all_figures if name in figures) for name in names}


def _figure(value: float) -> str:
    """Three digits that count."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def document(machine: Machine, is_full: bool, results: Sequence[Result], missing: Mapping[str, str]) -> dict[str, Any]:
    """All that was found, for `results.json`."""
    return {
        "machine": machine._asdict(),
        "is_full": is_full,
        "missing_peers": dict(missing),
        "violations": sum(len(result.faults) for result in results),
        "scenarios": [_scenario_document(result) for result in results],
    }


def _scenario_document(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "title": result.title,
        "seconds": round(result.seconds, 1),
        "failure": result.failure,
        "faults": result.faults,
        "notes": {case: result.notes(case) for case in (result.rounds[0] if result.rounds else {})},
        "measures": [_measure_document(one) for one in result.measured],
        "figures": {case: _rounded(figures) for case, figures in _medians(result.rounds).items()},
        "parts": {case: _rounded(parts) for case, parts in _parts(result.rounds).items()},
    }


def _measure_document(one: Measured) -> dict[str, Any]:
    return {
        "title": one.measure.title,
        "median": round(one.middle, 4) if one.values else None,
        "values": [round(value, 4) for value in one.values],
        "floor": one.measure.floor,
        "aim": one.measure.aim,
        "best": one.measure.best,
        "unit": one.measure.unit,
        "verdict": one.verdict,
    }


def _rounded(figures: Figures) -> dict[str, float]:
    return {name: round(value, 4) for name, value in figures.items()}
