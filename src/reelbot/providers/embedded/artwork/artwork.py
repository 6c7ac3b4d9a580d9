"""Paint a picture for a prompt: emblems by its words, colours by the tone, everything else by chance from the seed.

Pictures of one subject are a family: the seed counts its shots, which take turns with emblems, styles and shades.
"""

import random
import re
from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

import msgspec
import numpy as np

from reelbot.errors import Malformed
from reelbot.languages.words import is_spoken
from reelbot.providers.embedded.artwork.canvas import Canvas, Size
from reelbot.providers.embedded.artwork.emblems import shown_for
from reelbot.providers.embedded.artwork.palettes import palette_for
from reelbot.providers.embedded.artwork.styles import STYLES
from reelbot.providers.embedded.limits import PROMPT_LENGTH_MAX
from reelbot.providers.embedded.writing.texts import Tone, tone_from

Aspect = Literal["9:16", "1:1", "16:9"]

StyleName = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(STYLES)})]

BLEED = 1.12
"""How much larger a picture is than the frame of its aspect, so that it can be moved and zoomed without an edge."""

SIZES: dict[Aspect, Size] = {
    "9:16": Size(1210, 2150),
    "1:1": Size(1210, 1210),
    "16:9": Size(2150, 1210),
}
"""Frames 1080 pixels wide (or high, when lying), times the bleed."""

_FITTING = {
    "hills": "mountain tree sun dog house sprout bicycle volcano castle fir cactus penny pyramid paw palm flag",
    "waves": "boat fish drop whale wave",
    "cutouts": "cat heart butterfly mushroom moon house paw cloud whale leaf bowl bone snowflake tooth",
    "flow": "bulb note person eye fire heart butterfly wave bolt volcano cat trophy",
    "skyline": "car chart coin phone clock plane moon briefcase train scales bolt",
    "orbs": "drop key bubble robot bulb eye atom flask snowflake lock glass magnifier pair",
    "cosmos": "planet rocket star moon globe robot atom bed compass hourglass cat",
    "leaves": "leaf flower tree butterfly bird apple cup sprout mushroom fir paw glass",
    "rays": "cup bread ball crown star apple camera dog trophy pot cutlery bowl dumbbell shaker volcano",
    "tiles": "book globe coin clock bubble key chart camera wheel gear calendar envelope pencil palette shield hourglass",
    "wallpaper": "cat fish bone paw apple heart star wheel leaf cup bowl cutlery key tooth envelope pencil snowflake shaker",
    "poster": "volcano wave bicycle penny bed palm pair briefcase castle train moon boat coin bulb hourglass dog",
}
"""The emblems that each style shows best; it takes others as well, only less often."""

_BEFORE_REST = 3
"""Emblems before the first picture without one."""

_ROUND = 60
"""Shots until they begin again: more than a video has scenes, and a number that somebody makes up costs no time."""

_UNFIT = {
    "sun": "hills skyline cosmos",
    "moon": "hills",
    "volcano": "skyline",
    "mountain": "skyline",
    "wave": "hills skyline cosmos leaves",
    "bed": "hills",
    "": "wallpaper poster tiles orbs",
}
"""Styles that have a sun or a moon in their sky already, where a thing would stand on roofs, or that are nothing without an
emblem."""

_AFLOAT = "waves"
"""The style on which only what it shows best can swim; everything else would go under."""

_TONED = {
    "professional": "skyline tiles orbs waves poster",
    "casual": "cutouts hills rays leaves wallpaper",
    "humorous": "rays cutouts tiles orbs wallpaper",
    "inspirational": "hills cosmos flow waves poster",
    "educational": "tiles leaves orbs cutouts poster",
}
"""The styles that speak in each tone."""

_TURNS = (0.0, 16.0, -16.0, 8.0, -8.0)
"""How far the colours of one picture after another are turned, in degrees of hue: a family, and not five copies."""

_SUBJECT_ENDS = re.compile(r"[.?!…؟。]\s|\n")


class ArtworkOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a picture shall be like; a style is chosen by prompt and tone unless one is named."""

    tone: Tone = "casual"
    aspect: Aspect = "9:16"
    style: StyleName | None = None


def image(prompt: str, options: ArtworkOptions, seed: int) -> bytes:
    """A picture as PNG; `Malformed` for an empty or long prompt, an unknown tone, aspect or style."""
    tone = tone_from(options.tone)
    if len(prompt) > PROMPT_LENGTH_MAX:
        raise Malformed(f"the prompt has {len(prompt)} characters; at most {PROMPT_LENGTH_MAX} are allowed", "prompt")
    if not is_spoken(prompt):
        raise Malformed("the prompt is empty", "prompt")
    if options.aspect not in SIZES:
        raise Malformed(f"the aspect must be one of {', '.join(SIZES)}", "aspect")
    if options.style is not None and options.style not in STYLES:
        raise Malformed(f"the style must be one of {', '.join(STYLES)}", "style")
    subject, told = _parted(prompt)
    palette = palette_for(tone, subject, told, random.Random(f"colours {subject} {tone}"))
    shot = shot_of(prompt, tone, seed)
    chance = random.Random(f"artwork {prompt} {options} {seed}")
    canvas = Canvas(SIZES[options.aspect])
    rng = np.random.default_rng(chance.getrandbits(64))
    STYLES[options.style or shot.style](canvas, palette.turned(_TURNS[seed % len(_TURNS)]), shot.emblem, rng)
    return canvas.png(rng)


class Shot(NamedTuple):
    """What a picture shows, and how."""

    emblem: str | None
    style: str


def shot_of(prompt: str, tone: Tone, number: int) -> Shot:
    """The shot of a number among those of a prompt's subject.

    The emblems take turns; after a picture without any, the first one comes again. No style comes twice before every
    other that suits has been seen.
    """
    subject, told = _parted(prompt)
    emblems = shown_for(subject, told)
    family = random.Random(f"shots {subject} {tone}")
    rest, others = [*emblems[:_BEFORE_REST], None], emblems[_BEFORE_REST:]
    turns: list[str | None] = [*rest, emblems[0], *others] if others else rest
    unseen: list[str] = []
    shot = Shot(None, "")
    for at in range(number % _ROUND + 1):
        emblem = turns[at % len(turns)]
        suiting = [style for style in STYLES if _suits(style, emblem) and style != shot.style]
        unseen = unseen if any(style in unseen for style in suiting) else list(STYLES)
        shot = Shot(emblem, _style(tone, emblem or "", [style for style in suiting if style in unseen], family))
        unseen = [style for style in unseen if style != shot.style]
    return shot


def _parted(prompt: str) -> tuple[str, str]:
    """A prompt's subject, which is its first sentence, and what else is told: pictures of one video share the subject."""
    end = _SUBJECT_ENDS.search(prompt.strip())
    text = prompt.strip()
    return (text[: end.start()], text[end.end() :]) if end else (text, "")


def _suits(style: str, emblem: str | None) -> bool:
    """Whether a style can show an emblem, or be without one."""
    if style == _AFLOAT and emblem:
        return emblem in _FITTING[style].split()
    return style not in _UNFIT.get(emblem or "", "").split()


def _style(tone: str, emblem: str, among: Sequence[str], family: random.Random) -> str:
    """A style by weight: what shows the emblem well counts most, then what speaks in the tone."""
    weights = [1 + 6 * (emblem in _FITTING[style].split()) + 3 * (style in _TONED[tone].split()) for style in among]
    return family.choices(list(among), weights)[0]
