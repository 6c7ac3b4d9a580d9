"""How long a program waits for the ledger to be imported: a process that does, less one that imports nothing."""

import subprocess
import sys
import time
from statistics import median

from bench.scenario import Case, Found, Measure, Place, Scenario

STARTS = 20
"""Processes a case: enough for a median that one busy moment does not move."""

_NOTHING = "pass"
_PYTHON = "import asyncio, sqlite3"
_LEDGER = "import reelbot.allowance"


def _milliseconds(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return 1_000 * (time.perf_counter() - began)


def _waited(place: Place) -> Found:
    """In turn, so that what slows the machine slows all three."""
    starts = [(_milliseconds(_NOTHING), _milliseconds(_PYTHON), _milliseconds(_LEDGER)) for _ in range(STARTS)]
    nothing, python, ledger = (median(column) for column in zip(*starts, strict=True))
    figures = {"import_ms": ledger - nothing, "python_ms": python - nothing}
    return Found(figures)


SCENARIO = Scenario(
    title="Importing the ledger",
    cases=(Case("ledger", _waited),),
    measures=(
        Measure("import reelbot.allowance", ("ledger", "import_ms"), floor=150, best="low", unit="ms"),
        Measure("of it Python's own asyncio and sqlite3", ("ledger", "python_ms"), best="low", unit="ms"),
    ),
)
