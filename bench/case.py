"""Runs one case, or the preparation of a scenario, in a process of its own: `python -m bench.case SCENARIO CASE PLACE`.

Called by `bench.__main__`. What was found is written to `found.json` in the case's directory.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.scenario import Found, Place, Scenario

FOUND = "found.json"

PREPARATION = "-"
"""Stands for the name of a case when the scenario's ground is to be prepared."""


def scenario_named(name: str) -> Scenario:
    """The scenario in the file of that name."""
    scenario: Scenario = import_module(f"bench.scenarios.{name}").SCENARIO
    return scenario


def place_text(place: Place) -> str:
    """A place for the command line of the other process."""
    return json.dumps([str(place.directory), str(place.shared), *place[2:]])


def place_from(text: str) -> Place:
    """The place that a command line names."""
    directory, shared, *rest = json.loads(text)
    return Place(Path(directory), Path(shared), *rest)


def found_text(found: Found) -> str:
    """What was found, for the process that asked."""
    return json.dumps(found._replace(figures=dict(found.figures), parts=dict(found.parts))._asdict())


def found_from(text: str) -> Found:
    """What another process found."""
    told: dict[str, Any] = json.loads(text)
    return Found(told["figures"], tuple(told["faults"]), told["parts"], tuple(told["notes"]))


def main(scenario_name: str, case_name: str, place_said: str) -> None:
    """Run what the command line names."""
    scenario, place = scenario_named(scenario_name), place_from(place_said)
    if case_name == PREPARATION:
        assert scenario.prepare is not None, "there is nothing to prepare"
        scenario.prepare(place)
        return
    case = next(case for case in scenario.cases if case.name == case_name)
    (place.directory / FOUND).write_text(found_text(case.run(place)))


if __name__ == "__main__":
    main(*sys.argv[1:])
