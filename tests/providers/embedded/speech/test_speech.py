"""The embedded voice: its words are the script's words, its times are true, and its process never outlives a call."""

import asyncio
import io
import itertools
import json
import os
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from reelbot.errors import Malformed
from reelbot.languages.catalogue import languages
from reelbot.languages.words import words
from reelbot.providers.embedded.speech.speech import (
    Speech,
    SpeechOptions,
    default_voice,
    duration_estimate,
    sample,
    speak,
)
from reelbot.providers.embedded.speech.voices import voices
from reelbot.providers.embedded.writing.writer import ScriptOptions, script
from reelbot.subprocesses import ChildFailure

LANGUAGES = tuple(languages())


def sound_of(speech: Speech) -> NDArray[np.float64]:
    """The samples, from -1 to 1."""
    with wave.open(io.BytesIO(speech.wav)) as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (1, 2, speech.rate)
        return np.frombuffer(reader.readframes(reader.getnframes()), dtype="<i2") / 32_768


def assert_well_timed(speech: Speech) -> None:
    """Words follow each other, each has a length, and all lie within the sound."""
    assert speech.words[0].start_ms >= 0
    assert speech.words[-1].end_ms <= speech.duration_ms
    for word in speech.words:
        assert word.start_ms < word.end_ms, word
    for word, following in itertools.pairwise(speech.words):
        assert word.end_ms <= following.start_ms, (word, following)


@pytest.mark.parametrize("code", LANGUAGES)
async def test_the_words_of_the_sound_are_the_words_of_the_script(code: str) -> None:
    written = script("Marie Curie", ScriptOptions(15, "casual", code), 2)
    options = SpeechOptions(default_voice(code))
    spoken = await speak(written.text, options)
    assert [word.text for word in spoken.words] == words(written.text)
    assert " ".join(word.text for word in spoken.words) == written.text
    assert_well_timed(spoken)
    assert spoken.language == code
    assert abs(spoken.duration_ms / 15_000 - 1) <= 0.2
    assert abs(duration_estimate(written.text, options) / spoken.duration_ms - 1) <= 0.2


@pytest.mark.parametrize(
    ("voice", "text"),
    [
        ("en-us-oskar", "In 1984, 3.5 % of 1,234 people paid $7.50 — e.g. Dr. O'Neil (aged 42)."),
        ("en-gb-clara", "🐱 Cats 🐱 purr… don't they?! “Yes”, say I – 100 times."),
        ("en-us-ida", "Tokyo is 東京, Moscow is Москва, Cairo is القاهرة, and Athens is Αθήνα."),
        ("de-oskar", "Am 3. Oktober z. B. um 8:30 Uhr: 99 Luftballons & mehr!"),
        ("fa-oskar", "در سال ۱۳۶۲ گربه‌ها «خرخر» کردند، iPhone هم بود."),
        ("ru-nora", "В 2024 году — 17 кошек. Почему? C++ и 5G."),
        ("en-us-henrik", "a"),
        ("en-us-felix", "one\n\ntwo\tthree   four\r\nfive"),
        ("fr-oskar", "Qu’est-ce que c’est ? L’eau : 100 %, aujourd’hui !"),
        ("en-us-oskar", "*bold* _text_ <b>tags</b> https://example.org/a?b=c #hashtag @name"),
    ],
)
async def test_numbers_signs_and_foreign_letters_stay_with_their_words(voice: str, text: str) -> None:
    spoken = await speak(text, SpeechOptions(voice))
    assert [word.text for word in spoken.words] == words(text)
    assert_well_timed(spoken)


