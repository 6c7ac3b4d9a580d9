"""The OpenAPI document is complete and true: a program that reads it and tries everything finds nothing otherwise."""

import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from tests.support.clock import FakeClock
from tests.support.sites import Stand, join, standing
from tests.web.pages.visitors import make_operator

from reelbot.allowance import load_terms
from reelbot.clock import system_clock
from reelbot.web import Rate, RequestBuckets
from reelbot.web.problems import KINDS
from reelbot.web.site import OPERATIONS, build_app

ROOT = Path(__file__).parents[2]

CONFIG = """
seed = 17
[generation]
max-examples = 6
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "400", "402", "404", "409", "422"]
[[operations]]
include-operation-id = "connectChannel"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "402", "403", "422"]
[[operations]]
include-operation-id = "setRole"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "403", "404", "409", "422"]
"""


@pytest.fixture
async def document(stand: Stand) -> Any:
    """The document as it is served, without a key."""
    answer = await stand.http.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    return answer.json()


async def test_the_document_has_every_operation(document: Any) -> None:
    told = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert told == {(operation.method, operation.path) for operation in OPERATIONS}
    assert document["openapi"] == "3.1.0"


async def test_every_operation_tells_its_problems_and_who_may_ask(document: Any) -> None:
    for methods in document["paths"].values():
        for operation in methods.values():
            assert ("401" in operation["responses"]) == (operation["security"] != [])
            for status, answer in operation["responses"].items():
                if "application/problem+json" in answer["content"]:
                    codes = {code for code in KINDS if f"`{code}`" in answer["description"]}
                    assert codes
                    assert {KINDS[code].status for code in codes} == {int(status)}


async def test_shapes_have_plain_names_and_none_is_named_after_a_module(document: Any) -> None:
    assert [name for name in document["components"]["schemas"] if not name.isidentifier()] == []


async def test_names_that_are_data_are_listed(document: Any, stand: Stand) -> None:
    line = document["components"]["schemas"]["LineAsked"]["properties"]["meter"]
    assert line["enum"] == list(stand.ledger.terms.catalogue.meters)
    item = document["components"]["schemas"]["ItemAsked"]["properties"]["action"]
    assert "voiceover" in item["enum"]
    assert "x-one-of" not in str(document)


async def test_a_hold_takes_either_items_or_lines(document: Any) -> None:
    asked = document["components"]["schemas"]["HoldAsked"]
    assert [one["required"] for one in asked["oneOf"]] == [["items"], ["lines"]]


async def test_idempotency_keys_are_required_where_they_are(document: Any) -> None:
    required = {
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
        for parameter in operation["parameters"]
        if parameter["name"] == "Idempotency-Key" and parameter["required"]
    }
    assert required == {"placeHold", "generate", "renderDraft", "previewDraft", "publishVideo", "publishPost"}


@contextmanager
def served(address: str) -> Iterator[tuple[str, str]]:
    """The real application behind a real socket, in a thread of this process; its address and a key.

    Streams end as soon as they have begun: nobody who tries everything waits for one that never does.
    """
    ready = threading.Event()
    told: list[str] = []
    servers: list[uvicorn.Server] = []

    async def serve() -> None:
        clock = FakeClock(system_clock())
        async with standing(address, clock, load_terms()) as stand:
            await join(stand, "eve", "enterprise")
            await make_operator(stand, "eve")  # so that operators' routes are not all found missing
            stand.site.streams.close()
            vars(stand.site.request_buckets).update(
                vars(RequestBuckets(Rate(burst=1_000_000)))
            )  # everything is tried in one breath
            server = uvicorn.Server(uvicorn.Config(build_app(stand.site), port=0, log_level="error"))
            servers.append(server)
            task = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0)
            port = server.servers[0].sockets[0].getsockname()[1]
            told.extend((f"http://127.0.0.1:{port}", stand.keys["eve"]))
            ready.set()
            await task

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    try:
        yield told[0], told[1]
    finally:
        servers[0].should_exit = True
        thread.join()


async def test_who_reads_the_document_and_tries_everything_finds_nothing(sqlite_url: str, tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    with served(sqlite_url) as (address, key):
        command = (
            sys.executable, "-m", "schemathesis.cli", "--config-file", str(config),
            "run", f"{address}/api/v1/openapi.json", "-H", f"Authorization: Bearer {key}", "--checks", "all",
        )  # fmt: skip
        environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.web.openapi_hooks", "PYTHONPATH": str(ROOT)}
        process = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
