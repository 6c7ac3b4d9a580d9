"""Publishing: posts and drafts of them, the channels that they go to, and the kit of every video. Also one post to write."""

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from reelbot.errors import Malformed
from reelbot.publish import (
    ON_ITS_WAY,
    ChannelAsked,
    ChannelShown,
    PostAsked,
    PostChangeAsked,
    PostShown,
    Publishing,
    channel_shown,
    post_shown,
)
from reelbot.publish.limits import DESCRIPTION_LENGTH_MAX, NAME_LENGTH_MAX, TITLE_LENGTH_MAX
from reelbot.records import Page
from reelbot.studio import Studio, VideoShown, video_shown
from reelbot.web.pages.visits import Flash, Goto, Outcome, Shown, Visit, nothing_here

LISTED = 50
"""Posts and videos on the page: the newest. The API pages through all of them."""

CHANNELS_LISTED = 200
"""Channels on the page: more than any plan with a limit allows."""

METERS = ("posts", "channels")

STATES: Mapping[str, tuple[str, str]] = {
    "draft": ("Draft", ""),
    "queued": ("On its way", "accent"),
    "publishing": ("On its way", "accent"),
    "published": ("Published", "good"),
    "failed": ("Not published", "bad"),
}
"""What people call each state, and the tone of its chip."""


class PostLine(NamedTuple):
    """A post with what is told of it: its state in words, and the titles of what it names."""

    post: PostShown
    word: str
    tone: str
    channel: str
    where: str
    thumbnail: str | None
    is_editable: bool


async def show(visit: Visit) -> Outcome:
    """Everything at a glance."""
    publishing, studio = _rooms(visit)
    videos = [video_shown(one) for one in await studio.videos(visit.account, Page(LISTED))]
    channels = await _channels(visit)
    pictures = {video.id: video.files["thumbnail"] for video in videos}
    names = {channel.id: channel.name for channel in channels}
    posts = [post_shown(one) for one in await publishing.posts(visit.account, Page(LISTED))]
    values: dict[str, Any] = {
        "meter_names": METERS,
        "posts": [_line(post, names, pictures.get(post.video)) for post in posts],
        "channels": channels,
        "videos": videos,
        "platforms": publishing.platforms,
        "key": secrets.token_hex(16),
        "name_length_max": NAME_LENGTH_MAX,
    }
    return Shown("publish", values, "Publish")


async def show_post(visit: Visit) -> Outcome:
    """One post, to write and to send."""
    publishing, studio = _rooms(visit)
    post = post_shown(await publishing.post(visit.account, visit.named))
    video: VideoShown = video_shown(await studio.video(visit.account, post.video))
    channels = await _channels(visit)
    values: dict[str, Any] = {
        "meter_names": METERS,
        "line": _line(post, {channel.id: channel.name for channel in channels}, video.files["thumbnail"]),
        "post": post,
        "video": video,
        "channels": channels,
        "key": secrets.token_hex(16),
        "title_length_max": TITLE_LENGTH_MAX,
        "description_length_max": DESCRIPTION_LENGTH_MAX,
    }
    return Shown("post", values, post.title or "Post")


async def connect(visit: Visit) -> Outcome:
    """Connect a channel."""
    publishing, _ = _rooms(visit)
    path = visit.field("path") or None
    asked = ChannelAsked(visit.field("platform"), visit.field("name")[:NAME_LENGTH_MAX], path)
    is_operator = visit.member.role == "operator"
    channel, _ = await publishing.connect(visit.account, asked, visit.field("key") or None, is_operator=is_operator)
    return Goto("/publish", Flash("good", f"{channel.name} is connected."))


async def disconnect(visit: Visit) -> Outcome:
    """Remove a channel."""
    publishing, _ = _rooms(visit)
    channel = await publishing.channel(visit.account, visit.named)
    await publishing.remove_channel(visit.account, visit.named)
    return Goto("/publish", Flash("good", f"{channel.name} was removed; its place is free again."))


async def write(visit: Visit) -> Outcome:
    """Begin a draft of a post for a video; where there is one channel only, it goes there."""
    publishing, _ = _rooms(visit)
    channels = await _channels(visit)
    channel = channels[0].id if len(channels) == 1 else None
    asked = PostAsked(video=visit.field("video"), channel=channel)
    post, _ = await publishing.open(visit.account, asked, visit.field("key") or None)
    return Goto(f"/publish/posts/{post.id}")


async def save(visit: Visit) -> Outcome:
    """Keep what was written; published when that was asked for as well."""
    publishing, _ = _rooms(visit)
    post = await publishing.change(visit.account, visit.named, _change(visit))
    if visit.field("do") != "publish":
        return Goto(f"/publish/posts/{post.id}", Flash("good", "Saved."))
    await publishing.publish(visit.account, post.id, visit.field("key") or secrets.token_hex(16))
    return Goto(
        f"/publish/posts/{post.id}",
        Flash("good", "It is on its way. It counts only once the platform accepts it."),
    )


async def remove(visit: Visit) -> Outcome:
    """Remove a post from the list."""
    publishing, _ = _rooms(visit)
    await publishing.remove(visit.account, visit.named)
    return Goto("/publish", Flash("good", "The post was removed from this list."))


def _change(visit: Visit) -> PostChangeAsked:
    title, description = visit.field("title"), visit.field("description")
    if len(title) > TITLE_LENGTH_MAX:
        raise Malformed(f"A title may have {TITLE_LENGTH_MAX} characters at most.", "title")
    if len(description) > DESCRIPTION_LENGTH_MAX:
        raise Malformed(f"A description may have {DESCRIPTION_LENGTH_MAX} characters at most.", "description")
    return PostChangeAsked(
        title=title,
        description=description.replace("\r\n", "\n"),
        hashtags=visit.field("hashtags").replace(",", " ").split(),
        channel=visit.field("channel") or None,
    )


def _line(post: PostShown, channels: Mapping[str, str], thumbnail: str | None) -> PostLine:
    word, tone = STATES[post.state]
    name = channels.get(post.channel or "", "a channel that was removed")
    where = "No channel yet" if post.channel is None else f"{'In' if post.state == 'published' else 'To'} {name}"
    return PostLine(post, word, tone, name, where, thumbnail, post.state not in ("published", *ON_ITS_WAY))


async def _channels(visit: Visit) -> list[ChannelShown]:
    publishing, _ = _rooms(visit)
    return [channel_shown(one) for one in await publishing.channels(visit.account, Page(CHANNELS_LISTED))]


def _rooms(visit: Visit) -> tuple[Publishing, Studio]:
    publishing, studio = visit.site.publishing, visit.site.studio
    if publishing is None or studio is None:
        raise nothing_here()
    return publishing, studio
