"""429 for who asks more often than their share: whose share it is, what is told, and what it costs the server."""

import asyncio
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from tests.support.sites import Stand, join

from reelbot.accounts import Identity
from reelbot.clock import SECOND
from reelbot.limits import PASSWORDS_OF_ONE_MAX, REQUEST_BURST, REQUESTS_PER_SECOND
from reelbot.web import Proxies
from reelbot.web.context import RequestBuckets
from reelbot.web.token_buckets import Rate

BURST = 5
RATE = Rate(BURST, per_second=2)
STRANGER, OTHER = "203.0.113.9", "198.51.100.7"
WRONG_KEY = {"Authorization": "Bearer rb_0-1-1-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}
LIMITS = ("retry-after", "ratelimit", "ratelimit-policy")


@pytest.fixture
async def limited(stand: Stand) -> Stand:
    """A site where little is allowed."""
    vars(stand.site.request_buckets).update(vars(RequestBuckets(RATE)))
    return stand


async def asked_from(stand: Stand, address: str, path: str, **more: Any) -> httpx.Response:
    """A request that comes from an address, by a proxy on this machine."""
    headers = {"X-Forwarded-For": address} | more.pop("headers", {})
    transport = httpx.ASGITransport(stand.app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://reelbot.test") as http:
        return await http.request(more.pop("method", "GET"), path, headers=headers, **more)


async def used_up(stand: Stand, address: str, **more: Any) -> list[int]:
    """The statuses of a burst and one more from an address."""
    return [(await asked_from(stand, address, "/api/v1/usage", **more)).status_code for _ in range(BURST + 1)]


async def test_who_asks_too_often_is_told_when_to_go_on_and_then_goes_on(limited: Stand) -> None:
    answers = [await limited.get("/usage") for _ in range(BURST + 1)]
    assert [one.status_code for one in answers] == [200] * BURST + [429]
    refused = answers[-1]
    assert refused.json()["code"] == "too_many_requests"
    assert "5 requests at once, and 2 a second" in refused.json()["detail"]
    assert [refused.headers[name] for name in LIMITS] == ["1", '"requests";r=0;t=1', '"requests";q=5;w=3']
    limited.clock.advance(int(refused.headers["retry-after"]) * SECOND)
    assert (await limited.get("/usage")).status_code == 200


async def test_the_ledgers_own_routes_are_counted_and_a_refused_hold_holds_nothing(limited: Stand) -> None:
    for _ in range(BURST):
        await limited.hold(1)
    refused = await limited.post("/holds", {"lines": [{"meter": "ai_credits", "amount": 1}]})
    assert refused.status_code == 429
    limited.clock.advance(10 * SECOND)
    assert await limited.used() == (0, BURST)


async def test_another_account_is_not_touched(limited: Stand) -> None:
    for _ in range(10 * BURST):
        await limited.get("/usage")
    assert (await limited.get("/usage", "bob")).status_code == 200


async def test_two_keys_of_one_account_have_one_share(sqlite_stand: Stand) -> None:
    stand = sqlite_stand
    vars(stand.site.request_buckets).update(vars(RequestBuckets(RATE)))
    ada = stand.accounts["ada"]
    second = await stand.site.accounts.issue_key(ada.lane, ada.id, "second")  # type: ignore[attr-defined]
    for _ in range(BURST):
        await stand.get("/usage")
    stand.keys["ada"] = second
    assert (await stand.get("/usage")).status_code == 429


async def test_strangers_are_counted_by_their_address_whatever_key_they_make_up(limited: Stand) -> None:
    assert await used_up(limited, STRANGER, headers=WRONG_KEY) == [401] * BURST + [429]
    assert (await asked_from(limited, STRANGER, "/api/v1/openapi.json")).status_code == 429
    assert (await asked_from(limited, OTHER, "/api/v1/usage")).status_code == 401


async def test_an_ipv6_address_is_counted_by_its_half(limited: Stand) -> None:
    assert 429 in await used_up(limited, "2001:db8:1:2::1")
    assert (await asked_from(limited, "2001:db8:1:2:ffff::9", "/api/v1/usage")).status_code == 429
    assert (await asked_from(limited, "2001:db8:1:3::1", "/api/v1/usage")).status_code == 401


async def test_wrong_keys_use_up_nobodys_share_and_a_key_that_was_seen_goes_on_beside_them(limited: Stand) -> None:
    mine = limited.caller()
    assert (await asked_from(limited, STRANGER, "/api/v1/usage", headers=mine)).status_code == 200
    assert 429 in await used_up(limited, STRANGER, headers=WRONG_KEY)
    assert (await asked_from(limited, STRANGER, "/api/v1/usage", headers=mine)).status_code == 200


async def test_a_key_that_was_revoked_does_not_use_up_the_share_of_its_account(sqlite_stand: Stand) -> None:
    stand = sqlite_stand
    vars(stand.site.request_buckets).update(vars(RequestBuckets(RATE)))
    ada, revoked = stand.accounts["ada"], stand.caller()
    assert (await stand.get("/usage")).status_code == 200
    stand.keys["ada"] = await stand.site.accounts.issue_key(ada.lane, ada.id, "new")  # type: ignore[attr-defined]
    assert await stand.site.accounts.revoke_key(ada.lane, ada.id, 1)  # type: ignore[attr-defined]
    for _ in range(3 * BURST):
        assert (await stand.http.get("/api/v1/usage", headers=revoked)).status_code == 401
    assert (await stand.get("/usage")).status_code == 200


async def test_a_proxy_that_is_not_trusted_makes_nobody_of_a_stranger(limited: Stand) -> None:
    object.__setattr__(limited.site, "pages", limited.site.pages._replace(proxies=Proxies(())))
    transport = httpx.ASGITransport(limited.app, client=(STRANGER, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://reelbot.test") as http:
        answers = [
            await http.get("/api/v1/usage", headers={"X-Forwarded-For": f"10.0.0.{number}"})
            for number in range(BURST + 1)
        ]
    assert [one.status_code for one in answers] == [401] * BURST + [429]


async def test_health_checks_are_never_refused(limited: Stand) -> None:
    await used_up(limited, STRANGER)
    for path in ("/healthz", "/readyz"):
        assert [(await asked_from(limited, STRANGER, path)).status_code for _ in range(3 * BURST)] == [200] * 3 * BURST


async def test_a_page_is_refused_in_a_sentence_and_styles_are_not(sqlite_stand: Stand) -> None:
    stand = sqlite_stand
    vars(stand.site.request_buckets).update(vars(RequestBuckets(RATE)))
    html = {"Accept": "text/html"}
    answers = [await asked_from(stand, STRANGER, "/login", headers=html) for _ in range(BURST + 1)]
    assert [one.status_code for one in answers] == [200] * BURST + [429]
    refused = answers[-1]
    assert refused.headers["content-type"].startswith("text/html")
    assert "try again in 1 second" in refused.text
    assert all(name in refused.headers for name in LIMITS)
    style = answers[0].text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert style
    assert [(await asked_from(stand, STRANGER, style)).status_code for _ in range(2 * BURST)] == [200] * 2 * BURST


async def test_pages_and_api_of_a_session_are_one_share(sqlite_stand: Stand) -> None:
    stand = sqlite_stand
    vars(stand.site.request_buckets).update(vars(RequestBuckets(RATE)))
    ada = stand.accounts["ada"]
    session = await stand.site.accounts.sessions.begin(ada.lane, ada.id, "test")  # type: ignore[attr-defined]
    headers = {"Accept": "text/html", "Cookie": f"reelbot_session={session}"}
    for _ in range(BURST):
        assert (await asked_from(stand, STRANGER, "/history", headers=headers)).status_code == 200
    assert (await stand.get("/usage")).status_code == 429
    assert (await asked_from(stand, STRANGER, "/history", headers=headers)).status_code == 429
    assert (await stand.get("/usage", "bob")).status_code == 200


async def test_a_refusal_reads_nothing(limited: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(BURST):
        await limited.get("/usage")
    await used_up(limited, STRANGER, headers=WRONG_KEY)
    read: list[str] = []

    async def identify(self: object, token: str) -> Identity | None:
        read.append(token)
        return None

    monkeypatch.setattr(type(limited.site.accounts), "identify", identify)
    assert (await limited.get("/usage")).status_code == 429
    assert (await asked_from(limited, STRANGER, "/api/v1/usage", headers=WRONG_KEY)).status_code == 429
    assert read == []


async def test_who_was_refused_is_in_the_log_once(limited: Stand, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(20 * BURST):
        await limited.get("/usage")
    await used_up(limited, STRANGER)
    told = [record.getMessage() for record in caplog.records if "has used up its share" in record.getMessage()]
    assert told == [
        "Refused a request: account ada has used up its share.",
        f"Refused a request: address {STRANGER} has used up its share.",
    ]


async def test_passwords_that_wait_are_a_share_of_an_address_too(sqlite_stand: Stand) -> None:
    form = {"name": "ada", "password": "not this one"}
    fields = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}

    async def tried(address: str) -> httpx.Response:
        return await asked_from(sqlite_stand, address, "/login", method="POST", data=form, headers=fields)

    with ExitStack() as stack:
        for _ in range(PASSWORDS_OF_ONE_MAX):
            stack.enter_context(sqlite_stand.site.passwords.taken(STRANGER))
        refused = await tried(STRANGER)
        assert (refused.status_code, refused.headers["location"]) == (303, "/login")
        assert (await tried(OTHER)).status_code == 401
    assert (await tried(STRANGER)).status_code == 401
    assert len(sqlite_stand.site.passwords) == 0


@pytest.mark.parametrize("path", ["/usage", "/prices", "/entries"])
@pytest.mark.parametrize(("crowd", "each"), [(1, REQUEST_BURST - 1), (16, REQUESTS_PER_SECOND // 2)])
async def test_what_others_have_piled_up_delays_nobody(stand: Stand, path: str, crowd: int, each: int) -> None:
    """Somebody with a whole burst, or many with a bit of it, who do not wait for answers; behind them somebody else."""
    names = [f"crowd-{number}" for number in range(crowd)]
    for name in names:
        await join(stand, name, "free")
        await stand.get("/usage", name)
    await stand.get("/usage", "bob")
    stand.clock.advance(SECOND)
    answered = list[str]()

    async def ask(name: str) -> None:
        assert (await stand.get(path, name)).status_code == 200
        answered.append(name)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(each):
            for name in names:
                tasks.create_task(ask(name))
        tasks.create_task(ask("bob"))
    assert len(answered) == crowd * each + 1
    assert answered.index("bob") <= 2 * crowd + 1
