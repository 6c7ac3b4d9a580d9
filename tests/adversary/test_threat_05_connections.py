"""1,000 event streams of one key and 1,200 half-requests of one address, on a server as it is shipped, with few descriptors.

Another account works unhindered meanwhile, and the log says who was refused.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from reelbot.cli.descriptors import raised

DEADLINE_SECONDS = 120
"""For what must come: long for a busy machine. Nothing here is measured."""

LIMITS = "ulimit -Sn 1024; ulimit -Hn 4096; "
"""What a machine gives a program that asks for nothing, and how far it may go."""

PROGRAM = "from reelbot.cli import main; main()"
ATTACKER = "127.0.0.2"
"""Another address of this machine, and no trusted proxy's."""

HALF = b"POST /api/v1/holds HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n"
STREAMS = 1_000
HALF_REQUESTS = 1_200


class Running(NamedTuple):
    """A server, the keys of two accounts on it, and where its log is."""

    port: int
    keys: dict[str, str]
    log: Path

    def has_said(self, line: str) -> bool:
        return line in self.log.read_text()


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Running]:
    """`reelbot serve` with few descriptors, and the accounts `owner` and `eve`."""
    log = folder / "log"
    command = ["bash", "-c", f'{LIMITS} exec "$@"', "bash", sys.executable, "-c", PROGRAM]
    server = [*command, "serve", "--json", "--port", "0", "--data", str(folder / "data")]
    with log.open("w") as written:
        process = await asyncio.create_subprocess_exec(*server, stdout=subprocess.PIPE, stderr=written, cwd=folder)
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert process.stdout is not None
            said = json.loads(await process.stdout.readuntil(b"\n}\n"))
            other = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", PROGRAM, "account", "create", "eve", "--plan", "free", "--json"),
                *("--data", str(folder / "data")),
                stdout=subprocess.PIPE,
                cwd=folder,
            )
            created = json.loads((await other.communicate())[0])
        port = int(said["url"].rpartition(":")[2])
        yield Running(port, {"owner": said["key"], "eve": created["key"]}, log)
    finally:
        process.terminate()
        await process.wait()


async def connected(server: Running, address: str = "127.0.0.1") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", server.port, local_addr=(address, 0))


async def works(server: Running, key: str) -> None:
    """An account does what people do: looks, holds, settles, hears of it."""
    headers = {"Authorization": f"Bearer {key}"}
    url = f"http://127.0.0.1:{server.port}"
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=DEADLINE_SECONDS) as http:
        async with http.stream("GET", "/api/v1/events") as stream:
            assert stream.status_code == 200
            lines = stream.aiter_lines()
            assert (await anext(lines)).startswith("id:")
            body: dict[str, Any] = {"lines": [{"meter": "ai_credits", "amount": 1}]}
            hold = await http.post("/api/v1/holds", json=body, headers={"Idempotency-Key": f"hold-{id(stream)}"})
            assert hold.status_code == 201, hold.text
            settled = await http.post(f"/api/v1/holds/{hold.json()['id']}/settlement")
            assert settled.status_code == 200
            async for line in lines:
                if line.startswith("data:"):
                    break
        assert (await http.get("/login", headers={"Accept": "text/html"})).status_code == 200


async def half_asked(server: Running, stack: AsyncExitStack) -> asyncio.StreamReader:
    """Begin a request of the attacker's and say no more."""
    reader, writer = await connected(server, ATTACKER)
    stack.callback(writer.close)
    writer.write(HALF)
    return reader


async def streamed(server: Running, key: str, stack: AsyncExitStack) -> int:
    """Open a stream and leave it open; the status of its answer."""
    reader, writer = await connected(server)
    stack.callback(writer.close)
    writer.write(f"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
    return int((await reader.readuntil(b"\r\n\r\n"))[9:12])


async def was_closed(reader: asyncio.StreamReader) -> None:
    """Wait for the server to hang up."""
    try:
        await reader.read()
    except ConnectionError:
        return


async def test_half_requests_of_one_address_leave_descriptors_to_everybody_else(tmp_path: Path) -> None:
    raised()
    async with serving(tmp_path) as server, AsyncExitStack() as stack, asyncio.timeout(DEADLINE_SECONDS):
        readers = [await half_asked(server, stack) for _ in range(HALF_REQUESTS)]
        closed = [asyncio.create_task(was_closed(reader)) for reader in readers]
        while sum(one.done() for one in closed) < HALF_REQUESTS - 100:
            await asyncio.wait([one for one in closed if not one.done()], return_when=asyncio.FIRST_COMPLETED)
        assert not all(one.done() for one in closed), "those within the share are waited for"
        await works(server, server.keys["owner"])
        assert server.has_said(f"Refused an unfinished request: address {ATTACKER} has used up its share.")
        assert server.log.read_text().count(ATTACKER) == 1


async def test_streams_of_one_key_leave_descriptors_and_streams_to_everybody_else(tmp_path: Path) -> None:
    raised()
    async with serving(tmp_path) as server, AsyncExitStack() as stack, asyncio.timeout(DEADLINE_SECONDS):
        statuses = [await streamed(server, server.keys["eve"], stack) for _ in range(STREAMS)]
        assert set(statuses) == {200, 429}
        assert statuses.count(200) > 100, "an honest account with many tabs is never near its share"
        await works(server, server.keys["owner"])
        assert server.has_said("4096 files may be open")
        assert server.has_said("Refused an event stream: account eve has used up its share.")
        assert server.log.read_text().count("an event stream: account eve") == 1
