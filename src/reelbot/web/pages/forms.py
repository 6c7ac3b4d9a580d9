"""Forms of pages: read, and guarded against CSRF (forged requests) by a token that only this session's pages have."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qs, parse_qsl

from starlette.types import Receive

from reelbot.errors import Malformed
from reelbot.web.auth import require_own_page
from reelbot.web.problems import Problem
from reelbot.web.requests import read_body

TOKEN_FIELD = "form_token"

MEMBERS_MAX = 100
"""Of one form: the largest has a dozen."""

_FORM = b"application/x-www-form-urlencoded"
_STALE = "This form is from another session. Load the page again and repeat what you did; nothing was changed."


def form_token(session: str) -> str:
    """What a form must carry: it follows from the session, and the session does not follow from it."""
    return hashlib.sha256(f"form:{session}".encode()).hexdigest()


async def read_form(
    headers: Mapping[bytes, bytes], receive: Receive, may_hide: bool = False
) -> Mapping[str, list[str]]:
    """The members of a form that one of our own pages sent; `Problem` forbidden when another one did.

    A page without referrers `may_hide` where it comes from; its form then needs another proof.
    """
    require_own_page(headers, may_hide)
    if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != _FORM:
        raise Problem("unsupported_media", "A page sends its form as a form.")
    body = await read_body(headers, receive)
    try:
        return parse_qs(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MEMBERS_MAX)
    except ValueError as error:
        raise Malformed("This form cannot be read.") from error


def require_form_token(session: str, form: Mapping[str, list[str]]) -> None:
    """Raise `Problem` forbidden unless a page of this session made the form; none is of a session that is empty."""
    presented = form.get(TOKEN_FIELD, [""])[0]
    if not session or not hmac.compare_digest(presented.encode(), form_token(session).encode()):
        raise Problem("forbidden", _STALE)


def query_in(query: bytes) -> Mapping[str, str]:
    """The parameters of a page's address. What cannot be read is left out: a page is not refused for its address."""
    try:
        return dict(parse_qsl(query.decode("latin-1"), max_num_fields=MEMBERS_MAX))
    except ValueError:
        return {}
