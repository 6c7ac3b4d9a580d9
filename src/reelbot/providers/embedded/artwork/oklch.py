"""Colours by lightness, chroma and hue as the eye sees them (OKLCH), and as red, green and blue of the screen.

From Björn Ottosson's definition of OKLab. A colour that the screen can't show keeps its lightness and hue and loses
chroma until it can.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.float32]
"""Red, green, blue of sRGB, gamma included, each from 0 to 1; the last axis has the three."""

_LMS_FROM_LAB = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_LINEAR_FROM_LMS = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)
_HALVINGS = 12


class Colour(NamedTuple):
    """Lightness from 0 to 1, chroma from 0 to about 0.37, hue in degrees."""

    lightness: float
    chroma: float
    hue: float

    def lighter(self, amount: float) -> "Colour":
        """Moved towards white, or towards black by a negative amount."""
        return self._replace(lightness=min(1.0, max(0.0, self.lightness + amount)))

    def turned(self, degrees: float) -> "Colour":
        """With another hue."""
        return self._replace(hue=(self.hue + degrees) % 360)

    def muted(self, share: float) -> "Colour":
        """With a share of its chroma."""
        return self._replace(chroma=self.chroma * share)


def shown(colour: Colour) -> Colour:
    """The nearest colour that the screen can show: the same lightness and hue, and as much chroma as there is."""
    if _fits(colour):
        return colour
    low, high = 0.0, colour.chroma
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _fits(colour._replace(chroma=middle)) else (low, middle)
    return colour._replace(chroma=low)


@cache
def rgb(colour: Colour) -> Rgb:
    """A colour as the screen shows it."""
    return _gamma(_linear(_lab(shown(colour))))


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """Between two colours on the straight line through OKLab, so that no strange hue appears half way."""
    one, two = _lab(first), _lab(second)
    lightness, a, b = one + (two - one) * share
    return Colour(float(lightness), float(np.hypot(a, b)), float(np.degrees(np.arctan2(b, a)) % 360))


def ramp(colours: tuple[Colour, ...], steps: int) -> Rgb:
    """A table of colours in even steps from the first to the last."""
    corners = np.array([_lab(shown(colour)) for colour in colours])
    places, known = np.linspace(0, 1, steps), np.linspace(0, 1, len(colours))
    return _gamma(_linear(np.column_stack([np.interp(places, known, corners[:, axis]) for axis in range(3)])))


def _lab(colour: Colour) -> NDArray[np.float64]:
    angle = np.radians(colour.hue)
    return np.array([colour.lightness, colour.chroma * np.cos(angle), colour.chroma * np.sin(angle)])


def _linear(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    light: NDArray[np.float64] = (lab @ _LMS_FROM_LAB.T) ** 3 @ _LINEAR_FROM_LMS.T
    return light


def _fits(colour: Colour) -> bool:
    linear = _linear(_lab(colour))
    return bool((linear >= -1e-4).all() and (linear <= 1 + 1e-4).all())


def _gamma(linear: NDArray[np.float64]) -> Rgb:
    clipped = np.clip(linear, 0, 1)
    curved = np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055)
    return curved.astype(np.float32)
