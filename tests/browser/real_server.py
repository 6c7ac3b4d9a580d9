"""`reelbot serve` as a process of its own, for a browser: started, killed, started again at the same place."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

PROGRAM = (sys.executable, "-c", "from reelbot.cli import main; main()")

DEADLINE_SECONDS = 120
"""For a start and for each answer: long for a busy machine. Nothing here is measured."""


@dataclass(frozen=True)
class Running:
    """A server that answers. `link` signs its owner in, once; `key` is the owner's, told by the first start alone."""

    process: asyncio.subprocess.Process
    url: str
    link: str
    key: str | None

    async def kill(self) -> None:
        """End it at once, as a machine that loses its power does."""
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


@asynccontextmanager
async def serving(folder: Path, *options: str, **settings: str) -> AsyncIterator[Running]:
    """A server on the data of a folder; `settings` are variables of its environment.

    Its owner lives where it is about noon: no midnight comes while a test runs.
    """
    bare = {name: value for name, value in os.environ.items() if not name.startswith("REELBOT_")} | {"TZ": noon_zone()}
    command: Sequence[str] = (*PROGRAM, "serve", "--json", "--data", str(folder / "data"), *options)
    with (folder / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=bare | settings, stdout=asyncio.subprocess.PIPE, stderr=log
        )
    try:
        said = await _greeting(process)
        yield Running(process, said["url"], said["link"], said["key"])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def noon_zone() -> str:
    """A time zone where the day is half over."""
    behind = datetime.now(UTC).hour - 12
    return f"Etc/GMT{behind:+}" if behind else "Etc/GMT"


async def _greeting(process: asyncio.subprocess.Process) -> Any:
    """What it says when it listens."""
    assert process.stdout is not None
    text = ""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not text.endswith("\n}\n"):
            line = await process.stdout.readline()
            assert line, f"it ended instead of listening: {text}"
            text += line.decode()
    return json.loads(text)


class Caller:
    """Asks a server's API for an account."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._key = key
        self._holds = 0

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an answer that must be a yes."""
        self._holds += 1
        fields = {"Authorization": f"Bearer {self._key}", "Idempotency-Key": f"asked-{self._holds}"}
        async with httpx.AsyncClient(base_url=f"{self._url}/api/v1", headers=fields, timeout=DEADLINE_SECONDS) as http:
            answer = await http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def hold(self, amount: int) -> Any:
        """Set AI credits aside."""
        return await self.ask("POST", "/holds", {"lines": [{"meter": "ai_credits", "amount": amount}]})

    async def used(self, meter: str = "ai_credits") -> tuple[int, int]:
        """Used and held."""
        meters = (await self.ask("GET", "/usage"))["meters"]
        return next((one["used"], one["held"]) for one in meters if one["meter"] == meter)
