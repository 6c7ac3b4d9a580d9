"""Somebody writes to the ledger behind its back: whatever they do to a single entry, the audit finds it and names it.

Most of it is tried on a copy of a small ledger that is kept in lists, so that every entry and every column has its turn;
the last tests do the same with plain SQL on real databases.
"""

import asyncio
import json
from collections.abc import Iterable, Sequence
from typing import Any, cast

import pytest
from tests.support.clock import FakeClock

from reelbot.allowance import Account, AccountRef, Entry, FailurePoint, Fault, Item, Ledger
from reelbot.allowance.core.balances import Balance
from reelbot.allowance.core.entries import GENESIS, Chain, entry_hash
from reelbot.allowance.core.windows import ZoneTurn
from reelbot.allowance.store import Holding, Store
from reelbot.allowance.verify import AuditReport, verify
from reelbot.clock import DAY, HOUR
from reelbot.db import open_database
from reelbot.ids import id_text


async def live(ledger: Ledger, clock: FakeClock) -> None:
    """Two accounts whose ledgers hold every kind of entry."""
    for name in ("ada", "bob"):
        ref = await ledger.account(name)
        settled = await ledger.hold(ref, {"ai_credits": 25, "posts": 2}, key="a")
        await ledger.settle(settled, {"ai_credits": 20, "posts": 1})
        await ledger.refund(settled, {"ai_credits": 5})
        await ledger.release(await ledger.hold(ref, {"ai_credits": 10}, key="b"))
        await ledger.hold(ref, {"ai_credits": 10}, key="c", expires_in=60)
        unknown = await ledger.hold(ref, [Item("image", 2), Item("image", 2)], key="d")
        await ledger.conclude(unknown, FailurePoint.UNKNOWN)
        clock.advance(HOUR)
        await ledger.sweeper.sweep()
        await ledger.grant(ref, "ai_credits", 15, key="e", why="the workshop")
        await ledger.override(ref, "posts", 9, key="f", why="a trial")
        await ledger.change_plan(ref, "pro", key="g")
        await ledger.change_zone(ref, "Asia/Tokyo", key="h")
        await ledger.change_plan(ref, "free", key="i")
        await ledger.conclude(unknown, FailurePoint.IN_PART, {"ai_credits": 12})
        clock.advance(DAY)
        await ledger.hold(ref, {"ai_credits": 7}, key="j")
        await ledger.settle(await ledger.hold(ref, {"channels": 1}, key="k"))
        owned = await ledger.hold(ref, [Item("image", 2), Item("script")], key="l", owner="job_0-1-7")
        await ledger.mark_unknown(owned, owner="job_0-1-7")
        await ledger.settle(owned, {"ai_credits": 8}, owner="job_0-1-7")
        await ledger.refund(owned, {"ai_credits": 3}, owner="job_0-1-7")
        await ledger.hold(ref, {"storage_bytes": 5}, key="m", owner="asset_0-1-8", expires_in=60)
        clock.advance(HOUR)
        await ledger.sweeper.sweep()
        await ledger.hold(ref, {"posts": 1}, key="n", owner="post_0-1-9")


