"""What a page's function is given and what it gives: a visit, and what is shown, told or gone to for it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from reelbot.accounts import Accounts, Identity
from reelbot.allowance import AccountRef, Usage
from reelbot.web.context import Site
from reelbot.web.forwarding import Origin
from reelbot.web.pages.activity import Activity
from reelbot.web.pages.verification import Verification
from reelbot.web.problems import OK, Problem
from reelbot.web.replies import Answered, Fields

Audience = Literal["anyone", "member", "operator"]
"""Who may see a page: whoever comes, who has signed in, who has signed in as an operator."""

Guard = Literal["session", "entry"]
"""How a form proves that a page of ours made it: by the token of the session, or by the one that goes with a link."""

Tone = Literal["good", "bad"]


class PageCaches(NamedTuple):
    """What the pages of one process remember between two visits. Nothing is lost with it."""

    activity: Activity
    verification: Verification


class Visit(NamedTuple):
    """One request for a page, checked. `usage` is read once, for the page and for the header above it.

    `who`, `session` and `usage` are None where nobody has signed in. A member of the form may have several values.
    """

    site: Site
    accounts: Accounts
    who: Identity | None
    session: str | None
    usage: Usage | None
    path: str
    named: str
    query: Mapping[str, str]
    form: Mapping[str, Sequence[str]]
    headers: Mapping[bytes, bytes]
    origin: Origin
    memory: PageCaches

    @property
    def member(self) -> Identity:
        """Who has signed in, on a page that only members see."""
        assert self.who is not None, "the table of pages lets nobody else in"
        return self.who

    @property
    def account(self) -> AccountRef:
        """The account of who has signed in."""
        who = self.member
        return AccountRef(who.lane, who.account, who.name)

    @property
    def figures(self) -> Usage:
        """The figures of that account."""
        assert self.usage is not None, "the table of pages lets nobody else in"
        return self.usage

    @property
    def address(self) -> str:
        """Where the browser is; empty where nobody knows."""
        return self.origin.address

    @property
    def is_secure(self) -> bool:
        """Whether cookies may go by TLS only."""
        return self.origin.is_secure or self.site.pages.is_public_by_tls

    @property
    def agent(self) -> str:
        """What the browser says it is."""
        return self.headers.get(b"user-agent", b"").decode("latin-1")

    def field(self, name: str) -> str:
        """A member of the form, without blanks around it; empty when it is not there."""
        values = self.form.get(name, ())
        return values[0].strip() if values else ""


class Flash(NamedTuple):
    """A flash message: a sentence that the next page shows, once."""

    tone: Tone
    sentence: str


class Shown(NamedTuple):
    """A page: its html by name, and what it is filled with."""

    name: str
    values: Mapping[str, Any]
    title: str
    status: int = OK
    fields: Fields = ()


class Goto(NamedTuple):
    """Another page to go to, and what is told there."""

    to: str
    told: Flash | None = None
    fields: Fields = ()


Outcome = Shown | Goto | Answered
"""What a page's function gives: a page, the way to another, or an answer that is no page, such as a file."""
Endpoint = Callable[[Visit], Awaitable[Outcome]]


class PageRoute(NamedTuple):
    """One line of the table of pages. `{id}` in the path is `Visit.named`.

    A form that cannot be meant goes `back`, which tells why. `guard` says what proves that a page of ours made it.
    """

    method: str
    path: str
    endpoint: Endpoint
    audience: Audience = "member"
    back: str = "/"
    guard: Guard = "session"


def nothing_here() -> Problem:
    """The one answer for what is not there and for what is somebody else's."""
    return Problem("not_found", "There is nothing at this address.")
