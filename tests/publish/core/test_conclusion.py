"""The end of a post as a value, and what is written when one is sent. No database."""

from typing import Any

import pytest

from reelbot.allowance import FailurePoint
from reelbot.errors import TooBusy
from reelbot.publish.core import rows
from reelbot.publish.core.conclusion import PostAccepted, Rejected, Sent, conclude_send, ended_post, settlement
from reelbot.publish.core.posts import Delivered, Post, PostFailure, PostState, Words
from reelbot.publish.core.refusals import PublishRefused
from reelbot.publish.limits import POSTS_WAITING_MAX
from reelbot.records import Write

NOW = 1_000
FAILURE = PostFailure("refused", "It says no.")


def post_in(state: PostState, **facts: Any) -> Post:
    post = Post(
        0, 1, 9, "video_0-1-3", 4, Words(title="Cats"), state, "hold_0-1-7", 5, 2, 1, "", None, FAILURE, 1, 1, None
    )
    return post._replace(**facts)


def test_an_accepted_post_counts_and_a_rejected_one_ends_by_its_failure_point() -> None:
    post, delivered = post_in("publishing"), Delivered("1", "https://example.org/1")
    accepted, rejected = PostAccepted(post, delivered), Rejected(post, FAILURE, FailurePoint.AT_PROVIDER)
    assert [settlement(one) for one in (accepted, rejected)] == [None, FailurePoint.AT_PROVIDER]
    ended = ended_post(accepted, NOW)
    assert (ended.state, ended.delivered, ended.failure, ended.published_at) == ("published", delivered, None, NOW)
    ended = ended_post(rejected, NOW)
    assert (ended.state, ended.delivered, ended.failure, ended.published_at) == ("failed", None, FAILURE, None)


def test_what_a_worker_writes_is_fenced_by_its_lease() -> None:
    end, turn = rows.end_post(post_in("failed"))
    assert (end.is_fenced, end.parameters[-4:], turn) == (True, (0, 1, 9, 2), Write("leave_turns", (0, 1)))
    put_off = rows.requeue_post(post_in("queued"))
    assert (put_off.is_fenced, put_off.parameters[-4:]) == (True, (0, 1, 9, 2))


@pytest.mark.parametrize("is_new", [True, False])
def test_a_post_that_is_sent_waits_for_its_turn(is_new: bool) -> None:
    seen = post_in("draft", hold=None)
    sent = Sent(seen, is_new)
    queued = sent.queued("hold_0-1-8", NOW)
    assert (queued.state, queued.hold, queued.due_at, queued.updated_at) == ("queued", "hold_0-1-8", NOW, NOW)
    write = rows.insert_post(queued) if is_new else rows.queue_post(queued)
    writes = conclude_send(sent, queued, None if is_new else seen, POSTS_WAITING_MAX - 1, 2)
    assert writes == (write, rows.await_turn(queued, 2))


@pytest.mark.parametrize(
    ("kept", "code"),
    [
        (None, "not_found"),
        (post_in("queued"), "post_locked"),
        (post_in("publishing"), "post_locked"),
        (post_in("published"), "post_locked"),
        (post_in("draft", channel=5), "post_locked"),
    ],
)
def test_a_post_that_has_become_another_meanwhile_is_not_sent(kept: Post | None, code: str) -> None:
    sent = Sent(post_in("draft"), is_new=False)
    with pytest.raises(PublishRefused) as refused:
        conclude_send(sent, sent.queued("hold_0-1-8", NOW), kept, 0, 0)
    assert refused.value.code == code


def test_nothing_is_sent_while_too_much_is_on_its_way() -> None:
    sent = Sent(post_in("draft"), is_new=True)
    with pytest.raises(TooBusy):
        conclude_send(sent, sent.queued("hold_0-1-8", NOW), None, POSTS_WAITING_MAX, 0)
