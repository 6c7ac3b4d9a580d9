"""Play a score: every note in its place, rooms and echoes around them, one even sound at the end.

Time is a circle here: what still sounds at the end goes on at the beginning, so that a piece can be played round and
round without a seam.
"""

from functools import cache

import numpy as np

from reelbot.providers.embedded.music.instruments import RATE, Instrument, bass, bell, kick, pad, pluck, shaker, snap
from reelbot.providers.embedded.music.moods import Mood
from reelbot.providers.embedded.music.score import BEATS_PER_BAR, Note, Score
from reelbot.providers.embedded.wav import Samples, normalised

LOUDNESS = 0.13
"""Root mean square of the louder parts, about -18 dB: the level of the embedded voice, and room for the peaks."""

_LOW_CUT_HERTZ = 28.0
_ROOM_SECONDS = 1.9
_ROOM_SEED = 5


def played(score: Score, mood: Mood, samples: int) -> Samples:
    """Stereo samples of a length, which all bars together fill."""
    beat = samples / (score.bars * BEATS_PER_BAR)
    dry, sent = _empty(samples), _empty(samples)
    for instrument, notes, level, share_sent in (
        (pad, score.pad, 0.24 * mood.pad, 0.40),
        (bass, score.bass, 0.50 * mood.bass, 0.03),
        (pluck, score.pluck, 0.78 * mood.pluck, 0.35),
        (bell, score.bell, 0.72 * mood.bell, 0.50),
    ):
        group = _tuned(instrument, notes, mood.brightness, samples, beat)
        dry += group * np.float32(level)
        sent += group * np.float32(level * share_sent)
    sent += _echo(sent, beat)
    struck = _drums(score, samples, beat) * np.float32(mood.drums)
    return _mastered(dry + struck, sent + struck * np.float32(0.10))


def _empty(samples: int) -> Samples:
    return np.zeros((samples, 2), dtype=np.float32)


def _tuned(instrument: Instrument, notes: tuple[Note, ...], brightness: float, samples: int, beat: float) -> Samples:
    """All notes of one instrument; equal ones are made once."""
    made: dict[tuple[int, float], Samples] = {}
    total = _empty(samples)
    for note in notes:
        if (note.pitch, note.beats) not in made:
            hertz = 440 * 2 ** ((note.pitch - 69) / 12)
            made[note.pitch, note.beats] = instrument(hertz, note.beats * beat / RATE, brightness)
        _place(total, made[note.pitch, note.beats], note, beat)
    return total


def _drums(score: Score, samples: int, beat: float) -> Samples:
    total = _empty(samples)
    variants = (shaker(0), shaker(1))
    for sound, notes, level in ((kick(), score.kick, 0.58), (snap(), score.snap, 0.55)):
        for note in notes:
            _place(total, sound * np.float32(level), note, beat)
    for note in score.shaker:
        _place(total, variants[note.pitch] * np.float32(0.60), note, beat)
    return total


def _place(total: Samples, sound: Samples, note: Note, beat: float) -> None:
    """Add a sound at its time, round the end where it is longer; the two sides share its power."""
    sides = np.sqrt([1 - note.side, note.side]).astype(np.float32) * np.float32(note.loudness)
    at, length = round(note.beat * beat) % len(total), len(total)
    while sound.size:
        fitting = sound[: length - at]
        total[at : at + len(fitting)] += fitting[:, None] * sides
        sound, at = sound[length - at :], 0


def _echo(sent: Samples, beat: float) -> Samples:
    """Three repeats, three quarters of a beat apart, from side to side."""
    total = np.zeros_like(sent)
    for repeat in (1, 2, 3):
        thrown = sent[:, ::-1] if repeat % 2 else sent
        total += np.roll(thrown, round(0.75 * beat * repeat), axis=0) * np.float32(0.36**repeat)
    return total


def _mastered(dry: Samples, sent: Samples) -> Samples:
    """The dry sound and the room's answer, nothing below what is heard, the loudest peaks rounded."""
    length = len(dry)
    frequencies = np.maximum(np.fft.rfftfreq(length, 1 / RATE), 1e-3)
    clear = (1 / (1 + (_LOW_CUT_HERTZ / frequencies) ** 6)).astype(np.float32)
    mixed = np.empty_like(dry)
    for side in (0, 1):
        answer = np.fft.rfft(sent[:, side]) * np.fft.rfft(_folded(_room()[side], length))
        mixed[:, side] = np.fft.irfft((np.fft.rfft(dry[:, side]) + answer) * clear, length)
    even = normalised(mixed, LOUDNESS)
    rounded = np.tanh(even * np.float32(1.4)) / np.float32(1.4)
    return normalised(rounded - rounded.mean(axis=0), LOUDNESS)


@cache
def _room() -> tuple[Samples, Samples]:
    """How a warm room answers, left and right: noise that dies away and loses its brightness."""
    time = np.arange(round(_ROOM_SECONDS * RATE)) / RATE
    sides = []
    for side in (0, 1):
        noise = np.random.default_rng(_ROOM_SEED + side).standard_normal(len(time))
        dull = np.convolve(noise, np.hanning(17) / 8.0, mode="same")
        wave = (0.35 * noise * np.exp(-9 * time) + dull * np.exp(-3.4 * time)) * np.clip(time / 0.012, 0, 1)
        sides.append((wave / np.sqrt(np.square(wave).sum()) * 0.9).astype(np.float32))
    return sides[0], sides[1]


def _folded(answer: Samples, length: int) -> Samples:
    """A room's answer laid round a circle of a length."""
    folds = -(-len(answer) // length)
    return np.asarray(np.pad(answer, (0, folds * length - len(answer))).reshape(folds, length).sum(axis=0))
