"""Connections that ask without ever coming to an end are closed: what they have not said yet costs a place all the same.

A head has to be there in whole within seconds and has a bound; a body has to keep coming. What a request is for plays no
part here: until it is complete nobody knows who asks.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX = 65_536
"""Of the first line and all fields of a request: ten times what browsers with long cookies send."""

LOOK_SECONDS = 30.0
"""How long a head may take, and how often it is looked whether a body still comes."""

BODY_BYTES_MIN = 15_000
"""Of a body between two looks: half a kilobyte a second, slower than any telephone is."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection, which is looked at for as long as a request on it is incomplete.

    A request that comes in one piece, as nearly all do, costs no timer.
    """

    _look_timer: asyncio.TimerHandle | None = None
    _has_head = False
    _is_whole = False
    _heard = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, and see whether a request is complete now."""
        self._heard += len(data)
        super().data_received(data)
        if self._is_whole:
            self._rest()
        elif not self._has_head and self._heard > HEAD_BYTES_MAX:
            self.transport.abort()
        elif self._look_timer is None and not self.transport.is_closing():
            self._wait()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._has_head = self._is_whole = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is there."""
        self._has_head = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of it is there."""
        self._is_whole = True
        super().on_message_complete()

    def _wait(self) -> None:
        self._look_timer = self.loop.call_later(LOOK_SECONDS, self._look)

    def _rest(self) -> None:
        self._heard = 0
        if self._look_timer is not None:
            self._look_timer.cancel()
            self._look_timer = None

    def _look(self) -> None:
        """Close the connection unless a body still comes; one that we do not take up ourselves is not to blame."""
        is_held_up = self._has_head and self.flow.read_paused
        if not is_held_up and (not self._has_head or self._heard < BODY_BYTES_MIN):
            self._look_timer = None
            self.transport.abort()
            return
        self._heard = 0
        self._wait()
