"""The sentences of the writer, one file per language under texts/, and the orders in which they are told."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any, Literal, get_args

import msgspec

from reelbot.errors import Malformed
from reelbot.languages.catalogue import language, languages
from reelbot.providers.embedded.writing.topic import Asking

Tone = Literal["professional", "casual", "humorous", "inspirational", "educational"]
TONES: tuple[Tone, ...] = get_args(Tone)

Lines = dict[str, tuple[str, ...]]
"""Sentences by the kind of topic that they suit; those under `any` suit all."""


class Rewriting(msgspec.Struct, frozen=True):
    """What a rewrite goes by.

    Words without content, phrases that can be left out, places to cut a long sentence, the words in which people ask
    for a change, what replaces what in plain and in relaxed language, and before which subjects a short form stays
    ("isn't it").
    """

    stop_words: frozenset[str]
    fillers: tuple[str, ...]
    joints: tuple[str, ...]
    wishes: dict[str, tuple[str, ...]]
    plain: dict[str, str] = {}
    short: dict[str, str] = {}
    subjects: tuple[str, ...] = ()


class Texts(msgspec.Struct, frozen=True):
    """All sentences of one language. `this` is what a topic is called when it isn't named again, by its kind."""

    tones: dict[Tone, dict[str, Lines]]
    ideas: dict[str, Lines]
    titles: Lines
    pairs: tuple[str, ...]
    tags: dict[Tone, tuple[str, ...]]
    rewriting: Rewriting
    this: dict[str, str]
    asking: Asking | None

    def lines(self, tone: Tone, part: str, kinds: tuple[str, ...]) -> tuple[str, ...]:
        """The sentences of a part that suit a tone and a topic of these kinds."""
        return suited(self.tones[tone].get(part, {}), kinds)


def suited(lines: Lines, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The lines for any topic and those for one of the kinds.

    A goal has its own alone where there are any: what is said of a question, or of a thing, is no help with a plan.
    """
    if "goal" in kinds and "goal" in lines:
        return lines["goal"]
    return tuple(line for kind in ("any", *kinds) for line in lines.get(kind, ()))


@cache
def texts(code: str) -> Texts:
    """The sentences of a language; `Malformed` when it isn't a content language."""
    language(code)
    raw = _read(f"{code}.toml")
    common = {part: _lines(given) for part, given in raw.get("common", {}).items()}
    tones = {tone: {part: _lines(given) for part, given in raw[tone].items()} for tone in TONES}
    whole = {
        "tones": {tone: _merged(common, parts) for tone, parts in tones.items()},
        "ideas": {tone: _merged_ideas(raw["ideas"], tone) for tone in TONES},
        "titles": _lines(raw["titles"]),
        "pairs": raw["pairs"]["any"],
        "tags": raw["tags"],
        "rewriting": raw["rewriting"],
        "this": raw.get("this", {}),
        "asking": raw.get("asking"),
    }
    return msgspec.convert(whole, Texts)


@cache
def all_lines() -> tuple[str, ...]:
    """Every sentence of a script's template, in all languages."""
    spoken = [texts(code) for code in languages()]
    parts = (part for one in spoken for tone in one.tones.values() for part in tone.values())
    return tuple(dict.fromkeys(line for part in parts for lines in part.values() for line in lines))


class Shapes(msgspec.Struct, frozen=True):
    """The orders in which the parts between a script's beginning and its end may be told.

    `after_guess` names the parts that speak of the viewer's guess, `goals` are the orders for topics that are goals.
    """

    orders: tuple[str, ...]
    goals: tuple[str, ...]
    after_guess: frozenset[str]

    def suited_to(self, kinds: tuple[str, ...]) -> tuple[str, ...]:
        """The orders for a topic of these kinds."""
        return self.goals if "goal" in kinds else self.orders


@cache
def shapes() -> Shapes:
    """The orders of all languages."""
    return msgspec.convert(_read("shapes.toml"), Shapes)


def tone_from(name: str) -> Tone:
    """The tone of a name; `Malformed` when there is none."""
    for tone in TONES:
        if tone == name:
            return tone
    raise Malformed(f"{name!r} is not a tone; there are {', '.join(TONES)}", "tone")


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("texts", name).read_text(encoding="utf-8"))


def _lines(given: Any) -> Lines:
    """A list suits any kind of topic."""
    by_kind = given if isinstance(given, dict) else {"any": given}
    return {kind: tuple(lines) for kind, lines in by_kind.items() if isinstance(lines, list)}


def _merged(common: dict[str, Lines], own: dict[str, Lines]) -> dict[str, Lines]:
    """A tone's own sentences and those that all tones share."""
    return {part: _joined(own.get(part, {}), common.get(part, {})) for part in own.keys() | common.keys()}


def _merged_ideas(raw: dict[str, Any], tone: str) -> Lines:
    return _joined(_lines(raw.get(tone, {})), _lines(raw))


def _joined(first: Lines, second: Lines) -> Lines:
    return {kind: first.get(kind, ()) + second.get(kind, ()) for kind in sorted(first.keys() | second.keys())}
