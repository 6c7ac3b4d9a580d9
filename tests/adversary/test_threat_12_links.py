"""Threat 12: a one-time link that is looked at, sent by another site, or older than what was meant to end it."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest
from tests.support.clock import FakeClock
from tests.support.sites import SITE_URL, Stand, standing
from tests.web.pages.visitors import HTML, OWN_PAGE, Read, Visitor, accounts_of, make_operator, visiting

from reelbot.accounts import ROOM, Accounts
from reelbot.db import migrate, open_database

PASSWORD = "correct horse battery"
NEXT_PASSWORD = "grey lanterns hum at noon"


@pytest.fixture
async def stand(sqlite_url: str, clock: FakeClock) -> AsyncIterator[Stand]:
    async with standing(sqlite_url, clock) as built:
        yield built


@pytest.fixture
async def stranger(stand: Stand) -> AsyncIterator[Visitor]:
    async with visiting(stand) as visitor:
        yield visitor


async def link_of(stand: Stand, name: str = "ada") -> str:
    account = stand.accounts[name]
    return f"/enter?token={await accounts_of(stand).sessions.issue_link(account.lane, account.id)}"


async def test_looking_at_a_link_uses_nothing_up_and_signs_nobody_in(stand: Stand, stranger: Visitor) -> None:
    link = await link_of(stand)
    for _ in range(3):
        for method in ("HEAD", "GET"):
            seen = await stranger.http.request(method, link, headers=HTML | {"Sec-Purpose": "prefetch"})
            assert seen.status_code == 200
            assert not stranger.is_signed_in
    assert (await stranger.http.get(link)).status_code == 200, (
        "a chat that makes a preview sends no Accept of a browser"
    )
    assert (await stranger.enter(link)).status_code == 303
    assert stranger.is_signed_in


async def test_the_page_of_a_link_says_whom_it_signs_in_and_tells_its_address_to_nobody(
    stand: Stand, stranger: Visitor
) -> None:
    link = await link_of(stand)
    page = await stranger.get(link)
    assert "Sign in as ada" in Read(page.text).text
    assert page.headers.get_list("referrer-policy") == ["no-referrer"]
    assert page.headers["cache-control"] == "no-store"
    assert (await stranger.get("/enter?token=nothing")).headers.get_list("referrer-policy") == ["no-referrer"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"}, {"Origin": "http://reelbot.localhost:81"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    ],
)  # fmt: skip
async def test_another_site_signs_nobody_in_as_somebody_else(
    stand: Stand, stranger: Visitor, headers: Mapping[str, str]
) -> None:
    refused = await stranger.enter(await link_of(stand), headers)
    assert refused.status_code == 403
    assert not stranger.is_signed_in


async def test_a_form_without_the_proof_of_this_browsers_page_signs_nobody_in(stand: Stand, stranger: Visitor) -> None:
    """What a page of another site can send: its own link, with a form token that it got for itself."""
    link = await link_of(stand)
    async with visiting(stand) as evil:
        theirs = Read((await evil.get(link)).text)
    token = theirs.hidden("token")
    for form_token in (theirs.hidden("form_token"), "", "0" * 64):
        for origin in ({}, {"Origin": "null"}, OWN_PAGE):
            sent = await stranger.http.post(
                "/enter", data={"token": token, "form_token": form_token}, headers={**HTML, **origin}
            )
            assert (sent.status_code, stranger.is_signed_in) == (403, False)
    assert (await stranger.enter(link)).status_code == 303, "and the link is still there for whom it was made"


@pytest.mark.parametrize("headers", [{"Origin": "null"}, {"Origin": SITE_URL}, {}])
async def test_a_browser_that_hides_where_a_form_comes_from_is_let_in_by_its_own_page(
    stand: Stand, stranger: Visitor, headers: Mapping[str, str]
) -> None:
    """Over plain HTTP from another machine no browser says more, on a page without referrers."""
    assert (await stranger.enter(await link_of(stand), headers)).status_code == 303
    assert stranger.is_signed_in


async def test_a_link_ends_with_signing_out_everywhere(stand: Stand, stranger: Visitor) -> None:
    await stranger.sign_in()
    link = await link_of(stand)
    assert "signed out" in await stranger.sent("/account/sessions/others/end")
    async with visiting(stand) as thief:
        assert (await thief.enter(link)).status_code == 401


async def test_a_link_ends_with_a_new_password_whoever_sets_it(stand: Stand, stranger: Visitor) -> None:
    account = stand.accounts["ada"]
    await stranger.sign_in()
    link = await link_of(stand)
    await stranger.sent("/account/password", password=PASSWORD)
    async with visiting(stand) as thief:
        assert (await thief.enter(link)).status_code == 401
        link = await link_of(stand)
        await accounts_of(stand).set_password(account.lane, account.id, "ada", NEXT_PASSWORD)
        assert (await thief.enter(link)).status_code == 401


async def test_a_link_ends_with_a_newer_one_and_not_with_somebody_elses(stand: Stand, stranger: Visitor) -> None:
    older, newer = await link_of(stand), await link_of(stand)
    await link_of(stand, "bob")
    assert (await stranger.enter(older)).status_code == 401
    assert (await stranger.enter(newer)).status_code == 303


async def test_an_operator_makes_a_link_with_the_own_password_only(stand: Stand, stranger: Visitor) -> None:
    ada, bob = stand.accounts["ada"], stand.accounts["bob"]
    await make_operator(stand)
    await accounts_of(stand).set_password(ada.lane, ada.id, "ada", PASSWORD)
    await stranger.send("/login", name="ada", password=PASSWORD)
    place = f"/operator/accounts/{bob.lane}-{bob.id}/link"
    for typed in ({}, {"old": "wrong"}, {"old": ""}):
        assert "not the right one" in await stranger.sent(place, **typed)
    assert "/enter?token=rl_" in (await stranger.send(place, old=PASSWORD)).text


async def test_nobody_gets_in_by_a_link_or_a_password_while_all_are_being_signed_out(
    database_url: str, clock: FakeClock
) -> None:
    database, other = await open_database(database_url), await open_database(database_url)
    await migrate(database, [ROOM], clock)
    here, there = Accounts(database, clock), Accounts(other, clock)
    async with database.transaction() as connection:
        await here.join(connection, 0, 1, "ada", "creator")
    for round_ in range(6):
        link = await here.sessions.issue_link(0, 1)
        session, _ = await asyncio.gather(there.sessions.enter(link, ""), here.sessions.end_others(0, 1, ""))
        assert session is None or await here.identify(session) is None
        old = await here.passwords.hashed(f"{PASSWORD} {round_}")
        await here.passwords.write(0, 1, old)
        session, _ = await asyncio.gather(
            there.sessions.begin_by_password(0, 1, old, ""),
            here.set_password(0, 1, "ada", f"{NEXT_PASSWORD} {round_}"),
        )
        assert session is None or await here.identify(session) is None
        assert await here.sessions.begin_by_password(0, 1, old, "") is None
    for one in (here, there, database, other):
        await one.close()
