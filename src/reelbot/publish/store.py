"""What is kept of publishing, and how it changes. Every write is a statement on the caller's transaction.

Order of locks: as in the studio, whoever writes more than one row of an account first locks the account's stream of
events, and the ledger does the same before its riders write. A single row, such as a lease, may be written without it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from reelbot.db import Connection, PostgresDatabase, Row, SqliteDatabase
from reelbot.ids import id_text
from reelbot.publish.core.posts import Delivered, Post, PostFailure, Words
from reelbot.publish.limits import POSTS_RUNNING_MAX
from reelbot.queue import TurnStore
from reelbot.records import KeepingStore, Owner, Page, json_text, read_json, read_json_or_none


class Channel(NamedTuple):
    """A connected account on a platform, as it is kept. `place` is what its platform finds it by."""

    lane: int
    account: int
    number: int
    platform: str
    name: str
    place: str
    hold: str
    created_at: int
    removed_at: int | None = None

    @property
    def id(self) -> str:
        """The channel as outsiders name it."""
        return channel_id(Owner(self.lane, self.account), self.number)


_words_in = msgspec.json.Decoder(Words).decode
_delivered_in = msgspec.json.Decoder(Delivered).decode
_failure_in = msgspec.json.Decoder(PostFailure).decode


def channel_id(owner: Owner, number: int) -> str:
    """A channel as outsiders name it."""
    return id_text("channel", *owner, number)


class PublishStore(KeepingStore, TurnStore):
    """Keeps channels and posts in the database of the ledger."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase, lanes: int) -> None:
        super().__init__(database, lanes, "reelbot.publish")

    # channels

    async def insert_channel(self, connection: Connection, channel: Channel) -> None:
        """Keep a channel."""
        await connection.execute(self._sql["insert_channel"], channel[:8])

    async def channel(self, owner: Owner, number: int) -> Channel | None:
        """One channel, removed or not."""
        rows = await self._rows(None, "read_channel", *owner, number)
        return Channel(*owner, *rows[0]) if rows else None

    async def channels(self, owner: Owner, page: Page, connection: Connection | None = None) -> list[Channel]:
        """A page of the channels that are connected, the newest first."""
        rows = await self._rows(connection, "list_channels", *owner, page.before_at, page.before_number, page.size)
        return [Channel(*owner, *row) for row in rows]

    async def remove_channel(self, connection: Connection, owner: Owner, number: int, at: int) -> bool:
        """Remove a channel; False when it is gone already."""
        return await self._changed(connection, "remove_channel", at, *owner, number)

    # posts

    async def post(self, owner: Owner, number: int) -> Post | None:
        """One post as it stands."""
        rows = await self._rows(None, "read_post", *owner, number)
        return _post(rows[0]) if rows else None

    async def take_post(self, connection: Connection, owner: Owner, number: int) -> Post | None:
        """One post, for a change in this transaction."""
        rows = await self._rows(connection, "take_post", *owner, number)
        return _post(rows[0]) if rows else None

    async def posts(self, owner: Owner, page: Page, connection: Connection | None = None) -> list[Post]:
        """A page of posts, the newest first."""
        rows = await self._rows(connection, "list_posts", *owner, page.before_at, page.before_number, page.size)
        return [_post(row) for row in rows]

    async def posts_of(self, owner: Owner, holds: Sequence[str]) -> list[Post]:
        """The posts that some holds are for."""
        return [_post(row) for row in await self._rows(None, "list_posts_of", json_text(holds), *owner)]

    async def waiting(self, connection: Connection, owner: Owner) -> int:
        """How many posts of an account are on their way."""
        return int((await self._rows(connection, "count_waiting", *owner))[0][0])

    async def change_post(self, connection: Connection, post: Post) -> None:
        """Keep other words or another channel."""
        row = (post.channel, json_text(post.words), post.updated_at, *post[:3])
        await connection.execute(self._sql["change_post"], row)

    async def delete_post(self, connection: Connection, owner: Owner, number: int) -> bool:
        """Remove a post; False when it is on its way."""
        return await self._changed(connection, "delete_post", *owner, number)

    # the work of publishing

    async def due(self, lane: int, now: int, count: int) -> list[tuple[Owner, int]]:
        """Posts of a lane that may be taken, at most one of an account, in the order of their turns."""
        rows = await self._rows(None, "list_due", now, lane, "post", now, POSTS_RUNNING_MAX, count)
        return [(Owner(lane, row[0]), row[1]) for row in rows]

    async def claim(self, connection: Connection, post: Post, until_at: int, now: int) -> bool:
        """Take the lease on a post, under the fencing number after the one it has: its account has had its turn."""
        if not await self._changed(connection, "claim_post", until_at, *post[:3], post.fence, now):
            return False
        await self.take_turn(connection, Owner(post.lane, post.account), "post")
        return True

    async def renew(self, post: Post, until_at: int) -> bool:
        """Say that the work goes on; False when the lease no longer counts."""
        async with self.database.transaction() as connection:
            return await self._changed(connection, "renew_lease", until_at, *post[:3], post.fence)

    async def note_ticket(self, post: Post, ticket: str) -> bool:
        """Keep what the platform gave before it began; False when the lease no longer counts."""
        async with self.database.transaction() as connection:
            return await self._changed(connection, "note_ticket", ticket, *post[:3], post.fence)


def _post(row: Row) -> Post:
    delivered, failure = row[12:14]
    told = (read_json_or_none(_delivered_in, delivered), read_json_or_none(_failure_in, failure))
    return Post._make((*row[:5], read_json(_words_in, row[5]), *row[6:12], *told, *row[14:]))
