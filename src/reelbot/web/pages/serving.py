"""Serves pages: finds the page of a request, who asks, and shows it, or the page that says why not.

This is the outermost loop of a page, as `web.operations` is of a call of the API.
"""

import re
from collections.abc import Mapping
from time import perf_counter
from typing import NamedTuple
from urllib.parse import quote

from starlette.types import Receive, Scope, Send

from reelbot.accounts import Accounts, Identity
from reelbot.allowance import AccountRef
from reelbot.web.admission import admitted
from reelbot.web.auth import ENTRY_COOKIE, SAFE_METHODS, cookie_in, cookie_name, session_in
from reelbot.web.context import Site
from reelbot.web.pages import problem
from reelbot.web.pages.activity import Activity
from reelbot.web.pages.forms import query_in, read_form, require_form_token
from reelbot.web.pages.rendering import Renderer, goto_reply, refused_in_short
from reelbot.web.pages.static_files import PREFIX, StaticFiles
from reelbot.web.pages.table import PAGES
from reelbot.web.pages.verification import Verification
from reelbot.web.pages.visits import Flash, Goto, Outcome, PageCaches, PageRoute, Shown, Visit, nothing_here
from reelbot.web.problems import DEFECT, Problem, TooManyRequests, problem_of
from reelbot.web.replies import Answered
from reelbot.web.requests import Disconnected

API = "/api/"

_HTML = b"text/html"
_OWN_PAGE = frozenset(
    {"forbidden", "not_found", "method_not_allowed", "too_large", "unsupported_media", "ledger_unavailable", DEFECT}
)
"""Codes that have a page of their own; after any other a form's page is shown again, and tells why."""


class _Route(NamedTuple):
    """A page of the table, and what its path matches."""

    page: PageRoute
    pattern: re.Pattern[str]


class Pages:
    """All pages of a site as an ASGI application, and the styles and scripts they need."""

    def __init__(self, site: Site, accounts: Accounts) -> None:
        self._site = site
        self._accounts = accounts
        self._memory = PageCaches(Activity(), Verification())
        self._static = StaticFiles()
        self._renderer = Renderer(self._static)
        self._routes = [_Route(page, _pattern(page.path)) for page in PAGES]

    def takes(self, scope: Scope) -> bool:
        """Whether the table of pages has the path of a request, or it is for a style or script.

        Only browsers see the first page at `/`; programs are welcomed there by the API.
        """
        path: str = scope["path"]
        if path.startswith(API):
            return False
        if path == "/":
            return is_browser(scope)
        return path.startswith(PREFIX) or self._found(path) != []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = dict(scope["headers"])
        if scope["path"].startswith(PREFIX):
            static = self._static.reply(scope["path"], headers.get(b"accept-encoding", b""))
            if static is not None and scope["method"] in SAFE_METHODS:
                await static.send_on(scope, receive, send)
                return
        try:
            reply = await self._replied(scope, headers, receive)
        except Disconnected:
            return
        await reply.send_on(scope, receive, send)

    async def close(self) -> None:
        """End what goes on in the background."""
        await self._memory.verification.close()

    # one page

    async def _replied(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Answered:
        began = perf_counter()
        visit = self._stranger(scope, headers)
        page: PageRoute | None = None
        try:
            visit = await self._signed_in(visit, scope)
            page, named = self._page(scope)
            visit = visit._replace(named=named)
            _require_audience(page, visit.who)
            if page.method not in SAFE_METHODS:
                visit = visit._replace(form=await _own_form(visit, page, receive))
            outcome = await page.endpoint(visit)
        except Disconnected:
            raise
        except TooManyRequests as refusal:
            self._site.counts.problems[refusal.code] += 1
            outcome = refused_in_short(refusal)
        except Exception as failure:
            outcome = self._failed(failure, visit, page)
        reply = self._reply(visit, outcome)
        self._site.counts.answered("page", reply.status, perf_counter() - began)
        return reply

    def _reply(self, visit: Visit, outcome: Outcome) -> Answered:
        match outcome:
            case Shown():
                return self._renderer.reply(visit, outcome)
            case Goto():
                return goto_reply(outcome, visit.is_secure)
            case _:
                return outcome

    def _stranger(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Visit:
        """A visit of which nothing but the request is known."""
        query = query_in(scope["query_string"])
        origin = self._site.pages.proxies.origin(scope)
        return Visit(
            self._site, self._accounts, None, None, None, scope["path"], "", query, {}, headers, origin, self._memory
        )

    def _found(self, path: str) -> list[tuple[PageRoute, str]]:
        matches = ((route.page, route.pattern.fullmatch(path)) for route in self._routes)
        return [(page, match.groupdict().get("id", "")) for page, match in matches if match is not None]

    def _page(self, scope: Scope) -> tuple[PageRoute, str]:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        found = self._found(scope["path"])
        if not found:
            raise nothing_here()
        for page, named in found:
            if page.method == method:
                return page, named
        raise Problem("method_not_allowed", "This address cannot be asked for in that way.")

    async def _signed_in(self, visit: Visit, scope: Scope) -> Visit:
        """Who asks, with their figures; the same visit when nobody has signed in. `Problem` when it is one too many."""
        session = session_in(visit.headers, visit.is_secure)
        who = await admitted(self._site, scope, session)
        if who is None:
            return visit
        usage = await self._site.ledger.usage(AccountRef(who.lane, who.account, who.name))
        return visit._replace(who=who, session=session, usage=usage)

    def _failed(self, failure: Exception, visit: Visit, page: PageRoute | None) -> Outcome:
        told = problem_of(failure, self._site.ledger.terms.catalogue)
        self._site.counts.problems[told.code] += 1
        is_form = page is not None and page.method not in SAFE_METHODS
        if told.code == "unauthenticated":
            return Goto("/login" if is_form or visit.path == "/" else f"/login?to={quote(visit.path)}")
        if page is not None and is_form and told.code not in _OWN_PAGE:
            return Goto(page.back.replace("{id}", quote(visit.named)), Flash("bad", told.detail))
        return problem.shown(told)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("(?P<id>[^/]+)".join(re.escape(part) for part in path.split("{id}")))


async def _own_form(visit: Visit, page: PageRoute, receive: Receive) -> Mapping[str, list[str]]:
    if page.guard == "entry":
        form = await read_form(visit.headers, receive, may_hide=True)
        require_form_token(cookie_in(visit.headers, cookie_name(ENTRY_COOKIE, visit.is_secure)) or "", form)
        return form
    form = await read_form(visit.headers, receive)
    if visit.session is not None:
        require_form_token(visit.session, form)
    return form


def _require_audience(page: PageRoute, who: Identity | None) -> None:
    """Raise `Problem` unless a page is for those who ask."""
    if page.audience == "anyone":
        return
    if who is None:
        raise Problem("unauthenticated", "This page is for those who have signed in.")
    if page.audience == "operator" and who.role != "operator":
        raise Problem("forbidden", "This page is for operators.")


def is_browser(scope: Scope) -> bool:
    """Whether a request would have a page: browsers name html in what they accept, programs do not."""
    return any(name == b"accept" and _HTML in value for name, value in scope["headers"])
