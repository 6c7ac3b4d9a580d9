"""`PUT /subscription`: what a change of plan would do, and doing it."""

from typing import Any

import pytest
from tests.support.sites import Stand, with_plan_changes

MONTH_END = "2026-03-31T22:00:00Z"


@pytest.fixture
def stand(stand: Stand) -> Stand:
    """A site whose operator lets anybody move up."""
    with_plan_changes(stand, "open")
    return stand


async def change(stand: Stand, plan: str, confirm: bool = False, key: str | None = None) -> dict[str, Any]:
    body: dict[str, Any] = {"plan": plan, "confirm": confirm} if confirm else {"plan": plan}
    answer = await stand.send("PUT", "/subscription", body, key=key)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_an_unconfirmed_upgrade_tells_what_changes_and_changes_nothing(stand: Stand) -> None:
    told = await change(stand, "pro")
    assert {name: told[name] for name in ("plan", "present", "change", "effective_at", "confirmed")} == {
        "plan": "pro",
        "present": "free",
        "change": "upgrade",
        "effective_at": None,
        "confirmed": False,
    }
    assert told["limits"][0] == {"meter": "ai_credits", "before": 60, "after": 1000}
    assert told["sentence"] == ("You move from Free to Pro at once; what was used stays used, and the limits rise.")
    assert (await stand.get("/usage")).json()["plan"] == "free"


async def test_a_confirmed_upgrade_happens_at_once_and_keeps_what_was_used(stand: Stand) -> None:
    held = await stand.hold(60)
    await stand.post(f"/holds/{held['id']}/settlement")
    told = await change(stand, "starter", confirm=True)
    assert (told["change"], told["confirmed"]) == ("upgrade", True)
    assert told["meters"][0] | {"window": None} == {
        "meter": "ai_credits",
        "window": None,
        "limit": 200,
        "used": 60,
        "held": 0,
        "remaining": 140,
        "state": "available",
    }


async def test_a_downgrade_waits_for_the_end_of_the_month(stand: Stand) -> None:
    await change(stand, "pro", confirm=True)
    asked = await change(stand, "free")
    assert (asked["change"], asked["effective_at"]) == ("downgrade", MONTH_END)
    assert asked["limits"][0] == {"meter": "ai_credits", "before": 1000, "after": 60}
    await change(stand, "free", confirm=True)
    usage = (await stand.get("/usage")).json()
    assert (usage["plan"], usage["next_plan"], usage["next_plan_at"]) == ("pro", "free", MONTH_END)


async def test_naming_the_present_plan_takes_a_downgrade_back(stand: Stand) -> None:
    await change(stand, "pro", confirm=True)
    await change(stand, "free", confirm=True)
    asked = await change(stand, "pro")
    assert asked["change"] == "keep"
    assert asked["sentence"] == "You stay on Pro; the scheduled change to Free is taken back."
    await change(stand, "pro", confirm=True)
    assert (await stand.get("/usage")).json()["next_plan"] is None


async def test_the_present_plan_changes_nothing(stand: Stand) -> None:
    told = await change(stand, "free", confirm=True)
    assert (told["change"], told["sentence"]) == ("none", "You are on Free; nothing changes.")


async def test_one_may_move_up_and_down_without_keys_any_number_of_times(stand: Stand) -> None:
    for _ in range(3):
        await change(stand, "pro", confirm=True)
        assert (await stand.get("/usage")).json()["next_plan"] is None
        await change(stand, "free", confirm=True)
        assert (await stand.get("/usage")).json()["next_plan"] == "free"


async def test_one_key_changes_the_plan_once(stand: Stand) -> None:
    body = {"plan": "pro", "confirm": True}
    first = await stand.send("PUT", "/subscription", body, key="up")
    again = await stand.send("PUT", "/subscription", body, key="up")
    other = await stand.send("PUT", "/subscription", {"plan": "starter", "confirm": True}, key="up")
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_an_unknown_plan_is_named(stand: Stand) -> None:
    answer = await stand.send("PUT", "/subscription", {"plan": "gold"})
    assert (answer.status_code, answer.json()["code"], answer.json()["where"]) == (400, "malformed", "plan")
    assert answer.json()["detail"] == "There is no plan 'gold'; there are free, starter, pro, enterprise."