class Copy:
    """What an audit reads of a ledger, in lists that anybody may write to."""

    def __init__(self, holdings: Iterable[Holding], entries: Iterable[Entry]) -> None:
        self.holdings = {(one.account.lane, one.account.id): one for one in holdings}
        self.rows = list(entries)

    def copy(self) -> "Copy":
        return Copy(self.holdings.values(), self.rows)

    async def accounts(self, after: AccountRef | None, count: int) -> Sequence[Account]:
        first = (after.lane, after.id) if after else (0, 0)
        return [holding.account for place, holding in sorted(self.holdings.items()) if place > first][:count]

    async def holding(self, ref: AccountRef) -> Holding | None:
        return self.holdings.get((ref.lane, ref.id))

    async def chain(self, ref: AccountRef, after_seq: int, count: int) -> Sequence[Entry]:
        own = [row for row in self.rows if (row.lane, row.account) == (ref.lane, ref.id) and row.seq > after_seq]
        return sorted(own, key=lambda row: row.seq)[:count]

    def change(self, **facts: Any) -> None:
        """Change facts of ada's row, of its chain, or what is kept beside it."""
        holding = self.holdings[0, 1]
        self.holdings[0, 1] = holding._replace(**facts)

    def of(self, account: int) -> list[Entry]:
        return [row for row in self.rows if row.account == account]

    def put(self, account: int, entries: Sequence[Entry]) -> None:
        """These are an account's entries now, numbered in this order."""
        others = [row for row in self.rows if row.account != account]
        self.rows = others + [entry._replace(seq=seq) for seq, entry in enumerate(entries, start=1)]

    async def audit(self) -> AuditReport:
        return await verify(cast("Store", self))

    async def fault(self) -> Fault:
        """The one fault that there is."""
        (fault,) = (await self.audit()).faults
        assert fault.account == "ada"
        assert fault.sentence.startswith("ada: ")
        return fault


async def copied() -> Copy:
    clock = FakeClock()
    async with Ledger.open("memory:", clock=clock, sweep_seconds=None) as ledger:
        await live(ledger, clock)
        refs = [AccountRef(0, account.id, account.name) for account in await ledger.accounts()]
        holdings = [holding for ref in refs if (holding := await ledger.store.holding(ref)) is not None]
        return Copy(holdings, [entry for ref in refs for entry in await ledger.store.chain(ref, 0, 1_000)])


@pytest.fixture(scope="module")
def original() -> Copy:
    return asyncio.run(copied())


@pytest.fixture
def ledger_copy(original: Copy) -> Copy:
    return original.copy()


def entry_id(seq: int) -> str:
    return id_text("entry", 0, 1, seq)


def hold_id(number: int) -> str:
    return id_text("hold", 0, 1, number)


def other_value(value: object) -> Any:
    """Another value that the column may have."""
    match value:
        case None:
            return 7
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:]
        case int():
            return value + 1
        case str():
            return value + "!"
    raise AssertionError(value)


def rechained(entries: Sequence[Entry], head: bytes = GENESIS) -> list[Entry]:
    """The entries with hashes that follow: what somebody leaves who knows how they are made."""
    chained = []
    for seq, entry in enumerate(entries, start=1):
        bare = entry._replace(seq=seq)
        head = entry_hash(head, bare)
        chained.append(bare._replace(hash=head))
    return chained


KEPT = [field for field in Entry._fields if field not in ("lane", "account", "seq")]


async def test_what_nobody_touched_is_clean_and_counted(ledger_copy: Copy) -> None:
    report = await ledger_copy.audit()
    assert report == AuditReport(2, len(ledger_copy.rows), 18, ())
    assert {row.kind for row in ledger_copy.rows} == {
        *("open", "hold", "settle", "release", "unknown", "expire", "refund", "grant", "override", "plan", "zone")
    }


@pytest.mark.parametrize("column", KEPT)
async def test_an_edited_column_of_any_entry_is_found_and_named(original: Copy, column: str) -> None:
    for number, row in enumerate(original.rows):
        if row.account == 1:
            tampered = original.copy()
            tampered.rows[number] = row._replace(**{column: other_value(getattr(row, column))})
            fault = await tampered.fault()
            assert (fault.what, fault.place) == ("edited", entry_id(row.seq)), fault.sentence


async def test_any_removed_entry_is_found_and_named(original: Copy) -> None:
    for row in original.of(1):
        tampered = original.copy()
        tampered.rows.remove(row)
        fault = await tampered.fault()
        assert (fault.what, fault.place) == ("removed", entry_id(row.seq)), fault.sentence


async def test_any_removed_entry_is_found_though_the_others_close_up(original: Copy) -> None:
    for row in original.of(1):
        tampered = original.copy()
        tampered.put(1, [other for other in original.of(1) if other is not row])
        fault = await tampered.fault()
        assert (fault.what, fault.place) == ("removed", entry_id(row.seq)), fault.sentence


