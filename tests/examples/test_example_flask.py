"""The example for Flask, asked by its own client and by many threads at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from examples.flask_credits import application
from flask.testing import FlaskClient

from reelbot.allowance import SyncLedger


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[SyncLedger]:
    with SyncLedger.open(sqlite_url) as opened:
        yield opened


@pytest.fixture
def client(ledger: SyncLedger) -> FlaskClient:
    return application(ledger).test_client()


def ask(client: FlaskClient, key: str, text: str = "A long story. It goes on.") -> tuple[int, dict[str, object]]:
    answer = client.post("/summaries", data={"text": text}, headers={"X-User": "ada", "Idempotency-Key": key})
    return answer.status_code, answer.get_json()


def test_a_summary_costs_what_was_read_and_usage_tells_it(client: FlaskClient) -> None:
    assert ask(client, "sum-1", "a" * 401) == (200, {"summary": "a" * 401 + ".", "credits": 3})
    usage = client.get("/usage", headers={"X-User": "ada"}).get_json()
    assert usage["ai_credits"] == {"used": 3, "left": 57}


def test_a_request_that_comes_again_is_charged_once_and_another_under_its_key_is_refused(client: FlaskClient) -> None:
    assert ask(client, "sum-1") == ask(client, "sum-1")
    assert ask(client, "sum-1", "a" * 4_000)[0] == 409
    assert client.get("/usage", headers={"X-User": "ada"}).get_json()["ai_credits"]["used"] == 1


def test_threads_that_ask_together_never_get_more_than_there_is(client: FlaskClient, ledger: SyncLedger) -> None:
    with ThreadPoolExecutor(8) as threads:
        asked = list(threads.map(lambda n: ask(client.application.test_client(), f"sum-{n}", "a" * 4_000), range(8)))
    assert sorted(status for status, _ in asked) == [200] * 3 + [402] * 5
    assert ledger.verify().is_clean


def test_who_is_nobody_is_told(client: FlaskClient) -> None:
    assert client.post("/summaries", data={"text": "a"}).status_code == 400
