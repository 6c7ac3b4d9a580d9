"""The kit: one ZIP with all that a platform's own form asks for; and how posts are worded and moved."""

import io
from pathlib import Path
from zipfile import ZipFile

import pytest
from tests.publish.stage import PublishStage

from reelbot.publish import Kit, Part, PublishRefused, Words, zipped
from reelbot.publish.core.posts import MOVES, cleaned_hashtags, pause_after
from reelbot.studio import FileMissing

AT = 1_772_366_400_000


def unpacked(kit: Kit) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(b"".join(zipped(kit)))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def test_a_kit_has_the_video_its_captions_and_its_words(stage: PublishStage) -> None:
    kit = await stage.publishing.kit(stage.ada, stage.video)
    found = unpacked(kit)
    assert set(found) == {"video.mp4", "thumbnail.jpg", "captions.srt", "captions.vtt", "post.txt"}
    video = await stage.stage.studio.video(stage.ada, stage.video)
    assert found["video.mp4"] == stage.stage.room.files.path(video.facts.files.mp4).read_bytes()
    assert kit.name in found["post.txt"].decode()


async def test_a_kit_may_have_the_words_of_a_post_of_that_video(stage: PublishStage) -> None:
    post = await stage.draft(title="Other words")
    kit = await stage.publishing.kit(stage.ada, stage.video, post.id)
    assert unpacked(kit)["post.txt"].startswith(b"Other words\n")
    with pytest.raises(PublishRefused, match="no such post"):
        await stage.publishing.kit(stage.ada, stage.video, "post_0-1-1")


async def test_a_kit_without_its_files_is_refused_before_anything_is_sent(stage: PublishStage) -> None:
    video = await stage.stage.studio.video(stage.ada, stage.video)
    stage.stage.room.files.path(video.facts.files.vtt).unlink()
    with pytest.raises(FileMissing):
        await stage.publishing.kit(stage.ada, stage.video)


def test_a_large_file_is_sent_in_pieces(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(range(256)) * 8_192)
    kit = Kit("large", AT, (Part("large.bin", large), Part("post.txt", "Größe\n")))
    pieces = list(zipped(kit))
    assert max(map(len, pieces)) < 600_000
    assert unpacked(kit) == {"large.bin": large.read_bytes(), "post.txt": "Größe\n".encode()}


def test_a_reader_who_goes_away_leaves_nothing_open(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 1_000_000)
    pieces = zipped(Kit("file", AT, (Part("file.bin", file),)))
    next(pieces)
    pieces.close()


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        (["#cats", "cats"], ("cats",)),
        (["big paws", "", "#", " , "], ("bigpaws",)),
        (["#عربي", "ネコ"], ("عربي", "ネコ")),
        (["a\x00b"], ("ab",)),
        ([str(number) for number in range(50)], tuple(str(number) for number in range(30))),
    ],
)
def test_hashtags_are_kept_bare_and_once(asked: list[str], kept: tuple[str, ...]) -> None:
    assert cleaned_hashtags(asked) == kept


def test_words_leave_out_what_is_empty() -> None:
    assert Words(title="Cats").text == "Cats\n"
    assert Words(title="", description="Purr", hashtags=("a", "b")).text == "Purr\n\n#a #b\n"


def test_what_is_published_goes_nowhere_and_every_pause_ends() -> None:
    assert MOVES["published"] == frozenset()
    assert [pause_after(attempts) for attempts in (1, 5, 6)] == [2.0, 90.0, None]
