"""Counts the house: how large the rooms are, how far one walk goes through them, what stands twice. `make house` prints it.

What is counted from the files needs nothing but Python. The walk, the size of what is installed and the import contracts
need the environment of `make check`; without it they say so. Two rows are measured and one is tried by whoever wants them:
the table says how.
"""

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "src" / "reelbot"

ACTION = "music"
"""The AI action whose places are counted: what names it is what an action like it has to touch."""

NOT_COUNTED = "not counted: needs `make check`"

_HEADING = re.compile(r"^--\s*name:\s*(\w+)", re.MULTILINE)
_FORM = re.compile(r"^--\s*(?:sqlite|postgres):", re.MULTILINE)
_EXTRA = re.compile(r";.*\bextra\b")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


class Row(NamedTuple):
    """One measure: its value today, the floor that it is to reach, and what counts it."""

    measure: str
    value: str
    floor: str
    counted_by: str = "make house"


def _parsed(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted(folder.rglob("*.py")):
        yield file, ast.parse(file.read_text(encoding="utf-8"))


def doubled_classes(folder: Path = SOURCES) -> dict[str, list[str]]:
    """Names that more than one class has, each with the files that have it; a class within a function counts too."""
    found: dict[str, list[str]] = defaultdict(list)
    for file, tree in _parsed(folder):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(file.relative_to(folder).as_posix())
    return {name: files for name, files in sorted(found.items()) if len(files) > 1}


def front_door(file: Path) -> list[str]:
    """The names of `__all__`, as the file lists them."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]:
            return [str(name) for name in ast.literal_eval(node.value)]
    raise ValueError(f"{file} has no __all__")


def modules_in(folder: Path) -> list[str]:
    """The Python files of a folder itself, not of those in it."""
    return sorted(file.name for file in folder.glob("*.py"))


def places_of(action: str, folder: Path = SOURCES) -> dict[str, int]:
    """The files that name an AI action, and how often: as a string, as its work, as its row in a table of data."""
    found: Counter[str] = Counter()
    for file, tree in _parsed(folder):
        found[file.relative_to(folder).as_posix()] = sum(_names(node, action) for node in ast.walk(tree))
    for file in (*folder.rglob("*.html"), *folder.rglob("*.js")):
        text = file.read_text(encoding="utf-8")
        found[file.relative_to(folder).as_posix()] = len(re.findall(rf"""["']{action}["']""", text))
    for file in (folder / "data").glob("*.toml"):
        text = file.read_text(encoding="utf-8")
        found[file.relative_to(folder).as_posix()] = len(re.findall(rf"(?m)^\[(?:\w+\.)*{action}\]", text))
    return {file: number for file, number in sorted(found.items()) if number}


def _names(node: ast.AST, action: str) -> bool:
    return (isinstance(node, ast.Constant) and node.value == action) or (
        isinstance(node, ast.Name) and node.id == f"{action.title()}Work"
    )


def statements(folder: Path = SOURCES) -> dict[tuple[str, str], int]:
    """Every named SQL statement, by its file and name, with the number of its forms: two where the databases differ."""
    found: dict[tuple[str, str], int] = {}
    for file in sorted(folder.rglob("statements.sql")):
        _, *parts = _HEADING.split(file.read_text(encoding="utf-8"))
        for name, text in zip(parts[::2], parts[1::2], strict=True):
            found[file.relative_to(folder).as_posix(), name] = max(1, len(_FORM.findall(text)))
    return found


def lines_by_room(folder: Path = SOURCES) -> dict[str, int]:
    """Lines of Python of each folder, and together those of the files that belong to none, as "."."""
    found: Counter[str] = Counter()
    for file in folder.rglob("*.py"):
        parts = file.relative_to(folder).parts
        found[parts[0] if len(parts) > 1 else "."] += len(file.read_text(encoding="utf-8").splitlines())
    return dict(found.most_common())


def required(name: str) -> Iterator[str]:
    """The distributions that one needs without extras, itself among them; one with a condition if it is installed."""
    yield name
    for text in importlib.metadata.requires(name) or []:
        needed = _NAME.match(text)
        if needed is not None and not _EXTRA.search(text) and _is_installed(needed.group()):
            yield from required(needed.group())


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def installed_bytes() -> int | None:
    """What the ledger alone takes on the disk, without bytecode; None where it isn't installed."""
    if not _is_installed("reelbot"):
        return None
    libraries = {name.lower().replace("_", "-"): name for name in required("reelbot")}
    del libraries["reelbot"]
    files = [Path(str(file.locate())) for name in libraries.values() for file in importlib.metadata.files(name) or ()]
    return sum(file.stat().st_size for file in (*files, *SOURCES.rglob("*")) if _is_shipped(file))


def _is_shipped(file: Path) -> bool:
    return file.suffix != ".pyc" and file.is_file()


def _walk() -> list[Row]:
    walk = None
    if _is_installed("reelbot"):
        walked = [sys.executable, "-m", "tests.house_walk"]
        walk = json.loads(subprocess.run(walked, cwd=ROOT, stdout=subprocess.PIPE, timeout=300, check=True).stdout)
    floors = {"files": "35", "functions": "130", "changes of room": "30"}
    return [
        Row(f'"generate script": {what}', NOT_COUNTED if walk is None else str(len(walk[what])), floor)
        for what, floor in floors.items()
    ]


def _contracts() -> Row:
    value = NOT_COUNTED
    if _is_installed("import-linter"):
        program = Path(sys.executable).with_name("lint-imports")
        # Its exit status is 1 where a contract is broken; its last line counts them.
        done = subprocess.run(
            [program, "--no-logo"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
        )
        counted = re.search(r"(\d+) kept, (\d+) broken", done.stdout)
        assert counted is not None, done.stdout + done.stderr
        value = f"{counted[2]} of {int(counted[1]) + int(counted[2])}"
    return Row("import contracts broken: imports that go up, circles", value, "0", "make check")


def rows() -> list[Row]:
    """The whole table."""
    sql, places, size = statements(), places_of(ACTION), installed_bytes()
    return [
        Row("class names that stand twice", str(len(doubled_classes())), "0"),
        _contracts(),
        Row("modules in studio/ itself", str(len(modules_in(SOURCES / "studio"))), "7"),
        Row("names of its front door", str(len(front_door(SOURCES / "studio" / "__init__.py"))), "42"),
        Row(f"SQL statements with two forms, of {len(sql)}", str(sum(forms > 1 for forms in sql.values())), "25"),
        *_walk(),
        Row(f'places (files) that name the AI action "{ACTION}"', f"{sum(places.values())} ({len(places)})", "6 (6)"),
        Row("the ledger alone, installed", NOT_COUNTED if size is None else f"{size / 1e6:.1f} MB", "40 MB"),
        Row("omissions of a new action that the type checker names", "by trial", "4", "make check, a part left out"),
        Row("make test, wall", "measured", "9 min", "time make test"),
        Row("make quick, wall", "measured", "60 s", "time make quick"),
    ]


def table(lines: Iterable[Sequence[str]]) -> str:
    """Lines of cells under each other, in columns."""
    cells = [list(line) for line in lines]
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells)
    return "\n".join(padded) + "\n"


def told(doubled: Mapping[str, Sequence[str]]) -> str:
    """All that is printed: the measures, the names that stand twice, the rooms."""
    twice = "".join(f"  {name}: {', '.join(files)}\n" for name, files in doubled.items())
    return "\n".join(
        (
            table([("measure", "value", "floor", "counted by"), *rows()]),
            f"Class names that stand twice:\n{twice}" if twice else "Every class name stands once.\n",
            table([("room", "lines"), *((room, str(lines)) for room, lines in lines_by_room().items())]),
        )
    )


if __name__ == "__main__":
    sys.stdout.write(told(doubled_classes()))
