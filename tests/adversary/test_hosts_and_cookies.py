"""A page of another name that leads here (DNS rebinding), planted cookies, and plain HTTP after TLS."""

from collections.abc import AsyncIterator

import pytest
from tests.support.clock import FakeClock
from tests.support.sites import Stand, standing
from tests.web.pages.visitors import Visitor, accounts_of, visiting, with_settings

from reelbot.web import Hosts, Proxies

TLS = {"X-Forwarded-Proto": "https"}


@pytest.fixture
async def stand(sqlite_url: str, clock: FakeClock) -> AsyncIterator[Stand]:
    async with standing(sqlite_url, clock) as built:
        yield built


@pytest.fixture
async def stranger(stand: Stand) -> AsyncIterator[Visitor]:
    async with visiting(stand) as visitor:
        yield visitor


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8080", "reelbot.test.evil.example", "localhost.evil.example", "notlocalhost", "",
        "reelbot.test@evil.example", "evil.example#reelbot.test", "127.0.0.1.evil.example", "[::1].evil.example",
        "2130706433", "0x7f000001", "reelbot.test, evil.example", "xn--reelbot-test",
    ],
)  # fmt: skip
async def test_a_name_that_is_none_of_ours_is_refused_whatever_is_asked(stand: Stand, host: str) -> None:
    for path in ("/", "/login", "/api/v1/usage", "/api/v1/openapi.json", "/metrics", "/nowhere"):
        answer = await stand.http.get(path, headers=stand.caller() | {"Host": host})
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), path
        assert "evil" not in answer.text


@pytest.mark.parametrize(
    "host",
    [
        "reelbot.test", "REELBOT.test.", "reelbot.test:8443", "localhost", "localhost:8080", "app.localhost", "127.0.0.1",
        "127.0.0.1:8080", "[::1]:8080", "192.168.1.20:8080", "[2001:db8::1]",
    ],
)  # fmt: skip
async def test_our_names_and_addresses_of_numbers_are_answered(stand: Stand, host: str) -> None:
    assert (await stand.http.get("/api/v1/usage", headers=stand.caller() | {"Host": host})).status_code == 200


async def test_one_wrong_name_among_several_is_refused(stand: Stand) -> None:
    headers = [("Host", "evil.example"), ("Host", "reelbot.test"), *stand.caller().items()]
    assert (await stand.http.get("/api/v1/usage", headers=headers)).status_code == 400
    assert (await stand.http.get("/api/v1/usage", headers=headers[1:])).status_code == 200


async def test_a_probe_may_call_this_machine_as_it_likes(stand: Stand) -> None:
    for path in ("/healthz", "/readyz"):
        assert (await stand.http.get(path, headers={"Host": "reelbot-7f9c"})).status_code == 200


async def test_names_are_the_operators_to_add(stand: Stand) -> None:
    with_settings(stand, hosts=Hosts(["studio.example.com"]))
    for host, status in (("studio.example.com", 200), ("reelbot.test", 400)):
        answer = await stand.http.get("/api/v1/usage", headers=stand.caller() | {"Host": host})
        assert answer.status_code == status


async def test_by_tls_a_session_lies_in_a_cookie_that_nobody_else_can_set(stand: Stand) -> None:
    account = stand.accounts["ada"]
    link = f"/enter?token={await accounts_of(stand).sessions.issue_link(account.lane, account.id)}"
    async with visiting(stand, url="https://reelbot.test") as stranger:
        answer = await stranger.enter(link)
        assert stranger.is_signed_in
        assert (await stranger.get("/account")).status_code == 200
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if "session" in one]
    name, _, value = cookie.partition(";")[0].partition("=")
    assert name == "__Host-reelbot_session"
    assert "; Path=/" in cookie
    assert cookie.endswith("; Secure")
    assert "domain" not in cookie.lower()
    for field, sent, status in (
        (f"{name}={value}", TLS, 200),
        (f"reelbot_session={value}", TLS, 401),  # a neighbour of the domain can plant this one
        (f"reelbot_session={value}", {}, 200),
        (f"{name}={value}", {}, 401),
    ):
        answer = await stand.http.get("/api/v1/usage", headers={"Cookie": field, **sent})
        assert answer.status_code == status, (field, sent)


async def test_by_tls_a_sentence_is_told_from_such_a_cookie_only(stand: Stand, stranger: Visitor) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    gone = await stranger.http.post("/logout", headers={**form, **TLS})
    (told,) = [one for one in gone.headers.get_list("set-cookie") if "told" in one]
    name, _, value = told.partition(";")[0].partition("=")
    assert (name, told.endswith("; Secure")) == ("__Host-reelbot_told", True)
    for cookie, is_shown in ((f"{name}={value}", True), (f"reelbot_told={value}", False)):
        page = await stand.http.get("/login", headers={"Accept": "text/html", "Cookie": cookie, **TLS})
        assert ("You have signed out." in page.text) == is_shown


async def test_whoever_came_by_tls_is_told_to_come_by_nothing_else(stand: Stand) -> None:
    for path in ("/login", "/api/v1/usage", "/nowhere", "/healthz"):
        plain = await stand.http.get(path, headers=stand.caller())
        assert "strict-transport-security" not in plain.headers
        by_tls = await stand.http.get(path, headers=stand.caller() | TLS)
        assert by_tls.headers.get_list("strict-transport-security") == ["max-age=15768000"], path
    refused = await stand.http.get("/login", headers=TLS | {"Host": "evil.example"})
    assert refused.status_code == 400
    with_settings(stand, proxies=Proxies([]))
    told = await stand.http.get("/login", headers=TLS)
    assert "strict-transport-security" not in told.headers, "nobody's word counts here"
    with_settings(stand, public_url="https://reelbot.test")
    assert "strict-transport-security" in (await stand.http.get("/login")).headers
