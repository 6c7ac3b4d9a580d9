"""`reelbot make` and `reelbot work` as people call them: quote, files, receipt, limits, Ctrl-C, a second process."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.cli.test_serve import DEADLINE_SECONDS, PROGRAM, _alone, document, serving

__all__ = ["_alone"]  # each test in a folder of its own, without settings of this machine

MAKE_SECONDS = 280
"""For a video of 15 s on a slow machine."""

QUICK = ("--duration", "15", "--images", "2", "--no-music")


def reelbot(*arguments: str, seconds: float = MAKE_SECONDS) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, timeout=seconds, check=False)


def told(*arguments: str) -> Any:
    done = reelbot(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def credits() -> tuple[int, int]:
    meters = told("usage")["meters"]
    return next((one["used"], one["held"]) for one in meters if one["meter"] == "ai_credits")


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_topic_becomes_a_file_with_the_quote_first_and_the_receipt_last() -> None:
    done = reelbot("make", "why cats purr", "-o", "out/cats.mp4", *QUICK)
    assert done.returncode == 0, done.stderr
    quote, _, receipt = done.stdout.partition("Receipt")
    assert "Quote" in quote and "In all" in quote and "12 AI credits" in quote
    assert "1 video generation" in receipt and "cats.mp4 is ready" in receipt
    made = Path("out")
    assert (made / "cats.mp4").read_bytes()[4:8] == b"ftyp"
    assert "-->" in (made / "cats.srt").read_text() and (made / "cats.vtt").read_text().startswith("WEBVTT")
    assert json.loads((made / "cats.words.json").read_text())
    assert (made / "cats.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert {one.name for one in made.iterdir()} == {"cats.mp4", "cats.srt", "cats.vtt", "cats.words.json", "cats.jpg"}
    assert credits() == (12, 0)
    assert told("ledger", "verify")["faults"] == []


def test_asking_for_the_quote_alone_makes_and_keeps_nothing() -> None:
    shown = told("make", "why cats purr", "--quote")
    assert shown["quote"] == [{"topic": "why cats purr", "totals": {"ai_credits": 30, "video_generations": 1}}]
    assert shown["videos"] == []
    assert credits() == (0, 0)
    assert not list(Path().glob("*.mp4"))


def test_of_many_topics_those_that_fit_are_named_and_the_rest_with_when() -> None:
    told("account", "create", "ada", "--plan", "free", "--timezone", "Europe/Paris")
    Path("topics.txt").write_text("cats\n# not this one\n\ndogs\nbirds\nfish\n", encoding="utf-8")
    shown = told("make", "--topics", "topics.txt", "--quote", "--duration", "15", "--images", "1", "--no-music")
    assert [one["topic"] for one in shown["quote"]] == ["cats", "dogs", "birds", "fish"]
    assert [one["topic"] for one in shown["later"]] == ["fish"]  # three videos a month
    assert shown["later"][0]["fits_at"].endswith("Z")


def test_at_the_limit_nothing_is_made_and_the_status_says_so() -> None:
    told("account", "create", "ada", "--plan", "free", "--timezone", "Europe/Paris")
    refused = reelbot("make", "why cats purr", "--images", "20")
    assert refused.returncode == 3
    assert "AI credits" in refused.stderr and "60" in refused.stderr
    assert credits() == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Name one topic"),
        (("cats", "--topics", __file__), "Name one topic"),
        (("cats", "--language", "xx"), "content language"),
        (("cats", "--voice", "nobody"), "voice"),
        (("cats", "--duration", "31"), "31"),
        ((" ",), "topic"),
    ],
)
def test_what_cannot_be_meant_is_told_with_what_can(arguments: tuple[str, ...], says: str) -> None:
    refused = reelbot("make", *arguments)
    assert (refused.returncode, says in refused.stderr) == (2, True), refused.stderr
    assert not list(Path().glob("*.mp4"))


def test_ctrl_c_cancels_and_gives_back_what_was_not_delivered() -> None:
    told("account", "create", "ada", "--plan", "free", "--timezone", "Europe/Paris")
    with running("make", "why cats purr", "--duration", "60", "--images", "9") as process:
        while credits()[1] == 0:
            assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=MAKE_SECONDS)
    assert process.returncode == 1
    assert "Cancelled" in stderr
    used, held = credits()
    assert held == 0 and used < 49
    assert not list(Path().glob("*.mp4"))
    assert told("ledger", "verify")["faults"] == []


def test_a_worker_beside_a_server_does_what_the_server_was_asked(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REELBOT_DATABASE", postgres_url)
    monkeypatch.setenv("REELBOT_JOBS", "0")
    told("database", "migrate")
    with serving() as server, running("work", "--jobs", "1", "--json") as worker:
        assert json.loads(document(worker))["jobs"] == 1
        draft = server.ask("POST", "/api/v1/drafts", json={"flow": "narrated", "topic": "cats"}).json()["id"]
        begun = server.ask(
            "POST",
            f"/api/v1/drafts/{draft}/generations",
            json={"step": "script"},
            headers={"Idempotency-Key": "one"},
        )
        assert begun.status_code == 202, begun.text
        job = f"/api/v1/jobs/{begun.json()['job']}"
        while (state := server.ask("GET", job).json()["state"]) in ("queued", "running"):
            assert worker.poll() is None
        assert state == "succeeded"
        worker.send_signal(signal.SIGTERM)
        _, stderr = worker.communicate(timeout=DEADLINE_SECONDS)
        assert worker.returncode == 0, stderr
