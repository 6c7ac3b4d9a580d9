"""The colours of a picture: a palette by tone, turned to the colour that the prompt names."""

import random
import re
import tomllib
from functools import cache
from importlib import resources
from typing import NamedTuple

from reelbot.providers.embedded.artwork.oklch import Colour

_HUES = {
    "red": 25, "rot": 25, "rojo": 25, "rouge": 25, "rosso": 25, "vermelho": 25, "rood": 25, "czerwony": 25,
    "röd": 25, "kırmızı": 25, "merah": 25, "красный": 25, "قرمز": 25,
    "orange": 55, "naranja": 55, "arancione": 55, "laranja": 55, "oranje": 55, "turuncu": 55, "jingga": 55,
    "yellow": 95, "gold": 88, "golden": 88, "gelb": 95, "amarillo": 95, "jaune": 95, "giallo": 95, "amarelo": 95,
    "geel": 95, "żółty": 95, "gul": 95, "sarı": 95, "kuning": 95, "жёлтый": 95, "زرد": 95,
    "green": 145, "grün": 145, "verde": 145, "vert": 145, "groen": 145, "zielony": 145, "grön": 145, "yeşil": 145,
    "hijau": 145, "зелёный": 145, "سبز": 145,
    "teal": 190, "turquoise": 190, "cyan": 200,
    "blue": 250, "blau": 250, "azul": 250, "bleu": 250, "blu": 250, "blauw": 250, "niebieski": 250, "blå": 250,
    "mavi": 250, "biru": 250, "синий": 250, "آبی": 250,
    "purple": 305, "violet": 300, "lila": 305, "morado": 305, "viola": 305, "roxo": 305, "paars": 305,
    "fioletowy": 305, "mor": 305, "ungu": 305, "фиолетовый": 305, "بنفش": 305,
    "pink": 350, "rosa": 350, "rose": 350, "różowy": 350, "pembe": 350, "розовый": 350, "صورتی": 350,
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")


class Palette(NamedTuple):
    """The colours of one picture; see palettes.toml."""

    sky: tuple[Colour, ...]
    layers: tuple[Colour, ...]
    accent: Colour
    glow: Colour
    ink: Colour

    def turned(self, degrees: float) -> "Palette":
        """With every hue turned; only the light keeps its own."""
        return Palette(
            tuple(colour.turned(degrees) for colour in self.sky),
            tuple(colour.turned(degrees) for colour in self.layers),
            self.accent.turned(degrees),
            self.glow,
            self.ink.turned(degrees),
        )


@cache
def _palettes() -> dict[str, tuple[Palette, ...]]:
    text = resources.files(__package__).joinpath("palettes.toml").read_text(encoding="utf-8")
    return {
        tone: tuple(
            Palette(
                tuple(Colour(*values) for values in raw["sky"]),
                tuple(Colour(*values) for values in raw["layers"]),
                *(Colour(*raw[name]) for name in ("accent", "glow", "ink")),
            )
            for raw in given
        )
        for tone, given in tomllib.loads(text).items()
    }


def palette_for(tone: str, subject: str, told: str, rng: random.Random) -> Palette:
    """One of the tone's palettes for a subject, a little turned by chance, or turned to the first colour that is named."""
    chosen, turn = rng.choice(_palettes()[tone]), rng.uniform(-12, 12)
    named = next((_HUES[word] for word in _WORD.findall(f"{subject} {told}".lower()) if word in _HUES), None)
    return chosen.turned(turn if named is None else named - chosen.layers[1].hue)
