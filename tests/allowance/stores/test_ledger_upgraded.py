"""A database of the version before holds had owners: all that it knew is there afterwards, and counts as it did."""

from pathlib import Path

import pytest
from tests.support.clock import FakeClock
from tests.support.ledgers import entries, figures

from reelbot.allowance import ROOMS, Ledger
from reelbot.clock import HOUR
from reelbot.db import PostgresDatabase, SqliteDatabase, migrate, migrations, open_database
from reelbot.db.migrations import Migration
from reelbot.ids import id_text

BEFORE_OWNERS = 2
"""The last migration of the ledger before holds had owners."""

KEPT = ("account", "balance", "entry", "answer", "hold")

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
        return {table: await connection.fetch(f"SELECT {columns[table]} FROM {table}") for table in KEPT}


async def lives(address: str, clock: FakeClock, columns: Columns) -> Rows:
    """The rows of a ledger with a hold in each state, none of them with an owner."""
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
    database = await open_database(address)
    rows = await rows_of(database, columns)
    await database.close()
    return rows


async def test_a_ledger_from_before_holds_had_owners_goes_on_as_it_was(
    database_url: str, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await open_database(database_url)
    known = migrations.known_migrations

    def before(*given: object) -> list[Migration]:
        return [one for one in known(*given) if one.room != "allowance" or one.number <= BEFORE_OWNERS]  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(migrations, "known_migrations", before)
        await migrate(database, ROOMS)
    columns = await columns_of(database)
    rows = await lives(f"sqlite:///{tmp_path / 'before.db'}", clock, columns)
    async with database.transaction() as connection:
        for table, listed in rows.items():
            marks = ", ".join(["?" if database.dialect == "sqlite" else "%s"] * len(listed[0]))
            await connection.execute_many(f"INSERT INTO {table} ({columns[table]}) VALUES ({marks})", listed)
    assert "hold_owner" in [one.name for one in await migrate(database, ROOMS)]
    assert await rows_of(database, columns) == rows
    await database.close()
    async with Ledger.open(database_url, clock=clock, sweep_seconds=None) as ledger:
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
