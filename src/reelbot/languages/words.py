"""How a text falls into sentences and spoken words: one rule for the writer, the voice and the captions.

A word is what stands between spaces, with its punctuation. What has neither letter nor digit (a dash, an emoji) can't
be spoken and belongs to the word before it, or, at the very beginning, to the one after it. So the words of a text,
joined by single spaces, are the text again with its white space tidied.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from reelbot.languages.catalogue import DIGIT_LETTERS, Language, language

_END = re.compile(r"([.!?…؟۔。！？])[^\w.!?…؟۔。！？]*$")
_INITIAL = re.compile(r"[^\W\d_]\.")
_ORDINAL = re.compile(r"\d+\.")
_COMMAS = re.compile(r"[,;:،؛–—]")
_DIGITS = re.compile(r"\d")
_LETTERS = re.compile(r"[^\W\d_]")
_MEASURED_MAX = 8_192
"""Measured sentences that are remembered: all templates of a few languages, which the writer measures each time."""

_JOINERS = "\u200c\u200d"


class Token(NamedTuple):
    """A word, and whether its line ends with it."""

    word: str
    ends_line: bool


def tidy(text: str) -> str:
    """The text in composed characters, spaces single, line breaks kept as one, nothing that can't be printed."""
    composed = unicodedata.normalize("NFC", text)
    lines = (" ".join(_printable(line).split()) for line in composed.splitlines())
    return "\n".join(line for line in lines if line)


def _printable(line: str) -> str:
    """Without control, private and unassigned characters; the joiners of Persian and of emoji stay."""
    if line.isprintable():
        return line
    return "".join(c for c in line if c in _JOINERS or c == "\t" or not unicodedata.category(c).startswith("C"))


def is_spoken(token: str) -> bool:
    """Whether there is something in it to say."""
    return any(c.isalnum() for c in token)


def words(text: str) -> list[str]:
    """The spoken words of a text, punctuation included."""
    return [token.word for token in _tokens(text)]


def sentences(text: str, code: str) -> list[str]:
    """The sentences of a text, each with its words joined by single spaces; a line break ends one too."""
    spoken_in = language(code)
    found: list[str] = []
    begun: list[str] = []
    tokens = _tokens(text)
    for index, token in enumerate(tokens):
        begun.append(token.word)
        following = tokens[index + 1].word if index + 1 < len(tokens) else ""
        if not following or token.ends_line or _ends_sentence(token.word, following, spoken_in):
            found.append(" ".join(begun))
            begun = []
    return found


@lru_cache(maxsize=_MEASURED_MAX)
def reading_ms(text: str, code: str) -> int:
    """About how long a text takes to say at the normal pace, pauses between sentences included."""
    pace = language(code).pace
    letters = len(_LETTERS.findall(text)) + DIGIT_LETTERS * len(_DIGITS.findall(text))
    spoken = pace.letter * letters + pace.word * len(words(text)) + pace.comma * len(_COMMAS.findall(text))
    return round(spoken + pace.sentence * len(sentences(text, code)))


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    waiting = ""  # unspoken, at the very beginning
    for line in tidy(text).split("\n"):
        for part in line.split():
            if is_spoken(part):
                found.append(Token(waiting + part, False))
                waiting = ""
            elif found:
                found[-1] = Token(f"{found[-1].word} {part}", False)
            else:
                waiting += f"{part} "
        if found:
            found[-1] = found[-1]._replace(ends_line=True)
    return found


def _ends_sentence(word: str, following: str, spoken_in: Language) -> bool:
    """Whether a sentence ends with this word; abbreviations, initials and ordinals don't end one."""
    end = _END.search(word)
    if end is None or following[0].islower():
        return False
    bare = word.lstrip("\"'“„«‘([¿¡")
    is_short = bare.lower() in spoken_in.aloud or _INITIAL.fullmatch(bare) is not None
    is_ordinal = spoken_in.ordinals and _ORDINAL.fullmatch(bare) is not None
    return not (is_short or is_ordinal)
