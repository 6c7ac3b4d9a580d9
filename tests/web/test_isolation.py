"""Who has no right to something learns nothing of it: neither what it is, nor whether it is there."""

from typing import Any

import httpx
import pytest
from tests.support.sites import Stand

from reelbot.accounts import Accounts
from reelbot.ids import id_text

NO_HOLD = "hold_0-1-zz"


async def touch(stand: Stand, hold: str, name: str) -> list[httpx.Response]:
    """Everything that one can try with a hold."""
    line = {"lines": [{"meter": "ai_credits", "amount": 1}]}
    return [
        await stand.get(f"/holds/{hold}", name),
        await stand.post(f"/holds/{hold}/settlement", None, name, key="same"),
        await stand.post(f"/holds/{hold}/settlement", line, name, key=None),
        await stand.post(f"/holds/{hold}/release", {"why": "mine now"}, name, key="same"),
    ]


def told(answers: list[httpx.Response]) -> list[Any]:
    return [(one.status_code, dict(one.headers), one.content) for one in answers]


async def test_a_hold_of_another_account_is_as_one_that_does_not_exist(stand: Stand) -> None:
    held = await stand.hold(25)
    bob = stand.accounts["bob"]
    missing = told(await touch(stand, id_text("hold", bob.lane, bob.id, 99), "bob"))
    assert told(await touch(stand, held["id"], "bob")) == missing
    assert told(await touch(stand, "nonsense", "bob")) == missing
    assert {status for status, _, _ in missing} == {404}
    assert await stand.used("ada") == (0, 25)
    assert (await stand.get(f"/holds/{held['id']}")).json()["state"] == "open"


async def test_the_number_of_another_accounts_hold_does_not_reach_ones_own(stand: Stand) -> None:
    """Both accounts have a hold of the same number; the id says whose it is."""
    ada, bob = await stand.hold(1), await stand.hold(1, name="bob")
    assert ada["id"].rpartition("-")[2] == bob["id"].rpartition("-")[2]
    await touch(stand, ada["id"], "bob")
    assert (await stand.get(f"/holds/{bob['id']}", "bob")).json()["state"] == "open"


async def test_lists_and_figures_are_of_ones_own_account_only(stand: Stand) -> None:
    held = await stand.hold(25, why="a secret film")
    for path in ("/usage", "/entries", "/account", "/entries?limit=500&kind=hold"):
        answer = await stand.get(path, "bob")
        assert held["id"] not in answer.text
        assert "secret" not in answer.text
        assert "ada" not in answer.text
    csv = await stand.get("/entries", "bob", headers={"Accept": "text/csv"})
    assert "secret" not in csv.text


async def test_a_key_of_another_account_with_the_same_request_is_ones_own(stand: Stand) -> None:
    body = {"lines": [{"meter": "ai_credits", "amount": 5}]}
    ada = await stand.post("/holds", body, "ada", key="order-17")
    bob = await stand.post("/holds", body, "bob", key="order-17")
    assert ada.json()["id"] != bob.json()["id"]
    assert "idempotency-replayed" not in bob.headers


FORGED = [
    {},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer "},
    {"Authorization": "Basic YWRhOmFkYQ=="},
    {"Authorization": "Bearer rb_0-1-1-" + "a" * 32},
    {"Authorization": "Bearer rb_0-99-1-" + "a" * 32},
    {"Authorization": "Bearer " + "x" * 10_000},
    {"Authorization": "Bearer rb_0-1-1-é".encode("latin-1").decode("latin-1")},
    {"Cookie": "session=1"},
]


@pytest.mark.parametrize("forged", FORGED, ids=range(len(FORGED)))
@pytest.mark.parametrize("path", ["/usage", "/holds/" + NO_HOLD, "/entries", "/events", "/plans", "/account"])
async def test_a_forged_key_is_refused_everywhere_in_the_same_words(
    sqlite_stand: Stand, forged: dict[str, str], path: str
) -> None:
    headers = {name: value.encode("latin-1") for name, value in forged.items()}
    none = await sqlite_stand.http.get(f"/api/v1{path}")
    answer = await sqlite_stand.http.get(f"/api/v1{path}", headers={k.encode(): v for k, v in headers.items()})
    assert answer.status_code == 401
    assert (answer.content, dict(answer.headers)) == (none.content, dict(none.headers))


async def test_a_key_with_another_secret_is_refused(sqlite_stand: Stand) -> None:
    key = sqlite_stand.keys["ada"]
    other = key[:-1] + ("a" if key[-1] != "a" else "b")
    answer = await sqlite_stand.http.get("/api/v1/usage", headers={"Authorization": f"Bearer {other}"})
    assert answer.status_code == 401


async def test_a_revoked_key_is_refused_at_once(sqlite_stand: Stand) -> None:
    gate, ada = sqlite_stand.site.accounts, sqlite_stand.accounts["ada"]
    assert isinstance(gate, Accounts)
    assert (await sqlite_stand.get("/usage")).status_code == 200
    await gate.revoke_key(ada.lane, ada.id, 1)
    answers = [
        await sqlite_stand.get("/usage"),
        await sqlite_stand.post("/holds", {"lines": [{"meter": "ai_credits", "amount": 1}]}),
        await sqlite_stand.get("/events"),
    ]
    assert {one.status_code for one in answers} == {401}
    assert await sqlite_stand.ledger.store.overdue(2**50, 10) == []


async def test_who_asks_is_looked_at_before_what_is_asked(stand: Stand) -> None:
    answer = await stand.http.post("/api/v1/holds", content=b"x" * 5_000_000, headers={"Content-Type": "x/y"})
    assert answer.status_code == 401


async def test_the_host_field_goes_nowhere(stand: Stand) -> None:
    answers = [
        await stand.get("/usage", headers={"Host": "evil.test"}),
        await stand.http.get("/", headers={"Host": "evil.test"}),
        await stand.http.get("/api/v1/openapi.json", headers={"Host": "evil.test"}),
    ]
    for answer in answers:
        assert "evil.test" not in answer.text + str(answer.headers)
