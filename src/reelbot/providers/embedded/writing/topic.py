"""Understand what kind of thing a topic is, so that sentences around it come out grammatical.

English is taken apart by rules of its own (english.py), because it can carry a question inside a sentence. In the other
languages the sentences quote the topic or put it after a colon, so it is enough to know whether it is a question.
"""

import re
from typing import Literal, NamedTuple

import msgspec

from reelbot.errors import Malformed
from reelbot.languages.words import is_spoken, tidy
from reelbot.providers.embedded.limits import TOPIC_LENGTH_MAX
from reelbot.providers.embedded.writing import english

Kind = Literal["noun", "clause", "goal", "question"]

_THING_WORDS_MAX = 2
"""Of a topic that one can imagine the world without: "bees", "Marie Curie", but not "the history of the bicycle"."""

_QUOTES = "\"'“”„«»‘’"
_MARKS = "?؟¿"
_ENDING = re.compile(r"[\s.,;:!…،؛]+$")


class Topic(NamedTuple):
    """A topic, ready for sentences.

    `inside` is how it stands inside a sentence, empty when it can't; `opening` is the same at a sentence's beginning;
    `question` is the direct question with its marks, empty when it is none; `asks` is what it asks for (why, how, what,
    who, whether), empty where that isn't plain; a noun of a word or two is a `thing`.
    """

    kind: Kind
    inside: str
    opening: str
    question: str
    asks: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of sentences that suit it, the most particular first."""
        return tuple(kind for kind in (self.asks, self.kind) if kind)


class Asking(msgspec.Struct, frozen=True):
    """How a language asks.

    The words that begin a question, by what they ask for; those that may stand anywhere in one; its marks; and whether
    a mark is added to a question typed without one (not where that could be a subordinate clause).
    """

    begins: dict[str, tuple[str, ...]]
    anywhere: dict[str, tuple[str, ...]] = {}
    before: str = ""
    after: str = "?"
    adds_marks: bool = True


def understand(typed: str, asking: Asking | None) -> Topic:
    """The topic that a person typed; `asking` is None for English. `Malformed` when it is empty or too long."""
    if len(typed) > TOPIC_LENGTH_MAX:
        raise Malformed(f"the topic has {len(typed)} characters; at most {TOPIC_LENGTH_MAX} are allowed", "topic")
    text = _unquoted(_ENDING.sub("", " ".join(tidy(typed).split())))
    if not is_spoken(text):
        raise Malformed("the topic is empty", "topic")
    return _english(text) if asking is None else _quoted(text, asking)


def capitalised(text: str) -> str:
    """With its first letter in upper case, and the rest as it is."""
    return text[:1].upper() + text[1:]


def _unquoted(text: str) -> str:
    """Without quotation marks around the whole, when none stand inside."""
    inner = text[1:-1]
    is_wrapped = len(text) > 2 and text[0] in _QUOTES and text[-1] in _QUOTES
    return inner if is_wrapped and not any(quote in inner for quote in _QUOTES[:1] + _QUOTES[2:7]) else text


def _english(text: str) -> Topic:
    kind, inside = english.embedded(text)
    asks = english.asks_for(kind, inside)
    if kind == "question":
        return Topic(kind, "", "", capitalised(inside.rstrip("?")) + "?", asks)
    is_thing = kind == "noun" and len(inside.split()) <= _THING_WORDS_MAX
    return Topic(kind, inside, capitalised(inside), "", "thing" if is_thing else asks)


def _quoted(text: str, asking: Asking) -> Topic:
    bare = text.strip(_MARKS + " ")
    asks = _asks_for(bare.lower(), asking)
    is_question = bare != text or asks is not None
    if not is_question:
        return Topic("noun", text, capitalised(text), "")
    is_marked = bare != text or asking.adds_marks
    before, after = (asking.before, asking.after) if is_marked else ("", "")
    inside = bare[:1].lower() + bare[1:] if asks else bare
    opening = f"{before}{capitalised(bare)}{after}"
    return Topic("question", f"{before}{inside}{after}", opening, opening if is_marked else "", asks or "")


def _asks_for(lowered: str, asking: Asking) -> str | None:
    """What a text asks for; None when it doesn't ask at all, as far as its words tell."""
    for asks, begins in asking.begins.items():
        if any(re.match(rf"{re.escape(word)}(?:[\s’']|$)", lowered) for word in begins):
            return asks
    tokens = [token.strip(_QUOTES + ",") for token in lowered.split()]
    return next((asks for asks, words in asking.anywhere.items() if any(word in tokens for word in words)), None)
