"""The blocks of code in the guides, and how they are run: in order, each guide in a folder of its own, as a reader would.

A block is run unless the line before it says why not: `<!-- not run: the reason -->`. One that goes on for ever is ended
when it has printed something: `<!-- run until: what it prints -->`. Only what a reader has to put in is put in: the address
of the server, the key, and ids, which in a guide are examples and stand for what the server answered last.
"""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

ROOT = Path(__file__).parents[1]

ADDRESS = "http://127.0.0.1:8080"
"""Where a server is in the guides."""

_FENCE = re.compile(r"^ *```(\w*) *$")
_MARK = re.compile(r"^ *<!-- (not run|run until): (.+) -->$")
_ID = re.compile(r"\b(webhook|hold)_0-1-[0-9a-z…]+")

RUNNER = """
import ast, asyncio, inspect, sys
text = open(sys.argv[1], encoding="utf-8").read()
done = eval(compile(text, sys.argv[1], "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), {"__name__": "__main__"})
if inspect.iscoroutine(done):
    asyncio.run(done)
"""
"""Runs a file that may await at its top, as the examples of an asynchronous library do."""

SHELL = """
set -eu -o pipefail
curl() {
    case " $* " in *" -N "*) command curl --fail-with-body -sS --max-time 3 "$@" || [ $? = 28 ];;
        *) command curl --fail-with-body -sS --max-time 60 "$@";; esac
}
"""
"""A reader's shell, but for its strictness: the first command that fails ends it, and so does an answer of 400 or more."""


class Block(NamedTuple):
    """One block of a guide, with the number of its first line."""

    guide: str
    line: int
    language: str
    text: str
    reason: str | None
    until: str | None

    @property
    def place(self) -> str:
        return f"{self.guide}:{self.line}"


def guides() -> list[str]:
    """Every document with blocks of code."""
    found = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
    for folder in ("docs", "src", "bench"):
        found += sorted((ROOT / folder).rglob("*.md"))
    return [str(path.relative_to(ROOT)) for path in found if any(_blocks_of(path))]


def blocks(guide: str) -> list[Block]:
    """The blocks of a guide, in order. Those without a language, or in Mermaid's, are drawings."""
    return [block for block in _blocks_of(ROOT / guide) if block.language not in ("", "mermaid")]


def _blocks_of(path: Path) -> Iterator[Block]:
    lines = path.read_text(encoding="utf-8").splitlines()
    opened: tuple[int, str] | None = None
    for at, line in enumerate(lines):
        fence = _FENCE.match(line)
        if fence is None:
            continue
        if opened is None:
            opened = (at, fence[1])
            continue
        first, language = opened
        opened = None
        mark = _MARK.match(lines[first - 1]) if first else None
        said = {mark[1]: mark[2]} if mark else {}
        text = dedent("\n".join(lines[first + 1 : at])) + "\n"
        guide = str(path.relative_to(ROOT))
        yield Block(guide, first + 2, language, text, said.get("not run"), said.get("run until"))


def read(block: Block) -> None:
    """Raise what a reader's program would: for a block that is not run as much as for one that is."""
    match block.language:
        case "python":
            compile(block.text, block.place, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        case "toml":
            tomllib.loads(block.text)
        case "json":
            json.loads(block.text)
        case "sh" | "ini" | "nginx" | "caddy":
            pass
        case other:
            raise AssertionError(f"{block.place} is in {other}, which nobody reads here")


def filled_in(text: str, url: str, key: str, last: dict[str, str]) -> str:
    """A block with what a reader has to put in."""
    text = text.replace(ADDRESS, url).replace("rb_…", key).replace("postgresql://…", "sqlite:///allowance.db")
    return _ID.sub(lambda found: last.get(found[1], found[0]), text)


def ids_in(printed: str) -> dict[str, str]:
    """The last id of each kind that was printed."""
    return {found[1]: found[0] for found in re.finditer(r"\b(webhook|hold)_0-1-[0-9a-z]+", printed)}


def commands_of(text: str) -> list[str]:
    """The commands of a shell block, one by one: a function, and a line that goes on on the next, is one."""
    found: list[str] = []
    unfinished = ""
    for line in text.splitlines(keepends=True):
        unfinished += line
        if line.rstrip().endswith("\\") or unfinished.count("'") % 2 or unfinished.count("{") > unfinished.count("}"):
            continue
        found.append(unfinished)
        unfinished = ""
    return [command for command in [*found, unfinished] if command.strip() and not command.lstrip().startswith("#")]
