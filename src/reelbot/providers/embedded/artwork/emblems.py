"""Emblems: silhouettes that a picture shows when its words speak of them, and the words that call for each."""

import re
import tomllib
from functools import cache
from importlib import resources
from itertools import pairwise

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from reelbot.providers.embedded.artwork.canvas import Mask, Outline, Size, filled
from reelbot.providers.embedded.writing.texts import all_lines

_CURVE_STEPS = 24
_ROUND_STEPS = 72
_TOKEN = re.compile(r"[MLCQZ]|-?\d+(?:\.\d+)?")
_WORD = re.compile(r"[^\W\d_]+(?:[’'\u200c][^\W\d_]+)*")
_FAINT = frozenset(
    {
        *("sun", "moon", "star", "book", "bulb", "eye", "bubble", "person", "pair", "clock", "hourglass", "calendar"),
        *("sprout", "chart", "globe", "magnifier", "scales", "flag", "trophy", "key", "train"),
    }
)
"""Emblems of times, thoughts and people, whose words stand in many topics: in "morning coffee" the cup tells more."""

_CALLED_MAX = 3
_SHOWN_MAX = 4
"""How many emblems one subject is shown by: few enough for each of them to be about it."""

_SHARPNESS = 2
"""How many times larger a silhouette is drawn before it is made smaller, which smooths its edge."""


class Emblem(msgspec.Struct, frozen=True):
    """A silhouette: outlines in a square of 100 by 100, added and then cut; `kin` suits its topics too; see emblems.toml."""

    words: str
    add: tuple[str, ...]
    cut: tuple[str, ...] = ()
    kin: str = ""


