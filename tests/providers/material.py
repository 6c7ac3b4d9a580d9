"""What the tests work on: sound, a picture, works, and desks to make them at."""

import io
from pathlib import Path

import av
import numpy as np
from PIL import Image

from reelbot.providers.keyed.timings import Samples, wav_from
from reelbot.providers.port import Desk
from reelbot.providers.works import AnimationWork, ImageWork, RewriteWork, ScriptWork, TopicWork, VoiceoverWork

KEY = "sk-secret-0123456789"
RATE = 24_000

SCRIPT = "Cats purr when they rest. They also purr in pain, oddly enough. Nobody knows all of it."
CHAT = "Cats purr when they rest. They also purr when something hurts, which is odd. Listen closely the next time."

TOPIC = TopicWork(keywords="cats", tone="casual", language="en")
SCRIPT_WORK = ScriptWork(topic="why cats purr", tone="casual", duration_s=15, language="en")
REWRITE = RewriteWork(passage="Cats purr.", wish="longer", tone="casual", language="en")
VOICEOVER = VoiceoverWork(script=SCRIPT, language="en", voice="alloy")
IMAGE = ImageWork(prompt="a cat on a sofa", tone="casual", aspect="9:16")
ANIMATION = AnimationWork(image="ab" * 32, seconds=5, aspect="9:16", prompt="the cat blinks")

MP4 = b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 500
"""Begins as a clip does; the studio looks at the rest."""


def tone(milliseconds: int, before_ms: int = 0, after_ms: int = 0, rate: int = RATE) -> Samples:
    """A sound with silence around it."""
    at = np.arange(rate * milliseconds // 1_000) / rate
    sound = (8_000 * np.sin(2 * np.pi * 220 * at)).astype(np.int16)
    before, after = (np.zeros(rate * silence // 1_000, np.int16) for silence in (before_ms, after_ms))
    return np.concatenate([before, sound, after])


def wav(milliseconds: int, before_ms: int = 120, after_ms: int = 250) -> bytes:
    return wav_from(tone(milliseconds, before_ms, after_ms), RATE)


def mp3(milliseconds: int, before_ms: int = 120, after_ms: int = 250) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("mp3", rate=RATE, layout="mono")
        samples = tone(milliseconds, before_ms, after_ms).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16p", layout="mono")
        frame.sample_rate = RATE
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return file.getvalue()


def png(width: int = 64, height: int = 96) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (200, 120, 40)).save(file, "PNG")
    return file.getvalue()


class Reported:
    """What was told to be done."""

    def __init__(self) -> None:
        self.shares: list[float] = []

    def __call__(self, share: float) -> None:
        self.shares.append(share)


def desk_in(folder: Path, request_id: str = "request-1") -> Desk:
    """A desk with the picture that `ANIMATION` names."""
    picture = folder.parent / "picture.png"
    picture.write_bytes(png())
    folder.mkdir(exist_ok=True)
    return Desk(folder, {ANIMATION.image: picture}, request_id, Reported())
