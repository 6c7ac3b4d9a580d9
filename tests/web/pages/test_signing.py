"""Signing in: links that work once, passwords, sessions that end, and what other sites can make a browser do: nothing."""

import httpx
import pytest
from tests.support.sites import SITE_URL, Stand, join
from tests.web.pages.visitors import HTML, Read, Visitor, accounts_of, visiting, with_settings

from reelbot.accounts import LINK_MS, SESSION_MS, service
from reelbot.accounts.throttle import SIGNUP
from reelbot.clock import HOUR, MINUTE
from reelbot.web import Proxies

PASSWORD = "correct horse battery"


async def link_of(stand: Stand, name: str = "ada") -> str:
    account = stand.accounts[name]
    return f"/enter?token={await accounts_of(stand).sessions.issue_link(account.lane, account.id)}"


async def set_password(stand: Stand, name: str = "ada") -> None:
    account, passwords = stand.accounts[name], accounts_of(stand).passwords
    await passwords.write(account.lane, account.id, await passwords.hashed(PASSWORD))


async def by_password(stand: Stand, visitor: Visitor) -> Visitor:
    """A browser that ada has signed in with by her password."""
    await set_password(stand)
    assert (await visitor.send("/login", name="ada", password=PASSWORD)).status_code == 303
    return visitor


async def test_a_stranger_is_led_to_sign_in_and_then_on(stand: Stand, stranger: Visitor) -> None:
    assert (await stranger.get("/")).headers["location"] == "/login"
    answer = await stranger.get("/history")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?to=/history")
    await set_password(stand)
    page = await stranger.read("/login?to=/history")
    answer = await stranger.send("/login", name="ada", password=PASSWORD, to=page.hidden("to"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/history")
    assert (await stranger.get("/history")).status_code == 200


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/a\r\nSet-Cookie: x=1",
        "/\t/evil.example", "\t//evil.example", " //evil.example", "//[", "https://[::1", "//a\u2100b",
        "javascript:alert(1)", "evil.example", "",
    ],
)  # fmt: skip
async def test_nobody_is_led_elsewhere(stand: Stand, stranger: Visitor, to: str) -> None:
    answer = await stranger.get("/login", params={"to": to})
    assert Read(answer.text).hidden("to") == "/"
    await set_password(stand)
    answer = await stranger.send("/login", name="ada", password=PASSWORD, to=to)
    assert answer.headers["location"] == "/"
    assert (await stranger.get("/login", params={"to": to})).headers["location"] == "/"


async def test_a_link_works_once(stand: Stand, stranger: Visitor) -> None:
    link = await link_of(stand)
    assert (await stranger.enter(link)).headers["location"] == "/"
    async with visiting(stand) as other:
        answer = await other.enter(link)
        assert answer.status_code == 401
        assert "already used" in answer.text
        assert not other.is_signed_in


async def test_a_link_works_for_ten_minutes(stand: Stand, stranger: Visitor) -> None:
    link = await link_of(stand)
    stand.time.advance(LINK_MS)
    assert (await stranger.get(link)).status_code == 401


async def test_a_forged_link_is_refused(stand: Stand, stranger: Visitor) -> None:
    link = await link_of(stand)
    for forged in (link[:-1] + ("a" if link[-1] != "a" else "b"), "/enter", "/enter?token=rl_0-1-1-x"):
        assert (await stranger.get(forged)).status_code == 401
    assert (await stranger.enter(link)).status_code == 303


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(stand: Stand, stranger: Visitor) -> None:
    cookie = (await stranger.enter(await link_of(stand))).headers.get_list("set-cookie")[0]
    assert cookie.startswith("reelbot_session=rs_")
    assert cookie.endswith("; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax")
    for told in ("https", "https, http"):
        behind_tls = await stranger.get(await link_of(stand), headers={"X-Forwarded-Proto": told})
        assert behind_tls.headers["set-cookie"].endswith("; Secure")


async def test_only_a_trusted_proxy_says_that_a_browser_came_by_tls(stand: Stand) -> None:
    async with visiting(stand, "203.0.113.9") as stranger:
        told = await stranger.get(await link_of(stand), headers={"X-Forwarded-Proto": "https"})
        assert "Secure" not in told.headers["set-cookie"]
        with_settings(stand, proxies=Proxies(["203.0.113.0/24"]))
        told = await stranger.get(await link_of(stand), headers={"X-Forwarded-Proto": "https"})
        assert told.headers["set-cookie"].endswith("; Secure")


@pytest.mark.parametrize(
    ("url", "is_secure"), [("https://reelbot.example.com", True), ("http://reelbot.example", False)]
)
async def test_where_people_find_the_site_by_tls_cookies_go_by_nothing_else(
    stand: Stand, stranger: Visitor, url: str, is_secure: bool
) -> None:
    with_settings(stand, public_url=url)
    cookie = (await stranger.get(await link_of(stand))).headers["set-cookie"]
    assert cookie.endswith("; Secure") == is_secure


