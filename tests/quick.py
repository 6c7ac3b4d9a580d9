"""Which tests `make quick` and `make matrix` run, in one list: those that need no server, no browser and no long time.

`python -m tests.quick` prints them.
"""

import sys

QUICK = (
    "tests/unit", "tests/tables", "tests/examples/test_example_flask.py", "tests/acceptance/test_the_ledger_alone.py",
)  # fmt: skip
"""Cores, tables of decisions, bounds, settings: what most changes break first."""

LIBRARIES = (
    "tests/studio_providers", "tests/studio_embedded", "tests/studio_render/test_render_probe.py",
)  # fmt: skip
"""What touches most libraries for its time: decoding, uploads, providers, what is made without any."""

if __name__ == "__main__":
    sys.stdout.write(" ".join(QUICK) + "\n")
