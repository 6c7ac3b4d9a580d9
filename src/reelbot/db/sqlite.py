"""SQLite behind the database port: one writer, a few readers, every commit synced to the disk.

- One connection writes, guarded by a lock; a transaction begins with BEGIN IMMEDIATE, so it never fails halfway because
  somebody else wrote first. Another program's lock is waited for without stopping the event loop.
- Statements run on the event loop's thread and COMMIT in another one; see `reelbot.db.commits`. Only a commit of a few
  rows on a disk that has just shown itself quick is made on the spot: whoever is alone would wait longer for the thread.
- Readers see the last commit (WAL) and never wait for the writer.
- A task may be cancelled at any moment: the lock is given back only when the connection is outside any transaction.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from math import inf
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Final, Self, TypeVar

from reelbot.db.commits import CommitThread
from reelbot.db.port import Dialect, Row
from reelbot.db.sqlite_errors import failure_from, failure_of, is_locked
from reelbot.errors import DatabaseFailure

LOCK_SECONDS = 5.0
"""How long another program's lock is waited for: longer than any honest commit, shorter than a client's patience."""

READERS_MAX = 4
"""Readers open at once: statements run on one thread, so more would only hold more snapshots back from checkpoints."""

_WRITER_CACHE_KIB = 32_768
_READER_CACHE_KIB = 8_192
_CHECKPOINT_PAGES = 4_000  # 16 MB: the log stays small, and a hot page is copied once for many commits
_CACHED_STATEMENTS = 512
_HERE_ROWS_MAX = 16  # twice what one command writes; more come from a crowd, which the thread serves better
_HERE_SECONDS_MAX = 0.002  # the event loop may stand still for less than the interpreter's own turn of a thread
_FIRST_WAIT_SECONDS = 0.001
_LONGEST_WAIT_SECONDS = 0.05

_EACH = ("PRAGMA foreign_keys = ON", "PRAGMA temp_store = MEMORY")
_WRITER = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}",
    f"PRAGMA cache_size = -{_WRITER_CACHE_KIB}",
)
_READER = (f"PRAGMA cache_size = -{_READER_CACHE_KIB}", "PRAGMA query_only = ON")

_opened: "set[SqliteDatabase]" = set()
"""What is open in this process, and what its parent had open when it was forked from it."""

T = TypeVar("T")


class SqliteConnection:
    """One open transaction or reading. Must not be used after its block has ended."""

    dialect: Final[Dialect] = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._raw: sqlite3.Connection | None = None

    async def fetch(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one statement and return all its rows."""
        raw = self._open()
        try:
            return raw.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise self._failure(raw, error) from error

    async def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run one statement and return how many rows it changed."""
        raw = self._open()
        try:
            return raw.execute(sql, parameters).rowcount
        except sqlite3.Error as error:
            raise self._failure(raw, error) from error

    async def execute_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement once for each row."""
        raw = self._open()
        try:
            raw.executemany(sql, rows)
        except sqlite3.Error as error:
            raise self._failure(raw, error) from error

    async def lock(self, name: str, *parts: int) -> None:
        """Nothing is left to wait for: whoever writes has been alone since the transaction began."""
        assert self._open().in_transaction, f"the lock of {name} is asked for outside a transaction"

    def _open(self) -> sqlite3.Connection:
        assert self._raw is not None, "a connection is used outside its block, or after SQLite gave its transaction up"
        return self._raw

    def _failure(self, raw: sqlite3.Connection, error: sqlite3.Error) -> DatabaseFailure | AssertionError:
        # A full disk makes SQLite roll back by itself. What came next would then be committed statement by statement.
        if not raw.in_transaction:
            self._raw = None
        return failure_from(error, self._path)


