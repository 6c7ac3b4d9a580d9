"""Reading the ledger: by what an entry was for, by the holds it belongs to, by time; and that none of it reads the rest."""

import json
from typing import Any

import pytest
from tests.support.clock import FakeClock
from tests.support.ledgers import ALL, entries

from reelbot.allowance import AccountRef, Item, Ledger, Line, Span, Taken
from reelbot.allowance.stores.sql import CLOCKS_APART, SqlReader
from reelbot.clock import DAY, HOUR, MINUTE
from reelbot.db import Database
from reelbot.errors import Malformed
from reelbot.ids import place_of
from reelbot.limits import HOLDS_MAX


def number_of(hold: Any) -> int:
    """The number by which the ledger knows a hold."""
    place = place_of(hold.id)
    assert place is not None
    return place.seq


async def test_history_is_filtered_by_action(ledger: Ledger, ada: AccountRef) -> None:
    await ledger.hold(ada, [Item("script", 1), Item("image", 2)], key="a")
    await ledger.hold(ada, {"ai_credits": 1}, key="b")
    assert [one.amount for one in await ledger.history(ada, Span(None, 50, action="image"))] == [8]
    assert await ledger.history(ada, Span(None, 50, action="dance")) == []


async def test_the_entries_of_holds_are_all_that_opened_and_concluded_them(ledger: Ledger, ada: AccountRef) -> None:
    lines = [Line("ai_credits", 2, "script"), Line("ai_credits", 4, "image"), Line("posts", 1)]
    first = await ledger.hold(ada, lines, key="a")
    second = await ledger.hold(ada, {"ai_credits": 3}, key="b")
    third = await ledger.hold(ada, {"ai_credits": 5}, key="c")
    await ledger.settle(second)
    await ledger.mark_unknown(third, why="lost sight of it")
    await ledger.settle(first, {"ai_credits": 3, "posts": 1})
    await ledger.settle(third)
    await ledger.refund(third, {"ai_credits": 1}, key="r1", why="a bad one")
    await ledger.refund(third, {"ai_credits": 1}, key="r2", why="a worse one")
    wanted = [number_of(first), number_of(third)]
    found = await ledger.history(ada, ALL._replace(holds=wanted))
    assert found == [one for one in await ledger.history(ada, ALL) if one.hold in wanted]
    assert [one.kind for one in found if one.hold == wanted[1]] == ["refund", "refund", "settle", "unknown", "hold"]
    assert await ledger.history(ada, ALL._replace(holds=[*wanted, *wanted])) == found
    assert await ledger.history(ada, Span(None, 2, holds=wanted)) == found[:2]
    assert await ledger.history(ada, Span(found[1].seq, 500, holds=wanted)) == found[2:]
    assert await ledger.history(ada, ALL._replace(holds=wanted, kind="refund", meter="posts")) == []
    assert [one.action for one in await ledger.history(ada, ALL._replace(holds=wanted, action="script"))][-1:] == [
        "script"
    ]


async def test_what_belongs_to_no_hold_is_never_found_by_one(ledger: Ledger, ada: AccountRef) -> None:
    hold = await ledger.hold(ada, {"ai_credits": 1}, key="a")
    for holds in ([], [0], [number_of(hold) - 1], [number_of(hold) + 1]):
        assert await ledger.history(ada, ALL._replace(holds=holds)) == []
        assert await ledger.taken(ada, holds) == {}


async def test_holds_of_another_account_are_not_found(ledger: Ledger, ada: AccountRef) -> None:
    bob = await ledger.account("bob")
    await ledger.hold(bob, {"posts": 1}, key="a")
    hold = await ledger.hold(bob, {"ai_credits": 1}, key="b")
    assert number_of(hold) == 3
    assert await ledger.history(ada, ALL._replace(holds=[3])) == []
    assert await ledger.taken(ada, [3]) == {}


