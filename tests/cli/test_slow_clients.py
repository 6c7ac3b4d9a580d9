"""Connections that begin to ask and never come to an end: they are closed, and others are served meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from reelbot.cli import slow_clients
from reelbot.cli.slow_clients import HEAD_BYTES_MAX, PIECE_BYTES, BoundedProtocol

DEADLINE_SECONDS = 30
"""For what must come: long for a busy machine. Nothing here is measured."""

HEAD = b"GET / HTTP/1.1\r\nHost: reelbot.test\r\n"
BODY = b"POST / HTTP/1.1\r\nHost: reelbot.test\r\nContent-Length: 1000000\r\n\r\n"


async def counting(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers how many bytes a body has."""
    size, more = 0, scope["type"] == "http"
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(str(size)))]})
    await send({"type": "http.response.body", "body": str(size).encode()})


class QuietServer(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """Leave signals to the test run."""


@asynccontextmanager
async def served() -> AsyncIterator[int]:
    """The port of a server with these connections."""
    config = uvicorn.Config(counting, port=0, http=BoundedProtocol, ws="none", lifespan="off", log_level="error")
    server = QuietServer(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        await server.shutdown()


async def said_to(port: int, *pieces: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    return reader, writer


async def rest_of(reader: asyncio.StreamReader) -> bytes:
    """What comes until the other side closes."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


async def test_a_request_in_one_piece_or_in_many_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served() as port:
        for pieces in ([HEAD + b"\r\n"], [bytes([one]) for one in HEAD + b"\r\n"]):
            reader, writer = await said_to(port, *pieces)
            async with asyncio.timeout(DEADLINE_SECONDS):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
                assert await reader.readexactly(1) == b"0"
                writer.write(HEAD + b"\r\n")
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200"), "the connection goes on"
            writer.close()


@pytest.mark.parametrize(
    "begun", [b"", b"G", HEAD, HEAD + b"X: " + b"y" * 9_000, HEAD + b"\r\n" + HEAD, BODY, BODY + b"x"]
)
async def test_who_never_comes_to_an_end_is_closed(monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    monkeypatch.setattr(slow_clients, "LOOK_SECONDS", 0.05)
    async with served() as port:
        reader, writer = await said_to(port, begun)
        answer = await rest_of(reader)
        assert answer == b"" or (begun.count(b"GET") == 2 and answer.startswith(b"HTTP/1.1 200"))
        writer.close()


async def test_a_body_that_keeps_coming_is_taken_however_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_clients, "BODY_BYTES_MIN", 1)
    looks: list[bool] = []
    look = BoundedProtocol._look

    def looked(protocol: BoundedProtocol) -> None:
        look(protocol)
        looks.append(protocol.transport.is_closing())

    monkeypatch.setattr(BoundedProtocol, "_look", looked)
    async with served() as port:
        monkeypatch.setattr(slow_clients, "LOOK_SECONDS", 0.01)
        reader, writer = await said_to(port, BODY)
        sent = 0
        async with asyncio.timeout(DEADLINE_SECONDS):
            while sent < 1_000_000:
                piece = 1 if len(looks) < 3 else 1_000_000 - sent
                writer.write(b"x" * piece)
                await writer.drain()
                await asyncio.sleep(0)
                sent += piece
            assert (await reader.readuntil(b"1000000")).startswith(b"HTTP/1.1 200")
        assert looks[:3] == [False] * 3
        writer.close()


async def test_a_head_has_a_bound() -> None:
    async with served() as port:
        for piece in (b"X: " + b"y" * 1_000 + b"\r\n", b"y" * 1_000):
            reader, writer = await said_to(port, HEAD, *[piece] * (HEAD_BYTES_MAX // 1_000))
            writer.write(piece * 70)
            assert await rest_of(reader) == b""
            writer.close()


async def test_who_asks_a_thousand_times_without_waiting_is_answered_in_order_and_piles_nothing_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queued: list[int] = []
    begun = BoundedProtocol.on_message_complete

    def noted(protocol: BoundedProtocol) -> None:
        begun(protocol)
        queued.append(len(protocol.pipeline))

    monkeypatch.setattr(BoundedProtocol, "on_message_complete", noted)
    asked = b"".join(
        b"POST / HTTP/1.1\r\nHost: reelbot.test\r\nContent-Length: %d\r\n\r\n" % number + b"x" * number
        for number in range(1_000)
    )
    async with served() as port:
        reader, writer = await said_to(port)
        async with asyncio.timeout(DEADLINE_SECONDS), asyncio.TaskGroup() as tasks:
            tasks.create_task(_sent(writer, asked))
            for number in range(1_000):
                length = int((await reader.readuntil(b"\r\n\r\n")).rpartition(b"content-length: ")[2].split()[0])
                assert int(await reader.readexactly(length)) == number
        writer.close()
    assert len(queued) == 1_000
    assert 0 < max(queued) <= PIECE_BYTES // len(HEAD)


async def _sent(writer: asyncio.StreamWriter, asked: bytes) -> None:
    writer.write(asked)
    await writer.drain()
