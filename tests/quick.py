"""Which tests `make quick` and `make matrix` run, in one list: those that need no server, no browser and no long time.

`python -m tests.quick` prints them.
"""

import sys

QUICK = (
    "tests/test_clock.py", "tests/test_config.py", "tests/test_ids.py", "tests/test_extras.py", "tests/test_workflow.py",
    "tests/accounts/core", "tests/allowance/core", "tests/allowance/test_batch.py", "tests/allowance/test_catalogue.py",
    "tests/allowance/test_quotes.py", "tests/events/core", "tests/webhooks/core", "tests/studio/core",
    "tests/studio/planning", "tests/studio/test_front_door.py", "tests/db/test_statements.py",
    "tests/web/test_connections.py", "tests/web/test_fair_queue.py", "tests/web/test_forwarding.py",
    "tests/web/test_shares.py", "tests/web/test_token_buckets.py",
)  # fmt: skip
"""Cores, tables of decisions, bounds, settings: what most changes break first."""

LIBRARIES = ("tests/providers", "tests/render/test_probe.py")
"""What touches most libraries for its time: decoding, uploads, providers, what is made without any."""

if __name__ == "__main__":
    sys.stdout.write(" ".join(QUICK) + "\n")
