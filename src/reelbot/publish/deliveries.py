"""Publishing's part of the audit: published posts and connected channels, each with the hold that pays for it.

All of an account is read in one reading. A post is published, and a channel connected or removed, in the transaction that
settles or refunds its hold, so nothing that goes on meanwhile is a fault.
"""

from reelbot.allowance import AccountRef, Delivery, Fault, Ledger
from reelbot.db import PostgresDatabase, SqliteDatabase
from reelbot.publish.channels import CHANNEL
from reelbot.publish.posts import POST
from reelbot.publish.store import PublishStore
from reelbot.records import owner_of, paged


class PublishDeliveries:
    """Looks through what publishing delivered to one account after the other."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase, ledger: Ledger) -> None:
        self._store = PublishStore(database, ledger.store.lanes)
        self._ledger = ledger

    async def __call__(self, account: AccountRef) -> Fault | None:
        """The first post or channel that was delivered without its charge."""
        owner = owner_of(account)
        async with self._store.database.reading() as connection:
            async for posts in paged(self._store.posts, connection, owner):
                published = [post for post in posts if post.state == "published"]
                page = [Delivery(post.id, post.hold or "", post.id, action=POST) for post in published]
                fault = await self._ledger.first_uncharged(connection, account, page)
                if fault is not None:
                    return fault
            async for channels in paged(self._store.channels, connection, owner):
                page = [Delivery(channel.id, channel.hold, channel.id, action=CHANNEL) for channel in channels]
                fault = await self._ledger.first_uncharged(connection, account, page)
                if fault is not None:
                    return fault
        return None
