"""The folder: a post appears whole, under its id, once; and every way in which a disk says no."""

import errno
import shutil
from pathlib import Path

import pytest
from tests.publish.stage import PublishStage
from tests.support.clock import FakeClock

from reelbot.clock import SECOND
from reelbot.publish import Channel, ChannelAsked, PlatformFailure, Posting, Words
from reelbot.publish.platforms import folder as folders
from reelbot.publish.platforms.folder import Folder
from reelbot.publish.platforms.port import Part

FILES = {"captions.srt", "captions.vtt", "post.txt", "thumbnail.jpg", "video.mp4"}


def posting(key: str = "post_0-1-2", place: str = "publish/0-1/c", text: str = "words") -> Posting:
    return Posting(key, place, Words(title="Cats"), (Part("post.txt", text),), "")


async def kept(ticket: str) -> None:
    raise AssertionError("a folder needs no ticket")


async def test_a_post_is_a_folder_with_everything_in_it(each_stage: PublishStage) -> None:
    stage = each_stage
    channel = await stage.connect("folder")
    sent = await stage.send(channel, title="Why cats purr", description="They like it.", hashtags=["cats"])
    await stage.work()
    folder = stage.folder / channel.place / sent.post
    assert {path.name for path in folder.iterdir()} == FILES
    assert (folder / "post.txt").read_text() == "Why cats purr\n\nThey like it.\n\n#cats\n"
    post = await stage.post(sent)
    assert post.delivered is not None and post.delivered.place == f"{channel.place}/{sent.post}"
    assert [path.name for path in folder.parent.iterdir()] == [sent.post]


async def test_folders_of_accounts_lie_apart_below_the_data(stage: PublishStage) -> None:
    channel = await stage.connect("folder")
    assert channel.place == f"publish/{stage.ada.lane}-{stage.ada.id}/{channel.id}"


async def test_a_repeat_finds_the_post_and_changes_nothing(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert await folder.found(posting()) is None
    first = await folder.publish(posting(), kept)
    assert await folder.found(posting()) == first
    assert await folder.publish(posting(text="other words"), kept) == first
    place = tmp_path / "publish/0-1/c"
    assert (place / "post_0-1-2/post.txt").read_text() == "words"
    assert [path.name for path in place.iterdir()] == ["post_0-1-2"]


async def test_what_a_killed_process_left_is_no_post_and_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "publish/0-1/c/.post_0-1-2.0123"
    left.mkdir(parents=True)
    (left / "video.mp4").write_bytes(b"half")
    folder = Folder(tmp_path)
    assert await folder.found(posting()) is None
    await folder.publish(posting(), kept)
    assert [path.name for path in left.parent.iterdir()] == ["post_0-1-2"]


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, "disk_full"), (errno.EACCES, "folder_unwritable"), (errno.ENOENT, "folder_missing")],
)
async def test_what_the_disk_says_is_told_and_leaves_no_post(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(folders, "_write_part", fail)
    folder = Folder(tmp_path)
    with pytest.raises(PlatformFailure) as failure:
        await folder.publish(posting(), kept)
    assert (failure.value.code, failure.value.is_retryable) == (code, True)
    assert await folder.found(posting()) is None


async def test_a_folder_that_comes_back_takes_what_waits_for_it(
    stage: PublishStage, clock: FakeClock, tmp_path: Path
) -> None:
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    channel: Channel = (await stage.publishing.connect(stage.ada, _asked(mounted), is_operator=True))[0]
    shutil.rmtree(mounted)
    sent = await stage.send(channel)
    await stage.work()
    post = await stage.post(sent)
    assert post.failure is not None and (post.state, post.failure.code) == ("queued", "folder_missing")
    mounted.mkdir()
    clock.advance(10 * SECOND)
    await stage.work()
    assert {path.name for path in (mounted / sent.post).iterdir()} == FILES
    assert await stage.posts() == (1, 0)


def _asked(path: Path) -> ChannelAsked:
    return ChannelAsked("folder", path=str(path))
