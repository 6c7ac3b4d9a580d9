"""The example for Celery, with a worker that really takes tasks from a queue, in this process and in memory."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from reelbot.allowance import Span

WAIT_SECONDS = 60


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The example's tasks and a worker that runs them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CREDITS", f"sqlite:///{tmp_path_factory.mktemp('celery')}/credits.db")
        patched.setenv("SECONDS_BETWEEN", "0")
        module = importlib.import_module("examples.celery_credits")
    module.app.conf.update(
        broker_transport_options={"polling_interval": 0.02},
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
    )
    start_worker = importlib.import_module("celery.contrib.testing.worker").start_worker
    with start_worker(module.app, pool="solo", perform_ping_check=False):
        yield module
    module.LEDGER.close()


class Provider:
    """Answers after so many failures, and counts how often it is asked."""

    def __init__(self, down: type[Exception], failures: int) -> None:
        self._down = down
        self._failures = failures
        self.asked = 0

    def __call__(self, order: str) -> str:
        self.asked += 1
        if self.asked <= self._failures:
            raise self._down("no answer")
        return f"Number {self.asked} for {order}"


def figures(example: Any, name: str) -> tuple[int, int]:
    (credits, *_) = example.LEDGER.usage(example.LEDGER.account(name)).meters
    return credits.used, credits.held


def holds(example: Any, name: str) -> list[str]:
    found = example.LEDGER.history(example.LEDGER.account(name), Span(None, 50))
    return [entry.kind for entry in reversed(found)][1:]


def test_a_task_that_is_tried_again_is_held_and_charged_once(example: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Provider(example.ProviderDown, failures=2)
    monkeypatch.setattr(example, "stand_in_provider", provider)
    made = example.caption.delay("ada", "order-17").get(timeout=WAIT_SECONDS)
    assert made == {"caption": "Number 3 for order-17"}
    assert provider.asked == 3
    assert holds(example, "ada") == ["hold", "settle"]
    assert figures(example, "ada") == (3, 0)


def test_a_task_that_a_broker_delivers_twice_is_made_and_charged_once(
    example: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = Provider(example.ProviderDown, failures=0)
    monkeypatch.setattr(example, "stand_in_provider", provider)
    first, second = (example.caption.delay("bob", "order-18").get(timeout=WAIT_SECONDS) for _ in range(2))
    assert first == second
    assert provider.asked == 1
    assert figures(example, "bob") == (3, 0)


def test_a_task_whose_provider_stays_down_gives_the_credits_back(example: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Provider(example.ProviderDown, failures=100)
    monkeypatch.setattr(example, "stand_in_provider", provider)
    with pytest.raises(Exception, match="no answer"):
        example.caption.delay("eve", "order-19").get(timeout=WAIT_SECONDS)
    assert provider.asked == example.TRIES_MAX
    assert holds(example, "eve") == ["hold", "release"]
    again = example.caption.delay("eve", "order-19").get(timeout=WAIT_SECONDS)
    assert "given up" in again["refused"]
    assert provider.asked == example.TRIES_MAX


def test_a_task_that_does_not_fit_says_why(example: Any) -> None:
    dan = example.LEDGER.account("dan")
    example.LEDGER.hold(dan, {"ai_credits": 60}, key="elsewhere")
    refused = example.caption.delay("dan", "order-20").get(timeout=WAIT_SECONDS)
    assert "0 left" in refused["refused"]
