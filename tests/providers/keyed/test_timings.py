"""Word timings of speech that comes without, and of speech whose characters are timed."""

import wave
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from tests.providers.material import RATE, mp3, tone, wav

from reelbot.languages.words import words
from reelbot.providers.keyed import sounds
from reelbot.providers.keyed.pace import quoted_seconds, sentences, speech_seconds, wanted_length
from reelbot.providers.keyed.sounds import Undecodable, decoded
from reelbot.providers.keyed.syllables import syllables
from reelbot.providers.keyed.timings import (
    MARGIN_MS,
    PAUSE_MS,
    Alignment,
    aligned,
    joined,
    spoken_span,
    spread,
    wav_from,
)
from reelbot.providers.limits import SOUND_SECONDS_MAX
from reelbot.providers.works import SpokenWord


@pytest.mark.parametrize(
    ("word", "language", "count"),
    [
        ("cat", "en", 1), ("table", "en", 2), ("make", "en", 1), ("baked", "en", 1), ("the", "en", 1), ("banana,", "en", 3),
        ("Wirklichkeit", "de", 3), ("Übung", "de", 2), ("parlent", "fr", 1), ("beauté", "fr", 2), ("corazón", "es", 3),
        ("молоко", "ru", 3), ("καλημέρα", "el", 4), ("東京", "ja", 2), ("きょう", "ja", 2), ("안녕하세요", "ko", 5),
        ("नमस्ते", "hi", 3), ("strč", "cs", 1), ("7", "en", 1.6), ("1984", "en", 6.4), ("—", "en", 1), ("🙂", "en", 1),
    ],
)  # fmt: skip
def test_a_word_has_about_as_many_syllables_as_it_is_spoken_with(word: str, language: str, count: float) -> None:
    assert syllables(word, language) == pytest.approx(count)


@pytest.mark.parametrize("word", ["سلام", "שלום", "สวัสดี", "გამარჯობა", "Բարև", "ᎣᏏᏲ", "ሰላም", "\u0301", "\u200d"])
def test_every_script_has_syllables(word: str) -> None:
    assert 1 <= syllables(word, "xx") <= len(word)


def test_silence_around_speech_is_found_to_the_hundredth_of_a_second() -> None:
    span = spoken_span(tone(500, 200, 300), RATE)
    assert span is not None
    assert span == pytest.approx((0.2 * RATE, 0.7 * RATE), abs=RATE / 100)


