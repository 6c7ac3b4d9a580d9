"""The base of repositories on the ledger's database: whose a thing is, its number, pages, rows, and idempotency keys.

The stores of the studio and of publishing stand on this.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from reelbot.allowance import AccountRef
from reelbot.db import Connection, PostgresDatabase, Row, SqliteDatabase, load_statements
from reelbot.errors import DatabaseFailure
from reelbot.ids import place_of
from reelbot.records.writes import Write, carry_out

NUMBER_BITS = 40
"""Of a thing's number. It is drawn, not counted: two processes need not agree, and a removed one's never comes again."""

LATEST = 2**62
"""An instant and a number after all others: where the newest page begins."""

SCAN_SIZE = 200
"""Rows of one page when all are looked at: a busy draft is some hundred kilobytes."""

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode


class Owner(NamedTuple):
    """Whose: the account's lane and id."""

    lane: int
    account: int


class Page(NamedTuple):
    """Which part of a list: at most `size`, behind the thing with this instant and number."""

    size: int
    before_at: int = LATEST
    before_number: int = LATEST


def owner_of(account: AccountRef) -> Owner:
    """Whose things an account's are."""
    return Owner(account.lane, account.id)


def new_number() -> int:
    """A number for a new thing."""
    return 1 + secrets.randbits(NUMBER_BITS)


def number_of(kind: str, owner: Owner, id: str) -> int:
    """The number that an id of this account names; 0, which nothing has, for any other text."""
    place = place_of(id)
    own = place is not None and (place.kind, place.lane, place.account) == (kind, *owner)
    return place.seq if place is not None and own else 0


class Aged(Protocol):
    """What lists are paged by."""

    @property
    def number(self) -> int:
        """The number that it was drawn."""
        ...

    @property
    def created_at(self) -> int:
        """When it came to be."""
        ...


A = TypeVar("A", bound=Aged)


async def paged(
    listed: Callable[[Owner, Page, Connection], Awaitable[list[A]]], connection: Connection, owner: Owner
) -> AsyncIterator[list[A]]:
    """A list of an account, page by page in one reading, the newest first."""
    page = Page(SCAN_SIZE)
    while things := await listed(owner, page, connection):
        yield things
        page = Page(SCAN_SIZE, things[-1].created_at, things[-1].number)


class KeepingStore:
    """Runs a room's named statements; those of its idempotency keys have the same names in every room."""

    def __init__(self, database: SqliteDatabase | PostgresDatabase, lanes: int, room: str) -> None:
        self.database = database
        self.lanes = range(lanes)
        self._sql = load_statements(room, database.dialect)

    async def _rows(self, connection: Connection | None, name: str, *parameters: object) -> list[Row]:
        if connection is None:
            return await self.database.fetch(self._sql[name], parameters)
        return await connection.fetch(self._sql[name], parameters)

    async def _changed(self, connection: Connection, name: str, *parameters: object) -> bool:
        # The statement answers with a row for each one that it changed: counts are not known in a rider's pipeline.
        return bool(await connection.fetch(self._sql[name], parameters))

    async def carry_out(self, connection: Connection, writes: Iterable[Write]) -> None:
        """Write what was decided, in the caller's transaction; `LeaseLost` when that may not be written any more."""
        await carry_out(connection, self._sql, writes)

    async def keyed(self, owner: Owner, key: str) -> tuple[str, str] | None:
        """The content and the thing of a key that was used."""
        rows = await self._rows(None, "read_key", *owner, key)
        return (rows[0][0], rows[0][1]) if rows else None

    async def keep_key(self, connection: Connection, owner: Owner, key: str, content: str, thing: str, at: int) -> bool:
        """Remember what a key made; False when it was used before."""
        return await self._changed(connection, "insert_key", *owner, key, content, thing, at)

    async def forget_keys(self, before_at: int) -> None:
        """Drop keys that nobody will repeat any more."""
        async with self.database.transaction() as connection:
            for lane in self.lanes:
                await connection.execute(self._sql["forget_keys"], (lane, before_at))


def json_text(value: object) -> str:
    """A value as a column keeps it."""
    return _encode(value).decode()


def json_text_or_none(value: object | None) -> str | None:
    """The same of a column that may be empty."""
    return None if value is None else json_text(value)


def read_json(decode: Callable[[str], T], text: str) -> T:
    """What a column says, by the decoder of its type; `DatabaseFailure` when it says something else."""
    try:
        return decode(text)
    except msgspec.ValidationError as error:
        raise DatabaseFailure(
            f"A row cannot be read: {error}.", "Something other than ReelBot has written to it."
        ) from error


def read_json_or_none(decode: Callable[[str], T], text: str | None) -> T | None:
    """The same of a column that may be empty."""
    return None if text is None else read_json(decode, text)
