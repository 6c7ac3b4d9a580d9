"""What follows when a post is sent or has ended, as values: what becomes of its hold, how it stands, what is written."""

from typing import NamedTuple, assert_never

from reelbot.allowance import FailurePoint
from reelbot.errors import TooBusy
from reelbot.publish.core import rows
from reelbot.publish.core.posts import EDITABLE, ON_ITS_WAY, Delivered, Post, PostFailure
from reelbot.publish.core.refusals import PublishRefused
from reelbot.publish.limits import POSTS_WAITING_MAX
from reelbot.records import Write

NO_POST = "There is no such post. It may have been removed."
IS_ON_ITS_WAY = "This post is being published. Wait until that has ended."
_PUBLISHED = "This post is published; what the platform has is no longer changed here. Write a new one."


class PostAccepted(NamedTuple):
    """The platform has accepted the post."""

    post: Post
    delivered: Delivered


class Rejected(NamedTuple):
    """The platform does not accept the post, or could not be asked: why, and at which failure point."""

    post: Post
    failure: PostFailure
    point: FailurePoint


Ended = PostAccepted | Rejected


def settlement(ending: Ended) -> FailurePoint | None:
    """By the rules of which point the hold ends; None where the post counts."""
    return ending.point if isinstance(ending, Rejected) else None


def ended_post(ending: Ended, now: int) -> Post:
    """The post as it has ended."""
    match ending:
        case PostAccepted(post, delivered):
            ended = post.moved("published")
            return ended._replace(delivered=delivered, failure=None, updated_at=now, published_at=now)
        case Rejected(post, failure, _):
            return post.moved("failed")._replace(failure=failure, updated_at=now)
        case _:
            assert_never(ending)


class Sent(NamedTuple):
    """A post that is to be published: `seen` when that was asked for, `is_new` when it was written for this."""

    seen: Post
    is_new: bool

    def queued(self, hold: str, now: int) -> Post:
        """The post on its way, on that hold."""
        return self.seen.moved("queued")._replace(hold=hold, due_at=now, updated_at=now)


def conclude_send(sent: Sent, queued: Post, kept: Post | None, waiting: int, rank: int) -> tuple[Write, ...]:
    """What is written when a post is sent, where it is kept as `kept` and so many of its account's are on their way.

    Raises why it cannot be sent: then nothing is held either.
    """
    if waiting >= POSTS_WAITING_MAX:
        raise TooBusy(f"{POSTS_WAITING_MAX} posts are on their way already.", "Try again when some have arrived.")
    if sent.is_new:
        return (rows.insert_post(queued), rows.await_turn(queued, rank))
    there = require_there(kept)
    require_editable(there)
    if there.channel != sent.seen.channel:
        raise PublishRefused("post_locked", IS_ON_ITS_WAY)
    return (rows.queue_post(queued), rows.await_turn(queued, rank))


def require_there(post: Post | None) -> Post:
    """The post; `PublishRefused` when there is none."""
    if post is None:
        raise PublishRefused("not_found", NO_POST)
    return post


def require_editable(post: Post) -> None:
    """`PublishRefused` when the post is on its way or was published."""
    if post.state not in EDITABLE:
        raise PublishRefused("post_locked", IS_ON_ITS_WAY if post.state in ON_ITS_WAY else _PUBLISHED)
