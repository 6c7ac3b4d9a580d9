"""Speak a text with the embedded voices: a WAV file, and for every word when it is heard.

The synthesiser runs in a process of its own (see espeak_process.py), one per text, sentence by sentence in one go. Its
word events name a place in the text; here they become the words of the text, the sound is made pleasant, and breaths
are set between the sentences. Whoever asks gets exactly the words that `words.words` finds in the text, in order.
"""

import asyncio
import json
import sys
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import numpy as np

from reelbot.errors import Malformed
from reelbot.languages.catalogue import SENTENCE_PAUSE_MS, Language, language
from reelbot.languages.words import is_spoken, reading_ms, sentences, words
from reelbot.providers.embedded.limits import (
    PASSAGE_LENGTH_MAX,
    SPEECH_CPU_SECONDS,
    SPEECH_DEADLINE_SECONDS,
    SPEECH_MEMORY_BYTES,
)
from reelbot.providers.embedded.speech.voices import Voice, VoiceId, voice, voices
from reelbot.providers.embedded.wav import (
    Samples,
    equalised,
    faded,
    levelled,
    normalised,
    samples_from_pcm,
    shortened,
    silence,
    softened,
    wav_from,
)
from reelbot.subprocesses import Limits, answer_of, failed

PACE_MIN, PACE_MAX = 0.7, 1.5
"""Below, the synthesiser drawls; above, short words get lost."""

PITCH_MIN, PITCH_MAX = -10, 10
"""Steps around the speaker's own pitch; beyond, it sounds like another speaker, and not like a good one."""

WORDS_PER_MINUTE = 160
"""The normal pace: what narrators of documentaries speak."""

LEAD_MS, TAIL_MS = 80, 250
"""Silence before the first word, so that no player swallows its beginning, and after the last."""

LOUDNESS = 0.12
"""Root mean square of the voiced parts: about -18 dB, which leaves room for the peaks."""

WORD_MS_MIN = 40
"""No word is shown for less: a caption that flashes by is worse than one a little early."""

SPEAKING = "speaking this text"

LIMITS = Limits(SPEECH_MEMORY_BYTES, SPEECH_CPU_SECONDS)

COMMAND = (sys.executable, "-I", str(Path(__file__).with_name("espeak_process.py")))
"""By its path and isolated, so that nothing of ReelBot is loaded beside the synthesiser."""

_PITCH_STEP = 3
_PITCH_RANGE = 60
_LOW_CUT_HERTZ = 60.0
_HISS_HERTZ = 3_800.0
_HISS_SHARE = 0.16
"""Of the loudness: from here on hisses are eased. People hiss ten decibels below their vowels, the synthesiser five."""
_HISS_RATIO = 2.5
_SILENT = 0.006
_DROPPED = str.maketrans("", "", "*_~`|<>{}[]^\\=#")
_ENGINES = {
    "CYRILLIC": "ru", "GREEK": "el", "CJK": "cmn", "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "ARABIC": "ar",
    "HEBREW": "he", "DEVANAGARI": "hi", "BENGALI": "bn", "TAMIL": "ta", "TELUGU": "te", "THAI": "th",
    "GEORGIAN": "ka", "ARMENIAN": "hy", "ETHIOPIC": "am",
}  # fmt: skip
_SAMPLES = {
    "en": "Hello! This is how I sound when I tell your story.",
    "de": "Hallo! So klinge ich, wenn ich deine Geschichte erzähle.",
    "es": "¡Hola! Así sueno cuando cuento tu historia.",
    "fr": "Bonjour ! Voici ma voix quand je raconte votre histoire.",
    "it": "Ciao! Ecco la mia voce quando racconto la tua storia.",
    "pt": "Olá! É assim que eu soo quando conto a sua história.",
    "nl": "Hallo! Zo klink ik als ik jouw verhaal vertel.",
    "sv": "Hej! Så här låter jag när jag berättar din historia.",
    "pl": "Cześć! Tak brzmię, kiedy opowiadam twoją historię.",
    "tr": "Merhaba! Hikâyeni anlatırken sesim böyle.",
    "id": "Halo! Beginilah suaraku saat menceritakan kisahmu.",
    "ru": "Привет! Так я звучу, когда рассказываю твою историю.",
    "fa": "سلام! صدای من هنگام تعریف داستان شما این‌گونه است.",
}


