"""`/api/v1/channels`: where the account publishes."""

import msgspec
from msgspec import Struct

from reelbot.publish import ChannelAsked, ChannelShown, Publishing, channel_shown
from reelbot.web.api.drafts import Removed
from reelbot.web.operations import Call
from reelbot.web.paging import PageQuery, cut, page_of
from reelbot.web.problems import CREATED, OK, Problem
from reelbot.web.replies import REPLAYED, Reply, json_reply

NOT_HERE = "This server keeps its ledger in memory and publishes nothing."

_encode = msgspec.json.Encoder().encode


class ChannelsShown(Struct, frozen=True):
    """A page of channels, the newest first; `next` is the cursor of the page behind it, null on the last."""

    channels: list[ChannelShown]
    next: str | None


def publishing_of(call: Call) -> Publishing:
    """What publishes on this site."""
    if call.site.publishing is None:
        raise Problem("not_found", NOT_HERE)
    return call.site.publishing


async def connect_channel(call: Call) -> Reply:
    """Connect it."""
    asked: ChannelAsked = call.body
    is_operator = (
        call.who.role == "operator" and "operator" in call.who.scopes
    )  # a folder of the server is its operator's
    channel, replayed = await publishing_of(call).connect(call.account, asked, call.key, is_operator=is_operator)
    return json_reply(CREATED, _encode(channel_shown(channel)), REPLAYED if replayed else ())


async def list_channels(call: Call) -> Reply:
    """Tell which there are."""
    query: PageQuery = call.query
    found = await publishing_of(call).channels(call.account, page_of(query))
    page, following = cut(found, query, [(channel.created_at, channel.number) for channel in found])
    return json_reply(OK, _encode(ChannelsShown([channel_shown(channel) for channel in page], following)))


async def remove_channel(call: Call) -> Reply:
    """Remove it."""
    await publishing_of(call).remove_channel(call.account, call.named)
    return json_reply(OK, _encode(Removed(call.named)))
