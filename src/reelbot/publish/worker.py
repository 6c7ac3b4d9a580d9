"""Takes posts and publishes them. Any number of workers, in any number of processes and machines, share one database.

A claim is a lease with a deadline and a fencing number, renewed while the platform is at work. When a worker dies, its
lease ends and another one takes the post over. It asks the platform first whether the post has arrived already. The next
post is one of the account that was served longest ago.
"""

import asyncio
import logging
from contextlib import suppress

from reelbot.allowance import AccountRef, FailurePoint
from reelbot.clock import DAY, SECOND
from reelbot.errors import DatabaseFailure, TooBusy
from reelbot.limits import ANSWER_KEPT_DAYS
from reelbot.publish.completion import Ending, LeaseLost
from reelbot.publish.context import Room, post_told
from reelbot.publish.core.posts import Delivered, Post, PostFailure, pause_after
from reelbot.publish.kit import parts_of
from reelbot.publish.limits import ATTEMPTS_MAX, LEASE_SECONDS, POSTS_AT_ONCE
from reelbot.publish.platforms.port import Part, PlatformFailure, Posting
from reelbot.publish.store import Channel
from reelbot.records import Owner
from reelbot.studio import FileMissing, StudioRefused

IDLE_SECONDS = 1.0
"""How often a worker without work looks for some that another process has queued, or that is due again."""

BEATS_OF_A_LEASE = 6
"""Heartbeats within one lease: a few may be late before anybody else takes over."""

STOP_SECONDS = 15
"""How long the end of a process waits for platforms that are in the middle of an answer; then the lease ends by itself."""

_log = logging.getLogger(__name__)


