"""The front door of `publish`: channels, posts, and the kit of a video."""

from reelbot import extras

extras.require("studio")

from reelbot.publish.context import EVENT_KIND
from reelbot.publish.core.posts import ON_ITS_WAY, Delivered, Post, PostFailure, Words
from reelbot.publish.core.refusals import PublishRefused
from reelbot.publish.core.requests import ChannelAsked, PostAsked, PostChangeAsked, PublicationAsked
from reelbot.publish.deliveries import PublishDeliveries
from reelbot.publish.kit import Kit, zipped
from reelbot.publish.lifespan import open_publishing
from reelbot.publish.platforms.port import Connecting, KeepTicket, Part, Platform, PlatformFailure, Posting
from reelbot.publish.posts import Published
from reelbot.publish.service import Publishing
from reelbot.publish.store import Channel
from reelbot.publish.views import ChannelShown, PostShown, PostTold, channel_shown, post_shown

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
