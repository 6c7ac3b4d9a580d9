"""Posts: drafts are free, what a platform accepted counts once, and the limit is independent of all others."""

import asyncio

import pytest
from tests.publish.stage import PublishStage
from tests.studio.stage import ALL
from tests.support.ledgers import figures, status

from reelbot.allowance import Refused, Status
from reelbot.errors import TooBusy
from reelbot.publish import PostAsked, PostChangeAsked, PublicationAsked, PublishRefused
from reelbot.studio import StudioRefused


async def test_a_draft_has_the_videos_own_words_and_is_free_to_change(each_stage: PublishStage) -> None:
    stage = each_stage
    post = await stage.draft()
    assert post.state == "draft" and post.words.title and post.channel is None
    channel = await stage.connect()
    change = PostChangeAsked(title="One\nline", hashtags=["#cats", "cats", " big paws "], channel=channel.id)
    changed = await stage.publishing.change(stage.ada, post.id, change)
    assert (changed.words.title, changed.words.hashtags) == ("One line", ("cats", "bigpaws"))
    assert (changed.words.description, changed.channel) == (post.words.description, channel.number)
    assert await stage.post(post) == changed
    assert [one.id for one in await stage.publishing.posts(stage.ada, ALL)] == [post.id]
    await stage.publishing.remove(stage.ada, post.id)
    assert await stage.publishing.posts(stage.ada, ALL) == []
    assert await stage.posts() == (0, 0)
    assert await stage.told() == [(post.id, "draft", False), (post.id, "draft", False), (post.id, "draft", True)]


async def test_publishing_holds_one_post_and_counts_it_when_the_platform_has_accepted(each_stage: PublishStage) -> None:
    stage = each_stage
    channel = await stage.connect()
    post = await stage.draft(channel)
    published = await stage.publishing.publish(stage.ada, post.id, "key")
    assert await stage.posts() == (0, 1)
    assert (await stage.post(post)).state == "queued"
    await stage.work()
    ended = await stage.post(post)
    assert (ended.state, ended.hold, await stage.posts()) == ("published", published.hold, (1, 0))
    assert ended.delivered is not None and ended.delivered.id == f"scripted-{post.id}"
    assert [state for _, state, _ in await stage.told()] == ["draft", "queued", "publishing", "published"]
    await stage.work()
    assert stage.platform.arrived[post.id] == 1


async def test_the_same_key_publishes_once_whenever_it_comes(each_stage: PublishStage) -> None:
    stage = each_stage
    channel = await stage.connect()
    first, other = await asyncio.gather(stage.send(channel, "key"), stage.send(channel, "key"))
    assert (first.post, first.hold) == (other.post, other.hold)
    assert {first.replayed, other.replayed} == {False, True}
    await stage.work()
    later = await stage.send(channel, "key")
    assert (later.post, later.replayed) == (first.post, True)
    assert await stage.posts() == (1, 0)
    assert stage.platform.arrived == {first.post: 1}
    with pytest.raises(Refused) as refused:
        await stage.send(channel, "key", title="Another")
    assert refused.value.refusal.status is Status.KEY_REUSED


async def test_two_keys_for_one_draft_publish_it_once(each_stage: PublishStage) -> None:
    stage = each_stage
    post = await stage.draft(await stage.connect())
    asked = (stage.publishing.publish(stage.ada, post.id, key) for key in ("one", "other"))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["PublishRefused", "Published"]
    await stage.work()
    assert (await stage.posts(), stage.platform.arrived[post.id]) == ((1, 0), 1)
    with pytest.raises(PublishRefused, match="is published"):
        await stage.publishing.publish(stage.ada, post.id, "a third")


async def test_a_key_of_the_ledger_that_is_no_posts_is_refused(stage: PublishStage) -> None:
    channel = await stage.connect()
    await stage.ledger.hold(stage.ada, {"ai_credits": 1}, key="key")
    assert await status(stage.send(channel, "key")) is Status.KEY_REUSED


async def test_the_limit_refuses_publishing_and_nothing_else(free_stage: PublishStage) -> None:
    stage = free_stage
    channel = await stage.connect()
    for _ in range(5):
        await stage.send(channel)
    assert await status(stage.send(channel)) is Status.ALLOWANCE_EXHAUSTED
    assert await stage.posts() == (0, 5)
    await stage.work()
    assert await stage.posts() == (5, 0)
    post = await stage.draft(channel)
    await stage.publishing.change(stage.ada, post.id, PostChangeAsked(title="Still free"))
    assert (await stage.publishing.kit(stage.ada, stage.video)).parts
    await stage.stage.open("dogs")
    with pytest.raises(Refused):
        await stage.publishing.publish(stage.ada, post.id, "key")
    assert (await stage.post(post)).state == "draft"