class Word(NamedTuple):
    """A word with its punctuation, and when it is heard: milliseconds from the beginning of the sound."""

    text: str
    start_ms: int
    end_ms: int


class Speech(NamedTuple):
    """Spoken text: PCM 16 bit mono as a WAV file, and its words."""

    wav: bytes
    rate: int
    duration_ms: int
    words: tuple[Word, ...]
    voice: str
    language: str


class SpeechOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to speak. `pace` multiplies the speed, `pitch` moves the voice up or down by steps."""

    voice: VoiceId = "en-us-oskar"
    pace: Annotated[float, msgspec.Meta(ge=PACE_MIN, le=PACE_MAX)] = 1.0
    pitch: Annotated[int, msgspec.Meta(ge=PITCH_MIN, le=PITCH_MAX)] = 0


class _Piece(NamedTuple):
    """A stretch of one sentence in one pronunciation.

    `engine` is the engine's name for the voice, `begins` says where each word begins in the text.
    """

    engine: str
    text: str
    begins: tuple[int, ...]


class _PieceHead(msgspec.Struct, frozen=True):
    """What the synthesiser says of one piece: how many bytes of sound, and its word events."""

    bytes: int
    events: tuple[tuple[int, float], ...]


class _Head(msgspec.Struct, frozen=True):
    """The first line of the synthesiser's answer."""

    rate: int
    pieces: tuple[_PieceHead, ...]


class _Sound(NamedTuple):
    """What the engine answered for one piece: samples, and (position in the text, milliseconds) of its word events."""

    samples: Samples
    events: tuple[tuple[int, float], ...]


async def speak(
    text: str,
    options: SpeechOptions,
    *,
    deadline_seconds: float = SPEECH_DEADLINE_SECONDS,
    command: Sequence[str] = (),
) -> Speech:
    """Speak a text.

    `Malformed` for an unknown voice, an option out of bounds and a text that is too long or has nothing to say;
    `ChildFailure` when the synthesiser fails or passes the deadline: no text is at fault for that. It is killed then, and so
    it is when the task is cancelled. `command` replaces the synthesiser in tests.
    """
    chosen = voice(options.voice)
    _check(text, options)
    lines = [_pieces(sentence, chosen) for sentence in sentences(text, chosen.language)]
    request = _request([piece for line in lines for piece in line], chosen, options)
    answer = await answer_of(command or COMMAND, SPEAKING, LIMITS, patience_seconds=deadline_seconds, given=request)
    return await asyncio.to_thread(_spoken, text, lines, answer, chosen, options.pace)


async def sample(voice_id: str) -> Speech:
    """A greeting in a voice's own language, to choose by."""
    return await speak(greeting(voice_id), SpeechOptions(voice=voice_id))


def greeting(voice_id: str) -> str:
    """What a voice says to be chosen by."""
    return _SAMPLES[voice(voice_id).language]


def duration_estimate(text: str, options: SpeechOptions) -> int:
    """About how many milliseconds `speak` will take to say it; what the price is quoted from."""
    spoken = reading_ms(text, voice(options.voice).language) / options.pace
    return round(spoken) + LEAD_MS + TAIL_MS


def default_voice(code: str) -> str:
    """The id of the voice a language is spoken by unless one chooses; `Malformed` for an unknown language."""
    return voices(code)[0].id