async def test_what_holds_took_is_what_is_used_and_what_is_still_held(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    settled = await ledger.hold(ada, {"ai_credits": 9, "posts": 1}, key="a")
    await ledger.settle(settled, {"ai_credits": 7, "posts": 1})
    await ledger.refund(settled, {"ai_credits": 2}, key="r", why="a bad one")
    released = await ledger.hold(ada, {"ai_credits": 4}, key="b")
    await ledger.release(released)
    unknown = await ledger.hold(ada, {"ai_credits": 2}, key="c")
    await ledger.mark_unknown(unknown, why="lost sight of it")
    held = await ledger.hold(ada, {"ai_credits": 3}, key="d", expires_in=60)
    numbers = [number_of(one) for one in (settled, released, unknown, held)]
    assert await ledger.taken(ada, numbers) == {"ai_credits": Taken(5, 5), "posts": Taken(1, 0)}
    clock.advance(MINUTE)
    assert (await ledger.taken(ada, numbers))["ai_credits"] == Taken(5, 2)


async def test_too_many_holds_at_once_are_refused(ledger: Ledger, ada: AccountRef) -> None:
    many = list(range(1, HOLDS_MAX + 2))
    with pytest.raises(Malformed):
        await ledger.history(ada, ALL._replace(holds=many))
    with pytest.raises(Malformed):
        await ledger.taken(ada, many)
    with pytest.raises(Malformed):
        await ledger.taken(ada, [-1])


@pytest.mark.parametrize("back", [0, 2 * HOUR, CLOCKS_APART - HOUR])
async def test_a_day_is_found_whole_though_the_clock_was_set_back(
    ledger: Ledger, ada: AccountRef, clock: FakeClock, back: int
) -> None:
    for number in range(60):
        await ledger.hold(ada, {"storage_bytes": 1}, key=f"k{number}", expires_in=7 * 86_400)
        clock.advance(-back if number in (20, 41) else 3 * HOUR)
    whole = await entries(ledger, ada)
    assert (whole != sorted(whole, key=lambda one: one.at)) == bool(back)
    first, last = min(one.at for one in whole), max(one.at for one in whole)
    for from_at in range(first - DAY, last + 2 * DAY, DAY // 2):
        for until_at in (from_at, from_at + DAY, from_at + 3 * DAY):
            found = await ledger.history(ada, ALL._replace(from_at=max(0, from_at), until_at=until_at))
            assert found == [one for one in reversed(whole) if from_at <= one.at < until_at]


async def test_a_stretch_of_days_is_a_small_part_of_a_long_history(ledger: Ledger, clock: FakeClock) -> None:
    ada = await ledger.account("ada of old")
    for number in range(200):
        await ledger.hold(ada, {"storage_bytes": 1}, key=f"k{number}")
        clock.advance(DAY)
    whole = await entries(ledger, ada)
    from_at, until_at = whole[90].at, whole[92].at
    low, high = await ledger.store.stretch(ada, from_at, until_at)
    assert low < whole[90].seq and high > whole[91].seq
    if isinstance(ledger.store, SqlReader):
        assert high - low <= 2 + 2 * (CLOCKS_APART // DAY) + 2
    assert (await ledger.store.stretch(ada, None, None)).after_seq == 0
    nobody = AccountRef(ada.lane, ada.id + 1_000, "nobody")
    assert (await ledger.store.stretch(nobody, from_at, until_at)).after_seq == 0
    assert await ledger.history(nobody, ALL._replace(from_at=from_at, until_at=until_at)) == []


NONE_CHOSEN = (None,) * 10

FOUND_BY = {
    "list_entries_of": (("{5}", 0, 1, "{5}", 0, 1, 0, 2**62, *NONE_CHOSEN, 51), "entry_by_hold", "hold"),
    "read_holds": (("{5}", 0, 1), "hold_pkey", "id"),
    "find_place": ((0, 1, 5_000, 5_000, 0, 1), "entry_pkey", "seq"),
}
"""Statements by which a small part of a long ledger is read: parameters, and the index and column they must be found by."""

A_LONG_LEDGER = """
INSERT INTO entry (lane, account, seq, at, kind, hold, window_start, amount, used_before, held_before, used_after,
                   held_after, why, hash)
SELECT 0, 1, n, n, CASE n % 2 WHEN 0 THEN 'settle' ELSE 'hold' END, n - 1 + n % 2, 0, 0, 0, 0, 0, 0, '',
       decode(repeat('00', 32), 'hex')
  FROM generate_series(1, 20000) n;
INSERT INTO hold (lane, account, id, state, expires_at, lines)
SELECT 0, 1, n, 'settled', 0, '[[]]' FROM generate_series(1, 20000, 2) n
"""


@pytest.mark.parametrize("name", FOUND_BY)
async def test_no_part_of_a_long_ledger_is_found_by_reading_all_of_it(
    ledger: Ledger, ledger_kind: str, name: str
) -> None:
    store: Any = ledger.store
    if ledger_kind == "memory":
        assert not isinstance(store, SqlReader)
        return
    (parameters, index, column), sql = FOUND_BY[name], store._sql[name]
    if ledger_kind == "sqlite":
        parameters = tuple(
            one.replace("{", "[").replace("}", "]") if isinstance(one, str) else one for one in parameters
        )
        told = "\n".join(str(row) for row in await store._database.fetch(f"EXPLAIN QUERY PLAN {sql}", parameters))
        assert not any(f"SCAN {table}" in told for table in ("entry", "hold")), told
        assert index.endswith("_pkey") or index in told, told
        assert f"(lane=? AND account=? AND {column}=?)" in told, told
        return
    with pytest.raises(_Undone) as undone:
        await _plan_on_a_long_ledger(store._database, sql, parameters)
    told = str(undone.value)
    assert index in told and "Seq Scan" not in told, told
    assert f"{column} = " in told, told


class _Undone(Exception):
    """Ends a transaction that is to leave nothing, with what was seen in it."""


async def _plan_on_a_long_ledger(database: Database, sql: str, parameters: tuple[object, ...]) -> None:
    """Of a ledger that is nearly empty any plan is good."""
    async with database.transaction() as connection:
        for statement in A_LONG_LEDGER.split(";"):
            await connection.execute(statement)
        await connection.execute("ANALYZE entry")
        await connection.execute("ANALYZE hold")
        raise _Undone(json.dumps(await connection.fetch(f"EXPLAIN (FORMAT json) {sql}", parameters)))
