"""Files on their way in: storage is set aside before a byte is written, a few come at once, a broken one leaves nothing.

They are written in a folder of the data that belongs to this process for as long as it lives (a lock on it says so), each in
a folder named by what was set aside for it. What a killed process left is freed by the next one that starts, on whatever
machine: the folder, and the storage that was held for each file in it.
"""

import logging
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

from reelbot.allowance import AccountRef
from reelbot.disk import locked
from reelbot.errors import TooBusy
from reelbot.records import owner_of
from reelbot.records.metered import give_back
from reelbot.studio.context import Room
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.files.content import Files, disk_errors
from reelbot.studio.library.assets import Assets, Held
from reelbot.studio.limits import UPLOADS_MAX, UPLOADS_OF_ACCOUNT_MAX

_BROKE_OFF = "The upload broke off."
_LEFT_BEHIND = "The server stopped while this was being uploaded."

_log = logging.getLogger(__name__)


class Place(NamedTuple):
    """Where a file on its way in is written, and the storage that is held for it.

    Both are None when its idempotency key was used before: then nothing of it is kept, and only its content counts.
    """

    folder: Path | None
    held: Held | None


class Uploads:
    """Files on their way into one process."""

    def __init__(self, room: Room, assets: Assets) -> None:
        self._room = room
        self._assets = assets
        self._spool = Spool(room.files)
        self._coming: Counter[tuple[int, int]] = Counter()

    @asynccontextmanager
    async def coming(self, account: AccountRef, bytes_max: int, key: str | None) -> AsyncIterator[Place]:
        """A place for a file of at most so many bytes, for as long as the block lasts.

        `Refused` when the storage limit has no room for it, `StudioRefused` when the account has too many on their way,
        `TooBusy` when everybody has. What was set aside and not used for an asset by then is given back.
        """
        with self._one_more(account):
            if key is not None and await self._room.store.keyed(owner_of(account), key) is not None:
                yield Place(None, None)
                return
            held = await self._assets.hold(account, bytes_max)
            try:
                with self._spool.folder(f"{held.asset}.{held.hold.id}") as folder:
                    yield Place(folder, held)
            finally:
                await self._assets.give_back(held, _BROKE_OFF)

    @contextmanager
    def _one_more(self, account: AccountRef) -> Iterator[None]:
        owner = (account.lane, account.id)
        if self._coming[owner] >= UPLOADS_OF_ACCOUNT_MAX:
            detail = (
                f"{UPLOADS_OF_ACCOUNT_MAX} uploads of yours are still on their way. Start this one when one has ended."
            )
            _log.info("Account %d has too many uploads on their way.", account.id)
            raise StudioRefused("too_many_requests", detail)
        if self._coming.total() >= UPLOADS_MAX:
            _log.warning("%d uploads are on their way: another one was refused.", UPLOADS_MAX)
            raise TooBusy("Too many uploads are on their way.", "Try again in a minute.")
        self._coming[owner] += 1
        try:
            yield
        finally:
            self._coming[owner] -= 1
            if not self._coming[owner]:
                del self._coming[owner]

    async def free_left_behind(self) -> None:
        """Remove what killed processes left, and give back the storage that was held for it."""
        for name in self._spool.left_behind():
            asset, _, hold = name.partition(".")
            await give_back(self._room.ledger, hold, _LEFT_BEHIND, asset)

    def close(self) -> None:
        """Remove the folder of this process."""
        self._spool.close()


class Spool:
    """The folder of the files that are on their way into this process, made when the first one comes."""

    def __init__(self, files: Files) -> None:
        self._root = files.uploads
        self._own: Path | None = None
        self._lock: int | None = None

    @contextmanager
    def folder(self, name: str) -> Iterator[Path]:
        """An empty folder of that name, removed afterwards whatever happens."""
        with disk_errors():
            folder = self._opened() / name
            folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _opened(self) -> Path:
        while self._own is None:
            self._root.mkdir(parents=True, exist_ok=True)
            path = Path(tempfile.mkdtemp(dir=self._root))
            lock = locked(path)
            if lock is not None and path.exists():
                self._own, self._lock = path, lock
            elif lock is not None:  # taken for the rest of a crash before it was locked
                os.close(lock)
        return self._own

    def left_behind(self) -> Iterator[str]:
        """The name of each folder that a process which is gone left; all are removed when they have been told."""
        for path in self._root.glob("*"):
            lock = locked(path)
            if lock is not None:
                yield from sorted(one.name for one in path.iterdir())
                shutil.rmtree(path, ignore_errors=True)
                os.close(lock)

    def close(self) -> None:
        """Remove the folder of this process."""
        if self._own is not None and self._lock is not None:
            shutil.rmtree(self._own, ignore_errors=True)
            os.close(self._lock)
            self._own = self._lock = None
