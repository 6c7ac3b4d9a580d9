"""Captions: words gathered into pages, pages into cues that light one word at a time, cues into ASS for libass.

Pure. A *page* is what stands on the screen at once: two lines at most, never across a long pause, broken where a
sentence ends. A *cue* is a page with one word lit. Cues count frames, not milliseconds, so that the highlight changes
on the frame nearest to the voice's own mark and a segment's captions don't depend on where in the video it stands.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest
from typing import NamedTuple
from unicodedata import category, east_asian_width

from reelbot.render.camera_moves import FrameSize
from reelbot.render.fonts import Face, runs
from reelbot.render.layout import logo_reach
from reelbot.render.timeline import CaptionSize, Direction, TimedWord, Timeline

EM_SHARE: dict[CaptionSize, float] = {"small": 0.050, "medium": 0.064, "large": 0.082}
"""Height of an em as a share of the frame's shorter side: 54, 69 and 89 pixels on a 1080 wide video."""

LINE_SHARE = {"9:16": 0.76, "1:1": 0.84, "16:9": 0.66}
"""Share of the width that a line may take: on an upright phone the apps' own buttons stand in the rightmost ninth, and in a
wide frame the eye shouldn't travel from edge to edge."""

BOTTOM_SHARE = {"9:16": 0.25, "1:1": 0.10, "16:9": 0.085}
"""Free space below the captions: on an upright phone name, text and sound of a video cover the lowest quarter."""

LOGO_GAP = 0.012
"""Free space between the captions and a logo that stands below them, as a share of the frame's height."""

EM_TO_LINE = 1.362
"""ASS measures a font by its line height; this is the line height of the first bundled face in ems."""

PAGE_LINES = 1.6
"""How many full lines a page may hold: it is shown on two, and a glance should be enough to read it."""

FILL = 0.95
"""How full a line may be by estimate: real letters are a little wider at times."""

PAUSE_MS = 700
"""A silence that ends a page: the next words belong to another breath."""

LINGER_MS = 300
"""How long a page stays after its last word, and a word stays lit in a pause."""

OVERTONE = 0.08
"""Outline and shadow as a share of the em: legible on white snow and on black night alike."""

_SENTENCE_ENDS = tuple(".!?…。！？؟।॥۔")
_CLAUSE_ENDS = tuple(",;:—–،؛、，；：")
_CLOSERS = "\"'”’»)]}」』）"
_NARROW = set("iIl.,'|!:;jtfr()[]-‘’“”` ")
_BROAD = set("mwMWШЩЖЮФЫшщжюфым@%—…")

RIGHT_TO_LEFT_MARK = "\u200f"


class CaptionPage(NamedTuple):
    """Words that stand on the screen together."""

    words: tuple[TimedWord, ...]
    end_ms: int

    @property
    def start_ms(self) -> int:
        """When its first word is spoken."""
        return self.words[0].start_ms


class Cue(NamedTuple):
    """A page on the screen for the frames from `first` until before `end`, with word `lit` highlighted, or none (-1).

    The words stand in `lines`; `lit` counts through all of them.
    """

    first: int
    end: int
    lines: tuple[tuple[str, ...], ...]
    lit: int
    shrink: float = 1.0


class Look(NamedTuple):
    """Everything that decides how cues are drawn, apart from their words."""

    frame: FrameSize
    em: float
    bottom: float
    text_colour: str
    accent_colour: str
    outline_colour: str
    direction: Direction
    language: str


def look_of(timeline: Timeline, frame: FrameSize) -> Look:
    """Find the look of a timeline's captions on a frame of that size."""
    em = EM_SHARE[timeline.caption_size] * min(frame)
    brand = timeline.brand
    colours = (brand.text_colour, brand.accent_colour, brand.outline_colour)
    return Look(frame, em, _bottom(timeline, frame), *colours, timeline.direction, timeline.language)


def _bottom(timeline: Timeline, frame: FrameSize) -> float:
    """Find the free space below the captions: more where a full line would run into a logo beside it."""
    usual = BOTTOM_SHARE[timeline.aspect] * frame.height
    brand, reach = timeline.brand, logo_reach(frame)
    line_begins = (1 - LINE_SHARE[timeline.aspect]) / 2 * frame.width
    if brand.logo is None or brand.corner.startswith("top") or reach.width < line_begins:
        return usual
    return max(usual, reach.height + LOGO_GAP * frame.height)


def line_ems(timeline: Timeline, frame: FrameSize) -> float:
    """How many ems a line of captions may be long."""
    return LINE_SHARE[timeline.aspect] * frame.width / (EM_SHARE[timeline.caption_size] * min(frame))


# Pages


def pages_of(words: Sequence[TimedWord], line: float, length_ms: int) -> tuple[CaptionPage, ...]:
    """Gather `words` into pages of two lines of `line` ems; each stays until the next, or lingers into a pause."""
    shown = [word for word in words if runs(word.text)]
    groups = [page for sentence in _sentences(shown) for page in _even_pages(sentence, line)]
    following = [*(group[0].start_ms for group in groups), length_ms][1:]
    return tuple(
        CaptionPage(group, min(next_ms, group[-1].end_ms + LINGER_MS))
        for group, next_ms in zip(groups, following, strict=True)
    )


