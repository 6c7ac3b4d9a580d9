"""An answer of Server-Sent Events: pieces that are sent as they come, until they end, the reader leaves or is too slow.

A piece is sent when the one before it was taken, so nothing is queued here and no reader holds up another.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import NamedTuple, Self

from starlette.types import Receive, Scope, Send

from reelbot.web.connections import Seat
from reelbot.web.replies import SECURITY, Fields

FIELDS: Fields = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # a proxy that waits for more would hold back what has just happened
    *SECURITY,
)

Pieces = Callable[[Seat], AsyncIterator[bytes]]

_log = logging.getLogger(__name__)


class EventsAnswer(NamedTuple):
    """The answer. Who has not accepted a piece for `send_seconds_max` is dropped, after twice that at the latest."""

    status: int
    pieces: Pieces
    send_seconds_max: float
    ended: Callable[[], None]

    async def send_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; to HEAD without the body. `ended` is called when it is over, however it ends."""
        try:
            await self._send(scope, receive, send)
        finally:
            self.ended()

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": FIELDS})
        if scope["method"] != "HEAD" and not await self._send_pieces(receive, send):
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_pieces(self, receive: Receive, send: Send) -> bool:
        """Send all that there is; False when the reader was too slow for it."""
        seat = Seat()
        watch = asyncio.create_task(_until_left(receive, seat))
        try:
            with _Patience(self.send_seconds_max) as patience:
                async with aclosing(self.pieces(seat)) as pieces:  # type: ignore[type-var]  # all are generators
                    async for piece in pieces:
                        patience.begin()
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
                        patience.end()
        finally:
            seat.leave()
            watch.cancel()
            await asyncio.wait({watch})
        return not patience.is_over


class _Patience:
    """Ends a block, without an error, in which one act takes too long.

    One timer looks now and then: to set and cancel one for each piece would cost a fifth of what it takes to send it.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.is_over = False

    def __enter__(self) -> Self:
        self._look()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        assert self._timer is not None, "left before it was entered"
        self._timer.cancel()
        if not self.is_over:
            return False
        assert self._task is not None, "only a task can be interrupted"
        _log.info("A reader was too slow and has been dropped.")
        return self._task.uncancel() == 0 and kind is asyncio.CancelledError

    def begin(self) -> None:
        """The act begins."""
        self._since = self._loop.time()

    def end(self) -> None:
        """The act has ended."""
        self._since = None

    def _look(self) -> None:
        if self._since is not None and self._loop.time() - self._since >= self._seconds:
            assert self._task is not None, "only a task can be interrupted"
            self.is_over = True
            self._task.cancel()
            return
        self._timer = self._loop.call_later(self._seconds, self._look)


async def _until_left(receive: Receive, seat: Seat) -> None:
    """Wait for the end of the connection, and let the stream know."""
    while (await receive())["type"] != "http.disconnect":
        pass
    seat.leave()
