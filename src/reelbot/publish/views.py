"""Views of channels and posts, as everything outside shows them: the API, events, pages."""

from msgspec import Struct

from reelbot.clock import instant_text, instant_text_or_none
from reelbot.publish.core.posts import Delivered, Post, PostFailure, PostState
from reelbot.publish.store import Channel, channel_id
from reelbot.records import Owner


class ChannelShown(Struct, frozen=True):
    """A connected channel. `place` is where its posts go: a path below the data of the server, or an absolute one."""

    id: str
    platform: str
    name: str
    place: str
    created_at: str


class PostShown(Struct, frozen=True):
    """A post. `delivered` is the platform's answer once it has accepted it, `failure` why the last try did not succeed."""

    id: str
    video: str
    channel: str | None
    title: str
    description: str
    hashtags: list[str]
    state: PostState
    attempts: int
    hold: str | None
    delivered: Delivered | None
    failure: PostFailure | None
    created_at: str
    updated_at: str
    published_at: str | None


class PostTold(Struct, frozen=True):
    """A post that was changed in whatever way, or removed, in an event."""

    id: str
    state: PostState
    removed: bool = False


def channel_shown(channel: Channel) -> ChannelShown:
    """The shape that everything outside shows."""
    created_at = instant_text(channel.created_at)
    return ChannelShown(channel.id, channel.platform, channel.name, channel.place, created_at)


def post_shown(post: Post) -> PostShown:
    """The shape that everything outside shows."""
    return PostShown(
        id=post.id,
        video=post.video,
        channel=None if post.channel is None else channel_id(Owner(post.lane, post.account), post.channel),
        title=post.words.title,
        description=post.words.description,
        hashtags=list(post.words.hashtags),
        state=post.state,
        attempts=post.attempts,
        hold=post.hold,
        delivered=post.delivered,
        failure=post.failure,
        created_at=instant_text(post.created_at),
        updated_at=instant_text(post.updated_at),
        published_at=instant_text_or_none(post.published_at),
    )
