"""What every part of publishing works with: the rooms below it, its own store, the platforms, and how it writes."""

from collections.abc import Mapping
from dataclasses import dataclass

from reelbot.publish.core.posts import Post
from reelbot.publish.platforms.port import Platform
from reelbot.publish.store import PublishStore
from reelbot.publish.views import PostTold
from reelbot.records import TellingRoom, Told
from reelbot.studio import Studio

EVENT_KIND = "post"
"""The kind of the events that publishing writes."""


@dataclass(frozen=True, eq=False)
class Room(TellingRoom[PublishStore]):
    """The parts of one running room."""

    studio: Studio
    platforms: Mapping[str, Platform]


def post_told(post: Post, *, is_removed: bool = False) -> Told:
    """That a post stands like this now, or is gone."""
    return EVENT_KIND, PostTold(post.id, post.state, is_removed)
