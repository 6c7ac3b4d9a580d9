"""What a render survives: changes, kills, cancellation, a full disk, files that are gone, broken or made to harm."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.render.material import (
    TINY,
    bomb,
    clip,
    files_in,
    frames_of,
    left_running_in,
    media,
    named,
    picture,
    processes_in,
    room_for,
    sound,
    speech,
    timeline,
    tone,
)
from tests.render.rendering_process import video

import reelbot.render
from reelbot.render import Brand, DiskFull, MediaFile, MediaUnusable, Timeline, encode, plan_of, render
from reelbot.render.blocking import in_thread
from reelbot.render.cache import Cache
from reelbot.subprocesses import ChildFailure

GONE_SECONDS = 60
"""How long a test waits for processes to be gone: far longer than it takes, and never an assertion on time."""

ENDINGS = ("jpg", "mp4", "srt", "vtt", "words.json")


class Studio(NamedTuple):
    """A place to render in: a directory for media, one for what comes out, one for the cache."""

    media: Path
    out: Path
    cache: Path

    async def render(self, made_of: Timeline, progress: Callable[[float], None] = lambda _: None) -> Path:
        """Render into `a.mp4`."""
        rendered = await render(made_of, self.out / "a.mp4", self.cache, quality=TINY, progress=progress)
        return rendered.path

    def pieces(self) -> set[str]:
        """What the cache holds."""
        return {name for name in files_in(self.cache) if not name.startswith("work-")}

    def assert_nothing_left(self) -> None:
        """No file at the destination, no workspace, no process."""
        assert not self.out.exists() or not files_in(self.out)
        assert not list(self.cache.glob("work-*"))
        assert not left_running_in(self.cache)


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    (tmp_path / "media").mkdir()
    return Studio(tmp_path / "media", tmp_path / "out", tmp_path / "cache")


# Changes


async def test_a_change_paints_only_what_it_shows(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    made_of = video(studio.media)
    await studio.render(made_of)
    before = studio.pieces()
    assert len(before) == len(plan_of(made_of, TINY).pieces) + 1

    other = picture(studio.media / "other.png", 9)
    scenes = (made_of.scenes[0]._replace(media=other), *made_of.scenes[1:])
    await studio.render(made_of._replace(scenes=scenes))
    after = studio.pieces()
    assert len(after - before) == 2  # its segment, and the seam beside it

    monkeypatch.setattr(encode, "PAINTER", "nothing.may.be.painted")
    music = sound(studio.media / "music.wav", tone(440, 2))
    await studio.render(made_of._replace(music=music))
    assert len(studio.pieces() - after) == 1  # the sound
    assert len(frames_of(studio.out / "a.mp4")) == 90


async def test_paths_may_be_given_from_where_one_stands(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(studio.media)
    near = [picture(Path("a.png")), speech(Path("voice.wav"), 0.3)]
    made_of = timeline(near[:1], 400)._replace(voice=near[1], music=near[1])
    await render(made_of, Path("out/a.mp4"), Path("cache"), quality=TINY)
    assert len(frames_of(Path("out/a.mp4"))) == 12


async def test_two_renders_at_once_share_a_cache(studio: Studio) -> None:
    made_of = video(studio.media)
    together = (render(made_of, studio.out / f"{n}.mp4", studio.cache, quality=TINY) for n in range(2))
    first, second = await asyncio.gather(*together)
    assert len(frames_of(first.path)) == len(frames_of(second.path)) == 90


def test_a_full_cache_forgets_what_was_not_used_for_longest(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with cache.workspace() as workspace:
        for n in range(4):
            (workspace / str(n)).write_bytes(bytes(100))
            cache.keep(f"{n}{n}key", workspace / str(n))
            os.utime(tmp_path / f"{n}{n}" / f"{n}{n}key", ns=(n, n))
        assert cache.take("00key", workspace / "used")
        cache.prune(250)
    assert files_in(tmp_path) == {"00/00key", "33/33key"}


def test_what_a_dead_render_left_is_swept_and_what_a_living_one_uses_is_not(tmp_path: Path) -> None:
    (tmp_path / "work-dead").mkdir()
    (tmp_path / "work-dead" / "piece.mp4").touch()
    with Cache(tmp_path).workspace() as living, Cache(tmp_path).workspace() as other:
        assert living.is_dir()
        assert {path.name for path in tmp_path.iterdir()} == {living.name, other.name}


# Interruptions


@contextmanager
def started(studio: Studio) -> Iterator[subprocess.Popen[str]]:
    """A process of its own that renders; it is gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.render.rendering_process", str(studio.media.parent)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


async def until_gone(directory: Path) -> None:
    async with asyncio.timeout(GONE_SECONDS):
        while processes_in(directory):
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("share", [0.3, 0.94])
async def test_a_killed_render_leaves_nothing_half_done_and_no_process(tmp_path: Path, share: float) -> None:
    studio = Studio(tmp_path, tmp_path / "out", tmp_path / "cache")
    made_of = video(tmp_path)
    with started(studio) as process:
        assert process.stdout is not None
        assert any(float(line) >= share for line in process.stdout)
    await until_gone(studio.cache)
    assert not studio.out.exists() or not {f"a.{ending}" for ending in ENDINGS} & files_in(studio.out)
    await studio.render(made_of)
    assert len(frames_of(studio.out / "a.mp4")) == 90
    assert not list(studio.cache.glob("work-*"))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.94])
