"""Sound, pictures and clips as providers answer with them: told apart by their first bytes, sound decoded in a child."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from reelbot.providers.keyed.timings import Samples
from reelbot.providers.limits import DECODE_MEMORY_BYTES, DECODE_PATIENCE_SECONDS, DECODE_SECONDS, SOUND_SECONDS_MAX
from reelbot.subprocesses import Crashed, Limits, answer_of, failed

RATE = 44_100
"""Samples a second of every voiceover: what the renderer mixes at, so that it need not convert."""

COMMAND = (
    sys.executable,
    *("-I", str(Path(__file__).with_name("decode_process.py"))),
    *map(str, (RATE, SOUND_SECONDS_MAX)),
)

LIMITS = Limits(DECODE_MEMORY_BYTES, DECODE_SECONDS)

DECODING = "decoding this sound"

_SOUND = re.compile(rb"RIFF....WAVE|ID3|\xff[\xe0-\xff]|fLaC|OggS|....ftyp", re.DOTALL)
_PICTURE = {b"\x89PNG\r\n\x1a\n": ".png", b"\xff\xd8\xff": ".jpg"}
_WEBP = re.compile(rb"RIFF....WEBP", re.DOTALL)
_CLIP = ((re.compile(rb"....ftyp", re.DOTALL), ".mp4"), (re.compile(rb"\x1a\x45\xdf\xa3"), ".webm"))


class Undecodable(Exception):
    """A file that passes for sound cannot be decoded, or lasts too long."""


def is_sound(content: bytes) -> bool:
    """Whether it begins as a file of sound does."""
    return _SOUND.match(content) is not None


def picture_suffix(content: bytes) -> str | None:
    """The usual end of a picture's name, by how it begins; None when it is none."""
    found = next((suffix for begin, suffix in _PICTURE.items() if content.startswith(begin)), None)
    return found or (".webp" if _WEBP.match(content) else None)


def clip_suffix(content: bytes) -> str | None:
    """The usual end of a clip's name, by how it begins; None when it is none."""
    return next((suffix for begins, suffix in _CLIP if begins.match(content)), None)


async def decoded(paths: Sequence[Path]) -> list[Samples]:
    """The samples of files of sound. Cancelling the call ends the child.

    `Undecodable` when one of them is broken; `ChildFailure` when decoding failed for a reason of our own.
    """
    try:
        command = (*COMMAND, *map(str, paths))
        written = await answer_of(command, DECODING, LIMITS, patience_seconds=DECODE_PATIENCE_SECONDS)
    except Crashed:
        raise Undecodable from None
    head, _, pcm = written.partition(b"\n")
    try:
        lengths = msgspec.json.decode(head, type=list[int] | None)
    except msgspec.DecodeError as error:
        raise failed(DECODING, f"its answer can't be read: {error}") from error
    if lengths is None:
        raise Undecodable
    samples = np.frombuffer(pcm, dtype="<i2")
    return np.split(samples, np.cumsum(lengths)[:-1])
