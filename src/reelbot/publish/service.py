"""Publishing as a service: connect, write, publish, the kit. The front door of the room.

One instance belongs to one event loop. What is to be published is queued; a `Worker`, in this process or another, brings it
to its platform. Expected noes are `PublishRefused`, the studio's `StudioRefused` and the ledger's `Refused`; bad input is
`Malformed`.
"""

from collections.abc import Sequence

from reelbot.allowance import AccountRef
from reelbot.publish.channels import Channels
from reelbot.publish.context import Room
from reelbot.publish.core.conclusion import NO_POST
from reelbot.publish.core.posts import Post
from reelbot.publish.core.refusals import PublishRefused
from reelbot.publish.core.requests import ChannelAsked, PostAsked, PostChangeAsked, PublicationAsked
from reelbot.publish.deliveries import PublishDeliveries
from reelbot.publish.kit import Kit, parts_of, words_of
from reelbot.publish.posts import Posts, Published
from reelbot.publish.store import Channel
from reelbot.queue import Worker
from reelbot.records import Page


class Publishing:
    """Channels and posts of every account of a ledger, on its database."""

    def __init__(self, room: Room, worker: Worker[Post]) -> None:
        self.worker = worker
        self.deliveries = PublishDeliveries(room.store.database, room.ledger)
        self.platforms = {name: platform.title for name, platform in room.platforms.items()}
        self._room = room
        self._channels = Channels(room)
        self._posts = Posts(room)

    # channels

    async def connect(
        self, account: AccountRef, asked: ChannelAsked, key: str | None = None, *, is_operator: bool = False
    ) -> tuple[Channel, bool]:
        """Connect a channel, which takes one of the places that the plan has for them; and whether it was there."""
        return await self._channels.connect(account, asked, key, is_operator=is_operator)

    async def channel(self, account: AccountRef, id: str) -> Channel:
        """A channel that is connected."""
        return await self._channels.found(account, id)

    async def channels(self, account: AccountRef, page: Page) -> list[Channel]:
        """A page of the channels that are connected, the newest first."""
        return await self._channels.listed(account, page)

    async def remove_channel(self, account: AccountRef, id: str) -> None:
        """Remove a channel and give its place back at once."""
        await self._channels.remove(account, id)

    # posts

    async def open(self, account: AccountRef, asked: PostAsked, key: str | None = None) -> tuple[Post, bool]:
        """A new draft of a post, or the one that the same key opened before; and whether it was there."""
        return await self._posts.open(account, asked, key)

    async def post(self, account: AccountRef, id: str) -> Post:
        """A post as it stands."""
        return await self._posts.found(account, id)

    async def posts(self, account: AccountRef, page: Page) -> list[Post]:
        """A page of posts, the newest first."""
        return await self._posts.listed(account, page)

    async def posts_of(self, account: AccountRef, holds: Sequence[int]) -> dict[int, Post]:
        """The posts that some holds, by their numbers, are for."""
        return await self._posts.of_holds(account, holds)

    async def change(self, account: AccountRef, id: str, asked: PostChangeAsked) -> Post:
        """Change a draft of a post, or one that failed."""
        return await self._posts.change(account, id, asked)

    async def remove(self, account: AccountRef, id: str) -> None:
        """Remove a post from the list; what was published stays published."""
        await self._posts.remove(account, id)

    async def publish(self, account: AccountRef, id: str, key: str) -> Published:
        """Publish a draft of a post, or one that failed."""
        return self._queued(await self._posts.publish(account, id, key))

    async def publish_video(self, account: AccountRef, video: str, asked: PublicationAsked, key: str) -> Published:
        """Write a post for a video and publish it."""
        return self._queued(await self._posts.publish_video(account, video, asked, key))

    def _queued(self, published: Published) -> Published:
        self.worker.look()
        return published

    # the kit

    async def kit(self, account: AccountRef, video: str, post: str | None = None) -> Kit:
        """All that a platform's own form asks for, in the words of the video, or of one of its posts. Needs no channel."""
        kept = await self._room.studio.video(account, video)
        words = words_of(kept)
        if post is not None:
            written = await self._posts.found(account, post)
            if written.video != kept.id:
                raise PublishRefused("not_found", NO_POST)
            words = written.words
        return Kit(words.title or "video", kept.created_at, parts_of(self._room.studio, kept, words))
