"""Every promise of sessions, links and passwords, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.support.clock import FakeClock

from reelbot.accounts import LINK_MS, ROOM, SESSION_MS, USUAL, Accounts, Identity, TooManyTries
from reelbot.accounts.sessions import RESET_MS
from reelbot.accounts.throttle import PAIR
from reelbot.clock import MINUTE
from reelbot.db import PostgresDatabase, SqliteDatabase, migrate
from reelbot.errors import Malformed

AnyDatabase = SqliteDatabase | PostgresDatabase

ADA = Identity(0, 1, "ada", "creator")
PLACE = ADA[:2]
HERE = "203.0.113.9"
PASSWORD = "correct horse battery"


@pytest.fixture
async def accounts(database: AnyDatabase, clock: FakeClock) -> AsyncIterator[Accounts]:
    await migrate(database, [ROOM], clock)
    made = Accounts(database, clock)
    async with database.transaction() as connection:
        await made.join(connection, *ADA[:4])
    yield made
    await made.close()


async def test_a_session_identifies_its_account_until_it_expires(accounts: Accounts, clock: FakeClock) -> None:
    session = await accounts.sessions.begin(*PLACE, "Firefox")
    assert await accounts.identify(session) == ADA
    clock.advance(SESSION_MS - 1)
    assert await accounts.identify(session) == ADA
    clock.advance(1)
    assert await accounts.identify(session) is None


async def test_an_ended_session_is_refused_at_once_also_where_it_is_remembered(
    accounts: Accounts, database: AnyDatabase, clock: FakeClock
) -> None:
    other = Accounts(database, clock)
    session = await accounts.sessions.begin(*PLACE, "Firefox")
    assert await other.identify(session) == await accounts.identify(session) == ADA
    await accounts.sessions.end(session)
    await asyncio.sleep(0)  # what is shared within one turn of the loop is over
    assert await other.identify(session) is None
    assert await accounts.identify(session) is None
    await accounts.sessions.end(session)
    await other.close()


async def test_all_sessions_but_one_end_together(accounts: Accounts) -> None:
    sessions = [await accounts.sessions.begin(*PLACE, f"browser {number}") for number in range(3)]
    await accounts.sessions.end_others(*PLACE, sessions[1])
    assert [await accounts.identify(session) for session in sessions] == [None, ADA, None]
    assert [one.agent for one in await accounts.sessions.of(*PLACE)] == ["browser 1"]


async def test_a_session_of_another_text_is_nobodys(accounts: Accounts) -> None:
    session = await accounts.sessions.begin(*PLACE, "Firefox")
    key = await accounts.issue_key(*PLACE, "laptop")
    forged = session[:-1] + ("a" if session[-1] != "a" else "b")
    for text in (
        forged,
        session.replace("rs_", "rl_"),
        session.replace("rs_", "rb_"),
        key.replace("rb_", "rs_"),
        "rs_",
    ):
        assert await accounts.identify(text) is None


async def test_what_counted_long_ago_is_forgotten(accounts: Accounts, database: AnyDatabase, clock: FakeClock) -> None:
    await accounts.sessions.begin(*PLACE, "old")
    clock.advance(2 * SESSION_MS + 1)
    await accounts.sessions.begin(*PLACE, "new")
    assert await database.fetch("SELECT number, agent FROM session") == [(2, "new")]


async def test_the_last_day_of_use_is_noted(accounts: Accounts, clock: FakeClock) -> None:
    session = await accounts.sessions.begin(*PLACE, "Firefox")
    await accounts.identify(session)
    await accounts.close()
    (shown,) = await accounts.sessions.of(*PLACE)
    assert shown.seen_on == clock() // (24 * 60 * MINUTE)


async def test_a_link_begins_one_session_however_many_use_it_at_once(accounts: Accounts) -> None:
    link = await accounts.sessions.issue_link(*PLACE)
    begun = await asyncio.gather(*(accounts.sessions.enter(link, "Firefox") for _ in range(8)))
    (session,) = [one for one in begun if one is not None]
    assert await accounts.identify(session) == ADA


async def test_a_link_that_is_late_or_forged_begins_none(accounts: Accounts, clock: FakeClock) -> None:
    link = await accounts.sessions.issue_link(*PLACE)
    assert await accounts.sessions.enter(link[:-1] + ("a" if link[-1] != "a" else "b"), "") is None
    assert await accounts.sessions.enter("", "") is None
    clock.advance(LINK_MS)
    assert await accounts.sessions.enter(link, "") is None


async def test_nobody_signs_in_to_an_account_without_a_member(accounts: Accounts) -> None:
    with pytest.raises(Malformed):
        await accounts.sessions.begin(0, 99, "Firefox")
    with pytest.raises(Malformed):
        await accounts.sessions.issue_link(0, 99)


async def test_a_password_is_right_or_not_and_its_text_is_not_kept(accounts: Accounts, database: AnyDatabase) -> None:
    passwords = accounts.passwords
    assert not await passwords.is_set(*PLACE)
    await passwords.write(*PLACE, await passwords.hashed(PASSWORD))
    assert await passwords.is_set(*PLACE)
    assert await passwords.is_right("ada", PLACE, PASSWORD, HERE)
    assert not await passwords.is_right("ada", PLACE, "Correct horse battery", HERE)
    assert not await passwords.is_right("nobody", None, PASSWORD, HERE)
    ((kept,),) = await database.fetch("SELECT hash FROM password")
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept


async def test_tries_are_counted_also_when_they_come_at_once(accounts: Accounts, clock: FakeClock) -> None:
    tries = (accounts.passwords.is_right("ada", PLACE, "wrong password", HERE) for _ in range(PAIR.made_max + 3))
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, TooManyTries) for one in results) == 3
    clock.advance(PAIR.within_ms)
    assert not await accounts.passwords.is_right("ada", PLACE, "wrong password", HERE)


async def test_a_password_that_an_operator_sets_ends_all_sessions_and_no_key(
    accounts: Accounts, database: AnyDatabase, clock: FakeClock
) -> None:
    other = Accounts(database, clock)
    sessions = [await accounts.sessions.begin(*PLACE, f"browser {number}") for number in range(2)]
    key = await accounts.issue_key(*PLACE, "laptop")
    by_key = ADA._replace(scopes=USUAL)
    assert [await other.identify(one) for one in (*sessions, key)] == [ADA, ADA, by_key]
    await accounts.set_password(*PLACE, "ada", PASSWORD)
    await asyncio.sleep(0)  # what is shared within one turn of the loop is over
    for gate in (accounts, other):
        assert [await gate.identify(one) for one in (*sessions, key)] == [None, None, by_key]
    assert await accounts.passwords.is_right("ada", PLACE, PASSWORD, HERE)
    await accounts.set_password(0, 7, "py", PASSWORD)
    assert await accounts.passwords.is_right("py", (0, 7), PASSWORD, HERE)
    with pytest.raises(Malformed, match="10 to 200"):
        await accounts.set_password(*PLACE, "ada", "short")
    await other.close()


async def test_only_a_session_that_a_link_began_may_reset_a_password_and_for_an_hour(
    accounts: Accounts, clock: FakeClock
) -> None:
    by_link = await accounts.sessions.enter(await accounts.sessions.issue_link(*PLACE), "Firefox")
    by_password = await accounts.sessions.begin(*PLACE, "Firefox")
    assert by_link is not None
    assert await accounts.sessions.may_reset(by_link)
    assert not await accounts.sessions.may_reset(by_password)
    assert not await accounts.sessions.may_reset("")
    clock.advance(RESET_MS)
    assert not await accounts.sessions.may_reset(by_link)


@pytest.mark.parametrize("password", ["", "short", "x" * 201])
async def test_a_password_of_a_wrong_length_is_refused(accounts: Accounts, password: str) -> None:
    with pytest.raises(Malformed, match="10 to 200"):
        await accounts.passwords.hashed(password)
