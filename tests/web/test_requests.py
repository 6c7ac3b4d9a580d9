"""What nobody should send: each is refused by name, nothing is half done, nothing breaks."""

import json
from typing import Any

import pytest
from tests.support.sites import Stand

JSON = {"Content-Type": "application/json"}


def held(**line: Any) -> dict[str, Any]:
    return {"lines": [{"meter": "ai_credits", "amount": 1} | line]}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (held(amount=1.5), "$.lines[0].amount"),
        (held(amount=1.0), "$.lines[0].amount"),
        (held(amount="1"), "$.lines[0].amount"),
        (held(amount=True), "$.lines[0].amount"),
        (held(amount=None), "$.lines[0].amount"),
        (held(amount=0), "$.lines[0].amount"),
        (held(amount=-1), "$.lines[0].amount"),
        (held(amount=10**15 + 1), "$.lines[0].amount"),
        (held(amount=10**40), "$.lines[0].amount"),
        (held(amount=[]), "$.lines[0].amount"),
        (held(meter=7), "$.lines[0].meter"),
        (held(meter="tokens"), "meter"),
        (held(meter=""), "meter"),
        (held(meter="ai_credits\x00"), "meter"),
        (held(metre="ai_credits"), "$.lines[0]"),
        ({"lines": [{"amount": 1}]}, "$.lines[0]"),
        ({"lines": []}, "$.lines"),
        ({"lines": {}}, "$.lines"),
        ({"lines": [{"meter": "ai_credits", "amount": 1}] * 101}, "$.lines"),
        ({}, "$"),
        ([], "$"),
        (None, "$"),
        ("lines", "$"),
        ({**held(), "items": [{"action": "script"}]}, "$"),
        ({"items": [{"action": "dance"}]}, "action"),
        ({"items": [{"action": "script", "quantity": 0}]}, "$.items[0].quantity"),
        ({"items": [{"action": "script", "quantity": 10**13}]}, "$.items[0].quantity"),
        ({"items": [{"action": "script", "quantity": 2.0}]}, "$.items[0].quantity"),
        ({"items": [{"action": "script", "provider": "../x"}]}, "$.items[0].provider"),
        ({**held(), "mode": "some"}, "$.mode"),
        ({**held(), "expires_in": 0}, "$.expires_in"),
        ({**held(), "expires_in": 604_801}, "$.expires_in"),
        ({**held(), "expires_in": 1.5}, "$.expires_in"),
        ({**held(), "quote": "free"}, "$.quote"),
        ({**held(), "why": "x" * 201}, "$.why"),
        ({**held(), "why": 5}, "$.why"),
        ({**held(), "unknown": 1}, "$"),
    ],
)
async def test_a_body_that_cannot_be_meant_is_refused_by_name(stand: Stand, body: Any, where: str) -> None:
    answer = await stand.post("/holds", content=json.dumps(body).encode(), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), answer.text
    assert answer.json()["where"] == where
    assert await stand.used() == (0, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{}}",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"why": "\xff", "lines": []}',
        b'{"why": "\\ud800", "lines": [{"meter": "ai_credits", "amount": 1}]}',
        b'{"lines": [{"meter": "ai_credits", "amount": NaN}]}',
        b'{"lines": [{"meter": "ai_credits", "amount": 1e400}]}',
        b'{"lines": ' + b"[" * 500_000,
        b'{"why": ' + b'{"a":' * 150_000,
        b"[" * 1_000_000,
        b"\x00" * 100,
    ],
    ids=range(13),
)
async def test_what_is_not_json_is_refused(stand: Stand, body: bytes) -> None:
    answer = await stand.post("/holds", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert await stand.used() == (0, 0)


async def test_ten_megabytes_are_too_many(stand: Stand) -> None:
    answer = await stand.post("/holds", content=b" " * 10_000_000, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_body_of_unknown_length_is_bounded_too(stand: Stand) -> None:
    async def endless() -> Any:
        for _ in range(10_000):
            yield b" " * 65_536

    answer = await stand.post("/holds", content=endless(), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_body_in_pieces_is_one_body(stand: Stand) -> None:
    async def pieces() -> Any:
        for byte in json.dumps(held()).encode():
            yield bytes([byte])

    assert (await stand.post("/holds", content=pieces(), headers=JSON)).status_code == 201


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/jsonx", "application/json-patch+json", "", "multipart/form-data"]
)
async def test_only_json_is_taken(stand: Stand, kind: str) -> None:
    answer = await stand.post("/holds", content=b"{}", headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/json;"])
async def test_json_may_be_named_with_parameters(stand: Stand, kind: str) -> None:
    answer = await stand.post("/holds", content=json.dumps(held()).encode(), headers={"Content-Type": kind})
    assert answer.status_code == 201


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "x" * 10_240, "\x7f", "é", "tab\there"])
async def test_a_key_that_cannot_be_kept_is_refused(stand: Stand, key: str) -> None:
    fields = [(b"Idempotency-Key", key.encode("latin-1")), (b"Content-Type", b"application/json")]
    fields.append((b"Authorization", stand.caller()["Authorization"].encode()))
    answer = await stand.http.post("/api/v1/holds", content=json.dumps(held()).encode(), headers=fields)
    assert (answer.status_code, answer.json()["where"]) == (400, "Idempotency-Key")
    assert await stand.used() == (0, 0)


async def test_a_key_of_the_longest_length_is_kept(stand: Stand) -> None:
    for _ in range(2):
        assert (await stand.post("/holds", held(), key="k" * 255)).status_code == 201
    assert await stand.used() == (0, 1)


@pytest.mark.parametrize(
    "why", ["日本語のビデオ", "عربي", "😀 👩‍👩‍👧", "z̷a̷l̷g̷o", "\x00\x1b[31m", "line\r\nline", "\u202eright to left"]
)
async def test_reasons_of_every_script_are_kept(stand: Stand, why: str) -> None:
    assert (await stand.post("/holds", {**held(), "why": why})).status_code == 201
    entry = (await stand.get("/entries")).json()["entries"][0]
    assert entry["why"].isprintable()


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "../../etc/passwd", "", "europe/paris", "Europe/Paris\x00", "localtime"]
)
async def test_a_zone_that_does_not_exist_is_refused(stand: Stand, zone: str) -> None:
    answer = await stand.send("PATCH", "/account", {"timezone": zone})
    assert (answer.status_code, answer.json()["where"]) == (400, "timezone")


