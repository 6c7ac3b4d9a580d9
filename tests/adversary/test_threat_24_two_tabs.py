"""Two tabs on one draft: whoever changes what somebody else has changed meanwhile is told so, and no text is lost."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import Response
from tests.support.clock import FakeClock
from tests.support.sites import Stand, standing


@pytest.fixture
async def stand(sqlite_url: str, clock: FakeClock) -> AsyncIterator[Stand]:
    """A site on SQLite."""
    async with standing(sqlite_url, clock) as built:
        yield built


async def opened(stand: Stand) -> tuple[str, str]:
    """A draft, and the revision that both tabs have seen."""
    answer = await stand.post("/drafts", {"flow": "narrated", "topic": "tides"})
    return answer.json()["id"], answer.headers["etag"]


async def change(stand: Stand, draft: str, match: str | None, **body: Any) -> Response:
    headers = {} if match is None else {"If-Match": match}
    return await stand.send("PATCH", f"/drafts/{draft}", body, headers=headers)


async def test_the_second_of_two_tabs_is_told_what_the_first_has_written(stand: Stand) -> None:
    draft, seen = await opened(stand)
    first = await change(stand, draft, seen, script="Written in one tab.")
    second = await change(stand, draft, seen, script="Written in the other.")
    assert first.status_code == 200
    assert (second.status_code, second.json()["code"]) == (409, "revision_conflict")
    present = second.json()["draft"]
    assert present["steps"]["script"]["text"] == "Written in one tab."
    assert second.headers["etag"] == first.headers["etag"] == f'"{present["revision"]}"'
    assert (await stand.get(f"/drafts/{draft}")).json() == present
    again = await change(stand, draft, second.headers["etag"], script="Written in the other.")
    assert again.json()["steps"]["script"]["text"] == "Written in the other."


async def test_every_answer_with_a_draft_says_its_revision(stand: Stand) -> None:
    draft, seen = await opened(stand)
    read = await stand.get(f"/drafts/{draft}")
    changed = await change(stand, draft, seen, topic="tides and moons")
    assert read.headers["etag"] == seen == f'"{read.json()["revision"]}"'
    assert changed.headers["etag"] == f'"{changed.json()["revision"]}"' != seen


async def test_who_does_not_say_what_was_seen_changes_whatever_is_there(stand: Stand) -> None:
    draft, seen = await opened(stand)
    await change(stand, draft, seen, script="One.")
    assert (await change(stand, draft, None, script="Two.")).status_code == 200
    assert (await change(stand, draft, "*", script="Three.")).status_code == 200


@pytest.mark.parametrize("match", ["one", '"x"', 'W/"1"', '"1', '"' + "9" * 30 + '"', ""])
async def test_a_field_that_names_no_revision_is_refused(stand: Stand, match: str) -> None:
    draft, _ = await opened(stand)
    answer = await change(stand, draft, match, script="One.")
    assert (answer.status_code, answer.json()["code"], answer.json()["where"]) == (400, "malformed", "If-Match")


async def test_the_quotes_may_be_left_out(stand: Stand) -> None:
    draft, seen = await opened(stand)
    assert (await change(stand, draft, seen.strip('"'), script="One.")).status_code == 200
    assert (await change(stand, draft, seen.strip('"'), script="Two.")).json()["code"] == "revision_conflict"


async def test_one_of_several_revisions_is_enough(stand: Stand) -> None:
    draft, seen = await opened(stand)
    assert (await change(stand, draft, f'"77", {seen}', script="One.")).status_code == 200


async def test_a_conflict_comes_before_the_question_about_stale_steps_and_changes_nothing(stand: Stand) -> None:
    draft, seen = await opened(stand)
    await change(stand, draft, seen, script="One.")
    before = (await stand.get(f"/drafts/{draft}")).json()
    answer = await change(stand, draft, seen, topic="quite another", confirm=True)
    assert answer.json()["code"] == "revision_conflict"
    assert (await stand.get(f"/drafts/{draft}")).json() == before


async def test_another_account_is_not_told_that_there_is_a_draft(stand: Stand) -> None:
    draft, seen = await opened(stand)
    answer = await stand.send("PATCH", f"/drafts/{draft}", {"script": "Mine."}, "bob", headers={"If-Match": seen})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "etag" not in answer.headers
