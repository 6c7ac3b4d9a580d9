"""Uploads and clips: counted, looked at, removed with their place given back; and what becomes of drafts without them."""

import errno
import os
import resource
import signal
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from tests.studio.scripted import Killed, paper
from tests.studio.stage import ALL, Stage, staged, step
from tests.support.clock import FakeClock
from tests.support.ledgers import status

from reelbot.allowance import Status
from reelbot.errors import Failure, Malformed
from reelbot.studio.context import Room
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.core.slots import VOICEOVER
from reelbot.studio.files.content import Files, StorageFull
from reelbot.studio.files.ingest import taken_in
from reelbot.studio.service import Studio


async def test_an_upload_counts_and_gives_its_place_back_when_it_is_removed(each_stage: Stage) -> None:
    stage = each_stage
    asset = await stage.upload("image", name="../../etc/passwd\n.png")
    assert (asset.name, await stage.storage()) == ("passwd.png", (asset.media.bytes, 0))
    await stage.studio.remove_asset(stage.ada, asset.id)
    assert await stage.storage() == (0, 0)
    with pytest.raises(StudioRefused, match="no such asset"):
        await stage.studio.remove_asset(stage.ada, asset.id)


async def test_an_upload_that_cannot_be_used_leaves_nothing_behind(stage: Stage) -> None:
    with stage.room.files.desk() as folder:
        path = folder / "upload"
        path.write_bytes(b"MZ\x90")
        with pytest.raises(Malformed):
            await stage.studio.upload(stage.ada, "cat.png", path, 3, "hash", "key")
    assert await stage.storage() == (0, 0)
    assert await stage.studio.assets(stage.ada, ALL) == []
    asset = await stage.upload("image")
    assert asset.media.kind == "image"


async def test_an_upload_beyond_the_limit_is_refused_before_it_is_looked_at(
    sqlite_url: str, tmp_path: Path, clock: FakeClock
) -> None:
    async with staged(sqlite_url, tmp_path, clock, plan="free") as stage:
        path = paper(tmp_path / "big", "image", "big")
        asked = stage.studio.upload(stage.ada, "big.png", path, 500_000_001, "hash")
        assert await status(asked) is Status.ALLOWANCE_EXHAUSTED
        assert path.exists()
        draft = await stage.finished()
        await stage.ledger.hold(stage.ada, {"storage_bytes": 499_000_000}, key="a full house")
        before = await stage.credits()
        assert await status(stage.generate(draft, "animation")) is Status.ALLOWANCE_EXHAUSTED
        assert await stage.credits() == before
        await stage.require_sound()


async def test_a_clip_is_an_asset_that_counts_and_gives_its_place_back(each_stage: Stage) -> None:
    stage = each_stage
    draft = await stage.finished()
    begun = await stage.generate(draft, step("animation", seconds=3))
    assert await stage.storage() == (0, 6_000_000)
    await stage.done(begun)
    (asset,) = await stage.studio.assets(stage.ada, ALL)
    assert (asset.origin, await stage.storage()) == ("animation", (asset.media.bytes, 0))
    assert asset.name == f"Clip: {(await stage.draft(draft)).heading}"
    await stage.studio.remove_asset(stage.ada, asset.id)
    assert await stage.storage() == (0, 0)
    with pytest.raises(StudioRefused, match="scene 1 was removed") as no:
        await stage.render(draft)
    assert no.value.code == "not_ready"
    assert await stage.videos() == (0, 0)


async def test_a_clip_that_was_removed_is_neither_free_nor_missing_when_it_is_asked_for_again(stage: Stage) -> None:
    draft = await stage.finished()
    await stage.made(draft, step("animation", seconds=3))
    (asset,) = await stage.studio.assets(stage.ada, ALL)
    other = await stage.finished()  # the same picture, so the same clip
    scene = (await stage.draft(other)).scenes[0].id
    price = (await stage.shown(other)).steps["assets"].scenes[0].price  # type: ignore[index]
    assert price is not None
    await stage.studio.remove_asset(stage.ada, asset.id)
    used = (await stage.credits())[0]
    await stage.made(other, step("animation", seconds=3, scenes=[scene]))
    assert (await stage.credits())[0] == used + 15
    (again,) = await stage.studio.assets(stage.ada, ALL)
    assert await stage.storage() == (again.media.bytes, 0)
    assert (await stage.done(await stage.render(other))).state == "succeeded"


