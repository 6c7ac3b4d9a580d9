"""What the tests of the API stand on: a whole site in this process, callers with keys, and time that can be moved."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import msgspec
from starlette.types import ASGIApp
from tests.support.clock import FakeClock
from tests.support.receivers import Inbox

from reelbot.accounts import EVERYTHING, ROOM, Accounts, Identity
from reelbot.allowance import ROOMS, AccountRef, Ledger, Terms, load_terms, store_on
from reelbot.allowance.stores.memory import MemoryStore
from reelbot.clock import Clock
from reelbot.db import Connection, migrate, open_database
from reelbot.events import Events, MemoryEvents
from reelbot.publish import ROOM as PUBLISH_ROOM
from reelbot.publish import open_publishing
from reelbot.records import new_number
from reelbot.studio import Presets, Studio, open_studio, registry_of
from reelbot.studio.core.draft import Settings
from reelbot.studio.core.job import Setup
from reelbot.studio.core.rows import KeptVideo, VideoFacts, VideoFiles, insert_video
from reelbot.studio.store import StudioStore
from reelbot.subscriptions import EVENT_KIND as PLAN_REQUEST_KIND
from reelbot.subscriptions import ROOM as SUBSCRIPTIONS_ROOM
from reelbot.subscriptions import PlanChanges, Subscriptions
from reelbot.web import Hosts, PageSettings, Site, build_app
from reelbot.web.connections import Seat
from reelbot.web.waiting import Wait
from reelbot.webhooks import ROOM as WEBHOOKS_ROOM
from reelbot.webhooks import STORED_KINDS, Client, Webhooks

SITE_URL = "http://reelbot.localhost"
"""A name that every site answers to."""

SETTINGS = PageSettings(hosts=Hosts(["reelbot.test"]))
"""What is set of a site whose tests ask it by another name too."""

REQUESTS = count(1)
"""Numbers for idempotency keys: no two requests of a test run share one unless the test says so."""

Answer = Any
"""JSON, as it came."""


class FakeGate:
    """Keys without a database."""

    def __init__(self) -> None:
        self.keys: dict[str, Identity] = {}

    async def identify(self, token: str) -> Identity | None:
        return self.keys.get(token)

    def remembered(self, token: str) -> Identity | None:
        return self.keys.get(token)


class FakeTime:
    """Moves a clock, and ends the waits of those who wait for an instant."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._waiting: set[asyncio.Event] = set()

    def advance(self, by_ms: int) -> None:
        self._clock.advance(by_ms)
        for waiting in self._waiting:
            waiting.set()

    def move_to(self, at: int) -> None:
        self.advance(at - self._clock())

    async def wait(self, seat: Seat, at: int, clock: Clock) -> None:
        """As `reelbot.web.waiting.woken_or_at`, by the clock that this moves."""
        moved = asyncio.Event()
        self._waiting.add(moved)
        try:
            if clock() < at:
                await first_of(seat.wait(), moved.wait())
        finally:
            self._waiting.discard(moved)


