"""`GET /entries`: the ledger of an account, as pages and as CSV."""

import csv
import hashlib
import io
import json
from typing import Any, get_args

import pytest
from tests.support.sites import Stand, join

from reelbot.allowance import Entry, EntryKind
from reelbot.clock import HOUR, instant_from
from reelbot.ids import place_of


async def all_entries(stand: Stand, query: str = "", size: int = 500) -> list[dict[str, Any]]:
    """Every entry, newest first, page by page."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page = (await stand.get(f"/entries?limit={size}{after}{query}")).json()
        found.extend(page["entries"])
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


async def csv_rows(stand: Stand, query: str = "") -> list[dict[str, str]]:
    answer = await stand.get(f"/entries{query}", headers={"Accept": "text/csv"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


async def test_an_entry_tells_what_stood_before_and_after_and_why(stand: Stand) -> None:
    held = await stand.hold(25, why="a trailer")
    await stand.post(f"/holds/{held['id']}/settlement", {"lines": [{"meter": "ai_credits", "amount": 20}]})
    settled, hold, opened = (await stand.get("/entries")).json()["entries"]
    assert {**settled, "hash": ""} == {
        "id": settled["id"],
        "at": "2026-03-01T12:00:00Z",
        "kind": "settle",
        "hold": held["id"],
        "action": None,
        "meter": "ai_credits",
        "window": {"kind": "day", "starts_at": "2026-02-28T23:00:00Z", "ends_at": "2026-03-01T23:00:00Z"},
        "amount": 20,
        "limit": 60,
        "before": {"used": 0, "held": 25},
        "after": {"used": 20, "held": 0},
        "detail": None,
        "why": "Used 20 AI credits of 25 held; 5 went back.",
        "hash": "",
        "draft": None,
    }
    assert (hold["kind"], hold["why"]) == ("hold", "Held 25 AI credits: a trailer")
    assert (opened["kind"], opened["meter"], opened["window"], opened["hold"]) == ("open", None, None, None)
    assert opened["after"] == {"name": "ada", "plan": "free", "timezone": "Europe/Paris", "billing_day": 1}
    assert opened["before"] == {"name": None, "plan": None, "timezone": None, "billing_day": None}


async def test_changes_of_the_account_tell_the_facts_that_changed(stand: Stand) -> None:
    ada = stand.accounts["ada"]
    await stand.ledger.override(ada, "ai_credits", 90, key="o", why="a good customer")
    await stand.ledger.change_plan(ada, "pro", key="up")
    await stand.ledger.change_plan(ada, "free", key="down")
    down, up, override, _ = (await stand.get("/entries")).json()["entries"]
    assert (override["before"], override["after"]) == (
        {"used": 0, "held": 0, "limit": "by plan"},
        {"used": 0, "held": 0, "limit": 90},
    )
    assert (up["before"]["plan"], up["after"]["plan"]) == ("free", "pro")
    assert (down["after"]["plan"], down["after"]["effective_at"]) == ("free", "2026-03-31T22:00:00Z")


async def test_pages_follow_one_another_without_gap_or_overlap(stand: Stand) -> None:
    for _ in range(10):
        await stand.hold(1)
    whole = await all_entries(stand)
    assert len(whole) == 11
    for size in (1, 2, 5, 10, 11):
        assert await all_entries(stand, size=size) == whole


async def test_the_last_page_has_no_next_one(stand: Stand) -> None:
    await stand.hold(1)
    page = (await stand.get("/entries?limit=2")).json()
    assert (len(page["entries"]), page["next"]) == (2, None)


async def test_entries_are_filtered_by_meter_kind_and_time(stand: Stand) -> None:
    await stand.hold(1)
    stand.clock.advance(HOUR)
    held = await stand.hold(1, "posts")
    await stand.post(f"/holds/{held['id']}/release")
    assert {one["meter"] for one in await all_entries(stand, "&meter=posts")} == {"posts"}
    assert [one["kind"] for one in await all_entries(stand, "&kind=hold")] == ["hold", "hold"]
    assert [one["kind"] for one in await all_entries(stand, "&from=2026-03-01T13:00:00Z")] == ["release", "hold"]
    assert [one["kind"] for one in await all_entries(stand, "&to=2026-03-01T13:00:00Z")] == ["hold", "open"]
    assert await all_entries(stand, "&from=2026-03-01T14:00:00%2B01:00&to=2026-03-01T13:00:00Z") == []
    assert len(await all_entries(stand, "&from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z")) == 4


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("meter=tokens", "meter"),
        ("kind=theft", "kind"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=5.0", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("from=yesterday", "from"),
        ("to=2026-02-30T00:00:00Z", "to"),
        ("to=2026-03-01T00:00:00", "to"),
        ("after=0", "after"),
        ("hold=x", "hold"),
        ("hold=draft_0-1-1", "hold"),
        ("draft=cats", "draft"),
        ("draft=", "draft"),
        ("action=", "action"),
        ("after=entry_0-1-1", "after"),
    ],
)
async def test_a_filter_that_cannot_be_meant_is_named(stand: Stand, query: str, where: str) -> None:
    answer = await stand.get(f"/entries?{query}")
    assert (answer.status_code, answer.json()["code"], answer.json()["where"]) == (400, "malformed", where)


@pytest.mark.parametrize("query", ["metre=posts", "limit=1&limit=2", "meter=%ff", "&".join("a=1" for _ in range(99))])
async def test_a_query_that_is_not_understood_is_refused(stand: Stand, query: str) -> None:
    answer = await stand.get(f"/entries?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_csv_has_every_entry_however_many_pages_they_are(stand: Stand) -> None:
    for number in range(260):
        held = await stand.ledger.hold(stand.accounts["ada"], {"storage_bytes": 1}, key=f"h{number}")
        await stand.ledger.release(held)
    rows = await csv_rows(stand)
    entries = await all_entries(stand)
    assert len(rows) == 521
    assert [row["id"] for row in rows] == [entry["id"] for entry in entries]
    assert [row["hash"] for row in rows] == [entry["hash"] for entry in entries]


async def test_csv_tells_what_json_tells(stand: Stand) -> None:
    await stand.hold(25, why='said "five", really')
    hold, opened = await csv_rows(stand)
    assert {name: hold[name] for name in ("kind", "meter", "window", "amount", "limit", "held_after", "why")} == {
        "kind": "hold",
        "meter": "ai_credits",
        "window": "day",
        "amount": "25",
        "limit": "60",
        "held_after": "25",
        "why": 'Held 25 AI credits: said "five", really',
    }
    assert (opened["meter"], opened["window"], opened["limit"]) == ("", "", "")


async def test_csv_takes_the_same_filters(stand: Stand) -> None:
    await stand.hold(1)
    await stand.hold(1, "posts")
    assert [row["meter"] for row in await csv_rows(stand, "?meter=posts")] == ["posts"]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@"])
async def test_csv_never_begins_a_cell_like_a_formula(stand: Stand, sign: str) -> None:
    name = f"{sign}HYPERLINK(1)"
    await join(stand, name, "free")
    answer = await stand.get("/entries", name, headers={"Accept": "text/csv"})
    (opened,) = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert opened["why"].startswith(f"'{name} begins on the Free plan")


async def test_csv_is_given_to_whoever_prefers_it(stand: Stand) -> None:
    for accept, kind in {
        "text/csv": "text/csv",
        "text/csv;q=0.9, application/json;q=0.5": "text/csv",
        "text/*": "text/csv",
        "application/json, text/csv;q=0.5": "application/json",
        "text/csv, application/json": "application/json",
        "*/*": "application/json",
        "image/png": "application/json",
        "text/csv;q=nan": "application/json",
        "text/csv;q=0": "application/json",
        "": "application/json",
    }.items():
        answer = await stand.get("/entries", headers={"Accept": accept})
        assert answer.headers["content-type"].startswith(kind), accept
        assert answer.headers["vary"] == "accept"


async def drafted(stand: Stand, topic: str) -> tuple[str, str]:
    """A draft with a generated script, and the hold of that."""
    draft = (await stand.post("/drafts", {"flow": "narrated", "topic": topic})).json()["id"]
    begun = await stand.post(f"/drafts/{draft}/generations", {"step": "script"})
    assert stand.site.studio is not None
    await stand.site.studio.worker.run_all()
    return draft, begun.json()["hold"]


async def test_an_entry_names_the_draft_that_it_was_for_also_when_that_is_gone(sqlite_stand: Stand) -> None:
    stand = sqlite_stand
    cats, _ = await drafted(stand, "cats")
    dogs, _ = await drafted(stand, "dogs")
    await stand.hold(1)
    await stand.send("DELETE", f"/drafts/{dogs}", key=None)
    assert [one["draft"] for one in await all_entries(stand)] == [None, dogs, dogs, cats, cats, None]
    rows = await csv_rows(stand)
    assert [(row["draft"], row["draft_name"]) for row in rows][1:4:2] == [(dogs, "dogs"), (cats, "cats")]
    assert (rows[0]["draft"], rows[0]["draft_name"]) == ("", "")


async def test_entries_are_filtered_by_action_hold_and_draft(sqlite_stand: Stand) -> None:
    stand = sqlite_stand
    cats, held = await drafted(stand, "cats")
    dogs, _ = await drafted(stand, "dogs")
    for query in (f"draft={cats}", f"hold={held}", f"hold={held}&draft={cats}", f"action=script&draft={cats}"):
        found = await all_entries(stand, f"&{query}")
        assert [(one["kind"], one["draft"]) for one in found] == [("settle", cats), ("hold", cats)], query
        assert await all_entries(stand, f"&{query}", size=1) == found
        assert [row["id"] for row in await csv_rows(stand, f"?{query}")] == [one["id"] for one in found]
    assert len(await all_entries(stand, "&action=script")) == 4
    assert [one["draft"] for one in await all_entries(stand, f"&draft={dogs}&kind=settle")] == [dogs]
    for query in (
        "action=image",
        f"hold={held}&draft={dogs}",
        f"draft={cats}&meter=posts",
        "hold=hold_0-1-1",
        "hold=hold_zz-zz-zz",
    ):
        assert await all_entries(stand, f"&{query}") == []


async def test_another_accounts_hold_and_draft_are_not_there(sqlite_stand: Stand) -> None:
    stand = sqlite_stand
    cats, held = await drafted(stand, "cats")
    for query in (f"draft={cats}", f"hold={held}", "draft=draft_0-9-9", "draft=draft_0-2-zzzzzzzzzzz"):
        answer = await stand.get(f"/entries?{query}", "bob")
        assert (answer.status_code, answer.json()["entries"]) == (200, [])


async def test_entries_of_a_hold_are_found_without_a_studio(stand: Stand) -> None:
    held = await stand.hold(3)
    await stand.hold(1)
    assert [one["amount"] for one in await all_entries(stand, f"&hold={held['id']}")] == [3]


async def test_the_chain_can_be_recomputed_from_what_the_api_tells(stand: Stand) -> None:
    held = await stand.hold(25, why="Zoë's trailer")
    await stand.post(f"/holds/{held['id']}/settlement")
    await stand.hold(1, "channels")
    await stand.ledger.change_plan(stand.accounts["ada"], "pro", key="up")
    head = bytes(32)
    for entry in reversed(await all_entries(stand)):
        head = hashlib.sha256(head + canonical(entry)).digest()
        assert entry["hash"] == head.hex()


def canonical(entry: dict[str, Any]) -> bytes:
    """The text that an entry's hash covers, made of nothing but the entry as the API tells it."""
    place = place_of(entry["id"])
    hold = place_of(entry["hold"]) if entry["hold"] else None
    assert place is not None
    window = entry["window"] or {"starts_at": None, "ends_at": None}
    starts_at = instant_from(window["starts_at"]) if window["starts_at"] else 0
    ends_at = instant_from(window["ends_at"]) if window["ends_at"] else None
    before, after = entry["before"], entry["after"]
    figures = [before.get("used", 0), before.get("held", 0), after.get("used", 0), after.get("held", 0)]
    fields = [
        place.lane, place.account, place.seq, instant_from(entry["at"]), entry["kind"], hold.seq if hold else 0,
        entry["action"], entry["meter"], starts_at, ends_at, entry["amount"], entry["limit"], *figures,
        entry["detail"], entry["why"],
    ]  # fmt: skip
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def test_the_api_knows_every_kind_of_entry() -> None:
    assert get_args(EntryKind) == get_args(Entry.__annotations__["kind"])
