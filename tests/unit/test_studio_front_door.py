"""The front door of the studio opens on what it names, and loads nothing before it is asked."""

import subprocess
import sys

import reelbot.studio


def test_every_name_of_the_front_door_is_there() -> None:
    assert set(reelbot.studio.__all__) == set(reelbot.studio._PLACES)
    for name in reelbot.studio.__all__:
        assert getattr(reelbot.studio, name) is not None


def test_the_process_that_looks_at_an_upload_loads_neither_the_ledger_nor_the_web() -> None:
    code = "import sys; import reelbot.render.probe_process; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in loaded if name.startswith(("reelbot.allowance", "reelbot.web", "httpx", "psycopg"))]
