"""Every promise about throttling: bounds that hold in all processes, and that no stranger can use to keep somebody out."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from tests.support.clock import FakeClock

from reelbot.accounts import ROOM, Accounts, Identity, TooManyTries
from reelbot.accounts.throttle import NAME, NETWORK, PAIR, PRUNED_EVERY_MS, SIGNUP, counted
from reelbot.clock import HOUR, MINUTE
from reelbot.db import PostgresDatabase, SqliteDatabase, migrate, open_database

AnyDatabase = SqliteDatabase | PostgresDatabase

ADA = Identity(0, 1, "ada", "creator")
BOB = Identity(0, 2, "bob", "creator")
PASSWORD = "correct horse battery"
HOME = "198.51.100.7"
STRANGE = "203.0.113.9"


@pytest.fixture
async def accounts(database: AnyDatabase, clock: FakeClock) -> AsyncIterator[Accounts]:
    await migrate(database, [ROOM], clock)
    made = Accounts(database, clock)
    hashed = await made.passwords.hashed(PASSWORD)
    for who in (ADA, BOB):
        async with database.transaction() as connection:
            await made.join(connection, *who[:4])
        await made.passwords.write(who.lane, who.account, hashed)
    quick(made)
    yield made
    await made.close()


def quick(accounts: Accounts) -> None:
    """Compare passwords without Argon2, of which a hundred take seconds; what is right stays right."""
    object.__setattr__(accounts.passwords, "_matches", lambda kept, password: password == PASSWORD)


@pytest.fixture
async def elsewhere(database_url: str, accounts: Accounts, clock: FakeClock) -> AsyncIterator[Accounts]:
    """Another process on the same database."""
    other = await open_database(database_url)
    made = Accounts(other, clock)
    quick(made)
    yield made
    await made.close()
    await other.close()


async def tried(gate: Accounts, who: Identity | str, address: str, password: str = "wrong password") -> bool:
    name, place = (who, None) if isinstance(who, str) else (who.name, who[:2])
    return await gate.passwords.is_right(name, place, password, address)


async def wrong(gate: Accounts, who: Identity | str, address: str, times: int) -> None:
    for _ in range(times):
        assert not await tried(gate, who, address)


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(TooManyTries):
        yield


async def test_a_name_is_tried_ten_times_from_one_address_in_all_processes_together(
    accounts: Accounts, elsewhere: Accounts, clock: FakeClock
) -> None:
    await wrong(accounts, ADA, STRANGE, 6)
    await wrong(elsewhere, ADA, STRANGE, 4)
    for gate in (accounts, elsewhere):
        with refused():
            await tried(gate, ADA, STRANGE, PASSWORD)
    clock.advance(PAIR.within_ms)
    assert await tried(accounts, ADA, STRANGE, PASSWORD)


async def test_tries_that_come_at_once_in_two_processes_are_counted_too(
    accounts: Accounts, elsewhere: Accounts
) -> None:
    tries = [tried(gate, ADA, STRANGE) for gate in (accounts, elsewhere) for _ in range(9)]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, TooManyTries) for one in ended) == 18 - PAIR.made_max
    assert ended.count(False) == PAIR.made_max


async def test_a_stranger_elsewhere_shuts_nobody_out(accounts: Accounts) -> None:
    await wrong(accounts, ADA, STRANGE, PAIR.made_max)
    with refused():
        await tried(accounts, ADA, STRANGE)
    assert await tried(accounts, ADA, HOME, PASSWORD)


async def test_one_address_cannot_try_many_names(accounts: Accounts, clock: FakeClock) -> None:
    for number in range(NETWORK.made_max):
        await wrong(accounts, f"name {number}", STRANGE, 1)
    with refused():
        await tried(accounts, ADA, STRANGE, PASSWORD)
    assert await tried(accounts, ADA, HOME, PASSWORD)
    clock.advance(NETWORK.within_ms)
    assert await tried(accounts, ADA, STRANGE, PASSWORD)


async def test_whoever_has_an_ipv6_address_has_its_neighbours_too(accounts: Accounts) -> None:
    await wrong(accounts, ADA, "2001:db8:1:2::1", 5)
    await wrong(accounts, ADA, "2001:db8:1:2:ffff::9", 5)
    with refused():
        await tried(accounts, ADA, "2001:db8:1:2:a::b")
    await wrong(accounts, ADA, "2001:db8:1:3::1", 1)


async def test_an_ipv4_address_is_the_same_however_it_is_written(accounts: Accounts) -> None:
    await wrong(accounts, ADA, STRANGE, 5)
    await wrong(accounts, ADA, f"::ffff:{STRANGE}", 5)
    with refused():
        await tried(accounts, ADA, STRANGE)


async def many_places(accounts: Accounts, who: Identity) -> None:
    """As many wrong passwords for a name as it takes, each from an address of its own."""
    for number in range(NAME.made_max):
        await wrong(accounts, who, f"192.0.2.{number}", 1)


async def test_many_addresses_together_try_a_name_no_more_often(accounts: Accounts, clock: FakeClock) -> None:
    await many_places(accounts, ADA)
    with refused():
        await tried(accounts, ADA, STRANGE, PASSWORD)
    assert await tried(accounts, BOB, STRANGE, PASSWORD)
    clock.advance(NAME.within_ms)
    assert await tried(accounts, ADA, STRANGE, PASSWORD)


async def test_where_an_account_has_signed_in_before_it_still_can(accounts: Accounts, elsewhere: Accounts) -> None:
    await elsewhere.sessions.begin(*ADA[:2], "Firefox", HOME)
    await many_places(accounts, ADA)
    for number in range(NETWORK.made_max):
        await wrong(accounts, f"name {number}", HOME, 1)
    assert await tried(accounts, ADA, HOME, PASSWORD)
    with refused():
        await tried(accounts, BOB, HOME, PASSWORD)


async def test_also_there_a_name_is_tried_ten_times(accounts: Accounts) -> None:
    await accounts.sessions.begin(*ADA[:2], "Firefox", HOME)
    await wrong(accounts, ADA, HOME, PAIR.made_max)
    with refused():
        await tried(accounts, ADA, HOME, PASSWORD)


async def test_a_link_lets_in_whoever_is_shut_out(accounts: Accounts) -> None:
    await wrong(accounts, ADA, HOME, PAIR.made_max)
    session = await accounts.sessions.enter(await accounts.sessions.issue_link(*ADA[:2]), "Firefox", HOME)
    assert session is not None and await accounts.identify(session) == ADA


async def test_the_right_password_is_no_try(accounts: Accounts, clock: FakeClock) -> None:
    await wrong(accounts, ADA, STRANGE, PAIR.made_max - 1)
    for _ in range(3 * NETWORK.made_max):
        assert await tried(accounts, ADA, STRANGE, PASSWORD)
    await wrong(accounts, ADA, STRANGE, PAIR.made_max)
    with refused():
        await tried(accounts, ADA, STRANGE)


async def test_signing_in_to_ones_own_account_gives_no_more_tries_on_others(accounts: Accounts) -> None:
    for number in range(NETWORK.made_max):
        await wrong(accounts, f"name {number}", STRANGE, 1)
        if number < NETWORK.made_max - 1:
            assert await tried(accounts, BOB, STRANGE, PASSWORD)
    with refused():
        await tried(accounts, ADA, STRANGE)


async def test_what_is_refused_is_not_counted(accounts: Accounts, clock: FakeClock) -> None:
    await wrong(accounts, ADA, STRANGE, PAIR.made_max)
    for _ in range(NAME.made_max):
        clock.advance(1)
        with refused():
            await tried(accounts, ADA, STRANGE)
    assert await accounts.tries.lately_for("ada") == PAIR.made_max
    clock.advance(PAIR.within_ms - NAME.made_max)
    assert await tried(accounts, ADA, STRANGE, PASSWORD)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "", "a socket"])
async def test_this_machine_and_a_silent_proxy_are_no_network(accounts: Accounts, address: str) -> None:
    for number in range(NETWORK.made_max + 1):
        await wrong(accounts, f"name {number}", address, 1)
    await accounts.sessions.begin(*ADA[:2], "Firefox", address)
    await many_places(accounts, ADA)
    with refused():  # to have been "somewhere" before proves nothing
        await tried(accounts, ADA, address, PASSWORD)


async def test_operators_see_how_many_were_wrong_lately(accounts: Accounts, clock: FakeClock) -> None:
    await wrong(accounts, ADA, STRANGE, 3)
    await wrong(accounts, "nobody", HOME, 2)
    await tried(accounts, BOB, HOME, PASSWORD)
    assert await accounts.tries.lately() == 5
    assert [await accounts.tries.lately_for(name) for name in ("ada", "bob", "nobody")] == [3, 0, 2]
    clock.advance(HOUR)
    assert await accounts.tries.lately() == 0


async def test_the_log_says_whose_and_from_where_and_never_what_was_typed(
    accounts: Accounts, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "reelbot.accounts"):
        await wrong(accounts, ADA, STRANGE, PAIR.made_max)
        with refused():
            await tried(accounts, ADA, STRANGE, "hunter2 hunter2")
        await wrong(accounts, "hunter2 hunter2", "2001:db8::1", 1)
    said = [one.getMessage() for one in caplog.records]
    assert said[0] == "A wrong password for ada from 203.0.113.9."
    shut = "10 wrong passwords for ada from 203.0.113.9: no more are tried until 2026-03-01T12:15:00Z."
    assert said[PAIR.made_max :] == [shut, "A wrong password for a name that nobody has from 2001:db8::/64."]
    assert "hunter2" not in caplog.text and "wrong password for wrong" not in caplog.text


async def test_nothing_that_was_typed_is_kept_and_what_is_over_is_dropped(
    database: AnyDatabase, accounts: Accounts, clock: FakeClock
) -> None:
    await wrong(accounts, "hunter2", STRANGE, 1)
    kept = await database.fetch("SELECT * FROM try_count")
    assert len(kept) == 3
    assert "hunter2" not in repr(kept) and STRANGE not in repr(kept)
    clock.advance(HOUR)
    await wrong(accounts, ADA, HOME, 1)
    assert len(await database.fetch("SELECT * FROM try_count")) == 3


async def test_counting_and_dropping_at_once_in_two_processes_wait_for_nobody(
    accounts: Accounts, elsewhere: Accounts, clock: FakeClock
) -> None:
    for number in range(4):
        await asyncio.gather(
            *(tried(gate, f"name {one}", STRANGE) for gate in (accounts, elsewhere) for one in range(5))
        )
        clock.advance(HOUR if number % 2 else PRUNED_EVERY_MS + MINUTE)
    assert await accounts.tries.lately() == 0


async def test_a_bound_is_kept_whatever_it_is_about(accounts: Accounts, elsewhere: Accounts, clock: FakeClock) -> None:
    one = [counted(SIGNUP, STRANGE)]
    for number in range(SIGNUP.made_max):
        await (elsewhere if number % 2 else accounts).tries.count(one)
    with pytest.raises(TooManyTries) as failure:
        await accounts.tries.count(one)
    assert failure.value.until_at == clock() + SIGNUP.within_ms
    await accounts.tries.take_back(one)
    await accounts.tries.count(one)
