"""Connections: how many there may be, of all and of one address, and that slow clients (slowloris) are closed.

What has not been said yet costs a place all the same. So a head has to be there in whole within seconds and has a bound; a
body has to keep coming; and one address has a share of connections, and a smaller one of requests whose end has not come.
What a request is for plays no part here: until it is complete nobody knows who asks.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Literal

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from reelbot.accounts import NOWHERE, network_of
from reelbot.clock import Clock, system_clock
from reelbot.limits import FILES_MAX
from reelbot.places import fits
from reelbot.web import Proxies, Refusals, Shares, shares_of

HEAD_BYTES_MAX = 65_536
"""Of the first line and all fields of a request: ten times what browsers with long cookies send."""

LOOK_SECONDS = 30.0
"""How long a head may take, and how often it is looked whether a body still comes."""

BODY_BYTES_MIN = 15_000
"""Of a body between two looks: half a kilobyte a second, slower than any telephone is."""


PIECE_BYTES = 4_096
"""Of what a connection says, read at once: a dozen short requests. Who asks without waiting for answers holds nobody up by
the reading alone."""


class Connections:
    """The connections of one server, counted by where they come from.

    A trusted proxy's connections are those of many: they count for all only.
    """

    def __init__(
        self,
        shares: Shares,
        proxies: Proxies | None = None,
        refusals: Refusals | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._shares = shares
        self._proxies = Proxies() if proxies is None else proxies
        self._refusals = Refusals() if refusals is None else refusals
        self._clock = clock
        self._open: Counter[str] = Counter()
        self._unfinished: Counter[str] = Counter()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def place_of(self, peer: str) -> str:
        """Under which text a peer is counted; empty for what has no share of its own."""
        if self._proxies.trusts(peer):
            return NOWHERE
        return network_of(peer) or peer

    def open(self, place: str) -> bool:
        """Count one more connection; False, and the log is told, when it is one too many."""
        share = self._shares.connections_of_address if place else self._shares.connections
        if not fits(self._open[place], share, self._count if place else 0, self._shares.connections):
            return self._refused("a connection", place)
        self._open[place] += 1
        self._count += 1
        return True

    def close(self, place: str) -> None:
        """Count it no more."""
        self._count -= 1
        _less(self._open, place)

    def begin(self, place: str) -> bool:
        """Count a request that has not come to its end; False, and the log is told, when it is one too many."""
        if place and self._unfinished[place] >= self._shares.unfinished_of_address:
            return self._refused("an unfinished request", place)
        self._unfinished[place] += 1
        return True

    def finish(self, place: str) -> None:
        """Its end has come, or nobody waits for it any more."""
        _less(self._unfinished, place)

    def _refused(self, what: str, place: str) -> Literal[False]:
        self._refusals.note(what, f"address {place}" if place else "the proxy", self._clock())
        return False


def _less(counted: Counter[str], place: str) -> None:
    counted[place] -= 1
    if not counted[place]:
        del counted[place]


class _Flow(FlowControl):
    """Reading stays paused while requests wait for others, whoever asks for more, as each answer and each receiver does."""

    def __init__(self, transport: asyncio.Transport, is_held: Callable[[], bool]) -> None:
        super().__init__(transport)
        self._is_held = is_held

    def resume_reading(self) -> None:
        """Read on, unless requests wait."""
        if not self._is_held():
            super().resume_reading()


class BoundedProtocol(HttpToolsProtocol):
    """One connection, which is looked at for as long as a request on it is incomplete.

    A request that comes in one piece, as nearly all do, costs no timer.
    """

    _is_counted = False
    _place = NOWHERE
    _look_timer: asyncio.TimerHandle | None = None
    _has_head = False
    _is_whole = False
    _heard = 0
    _later = b""

    def __init__(self, *given: Any, connections: Connections | None = None, **named: Any) -> None:
        super().__init__(*given, **named)
        self._connections = Connections(shares_of(FILES_MAX)) if connections is None else connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request; close what is one connection too many."""
        super().connection_made(transport)
        self.flow = _Flow(transport, lambda: self._is_held)
        self._place = self._connections.place_of(self.client[0] if self.client else "")
        self._is_counted = self._connections.open(self._place)
        if self._is_counted:
            self._wait()
        else:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._rest()
        if self._is_counted:
            self._connections.close(self._place)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; what is asked while earlier requests wait is read when they have been answered."""
        if self._is_held:
            self._later += data
        else:
            self._read(data)
        if self._is_held:
            self.flow.pause_reading()

    def on_response_complete(self) -> None:
        """Go on with what was asked before, then with what has not been read."""
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if self._later and not self.pipeline:
            later, self._later = self._later, b""
            self._read(later)
        if self._is_held:
            self.flow.pause_reading()
        else:
            self.flow.resume_reading()

    @property
    def _is_held(self) -> bool:
        """Whether requests wait for others on this connection, so that no more of them are taken."""
        return bool(self._later or self.pipeline)

    def _read(self, data: bytes) -> None:
        """Read piece by piece, until a request has to wait."""
        for at in range(0, len(data), PIECE_BYTES):
            self._read_piece(data[at : at + PIECE_BYTES])
            if self.transport.is_closing():
                return
            if self.pipeline:
                self._later = data[at + PIECE_BYTES :]
                return

    def _read_piece(self, data: bytes) -> None:
        """See whether a request is complete now."""
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
        self._heard = 0
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
        if self._connections.begin(self._place):
            self._look_timer = self.loop.call_later(LOOK_SECONDS, self._look)
        else:
            self.transport.abort()

    def _rest(self) -> None:
        self._heard = 0
        if self._look_timer is not None:
            self._look_timer.cancel()
            self._look_timer = None
            self._connections.finish(self._place)

    def _look(self) -> None:
        """Close the connection unless a body still comes; one that we do not take up ourselves is not to blame."""
        is_held_up = self._is_held or (self._has_head and self.flow.read_paused)
        if not is_held_up and (not self._has_head or self._heard < BODY_BYTES_MIN):
            self._rest()
            self.transport.abort()
            return
        self._heard = 0
        self._look_timer = self.loop.call_later(LOOK_SECONDS, self._look)


def protocol_of(connections: Connections) -> type[asyncio.Protocol]:
    """The class of the connections that are counted there, as the server takes one."""

    class CountedProtocol(BoundedProtocol):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, connections=connections, **named)

    return CountedProtocol
