"""The one table of codes and statuses, every row of it reached from outside."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import pytest
from tests.support.sites import Stand

from reelbot.accounts import TooManyTries
from reelbot.allowance import Refusal, Refused, Status
from reelbot.clock import HOUR
from reelbot.errors import DatabaseFailure, TooBusy
from reelbot.providers.port import ProviderUnavailable
from reelbot.publish import PublishRefused
from reelbot.studio import StorageFull, StudioRefused
from reelbot.subscriptions import SubscriptionRefused
from reelbot.web.problems import KINDS, Problem

Reach = Callable[[Stand], Awaitable[httpx.Response]]

LINE = {"lines": [{"meter": "ai_credits", "amount": 1}]}


async def malformed(stand: Stand) -> httpx.Response:
    return await stand.post("/holds", {"lines": []})


async def unauthenticated(stand: Stand) -> httpx.Response:
    return await stand.http.get("/api/v1/usage")


async def exhausted(stand: Stand) -> httpx.Response:
    return await stand.post("/holds", {"lines": [{"meter": "ai_credits", "amount": 61}]})


async def not_found(stand: Stand) -> httpx.Response:
    return await stand.get("/holds/hold_0-1-zz")


async def no_such_address(stand: Stand) -> httpx.Response:
    return await stand.get("/halls")


async def no_such_method(stand: Stand) -> httpx.Response:
    return await stand.send("DELETE", "/account")


async def settled(stand: Stand) -> httpx.Response:
    return await ended_twice(stand, "settlement")


async def released(stand: Stand) -> httpx.Response:
    return await ended_twice(stand, "release")


async def ended_twice(stand: Stand, how: str) -> httpx.Response:
    held = await stand.hold(1)
    await stand.post(f"/holds/{held['id']}/{how}")
    return await stand.post(f"/holds/{held['id']}/{how}")


async def expired(stand: Stand) -> httpx.Response:
    held = await stand.hold(1)
    stand.clock.advance(2 * HOUR)
    return await stand.post(f"/holds/{held['id']}/release")


async def still_open(stand: Stand) -> httpx.Response:
    return await with_ledger(stand, Refused(Refusal(Status.HOLD_OPEN, 1, 0, 2), "This hold is still open."))


async def in_use(stand: Stand) -> httpx.Response:
    held = await stand.ledger.hold(stand.accounts["ada"], {"ai_credits": 1}, key="work", owner="job_0-1-7")
    return await stand.post(f"/holds/{held.id}/release")


async def too_large(stand: Stand) -> httpx.Response:
    return await stand.post("/holds", content=b" " * 1_048_577, headers={"Content-Type": "application/json"})


async def too_slow(stand: Stand) -> httpx.Response:
    return await with_ledger(stand, Problem("too_slow", "The upload stood still for too long."))


async def without_length(stand: Stand) -> httpx.Response:
    return await with_ledger(stand, Problem("length_required", "Send the length of the form."))


async def unsupported(stand: Stand) -> httpx.Response:
    return await stand.post("/holds", content=b"lines=1", headers={"Content-Type": "application/x-www-form-urlencoded"})


async def no_such_range(stand: Stand) -> httpx.Response:
    return await with_ledger(stand, Problem("range_not_there", "This file has 9 bytes."))


async def key_reused(stand: Stand) -> httpx.Response:
    await stand.post("/holds", LINE, key="k")
    return await stand.post("/holds", {**LINE, "why": "other"}, key="k")


async def above_hold(stand: Stand) -> httpx.Response:
    held = await stand.hold(1)
    return await stand.post(f"/holds/{held['id']}/settlement", {"lines": [{"meter": "ai_credits", "amount": 2}]})


async def defect(stand: Stand) -> httpx.Response:
    return await with_ledger(stand, AssertionError("a balance went below zero at /srv/secret"))


async def too_busy(stand: Stand) -> httpx.Response:
    return await with_ledger(stand, TooBusy("More is asked of the ledger than it can do.", "Try again in a moment."))


async def unavailable(stand: Stand) -> httpx.Response:
    return await with_ledger(stand, DatabaseFailure("/srv/secret/reelbot.db cannot be written.", "Free some room."))


async def with_ledger(stand: Stand, failure: Exception) -> httpx.Response:
    """Place a hold while the ledger fails."""

    async def submit(*_: Any) -> Any:
        raise failure

    present = stand.ledger.submit
    stand.ledger.submit = submit  # type: ignore[method-assign, assignment]
    try:
        return await stand.post("/holds", LINE)
    finally:
        stand.ledger.submit = present  # type: ignore[method-assign]


def studio_no(code: Any) -> Reach:
    """A no of the studio; that each is said where it should be is tested in `test_api_studio`."""

    async def reach(stand: Stand) -> httpx.Response:
        return await with_ledger(stand, StudioRefused(code, "Not like this."))

    reach.__name__ = str(code)
    return reach


async def no_provider(stand: Stand) -> httpx.Response:
    return await with_ledger(stand, ProviderUnavailable("OpenAI cannot be used yet.", "Set OPENAI_API_KEY."))


async def disk_full(stand: Stand) -> httpx.Response:
    return await with_ledger(stand, StorageFull("The disk is full.", "Free some space."))


async def forbidden(stand: Stand) -> httpx.Response:
    return await with_ledger(stand, Problem("forbidden", "This came from another site."))


async def tried_too_often(stand: Stand) -> httpx.Response:
    return await with_ledger(stand, TooManyTries(stand.clock()))


async def publishing_no(stand: Stand) -> httpx.Response:
    return await with_ledger(stand, PublishRefused("post_locked", "This post is being published."))


async def request_no(stand: Stand) -> httpx.Response:
    return await with_ledger(stand, SubscriptionRefused("request_closed", "This request was declined before."))


TABLE: Sequence[tuple[str, int, Reach]] = (
    ("malformed", 400, malformed),
    ("unauthenticated", 401, unauthenticated),
    ("allowance_exhausted", 402, exhausted),
    ("forbidden", 403, forbidden),
    ("not_found", 404, not_found),
    ("not_found", 404, no_such_address),
    ("method_not_allowed", 405, no_such_method),
    ("hold_settled", 409, settled),
    ("hold_released", 409, released),
    ("hold_expired", 409, expired),
    ("hold_open", 409, still_open),
    ("hold_in_use", 409, in_use),
    ("draft_locked", 409, studio_no("draft_locked")),
    ("revision_conflict", 409, studio_no("revision_conflict")),
    ("confirmation_needed", 409, studio_no("confirmation_needed")),
    ("step_running", 409, studio_no("step_running")),
    ("nothing_to_do", 409, studio_no("nothing_to_do")),
    ("not_ready", 409, studio_no("not_ready")),
    ("post_locked", 409, publishing_no),
    ("request_closed", 409, request_no),
    ("too_slow", 408, too_slow),
    ("length_required", 411, without_length),
    ("too_large", 413, too_large),
    ("unsupported_media", 415, unsupported),
    ("range_not_there", 416, no_such_range),
    ("key_reused", 422, key_reused),
    ("amount_above_hold", 422, above_hold),
    ("too_many_requests", 429, tried_too_often),
    ("defect", 500, defect),
    ("too_busy", 503, too_busy),
    ("ledger_unavailable", 503, unavailable),
    ("provider_unavailable", 503, no_provider),
    ("disk_full", 507, disk_full),
)


@pytest.mark.parametrize(("code", "status", "reach"), TABLE, ids=lambda one: getattr(one, "__name__", str(one)))
async def test_every_code_is_reached_with_its_status(stand: Stand, code: str, status: int, reach: Reach) -> None:
    answer = await reach(stand)
    told = answer.json()
    assert (answer.status_code, told["status"], told["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert told["type"] == f"urn:reelbot:problem:{code}"
    assert told["title"]
    assert told["detail"].endswith(".")


def test_the_table_of_these_tests_is_complete() -> None:
    assert {(code, status) for code, status, _ in TABLE} == {(code, kind.status) for code, kind in KINDS.items()}


async def test_every_refusal_of_the_ledger_has_a_code(stand: Stand) -> None:
    for status in set(Status) - {Status.ALLOWANCE_EXHAUSTED}:
        answer = await with_ledger(stand, Refused(Refusal(status, 1, 0, 2), "No."))
        assert answer.json()["code"] in KINDS
        assert answer.status_code < 500


async def test_a_wrong_method_is_told_the_right_ones(stand: Stand) -> None:
    answer = await stand.send("DELETE", "/account")
    assert answer.headers["allow"] == "GET, PATCH, HEAD"


async def test_a_missing_key_is_told_how_to_send_one(stand: Stand) -> None:
    answer = await unauthenticated(stand)
    assert answer.headers["www-authenticate"] == 'Bearer realm="reelbot"'
    assert "Authorization: Bearer" in answer.json()["detail"]


async def test_what_may_succeed_later_says_when(stand: Stand) -> None:
    assert (await too_busy(stand)).headers["retry-after"] == "1"
    assert (await unavailable(stand)).headers["retry-after"] == "5"


async def test_a_ledger_that_is_away_refuses_and_writes_nothing(stand: Stand) -> None:
    answer = await unavailable(stand)
    assert "so nothing was written" in answer.json()["detail"]
    assert await stand.used() == (0, 0)


@pytest.mark.parametrize("reach", [defect, unavailable])
async def test_what_happened_inside_is_logged_and_not_told(
    stand: Stand, reach: Reach, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "reelbot"):
        answer = await reach(stand)
    assert "secret" not in answer.text
    assert "secret" in caplog.text


async def test_a_ledger_that_is_away_is_not_ready_but_alive(stand: Stand) -> None:
    async def find(name: str) -> None:
        raise DatabaseFailure("/srv/secret/reelbot.db is locked by another program.")

    stand.ledger.find = find  # type: ignore[method-assign]
    ready = await stand.http.get("/readyz")
    assert (ready.status_code, ready.json()["code"]) == (503, "ledger_unavailable")
    assert (await stand.http.get("/healthz")).status_code == 200
