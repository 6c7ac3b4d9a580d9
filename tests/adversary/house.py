"""A whole site under attack: the API in this process, workers that are stepped, a world outside that counts what it gives.

What the studio's provider, its renderer and the platform hand over is counted here, at the place where it is handed over
and by the account it was for; nothing of the ledger is asked. In the middle of each piece of work the account gets a word
in (`meanwhile`): that is when a dishonest one releases a hold, cancels a job or lets a day pass.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from msgspec import structs
from tests.publish.stage import Scripted as ScriptedPlatform
from tests.studio.scripted import Scripted, on_trust
from tests.studio.stage import PaperMaker
from tests.support.clock import FakeClock
from tests.support.receivers import Inbox
from tests.support.sites import SETTINGS, SITE_URL, FakeTime, Stand, join

from reelbot.accounts import EVERYTHING, Accounts
from reelbot.allowance import Ledger, Terms, load_terms, store_on
from reelbot.db import migrate, open_database
from reelbot.errors import Malformed
from reelbot.events import Events
from reelbot.providers.embedded.provider import Embedded
from reelbot.providers.port import Ability, Delivered, Desk
from reelbot.providers.registry import Registry
from reelbot.providers.works import Work, kind_of
from reelbot.publish import Delivered as PostDelivered
from reelbot.publish import KeepTicket, open_publishing
from reelbot.publish.platforms.port import Posting
from reelbot.queue import Running
from reelbot.queue.places import QueuePlaces
from reelbot.render import Quality, Rendered
from reelbot.studio import Presets
from reelbot.studio.context import Room
from reelbot.studio.core.draft import Media, MediaKind
from reelbot.studio.core.job import Job, Setup
from reelbot.studio.files.content import Files
from reelbot.studio.jobs.worker import JobWorker
from reelbot.studio.service import Studio
from reelbot.studio.store import StudioStore
from reelbot.subscriptions import EVENT_KIND as PLAN_REQUEST_KIND
from reelbot.subscriptions import Subscriptions
from reelbot.web import Site, build_app
from reelbot.webhooks import STORED_KINDS, Client, Webhooks
from reelbot.wiring import ROOMS

Meanwhile = Callable[[], Awaitable[None]]

STORED_MAX = {"free": 12_000_000, "starter": 40_000_000}
"""Bytes that the plans of this house store: so little that a clip that is being made and a few uploads come near it."""

CONTAINERS = {"image": "jpeg", "clip": "mp4", "audio": "wav"}


class Delivery(NamedTuple):
    """One piece of work as the provider handed it over. `is_usable` is False for what is no result at all."""

    account: str
    kind: str
    credits: int
    is_usable: bool


class World:
    """What was delivered, and to whom: accounts are named by the two middle parts of their ids, `0-1`."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.posts: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self.meanwhile: Meanwhile = _nothing
        self._talking: list[asyncio.Future[None]] = []

    async def interrupted(self) -> None:
        """Let the account get a word in. What it says is said to its end, also when it ends the work that waits for it."""
        talk = asyncio.ensure_future(self.meanwhile())
        self._talking.append(talk)
        await asyncio.wait({talk})

    async def quiet(self) -> None:
        """Wait until nobody talks, and raise what went wrong while they did."""
        talks, self._talking = self._talking, []
        for failure in await asyncio.gather(*talks, return_exceptions=True):
            if failure is not None:
                raise failure


async def _nothing() -> None:
    return


def account_in(id: str) -> str:
    """The account that an id of ours names, as `0-1`; empty for what is no such id."""
    match = re.match(r"[a-z]{1,12}_([0-9a-z]{1,2}-[0-9a-z]{1,11})-[0-9a-z]{1,11}", id)
    return match[1] if match else ""


