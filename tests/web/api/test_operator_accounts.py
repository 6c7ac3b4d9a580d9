"""The operators' API: accounts, plans, grants, overrides, roles and requests of all; and nothing of it for anybody else."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.support.clock import FakeClock
from tests.support.sites import Stand, join, standing, with_plan_changes
from tests.web.pages.visitors import accounts_of, make_operator

WHY = "Order 17"


@pytest.fixture
async def stand(sqlite_url: str, clock: FakeClock) -> AsyncIterator[Stand]:
    """A site on SQLite, whose operator is `olga`."""
    async with standing(sqlite_url, clock) as built:
        await join(built, "olga", "pro")
        await make_operator(built, "olga")
        yield built


def path_of(stand: Stand, name: str = "bob", more: str = "") -> str:
    account = stand.accounts[name]
    return f"/operator/accounts/{account.lane}-{account.id}{more}"


async def done(stand: Stand, path: str, body: Any, status: int = 200, **more: Any) -> Any:
    answer = await stand.post(path, body, more.pop("name", "olga"), **more)
    assert answer.status_code == status, answer.text
    return answer.json()


async def requested(stand: Stand, plan: str = "pro", name: str = "bob") -> dict[str, Any]:
    answer = await stand.send("PUT", "/subscription", {"plan": plan, "confirm": True}, name)
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    return told


# accounts


async def test_accounts_are_listed_page_by_page_and_found_by_name(stand: Stand) -> None:
    first = (await stand.get("/operator/accounts?limit=2", "olga")).json()
    assert [one["account"] for one in first["accounts"]] == ["ada", "bob"]
    rest = (await stand.get(f"/operator/accounts?limit=2&after={first['next']}", "olga")).json()
    assert ([one["account"] for one in rest["accounts"]], rest["next"]) == (["olga"], None)
    assert rest["accounts"][0]["role"] == "operator"
    for query, names in (("q=B", ["bob"]), ("name=bob", ["bob"]), ("name=bo", []), ("q=nobody", [])):
        told = (await stand.get(f"/operator/accounts?{query}", "olga")).json()
        assert [one["account"] for one in told["accounts"]] == names, query
    assert (await stand.get("/operator/accounts?after=zz", "olga")).status_code == 400


async def test_an_account_is_opened_once_for_one_key(stand: Stand) -> None:
    body = {"name": "carl", "plan": "starter", "timezone": "Europe/Paris"}
    first = await stand.post("/operator/accounts", body, "olga", key="carl")
    assert first.status_code == 201
    assert {name: first.json()[name] for name in ("account", "plan", "timezone", "role")} == {
        "account": "carl", "plan": "starter", "timezone": "Europe/Paris", "role": "creator",
    }  # fmt: skip
    again = await stand.post("/operator/accounts", body, "olga", key="carl")
    assert (again.status_code, again.headers["idempotency-replayed"], again.json()) == (201, "true", first.json())
    other = await stand.post("/operator/accounts", body | {"plan": "pro"}, "olga", key="carl")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    taken = await stand.post("/operator/accounts", body, "olga")
    assert (taken.status_code, taken.json()["where"]) == (400, "name")


async def test_an_account_is_read_with_its_figures_and_what_sets_it_apart(stand: Stand) -> None:
    await stand.hold(7, name="bob")
    await done(stand, path_of(stand, more="/grants"), {"meter": "ai_credits", "amount": 40, "why": WHY})
    await done(stand, path_of(stand, more="/overrides"), {"meter": "posts", "limit": None, "why": "A press week"})
    await requested(stand)
    told = (await stand.get(path_of(stand), "olga")).json()
    meters = {one["meter"]: one for one in told["meters"]}
    assert (meters["ai_credits"]["limit"], meters["ai_credits"]["held"], meters["posts"]["limit"]) == (100, 7, None)
    (grant,), (apart,) = told["grants"], told["exceptions"]
    assert (grant["amount"], WHY in grant["why"], apart["meter"], apart["by_plan"]) == (40, True, "posts", 5)
    assert (told["request"]["plan"], told["overrides"]) == ("pro", {"posts": None})


# what is changed


async def test_a_plan_is_set_at_once_with_its_reason_in_the_ledger(stand: Stand) -> None:
    told = await done(stand, path_of(stand, more="/plan"), {"plan": "pro", "why": WHY})
    assert (told["plan"], (await stand.get("/usage", "bob")).json()["plan"]) == ("pro", "pro")
    assert WHY in (await stand.get("/entries?kind=plan", "bob")).json()["entries"][0]["why"]
    assert (await done(stand, path_of(stand, more="/plan"), {"plan": "free", "why": WHY}))["plan"] == "free"


async def test_an_override_is_set_and_taken_back(stand: Stand) -> None:
    path = path_of(stand, more="/overrides")
    assert (await done(stand, path, {"meter": "posts", "limit": 9, "why": WHY}))["overrides"] == {"posts": 9}
    assert (await done(stand, path, {"meter": "posts", "limit": "plan", "why": WHY}))["overrides"] == {}


async def test_one_key_of_an_operator_grants_once_and_to_one_account(stand: Stand) -> None:
    body = {"meter": "ai_credits", "amount": 40, "why": WHY}
    for replayed in (None, "true", "true"):
        answer = await stand.post(path_of(stand, more="/grants"), body, "olga", key="once")
        assert (answer.status_code, answer.headers.get("idempotency-replayed")) == (200, replayed)
    other = await stand.post(path_of(stand, "ada", "/grants"), body, "olga", key="once")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    limits = {name: (await stand.get("/usage", name)).json()["meters"][0]["limit"] for name in ("ada", "bob")}
    assert limits == {"ada": 60, "bob": 100}


async def test_the_same_key_of_two_operators_and_of_the_account_itself_are_three_keys(stand: Stand) -> None:
    await make_operator(stand, "ada")
    await stand.hold(1, name="bob")
    body = {"meter": "ai_credits", "amount": 10, "why": WHY}
    assert (
        await stand.post("/holds", {"lines": [{"meter": "ai_credits", "amount": 1}]}, "bob", key="17")
    ).status_code == 201
    for name in ("olga", "ada"):
        assert (await stand.post(path_of(stand, more="/grants"), body, name, key="17")).status_code == 200
    assert (await stand.get("/usage", "bob")).json()["meters"][0]["limit"] == 80


async def test_many_repeats_of_one_key_at_once_grant_once(stand: Stand) -> None:
    body = {"meter": "ai_credits", "amount": 40, "why": WHY}
    answers = await asyncio.gather(
        *(stand.post(path_of(stand, more="/grants"), body, "olga", key="once") for _ in range(12))
    )
    assert {one.status_code for one in answers} == {200}
    assert (await stand.get("/usage", "bob")).json()["meters"][0]["limit"] == 100


async def test_a_role_is_given_and_the_last_operator_stays_one(stand: Stand) -> None:
    last = await stand.post(path_of(stand, "olga", "/role"), {"role": "creator", "why": WHY}, "olga")
    assert (last.status_code, last.json()["code"]) == (403, "forbidden")
    assert "olga is the only operator there is" in last.json()["detail"]
    assert (await done(stand, path_of(stand, more="/role"), {"role": "operator", "why": WHY}, key="r"))[
        "role"
    ] == "operator"
    assert (await stand.get("/operator/accounts", "bob")).status_code == 200
    await done(stand, path_of(stand, "olga", "/role"), {"role": "creator", "why": WHY}, name="bob")
    assert (await stand.get("/operator/accounts", "olga")).status_code == 404


async def test_a_repeated_key_does_not_give_a_role_again_that_was_taken_since(stand: Stand) -> None:
    body = {"role": "operator", "why": WHY}
    await done(stand, path_of(stand, more="/role"), body, key="r")
    await done(stand, path_of(stand, more="/role"), {"role": "creator", "why": "It was a mistake"})
    again = await stand.post(path_of(stand, more="/role"), body, "olga", key="r")
    assert (again.headers["idempotency-replayed"], again.json()["role"]) == ("true", "creator")


@pytest.mark.parametrize("why", ["", "  ", "\n"])
async def test_nothing_is_done_without_a_reason(stand: Stand, why: str) -> None:
    request = (await requested(stand))["request"]["id"]
    for path, body in (
        (path_of(stand, more="/plan"), {"plan": "pro"}),
        (path_of(stand, more="/grants"), {"meter": "ai_credits", "amount": 1}),
        (path_of(stand, more="/overrides"), {"meter": "posts", "limit": 1}),
        (path_of(stand, more="/role"), {"role": "operator"}),
        (f"/operator/requests/{request}/approval", {}),
        (f"/operator/requests/{request}/decline", {}),
    ):
        answer = await stand.post(path, body | {"why": why}, "olga")
        assert (answer.status_code, answer.json()["where"]) == (400, "why"), path
        assert (await stand.post(path, body, "olga")).status_code == 400
    told = (await stand.get(path_of(stand), "olga")).json()
    assert (told["plan"], told["grants"], told["overrides"], told["role"]) == ("free", [], {}, "creator")


@pytest.mark.parametrize("place", ["0-99", "0-0", "9-1", "x", "0-", "-1", "0-1-1", "bob"])
async def test_an_account_that_is_not_there_is_not_found(stand: Stand, place: str) -> None:
    assert (await stand.get(f"/operator/accounts/{place}", "olga")).status_code == 404
    answer = await stand.post(f"/operator/accounts/{place}/plan", {"plan": "pro", "why": WHY}, "olga")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_an_account_without_a_member_has_no_role_and_gets_one(stand: Stand) -> None:
    stand.accounts["py"] = await stand.ledger.account("py")
    assert (await stand.get(path_of(stand, "py"), "olga")).json()["role"] is None
    told = await done(stand, path_of(stand, "py", "/role"), {"role": "creator", "why": WHY})
    assert told["role"] == "creator"
    assert await accounts_of(stand).member(0, stand.accounts["py"].id) is not None


# requests


async def test_a_request_is_listed_approved_and_seen_by_its_account(stand: Stand) -> None:
    told = await requested(stand)
    assert (told["state"], told["plan"], told["present"]) == ("requested", "pro", "free")
    assert told["sentence"] == "You requested Pro. An operator will approve or decline it; until then nothing changes."
    listed = (await stand.get("/operator/requests", "olga")).json()
    assert (listed["open"], listed["requests"]) == (1, [told["request"]])
    path = f"/operator/requests/{told['request']['id']}/approval"
    decided = await done(stand, path, {"why": WHY}, key="k")
    assert (decided["state"], decided["by"], decided["why"]) == ("approved", "olga", WHY)
    again = await stand.post(path, {"why": WHY}, "olga", key="k")
    assert (again.json(), again.headers["idempotency-replayed"]) == (decided, "true")
    shown = (await stand.get("/subscription", "bob")).json()
    assert (shown["plan"], shown["plan_changes"], shown["request"]) == ("pro", "request", decided)
    assert (await stand.get("/operator/requests?state=approved", "olga")).json()["requests"] == [decided]


async def test_a_declined_request_says_why_and_is_closed(stand: Stand) -> None:
    request = (await requested(stand))["request"]["id"]
    decided = await done(stand, f"/operator/requests/{request}/decline", {"why": "Not this term"})
    assert (decided["state"], (await stand.get("/subscription", "bob")).json()["plan"]) == ("declined", "free")
    late = await stand.post(f"/operator/requests/{request}/approval", {"why": WHY}, "olga")
    assert (late.status_code, late.json()["code"]) == (409, "request_closed")
    assert late.json()["detail"] == "This request was declined before."


async def test_requests_are_listed_page_by_page(stand: Stand) -> None:
    for name in ("bob", "ada"):
        await requested(stand, name=name)
        stand.clock.advance(1_000)
    first = (await stand.get("/operator/requests?limit=1", "olga")).json()
    second = (await stand.get(f"/operator/requests?limit=1&after={first['next']}", "olga")).json()
    assert [page["requests"][0]["account"] for page in (first, second)] == ["ada", "bob"]
    assert second["next"] is None


async def test_a_request_is_withdrawn(stand: Stand) -> None:
    await requested(stand)
    answer = await stand.send("DELETE", "/subscription/request", None, "bob", key=None)
    assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
    assert (await stand.get("/subscription", "bob")).json()["request"] is None
    assert (await stand.send("DELETE", "/subscription/request", None, "bob", key=None)).status_code == 404


async def test_an_unconfirmed_request_tells_what_it_would_be_and_asks_nobody(stand: Stand) -> None:
    answer = await stand.send("PUT", "/subscription", {"plan": "pro"}, "bob")
    assert (answer.status_code, answer.json()["change"], answer.json()["confirmed"]) == (200, "request", False)
    assert answer.json()["sentence"] == (
        "Pro needs an operator's approval: confirm to request it. Until then you stay on Free."
    )
    assert (await stand.get("/operator/requests", "olga")).json()["open"] == 0


async def test_one_key_requests_once_and_is_answered_byte_for_byte(stand: Stand) -> None:
    body = {"plan": "pro", "confirm": True}
    first = await stand.send("PUT", "/subscription", body, "bob", key="k")
    await done(stand, f"/operator/requests/{first.json()['request']['id']}/approval", {"why": WHY})
    again = await stand.send("PUT", "/subscription", body, "bob", key="k")
    assert (again.status_code, again.content, again.headers["idempotency-replayed"]) == (202, first.content, "true")
    other = await stand.send("PUT", "/subscription", body | {"plan": "enterprise"}, "bob", key="k")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


@pytest.mark.parametrize("confirm", [True, False])
async def test_where_plans_are_closed_moving_up_is_forbidden_and_says_what_to_do(stand: Stand, confirm: bool) -> None:
    with_plan_changes(stand, "closed")
    answer = await stand.send("PUT", "/subscription", {"plan": "pro", "confirm": confirm}, "bob")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "Ask them for another one." in answer.json()["detail"]
    assert (await stand.get("/subscription", "bob")).json()["plan_changes"] == "closed"


async def test_an_operator_moves_as_operators_do_by_http_too(stand: Stand) -> None:
    down = await stand.send("PUT", "/subscription", {"plan": "free", "confirm": True}, "olga")
    assert (down.json()["change"], down.json()["effective_at"]) == ("downgrade", None)
    assert "at once, because you are an operator" in down.json()["sentence"]
    up = await stand.send("PUT", "/subscription", {"plan": "enterprise", "confirm": True}, "olga")
    assert (up.status_code, (await stand.get("/usage", "olga")).json()["plan"]) == (200, "enterprise")


async def test_a_webhook_of_the_account_and_one_of_an_operator_are_told(stand: Stand) -> None:
    webhooks = stand.site.webhooks
    assert webhooks is not None
    for name in ("bob", "olga"):
        await webhooks.add(stand.accounts[name], f"https://{name}.example.com/hooks", ["plan_request"])
    request = (await requested(stand))["request"]["id"]
    await done(stand, f"/operator/requests/{request}/approval", {"why": WHY})
    assert await webhooks.deliver_due() == 4


async def test_what_was_refused_is_not_remembered_under_its_key(stand: Stand) -> None:
    """A name that is taken opens nothing when it is asked for again; a role that was refused is given once it can be."""
    body = {"name": "ada", "plan": "pro"}
    for _ in range(2):
        answer = await stand.post("/operator/accounts", body, "olga", key="open")
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    down = {"role": "creator", "why": WHY}
    assert (await stand.post(path_of(stand, "olga", "/role"), down, "olga", key="down")).status_code == 403
    await done(stand, path_of(stand, more="/role"), {"role": "operator", "why": WHY})
    answer = await stand.post(path_of(stand, "olga", "/role"), down, "olga", key="down")
    assert (answer.status_code, answer.json()["role"], answer.headers.get("idempotency-replayed")) == (
        200, "creator", None,
    )  # fmt: skip


async def test_many_repeats_of_one_key_at_once_open_one_account(stand: Stand) -> None:
    body = {"name": "carl", "plan": "starter"}
    answers = await asyncio.gather(*(stand.post("/operator/accounts", body, "olga", key="carl") for _ in range(8)))
    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["id"] for one in answers}) == 1
    assert sum("idempotency-replayed" not in one.headers for one in answers) == 1


async def test_a_reused_key_is_refused_before_anything_is_done(stand: Stand) -> None:
    request = (await requested(stand))["request"]["id"]
    await done(stand, path_of(stand, more="/grants"), {"meter": "posts", "amount": 1, "why": WHY}, key="k")
    for path, body in (
        ("/operator/accounts", {"name": "carl", "plan": "free"}),
        (path_of(stand, more="/plan"), {"plan": "pro", "why": WHY}),
        (path_of(stand, more="/overrides"), {"meter": "posts", "limit": 1, "why": WHY}),
        (path_of(stand, more="/role"), {"role": "operator", "why": WHY}),
        (f"/operator/requests/{request}/approval", {"why": WHY}),
        (f"/operator/requests/{request}/decline", {"why": WHY}),
    ):
        answer = await stand.post(path, body, "olga", key="k")
        assert (answer.status_code, answer.json()["code"]) == (422, "key_reused"), path
    told = (await stand.get(path_of(stand), "olga")).json()
    assert (told["plan"], told["overrides"], told["role"], told["request"]["state"]) == ("free", {}, "creator", "open")
    assert await stand.ledger.find("carl") is None