class SqliteDatabase:
    """A SQLite file that is open. Belongs to one event loop."""

    dialect: Final[Dialect] = "sqlite"

    def __init__(self, path: Path, writer: sqlite3.Connection, lock_seconds: float) -> None:
        self.path = path
        self.lock_seconds = lock_seconds
        self._process = os.getpid()
        self._file = _identity(path)
        self._writer = writer
        self._commits = CommitThread(writer)
        self._writing = asyncio.Lock()
        self._writing_task: asyncio.Task[object] | None = None
        self._changes_before = 0
        self._commit_seconds = inf
        self._idle_readers: list[sqlite3.Connection] = []
        self._reader_slots = asyncio.Semaphore(READERS_MAX)
        self._closed = False
        _opened.add(self)

    @classmethod
    async def open(cls, path: Path, lock_seconds: float = LOCK_SECONDS) -> Self:
        """Open the file, which is created, readable by its owner only, when it is not there.

        `DatabaseFailure` when the file was open in the process that this one was forked from; see `_require_not_inherited`.
        """
        _create_file(path)
        _require_not_inherited(path)
        _require_writable(path)
        writer = await _when_unlocked(lambda: _connected(path, _WRITER), path, lock_seconds)
        return cls(path, writer, lock_seconds)

    def transaction(self, commit_here: bool = False) -> "_Transaction":
        """Begin to write. `commit_here` commits on this thread, which stops the event loop for one sync of the disk.

        That saves the way to the other thread and back, about 0.1 ms: right for a caller who knows that nobody waits.
        A task that is cancelled while its commit is under way learns so only when the commit has ended; it may have
        been kept.
        """
        return _Transaction(self, commit_here)

    def reading(self) -> "_Reading":
        """A snapshot to read from, taken at the first statement. At most `READERS_MAX` at once; more wait for one to end."""
        return _Reading(self)

    async def fetch(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one reading statement by itself: a snapshot of its own, for less than a `reading` costs."""
        raw = await self._take_reader()
        try:
            return raw.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise failure_from(error, self.path) from error
        finally:
            self._give_back_reader(raw)

    async def data_version(self) -> int:
        """A number that changes when another program (not this object) has committed since it was last asked for."""
        async with self._writing:  # asked during a commit it would stop the event loop until the disk has synced
            try:
                version: int = self._writer.execute("PRAGMA data_version").fetchone()[0]
            except sqlite3.Error as error:
                raise failure_from(error, self.path) from error
            return version

    async def close(self) -> None:
        """Wait until the open blocks have ended, then give back every connection. Not to be used afterwards."""
        if self._closed:
            return
        async with self._writing:
            for _ in range(READERS_MAX):
                await self._reader_slots.acquire()
            self._closed = True
            self._commits.stop()
            for raw in (*self._idle_readers, self._writer):
                raw.close()
            _opened.discard(self)

    async def _begin_writing(self) -> sqlite3.Connection:
        assert not self._closed, "a closed database is written"
        task = asyncio.current_task()
        assert task is None or self._writing_task is not task, (
            "a transaction inside a transaction would wait for itself"
        )
        await self._writing.acquire()
        try:
            await self._begin_immediate()
        except BaseException:
            self._writing.release()
            raise
        self._writing_task = task
        self._changes_before = self._writer.total_changes
        return self._writer

    async def _begin_immediate(self) -> None:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            if not is_locked(error):
                raise failure_from(error, self.path) from error
            await _when_unlocked(lambda: self._writer.execute("BEGIN IMMEDIATE"), self.path, self.lock_seconds)

    async def _end_writing(self, keep: bool, commit_here: bool) -> None:
        try:
            if keep:
                await self._commit(commit_here)
        except sqlite3.Error as error:
            raise failure_from(error, self.path) from error
        finally:
            self._leave_writing()

    def _leave_writing(self) -> None:
        self._writing_task = None
        try:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        finally:
            self._writing.release()

    async def _commit(self, here: bool) -> None:
        rows = self._writer.total_changes - self._changes_before
        if rows == 0:  # nothing was written, so nothing is synced
            self._writer.execute("COMMIT")
            return
        began = perf_counter()
        if here:
            self._writer.execute("COMMIT")
        elif rows <= _HERE_ROWS_MAX and self._commit_seconds <= _HERE_SECONDS_MAX:
            self._writer.execute("COMMIT")
            await asyncio.sleep(0)  # whichever way it went, others had their turn: nobody sees half a turn's old reads
        else:
            await self._commit_in_thread()
        self._commit_seconds = perf_counter() - began

    async def _commit_in_thread(self) -> None:
        commit = self._commits.commit()
        try:
            await asyncio.shield(commit)
        except asyncio.CancelledError:
            await _ended(commit)
            raise

    async def _take_reader(self) -> sqlite3.Connection:
        assert not self._closed, "a closed database is read"
        await self._reader_slots.acquire()
        if self._idle_readers:
            return self._idle_readers.pop()
        try:
            return await _when_unlocked(lambda: _connected(self.path, _READER), self.path, self.lock_seconds)
        except BaseException:
            self._reader_slots.release()
            raise

    async def _begin_reading(self) -> sqlite3.Connection:
        raw = await self._take_reader()
        try:
            raw.execute("BEGIN")
        except sqlite3.Error as error:
            self._give_back_reader(raw)
            raise failure_from(error, self.path) from error
        return raw

    def _give_back_reader(self, raw: sqlite3.Connection) -> None:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        self._idle_readers.append(raw)
        self._reader_slots.release()


class _Transaction(SqliteConnection):
    """The block of `SqliteDatabase.transaction`."""

    def __init__(self, database: SqliteDatabase, commit_here: bool) -> None:
        super().__init__(database.path)
        self._database = database
        self._commit_here = commit_here

    async def __aenter__(self) -> SqliteConnection:
        self._raw = await self._database._begin_writing()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        given_up = self._raw is None
        self._raw = None
        await self._database._end_writing(kind is None and not given_up, self._commit_here)
        if kind is None and given_up:
            raise DatabaseFailure(f"The database {self._path} gave this transaction up.", "Nothing was written.")


class _Reading(SqliteConnection):
    """The block of `SqliteDatabase.reading`."""

    def __init__(self, database: SqliteDatabase) -> None:
        super().__init__(database.path)
        self._database = database
        self._reader: sqlite3.Connection | None = None
        self._has_snapshot = False

    async def __aenter__(self) -> SqliteConnection:
        self._raw = self._reader = await self._database._begin_reading()
        return self

    async def fetch(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run one statement and return all its rows; the first one waits while another program holds the lock."""
        if self._has_snapshot:
            return await super().fetch(sql, parameters)
        raw, database = self._open(), self._database
        rows = await _when_unlocked(
            lambda: raw.execute(sql, parameters).fetchall(), database.path, database.lock_seconds
        )
        self._has_snapshot = True
        return rows

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._reader is not None
        self._raw = None
        self._database._give_back_reader(self._reader)


def _create_file(path: Path) -> None:
    """Make the file if it isn't there. It is never opened here: closing it again would drop SQLite's own locks on it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _touch(path)
    except OSError as error:
        raise DatabaseFailure(
            f"The database {path} cannot be opened: {error.strerror}.",
            "Choose a folder that the user who runs ReelBot may write to.",
        ) from error


def _touch(path: Path) -> None:
    with suppress(FileExistsError):  # another process was first
        path.touch(mode=0o600, exist_ok=False)


def _identity(path: Path) -> tuple[int, int]:
    """Which file it is, by whatever name."""
    found = path.stat()
    return found.st_dev, found.st_ino


def _require_not_inherited(path: Path) -> None:
    """Refuse a file that was open when this process was forked.

    SQLite counts the locks of a file in the process's memory and takes those for its own that only the parent has (its
    manual, "How To Corrupt An SQLite Database File", 2.6). The parent's last connection would then remove the log that
    this process writes to, and what was committed here would be lost.
    """
    file = _identity(path)
    if any(one._file == file and one._process != os.getpid() for one in _opened):
        raise DatabaseFailure(
            f"The database {path} was open when this process was forked, and cannot be used in it.",
            "Open it after the fork only, or close it before.",
        )


def _require_writable(path: Path) -> None:
    """Tell at once what SQLite would tell at the first write."""
    if not os.access(path, os.R_OK | os.W_OK, effective_ids=True):
        raise failure_of(sqlite3.SQLITE_READONLY, path)


def _connected(path: Path, pragmas: tuple[str, ...]) -> sqlite3.Connection:
    raw = sqlite3.connect(
        path, timeout=0, isolation_level=None, check_same_thread=False, cached_statements=_CACHED_STATEMENTS
    )
    try:
        for pragma in (*_EACH, *pragmas):
            raw.execute(pragma).fetchall()
    except BaseException:
        raw.close()
        raise
    return raw


async def _when_unlocked(act: Callable[[], T], path: Path, seconds: float) -> T:
    """Do `act`, again after growing waits while another program holds the lock, for as long as `seconds`."""
    waited_seconds, wait_seconds = 0.0, _FIRST_WAIT_SECONDS
    while True:
        try:
            return act()
        except sqlite3.Error as error:
            if not is_locked(error) or waited_seconds >= seconds:
                raise failure_from(error, path) from error
        await asyncio.sleep(wait_seconds)
        waited_seconds += wait_seconds
        wait_seconds = min(2 * wait_seconds, _LONGEST_WAIT_SECONDS)


async def _ended(commit: asyncio.Future[None]) -> None:
    """Wait until `commit` has ended, however often this task is cancelled meanwhile; what came of it is not told."""
    while not commit.done():
        try:
            await asyncio.wait({commit})
        except asyncio.CancelledError:
            continue
    if not commit.cancelled():
        commit.exception()
