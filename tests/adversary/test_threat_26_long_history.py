"""`kind=refund` on a long history: no filter looks through more than a bounded number of entries, nor for long at a time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from tests.support.clock import FakeClock
from tests.support.sites import Stand, standing

from reelbot.allowance import AccountRef, Entry, Ledger, Span, history_search
from reelbot.allowance.history_search import HistorySearch
from reelbot.allowance.store import Combination
from reelbot.clock import DAY, HOUR, instant_text
from reelbot.limits import EXPORTS_OF_ONE_MAX, SEARCHES_OF_ONE_MAX
from reelbot.web import Rate, RequestBuckets

BLOCK = 8
LOOKED_AT_MAX = 40


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def stand(request: pytest.FixtureRequest, clock: FakeClock) -> AsyncIterator[Stand]:
    """A site on each kind of store."""
    named = {"sqlite": "sqlite_url", "postgres": "postgres_url"}
    address = "memory:" if request.param == "memory" else request.getfixturevalue(named[request.param])
    async with standing(address, clock) as built:
        vars(built.site.request_buckets).update(vars(RequestBuckets(Rate(burst=100_000))))
        yield built


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A history of hundreds is to this what one of millions is to the real bounds."""
    monkeypatch.setattr(history_search, "BLOCK", BLOCK)
    monkeypatch.setattr(HistorySearch, "looked_at_max", LOOKED_AT_MAX)


