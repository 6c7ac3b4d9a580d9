"""The front door of the studio opens on what it names, and the programs beside the studio load nothing of it."""

import subprocess
import sys
from types import ModuleType

import pytest

import reelbot.studio


def test_the_front_door_opens_on_what_it_names_and_on_nothing_else() -> None:
    shown = {
        name
        for name, one in vars(reelbot.studio).items()
        if not name.startswith("_") and not isinstance(one, ModuleType)
    }
    assert shown == set(reelbot.studio.__all__)


@pytest.mark.parametrize("program", ["probe_process", "painter"])
def test_a_program_of_rendering_loads_neither_the_studio_nor_the_ledger_nor_the_web(program: str) -> None:
    code = f"import sys; import reelbot.render.{program}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    others = ("reelbot.studio", "reelbot.providers", "reelbot.allowance", "reelbot.web", "httpx", "psycopg")
    assert "reelbot.render" in loaded
    assert not [name for name in loaded if name.startswith(others)]
