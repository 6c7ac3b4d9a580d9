"""`python -m bench`: run every scenario, print one table, write `bench/results.json`.

`--only NAME` runs the scenarios whose name begins so, `--rounds N` changes how often each case is run, `--full` takes
real sizes where the usual run takes what fits into ten minutes.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from rich.console import Console

from bench.case import FOUND, PREPARATION, found_from, place_text, scenario_named
from bench.peers import missing_peers
from bench.postgres import running_server
from bench.probe import machine_at
from bench.report import Result, document, machine_lines, print_results
from bench.rounds import measured, run_rounds
from bench.scenario import Case, Found, Place, Scenario
from bench.scenarios import NAMES

RESULTS = Path(__file__).with_name("results.json")

CASE_SECONDS_MAX = 600
"""Of one case in the usual run, before it counts as hanging: most take a few seconds, on a quiet machine none a minute."""

CASE_SECONDS_MAX_FULL = 7_200

_COLUMNS = 150


class Options(NamedTuple):
    """What the command line asks for."""

    only: str
    rounds: int | None
    is_full: bool


class _CaseFailed(Exception):
    """A case ended without a result."""


def main() -> int:
    """Run what is asked; 1 when a measure was rejected or a case failed, 0 otherwise."""
    options, began = _options(), monotonic()
    console = Console(width=None if sys.stdout.isatty() else _COLUMNS)
    with tempfile.TemporaryDirectory(prefix="reelbot-bench-") as folder:
        machine = machine_at(Path(folder))
        for line in machine_lines(machine):
            console.print(line)
        missing = missing_peers()
        for name, what in missing.items():
            console.print(f"Missing peer: {name} ({what}); nothing is said about it.")
        results = [_result(name, options, Path(folder)) for name in _chosen(options.only)]
    print_results(console, results)
    RESULTS.write_text(json.dumps(document(machine, options.is_full, results, missing), indent=1) + "\n")
    _tell(f"all of it took {monotonic() - began:.0f} s, of processors {_cpu_seconds():.0f} s")
    violations = sum(len(result.faults) for result in results)
    console.print(f"Violations found by the audits behind all cases: {violations}")
    return int(any(result.failure or result.faults for result in results))


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the ledger and its API.")
    parser.add_argument("--only", default="", metavar="NAME", help=f"scenarios that begin so: {', '.join(NAMES)}")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often each case is run")
    parser.add_argument("--full", action="store_true", help="real sizes instead of what fits into ten minutes")
    given = parser.parse_args()
    if given.rounds is not None and given.rounds < 1:
        parser.error("--rounds must be at least 1")
    if not _chosen(given.only):
        parser.error(f"no scenario begins with {given.only}; there are {', '.join(NAMES)}")
    return Options(given.only, given.rounds, given.full)


def _chosen(only: str) -> list[str]:
    return [name for name in NAMES if name.startswith(only)]


def _result(name: str, options: Options, folder: Path) -> Result:
    """Run one scenario; a failure is told in its result, and the others go on."""
    scenario, began = scenario_named(name), monotonic()
    try:
        rounds = _rounds(name, scenario, options, folder)
    except _CaseFailed as failure:
        return Result(name, scenario.title, (), (), monotonic() - began, str(failure))
    found = [measured(measure, rounds) for measure in scenario.measures]
    seconds = monotonic() - began
    _tell(f"{name} took {seconds:.0f} s")
    return Result(name, scenario.title, rounds, found, seconds)


def _rounds(name: str, scenario: Scenario, options: Options, folder: Path) -> Sequence[dict[str, Found]]:
    shared = folder / "shared"
    shared.mkdir(exist_ok=True)
    with running_server() if scenario.needs_postgres else nullcontext("") as server:

        def run(case: Case, turn: int) -> Found:
            with _place(folder, Place(folder, shared, server, options.is_full, turn)) as place:
                _run_apart(name, case.name, place)
                return found_from((place.directory / FOUND).read_text())

        if scenario.prepare is not None:
            with _place(folder, Place(folder, shared, server, options.is_full, 0)) as place:
                _run_apart(name, PREPARATION, place)
        return run_rounds(scenario.cases, options.rounds or scenario.rounds, run)


@contextmanager
def _place(folder: Path, place: Place) -> Iterator[Place]:
    """The place with an empty directory of its own."""
    with tempfile.TemporaryDirectory(dir=folder) as directory:
        yield place._replace(directory=Path(directory))


def _run_apart(scenario: str, case: str, place: Place) -> None:
    """Run a case in a process of its own, so that no case inherits another's memory or caches."""
    what = "preparing" if case == PREPARATION else f"round {place.turn + 1}, {case}"
    began, cpu_began = monotonic(), _cpu_seconds()
    command = [sys.executable, "-m", "bench.case", scenario, case, place_text(place)]
    seconds = CASE_SECONDS_MAX_FULL if place.is_full else CASE_SECONDS_MAX
    try:
        subprocess.run(command, check=True, timeout=seconds, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        _tell(error.stderr)
        raise _CaseFailed(f"{case} failed: {error.stderr.strip().splitlines()[-1:]}") from error
    except subprocess.TimeoutExpired as error:
        raise _CaseFailed(f"{case} took more than {seconds} s") from error
    _tell(f"{scenario}: {what}: {monotonic() - began:.1f} s, of processors {_cpu_seconds() - cpu_began:.1f} s")


def _cpu_seconds() -> float:
    """Of all processes that have been started and have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _tell(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