@pytest.mark.parametrize("knows_hashes", [False, True])
async def test_any_added_entry_is_found_and_named(original: Copy, knows_hashes: bool) -> None:
    rows = original.of(1)
    for row in rows:
        tampered = original.copy()
        extra = row._replace(seq=row.seq + 1)
        if knows_hashes:
            extra = extra._replace(hash=entry_hash(row.hash, extra))
        tampered.put(1, [*rows[: row.seq], extra, *rows[row.seq :]])
        fault = await tampered.fault()
        same_as_next = row.seq < len(rows) and extra == rows[row.seq]  # then it is that one which is there twice
        assert (fault.what, fault.place) == ("added", entry_id(row.seq + (2 if same_as_next else 1))), fault.sentence


async def test_any_entry_moved_to_the_end_is_found_and_named(original: Copy) -> None:
    last = len(original.of(1))
    for number, row in enumerate(original.rows):
        if row.account == 1:
            tampered = original.copy()
            tampered.rows[number] = row._replace(seq=last + 5)
            fault = await tampered.fault()
            assert (fault.what, fault.place) == ("moved", entry_id(last + 5)), fault.sentence


async def test_any_two_entries_swapped_are_found_and_named(original: Copy) -> None:
    rows = original.of(1)
    for first in range(len(rows)):
        for second in range(first + 1, len(rows)):
            order = list(rows)
            order[first], order[second] = rows[second], rows[first]
            tampered = original.copy()
            tampered.put(1, order)
            fault = await tampered.fault()
            assert fault.what == "moved", fault.sentence
            assert fault.place in (entry_id(first + 1), entry_id(second + 1))


async def test_any_entry_put_elsewhere_is_found_and_named(original: Copy) -> None:
    rows = original.of(1)
    for source in range(len(rows)):
        for target in range(len(rows)):
            if source != target:
                order = [row for row in rows if row is not rows[source]]
                order.insert(target, rows[source])
                tampered = original.copy()
                tampered.put(1, order)
                fault = await tampered.fault()
                assert (fault.what, fault.expected) == ("moved", fault.expected), fault.sentence
                assert fault.place in (entry_id(source + 1), entry_id(target + 1)), fault.sentence


async def test_an_entry_given_to_another_account_is_missed_here_and_too_much_there(original: Copy) -> None:
    behind = len(original.of(2)) + 1
    for number, row in enumerate(original.rows):
        if row.account == 1:
            tampered = original.copy()
            tampered.rows[number] = row._replace(account=2, seq=behind)
            adas, bobs = (await tampered.audit()).faults
            assert (adas.account, adas.what, adas.place) == ("ada", "removed", entry_id(row.seq))
            assert (bobs.account, bobs.what, bobs.place) == ("bob", "added", id_text("entry", 0, 2, behind))


@pytest.mark.parametrize("column", ["amount", "used_after", "held_before", "kind", "hold", "meter", "window_start"])
async def test_an_entry_rewritten_with_all_hashes_behind_it_contradicts_the_figures(
    original: Copy, column: str
) -> None:
    for number, row in enumerate(original.of(1)):
        if row.meter is None:
            continue
        tampered = original.copy()
        rows = original.of(1)
        rows[number] = row._replace(**{column: other_value(getattr(row, column))})
        tampered.put(1, rechained(rows))
        last = tampered.of(1)[-1]
        tampered.change(chain=Chain(last.seq, last.hash))
        fault = await tampered.fault()
        assert fault.what in ("wrong", "edited", "removed", "added"), fault.sentence


async def test_the_last_entries_removed_with_the_accounts_row_put_back_contradict_the_figures(original: Copy) -> None:
    rows = original.of(1)
    for kept in range(1, len(rows)):
        tampered = original.copy()
        tampered.put(1, rows[:kept])
        tampered.change(chain=Chain(kept, rows[kept - 1].hash))
        assert (await tampered.fault()).sentence


