"""Motion on a still: a smooth clip that never shows an edge, from an encoder that never outlives the call."""

import asyncio
import io
import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from reelbot.disk import is_full
from reelbot.errors import Malformed
from reelbot.providers.embedded.animation import FRAMES_PER_SECOND, AnimationOptions, animate, camera_for, view_at
from reelbot.subprocesses import ChildFailure


def encoded(picture: NDArray[np.uint8], kind: str = "PNG") -> bytes:
    """A picture as a file."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind)
    return file.getvalue()


def spotted() -> bytes:
    """A grey picture with one soft bright spot in its middle, and a red border."""
    rows, columns = np.mgrid[0:700, 0:700].astype(np.float64)
    spot = 60 + 180 * np.exp(-((rows - 350) ** 2 + (columns - 350) ** 2) / (2 * 22**2))
    picture = np.repeat(spot[..., None], 3, axis=2).astype(np.uint8)
    for edge in (picture[:2], picture[-2:], picture[:, :2], picture[:, -2:]):
        edge[:] = (255, 0, 0)
    return encoded(picture)


def frames_of(mp4: bytes, directory: Path) -> list[NDArray[np.uint8]]:
    """All frames, blue, green and red."""
    path = directory / "clip.mp4"
    path.write_bytes(mp4)
    reader = cv2.VideoCapture(str(path))
    frames: list[NDArray[np.uint8]] = []
    while True:
        is_read, frame = reader.read()
        if not is_read:
            reader.release()
            return frames
        frames.append(np.asarray(frame, dtype=np.uint8))


async def test_a_clip_has_its_frames_and_moves_smoothly_without_showing_an_edge(tmp_path: Path) -> None:
    clip = await animate(spotted(), AnimationOptions(seconds=1, aspect="1:1", liveliness=2.0), 4)
    frames = frames_of(clip.mp4, tmp_path)
    assert (clip.width, clip.height, clip.frames, clip.duration_ms) == (1080, 1080, FRAMES_PER_SECOND, 1_000)
    assert len(frames) == clip.frames
    assert frames[0].shape == (1080, 1080, 3)
    centres = np.array([centre_of(frame) for frame in frames])
    assert np.hypot(*(centres[-1] - centres[0])) > 4  # it moves
    assert np.sqrt(np.mean(np.diff(centres, n=2, axis=0) ** 2)) < 0.12  # evenly, as far as the encoding lets us see
    for frame in frames:
        border = np.concatenate([frame[0], frame[-1], frame[:, 0], frame[:, -1]]).astype(int)
        assert (border[:, 2] - border[:, 0]).max() < 40  # no red


def centre_of(frame: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Where the bright spot is, in parts of a pixel."""
    light = np.clip(frame[..., 1].astype(np.float64) - 110, 0, None)
    rows, columns = np.indices(light.shape)
    total = light.sum()
    return np.array([(light * rows).sum() / total, (light * columns).sum() / total])


@pytest.mark.parametrize("seed", range(6))
def test_the_view_is_smooth_in_time_and_stays_within_the_picture(seed: int) -> None:
    options = AnimationOptions(seconds=8, liveliness=2.0)
    camera = camera_for(options, seed)
    views = np.array([view_at(camera, frame / FRAMES_PER_SECOND, 8, 1_080) for frame in range(8 * FRAMES_PER_SECOND)])
    places = views[:, 1:3] + views[:, 3:5]
    assert np.abs(np.diff(places, n=2, axis=0)).max() < 0.06
    assert (np.abs(np.diff(places, axis=0)).sum(axis=1) > 0).all()
    margin = 1_080 / 2 * (1 - 1 / views[:, 0])
    assert (np.abs(places) <= margin[:, None]).all()
    assert camera == camera_for(options, seed)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
async def test_tiny_pictures_of_other_kinds_and_shapes_are_taken(kind: str, tmp_path: Path) -> None:
    picture = np.full((9, 40, 3), (30, 120, 200), dtype=np.uint8)
    clip = await animate(encoded(picture, kind), AnimationOptions(seconds=1, aspect="1:1"), 1)
    assert abs(int(frames_of(clip.mp4, tmp_path)[10][540, 540, 0]) - 200) < 30


@pytest.mark.parametrize(
    ("picture", "options", "field"),
    [
        (b"", AnimationOptions(), "picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), AnimationOptions(), "picture"),
        (b"GIF89a" + bytes(40), AnimationOptions(), "picture"),
        (b"<svg/>", AnimationOptions(), "picture"),
        (b"", AnimationOptions(seconds=0), "seconds"),
        (b"", AnimationOptions(seconds=21), "seconds"),
        (b"", AnimationOptions(liveliness=5), "liveliness"),
        (b"", AnimationOptions(aspect="4:3"), "aspect"),  # type: ignore[arg-type]
    ],
)
async def test_bad_input_is_refused_by_the_name_of_its_field(
    picture: bytes, options: AnimationOptions, field: str
) -> None:
    with pytest.raises(Malformed) as refused:
        await animate(picture, options, 1, program=("/nonexistent",))
    assert refused.value.field == field


async def test_a_half_written_picture_and_one_with_too_many_pixels_are_refused() -> None:
    whole = encoded(np.zeros((64, 64, 3), dtype=np.uint8) + np.arange(64, dtype=np.uint8)[:, None, None])
    bomb = io.BytesIO()
    Image.new("1", (16_000, 8_000)).save(bomb, "PNG")
    for picture in (whole[: len(whole) // 2], bomb.getvalue()):
        with pytest.raises(Malformed):
            await animate(picture, AnimationOptions(), 1)


async def test_an_encoder_that_fails_is_a_failure_of_ours_that_can_be_retried() -> None:
    broken = (sys.executable, "-c", "import sys; sys.stderr.write('Unknown encoder'); sys.exit(1)")
    with pytest.raises(ChildFailure, match="on our side") as failed:
        await animate(spotted(), AnimationOptions(seconds=1, aspect="1:1"), 1, program=broken)
    assert failed.value.retryable


async def test_a_full_disk_is_told_as_such() -> None:
    full = (sys.executable, "-c", "import sys; sys.stderr.write('x.mp4: No space left on device'); sys.exit(228)")
    with pytest.raises(OSError, match="full") as failed:
        await animate(spotted(), AnimationOptions(seconds=1, aspect="1:1"), 1, program=full)
    assert is_full(failed.value)


async def test_cancelling_ends_the_encoder(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = f"import os, signal; n = {str(note)!r}; open(n + '~', 'w').write(str(os.getpid())); os.rename(n + '~', n)"
    work = asyncio.create_task(
        animate(spotted(), AnimationOptions(aspect="1:1"), 1, program=(sys.executable, "-c", f"{code}; signal.pause()"))
    )
    while not note.exists():
        await asyncio.sleep(0.01)  # until the child has begun
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)