async def test_the_posts_are_a_limit_of_their_own(stage: PublishStage) -> None:
    before = [
        await figures(stage.ledger, stage.ada, meter) for meter in ("ai_credits", "video_generations", "storage_bytes")
    ]
    await stage.send(await stage.connect())
    await stage.work()
    after = [
        await figures(stage.ledger, stage.ada, meter) for meter in ("ai_credits", "video_generations", "storage_bytes")
    ]
    assert (after, await stage.posts()) == (before, (1, 0))


async def test_a_post_needs_a_video_and_a_channel(stage: PublishStage) -> None:
    with pytest.raises(StudioRefused, match="no such video"):
        await stage.publishing.open(stage.ada, PostAsked(video="video_0-1-1"))
    post = await stage.draft()
    with pytest.raises(PublishRefused, match="Choose the channel"):
        await stage.publishing.publish(stage.ada, post.id, "key")
    channel = await stage.connect()
    await stage.publishing.change(stage.ada, post.id, PostChangeAsked(channel=channel.id))
    await stage.publishing.remove_channel(stage.ada, channel.id)
    with pytest.raises(PublishRefused, match="was removed"):
        await stage.publishing.publish(stage.ada, post.id, "key")
    assert await stage.posts() == (0, 0)


async def test_what_is_on_its_way_is_neither_changed_nor_removed(each_stage: PublishStage) -> None:
    stage = each_stage
    sent = await stage.send(await stage.connect())
    for asked in (
        stage.publishing.change(stage.ada, sent.post, PostChangeAsked(title="Late")),
        stage.publishing.remove(stage.ada, sent.post),
        stage.publishing.publish(stage.ada, sent.post, "key"),
    ):
        with pytest.raises(PublishRefused, match="being published") as refused:
            await asked
        assert refused.value.code == "post_locked"
    await stage.work()
    with pytest.raises(PublishRefused, match="is published"):
        await stage.publishing.change(stage.ada, sent.post, PostChangeAsked(title="Late"))
    await stage.publishing.remove(stage.ada, sent.post)
    assert await stage.posts() == (1, 0)


async def test_a_channel_removed_meanwhile_publishes_nothing_and_costs_nothing(stage: PublishStage) -> None:
    channel = await stage.connect()
    sent = await stage.send(channel)
    await stage.publishing.remove_channel(stage.ada, channel.id)
    await stage.work()
    post = await stage.post(sent)
    assert post.failure is not None and post.failure.code == "channel_removed"
    assert (post.state, await stage.posts(), stage.platform.arrived) == ("failed", (0, 0), {})


async def test_posts_that_wait_are_bounded(stage: PublishStage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reelbot.publish.core.conclusion.POSTS_WAITING_MAX", 1)
    channel = await stage.connect()
    await stage.send(channel)
    with pytest.raises(TooBusy, match="on their way"):
        await stage.send(channel)
    assert await stage.posts() == (0, 1)
    await stage.work()
    await stage.send(channel)


async def test_another_accounts_post_is_as_if_it_were_not_there(stage: PublishStage) -> None:
    bob = await stage.ledger.account("bob")
    post = await stage.draft(await stage.connect())
    for asked in (
        stage.publishing.post(bob, post.id),
        stage.publishing.change(bob, post.id, PostChangeAsked(title="Mine")),
        stage.publishing.remove(bob, post.id),
        stage.publishing.publish(bob, post.id, "key"),
    ):
        with pytest.raises(PublishRefused, match="no such post"):
            await asked
    with pytest.raises(StudioRefused, match="no such video"):
        await stage.publishing.publish_video(bob, stage.video, PublicationAsked(channel="channel_0-1-1"), "key")


async def test_the_same_key_opens_one_draft(each_stage: PublishStage) -> None:
    stage = each_stage
    asked = PostAsked(video=stage.video, title="Cats")
    answers = await asyncio.gather(*(stage.publishing.open(stage.ada, asked, "key") for _ in range(2)))
    assert len({post.id for post, _ in answers}) == 1
    assert sorted(was_there for _, was_there in answers) == [False, True]
    assert len(await stage.publishing.posts(stage.ada, ALL)) == 1
