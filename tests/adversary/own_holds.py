"""An account that has a key, its own ids, and every route: what it tries on the holds that its jobs and posts stand on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from tests.publish.stage import PublishStage, publish_staged
from tests.studio.scripted import paper
from tests.studio.stage import step
from tests.support.clock import FakeClock
from tests.support.sites import SITE_URL, FakeGate, FakeTime

from reelbot.accounts import Identity
from reelbot.studio import Begun
from reelbot.web import Site, build_app

KEY = "rb_ada"

ATTACKS: dict[str, tuple[str, Any]] = {
    "release": ("release", {}),
    "release with a reason": ("release", {"why": "It is mine."}),
    "settle all": ("settlement", {}),
    "settle nothing": ("settlement", {"lines": [{"meter": "ai_credits", "amount": 0}]}),
    "settle nothing of a video": ("settlement", {"lines": [{"meter": "video_generations", "amount": 0}]}),
}
"""Calls of the documented API on a hold: the end of its path, and its body."""


class Dishonest:
    """Ada, on Free, over HTTP; beside her the workers, on a provider and a platform that count what they are asked."""

    def __init__(self, stage: PublishStage, http: httpx.AsyncClient) -> None:
        self.publish = stage
        self.stage = stage.stage
        self.http = http
        self._keys = count(1)

    async def call(self, method: str, path: str, body: Any = None, key: str = "") -> httpx.Response:
        """One call, with an idempotency key of its own unless one is given."""
        headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": key or f"call {next(self._keys)}"}
        more = {} if body is None else {"json": body}
        return await self.http.request(method, f"/api/v1{path}", headers=headers, **more)

    async def attack(self, hold: str | None) -> list[httpx.Response]:
        """Everything that the API has for ending a hold."""
        assert hold is not None
        return [await self.call("POST", f"/holds/{hold}/{end}", body) for end, body in ATTACKS.values()]

    async def work(self) -> None:
        """Do all jobs and posts that are due."""
        await self.stage.worker.run_all()
        await self.publish.work()

    async def begun(self, *steps: Any) -> Begun:
        """A job that waits for its turn."""
        return await self.stage.generate(await self.stage.open("how tides work"), *steps)

    async def clip(self) -> tuple[str, Begun]:
        """A draft with a picture, and the job that animates it."""
        draft = await self.stage.open("how tides work")
        await self.stage.made(draft, "image")
        return draft, await self.stage.generate(draft, step("animation", seconds=5))

    async def uploaded(self, size: int = 20_000) -> str:
        """The id of a file that was uploaded over HTTP."""
        with self.stage.room.files.desk() as folder:
            content = paper(folder / "upload", "clip", "mine", size).read_bytes()
        headers = {"Authorization": f"Bearer {KEY}"}
        answer = await self.http.post("/api/v1/assets", headers=headers, files={"file": ("mine.bin", content)})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


@asynccontextmanager
async def dishonest(url: str, folder: Path, clock: FakeClock, plan: str = "free") -> AsyncIterator[Dishonest]:
    """Ada's account on the site of a studio whose renders and files are of paper; one finished video is there."""
    async with publish_staged(url, folder, clock, plan) as stage:
        gate = FakeGate()
        gate.keys[KEY] = Identity(stage.ada.lane, stage.ada.id, "ada", "creator")
        ledger, events, database = stage.ledger, stage.ledger.events, stage.stage.room.store.database
        parts = (ledger, gate, events, database, clock, "test", FakeTime(clock).wait)
        site = Site(*parts, studio=stage.stage.studio, publishing=stage.publishing)
        transport = httpx.ASGITransport(build_app(site), raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url=SITE_URL) as http:
            yield Dishonest(stage, http)
