"""Every operation of the API and every page, by the tables that they are made of: nobody gets at what is another's.

An operation or page that is added is among them by itself, and one whose things these tests do not know fails them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.support.sites import Stand, filmed
from tests.web.api.test_drafts import picture
from tests.web.api.test_posts import connected
from tests.web.pages.visitors import HTML, Visitor, accounts_of, make_operator, visiting

from reelbot.accounts import SESSION_MS
from reelbot.ids import id_text
from reelbot.web.auth import SAFE_METHODS
from reelbot.web.operations import Operation
from reelbot.web.pages.table import PAGES
from reelbot.web.pages.visits import PageRoute
from reelbot.web.site import OPERATIONS

OWN, STRANGE = {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "cross-site"}

ANYBODYS = {"/api/v1/voices/"}
"""Before ids of things that are no account's."""

BODIES: Mapping[str, Any] = {
    "changeDraft": {"title": "Mine now"},
    "quoteDraft": {"step": "script"},
    "generate": {"step": "script"},
    "renderDraft": {},
    "publishVideo": {"channel": "channel_0-2-1"},
    "changePost": {"title": "Mine now"},
    "callOffJob": {"why": "It is mine now."},
    "setPlan": {"plan": "pro", "why": "It is mine now."},
    "grant": {"meter": "ai_credits", "amount": 1, "why": "It is mine now."},
    "setOverride": {"meter": "posts", "limit": 1, "why": "It is mine now."},
    "setRole": {"role": "creator", "why": "It is mine now."},
    "approveRequest": {"why": "It is mine now."},
    "declineRequest": {"why": "It is mine now."},
}
"""What an operation is asked with, where it takes a body: all of it could be meant."""


@dataclass(frozen=True)
class Things:
    """One of everything that an account can have, by what stands before its id in an address."""

    ids: Mapping[str, str]
    parts: Mapping[str, str]

    def address(self, path: str) -> str:
        """Where an operation or a page is for these things."""
        before, _, after = path.partition("{id}")
        return f"{before}{self.ids[before]}{after}".replace("{part}", self.parts.get(before, "0" * 64))


async def things_of(stand: Stand, name: str) -> Things:
    """Give an account one of everything."""
    account = stand.accounts[name]
    hold = (await stand.hold(1, name=name))["id"]
    files = {"file": ("cat.png", picture())}
    asset = (await stand.send("POST", "/assets", name=name, files=files)).json()["id"]
    draft = (await stand.post("/drafts", {"flow": "narrated", "topic": "Cats"}, name)).json()["id"]
    await stand.send("PATCH", f"/drafts/{draft}", {"add": [asset]}, name, key=None)
    scene = (await stand.get(f"/drafts/{draft}", name)).json()["steps"]["assets"]["scenes"][0]
    job = (await stand.post(f"/drafts/{draft}/generations", {"step": "script"}, name)).json()["job"]
    video, channel = await filmed(stand, name), await connected(stand, name)
    post = (await stand.post("/posts", {"video": video, "channel": channel}, name)).json()["id"]
    preset = (await stand.post("/presets", {"name": "House", "template": {"duration_s": 15}}, name)).json()["id"]
    hook = await stand.post("/webhooks", {"url": "https://example.com/", "kinds": ["allowance.exhausted"]}, name)
    asks = await stand.send("PUT", "/subscription", {"plan": "pro", "confirm": True}, name)
    moved = {"id": id_text("request", account.lane, account.id, 1)}  # an operator moves, and requests nothing
    request, place = asks.json().get("request", moved)["id"], f"{account.lane}-{account.id}"
    ids = {
        "holds": hold, "drafts": draft, "jobs": job, "assets": asset, "videos": video, "posts": post,
        "channels": channel, "presets": preset, "webhooks": hook.json()["webhook"]["id"], "operator/jobs": job,
        "operator/accounts": place, "operator/requests": request,
    }  # fmt: skip
    pages = {
        "/studio/": draft, "/videos/": video, "/publish/channels/": channel, "/publish/posts/": post,
        "/presets/": preset, "/account/webhooks/": ids["webhooks"], "/account/keys/": "77", "/account/sessions/": "77",
        "/operator/jobs/": job, "/operator/accounts/": place, "/operator/requests/": request,
    }  # fmt: skip
    picture_of = scene["picture"]["media"]["url"].rpartition("/")[2]
    return Things({f"/api/v1/{kind}/": id for kind, id in ids.items()} | pages, {"/api/v1/drafts/": picture_of})


