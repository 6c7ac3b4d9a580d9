"""What a video is made of: the one value that rendering is given, and the check that it can be meant.

Instants inside a video are whole milliseconds from its beginning. The voice is the clock: scenes and words are placed
on it by the caller, and no scene may end the video before the voice does.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from reelbot.errors import Malformed
from reelbot.render.limits import LENGTH_MS_MAX, SCENES_MAX, WORD_LENGTH_MAX, WORDS_MAX

Aspect = Literal["9:16", "1:1", "16:9"]
CaptionSize = Literal["small", "medium", "large"]
Corner = Literal["top-left", "top-right", "bottom-left", "bottom-right"]
Direction = Literal["ltr", "rtl"]
MediaKind = Literal["image", "clip", "audio"]

RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"})
"""Languages written from right to left, by the first part of their tag."""

TAIL_MS = 600
"""What a video lasts beyond its voice: time for the last word to sink in."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_HASH = re.compile(r"[0-9a-f]{64}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


class MediaFile(NamedTuple):
    """A file and what was found out about it when it came in. Two files with one `sha256` are the same picture."""

    path: Path
    sha256: str
    kind: MediaKind
    width: int = 0
    height: int = 0
    duration_ms: int = 0
    is_hdr: bool = False


class TimelineScene(NamedTuple):
    """One picture or clip on the clock of the video, from `start_ms` until before `end_ms`."""

    media: MediaFile
    start_ms: int
    end_ms: int


class TimedWord(NamedTuple):
    """One spoken word, written as it is shown, with its punctuation."""

    text: str
    start_ms: int
    end_ms: int


class Brand(NamedTuple):
    """How it should look: colours as `#RRGGBB`, and a logo in a corner."""

    text_colour: str = "#FFFFFF"
    accent_colour: str = "#FFD60A"
    outline_colour: str = "#0B0B0F"
    logo: MediaFile | None = None
    corner: Corner = "top-right"


class Timeline(NamedTuple):
    """A whole video, ready to be rendered. Scenes follow each other without gaps from 0."""

    scenes: tuple[TimelineScene, ...]
    words: tuple[TimedWord, ...] = ()
    voice: MediaFile | None = None
    music: MediaFile | None = None
    aspect: Aspect = "9:16"
    fps: int = 30
    caption_size: CaptionSize = "medium"
    brand: Brand = Brand()
    language: str = "en"
    seed: int = 0

    @property
    def length_ms(self) -> int:
        """Where the last scene ends."""
        return self.scenes[-1].end_ms

    @property
    def direction(self) -> Direction:
        """Which way the captions run."""
        return "rtl" if self.language.split("-")[0].lower() in RIGHT_TO_LEFT else "ltr"


