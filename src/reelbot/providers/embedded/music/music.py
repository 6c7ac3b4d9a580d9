"""Make music for a mood: chords, bass, broken chords, a small melody and soft percussion, all synthesised.

A piece has exactly the length asked for, in whole bars, and its end goes over into its beginning: it can be played
round and round. The same options and seed give the same samples.
"""

import random
from typing import Annotated, NamedTuple

import msgspec

from reelbot.errors import Malformed
from reelbot.providers.embedded.limits import MUSIC_SECONDS_MAX, MUSIC_SECONDS_MIN
from reelbot.providers.embedded.music.instruments import RATE
from reelbot.providers.embedded.music.mix import played
from reelbot.providers.embedded.music.moods import MOOD_OF_TONE, MOODS
from reelbot.providers.embedded.music.score import BEATS_PER_BAR, bars_for, compose
from reelbot.providers.embedded.wav import faded, wav_from
from reelbot.providers.embedded.writing.texts import tone_from

FADE_IN_MS, FADE_OUT_MS = 20, 2_500
"""Of a piece that ends: soft enough not to click, and long enough to sound meant."""


class MusicOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a piece shall be like. `loops` leads its end back to its beginning; otherwise it fades out."""

    mood: Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(MOODS)})] = "warm"
    seconds: Annotated[int, msgspec.Meta(ge=MUSIC_SECONDS_MIN, le=MUSIC_SECONDS_MAX)] = 30
    loops: bool = True


class Music(NamedTuple):
    """A piece as WAV, PCM 16 bit stereo, and its tempo in beats a minute."""

    wav: bytes
    rate: int
    duration_ms: int
    tempo: float


def music(options: MusicOptions, seed: int) -> Music:
    """A piece of music; `Malformed` for an unknown mood and a length out of bounds."""
    mood = MOODS.get(options.mood)
    if mood is None:
        raise Malformed(f"the mood must be one of {', '.join(MOODS)}", "mood")
    if not MUSIC_SECONDS_MIN <= options.seconds <= MUSIC_SECONDS_MAX:
        raise Malformed(f"the music must last {MUSIC_SECONDS_MIN} to {MUSIC_SECONDS_MAX} seconds", "seconds")
    chance = random.Random(f"music {options.mood} {options.seconds} {seed}")
    bars = bars_for(options.seconds, mood)
    samples = played(compose(mood, bars, chance), mood, options.seconds * RATE)
    finished = samples if options.loops else faded(samples, RATE, FADE_IN_MS, FADE_OUT_MS)
    tempo = bars * BEATS_PER_BAR * 60 / options.seconds
    return Music(wav_from(finished, RATE), RATE, options.seconds * 1_000, tempo)


def mood_for(tone: str) -> str:
    """The mood that goes with a script's tone; `Malformed` for an unknown one."""
    return MOOD_OF_TONE[tone_from(tone)]
