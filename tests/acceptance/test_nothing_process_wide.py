"""The process belongs to whoever embeds the ledger or the studio: nothing that counts for all of it is switched by them.

What speed, limits or signals need of that kind is set by the programs: `reelbot serve`, and the children in their sandbox.
"""

import ast
import gc
import logging
import os
import random
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.acceptance.host_process import USES, Watch

import reelbot

PACKAGE = Path(reelbot.__file__).parent


@pytest.mark.parametrize("use", USES)
def test_whoever_embeds_it_finds_the_process_as_it_was_at_every_moment(use: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.acceptance.host_process", use, str(tmp_path)]
    done = subprocess.run(command, cwd=PACKAGE.parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *changed, looked = done.stdout.splitlines()
    assert changed == []
    assert int(looked.split()[1]) > 20, "it has to be looked at while the work is done"


def _restored(switch: Callable[[], object], back: Callable[[], object]) -> Callable[[], Iterator[None]]:
    def both() -> Iterator[None]:
        switch()
        yield
        back()

    return both


SWITCHES: dict[str, Callable[[], Iterator[None]]] = {
    "garbage collector": _restored(gc.disable, gc.enable),
    "switch interval": _restored(lambda: sys.setswitchinterval(0.25), lambda: sys.setswitchinterval(0.005)),
    "environment": _restored(
        lambda: os.environ.update(REELBOT_SWITCHED="1"), lambda: os.environ.pop("REELBOT_SWITCHED")
    ),
    "signal handlers": _restored(
        lambda: signal.signal(signal.SIGUSR1, signal.SIG_IGN), lambda: signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    ),
    "warnings": _restored(lambda: warnings.simplefilter("ignore"), lambda: warnings.filters.pop(0)),  # type: ignore[attr-defined]
    "logging": _restored(lambda: logging.disable(logging.INFO), lambda: logging.disable(logging.NOTSET)),
    "chance": _restored(random.random, lambda: None),
}


@pytest.mark.parametrize("thing", SWITCHES)
def test_the_watch_sees_what_is_switched_and_put_back(thing: str) -> None:
    watch = Watch()
    for _ in SWITCHES[thing]():
        watch.look()
    assert set(watch.changed) == {thing}


PROGRAMS = ("cli",)
"""Folders of the package whose code runs in a process of its own only."""


def _foreign_writes(path: Path) -> list[str]:
    """Where a file assigns to, or deletes from, a module of somebody else: `os.environ["A"] = …`, `Image.MAX_PIXELS = …`."""
    tree = ast.parse(path.read_text())
    foreign = {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if not (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reelbot"))
    }
    written = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del)
    )
    return [f"{path.name}:{node.lineno}" for node in written if _root(node) in foreign]


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def test_no_library_code_writes_to_a_module_of_somebody_else() -> None:
    files = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in PROGRAMS]
    assert len(files) > 100
    assert [found for path in files for found in _foreign_writes(path)] == []


def test_such_a_write_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "sly.py").write_text(
        "import os\nfrom PIL import Image\nfrom reelbot import limits\n"
        "os.environ['A'] = '1'\nImage.MAX_IMAGE_PIXELS = None\ndel os.environ['A']\nlimits.LANES_MAX = 1\n"
        "a = {}\na['b'] = os.environ['C']\n"
    )
    assert _foreign_writes(tmp_path / "sly.py") == ["sly.py:4", "sly.py:5", "sly.py:6"]