class Watched:
    """Notes how many entries each reading of the store may have to look through."""

    def __init__(self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
        self.spans: list[int] = []
        self.turns: list[int] = []
        self._turn = 0
        store = ledger.store
        entries, combinations = store.entries, store.combinations

        async def entries_watched(ref: AccountRef, span: Span) -> Sequence[Entry]:
            if span.is_searched:
                self._note((span.before_seq or 10**9) - 1 - span.after_seq)
            return await entries(ref, span)

        async def combinations_watched(ref: AccountRef, after_seq: int, before_seq: int) -> Sequence[Combination]:
            self._note(before_seq - 1 - after_seq)
            return await combinations(ref, after_seq, before_seq)

        monkeypatch.setattr(store, "entries", entries_watched)
        monkeypatch.setattr(store, "combinations", combinations_watched)

    def _note(self, looked_through: int) -> None:
        self.spans.append(looked_through)
        self.turns.append(self._turn)

    async def others(self) -> None:
        """Somebody else, who counts the turns that they get."""
        while True:
            self._turn += 1
            await asyncio.sleep(0)

    def took(self) -> int:
        """How many entries were looked through since this was asked last."""
        total = sum(self.spans)
        self.spans.clear()
        return total


async def lived(stand: Stand, times: int) -> None:
    """A long life: an hour between two holds, most of them released; one is of another meter."""
    for number in range(times):
        meter = "posts" if number == 3 else "storage_bytes"
        hold = await stand.ledger.hold(stand.accounts["ada"], {meter: 1}, key=f"life-{number}")
        await (stand.ledger.settle(hold) if number in (5, times - 1) else stand.ledger.release(hold))
        stand.clock.advance(HOUR)


def fits(entry: dict[str, Any], asked: dict[str, str]) -> bool:
    """The filters in the plainest way: the oracle."""
    alike = all(entry[name] == asked[name] for name in ("meter", "kind", "action") if name in asked)
    return alike and asked.get("from", "") <= entry["at"] < asked.get("to", "9")


async def paged(stand: Stand, asked: dict[str, str]) -> tuple[list[dict[str, Any]], list[int]]:
    """All that a filter finds, page by page, and how many entries each page had."""
    found: list[dict[str, Any]] = []
    sizes: list[int] = []
    after: dict[str, str] = {}
    while True:
        page = (await stand.get("/entries", params={"limit": "5"} | asked | after)).json()
        found += page["entries"]
        sizes.append(len(page["entries"]))
        if page["next"] is None:
            return found, sizes
        after = {"after": page["next"]}


FILTERS: tuple[dict[str, str], ...] = (
    {"kind": "refund"},
    {"kind": "settle"},
    {"kind": "open"},
    {"kind": "settle", "meter": "posts"},
    {"meter": "posts"},
    {"action": "music"},
    {"action": "music", "kind": "release", "meter": "ai_credits"},
    {"from": "2026-03-03T00:00:00Z", "to": "2026-03-04T00:00:00Z"},
    {"from": "2026-03-02T00:00:00Z", "kind": "settle"},
    {"to": "2026-03-02T00:00:00Z", "meter": "posts"},
)


async def test_every_filter_finds_exactly_what_there_is_however_often_it_is_asked(stand: Stand) -> None:
    await lived(stand, 120)
    whole, _ = await paged(stand, {})
    assert len(whole) == 241
    for asked in (*FILTERS, *FILTERS):
        found, _ = await paged(stand, asked)
        assert found == [entry for entry in whole if fits(entry, asked)], asked


async def test_one_page_looks_through_a_bounded_number_in_pieces_between_which_others_have_their_turn(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lived(stand, 120)
    watched = Watched(stand.ledger, monkeypatch)
    others = asyncio.create_task(watched.others())
    page = (await stand.get("/entries?kind=refund")).json()
    assert page["entries"] == []
    assert page["next"] is not None, "there is more to be looked through"
    assert max(watched.spans) <= BLOCK
    assert max(watched.turns.count(turn) for turn in watched.turns) <= 3, "a piece, its summary, and the next piece"
    assert 0 < watched.took() <= 2 * (LOOKED_AT_MAX + BLOCK)
    others.cancel()


@pytest.mark.parametrize("asked", FILTERS[:1] + FILTERS[3:7], ids=str)
async def test_what_was_looked_through_in_vain_is_passed_over_from_then_on(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]
) -> None:
    await lived(stand, 120)
    await paged(stand, {"kind": "refund"})
    watched = Watched(stand.ledger, monkeypatch)
    _, sizes = await paged(stand, asked)
    assert len(sizes) == 1
    assert watched.took() <= 4 * BLOCK


async def test_a_day_long_ago_is_found_without_looking_through_the_days_beside_it(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lived(stand, 120)
    day = {"from": instant_text(stand.clock() - 3 * DAY), "to": instant_text(stand.clock() - 2 * DAY)}
    whole, _ = await paged(stand, day)
    watched = Watched(stand.ledger, monkeypatch)
    first = (await stand.get("/entries", params={"limit": "5"} | day)).json()
    assert first["entries"] == whole[:5]
    assert watched.took() <= 4 * BLOCK


@pytest.mark.parametrize("address", ["sqlite_url", "postgres_url"])
async def test_a_database_is_looked_through_from_near_the_day_that_is_asked_for_on(
    request: pytest.FixtureRequest, clock: FakeClock, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with standing(request.getfixturevalue(address), clock) as stand:
        await lived(stand, 120)
        begins = stand.clock() - 5 * DAY
        day = {"from": instant_text(begins), "to": instant_text(begins + HOUR)}
        ends = (await stand.ledger.store.stretch(stand.accounts["ada"], begins, begins + HOUR)).before_seq
        looked: list[int] = []
        entries = stand.ledger.store.entries

        async def noted(ref: AccountRef, span: Span) -> Sequence[Entry]:
            if span.is_searched:
                looked.append(span.before_seq or 0)
            return await entries(ref, span)

        monkeypatch.setattr(stand.ledger.store, "entries", noted)
        assert (await stand.get("/entries", params=day)).status_code == 200
        assert max(looked) == ends < 120


async def test_what_comes_after_a_block_was_summed_up_is_found(stand: Stand) -> None:
    await lived(stand, 40)
    assert (await paged(stand, {"kind": "refund"}))[0] == []
    hold = await stand.ledger.hold(stand.accounts["ada"], {"posts": 1}, key="later")
    await stand.ledger.settle(hold)
    await stand.ledger.refund(hold, key="back", why="a bad one")
    await lived_on(stand, 20)
    found, _ = await paged(stand, {"kind": "refund"})
    assert [entry["meter"] for entry in found] == ["posts"]


async def lived_on(stand: Stand, times: int) -> None:
    for number in range(times):
        hold = await stand.ledger.hold(stand.accounts["ada"], {"storage_bytes": 1}, key=f"on-{number}")
        await stand.ledger.release(hold)


async def test_what_an_account_made_up_a_thousand_actions_for_is_still_found_whole(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_search, "COMBINATIONS_MAX", 0)
    ledger, ada, clock = stand.ledger, stand.accounts["ada"], stand.clock
    for number in range(20):
        await ledger.hold(ada, {"posts" if number == 2 else "storage_bytes": 1}, key=f"k{number}")
        clock.advance(HOUR)
    for _ in range(2):
        assert len(await ledger.history(ada, Span(None, 50, meter="posts"))) == 1
        assert await ledger.history(ada, Span(None, 50, kind="refund")) == []


async def test_an_account_looks_for_a_few_pages_at_once_and_nobody_else_is_refused(stand: Stand) -> None:
    await lived(stand, 60)
    searches = stand.site.searches
    ada, bob = ((one.lane, one.id) for one in (stand.accounts["ada"], stand.accounts["bob"]))
    taken = [searches.taken(ada) for _ in range(SEARCHES_OF_ONE_MAX)]
    for one in taken:
        one.__enter__()
    refused = await stand.get("/entries?kind=refund")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert (await stand.get("/entries")).status_code == 200, "nothing has to be looked for"
    assert (await stand.get("/entries?kind=refund", "bob")).status_code == 200
    for one in taken:
        one.__exit__(None, None, None)
    assert (await stand.get("/entries?kind=refund")).status_code == 200
    assert (len(searches), bob != ada) == (0, True)


async def test_an_account_exports_a_few_histories_at_once_and_nobody_else_is_refused(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    csv = {"Accept": "text/csv"}
    under_way: list[int] = []
    history = stand.ledger.history

    async def noted(account: AccountRef, span: Span) -> Sequence[Entry]:
        under_way.append(len(stand.site.exports))
        return await history(account, span)

    with monkeypatch.context() as patched:
        patched.setattr(stand.ledger, "history", noted)
        assert (await stand.get("/entries", headers=csv)).status_code == 200
    assert under_way == [1], "it has its place for as long as it lasts"
    ada = (stand.accounts["ada"].lane, stand.accounts["ada"].id)
    taken = [stand.site.exports.taken(ada) for _ in range(EXPORTS_OF_ONE_MAX)]
    for one in taken:
        one.__enter__()
    assert (await stand.get("/entries", headers=csv)).status_code == 429
    assert (await stand.get("/entries", "bob", headers=csv)).status_code == 200
    for one in taken:
        one.__exit__(None, None, None)
    assert (await stand.get("/entries", headers=csv)).status_code == 200
    assert len(stand.site.exports) == 0
