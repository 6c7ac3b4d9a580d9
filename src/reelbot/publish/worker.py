"""Takes posts and publishes them, under the leases of `queue`.

When a worker dies, another one takes its post over and asks the platform first whether it has arrived already. The next
post is one of the account that was served longest ago.
"""

import logging
from contextlib import suppress

from reelbot.allowance import AccountRef, FailurePoint
from reelbot.clock import DAY
from reelbot.errors import DatabaseFailure, TooBusy
from reelbot.limits import ANSWER_KEPT_DAYS
from reelbot.publish.completion import Ending
from reelbot.publish.context import Room, post_told
from reelbot.publish.core.posts import Delivered, Post, PostFailure, pause_after
from reelbot.publish.core.rows import POOL
from reelbot.publish.kit import parts_of
from reelbot.publish.limits import ATTEMPTS_MAX, LEASE_SECONDS, POSTS_AT_ONCE
from reelbot.publish.platforms.port import Part, PlatformFailure, Posting
from reelbot.publish.store import Channel
from reelbot.queue import LanesInTurn, LeaseLost, Pool, Running, Worker
from reelbot.records import Owner
from reelbot.studio import FileMissing, StudioRefused

IDLE_SECONDS = 1.0
"""How often a worker without work looks for some that another process has queued, or that is due again."""

STOP_SECONDS = 15
"""How long the end of a process waits for platforms that are in the middle of an answer; then the lease ends by itself."""

_log = logging.getLogger(__name__)


class PostSource:
    """The posts of an installation, as a worker takes and publishes them."""

    name = "posts"
    is_called_back = False  # what a platform has been given cannot be taken back

    def __init__(self, room: Room) -> None:
        self._room = room
        self._ending = Ending(room)
        self._lanes = LanesInTurn(room.store.lanes)
        self._forgets_at = 0

    def label(self, item: Post) -> str:
        """The post as its owner names it."""
        return item.id

    async def look(self) -> None:
        """Drop idempotency keys that nobody will repeat any more, once a day."""
        now = self._room.clock()
        if now >= self._forgets_at:
            await self._room.store.forget_keys(now - ANSWER_KEPT_DAYS * DAY)
            self._forgets_at = now + DAY

    async def take(self, pool: str, until_at: int) -> Post | None:
        """A post under a new lease, if one is due."""
        store, now = self._room.store, self._room.clock()
        for lane in self._lanes.begun():
            for owner, number in await store.due(lane, now, POSTS_AT_ONCE):
                post = await store.post(owner, number)
                if post is not None and post.state in ("queued", "publishing"):
                    with suppress(LeaseLost):
                        return await self._claimed(post, until_at, now)
        return None

    async def _claimed(self, post: Post, until_at: int, now: int) -> Post:
        taken = post.moved("publishing")._replace(fence=post.fence + 1, attempts=post.attempts + 1, due_at=until_at)
        async with self._room.writing(Owner(post.lane, post.account), [post_told(taken)]) as connection:
            if not await self._room.store.claim(connection, post, until_at, now):
                raise LeaseLost
        return taken

    async def renew(self, running: Running[Post], until_at: int) -> bool | None:
        """Renew the lease; nobody can ask for the end of a post that is on its way."""
        return False if await self._room.store.renew(running.item, until_at) else None

    async def do(self, running: Running[Post]) -> None:
        """Publish one post. What cannot be written down is done again when the lease has ended, and so is after a defect."""
        try:
            await self._publish(running.item)
        except (LeaseLost, DatabaseFailure, TooBusy):
            raise
        except Exception:
            _log.exception("A defect while %s was being published", running.item.id)

    async def put_back(self, running: Running[Post], seconds: float, why: str) -> None:
        """Nothing: a platform is in the middle of it, and is asked what became of it when the lease has ended."""

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


def _last_failure(post: Post) -> PlatformFailure:
    """Why a post that has been tried often enough was not published."""
    if post.failure is None:
        return PlatformFailure("crashed", "Its worker died again and again.", "Try again.")
    return PlatformFailure(post.failure.code, post.failure.detail, post.failure.hint)


def post_worker(
    room: Room, *, lease_seconds: float = LEASE_SECONDS, idle_seconds: float = IDLE_SECONDS
) -> Worker[Post]:
    """Publishes up to `POSTS_AT_ONCE` posts at once in this process."""
    return Worker(
        PostSource(room),
        room.clock,
        {POOL: Pool(POSTS_AT_ONCE)},
        lease_seconds=lease_seconds,
        idle_seconds=idle_seconds,
        stop_seconds=STOP_SECONDS,
    )
