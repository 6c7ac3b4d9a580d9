"""Where finished pieces are kept by their key, and the private place in which one render works.

Everything in the cache is whole: a file gets its name there by a link made after it was written and synced. A render
takes what it finds as links into its own workspace, so that tidying up never pulls a piece away from under it. A
workspace is locked as long as its render lives; one that nobody locks is the rest of a crash and is removed.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reelbot.disk import is_full, locked
from reelbot.render.failures import DiskFull, RenderFailure
from reelbot.render.limits import CACHE_BYTES_MAX

_WORK = "work-"


class Cache:
    """Files by key in one directory, which any number of renders on one machine may share."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def take(self, key: str, into: Path) -> bool:
        """Make the file of `key` appear as `into`; says whether there was one."""
        kept = self._path(key)
        try:
            into.hardlink_to(kept)
            os.utime(kept)
        except FileNotFoundError:
            return False
        return True

    def keep(self, key: str, file: Path) -> None:
        """Keep a whole, synced file of the workspace under `key`. A file that is already there is the same one."""
        kept = self._path(key)
        kept.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            kept.hardlink_to(file)

    def prune(self, bytes_max: int = CACHE_BYTES_MAX) -> None:
        """Remove the files that were not used for longest until the rest is within `bytes_max`."""
        room = bytes_max
        for _, size, path in sorted(self._kept(), reverse=True):
            room -= size
            if room < 0:
                path.unlink(missing_ok=True)

    def _kept(self) -> Iterator[tuple[int, int, Path]]:
        """Every kept file: when it was last used, its size and where it is. Another render may be tidying up too."""
        for path in self.directory.glob("??/*"):
            with suppress(FileNotFoundError):
                facts = path.stat()
                yield facts.st_mtime_ns, facts.st_size, path

    def _path(self, key: str) -> Path:
        return self.directory / key[:2] / key

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """Make a directory beside the kept files that is gone when the block is left, however it is left."""
        with disk_errors():
            self.directory.mkdir(parents=True, exist_ok=True)
            self._sweep()
            path, lock = self._locked_directory()
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)

    def _locked_directory(self) -> tuple[Path, int]:
        """Make a directory of our own; again, when another render took it for the rest of a crash before it was locked."""
        while True:
            path = Path(tempfile.mkdtemp(prefix=_WORK, dir=self.directory)).resolve()
            lock = locked(path)
            if lock is not None and path.exists():
                return path, lock
            if lock is not None:
                os.close(lock)

    def _sweep(self) -> None:
        """Remove workspaces whose render died."""
        for path in self.directory.glob(f"{_WORK}*"):
            lock = locked(path)
            if lock is not None:
                shutil.rmtree(path, ignore_errors=True)
                os.close(lock)


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn what the disk complains about into our failures."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise DiskFull from error
        raise RenderFailure(f"A file could not be written: {error}.") from error
