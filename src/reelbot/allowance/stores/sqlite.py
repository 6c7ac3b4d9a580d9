"""The SQLite store: one file, one writer, group commits. Used by `serve` unless an address says otherwise."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

from reelbot.allowance.core.book import AnsweredKey, BalanceKey, Book
from reelbot.allowance.core.outcomes import decode_answer
from reelbot.allowance.store import Accepted, WantedFacts
from reelbot.allowance.stores.rows import Written, hold_from, json_text, put_accounts, put_balances
from reelbot.allowance.stores.sql import SqlReader
from reelbot.db import Connection, Database, load_statements
from reelbot.events import Events


class SqliteStore(SqlReader):
    """Keeps the ledger in one SQLite file."""

    def __init__(self, database: Database, events: Events) -> None:
        super().__init__(database, events, load_statements("reelbot.allowance", "sqlite"), lanes=1)

    @asynccontextmanager
    async def transaction(self, lane: int) -> AsyncIterator["SqliteTransaction"]:
        """Begin a batch; the block's end commits it."""
        async with self._database.transaction() as connection:
            yield SqliteTransaction(connection, self._events, self._sql)


class SqliteTransaction:
    """A batch against SQLite."""

    def __init__(self, connection: Connection, events: Events, sql: Mapping[str, str]) -> None:
        self.connection = connection
        self._events = events
        self._sql = sql
        self._loaded: frozenset[tuple[int, int]] = frozenset()

    async def load(self, book: Book, wanted: WantedFacts) -> None:
        """Put the wanted facts into the book, one statement for each kind."""
        fetch, sql, lane = self.connection.fetch, self._sql, book.lane
        if wanted.accounts:
            put_accounts(book, await fetch(sql["load_accounts"], (lane, json_text(wanted.accounts))))
        if wanted.names:
            book.names.update(await fetch(sql["load_names"], (lane, json_text(wanted.names))))
            book.next_account = (await fetch(sql["load_next_account"], (lane,)))[0][0]
        if wanted.holds:
            for row in await fetch(sql["load_holds"], (lane, _members(wanted.holds))):
                book.holds[row[0], row[1]] = hold_from(row)
            self._loaded = frozenset(book.holds)
        if wanted.keys:
            for account, key, content, answer in await fetch(sql["load_answers"], (lane, _members(wanted.keys))):
                book.known[account, key] = AnsweredKey(content, decode_answer(answer))

    async def load_balances(self, book: Book, keys: Iterable[BalanceKey]) -> None:
        """Put the balances into the book, one statement for each meter."""
        by_meter: dict[str, list[str]] = {}
        for account, meter, window_start in keys:
            by_meter.setdefault(meter, []).append(f'"{account}":{window_start}')
        for meter, members in by_meter.items():
            wanted = (book.lane, meter, _object(members))
            put_balances(book, await self.connection.fetch(self._sql["load_balances"], wanted))

    async def append(self, accepted: Sequence[Accepted], book: Book) -> None:
        """Write the batch."""
        written = Written(accepted, book, self._loaded)
        for name, rows in (
            ("insert_account", written.new_accounts),
            ("change_account", written.changed_accounts),
            ("move_chain", written.chains),
            ("put_balance", written.balances),
            ("insert_hold", written.new_holds),
            ("change_hold", written.changed_holds),
            ("insert_entry", written.entries),
            ("insert_answer", written.answers),
        ):
            if rows:
                await self.connection.execute_many(self._sql[name], rows)
        await self._events.append(self.connection, written.events)

    async def flush(self) -> None:
        """Nothing is under way: every statement is waited for."""


def _members(pairs: Iterable[tuple[int, int | str]]) -> str:
    """A JSON object of the second by the first; a name may be there more than once."""
    return _object([f'"{account}":{json_text(second)}' for account, second in pairs])


def _object(members: Iterable[str]) -> str:
    return "{" + ",".join(members) + "}"
