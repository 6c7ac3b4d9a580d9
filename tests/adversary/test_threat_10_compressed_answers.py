"""Threat 10: an answer that is compressed a thousandfold is not unpacked, and none is taken in beyond its bound."""

import gzip
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest
from tests.providers.servers import Reply, Server
from tests.providers.stage import PATIENT
from tests.support.receivers import Receiver

from reelbot.allowance import FailurePoint
from reelbot.providers.keyed.failures import Source
from reelbot.providers.keyed.http import Caller
from reelbot.providers.port import ProviderFailure
from reelbot.webhooks import Client

UNPACKED_BYTES = 200 * 1024**2
MEMORY_BYTES_MAX = 24 * 1024**2
"""Far above what a call takes, far below what is packed."""

BOMB = gzip.compress(gzip.compress(bytes(UNPACKED_BYTES)))

Call = Callable[[Caller, Path], Awaitable[object]]

CALLS: dict[str, Call] = {
    "order": lambda caller, into: caller.order("x", json={}, bytes_max=UNPACKED_BYTES * 2),
    "ask": lambda caller, into: caller.ask("x", bytes_max=UNPACKED_BYTES * 2),
    "download": lambda caller, into: caller.download("x", into, UNPACKED_BYTES * 2),
}


@asynccontextmanager
async def answering(reply: Reply) -> AsyncIterator[tuple[Server, Caller]]:
    async with Server().open() as server:
        server.routes["GET .*"] = server.routes["POST .*"] = reply
        async with aclosing(Caller(Source("Some", "base_url"), server.url, {}, timeouts=PATIENT)) as caller:
            yield server, caller


@contextmanager
def little_memory() -> Iterator[None]:
    """What is done within takes little memory, whatever comes of it."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MEMORY_BYTES_MAX


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "encoding", ["gzip, gzip", "gzip", "GZIP", "deflate", "br", "zstd", "x-whatever", "identity, gzip"]
)
async def test_an_answer_that_comes_compressed_is_refused_and_not_unpacked(
    call: str, encoding: str, tmp_path: Path
) -> None:
    async with answering(Reply(body=BOMB, headers={"content-encoding": encoding})) as (server, caller):
        with little_memory(), pytest.raises(ProviderFailure, match="compressed") as failure:
            await CALLS[call](caller, tmp_path / "file")
    assert failure.value.point is FailurePoint.AT_PROVIDER
    assert server.asked[0].headers["accept-encoding"] == "identity"
    assert not (tmp_path / "file").exists() or (tmp_path / "file").stat().st_size == 0


@pytest.mark.parametrize("call", CALLS)
async def test_the_words_of_an_error_that_come_compressed_are_not_unpacked(call: str, tmp_path: Path) -> None:
    reply = Reply(500, BOMB, {"content-encoding": "gzip, gzip"})
    async with answering(reply) as (_, caller):
        with little_memory(), pytest.raises(ProviderFailure):
            await CALLS[call](caller, tmp_path / "file")


async def test_an_answer_that_says_it_comes_as_it_is_is_taken() -> None:
    async with answering(Reply(body=b"{}", headers={"content-encoding": "identity"})) as (_, caller):
        assert (await caller.ask("x")).body == b"{}"


class Endless(httpx.AsyncBaseTransport, httpx.AsyncByteStream):
    """Takes the place of the network, and answers for ever."""

    def __init__(self) -> None:
        self.sent = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=self)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.sent += 65_536
            yield bytes(65_536)


@pytest.mark.parametrize("call", ["order", "ask", "download"])
async def test_an_answer_is_counted_as_it_comes_however_long_it_goes_on(call: str, tmp_path: Path) -> None:
    bounded: dict[str, Call] = {
        "order": lambda caller, into: caller.order("x", json={}, bytes_max=1024**2),
        "ask": lambda caller, into: caller.ask("x", bytes_max=1024**2),
        "download": lambda caller, into: caller.download("x", into, 1024**2),
    }
    endless = Endless()
    async with aclosing(Caller(Source("Some", "base_url"), "http://some.test", {}, transport=endless)) as caller:
        with pytest.raises(ProviderFailure, match="more than 1 MB"):
            await bounded[call](caller, tmp_path / "file")
    assert endless.sent <= 3 * 1024**2


async def test_of_what_a_webhooks_receiver_answers_nothing_is_unpacked() -> None:
    async with Receiver().open() as receiver, aclosing(Client(loopback=True)) as client:
        head = f"HTTP/1.1 200 So\r\ncontent-encoding: gzip, gzip\r\ncontent-length: {len(BOMB)}\r\n\r\n"
        receiver.answer = head.encode() + BOMB
        with little_memory():
            attempt = await client.send(f"http://127.0.0.1:{receiver.port}/", {}, b"{}")
    assert attempt.is_delivered