async def test_a_session_lasts_thirty_days(stand: Stand, ada: Visitor) -> None:
    stand.time.advance(SESSION_MS - MINUTE)
    assert (await ada.get("/")).status_code == 200
    stand.time.advance(MINUTE)
    assert (await ada.get("/")).status_code == 303


async def test_signing_out_ends_the_session_and_not_only_the_cookie(stand: Stand, ada: Visitor) -> None:
    session = ada.http.cookies["reelbot_session"]
    answer = await ada.send("/logout")
    assert answer.headers["location"] == "/login"
    assert answer.headers["clear-site-data"] == '"cache"'
    assert not ada.is_signed_in
    async with visiting(stand) as thief:
        thief.http.cookies.set("reelbot_session", session, domain="reelbot.localhost")
        assert (await thief.get("/")).status_code == 303


async def test_signing_in_begins_another_session_than_one_that_was_there_before(stand: Stand, ada: Visitor) -> None:
    """One that somebody has put into the browser gives them nothing."""
    planted = ada.http.cookies["reelbot_session"]
    await set_password(stand, "bob")
    bob = await ada.send("/login", name="bob", password=PASSWORD)
    assert bob.headers["set-cookie"].partition(";")[0] != f"reelbot_session={planted}"
    assert (await ada.http.get("/api/v1/usage")).json()["account"] == "bob"
    fresh = await stand.http.get("/api/v1/usage", headers={"Cookie": f"reelbot_session={planted}"})
    assert fresh.json()["account"] == "ada", "the one before is who it was, and nobody else"


async def test_no_page_repeats_the_host_that_it_was_asked_at(stand: Stand, ada: Visitor) -> None:
    fields = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    for path in ("/", "/account", "/operator", "/studio", "/login", "/offline", "/nowhere", "/history.csv"):
        for sent in (fields, {name: value for name, value in fields.items() if name != "Host"}):
            answer = await ada.get(path, headers=sent)
            assert "evil.example" not in answer.text + str(answer.headers), path


async def test_a_wrong_password_and_an_unknown_name_are_told_alike(stand: Stand, stranger: Visitor) -> None:
    await set_password(stand)
    texts = []
    for name in ("ada", "bob", "nobody"):
        answer = await stranger.send("/login", name=name, password="wrong password")
        assert answer.status_code == 401
        texts.append(Read(answer.text).text)
    assert len(set(texts)) == 1


async def test_a_password_cannot_be_tried_for_ever(stand: Stand, stranger: Visitor) -> None:
    await set_password(stand)
    for _ in range(10):
        assert (await stranger.send("/login", name="ada", password="wrong password")).status_code == 401
    answer = await stranger.send("/login", name="ada", password=PASSWORD)
    assert answer.status_code == 429
    assert "Try again in 15 minutes." in answer.text
    stand.time.advance(15 * MINUTE)
    assert (await stranger.send("/login", name="ada", password=PASSWORD)).status_code == 303


async def test_a_stranger_elsewhere_cannot_keep_somebody_out(stand: Stand) -> None:
    await set_password(stand)
    async with visiting(stand, "203.0.113.9") as stranger, visiting(stand, "198.51.100.7") as ada:
        for _ in range(10):
            await stranger.send("/login", name="ada", password="wrong password")
        assert (await stranger.send("/login", name="ada", password=PASSWORD)).status_code == 429
        assert (await ada.send("/login", name="ada", password=PASSWORD)).status_code == 303


async def test_behind_a_proxy_the_address_that_it_names_counts_and_no_other(stand: Stand, stranger: Visitor) -> None:
    await set_password(stand)

    async def tried(came_from: str, password: str) -> int:
        headers = {"Sec-Fetch-Site": "same-origin", "X-Forwarded-For": came_from}
        return (await stranger.send("/login", headers=headers, name="ada", password=password)).status_code

    for number in range(10):
        assert await tried(f"192.0.2.{number}, 203.0.113.9", "wrong password") == 401
    assert await tried("203.0.113.9", PASSWORD) == 429
    assert await tried("203.0.113.9, 198.51.100.7", PASSWORD) == 303


async def test_whoever_is_refused_is_told_when_to_come_back(stand: Stand, stranger: Visitor) -> None:
    for _ in range(10):
        await stranger.send("/login", name="ada", password="wrong password")
    answer = await stranger.send("/login", name="ada", password=PASSWORD)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, str(15 * 60))
    assert stand.site.counts.problems["too_many_requests"] == 1