def nowhere(stand: Stand, name: str, things: Things) -> Things:
    """The same, with ids of an account that has no such things."""
    account = stand.accounts[name]
    ids = {before: id_text(id.partition("_")[0], account.lane, account.id, 10**9) for before, id in things.ids.items()}
    numbers = {"/account/keys/": "78", "/account/sessions/": "78"}
    numbers |= dict.fromkeys(("/operator/accounts/", "/api/v1/operator/accounts/"), "0-999")
    return Things(ids | numbers, things.parts)


async def asked(visitor: Visitor, operation: Operation, path: str, headers: Mapping[str, str] = OWN) -> httpx.Response:
    """An operation, asked for by a browser."""
    fields = {"Idempotency-Key": "guarded", **headers}
    body = BODIES.get(operation.id)
    return await visitor.http.request(operation.method, path, headers=fields, json=body)


async def looked_at(visitor: Visitor, page: PageRoute, path: str, token: str, fields: Mapping[str, str] = OWN) -> Any:
    """A page, or its form sent with a token; what the page before wanted told is not heard."""
    if "reelbot_told" in visitor.http.cookies:
        visitor.http.cookies.delete("reelbot_told")
    if page.method == "GET":
        return await visitor.get(path)
    return await visitor.http.post(path, data={"form_token": token, "why": "Because"}, headers={**HTML, **fields})


def told(answer: httpx.Response, things: Things) -> tuple[object, ...]:
    """What an answer says, whichever id was asked for."""
    text, fields = answer.text, str({**answer.headers, "content-length": ""})
    for id in {*things.ids.values()}:
        text, fields = text.replace(f"/{id}", "/ID"), fields.replace(f"/{id}", "/ID")
    return answer.status_code, fields, text


async def state_of(stand: Stand, name: str) -> list[str]:
    """All that an account has, as it sees it itself."""
    lists = ("drafts", "jobs", "assets", "videos", "posts", "channels", "presets", "webhooks", "entries")
    return [(await stand.get(f"/{one}?limit=100" if one != "webhooks" else "/webhooks", name)).text for one in lists]


NAMED = [one for one in OPERATIONS if "{id}" in one.path and one.path.partition("{id}")[0] not in ANYBODYS]


async def test_no_operation_tells_that_another_account_has_what_it_names(stand: Stand, stranger: Visitor) -> None:
    theirs = await things_of(stand, "ada")
    missing = nowhere(stand, "bob", theirs)
    before = await state_of(stand, "ada")
    await stranger.sign_in("bob")
    for operation in NAMED:
        here = await asked(stranger, operation, theirs.address(operation.path))
        away = await asked(stranger, operation, missing.address(operation.path))
        assert here.status_code == 404, (operation.id, here.text)
        assert told(here, theirs) == told(away, missing), operation.id
    assert await state_of(stand, "ada") == before


async def test_no_page_tells_that_another_account_has_what_it_names(stand: Stand, stranger: Visitor) -> None:
    theirs = await things_of(stand, "ada")
    missing = nowhere(stand, "bob", theirs)
    before = await state_of(stand, "ada")
    await stranger.sign_in("bob")
    token = (await stranger.read("/account")).hidden("form_token")
    for page in PAGES:
        if "{id}" not in page.path:
            continue
        here = await looked_at(stranger, page, theirs.address(page.path), token)
        away = await looked_at(stranger, page, missing.address(page.path), token)
        assert here.status_code == (403 if page.audience == "operator" else 303 if "/studio/" in page.path else 404)
        assert told(here, theirs) == told(away, missing), page.path
    assert await state_of(stand, "ada") == before


async def test_no_operation_that_changes_something_is_taken_from_a_page_of_another_site(
    stand: Stand, ada: Visitor
) -> None:
    things = await things_of(stand, "ada")
    before = await state_of(stand, "ada")
    for operation in OPERATIONS:
        if operation.method in SAFE_METHODS:
            continue
        path = things.address(operation.path) if "{id}" in operation.path else operation.path
        for fields in (STRANGE, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {}):
            answer = await asked(ada, operation, path, fields)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (operation.id, fields)
    assert await state_of(stand, "ada") == before


