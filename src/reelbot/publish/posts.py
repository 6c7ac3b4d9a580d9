"""Posts: drafts that are free to write and change, and the one act that counts, publishing."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from reelbot.allowance import AccountRef, Answer, Item, Refused
from reelbot.db import Connection
from reelbot.errors import Malformed
from reelbot.ids import id_text
from reelbot.publish.channels import NO_CHANNEL
from reelbot.publish.context import Room, post_told
from reelbot.publish.core.conclusion import (
    IS_ON_ITS_WAY,
    Sent,
    conclude_send,
    require_editable,
    require_there,
)
from reelbot.publish.core.posts import Post, Words, cleaned_hashtags, one_line
from reelbot.publish.core.refusals import PublishRefused
from reelbot.publish.core.requests import PostAsked, PostChangeAsked, PublicationAsked, WordsAsked
from reelbot.publish.core.rows import insert_post
from reelbot.publish.kit import words_of
from reelbot.records import (
    Claim,
    KeyTaken,
    Owner,
    Page,
    content_of,
    json_text,
    new_number,
    number_of,
    owner_of,
    read_json,
)

POST = "post"
"""The action of the price list that a published post is."""

_NO_CHANNEL_YET = "Choose the channel that this post goes to first."


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
            await self._room.store.carry_out(connection, [insert_post(post)])

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
        return require_there(await self._room.store.post(owner, number_of("post", owner, id)))

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
            post = require_there(await self._room.store.take_post(connection, owner, seen.number))
            require_editable(post)
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
                require_there(await self._room.store.take_post(connection, owner, seen.number))
                raise PublishRefused("post_locked", IS_ON_ITS_WAY)

    # publishing

    async def publish(self, account: AccountRef, id: str, key: str) -> Published:
        """Publish a draft of a post, or one that failed: holds one post until the platform has answered."""
        content = content_of("publish", id, None)
        known = await self._known(account, key, content)
        if known is not None:
            return known
        seen = await self.found(account, id)
        require_editable(seen)
        await self._require_channel(account, seen)

        return await self._send(account, Sent(seen, is_new=False), key, content)

    async def publish_video(self, account: AccountRef, video: str, asked: PublicationAsked, key: str) -> Published:
        """Write a post for a video and publish it, in one decision."""
        content = content_of("publish", video, asked)
        known = await self._known(account, key, content)
        if known is not None:
            return known
        post = await self._drafted(account, video, asked.channel, asked)
        return await self._send(account, Sent(post, is_new=True), key, content)

    async def _known(self, account: AccountRef, key: str, content: str) -> Published | None:
        found = await self._room.keys.known(account, key, content)
        return None if found is None else read_json(_published_in, found)._replace(replayed=True)

    async def _require_channel(self, account: AccountRef, post: Post) -> None:
        if post.channel is None:
            raise PublishRefused("not_ready", _NO_CHANNEL_YET)
        channel = await self._room.store.channel(owner_of(account), post.channel)
        if channel is None or channel.removed_at is not None:
            raise PublishRefused("not_ready", "The channel of this post was removed. Choose another one first.")

    async def _send(self, account: AccountRef, sent: Sent, key: str, content: str) -> Published:
        """Hold one post and put it in the queue, both or neither, and once for a key."""
        rider, post = partial(self._ride, sent, key, content), sent.seen.id
        try:
            receipt = await self._room.ledger.hold(account, [Item(POST)], key=key, owner=post, rider=rider)
        except (KeyTaken, Refused, PublishRefused, Malformed):
            # The same request may have come twice at once: what the other one did is why this one is refused.
            known = await self._known(account, key, content)
            if known is None:
                raise
            return known
        if not receipt.replayed:
            return Published(post, receipt.id, False)
        known = await self._known(account, key, content)
        if known is None:  # the key belongs to a hold that has nothing to do with publishing
            raise self._room.keys.reused(account)
        return known

    async def _ride(self, sent: Sent, key: str, content: str, connection: Connection | None, answer: Answer) -> None:
        """Tell, which locks the account's stream; then read, decide, write."""
        assert connection is not None, "publishing is kept in a database"
        store, owner = self._room.store, Owner(sent.seen.lane, sent.seen.account)
        hold = id_text("hold", answer.lane, answer.account, answer.hold)
        queued = sent.queued(hold, self._room.clock())
        await self._room.tell(connection, owner, [post_told(queued)])
        await self._room.keys.claim(connection, owner, key, content, json_text(Published(queued.id, hold, False)))
        waiting = await store.waiting(connection, owner)
        kept = None if sent.is_new else await store.take_post(connection, owner, queued.number)
        rank = self._room.ledger.terms.catalogue.plans[answer.plan].rank
        await store.carry_out(connection, conclude_send(sent, queued, kept, waiting, rank))


def _changed(words: Words, asked: WordsAsked) -> Words:
    """The words with what was asked for in their place. A title is one line."""
    return Words(
        title=words.title if asked.title is UNSET else one_line(asked.title),
        description=words.description if asked.description is UNSET else asked.description,
        hashtags=words.hashtags if asked.hashtags is UNSET else cleaned_hashtags(asked.hashtags),
    )
