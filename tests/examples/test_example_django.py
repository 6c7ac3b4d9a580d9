"""The example for Django, asked as a browser's form would, on a ledger of its own."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from reelbot.allowance import SyncLedger


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The example, which is configured once in a process."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CREDITS", f"sqlite:///{tmp_path_factory.mktemp('django')}/credits.db")
        example = importlib.import_module("examples.django_credits")
    yield example
    example.LEDGER.close()


@pytest.fixture
def poem(site: Any) -> Any:
    """Asks for a poem; the status and the answer."""
    client = importlib.import_module("django.test").Client()

    def asked(user: str, key: str, about: str = "rain") -> tuple[int, dict[str, Any]]:
        headers = {"X-User": user, "Idempotency-Key": key}
        answer = client.post("/poems", {"about": about}, headers=headers)
        return answer.status_code, answer.json()

    return asked


def figures(ledger: SyncLedger, name: str) -> tuple[int, int]:
    (credits, *_) = ledger.usage(ledger.account(name)).meters
    return credits.used, credits.held


def test_a_poem_is_held_made_and_settled_within_the_request(site: Any, poem: Any) -> None:
    status, answer = poem("ada", "poem-1")
    assert (status, answer["credits"], answer["left"]) == (200, 2, 58)
    assert answer["poem"].startswith("rain falls")
    assert figures(site.LEDGER, "ada") == (2, 0)


def test_a_request_that_comes_again_is_paid_for_once(site: Any, poem: Any) -> None:
    assert poem("bob", "poem-1") == poem("bob", "poem-1")
    assert figures(site.LEDGER, "bob") == (2, 0)


def test_a_poem_that_fails_costs_nothing_and_its_key_is_used_up(site: Any, poem: Any) -> None:
    assert poem("eve", "poem-1", about="")[0] == 422
    assert figures(site.LEDGER, "eve") == (0, 0)
    assert poem("eve", "poem-1", about="rain")[0] == 409
    assert poem("eve", "poem-2", about="rain")[0] == 200


def test_at_the_limit_the_answer_is_402_with_the_ledgers_sentence(site: Any, poem: Any) -> None:
    dan = site.LEDGER.account("dan")
    site.LEDGER.hold(dan, {"ai_credits": 57}, key="elsewhere")
    status, answer = poem("dan", "poem-1")
    assert status == 402
    assert "This needs 4 AI credits" in answer["detail"]
    assert figures(site.LEDGER, "dan") == (0, 57)


def test_who_is_nobody_is_told(poem: Any) -> None:
    assert poem("", "poem-1")[0] == 400
    assert poem("ada", "")[0] == 400
