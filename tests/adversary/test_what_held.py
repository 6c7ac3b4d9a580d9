"""What was attacked and held, where no other test had it: README.md in this folder names the test that holds each item."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from tests.adversary.dishonest_lives import WHO
from tests.adversary.house import House, opened
from tests.support.clock import FakeClock

from reelbot.cli.slow_clients import BoundedProtocol
from reelbot.languages.words import words
from reelbot.providers.embedded.speech.speech import SpeechOptions, default_voice, speak

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: reelbot.test\r\n\r\n"
"""The request that is smuggled: within a body by one reading of the length, behind it by the other."""

SPELLINGS = {
    "a length and chunks": b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % (5 + len(HIDDEN)),
    "chunks and a length": b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n0\r\n\r\n" % (5 + len(HIDDEN)),
    "two lengths": b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN),
    "a length with a sign": b"Content-Length: +0\r\n\r\n",
    "a length in a list": b"Content-Length: 0, %d\r\n\r\n" % len(HIDDEN),
    "chunks under another name": b"Content-Length: 0\r\nTransfer-Encoding: xchunked\r\n\r\n",
    "a space before the colon": b"Content-Length : %d\r\nContent-Length: 0\r\n\r\n" % len(HIDDEN),
    "a field that is folded": b"X-One: a\r\n Content-Length: %d\r\nContent-Length: 0\r\n\r\n" % len(HIDDEN),
    "a chunk of a size with a sign": b"Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n",
}


class Asked:
    """An application that notes what it is asked, and reads it to its end."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.paths.append(scope["path"])
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def served(app: Asked) -> AsyncIterator[int]:
    """The port of a server with the connections that ReelBot serves with."""
    config = uvicorn.Config(app, port=0, http=BoundedProtocol, ws="none", lifespan="off", log_level="critical")
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        await server.shutdown()


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_a_request_whose_length_can_be_read_in_two_ways_hides_no_other(spelling: str) -> None:
    app = Asked()
    async with served(app) as port, asyncio.timeout(60):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /seen HTTP/1.1\r\nHost: reelbot.test\r\n" + SPELLINGS[spelling] + HIDDEN)
        writer.write_eof()
        told = await reader.read()
        writer.close()
    assert "/hidden" not in app.paths
    assert told.count(b"HTTP/1.1 ") <= 1


async def test_requests_whose_length_is_plain_follow_each_other() -> None:
    app = Asked()
    async with served(app) as port, asyncio.timeout(60):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /seen HTTP/1.1\r\nHost: reelbot.test\r\nContent-Length: 0\r\n\r\n" + HIDDEN)
        writer.write_eof()
        assert (await reader.read()).count(b"HTTP/1.1 200") == 2
        writer.close()
    assert app.paths == ["/seen", "/hidden"]


@asynccontextmanager
async def housed(url: str, folder: Path) -> AsyncIterator[House]:
    async with opened(url, folder, FakeClock(), WHO) as house:
        yield house


async def test_sixty_four_repeats_of_a_key_at_once_hold_once(sqlite_url: str, tmp_path: Path) -> None:
    async with housed(sqlite_url, tmp_path) as house:
        stand, asked = house.stand, {"lines": [{"meter": "ai_credits", "amount": 1}]}
        answers = await asyncio.gather(*(stand.post("/holds", asked, "mallory", key="one") for _ in range(64)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
        assert await stand.used("mallory") == (0, 1)


async def test_sixty_four_repeats_of_a_key_at_once_ask_the_provider_once(sqlite_url: str, tmp_path: Path) -> None:
    async with housed(sqlite_url, tmp_path) as house:
        stand = house.stand
        draft = (await stand.post("/drafts", {"flow": "narrated", "topic": "tides"}, "mallory")).json()["id"]
        path = f"/drafts/{draft}/generations"
        asked = {"step": "script"}
        answers = await asyncio.gather(*(stand.post(path, asked, "mallory", key="one") for _ in range(64)))
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.json()["job"] for answer in answers}) == 1
        await house.worker.run_all()
        assert [one.kind for one in house.world.deliveries] == ["script"]
        assert await stand.used("mallory") == (2, 0)


@pytest.mark.parametrize(
    "text",
    [
        'Wait <break time="60s"/> here.',
        "<audio src='file:///etc/passwd'/> Listen now.",
        "<speak><mark name='a'/>Hello</speak> there.",
        "[[_::h@loU]] said plainly.",
    ],
)
async def test_what_is_spoken_is_text_and_never_an_instruction_to_the_synthesiser(text: str) -> None:
    spoken = await speak(text, SpeechOptions(default_voice("en")))
    assert [word.text for word in spoken.words] == words(text)
    assert all(word.start_ms < word.end_ms for word in spoken.words)
    assert spoken.duration_ms < 30_000


# what is written down about it


def named_in(path: Path) -> list[tuple[str, str]]:
    """The tests that a text names, each as its file and its name; the name is empty where only the file is named."""
    found = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", path.read_text(encoding="utf-8"))
    return [(file, name) for file, name in found]


@pytest.mark.parametrize("text", ["SECURITY.md", "tests/adversary/README.md"])
def test_every_test_that_is_named_as_holding_something_is_there(text: str) -> None:
    named = named_in(ROOT / text)
    assert len(named) > 10
    for file, name in named:
        assert (ROOT / file).is_file(), f"{text} names {file}"
        assert re.search(rf"^(async )?def {name}\b", (ROOT / file).read_text(encoding="utf-8"), re.M) or not name, name
