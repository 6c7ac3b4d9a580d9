"""The content languages: which there are, how they are written, pronounced and paced."""

import tomllib
from functools import cache
from importlib import resources
from typing import Annotated, Literal

import msgspec

from reelbot.errors import Malformed

SENTENCE_PAUSE_MS = 380
"""Silence between two sentences: a breath. Part of every language's `sentence` pace."""

DIGIT_LETTERS = 4.5
"""A digit counts as so many letters: "7" is said as "seven", and long numbers gain words between."""


class Pace(msgspec.Struct, frozen=True):
    """Milliseconds of speech at the normal pace; a sentence includes the pause after it."""

    letter: float
    word: float
    comma: float
    sentence: float


class Accent(msgspec.Struct, frozen=True):
    """A way to pronounce a language; `engine` is the synthesiser's name for it."""

    id: str
    engine: str
    label: str


class Language(msgspec.Struct, frozen=True):
    """A content language; see languages.toml for the fields."""

    name: str
    own_name: str
    direction: Literal["ltr", "rtl"]
    script: str
    pace: Pace
    accents: tuple[Accent, ...]
    aloud: dict[str, str]
    ordinals: bool = False


@cache
def languages() -> dict[str, Language]:
    """Every content language by its code, the default one first."""
    text = resources.files(__package__).joinpath("languages.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Language])


def language(code: str) -> Language:
    """The language of a code such as `en`; `Malformed` when the embedded providers don't have it."""
    known = languages().get(code)
    if known is None:
        raise Malformed(f"{code!r} is not a content language; there are {', '.join(languages())}", "language")
    return known


LanguageCode = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(languages())})]
"""The code of a content language, as a form may offer it."""
