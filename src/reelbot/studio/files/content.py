"""Files by the hash of their content, on a disk that every worker of an installation shares.

A file appears whole or not at all: it is written beside, synced and renamed. The same content is kept once. Nothing here
knows whose a file is; whoever hands one out has looked that up.
"""

import asyncio
import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from reelbot.disk import is_full, sync
from reelbot.errors import Failure

_SHA = re.compile(r"[0-9a-f]{64}")

_ASIDE = ".freed"
"""At the end of the name of a file that is being removed."""


class StorageFull(Failure):
    """The disk is full; nothing was half written."""

    code = "disk_full"
    retryable = True


class FileMissing(Failure):
    """A file that should be here is not."""

    code = "file_missing"


class Files:
    """The folder of one installation's files."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._kept = root / "files"
        self._desks = root / "desks"
        self.uploads = root / "uploads"
        self.samples = root / "samples"
        self._unnamed = root / "unnamed.json"
        self.cache = root / "render"

    def open(self) -> None:
        """Make the folders."""
        with disk_errors():
            for folder in (self._kept, self._desks, self.cache):
                folder.mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """Where the file of that content is; `FileMissing` when it isn't there."""
        path = self._place(sha256)
        if not path.is_file():
            raise FileMissing("A file of this video is missing on the disk.", "Restore it from a backup or replace it.")
        return path

    def has(self, sha256: str) -> bool:
        """Whether the file of that content is here."""
        return self._place(sha256).is_file()

    def size(self, sha256: str) -> int:
        """How many bytes the file of that content has."""
        return self.path(sha256).stat().st_size

    async def keep(self, source: Path) -> str:
        """Move a file in; the hash of its content."""
        return await asyncio.to_thread(self._keep, source)

    async def keep_text(self, text: str) -> str:
        """Keep a text, in UTF-8; the hash of its content."""
        return await asyncio.to_thread(self._keep_text, text)

    def linked(self, sha256: str, name: str, folder: Path) -> Path:
        """The file of that content under another name in a desk's folder; `FileMissing` when it isn't there."""
        return linked(self.path(sha256), folder / f"kept{Path(name).suffix}")

    def require_room(self, spare_bytes: int) -> None:
        """Raise `StorageFull` when the disk has less than that."""
        if shutil.disk_usage(self._root).free < spare_bytes:
            raise StorageFull("The disk of the studio is full.", "Free some space; then try again.")

    def unnamed(self) -> dict[str, float]:
        """The files that nothing named when that was looked at last, and since when that is known."""
        try:
            return msgspec.json.decode(self._unnamed.read_bytes(), type=dict[str, float])
        except (FileNotFoundError, msgspec.DecodeError):  # what is forgotten is found again, and stays longer
            return {}

    def note_unnamed(self, since: Mapping[str, float]) -> None:
        """Remember which files nothing names, and since when."""
        with self.desk() as folder, disk_errors():
            path = folder / "unnamed"
            path.write_bytes(msgspec.json.encode(since))
            path.replace(self._unnamed)

    def is_newer(self, sha256: str, at_seconds: float) -> bool:
        """Whether the file of that content was kept since an instant, in seconds since the epoch."""
        try:
            return self._place(sha256).stat().st_mtime >= at_seconds
        except FileNotFoundError:
            return False

    def older_than(self, before_seconds: float) -> Iterator[str]:
        """The files that were last kept before an instant, in seconds since the epoch."""
        for place in self._kept.glob("??/*"):
            with suppress(FileNotFoundError):
                if place.stat().st_mtime < before_seconds:
                    yield place.parent.name + place.name.removesuffix(_ASIDE)

    def free(self, sha256: str, before_seconds: float) -> int:
        """Remove a file that nothing names, unless it was kept again since; how many bytes that gives back.

        It is moved aside first and looked at there, so that whoever keeps the same content at this moment either is
        seen here or finds it gone and writes it anew.
        """
        place = self._place(sha256)
        aside = place.with_name(place.name + _ASIDE)
        with suppress(FileNotFoundError):  # a crash, or another process, has moved it already
            place.rename(aside)
        with suppress(FileNotFoundError):
            facts = aside.stat()
            if facts.st_mtime >= before_seconds:
                aside.replace(place)
                return 0
            aside.unlink()
            return facts.st_size
        return 0

    @contextmanager
    def desk(self) -> Iterator[Path]:
        """An empty folder to work in, on the same disk, removed afterwards whatever happens."""
        with disk_errors():
            folder = Path(tempfile.mkdtemp(dir=self._desks))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def sweep_desks(self, older_than_seconds: float, now_seconds: float) -> None:
        """Remove the folders that killed processes left behind."""
        for folder in self._desks.iterdir():
            try:
                if now_seconds - folder.stat().st_mtime > older_than_seconds:
                    shutil.rmtree(folder, ignore_errors=True)
            except FileNotFoundError:
                continue

    def _place(self, sha256: str) -> Path:
        assert _SHA.fullmatch(sha256), "a file is named by its hash"
        return self._kept / sha256[:2] / sha256[2:]

    def _keep(self, source: Path) -> str:
        with disk_errors():
            with source.open("rb") as read:
                sha256 = hashlib.file_digest(read, "sha256").hexdigest()
                os.fsync(read.fileno())
            target = self._place(sha256)
            if _is_kept_again(target):
                source.unlink()
                return sha256
            target.parent.mkdir(exist_ok=True)
            self._place_whole(source, target)
            sync(target.parent)
        return sha256

    def _place_whole(self, source: Path, target: Path) -> None:
        """Give a file its name, at once and in whole: one from another disk is copied beside first."""
        try:
            source.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            with self.desk() as folder:
                copy = Path(shutil.copyfile(source, folder / "copy"))
                sync(copy)
                copy.replace(target)
            source.unlink()

    def _keep_text(self, text: str) -> str:
        with self.desk() as folder, disk_errors():
            path = folder / "text"
            path.write_text(text, encoding="utf-8")
            return self._keep(path)


def linked(path: Path, place: Path) -> Path:
    """The same file under one more name, which takes no room; a copy where the disk knows no such thing."""
    with disk_errors():
        try:
            os.link(path, place)
        except FileExistsError:
            raise
        except OSError:
            shutil.copyfile(path, place)
    return place


@contextmanager
def disk_errors() -> Iterator[None]:
    """Tell a full disk as `StorageFull`."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise StorageFull("The disk of the studio is full.", "Free some space; then try again.") from error
        raise


def _is_kept_again(place: Path) -> bool:
    """Whether a file is there; then it is as new as one that was kept just now."""
    try:
        os.utime(place)
    except FileNotFoundError:
        return False
    return True
