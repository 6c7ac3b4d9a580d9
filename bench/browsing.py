"""A browser as far as measures of pages need one: somebody who has signed in, and all that a page makes it load.

What a page loads is found as a browser finds it: in the html, then in styles and scripts, until nothing new is named. It
asks as browsers do, packed bytes accepted, and counts bodies as they were sent.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx

from bench.wire import Address, request
from reelbot.allowance import AccountRef
from reelbot.web.auth import COOKIE
from reelbot.wiring import Parts, give_key

WAIT_SECONDS = 60.0
"""For one answer: however busy the machine is."""

_TAG = re.compile(r"<(link|script|img|source|video|audio|iframe|use)\b([^>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"', re.IGNORECASE)
_LOADING_LINKS = {"stylesheet", "preload", "modulepreload", "icon", "manifest", "apple-touch-icon"}
_IN_STYLES = re.compile(r"""(?:url\(|@import\s+)\s*["']?([^"')\s;]+)""")
_IN_SCRIPTS = re.compile(
    r"""(?:\bimport\s*\(?\s*|\bfrom\s+)["']([^"']+)["']|new URL\(["']([^"']+)["'],\s*import\.meta\.url\)"""
)
_KEPT_BY_WORKER = "/offline"
"""What the pages' service worker fetches when it is installed, beside styles and fonts that the browser has by then."""

_OF_PEOPLE = "/api/"
"""Pictures and videos below this are what people made; they are not the page's own."""


class Visitor(NamedTuple):
    """Somebody who has signed in: the cookie of a browser, and a key for what is done beforehand."""

    cookie: str
    key: str

    def visit(self, path: str) -> bytes:
        """The bytes of a request for a page."""
        return request("GET", path, fields=("accept: text/html", "accept-encoding: gzip", f"cookie: {self.cookie}"))


class Loaded(NamedTuple):
    """One thing that a page loads, and how many bytes of it were sent."""

    url: str
    bytes_sent: int


async def signed_in(parts: Parts, account: AccountRef) -> Visitor:
    """Begin a session of an account, which becomes a member if it is none yet."""
    key = await give_key(parts, account, "bench")
    session = await parts.accounts.sessions.begin(account.lane, account.id, "bench")
    return Visitor(f"{COOKIE}={session}", key)


def begun_draft(address: Address, visitor: Visitor, topic: str, script: str) -> str:
    """Begin a draft by hand; the path of its page."""
    asked = {"flow": "narrated", "topic": topic, "script": script}
    headers = {"authorization": f"Bearer {visitor.key}", "idempotency-key": "bench-draft"}
    answer = httpx.post(f"{address.url}/api/v1/drafts", headers=headers, json=asked, timeout=WAIT_SECONDS)
    answer.raise_for_status()
    return f"/studio/{answer.json()['id']}"


def loaded_by(address: Address, visitor: Visitor, path: str) -> list[Loaded]:
    """The page and everything that its first visit loads, each once."""
    headers = {"accept": "text/html,*/*", "accept-encoding": "gzip", "cookie": visitor.cookie}
    found: dict[str, int] = {}
    with httpx.Client(headers=headers, timeout=WAIT_SECONDS) as browser:
        waiting = [f"{address.url}{path}", f"{address.url}{_KEPT_BY_WORKER}"]
        while waiting:
            url = waiting.pop()
            if url in found or is_elsewhere(address, url):
                found.setdefault(url, 0)
                continue
            answer = browser.get(url)
            answer.raise_for_status()
            found[url] = answer.num_bytes_downloaded
            waiting += [urljoin(url, named).partition("#")[0] for named in _named_in(answer)]
    return [Loaded(url, size) for url, size in found.items()]


def is_elsewhere(address: Address, url: str) -> bool:
    """Whether another host has it."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and f"{parts.scheme}://{parts.netloc}" != address.url


def _named_in(answer: httpx.Response) -> Iterator[str]:
    """What an answer makes a browser load."""
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if kind == "text/html":
        names = _in_html(answer.text)
    elif kind == "text/css":
        names = (match[1] for match in _IN_STYLES.finditer(answer.text))
    elif kind == "text/javascript":
        names = (match[1] or match[2] for match in _IN_SCRIPTS.finditer(answer.text))
    else:
        return
    yield from (name for name in names if name and not name.startswith(("#", "data:", "blob:", _OF_PEOPLE)))


def _in_html(text: str) -> Iterator[str]:
    for tag, inside in _TAG.findall(text):
        told = dict(_ATTRIBUTE.findall(inside))
        if tag.lower() != "link":
            yield from (told[name] for name in ("src", "poster") if name in told)
        if tag.lower() == "use" or _LOADING_LINKS & set(told.get("rel", "").split()):
            yield told.get("href", "")
