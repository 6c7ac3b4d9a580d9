"""A host program: notes the state of its process, uses the ledger or the studio in itself, and tells what became other.

    python -m tests.acceptance.host_process ledger|studio FOLDER

It looks before it imports ReelBot, at every turn of the event loop meanwhile, inside a rider, and in the end: a switch that
is put back afterwards was a switch all the same. Prints a line for each thing that was changed, and how often it looked.
"""

import asyncio
import decimal
import faulthandler
import gc
import importlib
import locale
import logging
import mimetypes
import multiprocessing
import os
import pkgutil
import random
import resource
import signal
import socket
import sys
import threading
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

State = dict[str, object]

OTHERS = (
    "av",
    "cv2",
    "httpx",
    "jinja2",
    "numpy",
    "PIL.Image",
    "prometheus_client",
    "psycopg",
    "starlette.applications",
)
"""Libraries that the studio and the server stand on: what they switch when they are imported is theirs to explain."""

COMMAND_LINE = "reelbot.cli"
"""A program of its own: what it switches is its own process."""


def state() -> State:
    """All that a library could switch for everybody in its process."""
    limits = {name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")}
    mask = os.umask(0o077)
    os.umask(mask)
    root = logging.getLogger()
    found: State = {
        "garbage collector": (
            gc.isenabled(),
            gc.get_threshold(),
            gc.get_freeze_count(),
            gc.get_debug(),
            len(gc.callbacks),
        ),
        "switch interval": sys.getswitchinterval(),
        "recursion limit": sys.getrecursionlimit(),
        "tracing": (sys.gettrace(), sys.getprofile(), tracemalloc.is_tracing(), faulthandler.is_enabled()),
        "signal handlers": {one: signal.getsignal(one) for one in signal.valid_signals()},
        "timer": signal.getitimer(signal.ITIMER_REAL)[0] > 0,
        "locale": locale.setlocale(locale.LC_ALL),
        "umask": mask,
        "working directory": os.getcwd(),  # noqa: PTH109  as the process has it
        "environment": dict(os.environ),
        "warnings": (list(warnings.filters), warnings.showwarning),
        "logging": (
            root.level,
            list(root.handlers),
            root.manager.disable,
            logging.getLoggerClass(),
            logging.raiseExceptions,
        ),
        "hooks": (sys.excepthook, sys.unraisablehook, sys.displayhook, threading.excepthook),
        "streams": (
            sys.stdout,
            sys.stderr,
            sys.stdin,
            getattr(sys.stdout, "errors", None),
            getattr(sys.stderr, "errors", None),
        ),
        "imports": (list(sys.path), list(sys.meta_path), list(sys.path_hooks), sys.dont_write_bytecode),
        "socket time-out": socket.getdefaulttimeout(),
        "stack size of threads": threading.stack_size(),
        "start of processes": multiprocessing.get_start_method(allow_none=True),
        "event loop policy": type(asyncio.get_event_loop_policy()),
        "priority": os.getpriority(os.PRIO_PROCESS, 0),
        "process group": os.getpgid(0),
        "chance": hash(random.getstate()),
        "decimal context": repr(decimal.getcontext()),
        "media types": (len(mimetypes.types_map), mimetypes.types_map.get(".mp4")),
        **limits,
    }
    if "numpy" in sys.modules:
        found["numpy's errors"] = sys.modules["numpy"].geterr()
        found["numpy's chance"] = repr(sys.modules["numpy"].random.get_state())
    if "cv2" in sys.modules:
        found["OpenCV's threads"] = sys.modules["cv2"].getNumThreads()
    if "PIL.Image" in sys.modules:
        found["largest picture"] = sys.modules["PIL.Image"].MAX_IMAGE_PIXELS
    return found


class Watch:
    """Compares again and again with how it was in the beginning."""

    def __init__(self) -> None:
        self.before = state()
        self.changed: dict[str, tuple[object, object]] = {}
        self.looks = 0

    def look(self) -> None:
        """Note whatever is other now."""
        self.looks += 1
        now = state()
        for name, before in self.before.items():
            if now[name] != before:
                self.changed.setdefault(name, (before, now[name]))

    @contextmanager
    def at_every_turn(self) -> Iterator[None]:
        """Look at every turn of the running event loop."""
        task = asyncio.create_task(self._turns())
        try:
            yield
        finally:
            task.cancel()

    async def _turns(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(0)


async def ledger(folder: Path) -> Watch:
    """The five lines of the README, a rider, a refusal, many commands at once, and the audit."""
    watch = Watch()
    from reelbot.allowance import Ledger, Refused

    async def ride(connection: Any, answer: Any) -> None:
        watch.look()

    async with Ledger.open(f"sqlite:///{folder}/allowance.db") as opened:
        with watch.at_every_turn():
            ada = await opened.account("ada", plan="free", timezone="Europe/Paris")
            hold = await opened.hold(ada, {"ai_credits": 25}, key="order-17", rider=ride)
            await opened.settle(hold)
            asked = (opened.hold(ada, {"ai_credits": 1}, key=f"order {n}") for n in range(50))
            outcomes = await asyncio.gather(*asked, return_exceptions=True)
            assert sum(isinstance(one, Refused) for one in outcomes) == 15
            assert (await opened.verify()).is_clean
    watch.look()
    return watch


async def studio(folder: Path) -> Watch:
    """Every module but the command line imported; a script, a voiceover and a picture, made by the embedded provider."""
    for name in OTHERS:
        importlib.import_module(name)
    watch = Watch()
    import reelbot

    for module in pkgutil.walk_packages(reelbot.__path__, "reelbot."):
        if not module.name.startswith(COMMAND_LINE):
            importlib.import_module(module.name)
    watch.look()
    from reelbot import studio as room
    from reelbot.clock import system_clock
    from reelbot.config import Config
    from reelbot.wiring import wired

    config = Config(data=folder, database=f"sqlite:///{folder}/reelbot.db")
    async with wired(config, create=True, sweeps=True) as parts:
        registry = room.registry_of(None, {})
        rooms = (parts.database, parts.ledger, parts.events, system_clock, folder)
        async with room.open_studio(*rooms, registry) as opened:
            with watch.at_every_turn():
                ada = await parts.ledger.account("ada")
                kept, _ = await opened.open(ada, room.DraftAsked(flow="narrated", topic="why cats purr"))
                for step in ("script", "voiceover", "image"):
                    begun = await opened.generate(ada, kept.id, room.GenerationAsked(step=step), step)
                    await opened.worker.run_all()
                    job = await opened.job(ada, begun.job)
                    assert job.state == "succeeded", job.failure
    watch.look()
    return watch


USES: dict[str, Callable[[Path], Any]] = {"ledger": ledger, "studio": studio}

if __name__ == "__main__":
    seen = asyncio.run(USES[sys.argv[1]](Path(sys.argv[2])))
    for thing, (earlier, later) in seen.changed.items():
        sys.stdout.write(f"{thing}: {repr(earlier)[:300]} became {repr(later)[:300]}\n")
    sys.stdout.write(f"looked {seen.looks} times\n")
