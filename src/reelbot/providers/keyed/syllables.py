"""About how many syllables a word has, in any script: what the time of a sentence is shared out by. Pure.

It need not be right, only fair between the words of one sentence. Scripts that write vowels are counted by their groups;
those that don't, or that write syllables, by their letters.
"""

import re
import unicodedata
from collections.abc import Callable

DIGIT_SYLLABLES = 1.6
"""Of a digit: "7" has two, "70" three, "1984" six or seven."""

_LATIN = re.compile(r"[aeiouyæœøåäöüıə]+", re.IGNORECASE)
_CYRILLIC = re.compile(r"[аеёиоуыэюяіїє]", re.IGNORECASE)
_GREEK = re.compile(r"[αειουηω]+", re.IGNORECASE)
_ENGLISH_SILENT = re.compile(r"[^aeiouyl]e(?:s|d)?$", re.IGNORECASE)
_FRENCH_SILENT = re.compile(r"[^aeiouy](?:e|es|ent)$", re.IGNORECASE)
_SILENT = {"en": _ENGLISH_SILENT, "fr": _FRENCH_SILENT}
_DIGITS = re.compile(r"\d")

_SMALL_KANA = "ゃゅょぁぃぅぇぉャュョァィゥェォー"
_LETTERS_A_SYLLABLE = {
    "ARABIC": 1.8,
    "HEBREW": 1.8,
    "THAI": 2.4,
    "LAO": 2.4,
    "KHMER": 2.6,
    "MYANMAR": 2.6,
    "TIBETAN": 2.4,
}
"""Of scripts that leave vowels out, or whose marks stand around their consonant."""


def syllables(word: str, language: str) -> float:
    """About how many syllables a written word has, at least one."""
    letters = [c for c in unicodedata.normalize("NFC", word) if c.isalpha() or unicodedata.category(c) in ("Mn", "Mc")]
    digits = DIGIT_SYLLABLES * len(_DIGITS.findall(word))
    if not letters:
        return max(1.0, digits)
    script = unicodedata.name(letters[0], "LATIN").split()[0]
    counted = _COUNTS.get(script, _by_letters)
    return max(1.0, counted("".join(letters), language, script) + digits)


def _latin(word: str, language: str, _: str) -> float:
    plain = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    groups = len(_LATIN.findall(plain))
    silent = _SILENT.get(language)
    return groups - 1 if groups > 1 and silent is not None and silent.search(word) else groups


def _cyrillic(word: str, *_: str) -> float:
    return len(_CYRILLIC.findall(word))


def _greek(word: str, *_: str) -> float:
    plain = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    return len(_GREEK.findall(plain))


def _each(word: str, *_: str) -> float:
    """Ideographs, Hangul and kana: one each, but small kana belong to the one before."""
    return sum(c not in _SMALL_KANA for c in word)


def _indic(word: str, *_: str) -> float:
    """Every letter is a syllable but for those that a virama joins to the next."""
    bases = sum(c.isalpha() for c in word)
    joined = sum("VIRAMA" in unicodedata.name(c, "") or "PULLI" in unicodedata.name(c, "") for c in word)
    return bases - joined


def _by_letters(word: str, _: str, script: str) -> float:
    return sum(c.isalpha() for c in word) / _LETTERS_A_SYLLABLE.get(script, 2.5)


_COUNTS: dict[str, Callable[[str, str, str], float]] = {
    "LATIN": _latin,
    "CYRILLIC": _cyrillic,
    "GREEK": _greek,
    **dict.fromkeys(("CJK", "HANGUL", "HIRAGANA", "KATAKANA"), _each),
    **dict.fromkeys(
        (
            "DEVANAGARI",
            "BENGALI",
            "GURMUKHI",
            "GUJARATI",
            "ORIYA",
            "TAMIL",
            "TELUGU",
            "KANNADA",
            "MALAYALAM",
            "SINHALA",
        ),
        _indic,
    ),
}
"""How to count, by the first word of the letters' names."""
