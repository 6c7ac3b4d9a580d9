"""Somebody with a browser without scripts: follows links, sends forms, reads what stands on a page."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from typing import Any

import httpx
from tests.support.sites import SITE_URL, Stand

from reelbot.accounts import Accounts

HTML = {"Accept": "text/html"}
OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}


class Read(HTMLParser):
    """What stands on a page: its words, its forms' hidden members, the elements by tag."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: list[tuple[str, Mapping[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        """All words, with one blank between them."""
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str, **wanted: str) -> list[Mapping[str, str | None]]:
        """The elements of a tag that have these attributes."""
        return [
            found for name, found in self.elements if name == tag and all(found.get(k) == v for k, v in wanted.items())
        ]

    def hidden(self, name: str) -> str:
        """A hidden member of the first form that has it."""
        return self.all("input", type="hidden", name=name)[0]["value"] or ""


class Visitor:
    """A browser with its cookies."""

    def __init__(self, stand: Stand, http: httpx.AsyncClient) -> None:
        self.stand = stand
        self.http = http

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.http.get(path, headers=HTML | more.pop("headers", {}), **more)

    async def read(self, path: str) -> Read:
        """A page that must be there."""
        answer = await self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.headers.get("location"))
        return Read(answer.text)

    async def send(self, path: str, /, headers: Mapping[str, str] = OWN_PAGE, **members: Any) -> httpx.Response:
        """Send a form, with the token of this session when one is signed in."""
        if "form_token" not in members and self.is_signed_in:
            members["form_token"] = (await self.read("/account")).hidden("form_token")
        return await self.http.post(path, data=members, headers={**HTML, **headers})

    async def sent(self, path: str, /, **members: Any) -> str:
        """Send a form that leads to another page; the sentence that is told there."""
        answer = await self.send(path, **members)
        assert answer.status_code == 303, (answer.status_code, answer.text[:300])
        page = Read((await self.get(answer.headers["location"])).text)
        assert any("notice" in (one.get("class") or "") for one in page.all("div")), page.text
        return page.text

    async def sign_in(self, name: str = "ada") -> None:
        """By a one-time link."""
        account = self.stand.accounts[name]
        token = await accounts_of(self.stand).sessions.issue_link(account.lane, account.id)
        answer = await self.enter(f"/enter?token={token}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/")

    async def enter(self, link: str, headers: Mapping[str, str] = OWN_PAGE) -> httpx.Response:
        """Open a one-time link and press its button; the page instead where the link does not count."""
        page = await self.get(link, headers={name: value for name, value in headers.items() if name.startswith("X-")})
        if page.status_code != 200:
            return page
        read = Read(page.text)
        members = {name: read.hidden(name) for name in ("token", "form_token")}
        return await self.http.post("/enter", data=members, headers={**HTML, **headers})

    @property
    def is_signed_in(self) -> bool:
        return any(name.removeprefix("__Host-") == "reelbot_session" for name in self.http.cookies)


def accounts_of(stand: Stand) -> Accounts:
    """The members of a site that has a database."""
    assert isinstance(stand.site.accounts, Accounts)
    return stand.site.accounts


@asynccontextmanager
async def visiting(stand: Stand, address: str = "127.0.0.1", url: str = SITE_URL) -> AsyncIterator[Visitor]:
    """One more browser, which nobody has signed in with, on a machine that has this address."""
    transport = httpx.ASGITransport(stand.app, client=(address, 40_000))
    async with httpx.AsyncClient(transport=transport, base_url=url) as http:
        yield Visitor(stand, http)


async def make_operator(stand: Stand, name: str = "ada") -> None:
    assert stand.site.database is not None
    async with stand.site.database.transaction() as connection:
        await connection.execute(f"UPDATE member SET role = 'operator' WHERE name = '{name}'")


def with_settings(stand: Stand, **changes: Any) -> None:
    """Serve the pages with other settings from now on."""
    object.__setattr__(stand.site, "pages", stand.site.pages._replace(**changes))
