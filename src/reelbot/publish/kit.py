"""The kit of a video: everything that a platform's own form asks for. As files for platforms, as one ZIP to download."""

import io
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile, ZipInfo

from reelbot.clock import SECOND
from reelbot.publish.core.posts import Words, cleaned_hashtags, one_line
from reelbot.publish.limits import TITLE_LENGTH_MAX
from reelbot.publish.platforms.port import Part
from reelbot.studio import KeptVideo, Studio

_CHUNK = 1 << 18
_READABLE = 0o644 << 16
"""The mode of a file in a ZIP, where ZIP keeps it: without it some programs unpack files that nobody may read."""


class Kit(NamedTuple):
    """What is in a kit, and the name and instant that it bears."""

    name: str
    at: int
    parts: tuple[Part, ...]


def words_of(video: KeptVideo) -> Words:
    """What a video says of itself: its title and hashtags; its script, if it has one, as the description."""
    setup = video.facts.setup
    title = one_line(video.title)[:TITLE_LENGTH_MAX]
    return Words(title=title, description=setup.script, hashtags=cleaned_hashtags(setup.hashtags))


def parts_of(studio: Studio, video: KeptVideo, words: Words) -> tuple[Part, ...]:
    """The files of a video and what is said beside it. `FileMissing` when one of them is not there."""
    files = video.facts.files
    return (
        Part("video.mp4", studio.files.path(files.mp4)),
        Part("thumbnail.jpg", studio.files.path(files.thumbnail)),
        Part("captions.srt", studio.files.path(files.srt)),
        Part("captions.vtt", studio.files.path(files.vtt)),
        Part("post.txt", words.text),
    )


def zipped(kit: Kit) -> Generator[bytes]:
    """The ZIP, made while it is read: nothing of it lies on the disk, and little of it in memory."""
    pipe = _Pipe()
    with ZipFile(pipe, "w") as archive:
        for part in kit.parts:
            for _ in _written(archive, part, kit.at):
                yield pipe.taken()
    yield pipe.taken()


def _written(archive: ZipFile, part: Part, at: int) -> Iterator[None]:
    info = ZipInfo(part.name, datetime.fromtimestamp(at // SECOND, UTC).timetuple()[:6])
    info.external_attr = _READABLE
    with archive.open(info, "w") as target, _opened(part.content) as source:
        while chunk := source.read(_CHUNK):
            target.write(chunk)
            yield


def _opened(content: Path | str) -> io.BufferedIOBase:
    return io.BytesIO(content.encode()) if isinstance(content, str) else content.open("rb")


class _Pipe(io.RawIOBase):
    """Takes what is written, and gives it on: it cannot be read back or sought in."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        """It is for nothing else."""
        return True

    def write(self, given: bytes) -> int:  # type: ignore[override]
        """Take it."""
        self._waiting += given
        return len(given)

    def taken(self) -> bytes:
        """What was written since the last time."""
        taken, self._waiting = bytes(self._waiting), bytearray()
        return taken
