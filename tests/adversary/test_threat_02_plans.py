"""Threat 2: a fresh sign-up that gives itself a higher plan, a limit, a grant or a role, by whatever route there is.

Every operation of the API and every page are tried, from their own tables, so that new ones are in it by themselves.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

import pytest
from tests.support.clock import FakeClock
from tests.support.sites import Stand, standing, with_plan_changes
from tests.web.pages.visitors import OWN_PAGE, Visitor, accounts_of, make_operator, visiting, with_settings

from reelbot.allowance import AccountRef, PlanChange
from reelbot.web.pages.table import PAGES
from reelbot.web.site import OPERATIONS

PASSWORD = "correct horse battery staple 17"

WISHES: dict[str, Any] = {
    "plan": "enterprise",
    "role": "operator",
    "meter": "ai_credits",
    "amount": 100_000,
    "limit": None,
    "why": "I would like to",
    "name": "mallory-2",
    "account": "mallory",
    "timezone": "Asia/Tokyo",
    "confirm": True,
}
"""All that a body could say to get more, each in the member where an operator's request has it."""


class Standing(NamedTuple):
    """What an account may have made more of."""

    plan: str
    role: str | None
    limits: Sequence[tuple[str, int | None]]
    overrides: Sequence[str]
    grants: int


@pytest.fixture
async def stand(sqlite_url: str, clock: FakeClock) -> AsyncIterator[Stand]:
    """A server with the operator `ada`, on which strangers may sign up."""
    async with standing(sqlite_url, clock) as built:
        with_settings(built, signup="open")
        await make_operator(built, "ada")
        yield built


@pytest.fixture
async def mallory(stand: Stand) -> AsyncIterator[Visitor]:
    """A stranger who has signed up with all that a form could be made to say, with a key of their own."""
    async with visiting(stand, "198.51.100.7") as visitor:
        answer = await visitor.http.post(
            "/signup", data=WISHES | {"name": "mallory", "password": PASSWORD}, headers=OWN_PAGE
        )
        assert answer.status_code == 303, answer.text
        account = await stand.ledger.find("mallory")
        assert account is not None
        stand.accounts["mallory"] = account
        stand.keys["mallory"] = await accounts_of(stand).issue_key(account.lane, account.id, "theirs")
        yield visitor


async def standing_of(stand: Stand, name: str = "mallory") -> Standing:
    account = stand.accounts[name]
    usage = await stand.ledger.usage(account)
    member = await accounts_of(stand).member(account.lane, account.id)
    kinds = [entry["kind"] for entry in (await stand.get("/entries?limit=500", name)).json()["entries"]]
    facts = next(one for one in await stand.ledger.accounts() if one.id == account.id)
    return Standing(
        usage.plan,
        None if member is None else member.role,
        [(one.meter, one.limit) for one in usage.meters],
        list(facts.overrides),
        kinds.count("grant"),
    )


async def requests_of(stand: Stand, name: str = "mallory") -> str:
    """The id of the open request of an account, which it may know."""
    request = await stand.site.subscriptions.latest(stand.accounts[name])
    return "request_0-1-1" if request is None else request.id


async def test_a_sign_up_is_on_free_and_a_creator_whatever_its_form_says(stand: Stand, mallory: Visitor) -> None:
    found = await standing_of(stand)
    assert (found.plan, found.role, list(found.overrides), found.grants) == ("free", "creator", [], 0)


async def test_no_operation_of_the_api_gives_more(stand: Stand, mallory: Visitor) -> None:
    before, others = await standing_of(stand), await standing_of(stand, "bob")
    await stand.send("PUT", "/subscription", {"plan": "enterprise", "confirm": True}, "mallory")
    own, request = stand.accounts["mallory"], await requests_of(stand)
    places = (f"{own.lane}-{own.id}", request, own.name)
    tried = 0
    for operation in OPERATIONS:
        if operation.uploads or operation.id == "streamEvents" or operation.scope is None:
            continue
        for place in places if "{id}" in operation.path else ("",):
            path = operation.path.removeprefix("/api/v1").replace("{id}", place).replace("{part}", "1")
            for body in _bodies(operation.takes):
                answer = await stand.send(operation.method, path, body, "mallory")
                assert answer.status_code < 500, (operation.id, answer.text)
                if operation.path.startswith("/api/v1/operator"):
                    assert answer.status_code == 404, (operation.id, answer.text)
                tried += 1
        assert await standing_of(stand) == before, operation.id
    assert tried > len(OPERATIONS) - 10
    assert await standing_of(stand, "bob") == others
    assert await stand.ledger.find("mallory-2") is None


def _bodies(takes: type[Any] | None) -> list[dict[str, Any] | None]:
    """No body, or the wishes that the operation understands: members that it does not know are refused, which is no test."""
    if takes is None:
        return [None]
    known = {name: value for name, value in WISHES.items() if name in takes.__struct_fields__}
    return [known, known | {"limit": "plan"}] if "limit" in known else [known]