def scenes_between(media: Sequence[MediaFile], words: Sequence[TimedWord], length_ms: int) -> tuple[TimelineScene, ...]:
    """Give every picture an equal share of `length_ms`, moving each cut to the nearest pause between two words.

    A cut moves by a quarter of a share at most, so that no scene becomes a flash.
    """
    if not media:
        raise Malformed("There is no picture or clip to show.", "scenes")
    share = length_ms / len(media)
    pauses = [(before.end_ms + after.start_ms) // 2 for before, after in pairwise(words)]
    cuts = [0, *(_nearest(pauses, round(share * n), share / 4) for n in range(1, len(media))), length_ms]
    return tuple(TimelineScene(*row) for row in zip(media, cuts, cuts[1:], strict=False))


def opening_of(timeline: Timeline, length_ms: int) -> Timeline:
    """The beginning of a timeline, at most so long, with the words that are over by then."""
    if timeline.length_ms <= length_ms:
        return timeline
    scenes = [
        scene._replace(end_ms=min(scene.end_ms, length_ms)) for scene in timeline.scenes if scene.start_ms < length_ms
    ]
    words = [word for word in timeline.words if word.end_ms <= length_ms]
    return timeline._replace(scenes=tuple(scenes), words=tuple(words))


def _nearest(pauses: Iterable[int], wanted: int, reach: float) -> int:
    within = (pause for pause in pauses if abs(pause - wanted) <= reach)
    return min(within, key=lambda pause: abs(pause - wanted), default=wanted)


def with_absolute_paths(timeline: Timeline) -> Timeline:
    """The same timeline for processes that work in another directory."""
    scenes = tuple(scene._replace(media=_absolute(scene.media)) for scene in timeline.scenes)
    brand, voice, music = timeline.brand, timeline.voice, timeline.music
    return timeline._replace(
        scenes=scenes,
        voice=voice and _absolute(voice),
        music=music and _absolute(music),
        brand=brand._replace(logo=brand.logo and _absolute(brand.logo)),
    )


def _absolute(media: MediaFile) -> MediaFile:
    return media._replace(path=media.path.absolute())


def check(timeline: Timeline) -> None:
    """Raise `Malformed`, naming the part at fault, unless `timeline` can be rendered as it stands."""
    _check_choices(timeline)
    _check_scenes(timeline.scenes)
    _check_words(timeline.words, timeline.length_ms)
    _check_brand(timeline.brand)
    for name, media in (("voice", timeline.voice), ("music", timeline.music)):
        if media is not None:
            _check_media(media, name, ("audio", "clip"))
    if timeline.voice is not None and timeline.voice.duration_ms > timeline.length_ms:
        raise Malformed("The scenes end before the voice does.", "scenes")


def _check_choices(timeline: Timeline) -> None:
    for name, value, known in (
        ("aspect", timeline.aspect, get_args(Aspect)),
        ("caption_size", timeline.caption_size, get_args(CaptionSize)),
    ):
        if value not in known:
            raise Malformed(f"{name} is {value!r}; it can be {', '.join(known)}.", name)
    if not 1 <= timeline.fps <= 60:
        raise Malformed(f"fps is {timeline.fps}; it can be 1 to 60.", "fps")
    if not _LANGUAGE.fullmatch(timeline.language):
        raise Malformed(f"{timeline.language!r} is not a language tag such as en or pt-BR.", "language")


def _check_scenes(scenes: Sequence[TimelineScene]) -> None:
    if not 1 <= len(scenes) <= SCENES_MAX:
        raise Malformed(f"A video has 1 to {SCENES_MAX} scenes, not {len(scenes)}.", "scenes")
    expected = 0
    for index, scene in enumerate(scenes):
        _check_media(scene.media, f"scenes[{index}].media", ("image", "clip"))
        if scene.start_ms != expected or scene.end_ms <= scene.start_ms:
            raise Malformed(f"Scene {index + 1} must start at {expected} ms and end later.", f"scenes[{index}]")
        expected = scene.end_ms
    if expected > LENGTH_MS_MAX:
        raise Malformed(f"A video lasts {LENGTH_MS_MAX // 1000} s at most.", "scenes")


def _check_words(words: Sequence[TimedWord], length_ms: int) -> None:
    if len(words) > WORDS_MAX:
        raise Malformed(f"A video has {WORDS_MAX} words at most, not {len(words)}.", "words")
    earliest = 0
    for index, word in enumerate(words):
        if not earliest <= word.start_ms <= word.end_ms <= length_ms:
            raise Malformed(f"Word {index + 1} is not in its place on the clock.", f"words[{index}]")
        if len(word.text) > WORD_LENGTH_MAX:
            raise Malformed(f"Word {index + 1} has more than {WORD_LENGTH_MAX} characters.", f"words[{index}]")
        earliest = word.start_ms


def _check_brand(brand: Brand) -> None:
    for name in ("text_colour", "accent_colour", "outline_colour"):
        if not _COLOUR.fullmatch(getattr(brand, name)):
            raise Malformed(f"{name} must look like #FFD60A.", f"brand.{name}")
    if brand.corner not in get_args(Corner):
        raise Malformed(f"corner can be {', '.join(get_args(Corner))}.", "brand.corner")
    if brand.logo is not None:
        _check_media(brand.logo, "brand.logo", ("image",))


def _check_media(media: MediaFile, field: str, kinds: Sequence[MediaKind]) -> None:
    if media.kind not in kinds:
        raise Malformed(f"{field} is a file of kind {media.kind!r}; it must be {' or '.join(kinds)}.", field)
    if not _HASH.fullmatch(media.sha256):
        raise Malformed(f"{field} has no content hash.", field)
