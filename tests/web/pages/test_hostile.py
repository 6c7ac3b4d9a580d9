"""What nobody should type, sent to every page of the table, on both kinds of database: nothing breaks."""

from collections.abc import AsyncIterator, Mapping
from urllib.parse import quote

import pytest
from tests.support.clock import FakeClock
from tests.support.sites import Stand, standing
from tests.web.pages.test_guarded import things_of
from tests.web.pages.visitors import HTML, OWN_PAGE, Visitor, make_operator, visiting

from reelbot.web.pages.table import PAGES

HOSTILE = {
    "a zero": "\x00",
    "a zero inside": "a\x00b",
    "too many digits": "9" * 400,
    "digits of another script": "٣",
    "a path": "../../../etc/passwd",
    "markup": "'\"<script>alert(1)</script>",
    "every script": "日本 عربي \u202e\u2066 👩‍👩‍👧 z̷a̷l̷g̷o \ufffe \U0010ffff",
    "far too much": "a" * 50_000,
    "no date": "9999-99-99",
    "a place far away": "999999999999999-999999999999999",
}

ASKED = ("after", "q", "day", "kind", "action", "to", "token", "made", "section", "step", "name")
"""Every parameter that any page looks for."""


def plausible(video: str, channel: str) -> dict[str, str]:
    """A value that could be meant for every member that any form has."""
    return {
        "name": "Nora", "timezone": "UTC", "label": "laptop", "url": "https://example.com/", "kinds": "allowance.low",
        "plan": "pro", "once": "", "why": "Because", "amount": "5", "meter": "ai_credits", "limit": "9",
        "role": "creator", "key": "", "flow": "narrated", "topic": "Tides", "platform": "folder", "path": "",
        "video": video, "channel": channel, "title": "Tides", "description": "They come.", "hashtags": "sea moon",
        "do": "save", "text_colour": "#112233", "accent_colour": "#112233", "outline_colour": "#112233",
        "corner": "top-left", "logo": "", "duration_s": "15", "language": "en", "to": "/", "password": "long enough",
    }  # fmt: skip


SUSPECTS = ("name", "label", "url", "once", "why", "key", "topic", "path", "title", "description", "hashtags", "logo")
"""Members that are kept as they are typed, or looked up by."""

SLOW = {"/login", "/signup", "/account/password", "/logout", "/operator/verification"}
"""Pages whose forms have tests of their own: a password takes its time, and who signs out is out."""


@pytest.fixture(params=["sqlite", "postgres"])
async def olga(request: pytest.FixtureRequest, clock: FakeClock) -> AsyncIterator[Visitor]:
    """An operator, on each kind of database: everything is open to her."""
    async with standing(request.getfixturevalue(f"{request.param}_url"), clock) as stand, visiting(stand) as visitor:
        await make_operator(stand)
        await visitor.sign_in()
        yield visitor


def addresses(path: str, ids: Mapping[str, str]) -> list[str]:
    """Where a page is, and where it would be for ids that nobody gave it."""
    before, is_named, after = path.partition("{id}")
    if not is_named:
        return [path]
    return [f"{before}{id}{after}" for id in (ids[before], *(quote(text[:400], safe="") for text in HOSTILE.values()))]


async def test_no_address_breaks_a_page(olga: Visitor) -> None:
    ids = (await things_of(olga.stand, "ada")).ids
    for page in PAGES:
        if page.method != "GET":
            continue
        for address in addresses(page.path, ids):
            assert (await olga.get(address)).status_code < 500, address
        address = addresses(page.path, ids)[0]
        for what, text in HOSTILE.items():
            query = dict.fromkeys(ASKED, text[:1_000])
            assert (await olga.get(address, params=query)).status_code < 500, (address, what)


@pytest.mark.parametrize(
    "name", ["%2e%2e/config.py", "..%2fconfig.py", "....//config.py", "%2fetc%2fpasswd", "shell.css%00"]
)
async def test_static_files_are_those_that_are_listed_and_no_others(olga: Visitor, name: str) -> None:
    for version in ("0", "%2e%2e"):  # written like this, since a client takes two plain dots out of a path by itself
        assert (await olga.get(f"/static/{version}/{name}")).status_code == 404
    assert (await olga.get("/static/0/shell.css")).status_code == 200


async def test_no_form_breaks_a_page(olga: Visitor) -> None:
    things = await things_of(olga.stand, "ada")
    video, channel = things.ids["/videos/"], things.ids["/publish/channels/"]
    token = (await olga.read("/account")).hidden("form_token")

    async def send(address: str, members: Mapping[str, str]) -> int:
        sent = {**members, "form_token": token}
        return (await olga.http.post(address, data=sent, headers={**HTML, **OWN_PAGE})).status_code

    for page in PAGES:
        if page.method == "GET" or page.path in SLOW:
            continue
        for address in addresses(page.path, things.ids):
            assert await send(address, plausible(video, channel)) < 500, address
        address = addresses(page.path, things.ids)[0]
        for what, text in HOSTILE.items():
            assert await send(address, dict.fromkeys(plausible(video, channel), text)) < 500, (address, what)
        for name in SUSPECTS:
            members = plausible(video, channel) | {name: HOSTILE["a zero inside"]}
            assert await send(address, members) < 500, (address, name)


@pytest.mark.parametrize("path", ["/login", "/signup", "/account/password"])
async def test_no_password_form_breaks_a_page(olga: Visitor, path: str) -> None:
    for text in ("\x00", "x" * 50_000, "٣" * 12):
        answer = await olga.send(path, name=text, password=text, old=text, timezone=text, to=text)
        assert answer.status_code < 500


async def test_texts_with_what_no_eye_sees_are_kept_without_it(olga: Visitor) -> None:
    stand: Stand = olga.stand
    asked = {"flow": "narrated", "topic": " a\x00b\x1b ", "script": "One.\x00\n\tTwo\x7f."}
    draft = (await stand.post("/drafts", asked)).json()
    texts = [draft["steps"][step]["versions"][-1]["text"] for step in ("topic", "script")]
    assert texts == ["ab", "One.\n\tTwo."]
    changed = await stand.send("PATCH", f"/drafts/{draft['id']}", {"title": "\x00", "confirm": True}, key=None)
    assert changed.status_code == 200
