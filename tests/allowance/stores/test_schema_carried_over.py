"""A database of the frozen schema is carried over to a later one: all that it knew is there, and counts as it did."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.clock import FakeClock
from tests.support.ledgers import entries, figures
from tests.support.made_up_room import MadeUpRoom

import reelbot.allowance
from reelbot.allowance import Ledger, load_terms, store_on
from reelbot.clock import HOUR
from reelbot.db import PostgresDatabase, SqliteDatabase, migrate, open_database, pending
from reelbot.errors import ConfigFailure
from reelbot.events import Events
from reelbot.ids import id_text

KEPT = ("account", "balance", "entry", "answer", "hold")

LATER = """-- What a later version may want: facts beside those there are, filled from them, and a table of its own.
ALTER TABLE hold ADD COLUMN note text;
ALTER TABLE hold ADD COLUMN is_late boolean NOT NULL DEFAULT false;
UPDATE hold SET note = 'was ' || state WHERE state <> 'open';

CREATE INDEX hold_late ON hold (lane, account, id) WHERE is_late;

-- rowid: rows stay in the order they were written
CREATE TABLE remark (
    lane smallint NOT NULL,
    account bigint NOT NULL,
    share double precision NOT NULL CHECK (share BETWEEN 0 AND 1),
    hash bytea NOT NULL,
    is_read boolean NOT NULL,
    PRIMARY KEY (lane, account)
);

INSERT INTO remark (lane, account, share, hash, is_read) SELECT lane, id, 0.5, head, seq > 3 FROM account;

-- postgres: SQLite finds them by their rowid
CREATE INDEX remark_by_share ON remark (share);
"""

Opened = SqliteDatabase | PostgresDatabase
Columns = dict[str, str]
Rows = dict[str, list[tuple[object, ...]]]


async def columns_of(database: Opened) -> Columns:
    """The columns that each table has now."""
    asked = {
        "sqlite": "SELECT name FROM pragma_table_info(?) ORDER BY cid",
        "postgres": "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position",
    }[database.dialect]
    async with database.reading() as connection:
        named = {table: await connection.fetch(asked, (table,)) for table in KEPT}
    return {table: ", ".join(f'"{name}"' for (name,) in names) for table, names in named.items()}


async def rows_of(database: Opened, columns: Columns) -> Rows:
    async with database.reading() as connection:
        return {
            table: await connection.fetch(f"SELECT {columns[table]} FROM {table} ORDER BY 1, 2, 3") for table in KEPT
        }


async def lives(address: str, clock: FakeClock) -> None:
    """A ledger with a hold in each state."""
    async with Ledger.open(address, clock=clock, sweep_seconds=None) as ledger:
        ada = await ledger.account("ada")
        await ledger.settle(await ledger.hold(ada, {"ai_credits": 5}, key="settled"))
        await ledger.release(await ledger.hold(ada, {"ai_credits": 5}, key="released"))
        await ledger.mark_unknown(await ledger.hold(ada, {"ai_credits": 5}, key="unknown"))
        await ledger.hold(ada, {"ai_credits": 5}, key="expired", expires_in=60)
        clock.advance(HOUR)
        await ledger.sweeper.sweep()
        await ledger.hold(ada, {"ai_credits": 7, "posts": 2}, key="open", expires_in=60)
        await ledger.hold(ada, {"ai_credits": 9}, key="late", expires_in=60)


@asynccontextmanager
async def going_on(database: Opened, clock: FakeClock) -> AsyncIterator[Ledger]:
    """The ledger on a database that is migrated already."""
    events = Events(database)
    await events.start()
    ledger = Ledger(store_on(database, events), events, load_terms(), clock, None)
    await ledger.start()
    yield ledger
    await ledger.stop()
    await events.stop()


async def test_a_ledger_of_the_frozen_schema_is_carried_over_and_goes_on_as_it_was(
    database_url: str, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lives(database_url, clock)
    database = await open_database(database_url)
    columns = await columns_of(database)
    rows = await rows_of(database, columns)
    assert len(rows["hold"]) == 6
    later = MadeUpRoom(tmp_path, monkeypatch, "allowance", of=Path(reelbot.allowance.__file__).parent)
    later.add("0002_remarks.sql", LATER)
    assert [str(one) for one in await migrate(database, [later.name])] == ["allowance 0002 remarks"]
    assert await rows_of(database, columns) == rows
    told = await database.fetch("SELECT note, is_late, count(*) FROM hold GROUP BY note, is_late ORDER BY 3, 1")
    assert [(note, bool(late), count) for note, late, count in told] == [
        ("was expired", False, 1), ("was released", False, 1), ("was settled", False, 1), ("was unknown", False, 1),
        (None, False, 2),
    ]  # fmt: skip
    ((share, head, read),) = await database.fetch("SELECT share, hash, is_read FROM remark")
    assert (share, len(head), bool(read)) == (0.5, 32, True)
    for look in (migrate, pending):
        with pytest.raises(ConfigFailure, match="newer or another ReelBot"):
            await look(database, ["reelbot.allowance"])
    async with going_on(database, clock) as ledger:
        ada = await ledger.account("ada")
        report = await ledger.verify()
        assert (report.is_clean, report.holds, await figures(ledger, ada)) == (True, 6, (5, 21, 34))
        number = next(entry.hold for entry in await entries(ledger, ada) if entry.meter == "posts")
        facts = await ledger.hold_facts(ada, id_text("hold", 0, 1, number))
        assert facts is not None
        assert (facts.state, facts.owner) == ("open", None)
        await ledger.settle(id_text("hold", 0, 1, number))
        clock.advance(HOUR)
        assert await ledger.sweeper.sweep() == 1
        assert (await ledger.verify()).is_clean
        assert await figures(ledger, ada) == (12, 5, 43)
    await database.close()
