"""Channels: connected while there is a place for them, removed with their place given back at once."""

from reelbot.allowance import AccountRef, Answer, Item, Receipt
from reelbot.db import Connection
from reelbot.errors import Malformed, shown
from reelbot.publish.context import Room
from reelbot.publish.core.posts import one_line
from reelbot.publish.core.refusals import PublishRefused
from reelbot.publish.core.requests import ChannelAsked
from reelbot.publish.platforms.port import Connecting
from reelbot.publish.store import Channel, channel_id
from reelbot.records import Claim, Page, content_of, new_number, number_of, owner_of
from reelbot.records.metered import give_back

NO_CHANNEL = "There is no such channel. It may have been removed."
_OPERATORS = "Only an operator may name a folder of the server. Leave path out, and the channel gets one of its own."

CHANNEL = "channel"
"""The action of the price list that a connected channel is."""

CONNECT_SECONDS = 600
"""A connection that its process did not live to finish gives its place back after this."""


class Channels:
    """The channels of accounts."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def connect(
        self, account: AccountRef, asked: ChannelAsked, key: str | None, *, is_operator: bool
    ) -> tuple[Channel, bool]:
        """Connect a channel, or give the one that the same key connected before; and whether it was there.

        `Refused` when the plan has no place for another one, `PublishRefused` for a path that is not the caller's to name,
        `Malformed` for a channel that cannot be used. Then nothing is kept.
        """
        content = content_of("connect", "", asked)
        return await self._room.keys.once(
            account,
            key,
            content,
            lambda claim: self._connect(account, asked, claim, is_operator),
            lambda id: self.found(account, id),
        )

    async def _connect(self, account: AccountRef, asked: ChannelAsked, claim: Claim, is_operator: bool) -> Channel:
        platform = self._room.platforms.get(asked.platform)
        if platform is None:
            known = ", ".join(self._room.platforms)
            raise Malformed(f"There is no platform {shown(asked.platform)}; there are: {known}.", "platform")
        if asked.path is not None and not is_operator:
            raise PublishRefused("forbidden", _OPERATORS)
        number, owner = new_number(), owner_of(account)
        folder = f"{owner.lane}-{owner.account}"
        place = await platform.connect(Connecting(channel_id(owner, number), folder, asked.path))
        hold = await self._room.ledger.hold(
            account,
            [Item(CHANNEL)],
            key=f"connect {number}",
            owner=channel_id(owner, number),
            expires_in=CONNECT_SECONDS,
        )
        name = one_line(asked.name) or platform.title
        channel = Channel(*owner, number, platform.name, name, place, hold.id, self._room.clock())
        try:
            await self._keep(hold, channel, claim)
        except BaseException:
            await give_back(self._room.ledger, hold, "The channel could not be connected.", channel.id)
            raise
        return channel

    async def _keep(self, hold: Receipt, channel: Channel, claim: Claim) -> None:
        """Keep a channel and count it, both or neither."""

        async def keep(connection: Connection | None, answer: Answer) -> None:
            assert connection is not None, "publishing is kept in a database"
            await claim.keep(connection, channel.id)
            await self._room.store.insert_channel(connection, channel)

        why = f"{channel.name} was connected."
        await self._room.ledger.settle(hold, why=why, owner=channel.id, asked_by=claim.key, rider=keep)

    async def found(self, account: AccountRef, id: str) -> Channel:
        """The channel of that id that is connected."""
        owner = owner_of(account)
        channel = await self._room.store.channel(owner, number_of("channel", owner, id))
        if channel is None or channel.removed_at is not None:
            raise PublishRefused("not_found", NO_CHANNEL)
        return channel

    async def listed(self, account: AccountRef, page: Page) -> list[Channel]:
        """A page of channels, the newest first."""
        return await self._room.store.channels(owner_of(account), page)

    async def remove(self, account: AccountRef, id: str) -> None:
        """Remove a channel and give its place back. What was published there stays where it is."""
        channel = await self.found(account, id)

        async def forget(connection: Connection | None, answer: Answer) -> None:
            assert connection is not None, "publishing is kept in a database"
            owner, now = owner_of(account), self._room.clock()
            if not await self._room.store.remove_channel(connection, owner, channel.number, now):
                raise PublishRefused("not_found", NO_CHANNEL)

        why = f"{channel.name} was removed."
        await self._room.ledger.refund(
            channel.hold, key=f"remove {channel.id}", why=why, owner=channel.id, rider=forget
        )
