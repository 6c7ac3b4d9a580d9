"""Makes the reference of the Python interface from docstrings: `make docs`, into build/docs.

The generator shows a constant or a type that a room hands on without the sentence that stands below it where it is
defined; that is looked up here.
"""

import ast
import sys
import warnings
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pdoc
from pdoc import doc, render

ROOT = Path(__file__).parents[1]
INTO = ROOT / "build" / "docs"

FRONT_DOORS = (
    "reelbot.allowance", "reelbot.accounts", "reelbot.db", "reelbot.events", "reelbot.publish", "reelbot.queue",
    "reelbot.records", "reelbot.render", "reelbot.studio", "reelbot.subscriptions", "reelbot.web", "reelbot.webhooks",
)  # fmt: skip
"""The rooms that are entered by their names: what a program outside may import."""


def documented(name: str) -> doc.Module:
    """A room as its front door shows it, every name with its docstring where there is one."""
    room = import_module(name)
    for public in room.__all__:
        vars(room).setdefault(public, getattr(room, public))  # of a door that imports when it is asked
    shown = doc.Module(room)
    origins = _origins(room)
    for public in room.__all__:
        member = shown.get(public)
        assert member is not None, f"{name}.{public} is not shown"
        if public in origins and isinstance(member, doc.Variable):
            member.docstring = _sentence(*origins[public])
    return shown


def _origins(room: ModuleType) -> dict[str, tuple[str, str]]:
    """Where each name of a front door comes from: module, and its name there."""
    tree = ast.parse(Path(str(room.__file__)).read_text(encoding="utf-8"))
    return {
        alias.asname or alias.name: (found.module, alias.name)
        for found in ast.walk(tree)
        if isinstance(found, ast.ImportFrom) and found.module
        for alias in found.names
    }


def _sentence(module: str, name: str) -> str:
    there = doc.Module(import_module(module))
    found = there.get(name)
    if found is not None and found.docstring:
        return found.docstring
    further = _origins(there.obj)
    return _sentence(*further[name]) if name in further else ""


def made(into: Path) -> list[Path]:
    """Write a page for each room, and the index; a warning of the generator is an error. Tells what was written."""
    render.configure(docformat="markdown", show_source=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rooms = {name: documented(name) for name in FRONT_DOORS}
        pages = {f"{name.replace('.', '/')}.html": render.html_module(room, rooms) for name, room in rooms.items()}
        pages |= {"index.html": render.html_index(rooms), "search.js": render.search_index(rooms)}
    for name, text in pages.items():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        (into / name).write_text(text, encoding="utf-8")
    return [into / name for name in pages]


if __name__ == "__main__":
    made(INTO)
    sys.stdout.write(f"{INTO / 'index.html'} (made by pdoc {pdoc.__version__})\n")
