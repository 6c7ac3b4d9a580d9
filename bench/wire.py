"""The server as it is shipped, in a process of its own, and callers that talk HTTP/1.1 to it over kept connections.

The callers do as little as a caller can: a request is bytes made before, an answer is looked at for its status and its
length. What is left of the second processor after them is the server's.
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from time import perf_counter
from types import MappingProxyType
from typing import NamedTuple, cast

from reelbot.config import Config
from reelbot.wiring import Parts, wired

STOP_SECONDS = 20

UNBOUNDED = MappingProxyType({"REELBOT_REQUEST_BURST": "1000000", "REELBOT_REQUESTS_PER_SECOND": "100000"})
"""Settings of a server whose speed is measured, not its shares."""

_PROGRAM = "from reelbot.cli import main; main()"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_END = b"\r\n\r\n"


class Address(NamedTuple):
    """Where a server listens, and the id of its process."""

    host: str
    port: int
    process: int = 0

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://{self.host}:{self.port}"

    def cpu_seconds(self) -> float:
        """The processor time that the threads of its process have taken until now, to the microsecond."""
        threads = Path(f"/proc/{self.process}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


class Answers(NamedTuple):
    """What callers saw: how long each answer took in ms, the shortest first, and how many were not 2xx."""

    seconds: float
    latencies_ms: Sequence[float]
    failed: int

    @property
    def per_second(self) -> float:
        """Answers in a second."""
        return len(self.latencies_ms) / self.seconds

    def quantile_ms(self, share: float) -> float:
        """The latency that this share of the answers did not exceed."""
        return self.latencies_ms[min(len(self.latencies_ms) - 1, int(len(self.latencies_ms) * share))]


@asynccontextmanager
async def parts_of(database: Path) -> AsyncIterator[Parts]:
    """Everything that the program is made of, on a database that no server is on yet."""
    async with wired(config_of(database), create=True) as parts:
        yield parts


def config_of(database: Path) -> Config:
    """The settings that a server on this database is started with."""
    return Config(data=database.parent, database=f"sqlite:///{database}")


@contextmanager
def served(database: Path, settings: Mapping[str, str] = UNBOUNDED) -> Iterator[Address]:
    """`reelbot serve` on a SQLite file, for as long as the block lasts; by default, callers may ask as often as they can."""
    command = [sys.executable, "-c", _PROGRAM, "serve", "--port", "0", "--json"]
    command += ["--database", f"sqlite:///{database}", "--data", str(database.parent)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REELBOT_")} | dict(
        settings
    )
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=database.parent, env=environment)
    try:
        yield _address(_greeting(server))._replace(process=server.pid)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(STOP_SECONDS)


def _greeting(server: "subprocess.Popen[str]") -> str:
    """What the server prints when it listens: one JSON document, which ends with the first line that is a brace."""
    assert server.stdout is not None
    lines = []
    for line in server.stdout:
        lines.append(line)
        if line.rstrip() == "}":
            return "".join(lines)
    raise RuntimeError("The server ended before it listened.")


def _address(greeting: str) -> Address:
    host, _, port = json.loads(greeting)["url"].removeprefix("http://").rpartition(":")
    return Address(host, int(port))


def request(method: str, path: str, key: str | None = None, body: bytes = b"", fields: Sequence[str] = ()) -> bytes:
    """The bytes of one request; `key` is an API key."""
    lines = [f"{method} {path} HTTP/1.1", "host: localhost", *fields]
    if key is not None:
        lines.append(f"authorization: Bearer {key}")
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join(lines).encode() + _END + body


async def asked(address: Address, requests: Sequence[bytes], connections: int) -> Answers:
    """Have all these requests answered over so many connections, each asking again as soon as it has its answer."""
    loop, shared, seen = asyncio.get_running_loop(), iter(requests), _Tally()
    callers = [_Caller(shared, seen, loop.create_future()) for _ in range(connections)]
    for caller in callers:
        await loop.create_connection(lambda caller=caller: caller, address.host, address.port)  # type: ignore[misc]
    began = perf_counter()
    for caller in callers:
        caller.ask()
    await asyncio.gather(*(caller.ended for caller in callers))
    seconds = perf_counter() - began
    for caller in callers:
        caller.close()
    return Answers(seconds, sorted(one * 1_000 for one in seen.latencies), seen.failed)


class _Tally:
    """What all callers note."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.failed = 0


class _Caller(asyncio.Protocol):
    """One connection that takes the next request when it has been answered."""

    def __init__(self, shared: Iterator[bytes], seen: _Tally, ended: "asyncio.Future[None]") -> None:
        self.ended = ended
        self._shared = shared
        self._seen = seen
        self._began = 0.0
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass

    def connection_lost(self, exc: Exception | None) -> None:
        """A server that hangs up in the middle is a failure."""
        if not self.ended.done():
            self.ended.set_exception(exc or ConnectionError("The server hung up."))

    def ask(self) -> None:
        """Send the next request, or end when there is none."""
        assert self._transport is not None
        message = next(self._shared, None)
        if message is None:
            self.ended.set_result(None)
            return
        self._began = perf_counter()
        self._transport.write(message)

    def data_received(self, data: bytes) -> None:
        """Put an answer together; when it is complete, note it and go on."""
        self._buffer += data
        head = self._buffer.find(_END)
        if head < 0:
            return
        length = _LENGTH.search(self._buffer, 0, head)
        if length is not None and len(self._buffer) < head + len(_END) + int(length[1]):
            return
        self._seen.latencies.append(perf_counter() - self._began)
        self._seen.failed += self._buffer[9:10] != b"2"
        self._buffer = b""
        self.ask()

    def close(self) -> None:
        """Hang up."""
        assert self._transport is not None
        self._transport.close()