def test_hiss_is_silence_and_a_soft_ending_is_not() -> None:
    hiss = np.random.default_rng(7).normal(0, 40, RATE * 2).astype(np.int16)
    hiss[RATE // 2 : RATE] += tone(500)
    hiss[RATE : RATE + RATE // 4] += (tone(250) * 0.06).astype(np.int16)
    span = spoken_span(hiss, RATE)
    assert span is not None
    assert span == pytest.approx((0.5 * RATE, 1.25 * RATE), abs=RATE / 50)


@pytest.mark.parametrize("samples", [np.zeros(RATE, np.int16), np.zeros(0, np.int16), np.zeros(5, np.int16)])
def test_where_nothing_sounds_there_is_no_span(samples: np.ndarray[tuple[int], np.dtype[np.int16]]) -> None:
    assert spoken_span(samples, RATE) is None
    with pytest.raises(ValueError, match="silence"):
        joined(["Nothing."], [samples], RATE, "en")


def test_sentences_follow_each_other_with_one_breath_and_errors_do_not_add_up() -> None:
    spoken = ["One two three.", "Four five.", "Six."]
    lengths = (900, 600, 300)
    heard = [tone(length, 100 * n, 500 - 100 * n) for n, length in enumerate(lengths)]
    timed = joined(spoken, heard, RATE, "en")
    assert [word.text for word in timed.words] == ["One", "two", "three.", "Four", "five.", "Six."]
    breath = PAUSE_MS + 2 * MARGIN_MS
    begins = (timed.words[0].start_ms, timed.words[3].start_ms, timed.words[5].start_ms)
    first = begins[0]
    assert begins == pytest.approx((first, first + 900 + breath, first + 1_500 + 2 * breath), abs=25)
    assert timed.words[-1].end_ms <= timed.duration_ms <= timed.words[-1].end_ms + MARGIN_MS + 15


def test_long_words_take_longer_and_the_pause_after_a_comma_belongs_to_none() -> None:
    timed = spread(["Unbelievable,", "cats", "purr."], 1_000, 3_000, "en")
    assert (timed[0].start_ms, timed[-1].end_ms) == (1_000, 3_000)
    lengths = [word.end_ms - word.start_ms for word in timed]
    assert lengths[0] > 2 * lengths[1]
    assert timed[1].start_ms - timed[0].end_ms > 100
    assert timed[2].start_ms == timed[1].end_ms
    assert spread([], 0, 100, "en") == []


def test_words_that_no_character_is_told_of_stand_between_their_neighbours() -> None:
    text = "20 Katzen schnurren 100 mal"
    told = "Katzen schnurren mal"
    starts = [0.5 + 0.1 * n for n in range(len(told))]
    timed = aligned(text, Alignment(told, starts, [start + 0.1 for start in starts]), 3_000)
    assert [word.text for word in timed] == text.split()
    assert timed[0] == SpokenWord("20", 0, 500)
    assert timed[1] == SpokenWord("Katzen", 500, 1_100)
    assert timed[2].end_ms <= timed[3].start_ms <= timed[3].end_ms <= timed[4].start_ms
    assert timed[4] == SpokenWord("mal", 2_200, 2_500)


@pytest.mark.parametrize(
    "alignment",
    [
        Alignment([], [], []),
        Alignment("Cats purr", [9.0] * 9, [1.0] * 9),
        Alignment(["Ca", "ts", "", " ", "purr"], [0.0, 0.2, 0.3, 0.3, 0.4], [0.2, 0.3, 0.3, 0.4, 0.8]),
        Alignment("ΩΩΩ", [-1.0, 0.5, float(10**6)], [0.0, 0.0, 0.0]),
    ],
)
def test_whatever_is_told_words_are_in_order_and_inside_the_sound(alignment: Alignment) -> None:
    timed = aligned("Cats purr", alignment, 1_000)
    assert [word.text for word in timed] == ["Cats", "purr"]
    times = [time for word in timed for time in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
    assert 0 <= times[0] <= times[-1] <= 1_000


async def test_wav_and_mp3_are_decoded_to_the_same_length(tmp_path: Path) -> None:
    for name, content in (("a", wav(800)), ("b", mp3(800))):
        (tmp_path / name).write_bytes(content)
    heard = await decoded([tmp_path / "a", tmp_path / "b"])
    lengths = [len(sound) * 1_000 / sounds.RATE for sound in heard]
    assert lengths == pytest.approx([1_170, 1_170], abs=60)
    for sound in heard:
        span = spoken_span(sound, sounds.RATE)
        assert span is not None
        assert (span[1] - span[0]) * 1_000 / sounds.RATE == pytest.approx(800, abs=40)


@pytest.mark.parametrize(
    "content", [b"", b"RIFF\x00\x00\x00\x00WAVE", b"#EXTM3U\nfile:///etc/passwd\n", b"ID3" + b"\x00" * 99]
)
async def test_a_broken_or_hostile_sound_is_not_decoded(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "sound").write_bytes(content)
    with pytest.raises(Undecodable):
        await decoded([tmp_path / "sound"])


async def test_a_sound_that_never_ends_is_not_decoded(tmp_path: Path) -> None:
    low = 200
    endless = wav_from(np.zeros(low * (SOUND_SECONDS_MAX + 10), np.int16), low)
    with wave.open(BytesIO(endless)) as opened:
        assert opened.getnframes() / low > SOUND_SECONDS_MAX
    (tmp_path / "sound").write_bytes(endless)
    with pytest.raises(Undecodable):
        await decoded([tmp_path / "sound"])


@pytest.mark.parametrize(
    ("text", "language", "count"),
    [
        ("Dr. Smith naps. Cats purr!", "en", 2),
        ("Uno. Due? Tre", "it", 3),
        ("今日は晴れ。 明日は雨。", "ja", 2),
        ("Ensimmäinen lause. Toinen — “lause.” Kolmas", "fi", 3),
        ("", "fi", 0),
    ],
)
def test_the_sentences_of_a_text_have_all_its_words(text: str, language: str, count: int) -> None:
    found = sentences(text, language)
    assert len(found) == count
    assert [word for sentence in found for word in words(sentence)] == words(text)


def test_a_length_is_asked_for_in_words_or_where_there_are_no_spaces_in_characters() -> None:
    assert wanted_length(30, "en") == (67, 75, 79, "words")
    assert wanted_length(30, "pt-BR") == wanted_length(30, "pt")
    assert wanted_length(30, "ja").unit == "characters"
    assert wanted_length(30, "xx").about > 50


def test_a_text_of_the_length_that_is_asked_for_is_estimated_to_last_about_as_long() -> None:
    text = "Cats purr when they rest on the sofa in the evening. They also do it when something hurts. " * 4
    wanted = len(words(text)) / 150 * 60
    assert speech_seconds(text, "en") == pytest.approx(wanted, rel=0.25)
    assert quoted_seconds(text, "en") > speech_seconds(text, "en")
    assert speech_seconds(text, "en", 2) == pytest.approx(speech_seconds(text, "en") / 2)