async def test_no_form_is_taken_from_a_page_of_another_site(stand: Stand, ada: Visitor) -> None:
    things = await things_of(stand, "ada")
    before = await state_of(stand, "ada")
    token = (await ada.read("/account")).hidden("form_token")
    for page in PAGES:
        if page.method in SAFE_METHODS:
            continue
        path = things.address(page.path) if "{id}" in page.path else page.path
        for fields in (STRANGE, {"Origin": "https://evil.example"}, {"Origin": "null"}, {}):
            assert (await looked_at(ada, page, path, token, fields)).status_code == 403, (page.path, fields)
        if page.audience != "operator":
            assert (await looked_at(ada, page, path, "0" * 64)).status_code == 403, page.path
    assert ada.is_signed_in
    assert await state_of(stand, "ada") == before


async def sessions_that_do_not_count(stand: Stand) -> dict[str, str]:
    """What somebody could put into the cookie."""
    account, sessions = stand.accounts["ada"], accounts_of(stand).sessions
    expired = await sessions.begin(account.lane, account.id, "old")
    stand.time.advance(SESSION_MS)
    ended = await sessions.begin(account.lane, account.id, "ended")
    await sessions.end(ended)
    real = await sessions.begin(account.lane, account.id, "real")
    return {
        "nothing": "",
        "expired": expired,
        "ended": ended,
        "of another secret": real[:-1] + ("a" if real[-1] != "a" else "b"),
        "with bob's place": real.replace("rs_0-1-", "rs_0-2-"),
        "of no session": real.rpartition("-")[0].rpartition("-")[0] + "-99-" + real.rpartition("-")[2],
        "a link": await sessions.issue_link(account.lane, account.id),
        "a key": stand.keys["ada"],
        "much": "rs_" + "x" * 5_000,
        "with a blank": f"{real} ",
    }


async def test_a_session_that_does_not_count_is_a_stranger_everywhere(stand: Stand) -> None:
    things = await things_of(stand, "ada")
    before = await state_of(stand, "ada")
    for what, text in (await sessions_that_do_not_count(stand)).items():
        async with visiting(stand) as thief:
            if what == "with a blank":
                thief.http.headers["Cookie"] = f'reelbot_session="{text}"'
            elif text:
                thief.http.headers["Cookie"] = f"reelbot_session={text}"
            for operation in OPERATIONS:
                if operation.scope is not None:
                    path = things.address(operation.path) if operation in NAMED else operation.path
                    answer = await asked(thief, operation, path)
                    assert answer.status_code == 401, (what, operation.id)
            for page in PAGES:
                if page.audience != "anyone":
                    path = things.address(page.path) if "{id}" in page.path else page.path
                    answer = await looked_at(thief, page, path, "")
                    assert answer.status_code == 303, (what, page.path)
                    assert answer.headers["location"].startswith("/login")
    assert await state_of(stand, "ada") == before


async def test_nothing_private_is_kept_by_caches_that_others_share(stand: Stand, ada: Visitor) -> None:
    things = await things_of(stand, "ada")
    await make_operator(stand)
    stand.site.streams.close()  # a stream ends as soon as it has begun
    for operation in OPERATIONS:
        if operation.method == "GET" and operation.scope is not None:
            path = things.address(operation.path) if operation in NAMED else operation.path
            kept = (await asked(ada, operation, path)).headers["cache-control"]
            assert kept == "no-store" or kept.startswith("private, "), operation.id
    for page in PAGES:
        path = things.address(page.path) if "{id}" in page.path else page.path
        if page.method == "GET":
            assert (await ada.get(path)).headers["cache-control"] == "no-store", page.path


@pytest.mark.parametrize("name", ["ada", "bob"])
async def test_every_kind_of_thing_that_addresses_name_is_among_these(stand: Stand, name: str) -> None:
    things = await things_of(stand, name)
    for path in [one.path for one in NAMED] + [one.path for one in PAGES if "{id}" in one.path]:
        assert things.address(path)
