"""Every promise about changing roles, on SQLite and on PostgreSQL."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from tests.support.clock import FakeClock

from reelbot.accounts import ROOM, USUAL, Accounts, Identity, LastOperator
from reelbot.db import PostgresDatabase, SqliteDatabase, migrate, open_database

AnyDatabase = SqliteDatabase | PostgresDatabase

ADA = Identity(0, 1, "ada", "operator")
BOB = Identity(0, 2, "bob", "creator")


@pytest.fixture
async def accounts(database: AnyDatabase, clock: FakeClock) -> AsyncIterator[Accounts]:
    await migrate(database, [ROOM], clock)
    made = Accounts(database, clock)
    for who in (ADA, BOB):
        async with database.transaction() as connection:
            await made.join(connection, *who[:4])
    yield made
    await made.close()


async def role_of(accounts: Accounts, account: int) -> str | None:
    member = await accounts.member(0, account)
    return None if member is None else member.role


async def test_a_new_role_counts_at_once_for_every_session_and_key_in_every_process(
    database_url: str, accounts: Accounts, clock: FakeClock
) -> None:
    other = await open_database(database_url)
    elsewhere = Accounts(other, clock)
    by_key = BOB._replace(scopes=USUAL)
    tokens = [await accounts.issue_key(0, 2, "laptop"), await accounts.sessions.begin(0, 2, "Firefox")]
    for gate in (accounts, elsewhere):
        assert [await gate.identify(token) for token in tokens] == [by_key, BOB]
    assert await elsewhere.roles.give(0, 2, "bob", "operator", "ada")
    await asyncio.sleep(0)  # what is shared within one turn of the loop is over
    for gate in (accounts, elsewhere):
        assert [await gate.identify(token) for token in tokens] == [
            one._replace(role="operator") for one in (by_key, BOB)
        ]
    await elsewhere.close()
    await other.close()


async def test_a_role_that_an_account_has_already_changes_nothing(accounts: Accounts) -> None:
    assert not await accounts.roles.give(0, 2, "bob", "creator", "ada")
    assert not await accounts.roles.give(0, 1, "ada", "operator", "ada")


async def test_the_last_operator_stays_one(accounts: Accounts) -> None:
    with pytest.raises(LastOperator, match=r"ada is the only operator there is\. Make another account"):
        await accounts.roles.give(0, 1, "ada", "creator", "ada")
    assert await role_of(accounts, 1) == "operator"
    assert await accounts.roles.give(0, 2, "bob", "operator", "ada")
    assert await accounts.roles.give(0, 1, "ada", "creator", "bob")
    assert (await role_of(accounts, 1), await role_of(accounts, 2)) == ("creator", "operator")


async def test_an_operator_in_another_lane_counts_too(database: AnyDatabase, accounts: Accounts) -> None:
    async with database.transaction() as connection:
        await accounts.join(connection, 5, 1, "eve", "operator")
    assert await accounts.roles.give(0, 1, "ada", "creator", "eve")


async def test_of_operators_who_demote_each_other_at_the_same_moment_one_stays(
    database_url: str, accounts: Accounts, clock: FakeClock
) -> None:
    other = await open_database(database_url)
    elsewhere = Accounts(other, clock)
    for _ in range(5):
        await accounts.roles.give(0, 1, "ada", "operator", "a test")
        await accounts.roles.give(0, 2, "bob", "operator", "a test")
        ended = await asyncio.gather(
            accounts.roles.give(0, 1, "ada", "creator", "bob"),
            elsewhere.roles.give(0, 2, "bob", "creator", "ada"),
            return_exceptions=True,
        )
        assert sorted(type(one).__name__ for one in ended) == ["LastOperator", "bool"]
        assert {await role_of(accounts, 1), await role_of(accounts, 2)} == {"creator", "operator"}
    await elsewhere.close()
    await other.close()


@pytest.mark.parametrize("role", ["creator", "operator"])
async def test_an_account_without_a_member_gets_one_with_its_role(accounts: Accounts, role: str) -> None:
    assert await accounts.roles.give(0, 7, "py", role, "ada")  # type: ignore[arg-type]
    assert await role_of(accounts, 7) == role
    assert await accounts.identify(await accounts.issue_key(0, 7, "laptop")) is not None


async def test_an_account_is_admitted_once_and_keeps_its_role(accounts: Accounts) -> None:
    await accounts.admit(0, 7, "py")
    await accounts.admit(0, 1, "ada")
    assert (await role_of(accounts, 7), await role_of(accounts, 1)) == ("creator", "operator")


async def test_the_log_says_who_changed_what(accounts: Accounts, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "reelbot.accounts"):
        await accounts.roles.give(0, 2, "bob", "operator", "ada")
        await accounts.roles.give(0, 2, "bob", "operator", "ada")
    assert [one.getMessage() for one in caplog.records] == [
        "bob is operator now and was creator before; changed by ada."
    ]
