"""Threat 7: a hold of a hundred lines of one byte and its release, again and again: what they leave behind is bounded."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.adversary.own_holds import Dishonest, dishonest
from tests.studio.stage import step
from tests.support.clock import FakeClock
from tests.support.ledgers import entries

from reelbot.allowance import Item, Line
from reelbot.limits import LINES_MAX, SPOKEN_LENGTH_MAX

LIFE_BYTES_MAX = 4_000
"""Of all that one hold of one meter and its end leave in the database, with the longest reasons: a few short rows."""


@pytest.fixture
async def ada(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Dishonest]:
    async with dishonest(sqlite_url, tmp_path / "data", clock) as opened:
        yield opened


async def kept_bytes(ada: Dishonest) -> int:
    """The length of all texts and numbers that the ledger and its events keep."""
    total = 0
    async with ada.stage.room.store.database.reading() as connection:
        for table in ("entry", "hold", "answer", "balance", "event"):
            rows = await connection.fetch(f"SELECT * FROM {table}")
            total += sum(len(cell if isinstance(cell, bytes) else str(cell).encode()) for row in rows for cell in row)
    return total


async def lived(ada: Dishonest, body: dict[str, Any], end: str, said: dict[str, Any]) -> tuple[int, int]:
    """How many entries and how many bytes a hold and its end leave behind."""
    before = (len(await entries(ada.stage.ledger, ada.stage.ada)), await kept_bytes(ada))
    placed = await ada.call("POST", "/holds", body)
    assert placed.status_code == 201, placed.text
    ended = await ada.call("POST", f"/holds/{placed.json()['id']}/{end}", said)
    assert ended.status_code == 200, ended.text
    return (len(await entries(ada.stage.ledger, ada.stage.ada)) - before[0], await kept_bytes(ada) - before[1])


WHY = "界" * SPOKEN_LENGTH_MAX
BYTE = {"meter": "storage_bytes", "amount": 1}
NOTHING = {"meter": "storage_bytes", "amount": 0}


@pytest.mark.parametrize("mode", ["all", "fit"])
@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("release", {"why": WHY}),
        ("settlement", {"why": WHY}),
        ("settlement", {"lines": [NOTHING] * LINES_MAX, "why": WHY}),
    ],
)
async def test_a_hundred_lines_of_one_byte_leave_what_one_line_leaves(
    ada: Dishonest, mode: str, end: str, said: dict[str, Any]
) -> None:
    count, size = await lived(ada, {"lines": [BYTE] * LINES_MAX, "mode": mode, "why": WHY}, end, said)
    assert (count, size < LIFE_BYTES_MAX) == (2, True), size


async def test_a_hundred_lines_are_answered_as_one(ada: Dishonest) -> None:
    placed = (await ada.call("POST", "/holds", {"lines": [BYTE] * LINES_MAX})).json()
    one = {"meter": "storage_bytes", "action": None, "amount": LINES_MAX, "settled": 0}
    assert placed["lines"] == [one]
    assert (await ada.call("GET", f"/holds/{placed['id']}")).json()["lines"] == [one]
    assert await ada.stage.storage() == (0, LINES_MAX)
    body = {"lines": [{"meter": "storage_bytes", "amount": 60}]}
    ended = (await ada.call("POST", f"/holds/{placed['id']}/settlement", body)).json()
    assert ended["lines"] == [{**one, "settled": 60}]
    assert await ada.stage.storage() == (60, 0)


async def test_a_hundred_items_leave_an_entry_for_each_action(ada: Dishonest) -> None:
    items = [{"action": ("script", "topic")[number % 2]} for number in range(30)]
    count, size = await lived(ada, {"items": items, "why": WHY}, "release", {"why": WHY})
    assert (count, size < 2 * LIFE_BYTES_MAX) == (4, True), size
    held = [entry for entry in await entries(ada.stage.ledger, ada.stage.ada) if entry.kind == "hold"][-2:]
    assert [(entry.action, entry.amount) for entry in held] == [("script", 30), ("topic", 15)]
    assert held[0].why == "Held 30 AI credits: 15 × Script: 1 script, 2 AI credits per script"


async def test_what_does_not_fit_is_told_and_not_kept_for_ever(ada: Dishonest) -> None:
    lines = [{"meter": "ai_credits", "amount": 50}] * LINES_MAX
    before = await kept_bytes(ada)
    placed = (await ada.call("POST", "/holds", {"lines": lines, "mode": "fit"})).json()
    assert (len(placed["lines"]), len(placed["refused"])) == (1, LINES_MAX - 1)
    assert await kept_bytes(ada) - before < 2 * LIFE_BYTES_MAX
    assert len(await entries(ada.stage.ledger, ada.stage.ada)) > 0


async def test_python_leaves_an_entry_for_each_meter_and_action(ada: Dishonest) -> None:
    ledger, ref = ada.stage.ledger, ada.stage.ada
    before = len(await entries(ledger, ref))
    hold = await ledger.hold(ref, [Line("storage_bytes", 1, "chunk")] * LINES_MAX, key="lines")
    await ledger.release(hold)
    items = await ledger.hold(ref, [Item("topic")] * 10, key="items")
    await ledger.settle(items, {"ai_credits": 7})
    assert [len(one.lines) for one in (hold, items)] == [1, 1]
    assert len(await entries(ledger, ref)) - before == 4


async def test_a_batch_of_clips_is_one_line_of_credits_and_one_of_storage(ada: Dishonest) -> None:
    draft = await ada.stage.open("how tides work")
    await ada.stage.made(draft, step("image", count=3))
    before = len(await entries(ada.stage.ledger, ada.stage.ada))
    begun = await ada.stage.generate(draft, step("animation", seconds=1))
    assert (await ada.stage.done(begun)).state == "succeeded"
    assert len(await entries(ada.stage.ledger, ada.stage.ada)) - before == 4
    clips = (await ada.call("GET", "/assets")).json()["assets"]
    assert (len(clips), await ada.stage.storage()) == (3, (sum(clip["bytes"] for clip in clips), 0))
    await ada.call("DELETE", f"/assets/{clips[0]['id']}")
    assert await ada.stage.storage() == (sum(clip["bytes"] for clip in clips[1:]), 0)


@pytest.mark.parametrize("path", ["", "/{hold}/settlement", "/{hold}/release"])
async def test_no_reason_is_longer_than_a_sentence(ada: Dishonest, path: str) -> None:
    hold = (await ada.call("POST", "/holds", {"lines": [BYTE]})).json()["id"]
    body = {"why": "x" * (SPOKEN_LENGTH_MAX + 1)} | ({} if path else {"lines": [BYTE]})
    answer = await ada.call("POST", f"/holds{path.format(hold=hold)}", body)
    assert (answer.status_code, answer.json()["where"]) == (400, "$.why")
    assert await ada.stage.storage() == (0, 1)
