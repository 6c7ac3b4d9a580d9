"""Small pictures, sounds, clips and timelines to render, all made from numbers."""

import hashlib
import resource
import struct
import subprocess
import time
import wave
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reelbot.render import MediaFile, Quality, TimedWord, Timeline, ffmpeg, scenes_between
from reelbot.render.timeline import MediaKind

TINY = Quality(180, "ultrafast", 30)
"""180 × 320: enough to see what is where, and encoded in no time."""

RATE = 48_000


def media(path: Path, kind: MediaKind, width: int = 0, height: int = 0, duration_ms: int = 0) -> MediaFile:
    """What the studio would know of a file."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return MediaFile(path, digest, kind, width, height, duration_ms)


def named(name: str, kind: MediaKind = "image", width: int = 1080, height: int = 1920) -> MediaFile:
    """A file that need not be there, for plans."""
    return MediaFile(Path(name), hashlib.sha256(name.encode()).hexdigest(), kind, width, height)


def picture(path: Path, seed: int = 0, size: tuple[int, int] = (240, 426)) -> MediaFile:
    """A picture of coloured blocks."""
    blocks = np.random.default_rng(seed).integers(20, 235, (8, 5, 3), np.uint8)
    Image.fromarray(blocks).resize(size, Image.Resampling.BICUBIC).save(path)
    return media(path, "image", *size)


def bomb(path: Path, width: int, height: int) -> Path:
    """A PNG of a few kilobytes that says it has that many pixels, all black."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(2_000_000), 9)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels * 3) + chunk(b"IEND", b""))
    return path


def plain(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (240, 426)) -> MediaFile:
    """A picture of one colour."""
    Image.new("RGB", size, colour).save(path)
    return media(path, "image", *size)


def sound(path: Path, samples: NDArray[np.float64]) -> MediaFile:
    """A WAV file of samples from -1 to 1, one column per channel."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return media(path, "audio", duration_ms=len(samples) * 1000 // RATE)


def tone(hertz: float, seconds: float, level: float = 0.2) -> NDArray[np.float64]:
    """A steady tone in one channel."""
    at = np.arange(round(seconds * RATE)) / RATE
    return level * np.sin(2 * np.pi * hertz * at)[:, None]


def speech(path: Path, seconds: float, level: float = 0.2) -> MediaFile:
    """A tone of 200 Hz with harmonics that comes and goes like words."""
    harmonics = np.sum([tone(200.0 * n, seconds, level / n) for n in range(1, 6)], axis=0)
    at = np.arange(round(seconds * RATE)) / RATE
    return sound(path, harmonics * (np.sin(2 * np.pi * 2 * at) > -0.3)[:, None])


def clip(path: Path, seconds: float = 1.0, *options: str, source: str = "testsrc2=s=320x180:r=25") -> MediaFile:
    """A video file, by its ending, from ffmpeg's own test pictures."""
    encode(path, "-f", "lavfi", "-i", f"{source}:d={seconds}", *options)
    return media(path, "clip", 320, 180, round(seconds * 1000))


def encode(path: Path, *arguments: str) -> None:
    """Run ffmpeg to make a file."""
    subprocess.run([ffmpeg.program(), "-loglevel", "error", "-y", *arguments, str(path)], check=True)


def words(texts: Sequence[str], step_ms: int = 300) -> tuple[TimedWord, ...]:
    """Words at an even pace, each spoken for most of its time."""
    return tuple(TimedWord(text, n * step_ms, n * step_ms + step_ms * 9 // 10) for n, text in enumerate(texts))


def timeline(pictures: Sequence[MediaFile], length_ms: int, texts: Sequence[str] = ()) -> Timeline:
    """Pictures one after the other, and words from the beginning."""
    return Timeline(scenes_between(pictures, (), length_ms), words(texts))


def frames_of(video: Path) -> NDArray[np.uint8]:
    """All frames of a video in RGB, converted as the file says it must be."""
    shown = subprocess.run(
        [ffmpeg.program(), "-loglevel", "error", "-i", video, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"],
        check=True,
        capture_output=True,
    )
    width, height = size_of(video)
    return np.frombuffer(shown.stdout, np.uint8).reshape(-1, height, width, 3)


def samples_of(path: Path) -> NDArray[np.float64]:
    """The left channel of a file's sound."""
    heard = subprocess.run(
        [ffmpeg.program(), "-loglevel", "error", "-i", path, "-f", "f32le", "-ac", "1", "-ar", str(RATE), "pipe:1"],
        check=True,
        capture_output=True,
    )
    return np.frombuffer(heard.stdout, np.float32).astype(np.float64)


def size_of(video: Path) -> tuple[int, int]:
    """Width and height as ffmpeg says."""
    log = subprocess.run([ffmpeg.program(), "-i", video], check=False, capture_output=True, text=True).stderr
    found = ffmpeg.last_match(r"Video:.*, (?P<width>\d+)x(?P<height>\d+)", log)
    return int(found["width"]), int(found["height"])


def accent_in(frame: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where a frame has the usual accent colour, a strong yellow."""
    red, green, blue = (frame[..., n].astype(int) for n in range(3))
    return np.asarray((red > 150) & (green > 120) & (blue < 110) & (red - blue > 90))


@contextmanager
def room_for(file_bytes: int) -> Iterator[None]:
    """No file may grow beyond that, as on a disk that fills up; for this process and those it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


ENDING_SECONDS = 10
"""How long the kernel of a busy machine may take to end a process that was killed."""


def processes_in(directory: Path) -> list[int]:
    """Every process that works below a directory."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(directory):
                found.append(int(entry.name))
    return found


def left_running_in(directory: Path) -> list[int]:
    """Every process that still works below a directory after those that have been told to end had the time for it."""
    deadline = time.monotonic() + ENDING_SECONDS
    while (found := processes_in(directory)) and time.monotonic() < deadline:
        time.sleep(0.01)  # for the kernel, which ends a killed process when it gets round to it
    return found


def files_in(directory: Path) -> set[str]:
    """Every file below a directory, by its name there."""
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}