async def test_any_balance_edited_removed_or_added_is_found_and_named(original: Copy) -> None:
    balances = original.holdings[0, 1].balances
    for key, balance in balances.items():
        for field in Balance._fields:
            tampered = original.copy()
            tampered.change(balances={**balances, key: balance._replace(**{field: getattr(balance, field) + 1})})
            fault = await tampered.fault()
            assert (fault.what, fault.place.startswith(f"its balance of {key[1]}")) == ("edited", True)
        tampered = original.copy()
        tampered.change(balances={other: one for other, one in balances.items() if other != key})
        assert (await tampered.fault()).what == "removed"
    tampered = original.copy()
    tampered.change(balances={**balances, (1, "posts", 5): Balance(0, 0, 9)})
    assert (await tampered.fault()).what == "added"


async def test_any_hold_edited_removed_or_added_is_found_and_named(original: Copy) -> None:
    holds = original.holdings[0, 1].holds
    for number, hold in holds.items():
        line = hold.lines[0]
        edits = [
            *(hold._replace(state=state) for state in ("open", "unknown", "settled", "released", "expired")),
            *(hold._replace(lines=(line._replace(**{field: getattr(line, field) + 1}), *hold.lines[1:]))
              for field in ("held", "settled", "window_start")),
            hold._replace(lines=(line._replace(meter="posts!"), *hold.lines[1:])),
            hold._replace(lines=(line._replace(action="x"), *hold.lines[1:])),
            hold._replace(lines=(*hold.lines, line)),
            hold._replace(expires_at=(hold.expires_at or 0) + 30 * DAY),
            hold._replace(expires_at=0),
            hold._replace(expires_at=None),
            hold._replace(owner="job_0-1-99"),
            hold._replace(owner=None),
        ]  # fmt: skip
        for edited in edits:
            if edited != hold:
                tampered = original.copy()
                tampered.change(holds={**holds, number: edited})
                fault = await tampered.fault()
                assert (fault.what, fault.place) == ("edited", hold_id(number)), fault.sentence
        tampered = original.copy()
        tampered.change(holds={other: one for other, one in holds.items() if other != number})
        fault = await tampered.fault()
        assert (fault.what, fault.place) == ("removed", hold_id(number)), fault.sentence
    tampered = original.copy()
    tampered.change(holds={**holds, 99: holds[2]._replace(id=99)})
    fault = await tampered.fault()
    assert (fault.what, fault.place) == ("added", hold_id(99))


async def test_an_owner_rewritten_in_the_entries_with_all_hashes_is_found(original: Copy) -> None:
    rows = original.of(1)
    owned = [at for at, row in enumerate(rows) if row.detail is not None and '"owner"' in row.detail]
    assert len(owned) >= 8
    for at in owned:
        told = rows[at].detail or ""
        for detail in (None, told.replace("-1-7", "-1-99").replace("-1-8", "-1-99").replace('-1-9"', '-1-99"')):
            tampered = original.copy()
            tampered.put(1, rechained([*rows[:at], rows[at]._replace(detail=detail), *rows[at + 1 :]]))
            last = tampered.of(1)[-1]
            tampered.change(chain=Chain(last.seq, last.hash))
            assert (await tampered.fault()).what in ("wrong", "edited"), (rows[at], detail)


async def test_any_fact_of_an_account_edited_is_found_and_named(original: Copy) -> None:
    account = original.holdings[0, 1].account
    calendar = account.calendar
    edits: dict[str, Account] = {
        "created_at": account._replace(created_at=account.created_at + 1),
        "plan": account._replace(plan="enterprise"),
        "next_plan": account._replace(next_plan="enterprise"),
        "next_plan_at": account._replace(next_plan_at=1),
        "overrides": account._replace(overrides={"posts": None}),
        "calendar zone": account._replace(calendar=calendar._replace(zone="Europe/Paris")),
        "calendar day": account._replace(calendar=calendar._replace(billing_day=28)),
        "calendar turn": account._replace(calendar=calendar._replace(day_turn=ZoneTurn(0, 1, 0, 1))),
        "calendar month": account._replace(calendar=calendar._replace(month_turn=None)),
    }
    for fact, edited in edits.items():
        tampered = original.copy()
        tampered.change(account=edited)
        fault = await tampered.fault()
        assert (fault.what, fault.place) == ("edited", f"its {fact.split()[0]}"), fault.sentence