async def test_a_clip_that_is_still_there_is_already_made_and_counts_once(stage: Stage) -> None:
    draft = await stage.finished()
    await stage.made(draft, step("animation", seconds=3))
    other = await stage.finished()
    used, stored = await stage.credits(), await stage.storage()
    await stage.made(other, step("animation", seconds=3))
    assert (await stage.credits(), await stage.storage()) == (used, stored)
    assert len(await stage.studio.assets(stage.ada, ALL)) == 1
    assert (await stage.done(await stage.render(other))).state == "succeeded"


async def test_a_clip_is_not_removed_while_its_job_has_not_been_settled(stage: Stage) -> None:
    draft = await stage.open()
    await stage.made(draft, step("image", count=2))
    scenes = [scene.id for scene in (await stage.draft(draft)).scenes]
    stage.provider.will("run", "deliver", Killed())
    begun = await stage.generate(draft, step("animation", seconds=1, scenes=scenes))
    with pytest.raises(Killed):
        await stage.worker.run_all()
    (asset,) = await stage.studio.assets(stage.ada, ALL)
    with pytest.raises(StudioRefused, match="still at work"):
        await stage.studio.remove_asset(stage.ada, asset.id)
    stage.clock.advance(3_600_000)
    assert (await stage.done(begun)).state == "failed"
    await stage.studio.remove_asset(stage.ada, asset.id)
    assert await stage.storage() == (0, 0)


async def test_a_draft_whose_asset_was_removed_says_which_and_goes_on_without(stage: Stage) -> None:
    draft = await stage.finished()
    picture, music = await stage.upload("image", "cat"), await stage.upload("audio", "song")
    await stage.change(draft, add=[picture.id], music=music.id)
    for asset in (picture, music):
        await stage.studio.remove_asset(stage.ada, asset.id)
    with pytest.raises(StudioRefused, match="scene 2"):
        await stage.render(draft)
    await stage.change(draft, scenes=[(await stage.draft(draft)).scenes[0].id])
    with pytest.raises(StudioRefused, match="music"):
        await stage.render(draft)
    await stage.change(draft, music=None)
    assert (await stage.done(await stage.render(draft))).state == "succeeded"


async def test_a_wrong_kind_is_refused_where_it_is_used(stage: Stage) -> None:
    draft = await stage.open()
    song, cat = await stage.upload("audio", "song"), await stage.upload("image", "cat")
    for asked in ({"add": [song.id]}, {"music": cat.id}, {"voiceover": cat.id}):
        with pytest.raises(Malformed, match="must be"):
            await stage.change(draft, **asked)


async def test_a_file_that_is_missing_on_the_disk_fails_the_render_in_words(stage: Stage) -> None:
    draft = await stage.finished()
    words = (await stage.draft(draft)).version(VOICEOVER.ref()).words  # type: ignore[union-attr]
    assert words is not None
    begun = await stage.render(draft)
    stage.room.files.path(words).unlink()
    job = await stage.done(begun)
    assert (job.state, job.failure and job.failure.code) == ("failed", "file_missing")
    assert await stage.videos() == (0, 0)


# the disk


