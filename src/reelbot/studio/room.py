"""What every part of the studio works with: the rooms below it, its own store and files, and how it writes.

A write transaction begins with the events that it tells, which locks the account's stream; see `store` for why.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec

from reelbot.allowance import AccountRef, Ledger
from reelbot.clock import Clock
from reelbot.db import Connection
from reelbot.events import EventStream, NewEvent
from reelbot.studio.core.jobs import Job
from reelbot.studio.files import Files
from reelbot.studio.providers.registry import Registry
from reelbot.studio.receiving import TakingIn, taken_in
from reelbot.studio.shown import DraftTold, VideoTold, job_shown
from reelbot.studio.store import KeptVideo, Owner, StudioStore

Claim = Callable[[Connection, str], Awaitable[None]]
"""Writes down, in the transaction that makes a thing, that this is what an idempotency key made."""

Told = tuple[str, object]
"""The kind of an event, and its body."""

EVENT_KINDS = ("job", "draft", "video")
"""The kinds of events that the studio writes."""

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, eq=False)
class Room:
    """The parts of one running studio."""

    ledger: Ledger
    events: EventStream
    store: StudioStore
    files: Files
    registry: Registry
    clock: Clock
    take_in: TakingIn = taken_in

    @asynccontextmanager
    async def writing(self, owner: Owner, told: Sequence[Told]) -> AsyncIterator[Connection]:
        """A transaction of an account that tells these events, and wakes who watches once it is durable."""
        async with self.store.database.transaction() as connection:
            await self.tell(connection, owner, told)
            yield connection
        self.events.wake([owner])

    async def tell(self, connection: Connection, owner: Owner, told: Sequence[Told]) -> None:
        """Write events in a transaction, before anything else of the account is written there."""
        now = self.clock()
        events = [NewEvent(owner.lane, owner.account, now, kind, _encode(body)) for kind, body in told]
        await self.events.append(connection, events)
        await self.events.announce(connection, [owner])


async def unclaimed(connection: Connection, id: str) -> None:
    """The claim of a thing that was asked for without a key."""


def owner_of(account: AccountRef) -> Owner:
    """Whose things an account's are."""
    return Owner(account.lane, account.id)


def job_told(job: Job) -> Told:
    """That a job stands like this now."""
    return "job", job_shown(job)


def draft_told(id: str, *, is_removed: bool = False) -> Told:
    """That a draft is another now, or is gone."""
    return "draft", DraftTold(id, is_removed)


def video_told(video: KeptVideo) -> Told:
    """That a video is finished."""
    return "video", VideoTold(video.id, video.title, video.facts.draft, video.facts.job)
