"""Builds everything once, from the configuration: the only file that knows all rooms. Called by the command line."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from reelbot.accounts import ROOM, USUAL, Accounts, Role, Scope
from reelbot.allowance import ROOMS as LEDGER_ROOMS
from reelbot.allowance import AccountRef, Answer, Ledger, Terms, load_terms, store_on
from reelbot.clock import Clock, system_clock
from reelbot.config import Config
from reelbot.db import Connection, PostgresDatabase, SqliteDatabase, migrate, open_database, pending
from reelbot.db.address import dialect_of, sqlite_path
from reelbot.errors import ConfigFailure, Failure
from reelbot.events import Events
from reelbot.subscriptions import ROOM as SUBSCRIPTIONS_ROOM
from reelbot.subscriptions import Subscriptions

ROOMS = (*LEDGER_ROOMS, ROOM, SUBSCRIPTIONS_ROOM, "reelbot.webhooks", "reelbot.studio", "reelbot.publish")
"""Every room with tables, in the order in which they are migrated. The last three are named and not imported: their
libraries would make every command wait."""

SWEEP_SECONDS = 1.0
"""How often a server gives overdue holds back."""


COMMAND_LINE = "the command line"
"""Who did something, as the access log says it."""

FIRST_LABEL = "first"
"""The label of the key that an account is opened with."""


class Parts(NamedTuple):
    """What the program is made of, open and ready."""

    config: Config
    clock: Clock
    database: SqliteDatabase | PostgresDatabase
    events: Events
    ledger: Ledger
    accounts: Accounts
    subscriptions: Subscriptions


class OpenedAccount(NamedTuple):
    """A new account and the text of its first API key, which is told this once."""

    account: AccountRef
    key: str


class NameTaken(Failure):
    """There is an account of that name already."""

    code = "name_taken"


def terms_of(config: Config) -> Terms:
    """The plans, prices and failure points that the configuration names, or the packaged ones."""
    return load_terms(config.plans, config.prices, config.failures)


@asynccontextmanager
async def wired(
    config: Config, clock: Clock = system_clock, *, create: bool = False, sweeps: bool = False
) -> AsyncIterator[Parts]:
    """Everything, for as long as the block lasts; in the end what was asked is answered and all is closed.

    A SQLite file is migrated, and made if `create` says so; on PostgreSQL a missing migration is a `ConfigFailure`.
    `sweeps` gives overdue holds back in this process: for a server, not for a command beside it.
    """
    terms = terms_of(config)
    require_database(config, create)
    async with AsyncExitStack() as stack:
        database = await open_database(config.database)
        stack.push_async_callback(database.close)
        await _bring_up_to_date(database, clock)
        events = Events(database)
        await events.start()
        stack.push_async_callback(events.stop)
        store = store_on(database, events, config.lanes)
        ledger = Ledger(store, events, terms, clock, SWEEP_SECONDS if sweeps else None)
        stack.push_async_callback(ledger.stop)
        await ledger.start()
        accounts = Accounts(database, clock)
        stack.push_async_callback(accounts.close)
        subscriptions = Subscriptions(ledger, events, clock, config.plan_changes, database, accounts)
        yield Parts(config, clock, database, events, ledger, accounts, subscriptions)


def require_database(config: Config, create: bool = False) -> None:
    """Raise `ConfigFailure` for a SQLite file that is not there and is not to be made by a mere question."""
    if create or dialect_of(config.database) != "sqlite" or sqlite_path(config.database).exists():
        return
    raise ConfigFailure(
        f"There is no database at {config.database_shown} yet.",
        "Run `reelbot serve` or `reelbot account create` to make it, or name another with --database.",
    )


async def open_account(
    parts: Parts, name: str, plan: str, timezone: str, role: Role, label: str, scopes: frozenset[Scope] = USUAL
) -> OpenedAccount:
    """Open an account with its member and first key, all of it or nothing; `NameTaken` if it was there."""
    keys: list[str] = []

    async def join(connection: Connection | None, answer: Answer) -> None:
        assert connection is not None, "accounts are kept in a database"
        await parts.accounts.join(connection, answer.lane, answer.account, name, role)
        keys.append(await _issued(parts, connection, (answer.lane, answer.account), label, scopes, None))

    account = await parts.ledger.account(name, plan=plan, timezone=timezone, rider=join)
    if not keys:
        raise NameTaken(f"There is an account named {name} already.", f"`reelbot account key {name}` gives it a key.")
    return OpenedAccount(account, keys[-1])


async def give_key(
    parts: Parts, account: AccountRef, label: str, scopes: frozenset[Scope] = USUAL, expires_at: int | None = None
) -> str:
    """A new key of an account; one that was opened without a member, by the Python front door, gets it now."""
    async with parts.database.transaction() as connection:
        await parts.accounts.join(connection, account.lane, account.id, account.name, "creator")
        return await _issued(parts, connection, (account.lane, account.id), label, scopes, expires_at)


async def _issued(
    parts: Parts,
    connection: Connection,
    place: tuple[int, int],
    label: str,
    scopes: frozenset[Scope],
    expires_at: int | None,
) -> str:
    return await parts.accounts.issue_key_on(connection, *place, label, scopes, expires_at, COMMAND_LINE)


async def _bring_up_to_date(database: SqliteDatabase | PostgresDatabase, clock: Clock) -> None:
    if isinstance(database, SqliteDatabase):
        await migrate(database, ROOMS, clock)
        return
    missing = await pending(database, ROOMS)
    if missing:
        detail = f"The database lacks {len(missing)} migrations; the first is {missing[0]}."
        raise ConfigFailure(detail, "Run `reelbot database migrate`.")
