"""Who is asking: the API key in `Authorization: Bearer …`, or the session in a browser's cookie.

All that is wrong with a key or a session is told in the same words. A browser sends its cookie with whatever page makes it
ask, so a request that changes something is only taken from a page of this very site.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from reelbot.accounts import Identity, is_session
from reelbot.web.parts import Site
from reelbot.web.problems import Problem

COOKIE = "reelbot_session"
"""The name of the cookie that has a browser's session."""

SAFE_METHODS = frozenset({"GET", "HEAD"})
"""What changes nothing, and may be asked for by a link on any page."""

_SCHEME = b"bearer "
_COOKIE = COOKIE.encode()
_DETAIL = "This needs a valid API key: send it as `Authorization: Bearer <key>`."
_CHALLENGE = ((b"www-authenticate", b'Bearer realm="reelbot"'),)
_STRANGE = "A browser's session may change things only from a page of this site. Programs send an API key."


def token_in(headers: Mapping[bytes, bytes]) -> str:
    """The key or session that a request presents; `Problem` unauthenticated when it presents none."""
    field = headers.get(b"authorization")
    if field is None:
        session = session_in(headers)
        if session is None:
            raise unauthenticated()
        return session
    if field[: len(_SCHEME)].lower() != _SCHEME:
        raise unauthenticated()
    token = field[len(_SCHEME) :].strip().decode("latin-1")
    if is_session(token):  # a session counts in its cookie only, where `require_own_page` guards it
        raise unauthenticated()
    return token


async def identify(site: Site, headers: Mapping[bytes, bytes], method: str = "GET") -> Identity:
    """Who is asking; `Problem` unauthenticated when the key or session is missing, malformed, unknown or revoked.

    With a session, `Problem` forbidden for a request that changes something and comes from a page of another site.
    """
    identity = await site.accounts.identify(token_in(headers))
    if identity is None:
        raise unauthenticated()
    if method not in SAFE_METHODS and b"authorization" not in headers:
        require_own_page(headers)
    return identity


def session_in(headers: Mapping[bytes, bytes]) -> str | None:
    """The session in the cookies of a request; None when there is none, or what is there cannot be one."""
    for pair in headers.get(b"cookie", b"").split(b";"):
        name, _, value = pair.strip().partition(b"=")
        if name == _COOKIE:
            text = value.decode("latin-1")
            return text if is_session(text) else None
    return None


def require_own_page(headers: Mapping[bytes, bytes]) -> None:
    """Raise `Problem` forbidden unless a page of this site made the browser send this.

    Browsers say so in `Sec-Fetch-Site`; those that do not, as none does over plain HTTP from another machine, name the
    page's origin, whose host must be the one that the request is for.
    """
    said = headers.get(b"sec-fetch-site")
    if said is not None:
        is_own = said == b"same-origin"
    else:
        host = _host_in(headers.get(b"origin", b""))
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