def _sentences(words: Sequence[TimedWord]) -> Iterator[list[TimedWord]]:
    """Stretches of words that no page may cross: to the end of a sentence, or to a long pause."""
    stretch: list[TimedWord] = []
    for word, following in zip_longest(words, words[1:]):
        stretch.append(word)
        pauses = following is None or following.start_ms - word.end_ms >= PAUSE_MS
        if pauses or word.text.rstrip(_CLOSERS).endswith(_SENTENCE_ENDS):
            yield stretch
            stretch = []


def _even_pages(sentence: Sequence[TimedWord], line: float) -> Iterator[tuple[TimedWord, ...]]:
    """Cut a sentence into pages that are full but not over-full, preferably after a comma, with no word left alone.

    The cheapest of all ways to cut it, found from the end backwards: `best[n]` is the way for the words from `n` on.
    """
    texts = [word.text for word in sentence]
    best: list[tuple[float, int]] = [(0.0, len(texts))] * (len(texts) + 1)
    for first in reversed(range(len(texts))):
        ends = range(first + 1, _longest_end(texts, first, line) + 1)
        best[first] = min((_page_cost(texts, first, end, line) + best[end][0], end) for end in ends)
    first = 0
    while first < len(sentence):
        end = best[first][1]
        yield tuple(sentence[first:end])
        first = end


def _longest_end(texts: Sequence[str], first: int, line: float) -> int:
    """Where the longest page that starts at `first` ends; a page has at least one word, however long that is."""
    end = first + 1
    while end < len(texts) and _is_page(texts[first : end + 1], line):
        end += 1
    return end


def _is_page(words: Sequence[str], line: float) -> bool:
    """Whether several words can stand on a page without being drawn smaller."""
    return text_ems(words) <= _page_ems(line) and all(text_ems(each) <= line for each in lines_of(words, line))


def _page_ems(line: float) -> float:
    return PAGE_LINES * line * FILL


def _page_cost(texts: Sequence[str], first: int, end: int, line: float) -> float:
    """How little a page pleases: free space counts by its square, a word alone much, a clause that ends there less."""
    free = 1 - min(1.0, text_ems(texts[first:end]) / _page_ems(line))
    is_alone = end - first == 1 and len(texts) > 1
    ends_clause = texts[end - 1].rstrip(_CLOSERS).endswith(_CLAUSE_ENDS)
    return 0.15 + free * free + 0.5 * is_alone - 0.25 * ends_clause


# Widths and lines


def text_ems(words: Sequence[str]) -> float:
    """About how wide `words` are side by side, in ems."""
    gaps = sum(0.26 for before, after in pairwise(words) if glue(before, after))
    return gaps + sum(_character_ems(character) for word in words for character in word)


def _character_ems(character: str) -> float:
    if category(character) in ("Mn", "Cf", "Me"):
        return 0.0
    if east_asian_width(character) in "WF":
        return 1.0
    if character in _NARROW:
        return 0.36
    if character in _BROAD:
        return 0.95
    return 0.72 if character.isupper() else 0.6


def glue(before: str, after: str) -> str:
    """Return what stands between two words: a space, or nothing in Chinese, Japanese and Thai."""
    return "" if _is_unspaced(before[-1:]) and _is_unspaced(after[:1]) else " "


def _is_unspaced(character: str) -> bool:
    is_thai = "\u0e00" <= character <= "\u0e7f"
    is_hangul = "\uac00" <= character <= "\ud7a3"
    return is_thai or (character != "" and east_asian_width(character) in "WF" and not is_hangul)


def lines_of(words: Sequence[str], line: float) -> tuple[tuple[str, ...], ...]:
    """One line if it fits, else two of about the same length."""
    if len(words) < 2 or text_ems(words) <= line * FILL:
        return (tuple(words),)
    cut = min(range(1, len(words)), key=lambda n: max(text_ems(words[:n]), text_ems(words[n:])))
    return (tuple(words[:cut]), tuple(words[cut:]))


def _shrink(lines: Sequence[Sequence[str]], line: float) -> float:
    """How much smaller a page must be drawn so that its longest line fits: 1 nearly always."""
    return min(1.0, round(line / max(text_ems(words) for words in lines), 3))


# Cues


def cues_of(pages: Sequence[CaptionPage], line: float, fps: int) -> tuple[Cue, ...]:
    """Every page, once for each word that is lit in it, in frames of the whole video."""
    return tuple(cue for page in pages for cue in _page_cues(page, line, fps) if cue.first < cue.end)