@cache
def emblems() -> dict[str, Emblem]:
    """All emblems by their names."""
    text = resources.files(__package__).joinpath("emblems.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Emblem])


def called_for(text: str) -> list[str]:
    """The emblems that a text's words speak of, in the order of the words, those that suit many texts last."""
    found = dict.fromkeys(name for word in _WORD.findall(text.lower()) for name in _named_by(word))
    return sorted(found, key=_FAINT.__contains__)


def shown_for(subject: str, told: str = "") -> tuple[str, ...]:
    """The emblems to show a subject by, the most telling first; empty when no word speaks of one.

    What the subject itself calls for comes first, then what is akin to that. What is told about a subject that calls for
    nothing is asked as well, but only for things that no sentence of the writer's own would bring up.
    """
    called = called_for(subject) or [name for name in called_for(_telling(told)) if name not in _FAINT]
    plain = [name for name in called if name not in _FAINT][:_CALLED_MAX] or called[:1]
    faint = [name for name in called if name not in plain][:1]
    kin = [name for first in plain for name in emblems()[first].kin.split()]
    return tuple(dict.fromkeys([*plain, *faint, *kin]))[:_SHOWN_MAX]


def _telling(told: str) -> str:
    """What is told, without the words of the writer's sentences: a "minute" or a "coffee" in them is by the way."""
    return " ".join(word for word in _WORD.findall(told.lower()) if word not in _by_the_way())


@cache
def _by_the_way() -> frozenset[str]:
    return frozenset(word for line in all_lines() for word in _WORD.findall(line.lower()))


def _named_by(word: str) -> tuple[str, ...]:
    """The emblems of one word: of the word itself, or else of the longest beginning that is known."""
    exact, beginnings = _index()
    if word in exact:
        return exact[word]
    return next((beginnings[word[:end]] for end in range(len(word), 0, -1) if word[:end] in beginnings), ())


def emblem_mask(size: Size, name: str, x: float, y: float, side: float) -> Mask:
    """An emblem's mask: centred at a point, in a square of a side, all in pixels."""
    return _placed(size, emblems()[name], x, y, side)


def emblem_body(size: Size, name: str, x: float, y: float, side: float) -> Mask:
    """An emblem's mask without its cuts: painted in a light colour first, it lets eyes and windows shine."""
    return _placed(size, msgspec.structs.replace(emblems()[name], cut=()), x, y, side)


def _placed(size: Size, emblem: Emblem, x: float, y: float, side: float) -> Mask:
    sharp = max(2, _SHARPNESS * round(side))
    drawn = np.zeros((sharp, sharp), dtype=np.float32)
    for shape in emblem.add:
        for outlines in _outlines(shape):
            np.maximum(drawn, filled(Size(sharp, sharp), [outline * (sharp / 100) for outline in outlines]), out=drawn)
    for shape in emblem.cut:
        for outlines in _outlines(shape):
            drawn *= 1 - filled(Size(sharp, sharp), [outline * (sharp / 100) for outline in outlines])
    place = np.array([[side / sharp, 0, x - side / 2], [0, side / sharp, y - side / 2]], dtype=np.float32)
    soft = cv2.resize(drawn, (max(1, round(side)), max(1, round(side))), interpolation=cv2.INTER_AREA)
    place[:, :2] *= sharp / max(1, round(side))
    return np.clip(cv2.warpAffine(soft, place, (size.width, size.height)).astype(np.float32), 0, 1)


@cache
def _index() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """The names by whole word, and by the beginning of a word."""
    exact: dict[str, tuple[str, ...]] = {}
    beginnings: dict[str, tuple[str, ...]] = {}
    for name, emblem in emblems().items():
        for word in emblem.words.split():
            table, key = (beginnings, word[:-1]) if word.endswith("*") else (exact, word)
            table[key] = (*table.get(key, ()), name)
    return exact, beginnings


@cache
def _outlines(shape: str) -> tuple[tuple[Outline, ...], ...]:
    """The closed outlines of a shape, in groups to be filled one after the other; in a group, the second is a hole."""
    kind, *rest = shape.split()
    if kind.startswith("M"):
        return ((_path(shape),),)
    numbers = [float(number) for number in rest]
    match kind:
        case "circle":
            x, y, radius = numbers
            return ((_ellipse(x, y, radius, radius, 0),),)
        case "ellipse":
            return ((_ellipse(*numbers),),)
        case "ring":
            x, y, rx, ry, width, *turn = numbers
            degrees = turn[0] if turn else 0
            return ((_ellipse(x, y, rx, ry, degrees), _ellipse(x, y, rx - width, ry - width, degrees)),)
        case "star":
            return ((_star(*numbers),),)
        case "box":
            return ((_box(*numbers),),)
        case "line":
            return tuple((stroke,) for stroke in _strokes(numbers[0], np.array(numbers[1:]).reshape(-1, 2)))
        case _:
            raise AssertionError(f"{kind} is not a shape")


def _path(shape: str) -> Outline:
    """An outline in the notation of SVG: M L C Q Z, absolute."""
    tokens = _TOKEN.findall(shape)
    points: list[NDArray[np.float64]] = []
    command, at = "M", 0
    while at < len(tokens):
        if tokens[at].isalpha():
            command, at = tokens[at], at + 1
            continue
        count = {"M": 1, "L": 1, "Q": 2, "C": 3}[command]
        given = np.array([float(token) for token in tokens[at : at + 2 * count]]).reshape(-1, 2)
        points += [given[0]] if count == 1 else list(_curve(np.vstack([points[-1], given])))
        at += 2 * count
    return np.array(points)


def _curve(controls: NDArray[np.float64]) -> NDArray[np.float64]:
    """A Bézier curve without its first point."""
    share = np.linspace(0, 1, _CURVE_STEPS + 1)[1:, None]
    levels = list(controls)
    while len(levels) > 1:
        levels = [a + (b - a) * share for a, b in pairwise(levels)]
    return np.asarray(levels[0])


def _ellipse(x: float, y: float, rx: float, ry: float, degrees: float) -> Outline:
    angles = np.linspace(0, 2 * np.pi, _ROUND_STEPS, endpoint=False)
    turn = np.radians(degrees)
    across, down = rx * np.cos(angles), ry * np.sin(angles)
    return np.column_stack(
        [x + across * np.cos(turn) - down * np.sin(turn), y + across * np.sin(turn) + down * np.cos(turn)]
    )


def _star(x: float, y: float, points: float, outer: float, inner: float) -> Outline:
    angles = np.pi * np.arange(2 * int(points)) / points - np.pi / 2
    radii = np.where(np.arange(len(angles)) % 2 == 0, outer, inner)
    return np.column_stack([x + radii * np.cos(angles), y + radii * np.sin(angles)])


def _box(x: float, y: float, width: float, height: float, rounding: float) -> Outline:
    radius = min(rounding, width / 2, height / 2)
    corners = [
        (x + width - radius, y + radius, -90), (x + width - radius, y + height - radius, 0),
        (x + radius, y + height - radius, 90), (x + radius, y + radius, 180),
    ]  # fmt: skip
    points = []
    for corner_x, corner_y, start in corners:
        angles = np.radians(np.linspace(start, start + 90, 10))
        points.append(np.column_stack([corner_x + radius * np.cos(angles), corner_y + radius * np.sin(angles)]))
    return np.vstack(points)


def _strokes(width: float, points: NDArray[np.float64]) -> list[Outline]:
    """A line with round ends and corners, as one outline per stretch."""
    strokes = []
    for begin, end in pairwise(points):
        along = (end - begin) / max(float(np.hypot(*(end - begin))), 1e-9)
        angle = np.arctan2(along[1], along[0])
        cap = np.linspace(np.pi / 2, 3 * np.pi / 2, 12) + angle
        back = begin + width / 2 * np.column_stack([np.cos(cap), np.sin(cap)])
        front = end + width / 2 * np.column_stack([np.cos(cap + np.pi), np.sin(cap + np.pi)])
        strokes.append(np.vstack([back, front]))
    return strokes
