"""What importing the ledger costs a program: a process that does, less one that imports nothing, by processor time.

Processor time, because it is the work that there is to do; how long it takes on the clock depends on who else is at work.
`typing_extensions` is kept out: msgspec imports it where it is installed, and with the ledger alone it is not.
"""

import resource
import subprocess
import sys
from statistics import median

from bench.scenario import Case, Found, Measure, Place, Scenario

STARTS = 20
"""Processes of each kind: enough for a median that one busy moment does not move."""

_ALONE = "import sys; sys.modules['typing_extensions'] = None"
_PYTHON = f"{_ALONE}; import asyncio, sqlite3"
_LEDGER = f"{_ALONE}; import reelbot.allowance"


def _milliseconds(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1_000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _imported(place: Place) -> Found:
    """In turn, so that what slows the machine slows all three."""
    starts = [(_milliseconds(_ALONE), _milliseconds(_PYTHON), _milliseconds(_LEDGER)) for _ in range(STARTS)]
    nothing, python, ledger = (median(column) for column in zip(*starts, strict=True))
    return Found({"import_ms": ledger - nothing, "python_ms": python - nothing})


SCENARIO = Scenario(
    title="Importing the ledger",
    cases=(Case("ledger", _imported),),
    measures=(
        Measure("import reelbot.allowance", ("ledger", "import_ms"), floor=150, best="low", unit="ms"),
        Measure("of it Python's own asyncio and sqlite3", ("ledger", "python_ms"), best="low", unit="ms"),
    ),
)