async def test_the_old_password_cannot_be_tried_for_ever_either(stand: Stand, stranger: Visitor) -> None:
    ada = await by_password(stand, stranger)
    for _ in range(10):
        told = await ada.sent("/account/password", old="wrong password", password="noon is a loud bird")
        assert "not the right one" in told
    told = await ada.sent("/account/password", old=PASSWORD, password="noon is a loud bird")
    assert "This was tried too often." in told


async def test_a_password_is_changed_with_the_old_one_and_signs_others_out(stand: Stand, stranger: Visitor) -> None:
    ada = await by_password(stand, stranger)
    assert "Current password" in (await ada.read("/account")).text
    assert "not the right one" in await ada.sent(
        "/account/password", old="wrong password", password="noon is a loud bird"
    )
    assert "10 to 200" in await ada.sent("/account/password", old=PASSWORD, password="short")
    async with visiting(stand) as other:
        await other.sign_in()
        await ada.sent("/account/password", old=PASSWORD, password="noon is a loud bird")
        assert (await other.get("/")).status_code == 303
    assert (await ada.get("/")).status_code == 200


async def test_whoever_came_by_a_link_sets_a_password_without_the_forgotten_one_for_an_hour(
    stand: Stand, ada: Visitor
) -> None:
    await set_password(stand)
    text = (await ada.read("/account")).text
    assert "no current password is needed for the next hour" in text and "Current password" not in text
    assert "changed" in await ada.sent("/account/password", password="grey lanterns hum")
    stand.time.advance(HOUR)
    assert "not the right one" in await ada.sent("/account/password", password="noon is a loud bird")
    assert "changed" in await ada.sent("/account/password", old="grey lanterns hum", password="noon is a loud bird")


async def test_who_has_forgotten_a_password_is_told_what_to_do(stranger: Visitor) -> None:
    text = (await stranger.read("/login")).text
    assert "Forgot your password? Ask whoever runs this server for a one-time link" in text
    assert "reelbot account link" in text


async def test_another_browser_can_be_signed_out(stand: Stand, ada: Visitor) -> None:
    async with visiting(stand) as other:
        await other.sign_in()
        assert "signed out" in await ada.sent("/account/sessions/2/end")
        assert (await other.get("/")).status_code == 303
        await other.sign_in()
        assert "signed out" in await ada.sent("/account/sessions/others/end")
        assert (await other.get("/")).status_code == 303
    assert (await ada.send("/account/sessions/99/end")).status_code == 404


# opening an account


async def test_accounts_are_closed_to_strangers_unless_the_operator_opens_them(stranger: Visitor) -> None:
    assert (await stranger.get("/signup")).status_code == 403
    assert (await stranger.send("/signup", name="eve", password=PASSWORD)).status_code == 403


async def test_whoever_comes_may_open_an_account_on_free_where_that_is_open(stand: Stand) -> None:
    with_settings(stand, signup="open")
    async with visiting(stand) as eve:
        assert "Open an account" in (await eve.read("/login")).text
        assert (await eve.send("/signup", name="ada", password=PASSWORD)).status_code == 400
        assert (await eve.send("/signup", name="eve", password="short")).status_code == 400
        answer = await eve.send("/signup", name="eve", password=PASSWORD, timezone="Europe/Paris")
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert "You are on Free" in (await eve.read("/subscription")).text
        assert (await eve.get("/operator")).status_code == 403


@pytest.mark.parametrize("name", ["Ada", "ADA", "\u0430da", "a\u200dda", "\uff41da", "Zoe\u0308", "zo\u00cb"])
async def test_nobody_opens_an_account_that_looks_like_another_one(stand: Stand, stranger: Visitor, name: str) -> None:
    with_settings(stand, signup="open")
    await join(stand, "Zo\u00eb", "free")
    answer = await stranger.send("/signup", name=name, password=PASSWORD)
    assert answer.status_code == 400
    assert "already, or one that looks like it. Choose another name." in Read(answer.text).text
    assert not stranger.is_signed_in


async def test_a_name_is_the_same_however_a_keyboard_put_its_letters_together(stand: Stand, stranger: Visitor) -> None:
    with_settings(stand, signup="open")
    assert (await stranger.send("/signup", name="Zoe\u0308", password=PASSWORD)).status_code == 303
    await stranger.send("/logout")
    assert (await stranger.send("/login", name="Zo\u00eb", password=PASSWORD)).status_code == 303
    await stranger.send("/logout")
    for number in range(10):
        name = "Zoe\u0308" if number % 2 else "Zo\u00eb"
        assert (await stranger.send("/login", name=name, password="wrong password")).status_code == 401
    assert (await stranger.send("/login", name="Zoe\u0308", password=PASSWORD)).status_code == 429


@pytest.mark.parametrize("name", ["a\tb", "a\nb", "a\u202eb", "a\u200bb", "", " ", "\u00a0", "x" * 201])
async def test_a_name_has_no_signs_that_nobody_sees(stand: Stand, stranger: Visitor, name: str) -> None:
    with_settings(stand, signup="open")
    answer = await stranger.send("/signup", name=name, password=PASSWORD)
    assert (answer.status_code, stranger.is_signed_in) == (400, False)


