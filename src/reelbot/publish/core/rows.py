"""What can be written of posts, as values: carried out by the store in one transaction."""

from reelbot.publish.core.posts import Post
from reelbot.queue import awaiting
from reelbot.records import Write, json_text, json_text_or_none

POOL = "post"
"""What the places of publishing are for, and whose turn it is counted for."""


def insert_post(post: Post) -> Write:
    """A new post."""
    row = (*post[:5], json_text(post.words), post.state, post.hold, post.due_at, post.created_at, post.updated_at)
    return Write("insert_post", row)


def queue_post(post: Post) -> Write:
    """A post that is to be published."""
    return Write("queue_post", (post.hold, post.due_at, post.updated_at, *post[:3]))


def await_turn(post: Post, rank: int) -> Write:
    """A post of an account on a plan of that rank waits for its turn from now on."""
    return Write("await_turn", awaiting((post.lane, post.account), POOL, rank))


def requeue_post(post: Post) -> Write:
    """A post whose lease is given back, to be tried again."""
    return Write("requeue_post", (post.due_at, json_text_or_none(post.failure), *_lease(post)), is_fenced=True)


def end_post(post: Post) -> tuple[Write, Write]:
    """The end that a post has come to; its account waits no longer when that was its last."""
    outcome = (json_text_or_none(post.delivered), json_text_or_none(post.failure), post.updated_at, post.published_at)
    end = Write("end_post", (post.state, *outcome, *_lease(post)), is_fenced=True)
    return end, Write("leave_turns", (post.lane, post.account))


def _lease(post: Post) -> tuple[int, int, int, int]:
    return (post.lane, post.account, post.number, post.fence)