def _check(text: str, options: SpeechOptions) -> None:
    if len(text) > PASSAGE_LENGTH_MAX:
        raise Malformed(f"the text has {len(text)} characters; at most {PASSAGE_LENGTH_MAX} can be spoken", "text")
    if not is_spoken(text):
        raise Malformed("the text has no word that can be spoken", "text")
    if not PACE_MIN <= options.pace <= PACE_MAX:
        raise Malformed(f"the pace must be between {PACE_MIN} and {PACE_MAX}", "pace")
    if not PITCH_MIN <= options.pitch <= PITCH_MAX:
        raise Malformed(f"the pitch must be between {PITCH_MIN} and {PITCH_MAX}", "pitch")


def _pieces(sentence: str, chosen: Voice) -> list[_Piece]:
    """The sentence as the engine shall say it, cut where the alphabet changes to one that the voice can't read."""
    spoken_in = language(chosen.language)
    runs: list[tuple[str, list[str]]] = []
    for word in words(sentence):
        engine = _engine(word, chosen, spoken_in)
        if not runs or runs[-1][0] != engine:
            runs.append((engine, []))
        runs[-1][1].append(_aloud(word, spoken_in))
    return [_piece(f"{engine}+{chosen.speaker.variant}", said) for engine, said in runs]


def _piece(engine: str, said: list[str]) -> _Piece:
    begins, position = [], 0
    for word in said:
        begins.append(position)
        position += len(word) + 1
    return _Piece(engine, " ".join(said), tuple(begins))


def _engine(word: str, chosen: Voice, spoken_in: Language) -> str:
    """The pronunciation for a word's alphabet; Latin letters are left to the voice, which knows how to borrow them."""
    scripts = [unicodedata.name(c, "").split(" ")[0].split("-")[0] for c in word if c.isalpha()]
    if not scripts or spoken_in.script in scripts:
        return chosen.accent.engine
    return _ENGINES.get(scripts[0], chosen.accent.engine)


def _aloud(word: str, spoken_in: Language) -> str:
    """How a word is put to the engine: abbreviations in full, no symbols (it would name them), dashes as commas."""
    bare = word.lower().strip("\"'“”„«»()[],;:")
    written = spoken_in.aloud.get(bare, word)
    said = "".join(c for c in written.translate(_DROPPED) if unicodedata.category(c) not in ("So", "Sk"))
    said = "".join(c for c in said if c.isprintable() or c == "\u200c").strip()
    return said.replace(" –", ",").replace(" —", ",").replace(" -", ",") if is_spoken(said) else word


def _request(pieces: list[_Piece], chosen: Voice, options: SpeechOptions) -> bytes:
    return json.dumps(
        {
            "words_per_minute": round(WORDS_PER_MINUTE * options.pace / chosen.speaker.scale),
            "pitch": chosen.speaker.pitch + _PITCH_STEP * options.pitch,
            "range": _PITCH_RANGE,
            "pieces": [{"voice": piece.engine, "text": piece.text} for piece in pieces],
        }
    ).encode()


def _spoken(text: str, lines: list[list[_Piece]], answer: bytes, chosen: Voice, pace: float) -> Speech:
    """The engine's answer as sound and words."""
    rate, answered = _answer(answer)
    return _joined(text, lines, [_scaled(sound, chosen.speaker.scale) for sound in answered], rate, chosen, pace)


def _answer(answer: bytes) -> tuple[int, list[_Sound]]:
    head, _, body = answer.partition(b"\n")
    try:
        described = msgspec.json.decode(head, type=_Head)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise failed(SPEAKING, f"its answer can't be read: {error}", head[:200]) from error
    if sum(piece.bytes for piece in described.pieces) != len(body):
        raise failed(SPEAKING, "it gave another amount of sound than it announced")
    sounds, position = [], 0
    for piece in described.pieces:
        pcm = body[position : position + piece.bytes]
        position += piece.bytes
        sounds.append(_Sound(samples_from_pcm(pcm), piece.events))
    return described.rate, sounds


def _scaled(sound: _Sound, scale: float) -> _Sound:
    return _Sound(shortened(sound.samples, scale), tuple((at, ms / scale) for at, ms in sound.events))