async def test_one_address_opens_so_many_accounts_within_an_hour(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "SIGNUP", SIGNUP._replace(made_max=2))
    with_settings(stand, signup="open")

    async def opened(name: str, address: str, password: str = PASSWORD) -> httpx.Response:
        async with visiting(stand, address) as stranger:
            return await stranger.send("/signup", name=name, password=password)

    assert (await opened("short", "203.0.113.9", "short")).status_code == 400
    assert (await opened(" ", "203.0.113.9")).status_code == 400
    assert (await opened("eve", "203.0.113.9")).status_code == 303
    assert (await opened("ada", "203.0.113.9")).status_code == 400
    answer = await opened("eva", "203.0.113.9")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3600")
    said = "Many accounts were opened from your network within this hour. Try again in 60 minutes. Or ask whoever runs"
    assert said in Read(answer.text).text
    assert await stand.ledger.find("eva") is None
    assert (await opened("eva", "198.51.100.7")).status_code == 303
    stand.time.advance(SIGNUP.within_ms)
    assert (await opened("evi", "203.0.113.9")).status_code == 303


async def test_a_form_that_tells_whether_a_name_is_taken_counts_also_where_it_opens_nothing(
    stand: Stand, stranger: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SIGNUP", SIGNUP._replace(made_max=2))
    with_settings(stand, signup="open")
    stands = [
        (await stranger.send("/signup", name=name, password=PASSWORD, timezone="Nowhere")).status_code
        for name in ("eve", "ada", "eva")
    ]
    assert stands == [400, 400, 429]


# what other sites make a browser do


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {}],
)
async def test_a_form_of_another_site_changes_nothing(stand: Stand, ada: Visitor, headers: dict[str, str]) -> None:
    token = (await ada.read("/account")).hidden("form_token")
    answer = await ada.send("/account/keys", headers=headers, label="stolen", form_token=token)
    assert answer.status_code == 403
    account = stand.accounts["ada"]
    assert len(await accounts_of(stand).keys(account.lane, account.id)) == 1


async def test_a_form_needs_the_token_of_its_session(ada: Visitor) -> None:
    for token in ("", "0" * 64):
        assert (await ada.send("/account/keys", label="stolen", form_token=token)).status_code == 403


async def test_a_browser_that_names_its_origin_only_is_heard_from_our_own_host(ada: Visitor) -> None:
    token = (await ada.read("/account")).hidden("form_token")
    answer = await ada.send("/account/keys", headers={"Origin": SITE_URL}, label="mine", form_token=token)
    assert answer.status_code == 200


async def test_the_api_takes_the_session_of_a_browser(ada: Visitor) -> None:
    usage = await ada.http.get("/api/v1/usage")
    assert (usage.status_code, usage.json()["account"]) == (200, "ada")
    body = {"lines": [{"meter": "ai_credits", "amount": 5}]}
    asked = {"Idempotency-Key": "one"}
    for strange in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        refused = await ada.http.post("/api/v1/holds", json=body, headers=asked | strange)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    held = await ada.http.post("/api/v1/holds", json=body, headers=asked | {"Sec-Fetch-Site": "same-origin"})
    assert held.status_code == 201


async def test_a_session_is_no_api_key_and_a_key_no_session(stand: Stand, ada: Visitor) -> None:
    session = ada.http.cookies["reelbot_session"]
    answer = await stand.http.get("/api/v1/usage", headers={"Authorization": f"Bearer {session}"})
    assert answer.status_code == 401
    answer = await stand.http.get("/api/v1/usage", headers={"Cookie": f"reelbot_session={stand.keys['ada']}"})
    assert answer.status_code == 401


async def test_a_key_goes_before_a_cookie(ada: Visitor) -> None:
    answer = await ada.http.get("/api/v1/usage", headers=ada.stand.caller("bob"))
    assert answer.json()["account"] == "bob"


async def test_pages_allow_nothing_from_elsewhere(ada: Visitor) -> None:
    answer = await ada.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "same-origin")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    page = Read(answer.text)
    assert not page.all("style")
    assert not any("style" in found or any(name.startswith("on") for name in found) for _, found in page.elements)
    assert all(one.get("src") for one in page.all("script"))


async def test_programs_are_welcomed_by_the_api_and_not_by_a_page(stranger: Visitor) -> None:
    answer = await stranger.http.get("/")
    assert answer.headers["content-type"].startswith("text/plain")
    nowhere = await stranger.http.get("/nowhere")
    assert nowhere.headers["content-type"] == "application/problem+json"
    page = await stranger.http.get("/nowhere", headers=HTML)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
