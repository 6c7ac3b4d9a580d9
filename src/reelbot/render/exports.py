"""Captions to take along: SRT, WebVTT and the words with their times as JSON. Pure; texts in, text out."""

import html
import json
from collections.abc import Sequence
from itertools import pairwise
from unicodedata import category

from reelbot.render.captions import CaptionPage, glue, lines_of
from reelbot.render.timeline import TimedWord


def srt_of(pages: Sequence[CaptionPage], line: float) -> str:
    """Write the pages as SubRip, numbered from 1."""
    blocks = (
        f"{number}\n{_clock(page.start_ms, ',')} --> {_clock(page.end_ms, ',')}\n{_text(page, line)}\n"
        for number, page in enumerate(pages, 1)
    )
    return "\n".join(blocks)


def vtt_of(pages: Sequence[CaptionPage], line: float) -> str:
    """Write the pages as WebVTT; `&`, `<` and `>` are escaped, because there they would be markup."""
    blocks = (
        f"{_clock(page.start_ms, '.')} --> {_clock(page.end_ms, '.')}\n{html.escape(_text(page, line), quote=False)}\n"
        for page in pages
    )
    return "\n".join(["WEBVTT\n", *blocks])


def words_json(words: Sequence[TimedWord], language: str) -> str:
    """Every word with its times in milliseconds, as it was spoken: nothing is left out that can't be drawn."""
    return json.dumps({"language": language, "words": [word._asdict() for word in words]}, ensure_ascii=False, indent=1)


def _text(page: CaptionPage, line: float) -> str:
    lines = lines_of([_plain(word.text) for word in page.words], line)
    return "\n".join(_joined(words) for words in lines)


def _joined(words: Sequence[str]) -> str:
    return words[0] + "".join(glue(before, word) + word for before, word in pairwise(words))


def _plain(word: str) -> str:
    """Return a word without line breaks and other control characters, which would end a block."""
    return "".join(" " if category(character) == "Cc" else character for character in word)


def _clock(at_ms: int, separator: str) -> str:
    seconds, rest = divmod(at_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{separator}{rest:03d}"
