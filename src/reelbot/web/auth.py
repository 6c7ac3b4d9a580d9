"""Who is asking: the API key in `Authorization: Bearer …`. All that is wrong with a key is told in the same words."""

from collections.abc import Mapping

from reelbot.accounts import Identity
from reelbot.web.parts import Site
from reelbot.web.problems import Problem

_SCHEME = b"bearer "
_DETAIL = "This needs a valid API key: send it as `Authorization: Bearer <key>`."
_CHALLENGE = ((b"www-authenticate", b'Bearer realm="reelbot"'),)


def token_in(headers: Mapping[bytes, bytes]) -> str:
    """The key that a request presents; `Problem` unauthenticated when it presents none."""
    field = headers.get(b"authorization", b"")
    if field[: len(_SCHEME)].lower() != _SCHEME:
        raise unauthenticated()
    return field[len(_SCHEME) :].strip().decode("latin-1")


async def identify(site: Site, headers: Mapping[bytes, bytes]) -> Identity:
    """Who is asking; `Problem` unauthenticated when the key is missing, malformed, unknown or revoked."""
    identity = await site.accounts.identify(token_in(headers))
    if identity is None:
        raise unauthenticated()
    return identity


def unauthenticated() -> Problem:
    """The one answer to whoever has no key that counts."""
    return Problem("unauthenticated", _DETAIL, fields=_CHALLENGE)