async def test_something_is_heard_at_every_word_and_nothing_before_the_first() -> None:
    spoken = await speak("Listen closely. Every word has its sound, and its place.", SpeechOptions("en-us-oskar"))
    sound, rate = sound_of(spoken), spoken.rate
    for word in spoken.words:
        part = sound[word.start_ms * rate // 1_000 : word.end_ms * rate // 1_000]
        assert np.sqrt(np.mean(part**2)) > 0.01, word
    before = sound[: spoken.words[0].start_ms * rate // 1_000]
    assert np.abs(before).max(initial=0.0) < 0.01
    pause = sound[
        spoken.words[1].end_ms * rate // 1_000 + rate // 50 : spoken.words[2].start_ms * rate // 1_000 - rate // 50
    ]
    assert len(pause) > rate // 5
    assert np.abs(pause).max() < 0.02


async def test_the_sound_is_even_and_clean() -> None:
    spoken = await speak(
        "This is one of the voices. It is neither too loud nor too quiet.", SpeechOptions("en-us-nora")
    )
    sound = sound_of(spoken)
    assert 0.2 < np.abs(sound).max() < 0.95
    assert abs(sound.mean()) < 0.002
    assert np.abs(sound[:20]).max() < 0.01
    assert np.abs(sound[-20:]).max() < 0.01


async def test_the_same_text_gives_the_same_sound_and_voices_differ() -> None:
    first, again, other = await asyncio.gather(
        speak("Hello there.", SpeechOptions("en-us-oskar")),
        speak("Hello there.", SpeechOptions("en-us-oskar")),
        speak("Hello there.", SpeechOptions("en-us-clara")),
    )
    assert first == again
    assert first.wav != other.wav


async def test_pace_shortens_and_pitch_does_not() -> None:
    text = "The pace of speech can be chosen freely."
    normal, quick, high = await asyncio.gather(
        speak(text, SpeechOptions()), speak(text, SpeechOptions(pace=1.4)), speak(text, SpeechOptions(pitch=6))
    )
    assert quick.duration_ms < normal.duration_ms * 0.85
    assert abs(high.duration_ms / normal.duration_ms - 1) < 0.06
    assert high.wav != normal.wav
    assert_well_timed(quick)


def test_every_language_has_several_voices_with_friendly_names() -> None:
    for code in LANGUAGES:
        found = voices(code)
        assert len(found) >= 6
        assert len({voice.id for voice in found}) == len({voice.name for voice in found}) == len(found)


async def test_a_sample_greets_in_the_voices_own_language() -> None:
    greeting = await sample("de-clara")
    assert greeting.words[0].text == "Hallo!"


@pytest.mark.parametrize(
    ("text", "options", "field"),
    [
        ("", SpeechOptions(), "text"),
        ("… — 🐱", SpeechOptions(), "text"),
        ("word " * 1_001, SpeechOptions(), "text"),
        ("Hello.", SpeechOptions(voice="en-us-nobody"), "voice"),
        ("Hello.", SpeechOptions(pace=9), "pace"),
        ("Hello.", SpeechOptions(pitch=99), "pitch"),
    ],
)
async def test_bad_input_is_refused_before_anything_is_started(text: str, options: SpeechOptions, field: str) -> None:
    with pytest.raises(Malformed) as refused:
        await speak(text, options, command=("/nonexistent",))
    assert refused.value.field == field


async def test_a_hanging_synthesiser_is_killed_at_the_deadline(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with pytest.raises(ChildFailure):
        await speak("Hello.", SpeechOptions(), command=hanging(note), deadline_seconds=0.5)
    assert_gone(note)


async def test_cancelling_ends_the_synthesiser(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    waiting = asyncio.create_task(speak("Hello.", SpeechOptions(), command=hanging(note)))
    while not note.is_symlink():
        await asyncio.sleep(0.01)  # until the child has begun
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert_gone(note)


def hanging(note: Path) -> tuple[str, ...]:
    """A synthesiser that tells its number, takes the text, and never answers. A link tells it: it may write no file."""
    code = f"import os, signal, sys; os.symlink(str(os.getpid()), {str(note)!r}); sys.stdin.read(); signal.pause()"
    return (sys.executable, "-c", code)


def assert_gone(note: Path) -> None:
    """The process that wrote its number, if it got so far, has ended and been waited for."""
    if note.is_symlink():
        with pytest.raises(ProcessLookupError):
            os.kill(int(note.readlink().name), 0)


@pytest.mark.parametrize(
    "code",
    [
        "import sys; sys.stderr.write('out of breath'); sys.exit(3)",
        "print('not JSON')",
        f"print({json.dumps({'rate': 22_050, 'pieces': [{'bytes': 999, 'events': []}]})!r})",
        f"print({json.dumps({'rate': 22_050})!r})",
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    ],
)
async def test_a_broken_synthesiser_is_a_failure_that_can_be_retried(code: str) -> None:
    with pytest.raises(ChildFailure) as failed:
        await speak("Hello.", SpeechOptions(), command=(sys.executable, "-c", code))
    assert failed.value.retryable


async def test_a_missing_synthesiser_is_a_failure_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ChildFailure):
        await speak("Hello.", SpeechOptions(), command=("/nonexistent",))
    assert "does not start" in caplog.text


def test_the_synthesisers_library_is_never_loaded_into_this_process() -> None:
    assert "espeakng_loader" not in sys.modules
    assert "espeak" not in Path("/proc/self/maps").read_text()


def levels_of(speech: Speech) -> tuple[float, float]:
    """How loud the louder vowels and the louder hisses are, in decibels; frames of 20 ms, told apart by their pitch."""
    length = speech.rate // 50
    sound = sound_of(speech)
    frames = sound[: len(sound) // length * length].reshape(-1, length) * np.hanning(length)
    power, hertz = np.abs(np.fft.rfft(frames)) ** 2, np.fft.rfftfreq(length, 1 / speech.rate)
    low, high = power[:, hertz < 3_000].sum(1), power[:, hertz >= 4_000].sum(1)
    heard = low + high > np.percentile(low + high, 40)
    vowels, hisses = (low + high)[heard & (low > 3 * high)], (low + high)[heard & (high > 2 * low)]
    return tuple(float(10 * np.log10(np.percentile(found, 80))) for found in (vowels, hisses))  # type: ignore[return-value]


@pytest.mark.parametrize("speaker", ["oskar", "clara", "felix", "nora", "henrik", "ida"])
async def test_no_voice_hisses(speaker: str) -> None:
    vowels, hisses = levels_of(
        await speak("Six sisters still pass the test. It's so.", SpeechOptions(f"en-us-{speaker}"))
    )
    assert vowels - hisses > 7.5