def _joined(
    text: str, lines: list[list[_Piece]], sounds: list[_Sound], rate: int, chosen: Voice, pace: float
) -> Speech:
    """One sound of all sentences, with breaths between, and the words of the text on it."""
    parts = [silence(LEAD_MS, rate)]
    marks: list[tuple[int, int]] = []
    remaining = iter(sounds)
    for number, line in enumerate(lines):
        if number:
            parts.append(silence(SENTENCE_PAUSE_MS / pace, rate))
        for piece in line:
            sound = next(remaining)
            heard = sound.samples[: _sounding_end(sound.samples, rate)]
            offset = sum(len(part) for part in parts)
            marks += _marks(piece, sound, heard, rate, offset)
            parts.append(faded(heard, rate, 2, 6))
    parts.append(silence(TAIL_MS, rate))
    samples = _pleasant(np.concatenate(parts), rate, chosen)
    timed = tuple(
        Word(word, round(1_000 * start / rate), round(1_000 * end / rate))
        for word, (start, end) in zip(words(text), marks, strict=True)
    )
    return Speech(wav_from(samples, rate), rate, round(1_000 * len(samples) / rate), timed, chosen.id, chosen.language)


def _sounding_end(samples: Samples, rate: int) -> int:
    """Where the sound of a piece ends: the engine appends a pause of its own."""
    loud = np.flatnonzero(np.abs(samples) > _SILENT)
    return min(len(samples), int(loud[-1]) + rate // 50) if loud.size else len(samples)


def _marks(piece: _Piece, sound: _Sound, heard: Samples, rate: int, offset: int) -> list[tuple[int, int]]:
    """Beginning and end of each word of a piece, in samples of the whole."""
    starts = _starts(piece, sound, len(heard) * 1_000 / rate)
    edges = [min(len(heard), round(ms * rate / 1_000)) for ms in starts] + [len(heard)]
    marks = []
    for begin, following in pairwise(edges):
        end = begin + _sounding_end(heard[begin:following], rate)
        marks.append((offset + begin, offset + min(following, max(end, begin + WORD_MS_MIN * rate // 1_000))))
    return marks


def _starts(piece: _Piece, sound: _Sound, duration_ms: float) -> list[float]:
    """When each word of a piece begins.

    A number gives several events, the first one counts. Words that the engine draws together ("of the") give one
    event for all of them; its time is shared out by their letters.
    """
    first: dict[int, float] = {0: 0.0}
    for position, ms in sorted(sound.events, key=lambda event: event[1]):
        first.setdefault(bisect_right(piece.begins, position) - 1, ms)
    known = [index for index in sorted(first) if _is_in_order(first, index)]
    starts: list[float] = []
    for index, following in zip(known, [*known[1:], len(piece.begins)], strict=True):
        end = first[following] if following < len(piece.begins) else duration_ms
        begins = [*piece.begins, len(piece.text) + 1][index : following + 1]
        share = (end - first[index]) / (begins[-1] - begins[0])
        starts += [first[index] + (begin - begins[0]) * share for begin in begins[:-1]]
    return starts


def _is_in_order(first: dict[int, float], index: int) -> bool:
    """Whether no earlier word begins later; an event out of order names the wrong word and is left out."""
    return all(ms <= first[index] for earlier, ms in first.items() if earlier < index)


def _pleasant(samples: Samples, rate: int, chosen: Voice) -> Samples:
    """Rumble out, the speaker's sharp or dull range evened, hisses and the loudest syllables eased, an even loudness."""
    shaped = normalised(equalised(samples, rate, chosen.speaker.curve, _LOW_CUT_HERTZ), LOUDNESS)
    eased = softened(shaped, rate, _HISS_HERTZ, _HISS_SHARE * LOUDNESS, _HISS_RATIO)
    return normalised(levelled(eased, rate, LOUDNESS, 1.8), LOUDNESS)