async def test_a_cancelled_render_leaves_nothing(studio: Studio, share: float) -> None:
    def cancel_when_there(done: float) -> None:
        if done >= share:
            rendering.cancel()

    made_of = video(studio.media)
    rendering = asyncio.create_task(studio.render(made_of, cancel_when_there))
    with pytest.raises(asyncio.CancelledError):
        await rendering
    studio.assert_nothing_left()


async def test_a_render_that_is_cancelled_while_its_files_get_their_names_takes_them_back(tmp_path: Path) -> None:
    made = [tmp_path / str(n) for n in range(5)]
    for path in made:
        path.touch()
    publishing = asyncio.create_task(reelbot.render._publish(made, tmp_path / "out" / "a.mp4"))
    while not (tmp_path / "out").exists():
        await asyncio.sleep(0)
    publishing.cancel()
    with suppress(asyncio.CancelledError):
        await publishing
    assert not publishing.cancelled() or not files_in(tmp_path / "out")


async def test_work_in_a_thread_is_over_before_its_cancellation_is_heard() -> None:
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_end.wait()
        ended.set()

    task = asyncio.create_task(in_thread(work))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_a_painter_that_dies_is_a_failure_that_can_be_tried_again(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(encode, "PAINTER", "no.such.module")
    with pytest.raises(ChildFailure, match="on our side") as failed:
        await studio.render(timeline([picture(studio.media / "a.png")], 300))
    assert failed.value.retryable
    assert "ended early, with status 1" in caplog.text
    assert "No module named" in caplog.text
    studio.assert_nothing_left()


# A full disk


@pytest.mark.parametrize("file_bytes", [3_000, 30_000])
async def test_a_full_disk_says_so_and_leaves_nothing_and_the_next_render_works(
    studio: Studio, file_bytes: int
) -> None:
    made_of = video(studio.media)
    with room_for(file_bytes), pytest.raises(DiskFull) as full:
        await studio.render(made_of)
    assert full.value.code == "disk_full"
    assert full.value.retryable
    studio.assert_nothing_left()
    await studio.render(made_of)
    assert len(frames_of(studio.out / "a.mp4")) == 90


# Files that can't be used


async def refused(studio: Studio, made_of: Timeline) -> MediaUnusable:
    with pytest.raises(MediaUnusable) as failure:
        await studio.render(made_of)
    assert not failure.value.retryable
    studio.assert_nothing_left()
    return failure.value


async def test_a_missing_picture_is_named(studio: Studio) -> None:
    gone = named(str(studio.media / "gone.png"))
    failure = await refused(studio, timeline([picture(studio.media / "a.png"), gone], 1_000))
    assert failure.path == gone.path
    assert failure.detail == "gone.png: the file is missing."


async def test_a_broken_picture_is_named(studio: Studio) -> None:
    (studio.media / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    failure = await refused(studio, timeline([media(studio.media / "a.png", "image")], 500))
    assert failure.path.name == "a.png"


async def test_a_picture_of_few_bytes_and_many_pixels_is_named(studio: Studio) -> None:
    small = media(bomb(studio.media / "bomb.png", 9_000, 9_000), "image", 9_000, 9_000)
    assert "too many pixels" in (await refused(studio, timeline([small], 500))).detail


def a_playlist(directory: Path) -> MediaFile:
    (directory / "list.mp4").write_bytes(b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")
    return media(directory / "list.mp4", "clip", 320, 180, 1_000)


def a_clip_cut_off(directory: Path) -> MediaFile:
    clip(directory / "whole.mp4")
    (directory / "cut.mp4").write_bytes((directory / "whole.mp4").read_bytes()[:4_000])
    return media(directory / "cut.mp4", "clip", 320, 180, 1_000)


def a_sound(directory: Path) -> MediaFile:
    speech(directory / "sound.wav", 1)
    return media(directory / "sound.wav", "clip", 320, 180, 1_000)


@pytest.mark.parametrize("wrong", [a_playlist, a_clip_cut_off, a_sound])
async def test_a_clip_that_is_none_is_named(studio: Studio, wrong: Callable[[Path], MediaFile]) -> None:
    shown = wrong(studio.media)
    assert (await refused(studio, timeline([shown], 500))).path == shown.path


async def test_a_broken_logo_is_named(studio: Studio) -> None:
    (studio.media / "logo.png").write_bytes(b"no logo")
    branded = timeline([picture(studio.media / "a.png")], 500)
    branded = branded._replace(brand=Brand(logo=media(studio.media / "logo.png", "image")))
    assert (await refused(studio, branded)).path.name == "logo.png"


async def test_a_picture_is_known_by_its_content_and_not_by_its_name(studio: Studio) -> None:
    picture(studio.media / "a.png")
    renamed = (studio.media / "a.png").rename(studio.media / "film, 'x' [1]%d.mp4")
    assert len(frames_of(await studio.render(timeline([media(renamed, "image", 240, 426)], 300)))) == 9
