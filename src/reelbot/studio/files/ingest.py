"""Ingest of what a provider delivered: looked at, not believed; brought into form; kept by its content."""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import msgspec

from reelbot.errors import Malformed
from reelbot.providers.port import ProviderFailure
from reelbot.providers.works import SpokenWord
from reelbot.render import Probed, normalise, probe
from reelbot.studio.core.draft import Media, MediaKind
from reelbot.studio.core.texts import kept_text
from reelbot.studio.files.content import Files

TOPICS_MAX = 10
"""Suggestions that are kept; five are asked for."""

TakingIn = Callable[[Files, Path, tuple[MediaKind, ...]], Awaitable[Media]]
"""Keeps a file that must be of one of these kinds; `Malformed` when it is not."""

_encode = msgspec.json.Encoder().encode


class FileIntake:
    """Checks and keeps what was delivered, for the action that it was delivered for."""

    def __init__(self, files: Files, take_in: TakingIn) -> None:
        self._files = files
        self._take_in = take_in

    async def file(self, path: Path | None, *kinds: MediaKind) -> Media:
        """A file, which must be of one of these kinds: `Malformed` when it is not, `ProviderFailure` when there is none."""
        if path is None:
            raise ProviderFailure("The provider answered without a file.", "Try again.")
        return await self._take_in(self._files, path, kinds)

    async def words(self, words: tuple[SpokenWord, ...], media: Media) -> str:
        """The timings of words, in order and within the sound, by their content."""
        return await self._files.keep_text(words_text(_in_order(words, media.duration_ms)))

    def text(self, text: str) -> str:
        """A text as it is kept; `ProviderFailure` when there is none."""
        return self.texts([text])[0]

    def texts(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Several of them, those that say nothing left out; `ProviderFailure` when there is none."""
        kept = tuple(filter(None, map(kept_text, texts)))[:TOPICS_MAX]
        if not kept:
            raise ProviderFailure("The provider answered without a text.", "Try again.")
        return kept


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
