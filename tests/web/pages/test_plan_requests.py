"""Requests for higher plans in the browser: what the page of the plan offers, and what operators see and decide."""

import pytest
from tests.support.sites import Stand, with_plan_changes
from tests.web.pages.visitors import Read, Visitor, make_operator, visiting

WHY = "Paid by invoice"


async def request_of(stand: Stand, name: str = "ada") -> str:
    request = await stand.site.subscriptions.latest(stand.accounts[name])
    assert request is not None
    return request.id


def buttons(page: Read) -> set[str]:
    """The dialogs about plans that can be opened."""
    return {one["data-opens"] or "" for one in page.all("button") if (one.get("data-opens") or "").startswith("move-")}


async def test_where_an_operator_decides_the_page_offers_to_request_and_says_why(ada: Visitor) -> None:
    page = await ada.read("/subscription")
    assert "Higher plans need an operator's approval. You can move down or cancel yourself at any time." in page.text
    assert buttons(page) == {"move-starter", "move-pro", "move-enterprise"}
    assert "Request Pro" in page.text
    assert "Switch to" not in page.text
    assert "until one of them approves it, you stay on Free and nothing changes" in page.text


async def test_where_plans_are_closed_no_button_moves_up(ada: Visitor) -> None:
    with_plan_changes(ada.stand, "closed")
    await ada.stand.ledger.change_plan(ada.stand.accounts["ada"], "starter", key="a", by="operator")
    page = await ada.read("/subscription")
    assert "Whoever runs this server sets higher plans; ask them." in page.text
    assert buttons(page) == {"move-free"}
    assert "Set by whoever runs this server" in page.text
    told = await ada.sent("/subscription/plan", plan="pro", once="b")
    assert "Plans are changed by whoever runs this server. Ask them for another one." in told
    assert "You are on Starter" in told


async def test_where_plans_are_open_a_click_moves(ada: Visitor) -> None:
    with_plan_changes(ada.stand, "open")
    page = await ada.read("/subscription")
    assert "Switch to Pro" in page.text
    assert "approval" not in page.text


async def test_an_operator_moves_with_a_click_where_nothing_is_set(ada: Visitor) -> None:
    await make_operator(ada.stand)
    assert "Switch to Pro" in (await ada.read("/subscription")).text
    assert "You are on Enterprise now" in await ada.sent("/subscription/plan", plan="enterprise", once="a")


async def test_a_request_is_shown_until_it_is_withdrawn(ada: Visitor) -> None:
    told = await ada.sent("/subscription/plan", plan="pro", once="a")
    assert "You requested Pro. We'll tell you when it's decided." in told
    page = await ada.read("/subscription")
    assert "You requested Pro on Sun 1 Mar 2026, 13:00. An operator will approve or decline it" in page.text
    assert buttons(page) == {"move-starter", "move-enterprise"}
    assert "You requested Pro; an operator will approve or decline it." in (await ada.read("/")).text
    assert "Your request is withdrawn." in await ada.sent("/subscription/request/withdrawal")
    assert "move-pro" in buttons(await ada.read("/subscription"))
    assert (await ada.send("/subscription/request/withdrawal")).status_code == 404


async def test_a_declined_request_is_shown_with_its_reason_and_may_be_made_again(ada: Visitor) -> None:
    stand = ada.stand
    await ada.sent("/subscription/plan", plan="pro", once="a")
    await stand.site.subscriptions.decline(await request_of(stand), "olga", "Not <this> term")
    page = await ada.read("/subscription")
    assert "Declined olga declined your request for Pro on Sun 1 Mar 2026, 13:00: Not <this> term" in page.text
    assert "move-pro" in buttons(page)
    assert "Your request for Pro was declined: Not <this> term" in (await ada.read("/")).text
    assert "You requested Pro." in await ada.sent("/subscription/plan", plan="pro", once="b")


