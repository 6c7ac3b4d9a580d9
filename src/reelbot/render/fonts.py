"""The fonts that ship with ReelBot: which there are, which characters each can draw, and who draws what in a text.

libass falls back in silence when it doesn't know a family's name, and draws an empty box for a character that no font
has. So every run of a caption names its family, characters that nobody can draw are left out, and `unexpected_fonts`
reads from libass' own log whether it chose what was meant.
"""

import re
import struct
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple
from unicodedata import category

DIRECTORY = Path(__file__).parent / "font_files"

VERSION = "noto-2020.12+cjk-2.004"
"""Goes into every segment's key: other fonts are other pixels. Change it together with the files."""


class Face(NamedTuple):
    """One bundled font: the family libass is asked for, the name it must answer with, and its size beside the first.

    A font's size in ASS is the height of its line, which scripts with tall marks make much larger than the letters;
    `scale` brings the letters of all faces to one visual size.
    """

    family: str
    postscript: str
    file: str
    scale: float = 1.0


FACES = (
    Face("Noto Sans", "NotoSans-Bold", "NotoSans-Bold.ttf"),
    Face("Noto Sans Arabic", "NotoSansArabic-Bold", "NotoSansArabic-Bold.ttf", 1.6),
    Face("Noto Sans Hebrew", "NotoSansHebrew-Bold", "NotoSansHebrew-Bold.ttf", 1.06),
    Face("Noto Sans Devanagari", "NotoSansDevanagari-Bold", "NotoSansDevanagari-Bold.ttf"),
    Face("Noto Sans Bengali", "NotoSansBengali-Bold", "NotoSansBengali-Bold.ttf"),
    Face("Noto Sans Gujarati", "NotoSansGujarati-Bold", "NotoSansGujarati-Bold.ttf"),
    Face("Noto Sans Gurmukhi", "NotoSansGurmukhi-Bold", "NotoSansGurmukhi-Bold.ttf"),
    Face("Noto Sans Tamil", "NotoSansTamil-Bold", "NotoSansTamil-Bold.ttf", 0.95),
    Face("Noto Sans Telugu", "NotoSansTelugu-Bold", "NotoSansTelugu-Bold.ttf"),
    Face("Noto Sans Kannada", "NotoSansKannada-Bold", "NotoSansKannada-Bold.ttf"),
    Face("Noto Sans Malayalam", "NotoSansMalayalam-Bold", "NotoSansMalayalam-Bold.ttf", 0.95),
    Face("Noto Sans Thai", "NotoSansThai-Bold", "NotoSansThai-Bold.ttf", 1.15),
    Face("Noto Sans Georgian", "NotoSansGeorgian-Bold", "NotoSansGeorgian-Bold.ttf"),
    Face("Noto Sans Armenian", "NotoSansArmenian-Bold", "NotoSansArmenian-Bold.ttf"),
    Face("Noto Sans CJK SC", "NotoSansCJKsc-Bold", "NotoSansCJKsc-Bold-Subset.otf"),
)
"""In order of preference: the first face that has a character draws it."""


class TextRun(NamedTuple):
    """A stretch of text drawn by one face."""

    face: Face
    text: str


def runs(text: str) -> list[TextRun]:
    """Share `text` out among the faces. A face goes on as long as it can; what nobody can draw is left out."""
    found: list[TextRun] = []
    face: Face | None = None
    for character in text:
        chosen = _drawer(character, face)
        if chosen is None:
            continue
        if chosen is face:
            found[-1] = TextRun(chosen, found[-1].text + character)
        else:
            found.append(TextRun(chosen, character))
        face = chosen
    return found


def _drawer(character: str, current: Face | None) -> Face | None:
    """Find the face that draws `character`; joiners and direction marks have no look and go with what is before."""
    if category(character) == "Cf":
        return current or FACES[0]
    if current is not None and ord(character) in covered(current):
        return current
    return next((face for face in FACES if ord(character) in covered(face)), None)


@cache
def covered(face: Face) -> frozenset[int]:
    """Return the code points that `face` has a glyph for."""
    return frozenset(_mapped((DIRECTORY / face.file).read_bytes()))


def _mapped(font: bytes) -> Iterator[int]:
    """Every code point in the `cmap` table of an OpenType font, read from its formats 4 and 12."""
    cmap = _table_offset(font, b"cmap")
    (count,) = struct.unpack_from(">H", font, cmap + 2)
    for index in range(count):
        (offset,) = struct.unpack_from(">I", font, cmap + 4 + 8 * index + 4)
        (form,) = struct.unpack_from(">H", font, cmap + offset)
        if form == 4:
            yield from _format_4(font, cmap + offset)
        elif form == 12:
            yield from _format_12(font, cmap + offset)


def _table_offset(font: bytes, tag: bytes) -> int:
    (count,) = struct.unpack_from(">H", font, 4)
    for index in range(count):
        name, _, offset, _ = struct.unpack_from(">4sIII", font, 12 + 16 * index)
        if name == tag:
            return int(offset)
    raise AssertionError(f"a bundled font has no {tag!r} table")


def _format_4(font: bytes, at: int) -> Iterator[int]:
    segments = struct.unpack_from(">H", font, at + 6)[0] // 2
    ends = struct.unpack_from(f">{segments}H", font, at + 14)
    starts = struct.unpack_from(f">{segments}H", font, at + 16 + 2 * segments)
    for start, end in zip(starts, ends, strict=True):
        yield from range(start, end + 1 if end != 0xFFFF else end)


def _format_12(font: bytes, at: int) -> Iterator[int]:
    (groups,) = struct.unpack_from(">I", font, at + 12)
    for index in range(groups):
        start, end, _ = struct.unpack_from(">III", font, at + 16 + 12 * index)
        yield from range(start, end + 1)


_CHOICE = re.compile(r"fontselect: \((?P<family>.+?), \d+, \d+\) -> .*, (?P<postscript>[^,\s]+)\s*$", re.MULTILINE)


def unexpected_fonts(log: str, asked: Sequence[Face]) -> list[str]:
    """Names of fonts in libass' log that were not meant; empty when all is as it should be.

    The first choice for a family must be that family's own file; later ones, for single characters, any bundled one.
    """
    meant = {face.family: face.postscript for face in asked}
    bundled = {face.postscript for face in FACES}
    wrong: list[str] = []
    for choice in _CHOICE.finditer(log):
        first = meant.pop(choice["family"], None)
        if choice["postscript"] not in bundled or first not in (None, choice["postscript"]):
            wrong.append(choice["postscript"])
    return wrong
