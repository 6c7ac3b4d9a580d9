"""Receivers of webhooks for the tests: a real one on a local port, and one that takes the place of the network."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import httpx
import msgspec


class Received(NamedTuple):
    """One message as it arrived."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def document(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def kind(self) -> str:
        return str(self.document["type"])


class Inbox(httpx.AsyncBaseTransport):
    """Takes the place of the network: keeps each request, at whatever address, and answers with `status`."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.received: list[Received] = []
        self.status = 200
        self.arrived: Callable[[], None] = lambda: None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.received.append(Received(dict(request.headers), await request.aread()))
        self.arrived()
        return httpx.Response(self.status)

    @property
    def kinds(self) -> list[str]:
        return [one.kind for one in self.received]


class Receiver:
    """A web server of few words. `answer` is what it says, or None to say nothing until it is closed."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: bytes | None = b""
        self.port = 0
        self.answer_with(200)
        self._arrived = asyncio.Condition()
        self._closing = asyncio.Event()

    def answer_with(self, status: int, *fields: str) -> None:
        lines = (f"HTTP/1.1 {status} So", "content-length: 0", "connection: close", *fields, "", "")
        self.answer = "\r\n".join(lines).encode()

    def hang(self) -> None:
        self.answer = None

    async def until(self, count: int) -> None:
        """Wait until so many messages have arrived."""
        async with asyncio.timeout(30), self._arrived:
            await self._arrived.wait_for(lambda: len(self.received) >= count)

    @asynccontextmanager
    async def open(self, tls: ssl.SSLContext | None = None) -> AsyncIterator["Receiver"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self._closing.set()
            server.close()
            await server.wait_closed()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            answer = await self._receive(reader)
            if answer is None:
                await self._closing.wait()
            else:
                writer.write(answer)
                await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _receive(self, reader: asyncio.StreamReader) -> bytes | None:
        _, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        answer = self.answer
        async with self._arrived:
            self.received.append(Received(headers, body))
            self._arrived.notify_all()
        return answer