class Worker:
    """Publishes up to `POSTS_AT_ONCE` posts at once in this process."""

    def __init__(self, room: Room, *, lease_seconds: float = LEASE_SECONDS, idle_seconds: float = IDLE_SECONDS) -> None:
        self._room = room
        self._ending = Ending(room)
        self._lease_seconds = lease_seconds
        self._idle_seconds = idle_seconds
        self._forgets_at = 0
        self._first_lane = 0
        self._wanted = asyncio.Event()
        self._runs: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to take posts; needs a running event loop."""
        assert self._loop is None, "started twice"
        self._loop = asyncio.create_task(self._work(), name="publishing")

    async def stop(self) -> None:
        """Take no more, and wait a while for what is under way. Also needed when nothing was started."""
        if self._loop is None:
            return
        loop, self._loop = self._loop, None
        loop.cancel()
        await asyncio.wait({loop})
        if self._runs:
            await asyncio.wait(self._runs, timeout=STOP_SECONDS)
        rest = set(self._runs)
        for run in rest:
            run.cancel()
        if rest:
            await asyncio.wait(rest)

    def look(self) -> None:
        """There may be something to do: look now."""
        self._wanted.set()

    async def publish_due(self) -> None:
        """Publish every post that is due, until none is left: for a command, and for tests."""
        while (post := await self._taken()) is not None:
            await self._run(post)

    async def _work(self) -> None:
        while True:
            self._wanted.clear()
            try:
                await self._forget_keys()
                while len(self._runs) < POSTS_AT_ONCE and (post := await self._taken()) is not None:
                    run = asyncio.create_task(self._run(post), name=post.id)
                    self._runs.add(run)
                    run.add_done_callback(self._ended)
            except (DatabaseFailure, TooBusy) as failure:
                _log.warning("No posts can be taken: %s", failure)
            except Exception:  # a defect; without this loop nothing would ever be published again
                _log.exception("No posts can be taken")
            with suppress(TimeoutError):
                async with asyncio.timeout(self._idle_seconds):
                    await self._wanted.wait()

    async def _forget_keys(self) -> None:
        """Drop idempotency keys that nobody will repeat any more, once a day."""
        now = self._room.clock()
        if now >= self._forgets_at:
            await self._room.store.forget_keys(now - ANSWER_KEPT_DAYS * DAY)
            self._forgets_at = now + DAY

    def _ended(self, run: asyncio.Task[None]) -> None:
        self._runs.discard(run)
        self._wanted.set()

    # one post

    async def _taken(self) -> Post | None:
        """A post under a new lease, if one is due. Lanes are looked at in turn, so that none waits for another."""
        store, now = self._room.store, self._room.clock()
        lanes = (*store.lanes[self._first_lane :], *store.lanes[: self._first_lane])
        self._first_lane = (self._first_lane + 1) % len(store.lanes)
        for lane in lanes:
            for owner, number in await store.due(lane, now, POSTS_AT_ONCE):
                post = await store.post(owner, number)
                if post is not None and post.state in ("queued", "publishing"):
                    with suppress(LeaseLost):
                        return await self._claimed(post)
        return None

    async def _claimed(self, post: Post) -> Post:
        now = self._room.clock()
        until_at = now + round(self._lease_seconds * SECOND)
        taken = post.moved("publishing")._replace(fence=post.fence + 1, attempts=post.attempts + 1, due_at=until_at)
        async with self._room.writing(Owner(post.lane, post.account), [post_told(taken)]) as connection:
            if not await self._room.store.claim(connection, post, until_at, now):
                raise LeaseLost
        return taken

    async def _run(self, post: Post) -> None:
        """Publish one post: an outermost loop. What it cannot write down is done again when the lease has ended."""
        beats = asyncio.create_task(self._beat(post))
        try:
            await self._publish(post)
        except LeaseLost:
            _log.info("%s was taken over by another worker.", post.id)
        except (DatabaseFailure, TooBusy) as failure:
            _log.warning("%s waits for the ledger: %s", post.id, failure)
        except Exception:
            _log.exception("A defect while %s was being published", post.id)
        finally:
            beats.cancel()
            await asyncio.wait({beats})

    async def _publish(self, post: Post) -> None:
        try:
            delivered = await self._delivered(post)
        except PlatformFailure as failure:
            await self._failed(post, failure)
        else:
            await self._ending.succeed(post, delivered)

    async def _delivered(self, post: Post) -> Delivered:
        """The platform's answer: that to an earlier try, if one has arrived, else that to this one."""
        channel = await self._channel(post)
        platform = self._room.platforms.get(channel.platform)
        if platform is None:
            raise PlatformFailure("no_platform", f"This server cannot publish to {channel.platform}.")
        posting = Posting(post.id, channel.place, post.words, (), post.ticket)
        found = await platform.found(posting) if post.was_begun else None
        if found is not None:
            return found
        if channel.removed_at is not None:
            raise PlatformFailure("channel_removed", "The channel was removed before the post could be published.")
        if post.attempts > ATTEMPTS_MAX:
            raise _last_failure(post)

        async def keep_ticket(ticket: str) -> None:
            if not await self._room.store.note_ticket(post, ticket):
                raise LeaseLost

        return await platform.publish(posting._replace(parts=await self._parts(post)), keep_ticket)

    async def _channel(self, post: Post) -> Channel:
        assert post.channel is not None, "what is being published has a channel"
        channel = await self._room.store.channel(Owner(post.lane, post.account), post.channel)
        assert channel is not None, "a removed channel stays"
        return channel

    async def _parts(self, post: Post) -> tuple[Part, ...]:
        try:
            video = await self._room.studio.video(AccountRef(post.lane, post.account, ""), post.video)
            return parts_of(self._room.studio, video, post.words)
        except (StudioRefused, FileMissing) as failure:
            raise PlatformFailure("file_missing", "A file of this video is missing on the server.") from failure

    async def _failed(self, post: Post, failure: PlatformFailure) -> None:
        told = PostFailure(failure.code, failure.detail, failure.hint)
        pause = pause_after(post.attempts) if failure.is_retryable else None
        if pause is not None:
            await self._ending.put_off(post, told, pause)
            return
        point = FailurePoint.AT_PROVIDER if post.was_begun else FailurePoint.BEFORE_ACCEPTANCE
        await self._ending.fail(post, told, point)

    async def _beat(self, post: Post) -> None:
        """Renew the lease until cancelled, or until it no longer counts: then nothing that is written counts either."""
        while True:
            await asyncio.sleep(self._lease_seconds / BEATS_OF_A_LEASE)
            try:
                until_at = self._room.clock() + round(self._lease_seconds * SECOND)
                if not await self._room.store.renew(post, until_at):
                    return
            except (DatabaseFailure, TooBusy) as failure:
                _log.warning("A lease could not be renewed: %s", failure)


def _last_failure(post: Post) -> PlatformFailure:
    """Why a post that has been tried often enough was not published."""
    if post.failure is None:
        return PlatformFailure("crashed", "Its worker died again and again.", "Try again.")
    return PlatformFailure(post.failure.code, post.failure.detail, post.failure.hint)