async def test_no_page_gives_more(stand: Stand, mallory: Visitor) -> None:
    before = await standing_of(stand)
    own = stand.accounts["mallory"]
    await stand.send("PUT", "/subscription", {"plan": "enterprise", "confirm": True}, "mallory")
    places = (f"{own.lane}-{own.id}", await requests_of(stand))
    forms = [page for page in PAGES if page.method == "POST" and page.path not in ("/logout", "/login", "/signup")]
    assert len([page for page in forms if page.audience == "operator"]) >= 9
    for page in forms:
        for place in places if "{id}" in page.path else ("",):
            answer = await mallory.send(page.path.replace("{id}", place), **WISHES | {"limit": "unlimited"})
            assert answer.status_code < 500, page.path
            if page.audience == "operator":
                assert answer.status_code == 403, page.path
        assert await standing_of(stand) == before, page.path


async def test_an_operators_page_shows_a_creator_nothing(stand: Stand, mallory: Visitor) -> None:
    own = stand.accounts["mallory"]
    for page in PAGES:
        if page.method == "GET" and page.audience == "operator":
            assert (await mallory.get(page.path.replace("{id}", f"{own.lane}-{own.id}"))).status_code == 403, page.path


@pytest.mark.parametrize("rule", [None, "request", "closed"])
async def test_no_plan_is_reached_by_any_number_of_clicks_at_once(stand: Stand, mallory: Visitor, rule: Any) -> None:
    with_plan_changes(stand, rule)
    plans = [*stand.ledger.terms.catalogue.plans, "free", "golden"]
    answers = await asyncio.gather(
        *(
            stand.send("PUT", "/subscription", {"plan": plan, "confirm": True}, "mallory", key=f"{plan} {n % 2}")
            for n in range(4)
            for plan in plans
        )
    )
    assert {one.status_code for one in answers} <= {200, 202, 400, 403, 429}
    assert (await standing_of(stand)).plan == "free"
    told = await mallory.sent("/subscription/plan", plan="enterprise", once="x")
    assert ("You requested Enterprise" in told) == (rule != "closed")
    assert (await standing_of(stand)).plan == "free"


async def test_a_key_that_moved_up_while_it_was_allowed_does_not_do_it_again(stand: Stand, mallory: Visitor) -> None:
    with_plan_changes(stand, "open")
    body = {"plan": "pro", "confirm": True}
    assert (await stand.send("PUT", "/subscription", body, "mallory", key="k")).status_code == 200
    await stand.site.subscriptions.set_plan(stand.accounts["mallory"], "free", by="ada", key="back", why="Unpaid")
    with_plan_changes(stand, None)
    await stand.send("PUT", "/subscription", body, "mallory", key="k")
    await stand.send("PUT", "/subscription", body, "mallory")
    assert (await standing_of(stand)).plan == "free"


async def test_the_end_of_a_month_lets_nobody_slip_up(
    stand: Stand, mallory: Visitor, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks at the plan sees it as it is a moment before the month ends; what is decided is decided after."""
    account = stand.accounts["mallory"]
    await stand.site.subscriptions.set_plan(account, "pro", by="ada", key="gift", why="A month of Pro")
    await stand.send("PUT", "/subscription", {"plan": "free", "confirm": True}, "mallory")
    ends_at = (await stand.ledger.usage(account)).next_plan_at
    assert ends_at is not None
    look = stand.ledger.plan_change

    async def a_moment_too_early(account: AccountRef, plan: str) -> PlanChange:
        clock.set(ends_at - 1)
        seen = await look(account, plan)
        clock.set(ends_at)
        return seen

    monkeypatch.setattr(stand.ledger, "plan_change", a_moment_too_early)
    for plan in ("starter", "pro", "enterprise"):
        answer = await stand.send("PUT", "/subscription", {"plan": plan, "confirm": True}, "mallory")
        assert answer.status_code == 202, answer.text
        assert (await standing_of(stand)).plan == "free"
    assert (await standing_of(stand)).plan == "free"


async def test_an_account_decides_no_request_its_own_or_anothers(stand: Stand, mallory: Visitor) -> None:
    for name in ("mallory", "bob"):
        await stand.send("PUT", "/subscription", {"plan": "pro", "confirm": True}, name)
        request = await requests_of(stand, name)
        for verb in ("approval", "decline"):
            path = f"/operator/requests/{request}/{verb}"
            assert (await stand.post(path, {"why": "Because"}, "mallory")).status_code == 404
            assert (await mallory.send(path, why="Because")).status_code == 403
        assert await requests_of(stand, name) == request
        assert (await standing_of(stand, name)).plan == "free"
    assert (await stand.send("DELETE", "/subscription/request", None, "mallory", key=None)).status_code == 200
    assert (await requests_of(stand, "bob")).startswith("request_")


async def test_who_is_an_operator_no_more_decides_nothing_more(stand: Stand, mallory: Visitor) -> None:
    await make_operator(stand, "bob")
    account = stand.accounts["bob"]
    await stand.send("PUT", "/subscription", {"plan": "pro", "confirm": True}, "mallory")
    await accounts_of(stand).roles.give(account.lane, account.id, "bob", "creator", "ada")
    answer = await stand.post(f"/operator/requests/{await requests_of(stand)}/approval", {"why": "Quick"}, "bob")
    assert answer.status_code == 404
    raised = await stand.send("PUT", "/subscription", {"plan": "enterprise", "confirm": True}, "bob")
    assert raised.status_code == 202
    assert (await standing_of(stand)).plan == "free"
