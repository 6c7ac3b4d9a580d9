"""A studio for a test: on a database of its own, with scripted providers, a render on paper, and words to speak of it."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.studio.scripted import Scripted, on_trust, paper
from tests.support.clock import FakeClock
from tests.support.ledgers import figures

from reelbot.allowance import AccountRef, Ledger, Terms, load_terms, store_on
from reelbot.db import PostgresDatabase, SqliteDatabase, migrate, open_database
from reelbot.events import Events
from reelbot.providers.registry import Registry
from reelbot.providers.works import Kind
from reelbot.records import Owner, Page
from reelbot.render import Quality, Rendered
from reelbot.studio.actions.requests import GenerationAsked, StepAsked
from reelbot.studio.context import Room
from reelbot.studio.core.draft import Draft, Media, MediaKind
from reelbot.studio.core.job import ACTIVE, Job, Setup
from reelbot.studio.core.requests import ChangeAsked, DraftAsked, RenderAsked
from reelbot.studio.core.rows import KeptAsset
from reelbot.studio.drafts.views import DraftShown
from reelbot.studio.files.content import Files
from reelbot.studio.jobs.enqueue import Begun
from reelbot.studio.jobs.render_job import Maker
from reelbot.studio.jobs.worker import JobWorker
from reelbot.studio.service import Studio
from reelbot.studio.store import StudioStore
from reelbot.wiring import ROOMS

ALL = Page(1_000)
TERMS = load_terms()


class PaperMaker(Maker):
    """Renders on paper. `acts` are failures that come instead, or things to do in the middle of it."""

    def __init__(self, room: Room) -> None:
        super().__init__(room)
        self.acts: deque[BaseException | Callable[[], object]] = deque()
        self.rendered: list[Setup] = []

    async def _rendered(
        self, setup: Setup, folder: Path, quality: Quality, progress: Callable[[float], None]
    ) -> Rendered:
        progress(0.5)
        if self.acts:
            act = self.acts.popleft()
            if isinstance(act, BaseException):
                raise act
            result = act()
            if hasattr(result, "__await__"):
                await result
        self.rendered.append(setup)
        names = ("mp4", "jpg", "srt", "vtt", "words.json")
        video, *rest = (paper(folder / f"video.{name}", "clip", f"{setup.title} {name}") for name in names)
        progress(1.0)
        return Rendered(video, 15_000, 450, *rest)


class Stage:
    """A studio and the account that plays on it. `takes_in` has a failure, or None, for each of the next files that come."""

    def __init__(self, room: Room, worker: JobWorker, maker: PaperMaker, clock: FakeClock, ada: AccountRef) -> None:
        self.room = room
        self.ledger = room.ledger
        self.worker = worker
        self.maker = maker
        self.clock = clock
        self.ada = ada
        self.studio = Studio(room, worker)
        self.takes_in: deque[Exception | None] = deque()
        self._keys = count(1)

    @property
    def provider(self) -> Scripted:
        """Who makes everything unless a test has chosen others."""
        provider = self.room.registry.provider("scripted")
        assert isinstance(provider, Scripted)
        return provider

    # asking

    async def open(self, topic: str = "why cats purr", flow: str = "narrated", **asked: Any) -> str:
        """A new draft's id."""
        kept, _ = await self.studio.open(self.ada, DraftAsked(flow=flow, topic=topic, **asked))  # type: ignore[arg-type]
        return kept.id

    async def change(self, draft: str, **asked: Any) -> DraftShown:
        """Change a draft, agreeing to what it makes stale."""
        return await self.studio.change(self.ada, draft, ChangeAsked(**{"confirm": True, **asked}))

    async def generate(self, draft: str, *steps: Kind | StepAsked, key: str = "", **asked: Any) -> Begun:
        """Trigger AI actions."""
        wanted = generation(*steps, **asked)
        return await self.studio.generate(self.ada, draft, wanted, key or f"key {next(self._keys)}")

    async def render(self, draft: str, key: str = "", confirm: bool = False) -> Begun:
        """Trigger a render."""
        return await self.studio.render(self.ada, draft, RenderAsked(confirm=confirm), key or f"key {next(self._keys)}")

    async def done(self, begun: Begun) -> Job:
        """Run whatever is due, and the job as it then is."""
        await self.worker.run_all()
        return await self.job(begun)

    async def made(self, draft: str, *steps: Kind | StepAsked, **asked: Any) -> Job:
        """Trigger AI actions, which must end well."""
        job = await self.done(await self.generate(draft, *steps, **asked))
        assert job.state == "succeeded", job.failure
        return job

    async def finished(self, topic: str = "why cats purr") -> str:
        """A draft that has all that a video needs: 2 + 3 + 4 AI credits."""
        draft = await self.open(topic)
        await self.made(draft, "script", "voiceover", "image")
        return draft

    async def upload(self, kind: Any, seed: str = "upload", name: str = "", key: str | None = None) -> KeptAsset:
        """An uploaded file."""
        with self.room.files.desk() as folder:
            path = paper(folder / "upload", kind, seed, 0 if kind == "image" else 20_000)
            size = path.stat().st_size
            asset, _ = await self.studio.upload(self.ada, name or f"{seed}.bin", path, size, f"hash of {seed}", key)
        return asset

    # looking

    async def job(self, begun: Begun) -> Job:
        return await self.studio.job(self.ada, begun.job)

    async def draft(self, id: str) -> Draft:
        return (await self.studio.kept_draft(self.ada, id)).draft

    async def shown(self, id: str) -> DraftShown:
        return await self.studio.draft(self.ada, id)

    async def credits(self) -> tuple[int, int]:
        """AI credits used and held today."""
        return (await figures(self.ledger, self.ada))[:2]

    async def videos(self) -> tuple[int, int]:
        """Video generations used and held this month."""
        return (await figures(self.ledger, self.ada, "video_generations"))[:2]

    async def storage(self) -> tuple[int, int]:
        """Bytes used and held."""
        return (await figures(self.ledger, self.ada, "storage_bytes"))[:2]

    async def told(self, *kinds: str) -> list[dict[str, Any]]:
        """The bodies of all events of these kinds, oldest first, each with its kind."""
        events = await self.ledger.events.read(self.ada.lane, self.ada.id, 0, 10_000)
        return [{"event": event.kind, **json.loads(event.body)} for event in events if event.kind in kinds]

    async def state_of(self, hold: str | None) -> str:
        """How a hold stands."""
        assert hold is not None
        facts = await self.ledger.hold_facts(self.ada, hold)
        assert facts is not None
        return facts.state

    async def ended(self, begun: Begun) -> Job:
        """The job once it has ended, by the worker that runs meanwhile."""
        async with self.ledger.events.subscribe(self.ada.lane, self.ada.id) as wakes:
            while (job := await self.job(begun)).state in ACTIVE:
                await asyncio.wait_for(wakes.wait(), 60)
        return job

    def beside(self, **options: Any) -> JobWorker:
        """Another worker, as another process would have it."""
        return JobWorker(self.room, **{"pause_seconds": 0.01, "maker": self.maker, **options})

    async def require_sound(self) -> None:
        """Whatever was done: the ledger is clean, all is charged, no ended job holds anything, nothing is half written."""
        report = await self.ledger.verify([self.studio.deliveries])
        assert report.is_clean, [fault.sentence for fault in report.faults]
        for account in await self.ledger.accounts():
            ref = AccountRef(account.lane, account.id, account.name)
            for job in await self.room.store.jobs(Owner(account.lane, account.id), ALL):
                facts = None if job.hold is None else await self.ledger.hold_facts(ref, job.hold)
                assert job.state in ACTIVE or facts is None or facts.state not in ("open", "unknown"), job
                assert 0 <= job.progress <= 1


