"""Channels: each takes one of the plan's places for as long as it is connected."""

from pathlib import Path

import pytest
from tests.publish.stage import PublishStage
from tests.studio.stage import ALL
from tests.support.ledgers import status

from reelbot.allowance import Refused, Status
from reelbot.errors import Malformed
from reelbot.publish import ChannelAsked, PublishRefused


async def test_a_channel_takes_a_place_and_gives_it_back_when_it_is_removed(each_stage: PublishStage) -> None:
    stage = each_stage
    channel = await stage.connect(name=" My  cats\n")
    assert (channel.name, await stage.channels()) == ("My cats", (1, 0))
    assert [one.id for one in await stage.publishing.channels(stage.ada, ALL)] == [channel.id]
    await stage.publishing.remove_channel(stage.ada, channel.id)
    assert await stage.channels() == (0, 0)
    assert await stage.publishing.channels(stage.ada, ALL) == []
    with pytest.raises(PublishRefused, match="no such channel"):
        await stage.publishing.remove_channel(stage.ada, channel.id)


async def test_at_the_limit_connecting_is_refused_and_removing_frees_the_place_at_once(
    free_stage: PublishStage,
) -> None:
    channel = await free_stage.connect()
    assert await status(free_stage.connect()) is Status.ALLOWANCE_EXHAUSTED
    await free_stage.publishing.remove_channel(free_stage.ada, channel.id)
    await free_stage.connect()
    assert await free_stage.channels() == (1, 0)


async def test_the_same_key_connects_one_channel_and_other_content_is_refused(each_stage: PublishStage) -> None:
    stage, asked = each_stage, ChannelAsked("scripted", name="Cats")
    first, was_there = await stage.publishing.connect(stage.ada, asked, "key")
    again, is_there = await stage.publishing.connect(stage.ada, asked, "key")
    assert (first.id, was_there, is_there) == (again.id, False, True)
    assert await stage.channels() == (1, 0)
    with pytest.raises(Refused) as refused:
        await stage.publishing.connect(stage.ada, ChannelAsked("scripted", name="Dogs"), "key")
    assert refused.value.refusal.status is Status.KEY_REUSED


async def test_only_an_operator_may_name_a_folder_of_the_server(stage: PublishStage, tmp_path: Path) -> None:
    folder = tmp_path / "reels"
    folder.mkdir()
    asked = ChannelAsked("folder", path=str(folder))
    with pytest.raises(PublishRefused, match="Only an operator"):
        await stage.publishing.connect(stage.ada, asked)
    channel, _ = await stage.publishing.connect(stage.ada, asked, is_operator=True)
    assert (channel.place, channel.name) == (str(folder), "Folder")
    await stage.work()
    sent = await stage.send(channel)
    await stage.work()
    assert (folder / sent.post / "video.mp4").is_file()


@pytest.mark.parametrize("path", ["/is/not/there", "/etc/passwd", "/a\x00b"])
async def test_a_folder_that_cannot_be_used_takes_no_place(stage: PublishStage, path: str) -> None:
    with pytest.raises(Malformed, match="must name a folder"):
        await stage.publishing.connect(stage.ada, ChannelAsked("folder", path=path), is_operator=True)
    assert await stage.channels() == (0, 0)


async def test_an_unknown_platform_is_named_with_those_that_there_are(stage: PublishStage) -> None:
    with pytest.raises(Malformed, match="there are: folder, scripted"):
        await stage.connect("cinema")


async def test_another_accounts_channel_is_as_if_it_were_not_there(stage: PublishStage) -> None:
    bob = await stage.ledger.account("bob")
    channel, _ = await stage.publishing.connect(bob, ChannelAsked("scripted"))
    for asked in (
        stage.publishing.channel(stage.ada, channel.id),
        stage.publishing.remove_channel(stage.ada, channel.id),
    ):
        with pytest.raises(PublishRefused, match="no such channel"):
            await asked
    with pytest.raises(PublishRefused, match="no such channel"):
        await stage.send(channel)
    assert await stage.posts() == (0, 0)
