"""Ingest of what a provider delivered: looked at, not believed; brought into form; kept by its content."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from reelbot.errors import Malformed
from reelbot.providers.port import Delivered, ProviderFailure
from reelbot.providers.works import AnimationWork, ImageWork, MusicWork, SpokenWord, VoiceoverWork, Work
from reelbot.render import Probed, normalise, probe
from reelbot.studio.core.draft import Media, MediaKind
from reelbot.studio.core.job import Made
from reelbot.studio.core.texts import kept_text
from reelbot.studio.files.content import Files

TOPICS_MAX = 10
"""Suggestions that are kept; five are asked for."""

TakingIn = Callable[[Files, Path, tuple[MediaKind, ...]], Awaitable[Media]]
"""Keeps a file that must be of one of these kinds; `Malformed` when it is not."""

_encode = msgspec.json.Encoder().encode


async def received(files: Files, take_in: TakingIn, work: Work, delivered: Delivered) -> Made:
    """What came, checked and kept. `Malformed` when it is not what was asked for."""
    match work:
        case ImageWork():
            return Made(label=delivered.label, media=await take_in(files, _path(delivered), ("image",)))
        case AnimationWork():
            return Made(label=delivered.label, media=await take_in(files, _path(delivered), ("clip",)))
        case MusicWork():
            return Made(label=delivered.label, media=await take_in(files, _path(delivered), ("audio",)))
        case VoiceoverWork():
            return await _voiceover(files, take_in, delivered)
        case _:
            return _text(work, delivered)


async def taken_in(files: Files, path: Path, kinds: tuple[MediaKind, ...]) -> Media:
    """Keep a file after a look at it; a picture the right way up, without what its camera wrote into it."""
    found = await probe(path)
    if found.kind not in kinds:
        raise Malformed(f"This is of kind {found.kind}; it must be {' or '.join(kinds)}.", "file")
    if found.kind == "image":
        kept = path.with_name(f"{path.name}.kept")
        path, found = kept, await normalise(path, kept)
    return await _kept(files, path, found)


async def _kept(files: Files, path: Path, found: Probed) -> Media:
    sha256 = await files.keep(path)
    return Media(
        sha256=sha256,
        kind=found.kind,
        bytes=files.size(sha256),
        container=found.container,
        width=found.width,
        height=found.height,
        duration_ms=found.duration_ms,
        is_hdr=found.is_hdr,
    )


async def _voiceover(files: Files, take_in: TakingIn, delivered: Delivered) -> Made:
    media = await take_in(files, _path(delivered), ("audio",))
    words = await files.keep_text(words_text(_in_order(delivered.words, media.duration_ms)))
    return Made(label=delivered.label, media=media, words=words)


def words_text(words: tuple[SpokenWord, ...]) -> str:
    """Word timings as they are kept."""
    return _encode(words).decode()


def words_from(text: str) -> tuple[SpokenWord, ...]:
    """Word timings that were kept."""
    return msgspec.json.decode(text, type=tuple[SpokenWord, ...])


def _in_order(words: tuple[SpokenWord, ...], duration_ms: int) -> tuple[SpokenWord, ...]:
    """Word timings that can be shown: each begins no earlier than the one before, and all are over with the sound."""
    ordered: list[SpokenWord] = []
    earliest = 0
    for word in words:
        start = min(max(word.start_ms, earliest), duration_ms)
        ordered.append(SpokenWord(word.text, start, min(max(word.end_ms, start), duration_ms)))
        earliest = start
    return tuple(ordered)


def _text(work: Work, delivered: Delivered) -> Made:
    suggestions = tuple(filter(None, map(kept_text, delivered.suggestions)))[:TOPICS_MAX]
    text = kept_text(delivered.text)
    if not text and not suggestions:
        raise ProviderFailure("The provider answered without a text.", "Try again.")
    return Made(label=delivered.label, text=text, suggestions=suggestions, hashtags=delivered.hashtags)


def _path(delivered: Delivered) -> Path:
    if delivered.path is None:
        raise ProviderFailure("The provider answered without a file.", "Try again.")
    return delivered.path