@pytest.mark.parametrize(
    "name", ["hold_0-1-2'--", "%00", "%ff", "..", "hold_" + "z" * 5000, "hold_0-1-zzzzzzzzzzz", "entry_0-1-1", "💳"]
)
async def test_a_hold_that_cannot_exist_is_not_found(stand: Stand, name: str) -> None:
    answer = await stand.get(f"/holds/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "path", ["/api/v1/usage/", "/api/v2/usage", "//api/v1/usage", "/api/v1/holds/a/b/c", "/API/V1/USAGE"]
)
async def test_other_addresses_are_nowhere(stand: Stand, path: str) -> None:
    answer = await stand.http.get(path, headers=stand.caller())
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"])
async def test_other_methods_are_refused(stand: Stand, method: str) -> None:
    answer = await stand.http.request(method, "/api/v1/holds", headers=stand.caller())
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "1.17180000001.1", "１", "0x1", "9" * 30, "1;DROP TABLE event"])
async def test_a_place_in_the_stream_that_cannot_be_is_refused(stand: Stand, last: str) -> None:
    fields = {b"Last-Event-ID": last.encode(), b"Authorization": stand.caller()["Authorization"].encode()}
    answer = await stand.http.get("/api/v1/events", headers=fields)
    assert (answer.status_code, answer.json()["where"]) == (400, "Last-Event-ID")
    query = await stand.get("/events", params={"after": last})
    assert (query.status_code, query.json()["where"]) == (400, "after")
