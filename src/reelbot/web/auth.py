"""Who is asking: the API key in `Authorization: Bearer …`, or the session in a browser's cookie.

All that is wrong with a key or a session is told in the same words. A browser sends its cookie with whatever page makes it
ask, so a request that changes something is only taken from a page of this very site.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.types import Scope as Request

from reelbot.accounts import Identity, Scope, is_session, scopes_text
from reelbot.web.admission import admitted
from reelbot.web.context import Site
from reelbot.web.problems import Problem

COOKIE = "reelbot_session"
"""The name of the cookie that has a browser's session, where it came without TLS."""

ENTRY_COOKIE = "reelbot_entry"
"""The name of the cookie that proves, with the form's token, that our page of a link asks to sign in (CSRF)."""

HOST_ONLY = "__Host-"
"""What a cookie's name begins with where a browser came by TLS: browsers take such a cookie from this very host by TLS only.

So no other machine of the domain, and nobody on the way of a plain request, can plant a session or a sentence."""

SAFE_METHODS = frozenset({"GET", "HEAD"})
"""What changes nothing, and may be asked for by a link on any page."""

_SCHEME = b"bearer "
_DETAIL = "This needs a valid API key: send it as `Authorization: Bearer <key>`."
_CHALLENGE = ((b"www-authenticate", b'Bearer realm="reelbot"'),)
_STRANGE = "A browser's session may change things only from a page of this site. Programs send an API key."


def cookie_name(name: str, is_secure: bool) -> str:
    """What a cookie of ours is called. Where a browser came by TLS the plain name does not count."""
    return HOST_ONLY + name if is_secure else name


def token_in(site: Site, request: Request, headers: Mapping[bytes, bytes]) -> str:
    """The key or session that a request presents; `Problem` unauthenticated when it presents none."""
    field = headers.get(b"authorization")
    if field is None:
        session = session_in(headers, site.pages.is_secure(request))
        if session is None:
            raise unauthenticated()
        return session
    if field[: len(_SCHEME)].lower() != _SCHEME:
        raise unauthenticated()
    token = field[len(_SCHEME) :].strip().decode("latin-1")
    if is_session(token):  # a session counts in its cookie only, where `require_own_page` guards it
        raise unauthenticated()
    return token


def _token_or_none(site: Site, request: Request, headers: Mapping[bytes, bytes]) -> str | None:
    try:
        return token_in(site, request, headers)
    except Problem:
        return None


async def identify(site: Site, request: Request, headers: Mapping[bytes, bytes]) -> tuple[str, Identity]:
    """The key or session that is presented, and by whom; `Problem` unauthenticated when it is missing or counts no more.

    With a session, `Problem` forbidden for a request that changes something and comes from a page of another site. Either
    way the request is counted, and `Problem` too_many_requests when it is one too many.
    """
    token = _token_or_none(site, request, headers)
    identity = await admitted(site, request, token)
    if token is None or identity is None:
        raise unauthenticated()
    if request["method"] not in SAFE_METHODS and b"authorization" not in headers:
        require_own_page(headers)
    return token, identity


def require_scope(who: Identity, scope: Scope) -> None:
    """Raise `Problem` forbidden when a key may not be used for what is asked, naming the scope that it lacks.

    Operators' routes do not exist for an account that is no operator's, whatever its keys say.
    """
    if scope == "operator" and who.role != "operator":
        raise Problem("not_found", "There is nothing here for this account: only operators may use this.")
    if scope not in who.scopes:
        has = f"has {scopes_text(who.scopes)}" if who.scopes else "has none"
        detail = f"This API key lacks the scope {scope}; it {has}. Use a key that was issued with {scope}."
        raise Problem("forbidden", detail, {"scope": scope})


def session_in(headers: Mapping[bytes, bytes], is_secure: bool) -> str | None:
    """The session in the cookies of a request; None when there is none, or what is there cannot be one."""
    text = cookie_in(headers, cookie_name(COOKIE, is_secure))
    return text if text is not None and is_session(text) else None


def cookie_field(name: str, value: str, seconds: int, is_secure: bool, same_site: str = "Lax") -> tuple[bytes, bytes]:
    """The field that sets a cookie of ours for so many seconds; 0 takes it away. No script can read it."""
    attributes = f"Max-Age={seconds}; Path=/; HttpOnly; SameSite={same_site}{'; Secure' if is_secure else ''}"
    return b"set-cookie", f"{cookie_name(name, is_secure)}={value}; {attributes}".encode()


def cookie_in(headers: Mapping[bytes, bytes], name: str) -> str | None:
    """The value of a cookie; None when it is not there."""
    wanted = name.encode()
    for pair in headers.get(b"cookie", b"").split(b";"):
        found, _, value = pair.strip().partition(b"=")
        if found == wanted:
            return value.decode("latin-1")
    return None


def require_own_page(headers: Mapping[bytes, bytes], may_hide: bool = False) -> None:
    """Raise `Problem` forbidden unless a page of this site made the browser send this.

    Browsers say so in `Sec-Fetch-Site`; those that do not, as none does over plain HTTP from another machine, name the
    page's origin, whose host must be the one that the request is for. A page without referrers sends the origin `null`:
    where that `may_hide` it, whoever calls this has another proof of the page.
    """
    said = headers.get(b"sec-fetch-site")
    origin = headers.get(b"origin", b"")
    if said is not None:
        is_own = said == b"same-origin"
    elif may_hide and origin in (b"", b"null"):
        is_own = True
    else:
        host = _host_in(origin)
        is_own = host != b"" and host == headers.get(b"host", b"").lower()
    if not is_own:
        raise Problem("forbidden", _STRANGE)


def _host_in(origin: bytes) -> bytes:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return b""


def unauthenticated() -> Problem:
    """The one answer to whoever has no key and no session that counts."""
    return Problem("unauthenticated", _DETAIL, fields=_CHALLENGE)
