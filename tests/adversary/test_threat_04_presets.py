"""Presets: what is kept was checked as a draft's settings are, is small and few; an old large one freezes nobody."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.support.clock import FakeClock
from tests.support.sites import Stand, standing

from reelbot.studio.library.presets import PRESETS_MAX
from reelbot.studio.limits import SETTINGS_BYTES_MAX

OPTIONS = {"image": {"embedded": {"anything": "x" * 900_000}}}


@pytest.fixture
async def stand(emptied_url: str, clock: FakeClock) -> AsyncIterator[Stand]:
    async with standing(emptied_url, clock) as opened:
        yield opened


async def listed(stand: Stand) -> list[Any]:
    answer = await stand.get("/presets", params={"limit": 500})
    assert len(answer.content) < (PRESETS_MAX + 1) * (SETTINGS_BYTES_MAX + 500)
    return list(answer.json()["presets"])


@pytest.mark.parametrize(
    "template",
    [
        {"provider_options": OPTIONS},
        {"provider_options": {"image": {"nobody": {}}}},
        {"provider_options": {"image": {f"provider {n}": {} for n in range(1_000)}}},
        {"providers": {"image": "nobody"}},
        {"language": "xx"},
        {"voice": "nobody"},
        {"voice": "x" * 101},
        {"logo": "asset_0-1-123"},
        {"tone": "loud"},
    ],
    ids=lambda template: str(template)[:60],
)
async def test_what_no_draft_would_take_is_not_kept_as_a_preset(stand: Stand, template: Any) -> None:
    body = {"name": "Mine", "template": template}
    refused = await stand.post("/presets", body)
    assert refused.status_code in (400, 404, 422), refused.text
    assert len(refused.content) < 10_000
    drafted = await stand.post("/drafts", {"flow": "narrated", "settings": template})
    assert (drafted.status_code, drafted.json()["code"]) == (refused.status_code, refused.json()["code"])
    assert await listed(stand) == []


async def test_settings_of_which_each_is_fine_have_a_bound_together(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"tone": "humorous", "pace": 1.5}
    size = len(msgspec.json.encode(settings))
    draft = (await stand.post("/drafts", {"flow": "narrated"})).json()["id"]

    async def statuses() -> list[int]:
        made = [
            await stand.post("/presets", {"name": "Mine", "template": settings}),
            await stand.post("/drafts", {"flow": "narrated", "settings": settings}),
            await stand.send("PATCH", f"/drafts/{draft}", {"settings": settings}, key=None),
        ]
        return [answer.status_code for answer in made]

    monkeypatch.setattr("reelbot.studio.drafts.commands.SETTINGS_BYTES_MAX", size - 1)
    assert await statuses() == [400, 400, 400]
    assert await listed(stand) == []
    monkeypatch.setattr("reelbot.studio.drafts.commands.SETTINGS_BYTES_MAX", size)
    assert await statuses() == [201, 201, 200]


async def test_what_a_draft_would_take_is_kept_and_can_be_applied(stand: Stand) -> None:
    voice = (await stand.get("/voices", params={"language": "de"})).json()["voices"][0]["id"]
    kept = await stand.post("/presets", {"name": "Mine", "template": {"voice": voice, "tone": "humorous"}})
    assert kept.status_code == 201, kept.text
    (preset,) = await listed(stand)
    draft = (await stand.post("/drafts", {"flow": "narrated", "settings": {"language": "de"}})).json()["id"]
    asked = {"settings": preset["settings"]}
    changed = await stand.send("PATCH", f"/drafts/{draft}", asked, key=None)
    assert (changed.status_code, changed.json()["settings"]["voice"]) == (200, voice)


async def test_an_old_preset_that_is_too_large_is_neither_served_nor_in_the_way(stand: Stand) -> None:
    database: Any = stand.site.database
    ada = stand.accounts["ada"]
    huge = '{"provider_options": {"image": {"embedded": {"x": "' + "x" * 900_000 + '"}}}}'
    mark = "?" if database.dialect == "sqlite" else "%s"
    insert = (
        f"INSERT INTO preset (lane, account, number, kind, name, settings, created_at) VALUES ({', '.join([mark] * 7)})"
    )
    async with database.transaction() as connection:
        for number in range(1, 6):
            await connection.execute(insert, (*ada[:2], number, "template", "Old", huge, number))
    assert await listed(stand) == []
    assert (await stand.post("/presets", {"name": "Mine", "brand": {}})).status_code == 201
    assert [one["name"] for one in await listed(stand)] == ["Mine"]


async def test_a_preset_that_has_become_too_large_is_not_served_under_the_key_that_kept_it(stand: Stand) -> None:
    database: Any = stand.site.database
    body = {"name": "Mine", "brand": {}}
    assert (await stand.post("/presets", body, key="mine")).status_code == 201
    mark = "?" if database.dialect == "sqlite" else "%s"
    async with database.transaction() as connection:
        huge = '{"provider_options": {"image": {"embedded": {"x": "' + "x" * 900_000 + '"}}}}'
        await connection.execute(f"UPDATE preset SET settings = {mark}", (huge,))
    again = await stand.post("/presets", body, key="mine")
    assert (again.status_code, again.json()["code"]) == (404, "not_found")
    assert len(again.content) < 10_000


async def test_there_are_a_hundred_at_most_however_many_are_asked_for_at_once(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reelbot.studio.library.presets.PRESETS_MAX", 3)
    asked = [stand.post("/presets", {"name": f"Preset {n}", "brand": {}}) for n in range(9)]
    codes = sorted([answer.status_code for answer in await asyncio.gather(*asked)])
    assert codes[:3] == [201, 201, 201]
    assert set(codes[3:]) == {422} or set(codes[3:]) == {400}
