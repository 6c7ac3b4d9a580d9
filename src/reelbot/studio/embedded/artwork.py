"""Paint a picture for a prompt: style and emblem by its words, colours by the tone, everything else by the seed."""

import random
from typing import Annotated, Literal

import msgspec
import numpy as np

from reelbot.errors import Malformed
from reelbot.studio.embedded.art.canvas import Canvas, Size
from reelbot.studio.embedded.art.emblems import called_for
from reelbot.studio.embedded.art.palettes import palette_for
from reelbot.studio.embedded.art.styles import STYLES
from reelbot.studio.embedded.bounds import PROMPT_LENGTH_MAX
from reelbot.studio.embedded.texts import Tone, tone_from
from reelbot.studio.embedded.words import is_spoken

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
    "hills": "mountain tree sun dog house sprout bicycle",
    "waves": "boat fish drop bird",
    "cutouts": "cat heart butterfly mushroom moon house",
    "flow": "bulb note person eye fire heart butterfly",
    "skyline": "car chart coin phone clock plane moon",
    "orbs": "drop key bubble robot bulb eye",
    "cosmos": "planet rocket star moon globe robot",
    "leaves": "leaf flower tree butterfly bird apple cup sprout",
    "rays": "cup bread ball crown star apple camera dog",
    "tiles": "book globe coin clock bubble key chart camera",
}
"""The emblems that each style shows best; it takes others as well, only less often."""

_UNFIT = {"sun": "hills waves skyline cosmos", "moon": "hills waves"}
"""Styles that have a sun or a moon in their sky already."""

_TONED = {
    "professional": "skyline tiles orbs waves",
    "casual": "cutouts hills rays leaves",
    "humorous": "rays cutouts tiles orbs",
    "inspirational": "hills cosmos flow waves",
    "educational": "tiles leaves orbs cutouts",
}
"""The styles that speak in each tone."""


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
    chance = random.Random(f"artwork {prompt} {options} {seed}")
    emblems = called_for(prompt)
    emblem = chance.choice(emblems[:2]) if emblems else None
    style = options.style or _style(tone, emblem, chance)
    canvas = Canvas(SIZES[options.aspect])
    rng = np.random.default_rng(chance.getrandbits(64))
    STYLES[style](canvas, palette_for(tone, prompt, chance), emblem, rng)
    return canvas.png(rng)


def _style(tone: str, emblem: str | None, chance: random.Random) -> str:
    """A style by weight: what shows the emblem well counts most, then what speaks in the tone."""
    name = emblem or ""
    unfit = _UNFIT.get(name, "").split()
    weights = [
        1 + 4 * (name in _FITTING[style].split()) + 3 * (style in _TONED[tone].split()) if style not in unfit else 0
        for style in STYLES
    ]
    return chance.choices(list(STYLES), weights)[0]
