"""Threat 13: API keys that may do everything for ever, and access that is given without a trace."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.clock import FakeClock
from tests.support.sites import Stand, join, standing
from tests.web.pages.visitors import Visitor, accounts_of, make_operator, visiting

from reelbot.accounts import EVERYTHING, RECORD_WORDS, ROOM, SCOPES, USUAL, Accounts, Scope, checked_scopes, scopes_text
from reelbot.accounts.access_log import KEPT_MS, RECORDS_MAX, WRONG_PASSWORDS_MAX
from reelbot.accounts.core.records import part_of
from reelbot.clock import DAY, HOUR, MINUTE
from reelbot.db import PostgresDatabase, SqliteDatabase, migrate
from reelbot.errors import Malformed
from reelbot.web.operations import Operation
from reelbot.web.site import OPERATIONS, tell_welcome

AnyDatabase = SqliteDatabase | PostgresDatabase
PASSWORD = "correct horse battery"
HERE = "203.0.113.9"


@pytest.fixture
async def stand(sqlite_url: str, clock: FakeClock) -> AsyncIterator[Stand]:
    async with standing(sqlite_url, clock) as built:
        yield built


@pytest.fixture
async def ada(stand: Stand) -> AsyncIterator[Visitor]:
    """A browser that ada has signed in with by her password."""
    async with visiting(stand, HERE) as visitor:
        account = stand.accounts["ada"]
        await accounts_of(stand).set_password(account.lane, account.id, "ada", PASSWORD)
        assert (await visitor.send("/login", name="ada", password=PASSWORD)).status_code == 303
        yield visitor


@pytest.fixture
async def accounts(database: AnyDatabase, clock: FakeClock) -> AsyncIterator[Accounts]:
    await migrate(database, [ROOM], clock)
    made = Accounts(database, clock)
    async with database.transaction() as connection:
        await made.join(connection, 0, 1, "ada", "creator")
    yield made
    await made.close()


async def key_for(stand: Stand, *scopes: Scope, name: str = "ada") -> dict[str, str]:
    account = stand.accounts[name]
    asked = checked_scopes(scopes)
    return {"Authorization": f"Bearer {await accounts_of(stand).issue_key(account.lane, account.id, 'test', asked)}"}


# scopes


@pytest.mark.parametrize("scope", list(SCOPES))
async def test_a_key_is_taken_by_the_operations_of_its_scope_and_by_no_other(stand: Stand, scope: Scope) -> None:
    """Every operation of the route table is asked, new ones among them."""
    await make_operator(stand)
    caller = await key_for(stand, scope)
    for operation in OPERATIONS:
        if operation.scope is None or operation.id == "streamEvents":
            continue
        path = re.sub(r"\{\w+\}", "none", operation.path)
        answer = await stand.http.request(operation.method, path, headers=caller)
        if operation.scope in (scope, "read"):
            assert answer.status_code != 403, operation.id
        else:
            told = answer.json()
            assert (answer.status_code, told["code"], told["scope"]) == (403, "forbidden", operation.scope), (
                operation.id
            )
            assert operation.scope in told["detail"], operation.id


async def test_operators_routes_do_not_exist_for_others_whatever_their_keys_say(stand: Stand) -> None:
    caller = await key_for(stand, "operator")
    for operation in OPERATIONS:
        if operation.scope == "operator":
            path = re.sub(r"\{\w+\}", "none", operation.path)
            answer = await stand.http.request(operation.method, path, headers=caller)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), operation.id


async def test_a_key_of_an_operator_with_the_usual_scopes_is_no_operators_key(stand: Stand) -> None:
    await make_operator(stand)
    account = stand.accounts["ada"]
    key = await accounts_of(stand).issue_key(account.lane, account.id, "script")
    answer = await stand.http.get("/api/v1/operator/workers", headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.json()["scope"]) == (403, "operator")


async def test_a_key_without_the_operators_scope_names_no_folder_of_the_server(stand: Stand, tmp_path: Path) -> None:
    account = stand.accounts["ada"]
    await accounts_of(stand).roles.give(account.lane, account.id, "ada", "operator", "bob")
    for scopes, status in ((("studio",), 403), (("studio", "operator"), 201)):
        caller = await key_for(stand, *scopes)
        body = {"platform": "folder", "name": f"mine {status}", "path": str(tmp_path)}
        answer = await stand.http.post("/api/v1/channels", json=body, headers=caller)
        assert answer.status_code == status, answer.text


def test_a_route_without_a_scope_does_not_start() -> None:
    with pytest.raises(TypeError, match="answers"):
        Operation("GET", "/x", "readX", "A route.", tell_welcome, {})  # type: ignore[call-arg, arg-type]
    assert all(operation.scope is None or operation.scope in SCOPES for operation in OPERATIONS)
    opened = {operation.path for operation in OPERATIONS if operation.scope is None}
    assert opened == {"/", "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"}


async def test_the_document_names_the_scope_of_every_operation(stand: Stand) -> None:
    paths = (await stand.http.get("/api/v1/openapi.json")).json()["paths"]
    for operation in OPERATIONS:
        told = paths[operation.path][operation.method.lower()]["security"]
        assert told == ([] if operation.scope is None else [{"apiKey": [operation.scope]}, {"session": []}])


async def test_a_scope_that_does_not_exist_is_named_and_reading_belongs_to_every_key() -> None:
    with pytest.raises(Malformed, match="admin is not a scope; there are read, studio, ledger, operator"):
        checked_scopes(["read", "admin"])
    assert checked_scopes(["ledger"]) == {"read", "ledger"}


@pytest.mark.parametrize("scopes", [{}, {"scopes": ""}])
async def test_no_key_is_kept_without_saying_what_it_may_be_used_for(
    accounts: Accounts, database: AnyDatabase, clock: FakeClock, scopes: dict[str, str]
) -> None:
    row = {"lane": 0, "account": 1, "number": 1, "label": "old", "digest": b"s" * 32, "created_at": clock(), **scopes}
    marks = ", ".join(["?" if database.dialect == "sqlite" else "%s"] * len(row))
    with pytest.raises(AssertionError, match="scopes"):
        async with database.transaction() as connection:
            await connection.execute(f"INSERT INTO api_key ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
    assert await accounts.keys(0, 1) == []


async def test_a_scope_that_only_a_later_version_knows_allows_nothing(
    accounts: Accounts, database: AnyDatabase
) -> None:
    key = await accounts.issue_key(0, 1, "laptop", EVERYTHING)
    async with database.transaction() as connection:
        await connection.execute("UPDATE api_key SET scopes = 'read teleport operatorx'")
    who = await accounts.identify(key)
    assert who is not None
    assert who.scopes == {"read"}


# expiry, and revoking all


async def test_a_key_is_refused_from_the_instant_when_it_expires_also_where_it_is_remembered(
    accounts: Accounts, clock: FakeClock
) -> None:
    key = await accounts.issue_key(0, 1, "laptop", USUAL, clock() + 2 * HOUR)
    for before in (HOUR, 30 * MINUTE, 30 * MINUTE - 1):
        clock.advance(before)
        assert await accounts.identify(key) is not None
    clock.advance(1)
    assert await accounts.identify(key) is None
    (shown,) = await accounts.keys(0, 1)
    assert shown.is_over(clock())
    with pytest.raises(Malformed, match="in the future"):
        await accounts.issue_key(0, 1, "laptop", USUAL, clock())


async def test_revoking_all_refuses_every_key_of_this_account_at_once(
    accounts: Accounts, database: AnyDatabase, clock: FakeClock
) -> None:
    async with database.transaction() as connection:
        await accounts.join(connection, 0, 2, "bob", "creator")
    keys = [await accounts.issue_key(0, 1, f"key {number}") for number in range(3)]
    bobs, elsewhere = await accounts.issue_key(0, 2, "laptop"), Accounts(database, clock)
    for key in (*keys, bobs):
        assert await elsewhere.identify(key) is not None
    assert await accounts.revoke_all_keys(0, 1) == 3
    for gate in (accounts, elsewhere):
        assert [await gate.identify(key) for key in keys] == [None] * 3
        assert await gate.identify(bobs) is not None
    assert await accounts.revoke_all_keys(0, 1) == 0
    await elsewhere.close()


# the password is asked for


async def test_an_open_browser_alone_issues_no_key_and_revokes_none(stand: Stand, ada: Visitor) -> None:
    account, accounts = stand.accounts["ada"], accounts_of(stand)
    for typed in ({}, {"old": ""}, {"old": "wrong"}):
        assert "not the right one" in await ada.sent("/account/keys", label="mine", **typed)
        assert "not the right one" in await ada.sent("/account/keys/all/revocation", **typed)
    assert [one.label for one in await accounts.keys(account.lane, account.id) if not one.is_over(0)] == ["test"]
    assert "rb_" in (await ada.send("/account/keys", label="mine", scopes=["studio"], lasts="90", old=PASSWORD)).text
    made = (await accounts.keys(account.lane, account.id))[-1]
    assert (made.label, scopes_text(made.scopes)) == ("mine", "read studio")
    assert made.expires_at == stand.clock() + 90 * DAY
    assert "All keys" in await ada.sent("/account/keys/all/revocation", old=PASSWORD)
    assert all(one.is_over(stand.clock()) for one in await accounts.keys(account.lane, account.id))


async def test_whoever_signed_in_with_a_link_is_asked_from_an_hour_on(stand: Stand, ada: Visitor) -> None:
    async with visiting(stand) as by_link:
        await by_link.sign_in()
        assert "rb_" in (await by_link.send("/account/keys", label="mine")).text
        stand.time.advance(HOUR)
        assert "not the right one" in await by_link.sent("/account/keys", label="mine")


async def test_a_creator_gives_no_key_an_operators_power(stand: Stand, ada: Visitor) -> None:
    sent = await ada.send("/account/keys", label="mine", scopes=["ledger", "operator"], old=PASSWORD)
    assert "rb_" in sent.text
    account = stand.accounts["ada"]
    assert (await accounts_of(stand).keys(account.lane, account.id))[-1].scopes == {"read", "ledger"}
    for wrong in ({"scopes": "everything"}, {"lasts": "9999"}, {"lasts": "-1"}):
        await ada.sent("/account/keys", label="mine", old=PASSWORD, **wrong)
    assert len(await accounts_of(stand).keys(account.lane, account.id)) == 2


# the access log


async def kinds_of(accounts: Accounts) -> list[str]:
    return [one.kind for one in reversed(await accounts.access.of(0, 1, 100))]


async def test_everything_about_access_is_written_down_with_who_did_it_from_where(
    accounts: Accounts, database: AnyDatabase, clock: FakeClock
) -> None:
    by = ("ada", HERE)
    link = await accounts.sessions.issue_link(0, 1, "the command line")
    session = await accounts.sessions.enter(link, "Firefox", HERE)
    assert session is not None
    await accounts.issue_key(0, 1, "laptop", USUAL, clock() + DAY, *by)
    await accounts.issue_key(0, 1, "server")
    assert await accounts.revoke_key(0, 1, 1, *by)
    assert await accounts.revoke_key(0, 1, 1, *by), "again: it changes nothing, and is not written down again"
    await accounts.revoke_all_keys(0, 1, *by)
    await accounts.set_password(0, 1, "ada", PASSWORD, *by, stays=session)
    assert not await accounts.passwords.is_right("ada", (0, 1), "hunter2 hunter2", "198.51.100.77")
    hashed = await accounts.passwords.matching("ada", (0, 1), PASSWORD, HERE)
    assert hashed is not None
    second = await accounts.sessions.begin_by_password(0, 1, hashed, "Safari", HERE)
    await accounts.sessions.end_others(0, 1, session, *by)
    await accounts.sessions.end(session, HERE)
    await accounts.roles.give(0, 1, "ada", "operator", "olga", HERE)
    async with database.transaction() as connection:
        await accounts.access.record(connection, 0, 1, "plan_approved", "olga", HERE, "pro")
    assert await kinds_of(accounts) == [
        "link_issued", "link_used", "key_issued", "key_issued", "key_revoked", "all_keys_revoked", "password_changed",
        "wrong_password", "signed_in", "signed_out_everywhere", "signed_out", "role_changed", "plan_approved",
    ]  # fmt: skip
    records = {one.kind: one for one in await accounts.access.of(0, 1, 100)}
    assert records["link_issued"].by == "the command line"
    assert records["key_revoked"][5:8] == ("ada", "203.0.113.0/24", "Key 1, laptop")
    assert records["role_changed"].detail == "creator to operator"
    assert records["wrong_password"].network == "198.51.100.0/24"
    assert set(records) <= set(RECORD_WORDS)
    text = repr(await database.fetch("SELECT * FROM access_record"))
    for secret in (link, session, second or "", PASSWORD, "hunter2", "203.0.113.9", "198.51.100.77"):
        assert secret.rpartition("-")[2] not in text


async def test_decisions_on_plans_are_written_down_and_a_withdrawal_is_none(stand: Stand) -> None:
    ada, subscriptions = stand.accounts["ada"], stand.site.subscriptions
    accounts = accounts_of(stand)
    for decide in (subscriptions.decline, subscriptions.approve):
        asked = await stand.send("PUT", "/subscription", {"plan": "pro", "confirm": True})
        assert asked.status_code == 202, asked.text
        request = await subscriptions.latest(ada)
        assert request is not None
        await decide(request.id, "olga", "Paid by invoice")
        stand.clock.advance(1)
    found = [one for one in await accounts.access.of(ada.lane, ada.id, 10) if one.kind.startswith("plan_")]
    assert [(one.kind, one.by, one.detail) for one in found] == [
        ("plan_approved", "olga", "pro: Paid by invoice"), ("plan_declined", "olga", "pro: Paid by invoice"),
    ]  # fmt: skip


async def test_a_record_is_there_if_and_only_if_what_it_tells_is(accounts: Accounts, database: AnyDatabase) -> None:
    class Broken(Exception):
        pass

    async def broken_off() -> None:
        async with database.transaction() as connection:
            await accounts.issue_key_on(connection, 0, 1, "laptop")
            raise Broken

    with pytest.raises(Broken):
        await broken_off()
    assert await accounts.keys(0, 1) == []
    assert await kinds_of(accounts) == []


async def test_whoever_guesses_passwords_pushes_no_other_record_out(accounts: Accounts, database: AnyDatabase) -> None:
    await accounts.issue_key(0, 1, "laptop")
    for _ in range(WRONG_PASSWORDS_MAX + 3):
        async with database.transaction() as connection:
            await accounts.access.record(connection, 0, 1, "wrong_password", "", HERE)
    found = await accounts.access.of(0, 1, 1_000)
    assert [one.kind for one in found].count("wrong_password") == WRONG_PASSWORDS_MAX
    assert found[0].n == WRONG_PASSWORDS_MAX + 4
    assert found[-1].kind == "key_issued"


async def test_the_log_is_bounded_in_number_and_in_time(
    accounts: Accounts, database: AnyDatabase, clock: FakeClock
) -> None:
    async with database.transaction() as connection:
        for _ in range(RECORDS_MAX + 5):
            await accounts.access.record(connection, 0, 1, "signed_in", "")
    found = await accounts.access.of(0, 1, RECORDS_MAX + 5)
    assert (len(found), found[0].n, found[-1].n) == (RECORDS_MAX, RECORDS_MAX + 5, 6)
    clock.advance(KEPT_MS + 1)
    await accounts.issue_key(0, 1, "laptop")
    assert await kinds_of(accounts) == ["key_issued"]


async def test_no_statement_changes_a_record(accounts: Accounts) -> None:
    statements = [sql for sql in accounts._sql.values() if "access_record" in sql]
    assert len(statements) == 4
    assert not any("UPDATE" in sql.upper() for sql in statements)


async def test_a_wrong_password_for_a_name_that_nobody_has_is_written_down_without_the_name(
    accounts: Accounts, database: AnyDatabase
) -> None:
    assert not await accounts.passwords.is_right("my-secret-typed-as-name", None, "whatever", HERE)
    (found,) = await accounts.access.everywhere(10)
    assert (found.account, found.kind, found.name) == (0, "wrong_password", None)
    assert "secret" not in repr(await database.fetch("SELECT * FROM access_record"))


@pytest.mark.parametrize(
    ("address", "part"),
    [
        (HERE, "203.0.113.0/24"), ("::ffff:203.0.113.9", "203.0.113.0/24"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("127.0.0.1", ""), ("::1", ""), ("", ""), ("a socket", ""), ("fe80::1%eth0", "fe80::/48"),
    ],
)  # fmt: skip
def test_of_an_address_only_the_part_of_the_network_is_kept(address: str, part: str) -> None:
    assert part_of(address) == part


async def test_the_log_is_told_to_its_account_and_to_operators_a_page_at_a_time(stand: Stand, ada: Visitor) -> None:
    for number in range(3):
        await key_for(stand, "ledger", name="bob" if number == 1 else "ada")
        stand.clock.advance(1)
    own = (await stand.get("/account/access")).json()
    assert [one["kind"] for one in own["records"]][:3] == ["key_issued", "key_issued", "signed_in"]
    assert {one["account"] for one in own["records"]} == {"ada"}
    assert (await stand.get("/operator/access")).status_code == 404
    account = stand.accounts["ada"]
    await accounts_of(stand).roles.give(account.lane, account.id, "ada", "operator", "bob")
    seen, after = [], ""
    while True:
        page = (await stand.get(f"/operator/access?limit=2{after}")).json()
        seen += [(one["account"], one["kind"]) for one in page["records"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen[:3] == [("ada", "role_changed"), ("ada", "key_issued"), ("bob", "key_issued")]
    assert len(seen) == len(await accounts_of(stand).access.everywhere(1_000))
    assert (await stand.get("/account/access?after=1-2")).status_code == 400


async def test_the_pages_show_the_log_with_what_others_typed_as_plain_text(stand: Stand, ada: Visitor) -> None:
    await join(stand, "<i>eve</i>", "free")
    account = stand.accounts["<i>eve</i>"]
    await accounts_of(stand).sessions.begin(account.lane, account.id, "<script>alert(1)</script>", HERE)
    await make_operator(stand)
    for path in ("/account", "/account/access", "/operator/access"):
        answer = await ada.get(path)
        assert answer.status_code == 200, path
        assert "Signed in with the password" in answer.text, path
        assert "<script>alert" not in answer.text
        assert "<i>eve" not in answer.text
    assert (await ada.get("/account/access?after=x")).status_code == 404
    assert (await ada.get("/operator/access?after=1")).status_code == 404
