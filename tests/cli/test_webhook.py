"""`reelbot webhook`, called as people and programs call it, with a receiver on this machine."""

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reelbot.cli import program


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hooks"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _ada(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account in a folder of its own, and a setting for development."""
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith(("REELBOT_", "FORCE_COLOR", "NO_COLOR"))]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("REELBOT_WEBHOOKS_TO_LOOPBACK", "true")
    assert run("account", "create", "ada").exit_code == 0


def run(*arguments: str) -> Result:
    return CliRunner().invoke(program, arguments)


def document(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return json.loads(result.stdout)


def test_a_webhook_is_added_listed_tested_rotated_and_removed(url: str) -> None:
    added = document("webhook", "add", "ada", url)
    assert added["kinds"] == ["allowance.low", "allowance.exhausted", "allowance.reset"]
    secret = added.pop("secret")
    assert document("webhook", "list") == {"webhooks": [added]}
    assert document("webhook", "test", "ada", added["id"]) == {
        "delivered": True,
        "status": 200,
        "detail": "It answered 200.",
    }
    assert document("webhook", "rotate", "ada", added["id"])["secret"] != secret
    assert document("webhook", "remove", "ada", added["id"]) == {"account": "ada", "removed": added["id"]}
    assert document("webhook", "list", "ada") == {"webhooks": []}


def test_people_read_the_secret_once_and_how_a_webhook_stands(url: str) -> None:
    assert "whsec_" in run("webhook", "add", "ada", url, "--kind", "usage").stdout
    listed = run("webhook", "list").stdout
    assert "no message yet" in listed
    assert "whsec_" not in listed


def test_a_test_that_is_not_delivered_ends_in_1(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = document("webhook", "add", "ada", url)["id"]
    monkeypatch.delenv("REELBOT_WEBHOOKS_TO_LOOPBACK")
    result = run("webhook", "test", "ada", name)
    assert (result.exit_code, result.stdout) == (1, "Its address cannot be used.\n")


def test_what_cannot_be_meant_ends_in_2_and_what_is_not_there_in_1(url: str) -> None:
    assert run("webhook", "add", "ada", "https://10.0.0.1/").exit_code == 2
    assert run("webhook", "add", "ada", url, "--kind", "allowance.lo").exit_code == 2
    for command in ("remove", "rotate", "test"):
        result = run("webhook", command, "ada", "webhook_0-9-9")
        assert result.exit_code == 1
        assert "`reelbot webhook list ada`" in result.stderr
    assert run("webhook", "list", "bob").exit_code == 1


def test_a_webhook_can_be_told_of_finished_videos_and_posts(url: str) -> None:
    added = document("webhook", "add", "ada", url, "--kind", "video", "--kind", "post")
    assert added["kinds"] == ["video", "post"]