async def test_the_end_of_a_chain_edited_in_the_accounts_row_is_found(original: Copy) -> None:
    seq, head = original.holdings[0, 1].chain
    for chain in (Chain(seq + 1, head), Chain(seq - 1, head), Chain(0, GENESIS), Chain(seq, bytes(32))):
        tampered = original.copy()
        tampered.change(chain=chain)
        assert (await tampered.fault()).sentence


FORGED_DAYS = {
    # what was made of the second move's day, as (start, end, date, the end that it had when it began)
    "a second day for the date": lambda day: [day[0] + HOUR, *day[1:]],
    "a day for a date before": lambda day: [day[0] + HOUR, day[1], day[2] - 1, day[3]],
    "another date for the running day": lambda day: [*day[:2], day[2] + 1, day[3]],
    "an end before the one that it had when it began": lambda day: [day[0], day[3] - 1, *day[2:]],
    "another end that it had when it began": lambda day: [*day[:3], day[3] - HOUR],
}


async def moved_twice(clock: FakeClock) -> tuple[Copy, Holding]:
    """A ledger whose account has moved twice within a day."""
    async with Ledger.open("memory:", clock=clock, sweep_seconds=None) as ledger:
        ref = await ledger.account("ada")
        await ledger.change_zone(ref, "America/New_York", key="a")
        await ledger.change_zone(ref, "America/Los_Angeles", key="b")
        holding = await ledger.store.holding(ref)
        assert holding is not None
        tampered = Copy([holding], await ledger.store.chain(ref, 0, 10))
    assert (await tampered.audit()).is_clean
    return tampered, holding


@pytest.mark.parametrize("forgery", FORGED_DAYS)
async def test_a_moved_day_forged_in_the_whole_chain_and_the_row_is_found(clock: FakeClock, forgery: str) -> None:
    tampered, holding = await moved_twice(clock)
    *rows, last = tampered.rows
    detail = json.loads(last.detail or "")
    detail["day_turn"][1] = FORGED_DAYS[forgery](detail["day_turn"][1])
    tampered.put(1, rechained([*rows, last._replace(detail=json.dumps(detail))]))
    account = holding.account
    calendar = account.calendar._replace(day_turn=ZoneTurn(*detail["day_turn"][1]))
    end = tampered.rows[-1]
    tampered.change(account=account._replace(calendar=calendar), chain=Chain(end.seq, end.hash))
    fault = await tampered.fault()
    assert (fault.what, fault.place) == ("wrong", entry_id(3)), fault.sentence


@pytest.mark.parametrize("forged", [[None, None], [], ["2026-01-01", "never"]])
async def test_a_moved_day_without_its_date_in_the_whole_chain_and_the_row_is_found(
    clock: FakeClock, forged: list[object]
) -> None:
    tampered, holding = await moved_twice(clock)
    *rows, last = tampered.rows
    detail = json.loads(last.detail or "")
    detail["day_turn"][1] = [*detail["day_turn"][1][:2], *forged]
    tampered.put(1, rechained([*rows, last._replace(detail=json.dumps(detail))]))
    account, end = holding.account, tampered.rows[-1]
    row = ZoneTurn._make([*detail["day_turn"][1][:2], None, None])
    calendar = account.calendar._replace(day_turn=row)
    tampered.change(account=account._replace(calendar=calendar), chain=Chain(end.seq, end.hash))
    fault = await tampered.fault()
    assert (fault.what, fault.place) == ("wrong", entry_id(3)), fault.sentence


async def test_accounts_that_trade_names_are_found(ledger_copy: Copy) -> None:
    ada, bob = ledger_copy.holdings[0, 1], ledger_copy.holdings[0, 2]
    ledger_copy.holdings[0, 1] = ada._replace(account=ada.account._replace(name="bob"))
    ledger_copy.holdings[0, 2] = bob._replace(account=bob.account._replace(name="ada"))
    faults = (await ledger_copy.audit()).faults
    assert [(fault.place, fault.what) for fault in faults] == [("its name", "edited")] * 2


