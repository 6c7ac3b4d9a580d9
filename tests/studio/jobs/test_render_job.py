"""A video that is really looked at and really rendered, two seconds long, from uploads."""

import wave
from pathlib import Path

from PIL import Image
from tests.studio.stage import ALL, Stage

from reelbot.studio.context import Room
from reelbot.studio.files.ingest import taken_in
from reelbot.studio.jobs.render_job import Maker
from reelbot.studio.jobs.worker import JobWorker
from reelbot.studio.service import Studio


def voice(path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(64_000))
    return path


def picture(path: Path) -> Path:
    Image.new("RGB", (90, 160), (200, 10, 10)).save(path, "PNG")
    return path


async def test_uploads_become_a_preview_and_a_video(stage: Stage) -> None:
    room = stage.room
    whole = Room(room.ledger, room.events, room.store, room.clock, room.files, room.registry, taken_in)
    stage.worker = JobWorker(whole, maker=Maker(whole))
    stage.studio = Studio(whole, stage.worker)
    ids = []
    with room.files.desk() as folder:
        for path in (voice(folder / "voice"), picture(folder / "picture")):
            asset, _ = await stage.studio.upload(stage.ada, path.name, path, path.stat().st_size, path.name)
            ids.append(asset.id)
    draft = await stage.open()
    await stage.change(draft, voiceover=ids[0], add=[ids[1]])
    job = await stage.done(await stage.studio.preview(stage.ada, draft, "look"))
    assert job.state == "succeeded", job.failure
    job = await stage.done(await stage.render(draft))
    assert job.state == "succeeded", job.failure
    (video,) = await stage.studio.videos(stage.ada, ALL)
    assert (video.facts.width, video.facts.height) == (1080, 1920)
    assert 2_000 <= video.facts.duration_ms <= 4_000
    assert room.files.path(video.facts.files.mp4).read_bytes()[4:8] == b"ftyp"
    assert (await stage.credits(), await stage.videos()) == ((0, 0), (1, 0))
