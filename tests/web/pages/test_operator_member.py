"""What an operator does to one account that is not about its allowance: roles, and links to sign in with."""

import pytest
from tests.support.sites import Stand
from tests.web.pages.visitors import Visitor, accounts_of, make_operator, visiting, with_settings

WHY = "She runs the class"


@pytest.fixture
async def olga(ada: Visitor) -> Visitor:
    """A browser that ada has signed in with, who is an operator."""
    await make_operator(ada.stand)
    return ada


def page_of(stand: Stand, name: str = "bob") -> str:
    account = stand.accounts[name]
    return f"/operator/accounts/{account.lane}-{account.id}"


async def role_of(stand: Stand, name: str = "bob") -> str | None:
    member = await accounts_of(stand).member(stand.accounts[name].lane, stand.accounts[name].id)
    return None if member is None else member.role


# roles


async def test_a_role_is_changed_and_counts_in_a_session_that_is_open_and_for_a_key(olga: Visitor) -> None:
    stand, path = olga.stand, page_of(olga.stand)
    async with visiting(stand) as theirs:
        await theirs.sign_in("bob")
        assert (await theirs.get("/operator")).status_code == 403
        assert "bob is an operator now" in await olga.sent(f"{path}/role", role="operator", why=WHY)
        assert (await theirs.get("/operator")).status_code == 200
        assert (await stand.get("/operator/jobs", "bob")).status_code == 200
        assert "bob is a creator now" in await olga.sent(f"{path}/role", role="creator", why=WHY)
        assert (await theirs.get("/operator")).status_code == 403
        assert (await stand.get("/operator/jobs", "bob")).status_code == 404


async def test_a_change_of_role_asks_first_and_says_what_it_means(olga: Visitor) -> None:
    page = await olga.read(page_of(olga.stand))
    (dialog,) = page.all("dialog", id="change-role")
    assert page.all("button", **{"data-opens": dialog["id"] or ""})
    assert "Change the role of bob?" in page.text
    assert "It counts at once, in every browser that is signed in and for every API key." in page.text
    assert "This is your own account." not in page.text
    assert [one["value"] for one in page.all("option") if "selected" in one and one["value"] in ("creator",)]


async def test_an_operator_who_gives_up_the_own_role_is_told_before_and_after(olga: Visitor) -> None:
    stand, own = olga.stand, page_of(olga.stand, "ada")
    assert "only another operator can give them back" in (await olga.read(own)).text
    await olga.sent(f"{page_of(stand)}/role", role="operator", why=WHY)
    assert "You are a creator now." in await olga.sent(f"{own}/role", role="creator", why=WHY)
    assert (await olga.get("/operator")).status_code == 403


async def test_the_last_operator_cannot_give_up_the_role(olga: Visitor) -> None:
    told = await olga.sent(f"{page_of(olga.stand, 'ada')}/role", role="creator", why=WHY)
    assert "ada is the only operator there is. Make another account an operator first." in told
    assert await role_of(olga.stand, "ada") == "operator"


async def test_the_same_role_again_changes_nothing(olga: Visitor) -> None:
    assert "bob is a creator already; nothing changes." in await olga.sent(
        f"{page_of(olga.stand)}/role", role="creator", why=WHY
    )


async def test_an_account_that_a_program_opened_gets_a_role(olga: Visitor) -> None:
    stand = olga.stand
    stand.accounts["py"] = await stand.ledger.account("py")
    page = await olga.read(page_of(stand, "py"))
    assert "none · on Free" in page.text and "it was opened by a program" in page.text
    assert "py is a creator now" in await olga.sent(f"{page_of(stand, 'py')}/role", role="creator", why=WHY)
    assert await role_of(stand, "py") == "creator"


async def test_nobody_else_changes_a_role(stand: Stand, ada: Visitor) -> None:
    for name in ("ada", "bob"):
        assert (await ada.send(f"{page_of(stand, name)}/role", role="operator", why=WHY)).status_code == 403
        assert await role_of(stand, name) == "creator"


async def test_a_role_of_no_account_is_not_there(olga: Visitor) -> None:
    for place in ("0-99", "x", "0-0"):
        assert (await olga.send(f"/operator/accounts/{place}/role", role="operator", why=WHY)).status_code == 404


async def test_roles_are_no_entries_of_the_ledger(olga: Visitor) -> None:
    before = (await olga.stand.get("/entries", "bob")).json()
    await olga.sent(f"{page_of(olga.stand)}/role", role="operator", why=WHY)
    assert (await olga.stand.get("/entries", "bob")).json() == before


async def test_wrong_passwords_are_seen_by_operators(olga: Visitor) -> None:
    assert "Wrong passwords lately 0" in (await olga.read("/operator")).text
    assert "for this name lately" not in (await olga.read(page_of(olga.stand))).text
    async with visiting(olga.stand) as stranger:
        for name in ("bob", "bob", "nobody"):
            await stranger.send("/login", name=name, password="wrong password")
    assert "Wrong passwords lately 3" in (await olga.read("/operator")).text
    assert "2 wrong passwords for this name lately" in (await olga.read(page_of(olga.stand))).text


# links


async def test_a_link_lets_somebody_in_also_to_an_account_that_a_program_opened(olga: Visitor) -> None:
    stand = olga.stand
    stand.accounts["py"] = await stand.ledger.account("py")
    page = await olga.send(f"{page_of(stand, 'py')}/link")
    assert page.status_code == 200
    assert "also if they forgot theirs" in page.text
    link = page.text.partition("<code data-address>")[2].partition("</code>")[0]
    async with visiting(stand) as theirs:
        assert (await theirs.enter(link)).headers["location"] == "/"
        assert "py" in (await theirs.read("/account")).text


async def test_a_link_names_the_public_address_where_there_is_one(olga: Visitor) -> None:
    strange = {"Sec-Fetch-Site": "same-origin", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    page = await olga.send(f"{page_of(olga.stand)}/link", headers=strange)
    assert "<code data-address>/enter?token=rl_" in page.text and "evil" not in page.text
    with_settings(olga.stand, public_url="http://reelbot.example.com")
    page = await olga.send(f"{page_of(olga.stand)}/link", headers=strange)
    assert "<code data-address>http://reelbot.example.com/enter?token=rl_" in page.text and "evil" not in page.text