async def test_a_missing_account_is_found(ledger_copy: Copy) -> None:
    del ledger_copy.holdings[0, 1]
    (fault,) = (await ledger_copy.audit()).faults
    assert (fault.account, fault.what) == ("account 1 of lane 0", "removed")


# with plain SQL, on real databases


STATEMENTS: dict[str, tuple[str, str, str]] = {
    # what is done, the statements, what the audit says, where
    "a charge made smaller": ("UPDATE entry SET amount = 1 WHERE account = 1 AND seq = 4", "edited", entry_id(4)),
    "a reason rewritten": ("UPDATE entry SET why = 'x' WHERE account = 1 AND seq = 4", "edited", entry_id(4)),
    "a charge deleted": ("DELETE FROM entry WHERE account = 1 AND seq = 4", "removed", entry_id(4)),
    "a charge put last": ("UPDATE entry SET seq = 900 WHERE account = 1 AND seq = 4", "moved", entry_id(900)),
    "two entries swapped": (
        """
        UPDATE entry SET seq = 901 WHERE account = 1 AND seq = 4;
        UPDATE entry SET seq = 4 WHERE account = 1 AND seq = 6;
        UPDATE entry SET seq = 6 WHERE account = 1 AND seq = 901
        """,
        "moved",
        entry_id(6),
    ),
    "usage wiped": ("UPDATE balance SET used = 0 WHERE account = 1", "edited", "its balance of ai_credits"),
    "credits granted in silence": (
        "UPDATE balance SET granted = granted + 1000 WHERE account = 1 AND meter = 'ai_credits'",
        "edited",
        "its balance of ai_credits",
    ),
    "a balance deleted": ("DELETE FROM balance WHERE account = 1 AND meter = 'posts'", "removed", "its balance"),
    "a plan for nothing": ("UPDATE account SET plan = 'enterprise' WHERE id = 1", "edited", "its plan"),
    "a hold opened again": ("UPDATE hold SET state = 'open' WHERE account = 1 AND id = 2", "edited", hold_id(2)),
    "a hold deleted": ("DELETE FROM hold WHERE account = 1 AND id = 2", "removed", hold_id(2)),
    "a job's hold given to anybody": (
        "UPDATE hold SET owner = NULL, expires_at = 1 WHERE account = 1 AND owner = 'job_0-1-7'",
        "edited",
        "hold_0-1-",
    ),
    "a job's hold given a deadline": (
        "UPDATE hold SET expires_at = 1 WHERE account = 1 AND owner = 'post_0-1-9'",
        "edited",
        "hold_0-1-",
    ),
    "a hold spoilt": ("UPDATE hold SET lines = 'gone' WHERE account = 1 AND id = 2", "edited", "what is kept"),
}

TABLES = ("entry", "hold", "balance", "account")


async def test_what_is_done_with_sql_is_found_and_named(database_url: str, clock: FakeClock) -> None:
    database = await open_database(database_url)

    async def run(statements: Iterable[str]) -> None:
        async with database.transaction() as connection:
            for statement in statements:
                await connection.execute(statement)

    async with Ledger.open(database_url, clock=clock, sweep_seconds=None) as ledger:
        await live(ledger, clock)
        await run(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}" for table in TABLES)
        for name, (statements, what, place) in STATEMENTS.items():
            await run(statements.split(";"))
            (fault,) = (await ledger.verify()).faults
            assert (fault.account, fault.what) == ("ada", what), (name, fault.sentence)
            assert fault.place.startswith(place), (name, fault.sentence)
            await run(f"DELETE FROM {table}" for table in TABLES)
            await run(f"INSERT INTO {table} SELECT * FROM kept_{table}" for table in TABLES)
            assert (await ledger.verify()).is_clean, name
    await database.close()
