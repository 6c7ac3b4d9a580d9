"""The sound track: as loud as promised, music under the voice, the length of the video."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.render.material import RATE, encode, media, samples_of, sound, speech, tone

from reelbot.render import MediaFile, MediaUnusable
from reelbot.render.cache import Cache
from reelbot.render.plan import SoundPlan
from reelbot.render.sound import measure, sound_track

MUSIC_HERTZ = 3_000.0
"""Far above the voice's harmonics, so that each can be heard alone."""


async def made(tmp_path: Path, voice: MediaFile | None, music: MediaFile | None, length_ms: int = 6_000) -> Path:
    cache = Cache(tmp_path / "cache")
    with cache.workspace() as workspace:
        track = await sound_track(SoundPlan("key", voice, music, length_ms), workspace, cache)
        return track.rename(tmp_path / "track.m4a")


def level_of_music(samples: NDArray[np.float64], begin: float, end: float) -> float:
    """How strong the music's tone is between two seconds."""
    heard = samples[round(begin * RATE) : round(end * RATE)]
    at = np.arange(len(heard)) / RATE
    return float(abs(np.mean(heard * np.exp(-2j * np.pi * MUSIC_HERTZ * at))))


@pytest.mark.parametrize(
    ("voice_level", "music_level"),
    [(0.2, 0.2), (0.01, 0.5), (0.5, 0.005), (0.9, None), (None, 0.01)],
)
async def test_every_mix_is_as_loud_as_promised_and_does_not_clip(
    tmp_path: Path, voice_level: float | None, music_level: float | None
) -> None:
    voice = speech(tmp_path / "voice.wav", 5.5, voice_level) if voice_level else None
    music = sound(tmp_path / "music.wav", tone(MUSIC_HERTZ, 2, music_level)) if music_level else None
    found = await measure(await made(tmp_path, voice, music))
    assert abs(found.integrated + 14) <= 1
    assert found.peak < -1


async def test_music_steps_back_while_the_voice_speaks_and_returns_in_the_pause(tmp_path: Path) -> None:
    spoken = np.concatenate([tone(200, 3), np.zeros((3 * RATE, 1))])
    voice = sound(tmp_path / "voice.wav", spoken)
    music = sound(tmp_path / "music.wav", tone(MUSIC_HERTZ, 6))
    samples = samples_of(await made(tmp_path, voice, music))
    under, alone = level_of_music(samples, 1, 2.8), level_of_music(samples, 3.8, 4.3)
    assert 20 * np.log10(alone / under) > 6


async def test_short_music_is_repeated_and_fades_out_at_the_end(tmp_path: Path) -> None:
    music = sound(tmp_path / "music.wav", tone(MUSIC_HERTZ, 1.5))
    samples = samples_of(await made(tmp_path, None, music))
    assert level_of_music(samples, 3.5, 4) > 0.8 * level_of_music(samples, 1, 1.4)
    assert level_of_music(samples, 5.9, 6) < 0.1 * level_of_music(samples, 3.5, 4)


@pytest.mark.parametrize("length_ms", [1_000, 4_033])
async def test_the_track_is_as_long_as_the_video(tmp_path: Path, length_ms: int) -> None:
    voice = speech(tmp_path / "voice.wav", 3)
    samples = samples_of(await made(tmp_path, voice, None, length_ms))
    assert abs(len(samples) / RATE * 1000 - length_ms) <= 25


async def test_the_voice_starts_where_it_starts(tmp_path: Path) -> None:
    late = np.concatenate([np.zeros((RATE, 1)), tone(300, 2)])
    samples = samples_of(await made(tmp_path, sound(tmp_path / "voice.wav", late), None))
    first = int(np.argmax(np.abs(samples) > 0.05))
    assert abs(first / RATE * 1000 - 1_000) < 15


async def test_without_voice_and_music_there_is_silence(tmp_path: Path) -> None:
    track = await made(tmp_path, None, None, 2_000)
    assert abs(samples_of(track)).max() == 0


async def test_a_silent_voice_is_not_made_loud(tmp_path: Path) -> None:
    silent = sound(tmp_path / "voice.wav", np.zeros((3 * RATE, 1)))
    assert abs(samples_of(await made(tmp_path, silent, None, 3_000))).max() < 0.001


@pytest.mark.parametrize("ending", ["mp3", "m4a", "webm"])
async def test_every_format_of_music_is_taken(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"music.{ending}"
    encode(path, "-f", "lavfi", "-i", "sine=f=3000:d=2")
    assert abs((await measure(await made(tmp_path, None, media(path, "audio")))).integrated + 14) <= 1


async def test_a_missing_or_broken_voice_is_named(tmp_path: Path) -> None:
    gone = speech(tmp_path / "gone.wav", 1)
    gone.path.unlink()
    with pytest.raises(MediaUnusable, match=r"gone\.wav: the file is missing") as missing:
        await made(tmp_path, gone, None)
    assert missing.value.path == gone.path
    (tmp_path / "noise.wav").write_bytes(b"noise" * 99)
    with pytest.raises(MediaUnusable, match=r"noise\.wav"):
        await made(tmp_path, None, media(tmp_path / "noise.wav", "audio"))


async def test_a_track_that_was_made_before_is_taken_from_the_cache(tmp_path: Path) -> None:
    voice = speech(tmp_path / "voice.wav", 1)
    first = (await made(tmp_path, voice, None, 1_000)).read_bytes()
    voice.path.unlink()
    assert (await made(tmp_path, voice, None, 1_000)).read_bytes() == first