def generation(*steps: Kind | StepAsked, **asked: Any) -> GenerationAsked:
    """One step, several, or whatever else the members say."""
    if len(steps) == 1 and isinstance(steps[0], str):
        return GenerationAsked(step=steps[0], **asked)
    listed = [StepAsked(step) if isinstance(step, str) else step for step in steps]
    return GenerationAsked(steps=listed or None, **asked)


def step(name: Kind, **options: Any) -> StepAsked:
    """One AI action with options."""
    return StepAsked(name, options)


@asynccontextmanager
async def staged(
    url: str,
    folder: Path,
    clock: FakeClock,
    providers: Sequence[Scripted] = (),
    *,
    plan: str = "pro",
    terms: Terms = TERMS,
) -> AsyncIterator[Stage]:
    """A studio on the database at an address, which is migrated and may hold what an earlier one left."""
    database = await open_database(url)

    async def take_in(files: Files, path: Path, kinds: tuple[MediaKind, ...]) -> Media:
        failure = stage.takes_in.popleft() if stage.takes_in else None
        if failure is not None:
            raise failure
        return await on_trust(files, path, kinds)

    try:
        await migrate(database, ROOMS)
        async with _running(database, clock, terms) as ledger:
            files = Files(folder)
            files.open()
            registry = Registry(providers or [Scripted()])
            store = StudioStore(database, ledger.store.lanes)
            room = Room(ledger, ledger.events, store, clock, files, registry, take_in)
            maker = PaperMaker(room)
            worker = JobWorker(room, pause_seconds=0.01, maker=maker)
            ada = await ledger.account("ada", plan=plan)
            stage = Stage(room, worker, maker, clock, ada)
            yield stage
            await worker.stop()
    finally:
        await database.close()


@asynccontextmanager
async def _running(
    database: SqliteDatabase | PostgresDatabase, clock: FakeClock, terms: Terms
) -> AsyncIterator[Ledger]:
    events = Events(database)
    await events.start()
    ledger = Ledger(store_on(database, events), events, terms, clock, None)
    try:
        await ledger.start()
        yield ledger
    finally:
        await ledger.stop()
        await events.stop()


async def plan_of(stage: Stage, statement: str, parameters: Sequence[object], filling: str) -> str:
    """How the database goes about a statement of the studio; PostgreSQL with many jobs and where it can without reading a
    whole table, since of one that is nearly empty any plan is good."""
    database = stage.room.store.database
    if database.dialect == "sqlite":
        plan = await database.fetch(f"EXPLAIN QUERY PLAN {statement}", parameters)
    else:
        async with database.transaction() as connection:
            await connection.execute(filling)
            await connection.execute("ANALYZE job")
            await connection.execute("SET LOCAL enable_seqscan = off")
            plan = await connection.fetch(f"EXPLAIN {statement}", parameters)
            await connection.execute("DELETE FROM job")
    return "\n".join(str(row) for row in plan)
