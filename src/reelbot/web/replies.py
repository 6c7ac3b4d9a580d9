"""Answers on their way out: a status, fields and a body, written to ASGI without another layer in between."""

from typing import NamedTuple, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

Fields = tuple[tuple[bytes, bytes], ...]
"""Header fields as ASGI takes them: names in lower case."""

SECURITY: Fields = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""On every answer: nothing here is a page, nothing may be taken for one, and no other site may show or run it.

Another program on the same machine is another site of ours to a browser: its pages come with our cookie."""

STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=15768000")
"""On every answer to a browser that came by TLS: for half a year it comes by TLS only, whatever a link says.

Half a year outlasts a break between two videos, and a server that gives up TLS is not lost for ever. Other machines of the
same domain are not ours to speak for, so they are left out."""

PRIVATE: Fields = ((b"cache-control", b"no-store"), *SECURITY)
"""On every answer about an account, and on every error."""

REPLAYED: Fields = ((b"idempotency-replayed", b"true"),)
"""On an answer that was given before to the same idempotency key."""


def etag(revision: int) -> Fields:
    """The field that says which revision of something an answer is about; `If-Match` names it again."""
    return ((b"etag", b'"%d"' % revision),)


_JSON: Fields = ((b"content-type", b"application/json"), *PRIVATE)


class Answered(Protocol):
    """Anything that can be sent; the status is known before."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    async def send_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        ...


class Reply(NamedTuple):
    """An answer whose body is known."""

    status: int
    fields: Fields
    body: bytes

    async def send_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; to HEAD without the body."""
        fields = [*self.fields, (b"content-length", b"%d" % len(self.body))]
        await send({"type": "http.response.start", "status": self.status, "headers": fields})
        body = b"" if scope["method"] == "HEAD" else self.body
        await send({"type": "http.response.body", "body": body, "more_body": False})


class Streamed(NamedTuple):
    """An answer that is made while it is sent, by an ASGI application of its own."""

    status: int
    app: ASGIApp

    async def send_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await self.app(scope, receive, send)


def json_reply(status: int, body: bytes, fields: Fields = ()) -> Reply:
    """An answer in JSON about an account."""
    return Reply(status, _JSON + fields, body)
