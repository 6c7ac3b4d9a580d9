"""A folder as a platform: every post is a folder of its own, named by its id, that appears whole or not at all."""

import asyncio
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reelbot.disk import is_full, sync
from reelbot.errors import Malformed
from reelbot.publish.core.posts import Delivered
from reelbot.publish.platforms.port import Connecting, KeepTicket, Part, PlatformFailure, Posting

_THERE = frozenset({errno.EEXIST, errno.ENOTEMPTY})


class Folder:
    """Publishes into folders on this machine, or on one that is mounted here. Relative places lie below `root`."""

    name = "folder"
    title = "Folder"

    def __init__(self, root: Path) -> None:
        self._root = root

    async def connect(self, asked: Connecting) -> str:
        """A folder below the data folder, or the one that an operator named, which must be there."""
        if asked.path is None:
            return f"publish/{asked.owner}/{asked.channel}"
        if not await asyncio.to_thread(_is_usable, asked.path):
            raise Malformed("path must name a folder that is there, and that this server may write to.", "path")
        return asked.path

    async def found(self, posting: Posting) -> Delivered | None:
        """The folder of the post, when it is there: it is renamed into its place when it is complete."""
        folder = self._folder(posting.place) / posting.key
        return _delivered(posting) if await asyncio.to_thread(folder.is_dir) else None

    async def publish(self, posting: Posting, keep_ticket: KeepTicket) -> Delivered:
        """Write everything beside, make it durable, and give it its name. Its name is the key: no ticket is needed."""
        await asyncio.to_thread(self._write, posting)
        return _delivered(posting)

    def _folder(self, place: str) -> Path:
        return self._root / place

    def _write(self, posting: Posting) -> None:
        folder = self._folder(posting.place)
        with _told():
            if not Path(posting.place).is_absolute():
                folder.mkdir(parents=True, exist_ok=True)
            beside = folder / f".{posting.key}.{secrets.token_hex(8)}"
            beside.mkdir()
            for part in posting.parts:
                _write_part(beside, part)
            sync(beside)
            _rename(beside, folder / posting.key)
            sync(folder)
            _sweep(folder, posting.key)


def _is_usable(path: str) -> bool:
    try:
        return Path(path).is_dir() and os.access(path, os.W_OK | os.X_OK)
    except ValueError:  # a zero byte
        return False


def _delivered(posting: Posting) -> Delivered:
    return Delivered(posting.key, f"{posting.place}/{posting.key}")


def _write_part(folder: Path, part: Part) -> None:
    path = folder / part.name
    if isinstance(part.content, Path):
        shutil.copyfile(part.content, path)
    else:
        path.write_text(part.content, encoding="utf-8")
    sync(path)


def _rename(beside: Path, target: Path) -> None:
    """Give the folder its name. When one of that name is there, another worker was quicker with the same content."""
    try:
        beside.rename(target)
    except OSError as error:
        if error.errno not in _THERE:
            raise
        shutil.rmtree(beside, ignore_errors=True)


def _sweep(folder: Path, key: str) -> None:
    """Remove what killed processes left of a post that is in its place: whoever still writes there can't replace it."""
    for left in folder.glob(f".{key}.*"):
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _told() -> Iterator[None]:
    """Tell what the disk says as a failure of the platform: another try may succeed, once somebody has seen to it."""
    try:
        yield
    except FileNotFoundError as error:
        detail = "The folder of this channel is not there."
        raise PlatformFailure(
            "folder_missing", detail, "Mount or make it; then try again.", is_retryable=True
        ) from error
    except OSError as error:
        if is_full(error):
            detail = "The disk of this channel is full."
            raise PlatformFailure("disk_full", detail, "Free some space; then try again.", is_retryable=True) from error
        detail = "The folder of this channel cannot be written to."
        hint = "Let the server write there; then try again."
        raise PlatformFailure("folder_unwritable", detail, hint, is_retryable=True) from error