async def first_of(*waits: Any) -> None:
    """Wait for one of these, and end the others."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class Stand:
    """A site that runs, with the accounts `ada` and `bob` on Free in Paris, and what tests ask of it."""

    site: Site
    app: ASGIApp
    time: FakeTime
    clock: FakeClock
    http: httpx.AsyncClient
    keys: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, AccountRef] = field(default_factory=dict)

    @property
    def ledger(self) -> Ledger:
        return self.site.ledger

    def caller(self, name: str = "ada") -> dict[str, str]:
        """The fields by which an account says who it is."""
        return {"Authorization": f"Bearer {self.keys[name]}"}

    async def get(self, path: str, name: str = "ada", **more: Any) -> httpx.Response:
        return await self.http.get(f"/api/v1{path}", headers=self.caller(name) | more.pop("headers", {}), **more)

    async def post(
        self, path: str, body: Any = None, name: str = "ada", key: str | None = "", **more: Any
    ) -> httpx.Response:
        """Post JSON; with an idempotency key of its own unless one is given, or None for none."""
        return await self.send("POST", path, body, name, key, **more)

    async def send(
        self, method: str, path: str, body: Any = None, name: str = "ada", key: str | None = "", **more: Any
    ) -> httpx.Response:
        chosen = {} if key is None else {"Idempotency-Key": key or f"request-{next(REQUESTS)}"}
        if body is not None:
            more["json"] = body
        headers = self.caller(name) | chosen | more.pop("headers", {})
        return await self.http.request(method, f"/api/v1{path}", headers=headers, **more)

    async def hold(self, amount: int = 1, meter: str = "ai_credits", name: str = "ada", **more: Any) -> Answer:
        """The answer to a hold that must be accepted."""
        body = {"lines": [{"meter": meter, "amount": amount}], **more}
        answer = await self.post("/holds", body, name)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def used(self, name: str = "ada", meter: str = "ai_credits") -> tuple[int, int]:
        """Used and held, as `GET /usage` tells them."""
        meters = (await self.get("/usage", name)).json()["meters"]
        return next((one["used"], one["held"]) for one in meters if one["meter"] == meter)


@asynccontextmanager
async def standing(
    address: str,
    clock: FakeClock,
    terms: Terms | None = None,
    wait: Wait | None = None,
    plan_changes: PlanChanges | None = None,
) -> AsyncIterator[Stand]:
    """A site on `memory:` or on a database, with two accounts, served in this process."""
    time = FakeTime(clock)
    async with AsyncExitStack() as stack:
        built = site_on(address, clock, terms or load_terms(), wait or time.wait, plan_changes)
        site = await stack.enter_async_context(built)
        app = build_app(site)
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=SITE_URL))
        stand = Stand(site, app, time, clock, http)
        for name in ("ada", "bob"):
            await join(stand, name, "free")
        yield stand


def with_plan_changes(stand: Stand, rule: PlanChanges | None) -> None:
    """Serve with another rule about who may move up from now on."""
    stand.site.subscriptions._setting = rule


async def filmed(stand: Stand, name: str = "ada", title: str = "Why cats purr") -> str:
    """The id of a finished video, as a render would have left it, of a few bytes."""
    studio, account = stand.site.studio, stand.accounts[name]
    assert isinstance(studio, Studio)
    kept = [await studio.files.keep_text(f"{title} {part}") for part in ("mp4", "srt", "vtt", "words", "thumbnail")]
    setup = Setup(flow="narrated", settings=Settings(), title=title, script="They like it.", hashtags=("cats",))
    facts = VideoFacts(
        setup=setup, files=VideoFiles(*kept), width=1080, height=1920, duration_ms=15_000, bytes=9, draft="", job=""
    )
    video = KeptVideo(account.lane, account.id, new_number(), title, facts, stand.clock())
    database: Any = stand.site.database
    async with database.transaction() as connection:
        await StudioStore(database, stand.ledger.store.lanes).carry_out(connection, [insert_video(video)])
    return video.id


async def join(stand: Stand, name: str, plan: str, zone: str = "Europe/Paris") -> None:
    """Open one more account, with a key."""
    gate, ledger = stand.site.accounts, stand.ledger
    if isinstance(gate, FakeGate):
        account = await ledger.account(name, plan=plan, timezone=zone)
        key = f"rb_{name}"
        gate.keys[key] = Identity(account.lane, account.id, name, "creator")
    else:
        assert isinstance(gate, Accounts)
        members = gate

        async def rider(connection: Connection | None, answer: Any) -> None:
            assert connection is not None
            await members.join(connection, answer.lane, answer.account, name, "creator")

        account = await ledger.account(name, plan=plan, timezone=zone, rider=rider)
        key = await members.issue_key(account.lane, account.id, "test", EVERYTHING)
    stand.keys[name], stand.accounts[name] = key, account


@asynccontextmanager
async def site_on(
    address: str, clock: Clock, terms: Terms, wait: Wait, plan_changes: PlanChanges | None = None
) -> AsyncIterator[Site]:
    """A site without accounts."""
    if address == "memory:":
        events = MemoryEvents()
        async with _ledger(Ledger(MemoryStore(events), events, terms, clock, None)) as ledger:
            subscriptions = Subscriptions(ledger, events, clock, plan_changes)
            kept = (ledger, FakeGate(), events, None, clock, "test", wait)
            yield Site(*kept, subscriptions=subscriptions, pages=SETTINGS)
        return
    database = await open_database(address)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        await migrate(
            database, (*ROOMS, ROOM, SUBSCRIPTIONS_ROOM, WEBHOOKS_ROOM, "reelbot.studio", PUBLISH_ROOM), clock
        )
        stored = Events(database)
        await stored.start()
        stack.push_async_callback(stored.stop)
        ledger = Ledger(store_on(database, stored), stored, terms, clock, None)
        await stack.enter_async_context(_ledger(ledger))
        gate = Accounts(database, clock)
        stack.push_async_callback(gate.close)
        subscriptions = Subscriptions(ledger, stored, clock, plan_changes, database, gate)
        client = Client(resolve=_somewhere, transport=Inbox())
        webhooks = Webhooks(database, ledger, clock, client, stored_kinds=(*STORED_KINDS, PLAN_REQUEST_KIND))
        stack.push_async_callback(webhooks.stop)
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="reelbot-test-")))
        registry = registry_of(None, {})
        studio = await stack.enter_async_context(open_studio(database, ledger, stored, clock, folder, registry))
        publishing = await stack.enter_async_context(open_publishing(database, ledger, stored, clock, folder, studio))
        presets = Presets(ledger, database, clock, studio.check_settings)
        facts = (ledger, gate, stored, database, clock, "test", wait)
        yield Site(
            *facts,
            webhooks=webhooks,
            studio=studio,
            publishing=publishing,
            presets=presets,
            subscriptions=subscriptions,
            pages=SETTINGS,
        )


async def _somewhere(host: str, port: int) -> list[str]:
    """Every name leads to a public address, where the inbox takes the messages."""
    return ["93.184.216.34"]


@asynccontextmanager
async def _ledger(ledger: Ledger) -> AsyncIterator[Ledger]:
    await ledger.start()
    try:
        yield ledger
    finally:
        await ledger.stop()


# streams


class Message(msgspec.Struct, frozen=True):
    """One block of a stream, as a browser reads it; a comment has nothing of all this."""

    id: str | None
    event: str | None
    data: Any


def blocks(text: str) -> list[Message]:
    """All complete blocks of a stream, comments among them."""
    return [_message(block) for block in text.split("\n\n")[:-1]]


def _message(block: str) -> Message:
    members = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
    return Message(
        members.get("id"), members.get("event"), msgspec.json.decode(members["data"]) if "data" in members else None
    )


class Listener:
    """An open stream in this process: the application runs as a task, and what it sends is collected."""

    def __init__(
        self, app: ASGIApp, key: str, last: str | None = None, after: str | None = None, takes: bool = True
    ) -> None:
        """`takes` is False for a reader that accepts nothing of what it is sent."""
        headers = [(b"authorization", f"Bearer {key}".encode())]
        if last is not None:
            headers.append((b"last-event-id", last.encode()))
        self._scope = {
            "type": "http", "method": "GET", "scheme": "http", "path": "/api/v1/events", "root_path": "", "headers": headers,
            "query_string": b"" if after is None else f"after={after}".encode(),
        }  # fmt: skip
        self._app = app
        self._gone = asyncio.Event()
        self._sent = asyncio.Event()
        self._text = ""
        self.takes = takes
        self.status = 0
        self.headers: dict[str, str] = {}
        self.messages: list[Message] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Listener":
        self._task = asyncio.create_task(self._run())
        if not self.takes:
            return self
        await self.until(lambda: self.messages or self.ended)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._gone.set()
        assert self._task is not None
        async with asyncio.timeout(10):
            await self._task

    @property
    def ended(self) -> bool:
        """Whether the stream came to its end."""
        return self._task is not None and self._task.done()

    @property
    def told(self) -> list[Message]:
        """The messages that say something: no comments, and not the place where the stream began."""
        return [one for one in self.messages if one.event is not None]

    async def until(self, reached: Any) -> None:
        """Wait until what was sent makes this true."""
        async with asyncio.timeout(10):
            while not reached():
                self._sent.clear()
                await self._sent.wait()

    async def count(self, told: int) -> list[Message]:
        """Wait until so many messages have come."""
        await self.until(lambda: len(self.told) >= told)
        return self.told

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        finally:
            self._sent.set()

    async def _receive(self) -> Any:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        if not self.takes:
            await self._gone.wait()
        self._text += message.get("body", b"").decode()
        whole, end, self._text = self._text.rpartition("\n\n")
        self.messages.extend(blocks(whole + end))
        self._sent.set()
