"""Traces the walk "generate script": the request over HTTP, the job, its settlement, and the draft with the text in it.

`python -m tests.house_walk` prints what `tests/house.py` reads, as JSON: the files, the functions and the calls from one
room into another that one run passes. The site is the one of the tests, on SQLite, with the embedded writer. Opening the
site and the draft is not traced, and what every request passes is not counted: who asks and how often, in `web` and
`accounts`.
"""

import asyncio
import json
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from tests.support.clock import FakeClock
from tests.support.sites import standing

from reelbot.clock import instant_from

PASSED_BY_ALL = ("web", "accounts")
"""The rooms that a request of any kind goes through before the studio has it."""

SOURCES = Path(__file__).parents[1] / "src" / "reelbot"


class Walk:
    """What is called while it is `on`, in every thread that begins after it was `watched`.

    A call is counted with whoever called it, through the libraries between them; the first of our calls in a thread or a
    task has no caller. Comprehensions, lambdas and class bodies are no functions here.
    """

    def __init__(self) -> None:
        self.on = False
        self.functions: set[tuple[str, str]] = set()
        self.changes: set[tuple[tuple[str, str], tuple[str, str]]] = set()

    @property
    def files(self) -> set[str]:
        """The files of those functions."""
        return {file for file, _ in self.functions}

    @contextmanager
    def watched(self) -> Iterator[None]:
        """See every call until the block ends."""
        threading.setprofile(self._called)
        sys.setprofile(self._called)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def _called(self, frame: FrameType, event: str, _: Any) -> None:
        callee = _place(frame) if self.on and event == "call" else None
        if callee is None:
            return
        self.functions.add(callee)
        caller = _caller(frame)
        if caller is not None and room_of(caller[0]) != room_of(callee[0]):
            self.changes.add((caller, callee))


def _place(frame: FrameType) -> tuple[str, str] | None:
    """The file below `SOURCES` and the function of a frame; None for those that don't count."""
    code = frame.f_code
    if not code.co_filename.startswith(str(SOURCES)) or code.co_name.startswith("<"):
        return None
    file = Path(code.co_filename).relative_to(SOURCES).as_posix()
    return None if room_of(file) in PASSED_BY_ALL else (file, code.co_qualname)


def _caller(frame: FrameType) -> tuple[str, str] | None:
    above = frame.f_back
    while above is not None:
        place = _place(above)
        if place is not None:
            return place
        above = above.f_back
    return None


def room_of(file: str) -> str:
    """The room of a file: the folder below `SOURCES`, or the file itself where it belongs to none."""
    return file.split("/", 1)[0]


async def walked(folder: Path) -> Walk:
    """One script, generated over HTTP by a member with a key."""
    walk = Walk()
    address, clock = f"sqlite:///{folder}/house.db", FakeClock(instant_from("2026-03-10T08:00:00Z"))
    with walk.watched():
        async with standing(address, clock) as stand:
            studio = stand.site.studio
            assert studio is not None
            draft = (await stand.post("/drafts", {"flow": "narrated", "topic": "why cats purr"})).json()["id"]
            walk.on = True
            begun = await stand.post(f"/drafts/{draft}/generations", {"step": "script"})
            await studio.worker.run_all()
            walk.on = False
            job = (await stand.get(f"/jobs/{begun.json()['job']}")).json()
            assert job["state"] == "succeeded", job
    return walk


def main() -> None:
    """Print the walk's figures and what they count."""
    with tempfile.TemporaryDirectory(prefix="reelbot-house-") as folder:
        walk = asyncio.run(walked(Path(folder)))
    told = {
        "files": sorted(walk.files),
        "functions": sorted(f"{file}:{name}" for file, name in walk.functions),
        "changes of room": sorted(f"{a}:{b} -> {c}:{d}" for (a, b), (c, d) in walk.changes),
    }
    sys.stdout.write(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