async def test_a_full_disk_after_delivery_is_told_charged_once_and_the_retry_is_free(stage: Stage) -> None:
    draft = await stage.open()
    keep = stage.room.files._keep

    def full(source: Path) -> str:
        raise StorageFull("The disk of the studio is full.", "Free some space; then try again.")

    stage.room.files._keep = full  # type: ignore[method-assign]
    job = await stage.done(await stage.generate(draft, step("image", prompt="a cat")))
    stage.room.files._keep = keep  # type: ignore[method-assign]
    assert (job.state, job.failure and job.failure.point) == ("failed", "after_delivery")
    shown = (await stage.shown(draft)).steps["assets"]
    assert shown.scenes is not None
    assert shown.scenes[0].failure is not None
    assert "The disk of the studio is full." in shown.scenes[0].failure.detail
    await stage.made(draft, step("image", scene=shown.scenes[0].scene))
    assert await stage.credits() == (4, 0)


async def test_a_disk_that_is_full_before_the_provider_is_asked_costs_nothing(stage: Stage) -> None:
    stage.provider.will("run", OSError(errno.ENOSPC, "No space left on device"))
    job = await stage.done(await stage.generate(await stage.open(), "image"))
    assert (job.state, job.failure and job.failure.code) == ("failed", "disk_full")
    assert await stage.credits() == (0, 0)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Nothing larger can be written by this process, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


async def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    files = Files(tmp_path / "studio")
    files.open()
    with files_of_at_most(1_000), pytest.raises(StorageFull):
        await files.keep_text("x" * 5_000)
    assert [path for path in (tmp_path / "studio").rglob("*") if path.is_file()] == []
    sha256 = await files.keep_text("x" * 5_000)
    assert files.size(sha256) == 5_000
    assert await files.keep_text("x" * 5_000) == sha256


async def test_a_file_from_another_disk_appears_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files(tmp_path / "studio")
    files.open()
    source = paper(tmp_path / "elsewhere", "image", "cat")
    replace = Path.replace

    def on_another_disk(self: Path, target: Path) -> Path:
        if self == source:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", on_another_disk)
    sha256 = await files.keep(source)
    assert (files.has(sha256), source.exists(), list((tmp_path / "studio" / "desks").iterdir())) == (True, False, [])


async def test_folders_that_killed_workers_left_are_swept_and_others_are_not(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.open()
    with files.desk() as left, files.desk() as used:
        os.utime(left, (1, 1))
        files.sweep_desks(3_600, used.stat().st_mtime + 60)
        assert (left.exists(), used.exists()) == (False, True)


# what people really upload


@pytest.fixture
async def real(stage: Stage) -> Stage:
    """The same studio, looking at files as it does outside of tests."""
    room = stage.room
    whole = Room(room.ledger, room.events, room.store, room.clock, room.files, room.registry, taken_in)
    stage.studio = Studio(whole, stage.worker)
    return stage


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../bomb", bytes(20_000_000))


def halved(path: Path) -> None:
    Image.effect_noise((300, 300), 50).save(path, "PNG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def written(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


HOSTILE: dict[str, Callable[[Path], object]] = {
    "a program that says it is a picture": written(b"\x7fELF" + bytes(200)),
    "an archive that grows a thousandfold": zipped,
    "half a picture": halved,
    "a page that says it is a picture": written(b"<svg onload=alert(1)>"),
    "nothing": written(b""),
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_hostile_upload_is_refused_in_words_and_nothing_is_counted(real: Stage, what: str) -> None:
    with real.room.files.desk() as folder:
        HOSTILE[what](folder / "cat.png")
        with pytest.raises((Malformed, Failure)) as no:
            await real.studio.upload(real.ada, "cat.png", folder / "cat.png", 300_000, f"hash of {what}")
        assert str(no.value)
    assert await real.storage() == (0, 0)


async def test_a_picture_with_a_wrong_extension_is_what_it_is(real: Stage) -> None:
    with real.room.files.desk() as folder:
        path = folder / "song.mp3"
        Image.new("RGB", (90, 160), (200, 10, 10)).save(path, "PNG")
        asset, _ = await real.studio.upload(real.ada, "C:\\Users\\me\\song.mp3", path, path.stat().st_size, "hash")
    assert (asset.name, asset.media.kind, asset.media.width) == ("song.mp3", "image", 90)
