"""A web server in place of a provider: real sockets, and answers that may be late, cut off, or never come."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, NamedTuple

import msgspec


class Asked(NamedTuple):
    """A request as it arrived. `path` has its query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def form(self) -> dict[str, bytes]:
        """The parts of a form by name."""
        head = f"content-type: {self.headers['content-type']}\r\n\r\n".encode()
        parts = BytesParser(policy=HTTP).parsebytes(head + self.body).iter_parts()
        return {
            str(part.get_param("name", header="content-disposition")): bytes(part.get_payload(decode=True))
            for part in parts
        }


class Reply(NamedTuple):
    """An answer. `cut_at` ends the connection after so many bytes of the body; `hangs` leaves it open and says no more.

    `after` is waited for before anything is said.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}
    cut_at: int | None = None
    hangs: bool = False
    after: asyncio.Event | None = None


def json_reply(document: object, status: int = 200, **headers: str) -> Reply:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, msgspec.json.encode(document), {"content-type": "application/json", **fields})


NOTHING = Reply(status=0)
"""No answer at all: the connection is closed once the request has arrived."""

SILENCE = Reply(status=-1)
"""No answer, and the connection stays open until the server is closed."""

Answer = Callable[[Asked], Reply]


class Server:
    """Answers by `routes`: "METHOD pattern" to a function, or to one reply for all. The latest that fits wins."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.routes: dict[str, Answer | Reply] = {}
        self.port = 0
        self._closing = asyncio.Event()
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Server"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**24)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self._closing.set()
            server.close()
            await server.wait_closed()
            await asyncio.gather(*self._serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._answer(await self._received(reader), writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _received(self, reader: asyncio.StreamReader) -> Asked:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        asked = Asked(method, path, headers, await reader.readexactly(int(headers.get("content-length", 0))))
        self.asked.append(asked)
        return asked

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        reply = self._reply(asked)
        if reply.after is not None:
            await reply.after.wait()
        if reply is SILENCE:
            await self._closing.wait()
        elif reply is not NOTHING:
            fields = {"content-length": str(len(reply.body)), "connection": "close", **reply.headers}
            lines = [f"HTTP/1.1 {reply.status} So"]
            lines += [f"{name}: {value}" for name, value in fields.items()]
            writer.write("\r\n".join((*lines, "", "")).encode() + reply.body[: reply.cut_at])
            await writer.drain()
            if reply.hangs:
                await self._closing.wait()

    def _reply(self, asked: Asked) -> Reply:
        for route, answer in reversed(self.routes.items()):
            if re.fullmatch(route, f"{asked.method} {asked.path}"):
                return answer if isinstance(answer, Reply) else answer(asked)
        return json_reply({"error": {"message": f"nothing at {asked.path}", "code": "not_found"}}, 404)