def price(work: Work, seconds: int) -> int:
    """AI credits for a piece of work, by the table of default prices that the product promises; `seconds` are of speech."""
    match kind_of(work):
        case "topic" | "rewrite":
            return 1
        case "script":
            return 2
        case "voiceover":
            return -(-seconds // 10)
        case "image":
            return 4
        case "animation":
            return 5 * work.seconds  # type: ignore[union-attr]
        case "music":
            return 5
    raise AssertionError(f"a kind of work without a price: {kind_of(work)}")


class Counting(Scripted):
    """The scripted provider, which counts what it hands over."""

    def __init__(self, world: World, name: str, **options: Any) -> None:
        super().__init__(name, **options)
        self._world = world

    async def run(self, work: Work, desk: Desk) -> Delivered:
        await self._world.interrupted()
        return self._handed_over(work, desk.request_id, await super().run(work, desk))

    async def submit(self, work: Work, desk: Desk) -> str:
        await self._world.interrupted()
        return await super().submit(work, desk)

    async def fetch(self, work: Work, provider_job: str, desk: Desk) -> Delivered:
        await self._world.interrupted()
        return self._handed_over(work, desk.request_id, await super().fetch(work, provider_job, desk))

    def _handed_over(self, work: Work, request: str, delivered: Delivered) -> Delivered:
        is_usable = bool(delivered.text or delivered.suggestions) or (
            delivered.path is not None and delivered.path.name != "broken"
        )
        # What is broken has no length: it is charged once by what it was quoted at, and the try after it is free.
        seconds = -(-delivered.duration_ms // 1_000) if is_usable else self.quantity(work)
        account, kind = account_in(request), kind_of(work)
        self._world.deliveries.append(Delivery(account, kind, price(work, seconds), is_usable))
        return delivered


class CountingPlatform(ScriptedPlatform):
    """A platform that counts the posts it has accepted, by account."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def publish(self, posting: Posting, keep_ticket: KeepTicket) -> PostDelivered:
        await self._world.interrupted()
        delivered = await super().publish(posting, keep_ticket)
        self._world.posts[account_in(posting.key)] += 1
        return delivered


class InterruptedMaker(PaperMaker):
    """Renders on paper, and lets the account get a word in while it does."""

    world: World

    async def _rendered(
        self, setup: Setup, folder: Path, quality: Quality, progress: Callable[[float], None]
    ) -> Rendered:
        await self.world.interrupted()
        return await super()._rendered(setup, folder, quality, progress)


class SteppedWorker(JobWorker):
    """The product's worker, one job at a time when it is told to; a job that it is at work on hears of its cancellation."""

    _now: Running[Job] | None = None

    def _claim(self, item: Job, places: QueuePlaces | None) -> Running[Job]:
        self._now = super()._claim(item, places)
        return self._now

    def cancel(self, job: Job) -> None:
        if self._now is not None and self._now.item[:3] == job[:3]:
            self._now.cancelled.set()


class Sampler(Embedded):
    """The embedded provider as far as a voice's greeting goes: it makes nothing here, so that all work is counted."""

    @property
    def abilities(self) -> dict[Any, Ability]:
        return {}

    async def sample(self, voice: str) -> bytes:
        return b"RIFF: a greeting"


async def trusted(files: Files, path: Path, kinds: tuple[MediaKind, ...]) -> Media:
    """Take in a paper file, as of a container that can be shown."""
    try:
        media = await on_trust(files, path, kinds)
    except (KeyError, TypeError):
        raise Malformed("It is no paper of ours.", "file") from None
    return structs.replace(media, container=CONTAINERS[media.kind])


class House:
    """The site, its workers and the world around it."""

    def __init__(self, stand: Stand, worker: JobWorker, providers: list[Counting], platform: CountingPlatform) -> None:
        self.stand = stand
        self.worker = worker
        self.providers = providers
        self.platform = platform
        self.maker: InterruptedMaker
        self.world: World

    @property
    def ledger(self) -> Ledger:
        return self.stand.ledger

    async def key_of(self, name: str) -> str:
        """Another API key for an account: what an operator gives to somebody who has thrown the old one away."""
        gate, account = self.stand.site.accounts, self.stand.accounts[name]
        assert isinstance(gate, Accounts)
        self.stand.keys[name] = await gate.issue_key(account.lane, account.id, "another", EVERYTHING)
        return self.stand.keys[name]

    async def given(self, name: str, plan: str, key: str) -> None:
        """An operator moves an account to a plan, at once."""
        await self.ledger.change_plan(self.stand.accounts[name], plan, key=key, by="operator", why="An operator did.")


def terms(folder: Path) -> Terms:
    """The terms that ReelBot comes with, but for little storage."""
    text = (Path(load_terms.__code__.co_filename).parents[1] / "data" / "plans.toml").read_text(encoding="utf-8")
    for plan, before in (("free", "500_000_000"), ("starter", "5_000_000_000")):
        text = text.replace(f"storage_bytes = {before}\n", f"storage_bytes = {STORED_MAX[plan]}\n")
    path = folder / "plans.toml"
    path.write_text(text, encoding="utf-8")
    return load_terms(path)


@asynccontextmanager
async def opened(address: str, folder: Path, clock: FakeClock, plans: dict[str, str]) -> AsyncIterator[House]:
    """A house on an empty database, with an account on each of these plans, by name."""
    world = World()
    async with AsyncExitStack() as stack:
        database = await open_database(address)
        stack.push_async_callback(database.close)
        await migrate(database, ROOMS, clock)
        events = Events(database)
        await events.start()
        stack.push_async_callback(events.stop)
        ledger = Ledger(store_on(database, events), events, terms(folder), clock, None)
        await ledger.start()
        stack.push_async_callback(ledger.stop)
        gate = Accounts(database, clock)
        stack.push_async_callback(gate.close)
        subscriptions = Subscriptions(ledger, events, clock, None, database, gate)
        client = Client(resolve=_somewhere, transport=Inbox())
        webhooks = Webhooks(database, ledger, clock, client, stored_kinds=(*STORED_KINDS, PLAN_REQUEST_KIND))
        stack.push_async_callback(webhooks.stop)
        files = Files(folder)
        files.open()
        providers = [
            Counting(world, "scripted", queued=("animation", "music")),
            Counting(world, "dear", kinds=("script", "image", "animation"), bills_failures=True),
        ]
        registry = Registry([*providers, Sampler()])
        room = Room(ledger, events, StudioStore(database, ledger.store.lanes), clock, files, registry, trusted)
        maker = InterruptedMaker(room)
        maker.world = world
        worker = SteppedWorker(room, pause_seconds=0.001, maker=maker)
        studio = Studio(room, worker)
        platform = CountingPlatform(world)
        platforms = {"scripted": platform}
        publishing = await stack.enter_async_context(
            open_publishing(database, ledger, events, clock, folder, studio, platforms=platforms)
        )
        presets = Presets(ledger, database, clock, studio.check_settings)
        time = FakeTime(clock)
        facts = (ledger, gate, events, database, clock, "test", time.wait)
        site = Site(
            *facts,
            webhooks=webhooks,
            studio=studio,
            publishing=publishing,
            presets=presets,
            subscriptions=subscriptions,
            pages=SETTINGS,
        )
        app = build_app(site)
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=SITE_URL))
        stand = Stand(site, app, time, clock, http)
        for name, plan in plans.items():
            await join(stand, name, plan)
        house = House(stand, worker, providers, platform)
        house.maker, house.world = maker, world
        yield house


async def _somewhere(host: str, port: int) -> list[str]:
    """Every name leads to a public address, where the inbox takes the messages."""
    return ["93.184.216.34"]
