"""The front door of `publish`: channels, posts, and the kit of a video."""

from reelbot.extras import require

require("studio")

from reelbot.publish.core.asking import ChannelAsked, PostAsked, PostChangeAsked, PublicationAsked
from reelbot.publish.core.posts import ON_ITS_WAY, Delivered, Post, PostFailure, Words
from reelbot.publish.core.refusals import PublishRefused
from reelbot.publish.deliveries import PublishDeliveries
from reelbot.publish.kit import Kit, zipped
from reelbot.publish.opening import open_publishing
from reelbot.publish.platforms.port import Connecting, KeepTicket, Part, Platform, PlatformFailure, Posting
from reelbot.publish.posting import Published
from reelbot.publish.room import EVENT_KIND
from reelbot.publish.service import Publishing
from reelbot.publish.shown import ChannelShown, PostShown, PostTold, channel_shown, post_shown
from reelbot.publish.store import Channel

__all__ = [
    "EVENT_KIND",
    "ON_ITS_WAY",
    "ROOM",
    "Channel",
    "ChannelAsked",
    "ChannelShown",
    "Connecting",
    "Delivered",
    "KeepTicket",
    "Kit",
    "Part",
    "Platform",
    "PlatformFailure",
    "Post",
    "PostAsked",
    "PostChangeAsked",
    "PostFailure",
    "PostShown",
    "PostTold",
    "Posting",
    "PublicationAsked",
    "PublishDeliveries",
    "PublishRefused",
    "Published",
    "Publishing",
    "Words",
    "channel_shown",
    "open_publishing",
    "post_shown",
    "zipped",
]

ROOM = "reelbot.publish"
"""The room's name to `reelbot.db.migrate`."""
