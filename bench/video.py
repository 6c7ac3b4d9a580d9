"""What the video scenarios render, made from seeds: pictures with fine texture, a voice-like sound with words, music."""

import hashlib
import random
import wave
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from reelbot.render import MediaFile, TimedWord, Timeline, scenes_between
from reelbot.render.timeline import MediaKind

SECONDS = 33
FPS = 30
SCENES = 6
WORDS = 85
RATE = 48_000

_SENTENCE = ("and", "this", "is", "how", "a", "sentence", "slowly", "ends.")


def timeline(directory: Path) -> Timeline:
    """The video that all render; its files are made once and found again."""
    directory.mkdir(parents=True, exist_ok=True)
    pictures = [picture(directory / f"scene{n}.png", n) for n in range(SCENES)]
    scenes = scenes_between(pictures, words(), SECONDS * 1000)
    return Timeline(scenes, words(), voice(directory / "voice.wav"), music(directory / "music.wav", 0))


def words() -> tuple[TimedWord, ...]:
    """Words at a lively pace, in sentences of eight with a short breath after each."""
    chance, step = random.Random(1), SECONDS * 1000 // WORDS
    starts = [n * step + chance.randrange(step // 3) for n in range(WORDS)]
    return tuple(
        TimedWord(_SENTENCE[n % 8], start, start + step * (50 if n % 8 == 7 else 65) // 100)
        for n, start in enumerate(starts)
    )


def picture(path: Path, seed: int, size: tuple[int, int] = (1242, 2208)) -> MediaFile:
    """A picture with soft clouds, hard edges and grain, like a photograph to an encoder."""
    if not path.exists():
        cv2.imwrite(str(path), _pixels(np.random.default_rng(seed), size))
    return media(path, "image", *size)


def _pixels(chance: np.random.Generator, size: tuple[int, int]) -> NDArray[np.uint8]:
    width, height = size
    cloud = np.zeros((height, width), np.float32)
    for octave in range(8):
        coarse = chance.standard_normal((2 ** (octave + 1) + 2, 2**octave + 2)).astype(np.float32)
        cloud += 0.58**octave * cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    cloud = (cloud - cloud.min()) / np.ptp(cloud)
    dark, light = chance.uniform(20, 120, 3), chance.uniform(100, 235, 3)
    pixels = dark + (light - dark) * cloud[..., None]
    for _ in range(20):
        centre = (int(chance.integers(width)), int(chance.integers(height)))
        colour = tuple(float(value) for value in chance.uniform(0, 255, 3))
        cv2.circle(pixels, centre, int(chance.integers(10, 160)), colour, int(chance.choice([-1, 6])), cv2.LINE_AA)
    pixels += chance.normal(0, 1.5, pixels.shape)
    return np.asarray(pixels.clip(0, 255), np.uint8)


def voice(path: Path) -> MediaFile:
    """A tone with the harmonics and the rhythm of speech."""
    at = np.arange(SECONDS * RATE) / RATE
    tone = np.sum([np.sin(2 * np.pi * 130 * n * at + 0.3 * np.sin(at * 5)) / n for n in range(1, 14)], axis=0)
    rhythm = np.clip(np.sin(2 * np.pi * at * WORDS / SECONDS) + 0.4, 0, 1)
    return _sound(path, np.repeat((0.12 * tone * rhythm)[:, None], 2, axis=1))


def music(path: Path, seed: int, seconds: float = 12.0) -> MediaFile:
    """A slow chord."""
    at = np.arange(round(seconds * RATE)) / RATE
    notes = np.array([220.0, 277.2, 329.6, 440.0]) * 2 ** (seed / 12)
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * at[:, None] * np.array([0.25, 0.3, 0.35, 0.4]))
    chord = (np.sin(2 * np.pi * at[:, None] * notes) * swell).sum(axis=1)
    return _sound(path, 0.1 * np.stack([chord, np.roll(chord, 900)], axis=1))


def _sound(path: Path, samples: NDArray[np.float64]) -> MediaFile:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return media(path, "audio", duration_ms=len(samples) * 1000 // RATE)


def media(path: Path, kind: MediaKind, width: int = 0, height: int = 0, duration_ms: int = 0) -> MediaFile:
    """What the studio would know of a file."""
    return MediaFile(path, hashlib.sha256(path.read_bytes()).hexdigest(), kind, width, height, duration_ms)
