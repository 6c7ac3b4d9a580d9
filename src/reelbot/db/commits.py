"""Runs SQLite's COMMIT in a thread of its own, so that the event loop does not stand still while the disk syncs.

Only COMMIT goes there: statements run on the event loop's thread, because many short statements in a second thread
fight with the loop over the interpreter's lock. A thread pool's executor would do the same work with about 0.1 ms more
for each commit, which a caller who is alone would notice.
"""

import asyncio
import sqlite3
from queue import SimpleQueue
from threading import Thread

_Job = tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]


class CommitThread:
    """One thread that commits one connection. The caller sees to it that a single commit is under way at a time."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="reelbot-commit", daemon=True)
        self._thread.start()

    def commit(self) -> asyncio.Future[None]:
        """Begin to commit; the future ends with the commit, with its `sqlite3.Error` when it fails."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._jobs.put((loop, done))
        return done

    def stop(self) -> None:
        """End the thread after the commit that is under way."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            loop, done = job
            _tell(loop, done, self._committed())

    def _committed(self) -> sqlite3.Error | None:
        try:
            self._raw.execute("COMMIT")
        except sqlite3.Error as error:
            return error
        return None


def _tell(loop: asyncio.AbstractEventLoop, done: asyncio.Future[None], error: sqlite3.Error | None) -> None:
    try:
        loop.call_soon_threadsafe(_end, done, error)
    except RuntimeError:  # the loop was closed in the meantime: nobody is left to tell
        return


def _end(done: asyncio.Future[None], error: sqlite3.Error | None) -> None:
    if done.done():  # cancelled by a loop that is shutting down
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