def _page_cues(page: CaptionPage, line: float, fps: int) -> Iterator[Cue]:
    lines = lines_of([word.text for word in page.words], line)
    shrink = _shrink(lines, line)
    starts = [frame_at(word.start_ms, fps) for word in page.words] + [frame_at(page.end_ms, fps)]
    for index, word in enumerate(page.words):
        dark = min(starts[index + 1], frame_at(word.end_ms + LINGER_MS, fps))
        yield Cue(starts[index], dark, lines, index, shrink)
        yield Cue(dark, starts[index + 1], lines, -1, shrink)


def frame_at(instant_ms: int, fps: int) -> int:
    """Find the frame whose beginning is nearest to an instant."""
    return (instant_ms * fps * 2 + 1000) // 2000


def cues_within(cues: Sequence[Cue], first: int, end: int) -> tuple[Cue, ...]:
    """Return the cues seen in the frames from `first` until before `end`, counted from `first`."""
    return tuple(
        cue._replace(first=max(cue.first, first) - first, end=min(cue.end, end) - first)
        for cue in cues
        if cue.first < end and cue.end > first
    )


# ASS


def ass_of(cues: Sequence[Cue], look: Look, fps: int) -> str:
    """Write an ASS script that draws `cues`; its first frame is frame 0."""
    dialogue = [
        f"Dialogue: 0,{_ass_time(cue.first, fps)},{_ass_time(cue.end, fps)},Caption,,0,0,0,,{_ass_text(cue, look)}"
        for cue in cues
    ]
    return "\n".join([*_ass_head(look), *dialogue, ""])


def faces_of(cues: Sequence[Cue]) -> tuple[Face, ...]:
    """Return the faces that `ass_of` asks libass for."""
    words = {word for cue in cues for line in cue.lines for word in line}
    return tuple(dict.fromkeys(run.face for word in sorted(words) for run in runs(word)))


def _ass_head(look: Look) -> list[str]:
    size = round(look.em * EM_TO_LINE, 1)
    side = round((1 - LINE_SHARE["9:16"]) / 2 * look.frame.width * 0.5)
    edge = look.em * OVERTONE
    return [
        "[Script Info]",
        "ScriptType: v4.00+",
        f"PlayResX: {look.frame.width}",
        f"PlayResY: {look.frame.height}",
        "WrapStyle: 0",
        "ScaledBorderAndShadow: yes",
        "YCbCr Matrix: TV.709",
        f"Language: {look.language}",
        "",
        "[V4+ Styles]",
        "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
        "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, "
        "MarginR, MarginV, Encoding",
        # Encoding -1 lets libass find the direction of each line by its own letters.
        f"Style: Caption,Noto Sans,{size},{_ass_colour(look.text_colour)},&H00FFFFFF,"
        f"{_ass_colour(look.outline_colour)},&H96000000,1,0,0,0,100,100,0,0,1,{edge:.2f},{edge * 0.55:.2f},2,"
        f"{side},{side},{round(look.bottom)},-1",
        "",
        "[Events]",
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
    ]


def _ass_colour(colour: str) -> str:
    """`#RRGGBB` as ASS writes it: blue first, and 00 for opaque."""
    return f"&H00{colour[5:7]}{colour[3:5]}{colour[1:3]}".upper()


def _ass_time(frame: int, fps: int) -> str:
    """Write a time between the frame before and `frame`: ASS counts hundredths, so the middle is the safe place."""
    hundredths = max(0, ((2 * frame - 1) * 100 + fps) // (2 * fps))
    seconds, rest = divmod(hundredths, 100)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:02d}"


def _ass_text(cue: Cue, look: Look) -> str:
    """Write the words of a cue with their fonts, line breaks and the lit one in the accent colour."""
    mark = RIGHT_TO_LEFT_MARK if look.direction == "rtl" else ""
    written: list[str] = []
    position = 0
    for line in cue.lines:
        written.append(mark + _ass_line(line, cue.lit - position, cue.shrink, look))
        position += len(line)
    return r"\N".join(written)


def _ass_line(words: Sequence[str], lit: int, shrink: float, look: Look) -> str:
    parts: list[str] = []
    for index, word in enumerate(words):
        gap = glue(words[index - 1], word) if index else ""
        text = "".join(_ass_run(run.face, run.text, shrink, look) for run in runs(word))
        if index == lit:
            text = f"{{\\1c{_ass_colour(look.accent_colour)}&}}{text}{{\\1c{_ass_colour(look.text_colour)}&}}"
        parts.append(gap + text)
    return "".join(parts)


def _ass_run(face: Face, text: str, shrink: float, look: Look) -> str:
    size = round(look.em * EM_TO_LINE * face.scale * shrink, 1)
    return f"{{\\fn{face.family}\\fs{size}}}{_ass_escaped(text)}"


def _ass_escaped(text: str) -> str:
    """Text in which nothing is taken for an override: a word joiner parts a backslash from what would follow it."""
    safe = "".join(" " if category(character) == "Cc" else character for character in text)
    return safe.replace("\\", "\\\u2060").replace("{", "\\{").replace("}", "\\}")
