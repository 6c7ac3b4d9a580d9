"""Drafts and jobs: each stays small however it is made to grow, and many of them in a list freeze nobody."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.support.clock import FakeClock
from tests.support.sites import Stand, standing

from reelbot.clock import SECOND
from reelbot.records import Page
from reelbot.studio import StudioRefused, store
from reelbot.studio.core import edits
from reelbot.studio.limits import DRAFT_BYTES_MAX, LISTS_WAITING_MAX, READ_AT_ONCE, SCRIPT_LENGTH_MAX


@pytest.fixture
async def stand(emptied_url: str, clock: FakeClock) -> AsyncIterator[Stand]:
    async with standing(emptied_url, clock) as opened:
        yield opened


async def drafted(stand: Stand) -> str:
    answer = await stand.post("/drafts", {"flow": "narrated", "topic": "why cats purr"})
    assert answer.status_code == 201
    return str(answer.json()["id"])


async def test_a_draft_grows_no_further_than_is_read_in_a_moment(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edits, "DRAFT_BYTES_MAX", DRAFT_BYTES_MAX // 10)
    draft, changed = await drafted(stand), 0
    none: dict[str, Any] = {"versions": [{"slot": "script", "version": None}], "confirm": True}
    while True:  # a version that doesn't count is no text that is still being typed, so each of these is another one
        text = f"{changed} " + "\u00e9" * (SCRIPT_LENGTH_MAX - 10)
        answer = await stand.send("PATCH", f"/drafts/{draft}", {"script": text, "confirm": True})
        if answer.status_code != 200:
            break
        changed += 1
        assert changed < 10
        assert (await stand.send("PATCH", f"/drafts/{draft}", none)).status_code == 200
        stand.time.advance(SECOND)
    assert (answer.status_code, answer.json()["code"]) == (503, "too_busy")
    assert "Go on in a new draft." in answer.json()["detail"]
    assert len((await stand.get(f"/drafts/{draft}")).content) < DRAFT_BYTES_MAX // 5
    asked = {"settings": {"tone": "humorous"}, "confirm": True}
    assert (await stand.send("PATCH", f"/drafts/{draft}", asked)).status_code == 200
    assert (await stand.send("DELETE", f"/drafts/{draft}")).status_code == 200


async def test_an_ai_action_is_not_begun_for_a_draft_that_has_no_room_for_its_result(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = await drafted(stand)
    monkeypatch.setattr(edits, "DRAFT_BYTES_MAX", 100)
    answer = await stand.post(f"/drafts/{draft}/generations", {"step": "script"})
    assert (answer.json()["code"], await stand.used()) == ("too_busy", (0, 0))


async def test_others_have_a_turn_between_any_two_drafts_of_a_list(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [await drafted(stand) for _ in range(2 * READ_AT_ONCE + 1)]
    read, turn, kept_draft = [], 0, store._kept_draft

    def noted(*given: Any) -> Any:
        read.append(turn)
        return kept_draft(*given)

    async def others() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    monkeypatch.setattr(store, "_kept_draft", noted)
    beside = asyncio.create_task(others())
    listed = [one["id"] for one in (await stand.get("/drafts", params={"limit": 500})).json()["drafts"]]
    beside.cancel()
    assert sorted(listed) == sorted(ids)
    assert len(set(read)) == len(read) == len(ids)


async def test_others_have_a_turn_between_any_two_jobs_of_a_list(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = []
    for _ in range(READ_AT_ONCE + 1):
        begun = await stand.post(f"/drafts/{await drafted(stand)}/generations", {"step": "topic"})
        ids.append(begun.json()["job"])
        assert (await stand.send("DELETE", f"/jobs/{ids[-1]}")).status_code == 200
    read, turn, kept_job = [], 0, store._job

    def noted(*given: Any) -> Any:
        read.append(turn)
        return kept_job(*given)

    async def others() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    monkeypatch.setattr(store, "_job", noted)
    beside = asyncio.create_task(others())
    listed = [one["id"] for one in (await stand.get("/jobs", params={"limit": 500})).json()["jobs"]]
    beside.cancel()
    assert sorted(listed) == sorted(ids)
    assert len(set(read)) == len(read) == len(ids)


async def test_one_job_has_no_more_text_than_is_read_in_a_moment(stand: Stand) -> None:
    draft, passage = await drafted(stand), "w\u00f6rd " * 800
    steps = [{"step": "rewrite", "options": {"makes": "title", "passage": passage}}] * 48
    answer = await stand.post(f"/drafts/{draft}/generations", {"steps": steps})
    assert (answer.status_code, answer.json()["code"], await stand.used()) == (400, "malformed", (0, 0))
    pictures = [{"step": "image", "options": {"prompt": "\u732b" * 1_000}}] * 15
    assert (await stand.post(f"/drafts/{draft}/generations", {"steps": pictures})).status_code == 202


async def test_one_account_reads_one_list_of_drafts_at_a_time_and_is_told_when_too_many_wait(stand: Stand) -> None:
    studio = stand.site.studio
    assert studio is not None
    await drafted(stand)
    asked = [studio.drafts(stand.accounts["ada"], Page(10)) for _ in range(LISTS_WAITING_MAX + 2)]
    found = await asyncio.gather(*asked, return_exceptions=True)
    refused = [one for one in found if isinstance(one, StudioRefused)]
    assert [one.code for one in refused] == ["too_many_requests"]
    assert await studio.drafts(stand.accounts["bob"], Page(10)) == []
