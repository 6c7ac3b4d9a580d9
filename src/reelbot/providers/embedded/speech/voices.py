"""The embedded voices: six speakers, each in every accent of every content language."""

from functools import cache
from typing import Annotated, NamedTuple

import msgspec

from reelbot.errors import Malformed
from reelbot.languages.catalogue import Accent, language, languages
from reelbot.providers.embedded.wav import Point

Curve = tuple[Point, ...]

SOFTER: Curve = (
    Point(20, 0), Point(120, 1), Point(250, 1.5), Point(500, 0), Point(2_500, -1), Point(3_500, -3), Point(6_000, -2),
    Point(11_000, -3),
)  # fmt: skip
"""For speakers that are sharp by nature: warmth below, the harsh range around 3.5 kHz down."""

CLEARER: Curve = (
    Point(20, 0), Point(150, -1), Point(300, -1), Point(600, -1), Point(1_500, 1), Point(2_500, 3), Point(4_000, 3),
    Point(7_000, 2), Point(11_000, 1),
)  # fmt: skip
"""For speakers that are dull by nature: consonants forward."""


class Speaker(NamedTuple):
    """One timbre. `variant` is the synthesiser's name for it, `pitch` its setting from 0 to 99.

    `scale` shortens the wave afterwards: a smaller throat, and a higher pitch with it. The smoothest of the
    synthesiser's variants are low voices; by scale they become high ones that stay smooth.
    """

    id: str
    name: str
    character: str
    variant: str
    pitch: int
    scale: float
    curve: Curve


class Voice(NamedTuple):
    """A speaker in an accent. `id` is what one asks for, `name` what one reads."""

    id: str
    name: str
    character: str
    language: str
    accent: Accent
    speaker: Speaker


SPEAKERS = (
    Speaker("oskar", "Oskar", "calm and deep", "edward2", 40, 1.0, CLEARER),
    Speaker("clara", "Clara", "clear and friendly, higher", "edward2", 82, 1.15, CLEARER),
    Speaker("felix", "Felix", "lively, middle", "benjamin", 56, 1.0, CLEARER),
    Speaker("nora", "Nora", "bright, high", "benjamin", 90, 1.15, CLEARER),
    Speaker("henrik", "Henrik", "firm, lower", "m2", 48, 1.0, SOFTER),
    Speaker("ida", "Ida", "warm, higher", "f2", 46, 1.0, SOFTER),
)
"""Chosen among the synthesiser's variants for the fewest misheard words and the highest estimated quality."""


@cache
def _voices() -> dict[str, Voice]:
    found = {}
    for code, spoken in languages().items():
        for accent in spoken.accents:
            for speaker in SPEAKERS:
                name = f"{speaker.name} ({accent.label})" if len(spoken.accents) > 1 else speaker.name
                made = Voice(f"{accent.id}-{speaker.id}", name, speaker.character, code, accent, speaker)
                found[made.id] = made
    return found


def voices(code: str | None = None) -> tuple[Voice, ...]:
    """All voices, or those of one language, the default first; `Malformed` for an unknown language."""
    if code is None:
        return tuple(_voices().values())
    language(code)
    return tuple(voice for voice in _voices().values() if voice.language == code)


def voice(id: str) -> Voice:
    """The voice of an id such as `en-us-oskar`; `Malformed` when there is none."""
    found = _voices().get(id)
    if found is None:
        raise Malformed(f"{id!r} is not one of the embedded voices, which are named like en-us-oskar", "voice")
    return found


VoiceId = Annotated[str, msgspec.Meta(extra_json_schema={"enum": [voice.id for voice in voices()]})]
"""The id of a voice, as a form may offer it."""
