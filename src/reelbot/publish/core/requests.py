"""Requests of publishing: the bodies of the HTTP API as well, bounded where they are decoded."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from reelbot.publish.limits import (
    DESCRIPTION_LENGTH_MAX,
    HASHTAG_LENGTH_MAX,
    HASHTAGS_MAX,
    NAME_LENGTH_MAX,
    PATH_LENGTH_MAX,
    TITLE_LENGTH_MAX,
)

PlatformName = Annotated[str, Meta(extra_json_schema={"x-one-of": "platforms"})]
ChannelId = Annotated[str, Meta(max_length=60, examples=["channel_0-1-2s"])]
VideoId = Annotated[str, Meta(max_length=60, examples=["video_0-1-2s"])]
Title = Annotated[str, Meta(max_length=TITLE_LENGTH_MAX)]
Description = Annotated[str, Meta(max_length=DESCRIPTION_LENGTH_MAX)]
Hashtags = Annotated[
    list[Annotated[str, Meta(max_length=HASHTAG_LENGTH_MAX)]],
    Meta(max_length=HASHTAGS_MAX, description="With or without their sign.", examples=[["cats", "purring"]]),
]


class ChannelAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """A channel to connect. Without `path` a folder channel is a folder of its own in the data of this server."""

    platform: PlatformName
    name: Annotated[str, Meta(max_length=NAME_LENGTH_MAX)] = ""
    path: (
        Annotated[
            str,
            Meta(
                max_length=PATH_LENGTH_MAX,
                pattern="^/",
                description="Operators only: an absolute path on the server.",
                examples=["/srv/reels"],
            ),
        ]
        | None
    ) = None


class WordsAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be said beside a video; what is left out is as the video has it."""

    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    hashtags: Hashtags | UnsetType = UNSET


class PublicationAsked(WordsAsked, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A post to be published at once."""

    channel: ChannelId


class PostAsked(WordsAsked, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A draft of a post. Free; the channel may be chosen later."""

    video: VideoId
    channel: ChannelId | None = None


class PostChangeAsked(WordsAsked, frozen=True, forbid_unknown_fields=True):
    """A change of a draft of a post; what is left out stays."""

    channel: ChannelId | UnsetType | None = UNSET
