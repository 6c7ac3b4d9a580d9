"""Posts: drafts that are free to write and change, and the one act that counts, publishing."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from reelbot.allowance import AccountRef, Answer, Item, Refused
from reelbot.db import Connection
from reelbot.errors import Malformed, TooBusy
from reelbot.ids import id_text
from reelbot.publish.channels import NO_CHANNEL
from reelbot.publish.context import Room, post_told
from reelbot.publish.core.posts import EDITABLE, ON_ITS_WAY, Post, Words, cleaned_hashtags, one_line
from reelbot.publish.core.refusals import PublishRefused
from reelbot.publish.core.requests import PostAsked, PostChangeAsked, PublicationAsked, WordsAsked
from reelbot.publish.kit import words_of
from reelbot.publish.limits import POSTS_WAITING_MAX
from reelbot.records import Claim, KeyTaken, Page, content_of, json_text, new_number, number_of, owner_of, read_json

NO_POST = "There is no such post. It may have been removed."

POST = "post"
"""The action of the price list that a published post is."""

_ON_ITS_WAY = "This post is being published. Wait until that has ended."
_PUBLISHED = "This post is published; what the platform has is no longer changed here. Write a new one."
_NO_CHANNEL_YET = "Choose the channel that this post goes to first."


_Queue = Callable[[Connection, Post], Awaitable[None]]
"""Writes a post into the queue."""


class Published(NamedTuple):
    """A post that is on its way, the hold that counts it, and whether the same key had sent it before."""

    post: str
    hold: str
    replayed: bool


_published_in = msgspec.json.Decoder(Published).decode


class Posts:
    """The posts of accounts."""

    def __init__(self, room: Room) -> None:
        self._room = room

    # drafts of posts

    async def open(self, account: AccountRef, asked: PostAsked, key: str | None) -> tuple[Post, bool]:
        """A new draft of a post, or the one that the same key opened before; and whether it was there."""
        content = content_of("post", "", asked)
        return await self._room.keys.once(
            account, key, content, lambda claim: self._open(account, asked, claim), lambda id: self.found(account, id)
        )

    async def _open(self, account: AccountRef, asked: PostAsked, claim: Claim) -> Post:
        post = await self._drafted(account, asked.video, asked.channel, asked)

        async def write(connection: Connection) -> None:
            await self._room.store.insert_post(connection, post)

        await self._room.make(account, claim, post.id, [post_told(post)], write)
        return post

    async def _drafted(self, account: AccountRef, video: str, channel: str | None, asked: WordsAsked) -> Post:
        kept, now = await self._room.studio.video(account, video), self._room.clock()
        return Post(
            lane=account.lane,
            account=account.id,
            number=new_number(),
            video=kept.id,
            channel=None if channel is None else await self._channel(account, channel),
            words=_changed(words_of(kept), asked),
            state="draft",
            hold=None,
            due_at=now,
            fence=0,
            attempts=0,
            ticket="",
            delivered=None,
            failure=None,
            created_at=now,
            updated_at=now,
            published_at=None,
        )

    async def _channel(self, account: AccountRef, id: str) -> int:
        """The number of a channel that is connected."""
        owner = owner_of(account)
        channel = await self._room.store.channel(owner, number_of("channel", owner, id))
        if channel is None or channel.removed_at is not None:
            raise PublishRefused("not_found", NO_CHANNEL)
        return channel.number

    async def found(self, account: AccountRef, id: str) -> Post:
        """The post of that id."""
        owner = owner_of(account)
        return _there(await self._room.store.post(owner, number_of("post", owner, id)))

    async def listed(self, account: AccountRef, page: Page) -> list[Post]:
        """A page of posts, the newest first."""
        return await self._room.store.posts(owner_of(account), page)

    async def of_holds(self, account: AccountRef, holds: Sequence[int]) -> dict[int, Post]:
        """The posts that some holds, by their numbers, are for. One that was removed is not there."""
        owner = owner_of(account)
        numbers = {id_text("hold", *owner, number): number for number in holds}
        found = await self._room.store.posts_of(owner, list(numbers)) if numbers else []
        return {numbers[post.hold]: post for post in found if post.hold is not None}

    async def change(self, account: AccountRef, id: str, asked: PostChangeAsked) -> Post:
        """Change a draft of a post, or one that failed. Free."""
        seen, owner = await self.found(account, id), owner_of(account)
        channel: int | UnsetType | None = UNSET
        if asked.channel is not UNSET:
            channel = None if asked.channel is None else await self._channel(account, asked.channel)
        async with self._room.writing(owner, [post_told(seen)]) as connection:
            post = _there(await self._room.store.take_post(connection, owner, seen.number))
            _require_editable(post)
            post = post._replace(words=_changed(post.words, asked), updated_at=self._room.clock())
            if channel is not UNSET:
                post = post._replace(channel=channel)
            await self._room.store.change_post(connection, post)
        return post

    async def remove(self, account: AccountRef, id: str) -> None:
        """Remove a post from the list. One that is on its way is not; what was published stays published."""
        seen, owner = await self.found(account, id), owner_of(account)
        async with self._room.writing(owner, [post_told(seen, is_removed=True)]) as connection:
            if not await self._room.store.delete_post(connection, owner, seen.number):
                _there(await self._room.store.take_post(connection, owner, seen.number))
                raise PublishRefused("post_locked", _ON_ITS_WAY)

    # publishing

    async def publish(self, account: AccountRef, id: str, key: str) -> Published:
        """Publish a draft of a post, or one that failed: holds one post until the platform has answered."""
        content = content_of("publish", id, None)
        known = await self._known(account, key, content)
        if known is not None:
            return known
        seen = await self.found(account, id)
        _require_editable(seen)
        await self._require_channel(account, seen)

        async def queue(connection: Connection, post: Post) -> None:
            there = _there(await self._room.store.take_post(connection, owner_of(account), seen.number))
            _require_editable(there)
            if there.channel != seen.channel or not await self._room.store.queue_post(connection, post):
                raise PublishRefused("post_locked", _ON_ITS_WAY)

        return await self._send(account, seen, queue, key, content)

    async def publish_video(self, account: AccountRef, video: str, asked: PublicationAsked, key: str) -> Published:
        """Write a post for a video and publish it, in one decision."""
        content = content_of("publish", video, asked)
        known = await self._known(account, key, content)
        if known is not None:
            return known
        post = await self._drafted(account, video, asked.channel, asked)
        return await self._send(account, post, self._room.store.insert_post, key, content)

    async def _known(self, account: AccountRef, key: str, content: str) -> Published | None:
        found = await self._room.keys.known(account, key, content)
        return None if found is None else read_json(_published_in, found)._replace(replayed=True)

    async def _require_channel(self, account: AccountRef, post: Post) -> None:
        if post.channel is None:
            raise PublishRefused("not_ready", _NO_CHANNEL_YET)
        channel = await self._room.store.channel(owner_of(account), post.channel)
        if channel is None or channel.removed_at is not None:
            raise PublishRefused("not_ready", "The channel of this post was removed. Choose another one first.")

    async def _send(self, account: AccountRef, post: Post, write: _Queue, key: str, content: str) -> Published:
        """Hold one post and put it in the queue, both or neither, and once for a key."""
        owner = owner_of(account)
        sent: list[Published] = []

        async def enqueue(connection: Connection | None, answer: Answer) -> None:
            assert connection is not None, "publishing is kept in a database"
            hold, now = id_text("hold", answer.lane, answer.account, answer.hold), self._room.clock()
            queued = post.moved("queued")._replace(hold=hold, due_at=now, updated_at=now)
            await self._room.tell(connection, owner, [post_told(queued)])
            published = Published(post.id, hold, False)
            await self._room.keys.claim(connection, owner, key, content, json_text(published))
            if await self._room.store.waiting(connection, owner) >= POSTS_WAITING_MAX:
                raise TooBusy(
                    f"{POSTS_WAITING_MAX} posts are on their way already.", "Try again when some have arrived."
                )
            await write(connection, queued)
            rank = self._room.ledger.terms.catalogue.plans[answer.plan].rank
            await self._room.store.wait(connection, owner, rank)
            sent.append(published)

        try:
            receipt = await self._room.ledger.hold(account, [Item(POST)], key=key, owner=post.id, rider=enqueue)
        except (KeyTaken, Refused, PublishRefused, Malformed):
            # The same request may have come twice at once: what the other one did is why this one is refused.
            known = await self._known(account, key, content)
            if known is None:
                raise
            return known
        if sent and not receipt.replayed:
            return sent[-1]
        known = await self._known(account, key, content)
        if known is None:  # the key belongs to a hold that has nothing to do with publishing
            raise self._room.keys.reused(account)
        return known


def _there(post: Post | None) -> Post:
    if post is None:
        raise PublishRefused("not_found", NO_POST)
    return post


def _require_editable(post: Post) -> None:
    if post.state not in EDITABLE:
        raise PublishRefused("post_locked", _ON_ITS_WAY if post.state in ON_ITS_WAY else _PUBLISHED)


def _changed(words: Words, asked: WordsAsked) -> Words:
    """The words with what was asked for in their place. A title is one line."""
    return Words(
        title=words.title if asked.title is UNSET else one_line(asked.title),
        description=words.description if asked.description is UNSET else asked.description,
        hashtags=words.hashtags if asked.hashtags is UNSET else cleaned_hashtags(asked.hashtags),
    )