async def test_an_approved_request_is_shown_for_some_weeks(ada: Visitor) -> None:
    stand = ada.stand
    await ada.sent("/subscription/plan", plan="pro", once="a")
    await stand.site.subscriptions.approve(await request_of(stand), "olga", WHY)
    page = await ada.read("/subscription")
    assert "You are on Pro" in page.text
    assert f"Approved olga approved your request for Pro on Sun 1 Mar 2026, 13:00: {WHY}" in page.text
    stand.clock.advance(8 * 86_400_000)
    assert "was approved" not in (await ada.read("/")).text
    stand.clock.advance(30 * 86_400_000)
    await ada.sign_in()  # the session of before has ended by now
    assert "approved your request" not in (await ada.read("/subscription")).text


async def test_an_operator_sees_requests_approves_one_and_declines_one(ada: Visitor) -> None:
    stand = ada.stand
    await make_operator(stand)
    async with visiting(stand) as bob:
        await bob.sign_in("bob")
        await bob.sent("/subscription/plan", plan="pro", once="a")
    assert "1 plan request waiting for you" in (await ada.read("/")).text
    page = await ada.read("/operator/requests")
    assert "bob requests Pro · now on Free · 0 s ago" in page.text
    assert "Requests 1" in (await ada.read("/operator")).text
    account = stand.accounts["bob"]
    assert "Requests Pro" in (await ada.read(f"/operator/accounts/{account.lane}-{account.id}")).text
    request = await request_of(stand, "bob")
    assert "A reason has 1 to" in await ada.sent(f"/operator/requests/{request}/approval", why="")
    assert "Approved. bob is on Pro now." in await ada.sent(f"/operator/requests/{request}/approval", why=WHY)
    page = await ada.read("/operator/requests")
    assert "No open requests" in page.text
    assert f"bob Free → Pro Approved Sun 1 Mar 2026, 13:00 ada {WHY}" in page.text
    stand.clock.advance(1_000)  # the latest of two requests is the later one
    async with visiting(stand) as bob:
        await bob.sign_in("bob")
        await bob.sent("/subscription/plan", plan="enterprise", once="b")
    request = await request_of(stand, "bob")
    assert "Declined. bob stays on Pro." in await ada.sent(f"/operator/requests/{request}/decline", why="Not yet")
    late = await ada.sent(f"/operator/requests/{request}/approval", why=WHY)
    assert "This request was declined before." in late


async def test_setting_the_plan_on_the_accounts_page_ends_its_request(ada: Visitor) -> None:
    stand = ada.stand
    await make_operator(stand)
    await stand.send("PUT", "/subscription", {"plan": "pro", "confirm": True}, "bob")
    account = stand.accounts["bob"]
    path = f"/operator/accounts/{account.lane}-{account.id}"
    assert "bob is on Pro now" in await ada.sent(f"{path}/plan", plan="pro", why=WHY, once="a")
    assert await stand.site.subscriptions.count_open() == 0
    assert "Requests Pro" not in (await ada.read(path)).text


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a & b"])
async def test_what_an_account_is_called_is_text_on_the_page_of_requests(ada: Visitor, name: str) -> None:
    stand = ada.stand
    await make_operator(stand)
    account = await stand.ledger.account(name)
    await stand.site.subscriptions.change(account, "pro", is_operator=False, key="k")
    page = await ada.read("/operator/requests")
    assert f"{name} requests Pro" in page.text
    assert not [one for one in page.all("script") if not one.get("src")]


async def test_a_request_whose_plan_is_offered_no_more_is_shown_by_its_name(
    ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = ada.stand
    await make_operator(stand)
    await stand.send("PUT", "/subscription", {"plan": "starter", "confirm": True}, "bob")
    terms = stand.ledger.terms
    fewer = {name: plan for name, plan in terms.catalogue.plans.items() if name != "starter"}
    monkeypatch.setattr(stand.ledger, "terms", terms._replace(catalogue=terms.catalogue._replace(plans=fewer)))
    assert "bob requests starter" in (await ada.read("/operator/requests")).text
    told = await ada.sent(f"/operator/requests/{await request_of(stand, 'bob')}/approval", why=WHY)
    assert "The plan starter is no longer offered. Decline the request." in told
    async with visiting(stand) as bob:
        await bob.sign_in("bob")
        assert "You requested starter" in (await bob.read("/subscription")).text
