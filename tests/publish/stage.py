"""Publishing for a test: on a studio with a finished video on paper, with a platform that does what it is told."""

import json
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.studio.stage import ALL, Stage, staged
from tests.support.clock import FakeClock
from tests.support.ledgers import figures

from reelbot.publish import (
    Channel,
    ChannelAsked,
    Connecting,
    Delivered,
    KeepTicket,
    Platform,
    Post,
    PostAsked,
    PublicationAsked,
    Published,
    Publishing,
    open_publishing,
)
from reelbot.publish.context import Room
from reelbot.publish.platforms import platforms_in
from reelbot.publish.platforms.port import Posting
from reelbot.publish.store import PublishStore
from reelbot.publish.worker import post_worker
from reelbot.queue import Worker


class Killed(BaseException):
    """What ends a worker without a word, as SIGKILL does."""


class Scripted:
    """A platform. `before` are things to do or raise before a post arrives, `after` those after it has."""

    name = "scripted"
    title = "Scripted"

    def __init__(self) -> None:
        self.before: deque[BaseException | Callable[[], Any]] = deque()
        self.after: deque[BaseException | Callable[[], Any]] = deque()
        self.arrived: Counter[str] = Counter()
        self.asked: list[str] = []
        self.tickets: list[str] = []
        self.gives_ticket = False

    async def connect(self, asked: Connecting) -> str:
        return f"@{asked.owner}"

    async def found(self, posting: Posting) -> Delivered | None:
        self.asked.append(f"found {posting.ticket}".strip())
        return self._delivered(posting) if self.arrived[posting.key] else None

    async def publish(self, posting: Posting, keep_ticket: KeepTicket) -> Delivered:
        self.asked.append("publish")
        if self.gives_ticket:
            await keep_ticket(f"ticket-{len(self.tickets)}")
            self.tickets.append(posting.key)
        await _act(self.before)
        self.arrived[posting.key] += 1
        await _act(self.after)
        return self._delivered(posting)

    def _delivered(self, posting: Posting) -> Delivered:
        return Delivered(f"scripted-{posting.key}", f"{posting.place}/{posting.key}")


async def _act(acts: deque[BaseException | Callable[[], Any]]) -> None:
    if not acts:
        return
    act = acts.popleft()
    if isinstance(act, BaseException):
        raise act
    result = act()
    if hasattr(result, "__await__"):
        await result


class PublishStage:
    """Publishing, the account ada that uses it, her video, and words to speak of it."""

    def __init__(self, stage: Stage, publishing: Publishing, platform: Scripted, folder: Path, video: str) -> None:
        self.stage = stage
        self.publishing = publishing
        self.platform = platform
        self.folder = folder
        self.video = video
        self.ada = stage.ada
        self.ledger = stage.ledger
        self._keys = count(1)

    def key(self) -> str:
        """A key that no other request has."""
        return f"publish {next(self._keys)}"

    async def connect(self, platform: str = "scripted", **asked: Any) -> Channel:
        channel, _ = await self.publishing.connect(self.ada, ChannelAsked(platform, **asked))
        return channel

    async def draft(self, channel: Channel | None = None, **asked: Any) -> Post:
        wanted = PostAsked(video=self.video, channel=None if channel is None else channel.id, **asked)
        post, _ = await self.publishing.open(self.ada, wanted)
        return post

    async def send(self, channel: Channel, key: str = "", **asked: Any) -> Published:
        wanted = PublicationAsked(channel=channel.id, **asked)
        return await self.publishing.publish_video(self.ada, self.video, wanted, key or self.key())

    async def work(self) -> None:
        """Publish whatever is due."""
        await self.publishing.worker.run_all()

    async def post(self, published: Published | Post) -> Post:
        id = published.post if isinstance(published, Published) else published.id
        return await self.publishing.post(self.ada, id)

    async def posts(self) -> tuple[int, int]:
        """Posts used and held this month."""
        return (await figures(self.ledger, self.ada, "posts"))[:2]

    async def channels(self) -> tuple[int, int]:
        """Places of channels used and held."""
        return (await figures(self.ledger, self.ada, "channels"))[:2]

    async def told(self) -> list[tuple[str, str, bool]]:
        """All events about posts, oldest first: id, state, whether it was removed."""
        events = await self.ledger.events.read(self.ada.lane, self.ada.id, 0, 10_000)
        bodies = [json.loads(event.body) for event in events if event.kind == "post"]
        return [(body["id"], body["state"], body["removed"]) for body in bodies]

    def beside(self, **options: Any) -> Worker[Post]:
        """Another worker, as another process would have it."""
        database = self.stage.room.store.database
        store = PublishStore(database, self.ledger.store.lanes)
        room = Room(self.ledger, self.ledger.events, store, self.stage.clock, self.stage.studio, self.platforms())
        return post_worker(room, **options)

    def platforms(self) -> Mapping[str, Platform]:
        return {**platforms_in(self.folder), "scripted": self.platform}

    async def require_sound(self) -> None:
        """Whatever was done: the ledger is clean, all is charged, a post that is over holds nothing, none arrived twice."""
        report = await self.ledger.verify([self.stage.studio.deliveries, self.publishing.deliveries])
        assert report.is_clean, [fault.sentence for fault in report.faults]
        assert all(times <= 1 for times in self.platform.arrived.values())
        for post in await self.publishing.posts(self.ada, ALL):
            facts = None if post.hold is None else await self.ledger.hold_facts(self.ada, post.hold)
            if post.state in ("published", "failed"):
                assert facts is not None and facts.state not in ("open", "unknown"), post


@asynccontextmanager
async def publish_staged(url: str, folder: Path, clock: FakeClock, plan: str = "pro") -> AsyncIterator[PublishStage]:
    """Publishing on the database at an address, sound in the end whatever a test does to it."""
    async with staged(url, folder, clock, plan=plan) as stage:
        draft = await stage.finished()
        await stage.done(await stage.render(draft))
        video = (await stage.studio.videos(stage.ada, ALL))[0]
        platform = Scripted()
        platforms: dict[str, Platform] = {**platforms_in(folder), "scripted": platform}
        rooms = (stage.room.store.database, stage.ledger, stage.ledger.events, stage.clock)
        async with open_publishing(*rooms, folder, stage.studio, platforms=platforms) as publishing:
            opened = PublishStage(stage, publishing, platform, folder, video.id)
            yield opened
            await opened.require_sound()
