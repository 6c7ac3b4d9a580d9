"""Word timings for speech that comes without: each sentence measured by itself, its words spread by syllables. Pure.

A sentence is synthesised apart, so where it begins and ends is measured and not guessed: silence at both ends is found
in the samples and cut to a margin. Only inside one sentence are words placed by estimate, so errors never add up.
"""

import io
import re
import wave
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reelbot.languages.words import words
from reelbot.providers.keyed.syllables import syllables
from reelbot.providers.works import SpokenWord

Samples = NDArray[np.int16]
"""Mono, 16 bit."""

FRAME_MS = 10
"""Over which loudness is taken: shorter than any sound of speech."""

QUIET = 0.02
"""Of the loudest frame: 34 dB below it, under the softest consonant and above the hiss that codecs leave."""

MARGIN_MS = 40
"""Of silence that is left at both ends of a sentence, so that no soft consonant is cut."""

PAUSE_MS = 300
"""From one sentence's margin to the next one's: with both, the breath that narrators take."""

_ONSET = 0.4
"""In syllables: what a word takes beyond them, for its consonants and its border."""

_COMMA = 1.2
"""In syllables: the pause after a comma inside a sentence. Nothing is spoken in it, so it belongs to no word."""

_COMMAS = re.compile(r"[,;:،؛、，；：–—][\"'»”’)\]]*$")


class Timed(NamedTuple):
    """A voiceover: its sound, and when each word of its text is spoken."""

    samples: Samples
    rate: int
    words: tuple[SpokenWord, ...]

    @property
    def duration_ms(self) -> int:
        """How long it lasts."""
        return round(1_000 * len(self.samples) / self.rate)


class Alignment(NamedTuple):
    """When each character of a text is spoken, in seconds, as a provider tells it."""

    characters: Sequence[str]
    starts: Sequence[float]
    ends: Sequence[float]


def spoken_span(samples: Samples, rate: int) -> tuple[int, int] | None:
    """The samples from the first that is not silent to after the last; None when all of them are."""
    width = max(1, rate * FRAME_MS // 1_000)
    frames = len(samples) // width
    if frames == 0:
        return None
    loudness = np.sqrt(np.mean(np.square(samples[: frames * width].reshape(frames, width), dtype=np.float64), axis=1))
    loud = np.flatnonzero(loudness > max(QUIET * loudness.max(), 1.0))
    return (int(loud[0]) * width, int(loud[-1] + 1) * width) if loud.size else None


def joined(sentences: Sequence[str], sounds: Sequence[Samples], rate: int, language: str) -> Timed:
    """Sentences one after the other, each cut to its speech, with when each of their words is spoken.

    `ValueError` when one of them is silent.
    """
    margin, pause = rate * MARGIN_MS // 1_000, np.zeros(rate * PAUSE_MS // 1_000, np.int16)
    pieces: list[Samples] = []
    timed: list[SpokenWord] = []
    length = 0
    for sentence, sound in zip(sentences, sounds, strict=True):
        span = spoken_span(sound, rate)
        if span is None:
            raise ValueError("silence")
        begin, end = max(0, span[0] - margin), min(len(sound), span[1] + margin)
        offset = length - begin
        bounds = [round(1_000 * (offset + at) / rate) for at in span]
        timed += spread(words(sentence), bounds[0], bounds[1], language)
        pieces += [sound[begin:end], pause]
        length += end - begin + len(pause)
    return Timed(np.concatenate(pieces[:-1]), rate, tuple(timed))


def spread(spoken: Sequence[str], start_ms: int, end_ms: int, language: str) -> list[SpokenWord]:
    """The words of a sentence over its time, each as long as its syllables weigh, with pauses after commas."""
    weights = [syllables(word, language) + _ONSET for word in spoken]
    pauses = [_COMMA if _COMMAS.search(word) else 0.0 for word in spoken[:-1]] + [0.0]
    total = sum(weights) + sum(pauses)
    scale = (end_ms - start_ms) / total if total else 0.0
    timed: list[SpokenWord] = []
    at = 0.0
    for word, weight, pause in zip(spoken, weights, pauses, strict=False):
        begin, end = round(start_ms + scale * at), round(start_ms + scale * (at + weight))
        timed.append(SpokenWord(word, begin, end))
        at += weight + pause
    return timed


def aligned(text: str, alignment: Alignment, duration_ms: int) -> list[SpokenWord]:
    """The words of a text with the times that a provider told of its characters.

    What it says of the characters need not be the text to the letter (white space, quotation marks and case may differ).
    A word none of whose characters it tells stands between its neighbours.
    """
    spoken = words(text)
    owners = [index for index, word in enumerate(spoken) for c in word if not c.isspace()]
    wanted = "".join(c for word in spoken for c in word if not c.isspace()).lower()
    told = [
        (c.lower()[0], start, end) for one, start, end in zip(*alignment, strict=True) for c in one if not c.isspace()
    ]
    spans: dict[int, tuple[float, float]] = {}
    for block in SequenceMatcher(None, wanted, "".join(c for c, *_ in told), autojunk=False).get_matching_blocks():
        for step in range(block.size):
            _, start, end = told[block.b + step]
            first, last = spans.get(owners[block.a + step], (start, end))
            spans[owners[block.a + step]] = (min(first, start), max(last, end))
    return _in_order(spoken, spans, duration_ms)


def wav_from(samples: Samples, rate: int) -> bytes:
    """Samples as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def _in_order(spoken: Sequence[str], spans: dict[int, tuple[float, float]], duration_ms: int) -> list[SpokenWord]:
    """Words with whole milliseconds that never run backwards, those without a span between their neighbours."""
    known = {0: 0.0, len(spoken): float(duration_ms)} | {n: 1_000 * start for n, (start, _) in spans.items()}
    places = sorted(known)
    between = np.interp(range(len(spoken) + 1), places, [known[place] for place in places])
    starts = np.round(np.minimum(np.maximum.accumulate(between), duration_ms)).astype(int).tolist()
    timed: list[SpokenWord] = []
    for n, word in enumerate(spoken):
        told = round(1_000 * spans[n][1]) if n in spans else starts[n + 1]
        timed.append(SpokenWord(word, starts[n], max(starts[n], min(told, starts[n + 1]))))
    return timed
