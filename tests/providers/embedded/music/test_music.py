"""The embedded music: its length, its loop, its levels, and what it is made of."""

import io
import random
import wave
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from reelbot.errors import Malformed
from reelbot.providers.embedded.music.moods import MOODS
from reelbot.providers.embedded.music.music import Music, MusicOptions, mood_for, music
from reelbot.providers.embedded.music.score import BEATS_PER_BAR, bars_for, compose
from reelbot.providers.embedded.writing.texts import TONES


def samples_of(piece: Music) -> NDArray[np.float64]:
    """Left and right, from -1 to 1."""
    with wave.open(io.BytesIO(piece.wav)) as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (2, 2, 44_100)
        frames = reader.readframes(reader.getnframes())
    return np.frombuffer(frames, dtype="<i2").reshape(-1, 2) / 32_768


@cache
def piece_in(mood: str) -> Music:
    """One piece in a mood, made once for all tests."""
    return music(MusicOptions(mood, 10), 3)


@pytest.mark.parametrize("mood", list(MOODS))
def test_a_piece_is_level_clean_and_fills_its_length(mood: str) -> None:
    piece = piece_in(mood)
    sound = samples_of(piece)
    assert len(sound) == 10 * 44_100
    assert piece.duration_ms == 10_000
    assert 0.25 < np.abs(sound).max() < 0.95  # neither faint nor clipped
    assert np.abs(sound.mean(axis=0)).max() < 1e-3  # no DC
    loudness = np.sqrt((sound**2).reshape(10, -1).mean(axis=1))
    assert loudness.min() > 0.25 * loudness.max()  # no hole
    shared = float(np.mean(sound[:, 0] * sound[:, 1])) / float(np.mean(sound**2))
    assert shared < 0.95  # both sides have something of their own


@pytest.mark.parametrize("mood", list(MOODS))
def test_the_end_leads_back_to_the_beginning_without_a_click(mood: str) -> None:
    sound = samples_of(piece_in(mood))
    steps = np.abs(np.diff(sound, axis=0)).max(axis=1)
    seam = np.abs(sound[0] - sound[-1]).max()
    assert seam <= np.quantile(steps, 0.9999)
    bends = np.abs(np.diff(np.concatenate([sound[-200:], sound[:200]]), n=2, axis=0)).max()
    assert bends <= np.abs(np.diff(sound, n=2, axis=0)).max() * 1.01


def test_there_is_bass_middle_and_air_and_little_that_hisses() -> None:
    sound = samples_of(piece_in("uplifting")).mean(axis=1)
    power = np.square(np.abs(np.fft.rfft(sound)))
    hertz = np.fft.rfftfreq(len(sound), 1 / 44_100)
    bands = ((0, 25), (40, 160), (160, 2_000), (6_000, 20_000))
    share = {low: power[(hertz >= low) & (hertz < high)].sum() / power.sum() for low, high in bands}
    assert share[0] < 0.01
    assert 0.1 < share[40] < 0.8
    assert 0.2 < share[160] < 0.9
    assert 1e-5 < share[6_000] < 0.03


def test_a_piece_that_ends_fades_in_and_out() -> None:
    sound = samples_of(music(MusicOptions("calm", 8, loops=False), 5))
    assert np.abs(sound[:5]).max() < 0.002
    assert np.abs(sound[-50:]).max() < 0.002
    tail = np.sqrt((sound[-88_200:].reshape(4, -1) ** 2).mean(axis=1))
    assert (np.diff(tail) < 0).all()


def test_the_same_seed_gives_the_same_piece_and_another_one_another() -> None:
    options = MusicOptions("playful", 5)
    assert music(options, 1) == music(options, 1)
    assert music(options, 1).wav != music(options, 2).wav


@pytest.mark.parametrize("mood", list(MOODS))
@pytest.mark.parametrize("seconds", [5, 15, 30, 60, 180])
def test_whole_bars_fill_every_length_at_nearly_the_moods_tempo(mood: str, seconds: int) -> None:
    bars = bars_for(seconds, MOODS[mood])
    tempo = bars * BEATS_PER_BAR * 60 / seconds
    assert 0.7 <= tempo / MOODS[mood].tempo <= 1.45 if seconds == 5 else 0.85 <= tempo / MOODS[mood].tempo <= 1.2


@pytest.mark.parametrize("mood", list(MOODS))
def test_a_score_stays_within_its_bars_and_its_instruments_within_their_range(mood: str) -> None:
    for seed in range(8):
        score = compose(MOODS[mood], 12, random.Random(seed))
        for notes, low, high in (
            (score.bass, 33, 44),
            (score.pad, 53, 64),
            (score.pluck, 60, 96),
            (score.bell, 66, 90),
        ):
            assert notes
            assert all(low <= note.pitch <= high for note in notes)
            assert all(0 <= note.beat < 12 * BEATS_PER_BAR and 0 < note.loudness <= 1 for note in notes)
            assert all(0 <= note.side <= 1 for note in notes)


def test_every_tone_has_a_mood() -> None:
    assert {mood_for(tone) for tone in TONES} <= set(MOODS)
    assert len({mood_for(tone) for tone in TONES}) == len(TONES)


@pytest.mark.parametrize(
    ("options", "field"),
    [(MusicOptions("grim"), "mood"), (MusicOptions(seconds=4), "seconds"), (MusicOptions(seconds=181), "seconds")],
)
def test_bad_input_is_refused_by_the_name_of_its_field(options: MusicOptions, field: str) -> None:
    with pytest.raises(Malformed) as refused:
        music(options, 1)
    assert refused.value.field == field
