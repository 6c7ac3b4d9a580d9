"""Every promise of `Accounts`, on SQLite and on PostgreSQL."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator

import pytest
from tests.support.clock import FakeClock

from reelbot.accounts import LABEL_LENGTH_MAX, ROOM, USUAL, Accounts, Identity
from reelbot.accounts.core.api_keys import KeyPlace, key_text, presented_key
from reelbot.accounts.key_cache import KEPT_MS
from reelbot.clock import DAY
from reelbot.db import PostgresDatabase, SqliteDatabase, migrate, open_database
from reelbot.errors import DatabaseFailure, Malformed

AnyDatabase = SqliteDatabase | PostgresDatabase

ADA = Identity(0, 1, "ada", "creator", USUAL)


@pytest.fixture
async def accounts(database: AnyDatabase, clock: FakeClock) -> AsyncIterator[Accounts]:
    await migrate(database, [ROOM], clock)
    made = Accounts(database, clock)
    await join(database, made, ADA)
    yield made
    await made.close()


async def join(database: AnyDatabase, accounts: Accounts, who: Identity) -> None:
    async with database.transaction() as connection:
        await accounts.join(connection, *who[:4])


class Unwritable:
    """A database of which every transaction fails."""

    def __init__(self, database: AnyDatabase) -> None:
        self.dialect = database.dialect
        self.fetch = database.fetch
        self.tried = 0

    def transaction(self) -> object:
        self.tried += 1
        raise DatabaseFailure("The database cannot be written.")


async def test_a_key_identifies_the_account_it_was_issued_to(accounts: Accounts) -> None:
    assert await accounts.identify(await accounts.issue_key(0, 1, "laptop")) == ADA


async def test_a_key_is_of_the_account_and_role_that_joined(database: AnyDatabase, accounts: Accounts) -> None:
    bob = Identity(0, 2, "bob", "operator", USUAL)
    await join(database, accounts, bob)
    keys = [await accounts.issue_key(0, number, "laptop") for number in (1, 2)]
    assert [await accounts.identify(key) for key in keys] == [ADA, bob]


async def test_a_second_joining_changes_nothing(database: AnyDatabase, accounts: Accounts, clock: FakeClock) -> None:
    joined = await accounts.member(0, 1)
    clock.advance(DAY)
    await join(database, accounts, Identity(0, 1, "mallory", "operator"))
    assert joined is not None
    assert await accounts.member(0, 1) == joined
    assert (joined.name, joined.role, joined.created_at) == ("ada", "creator", clock() - DAY)


async def test_a_member_has_its_name_as_the_ledger_writes_it(database: AnyDatabase, accounts: Accounts) -> None:
    await join(database, accounts, Identity(0, 9, "Zoe\u0308", "creator"))
    member = await accounts.member(0, 9)
    assert member is not None and member.name == "Zo\u00eb"


async def test_a_name_looks_taken_when_a_member_of_any_lane_has_one_like_it(
    database: AnyDatabase, accounts: Accounts
) -> None:
    assert await accounts.looks_taken("Ada")
    assert not await accounts.looks_taken("Eve")
    await join(database, accounts, Identity(5, 1, "Eve", "creator"))
    assert await accounts.looks_taken("eve")


async def test_joining_and_the_first_key_are_gone_with_the_transaction_they_ride_in(
    database: AnyDatabase, accounts: Accounts
) -> None:
    issued: list[str] = []

    async def ride() -> None:
        async with database.transaction() as connection:
            await accounts.join(connection, 0, 7, "eve", "creator")
            issued.append(await accounts.issue_key_on(connection, 0, 7, "first"))
            raise DatabaseFailure("The command was not carried out.")

    with pytest.raises(DatabaseFailure):
        await ride()
    assert await accounts.member(0, 7) is None
    assert await accounts.identify(issued[0]) is None


async def test_a_key_for_an_account_without_a_member_is_malformed(accounts: Accounts) -> None:
    with pytest.raises(Malformed, match="no such account"):
        await accounts.issue_key(0, 99, "laptop")


@pytest.mark.parametrize("label", ["", " ", "\n", "x" * (LABEL_LENGTH_MAX + 1), "a\x1b[31mb"])
async def test_a_label_is_one_short_printable_line(accounts: Accounts, label: str) -> None:
    with pytest.raises(Malformed, match="label"):
        await accounts.issue_key(0, 1, label)
    assert await accounts.keys(0, 1) == []


async def test_keys_are_numbered_and_told_without_their_secret(accounts: Accounts, clock: FakeClock) -> None:
    secret = (await accounts.issue_key(0, 1, "laptop")).rpartition("-")[2]
    await accounts.issue_key(0, 1, "server")
    found = await accounts.keys(0, 1)
    assert [(key.number, key.label, key.created_at) for key in found] == [
        (1, "laptop", clock()),
        (2, "server", clock()),
    ]
    assert secret not in repr(found)


async def test_only_the_digest_of_a_secret_is_kept(database: AnyDatabase, accounts: Accounts) -> None:
    secret = (await accounts.issue_key(0, 1, "laptop")).rpartition("-")[2]
    kept = await database.fetch("SELECT * FROM api_key")
    assert secret not in repr(kept)
    assert secret.encode() not in b"".join(bytes(cell) for row in kept for cell in row if isinstance(cell, bytes))
    assert hashlib.sha256(secret.encode()).digest() in [bytes(cell) for cell in kept[0] if isinstance(cell, bytes)]


async def test_keys_issued_at_the_same_time_all_get_numbers_of_their_own(accounts: Accounts) -> None:
    keys = await asyncio.gather(*(accounts.issue_key(0, 1, f"key {number}") for number in range(12)))
    assert len(set(keys)) == 12
    assert [key.number for key in await accounts.keys(0, 1)] == list(range(1, 13))
    assert await asyncio.gather(*(accounts.identify(key) for key in keys)) == [ADA] * 12


async def test_a_revoked_key_is_refused_and_stays_in_the_list(accounts: Accounts, clock: FakeClock) -> None:
    key = await accounts.issue_key(0, 1, "laptop")
    kept = await accounts.issue_key(0, 1, "server")
    assert await accounts.revoke_key(0, 1, 1)
    assert await accounts.identify(key) is None
    assert await accounts.identify(kept) == ADA
    revoked_at = clock()
    clock.advance(DAY)
    assert await accounts.revoke_key(0, 1, 1)
    assert [one.revoked_at for one in await accounts.keys(0, 1)] == [revoked_at, None]


async def test_revoking_a_key_that_is_not_there_says_so(accounts: Accounts) -> None:
    await accounts.issue_key(0, 1, "laptop")
    assert not await accounts.revoke_key(0, 1, 2)
    assert not await accounts.revoke_key(0, 2, 1)


async def test_a_key_that_another_process_revokes_is_refused_at_once(
    database_url: str, accounts: Accounts, clock: FakeClock
) -> None:
    key = await accounts.issue_key(0, 1, "laptop")
    assert await accounts.identify(key) == ADA
    other = await open_database(database_url)
    elsewhere = Accounts(other, clock)
    assert await elsewhere.identify(key) == ADA
    await elsewhere.revoke_key(0, 1, 1)
    assert await accounts.identify(key) is None
    await elsewhere.close()
    await other.close()


async def test_a_key_revoked_while_it_was_being_read_is_refused_from_the_next_turn_on(
    database: AnyDatabase, database_url: str, accounts: Accounts, clock: FakeClock
) -> None:
    key, fetch, other = await accounts.issue_key(0, 1, "laptop"), database.fetch, await open_database(database_url)
    elsewhere = Accounts(other, clock)

    async def overtaken(*arguments: object) -> object:
        rows = await fetch(*arguments)  # type: ignore[arg-type]
        await elsewhere.revoke_key(0, 1, 1)
        return rows

    database.fetch = overtaken  # type: ignore[method-assign,assignment]
    assert await accounts.identify(key) == ADA, "what was read before the revocation may still be answered"
    database.fetch = fetch  # type: ignore[method-assign]
    assert await accounts.identify(key) is None
    await elsewhere.close()
    await other.close()


async def test_a_revocation_elsewhere_leaves_the_other_keys_as_they_are(
    database_url: str, accounts: Accounts, clock: FakeClock
) -> None:
    keys = [await accounts.issue_key(0, 1, label) for label in ("laptop", "server", "phone")]
    assert [await accounts.identify(key) for key in keys] == [ADA] * 3
    other = await open_database(database_url)
    elsewhere = Accounts(other, clock)
    for number in (1, 3):
        await elsewhere.revoke_key(0, 1, number)
        found = [await accounts.identify(key) for key in keys]
        assert found == [None, ADA, ADA if number == 1 else None]
    await elsewhere.close()
    await other.close()


async def test_a_row_that_was_edited_by_hand_counts_within_a_minute(
    database: AnyDatabase, accounts: Accounts, clock: FakeClock
) -> None:
    key = await accounts.issue_key(0, 1, "laptop")
    assert await accounts.identify(key) == ADA
    async with database.transaction() as connection:
        await connection.execute("UPDATE api_key SET revoked_at = 1")
    clock.advance(KEPT_MS - 1)
    assert await accounts.identify(key) == ADA
    clock.advance(1)
    assert await accounts.identify(key) is None


async def test_what_is_remembered_is_bounded_and_has_no_secret_in_it(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reelbot.accounts.key_cache.KEYS_MAX", 2)
    keys = [await accounts.issue_key(0, 1, f"key {number}") for number in range(4)]
    for _ in range(2):
        assert [await accounts.identify(key) for key in keys] == [ADA] * 4
    remembered = vars(accounts._memory)["_known"]
    assert len(remembered) == 2
    assert not any(key.rpartition("-")[2] in repr(remembered) for key in keys)


async def test_a_forged_key_is_nobodys(accounts: Accounts) -> None:
    key = await accounts.issue_key(0, 1, "laptop")
    assert await accounts.identify(key) == ADA
    place, secret = key.rpartition("-")[::2]
    forged = [
        f"{place}-{'a' * 32}",
        f"{place}-{secret[:-1]}{'a' if secret[-1] != 'a' else 'b'}",
        f"rb_0-1-2-{secret}",
        f"rb_0-2-1-{secret}",
        f"rb_1-1-1-{secret}",
        f"rb_zz-zzzzzzzzzzz-zzzzzz-{secret}",
    ]
    assert [await accounts.identify(one) for one in forged] == [None] * len(forged)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rb_",
        "x" * 10_000,
        "hold_0-1-1",
        "rb_0-1-1",
        "rb_0-1-1-",
        "rb_0-1-1-short",
        "RB_0-1-1-" + "a" * 32,
        "rb_0-1-1-" + "A" * 32,
        "rb_0-1-1-" + "\0" * 32,
        "rb_０-1-1-" + "a" * 32,
        "rb_0-1-1-" + "a" * 32 + "\n",
        "rb_0-1-1-" + "\ud800" * 32,
    ],
)
async def test_what_is_not_the_text_of_a_key_is_nobodys(accounts: Accounts, text: str) -> None:
    assert await accounts.identify(text) is None


async def test_requests_of_one_key_in_one_turn_share_their_readings(database: AnyDatabase, accounts: Accounts) -> None:
    key, reads = await accounts.issue_key(0, 1, "laptop"), 0
    fetch = database.fetch

    async def counted(*arguments: object) -> object:
        nonlocal reads
        reads += 1
        return await fetch(*arguments)  # type: ignore[arg-type]

    database.fetch = counted  # type: ignore[assignment,method-assign]
    assert await asyncio.gather(*(accounts.identify(key) for _ in range(50))) == [ADA] * 50
    assert reads <= 2, "the key, and for those who found it read already, whether it still counts"
    reads = 0
    await accounts.identify(key)
    assert reads == 1


async def test_requests_of_all_known_keys_in_one_turn_share_a_look_at_whether_any_was_taken_back(
    database: AnyDatabase, accounts: Accounts
) -> None:
    keys = [await accounts.issue_key(0, 1, f"key {number}") for number in range(10)]
    for key in keys:
        assert await accounts.identify(key) == ADA
    asked: list[object] = []
    fetch = database.fetch

    async def noted(*arguments: object) -> object:
        asked.append(arguments[0])
        return await fetch(*arguments)  # type: ignore[arg-type]

    database.fetch = noted  # type: ignore[assignment,method-assign]
    assert await asyncio.gather(*(accounts.identify(key) for key in keys)) == [ADA] * 10
    assert len(asked) == 1
    assert "key_change" in str(asked[0])


async def test_a_reading_that_fails_fails_all_who_asked_and_none_after(
    database: AnyDatabase, accounts: Accounts
) -> None:
    key, fetch = await accounts.issue_key(0, 1, "laptop"), database.fetch

    async def failing(*arguments: object) -> object:
        await asyncio.sleep(0)
        raise DatabaseFailure("The connection was lost.")

    database.fetch = failing  # type: ignore[method-assign,assignment]
    found = await asyncio.gather(*(accounts.identify(key) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in found] == [DatabaseFailure] * 3
    database.fetch = fetch  # type: ignore[method-assign]
    assert await accounts.identify(key) == ADA


async def test_one_request_that_is_cancelled_leaves_the_others_of_its_turn_alone(
    database: AnyDatabase, accounts: Accounts
) -> None:
    key, fetch, go_on = await accounts.issue_key(0, 1, "laptop"), database.fetch, asyncio.Event()

    async def waiting(*arguments: object) -> object:
        await go_on.wait()
        return await fetch(*arguments)  # type: ignore[arg-type]

    database.fetch = waiting  # type: ignore[method-assign,assignment]
    first, second, third = (asyncio.create_task(accounts.identify(key)) for _ in range(3))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second.cancel()
    first.cancel()
    go_on.set()
    assert await third == ADA
    assert first.cancelled()
    assert second.cancelled()


async def test_the_day_of_the_last_use_is_noted_aside(accounts: Accounts, clock: FakeClock) -> None:
    key = await accounts.issue_key(0, 1, "laptop")
    await accounts.issue_key(0, 1, "unused")
    for _ in range(3):
        await accounts.identify(key)
        await accounts.close()
        assert [one.last_used_on for one in await accounts.keys(0, 1)] == [clock() // DAY, None]
        clock.advance(DAY)


async def test_the_last_use_never_goes_back_with_the_clock(accounts: Accounts, clock: FakeClock) -> None:
    key, today = await accounts.issue_key(0, 1, "laptop"), clock() // DAY
    for days in (0, -3):
        clock.advance(days * DAY)
        await accounts.identify(key)
        await accounts.close()
    assert [one.last_used_on for one in await accounts.keys(0, 1)] == [today]


async def test_a_forged_key_is_not_noted_as_used(accounts: Accounts) -> None:
    place = (await accounts.issue_key(0, 1, "laptop")).rpartition("-")[0]
    await accounts.identify(f"{place}-{'a' * 32}")
    await accounts.close()
    assert [one.last_used_on for one in await accounts.keys(0, 1)] == [None]


async def test_a_database_that_cannot_be_written_still_identifies(
    database: AnyDatabase, accounts: Accounts, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    key, unwritable = await accounts.issue_key(0, 1, "laptop"), Unwritable(database)
    reader = Accounts(unwritable, clock)  # type: ignore[arg-type]
    for _ in range(3):
        assert await reader.identify(key) == ADA
        await reader.close()
    assert unwritable.tried == 1
    assert "could not be noted" in caplog.text


def test_the_text_of_a_key_carries_its_place_and_160_bits() -> None:
    place = KeyPlace(63, 36**4, 12)
    text = key_text(place, bytes(range(20)))
    assert re.fullmatch(r"rb_1r-10000-c-[a-z2-7]{32}", text)
    presented = presented_key(text)
    assert presented is not None
    assert presented.place == place
