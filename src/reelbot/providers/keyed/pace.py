"""How much text fits into how much time, by language: for prompts, quotes and the length of what came. Pure."""

import math
import re
from typing import NamedTuple

from reelbot.languages.catalogue import languages
from reelbot.languages.words import sentences as known_sentences
from reelbot.languages.words import words
from reelbot.providers.keyed.syllables import syllables

WORDS_A_MINUTE = {
    "ar": 115, "bg": 115, "cs": 115, "da": 140, "de": 125, "el": 120, "en": 150, "es": 150, "et": 105, "fa": 130, "fi": 100,
    "fr": 155, "he": 115, "hi": 130, "hr": 120, "hu": 105, "id": 120, "it": 145, "ko": 105, "lt": 110, "lv": 110, "ms": 120,
    "nb": 140, "nl": 140, "no": 140, "pl": 115, "pt": 150, "ro": 135, "ru": 110, "sk": 115, "sl": 120, "sr": 120, "sv": 140,
    "sw": 115, "ta": 95, "tr": 105, "uk": 110, "ur": 135, "vi": 190,
}  # fmt: skip
"""Of a narrator who takes her time: English at 150, the others by how long their words are."""

WORDS_A_MINUTE_ELSE = 125

CHARACTERS_A_MINUTE = {"zh": 240, "ja": 300, "th": 420, "lo": 420, "km": 380, "my": 380}
"""Of languages that are written without spaces."""

_SYLLABLES_A_SECOND = 5.2
"""While speaking, pauses left out: the languages of the world lie between 5 and 8 in talk, narrators below."""

_SENTENCE_SECONDS = 0.45
_COMMA_SECONDS = 0.2
_QUOTE_MARGIN = 1.15
"""A quote is a ceiling, and a voice may be slower than others: what it is above the measure goes back."""

_COMMAS = re.compile(r"[,;:،؛、，；：–—]")
_END = re.compile(r"[.!?…؟۔।。！？](?=[\"'»”’)\]]*$)")


class Wanted(NamedTuple):
    """How long a text shall be: a number of `unit`, with how far it may be off."""

    least: int
    about: int
    most: int
    unit: str


def wanted_length(duration_s: float, language: str) -> Wanted:
    """How long a text has to be to be spoken in so many seconds."""
    base = language.split("-", maxsplit=1)[0]
    a_minute = CHARACTERS_A_MINUTE.get(base)
    unit = "words" if a_minute is None else "characters"
    about = round((a_minute or WORDS_A_MINUTE.get(base, WORDS_A_MINUTE_ELSE)) * duration_s / 60)
    return Wanted(math.floor(about * 0.9), about, math.ceil(about * 1.05), unit)


def speech_seconds(text: str, language: str, pace: float = 1.0) -> float:
    """About how long a text takes to say."""
    spoken = sum(syllables(word, language) for word in words(text)) / _SYLLABLES_A_SECOND
    pauses = _SENTENCE_SECONDS * len(sentences(text, language)) + _COMMA_SECONDS * len(_COMMAS.findall(text))
    return (spoken + pauses) / pace


def quoted_seconds(text: str, language: str, pace: float = 1.0) -> int:
    """For how many seconds of speech a text is quoted."""
    return max(1, math.ceil(_QUOTE_MARGIN * speech_seconds(text, language, pace)))


def sentences(text: str, language: str) -> list[str]:
    """The sentences of a text in any language; their words together are the words of the text.

    The embedded languages know their abbreviations; elsewhere a sentence ends where a sign says so.
    """
    if language in languages():
        return known_sentences(text, language)
    found: list[str] = []
    begun: list[str] = []
    for word in words(text):
        begun.append(word)
        if _END.search(word):
            found.append(" ".join(begun))
            begun = []
    return [*found, " ".join(begun)] if begun else found
