"""An operation of the API: what one line of the route table says, and how a request to it is served.

A request goes down once: who asks, what is asked, the endpoint; and up once: the reply, or the problem that any error is
told as. This is the outermost loop of a request; nothing below it catches what it does not understand.
"""

from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import Any, Literal, NamedTuple

import msgspec
from starlette.types import Receive, Send
from starlette.types import Scope as Request

from reelbot.accounts import Identity, Scope
from reelbot.allowance import AccountRef
from reelbot.web.admission import admit_stranger
from reelbot.web.auth import identify, require_scope
from reelbot.web.context import Site
from reelbot.web.media import announced_upload, read_upload
from reelbot.web.problems import Problem, problem_of
from reelbot.web.replies import Answered
from reelbot.web.requests import Disconnected, decoded, idempotency_key, queried, read_body

Media = Mapping[str, type[Any]]
"""What an answer is made of: a content type and the type that its body has."""


class Call(NamedTuple):
    """One request, checked: `body` and `query` have the types that the operation takes, or are None.

    `named` and `part` are what the path has in place of `{id}` and `{part}`. The body of an upload is an `Upload`. `token`
    is the key or session that was presented, empty where none is needed; `request` the request as the server told it, None
    for a call that a page makes.
    """

    site: Site
    who: Identity
    named: str
    headers: Mapping[bytes, bytes]
    query: Any
    body: Any
    key: str | None
    part: str = ""
    token: str = ""
    request: Request | None = None

    @property
    def account(self) -> AccountRef:
        """The account that the request is for: that of its key, and never another."""
        return AccountRef(self.who.lane, self.who.account, self.who.name)

    @property
    def network(self) -> str:
        """The place on the internet that it came from; empty where nobody knows."""
        return "" if self.request is None else self.site.pages.proxies.network(self.request)


Endpoint = Callable[[Call], Awaitable[Answered]]


class Operation(NamedTuple):
    """One line of the route table; the routes and the OpenAPI document are both made of it.

    `scope` is what a key must be issued for, None where nobody has to say who they are; it has no default, so that no
    route can be added without the question being answered. `answers` says what each status that is no problem carries,
    `problems` which codes it may be refused with beside those that any operation has. `body_needed` is False when the body
    may be left out. `one_of` names the members of which exactly one must be there. `metered` answers carry the `RateLimit`
    fields. `uploads` takes a form with a file. What is not `is_counted` may be asked however often.
    """

    scope: Scope | None
    method: str
    path: str
    id: str
    summary: str
    endpoint: Endpoint
    answers: Mapping[int, Media]
    takes: type[Any] | None = None
    body_needed: bool = True
    one_of: tuple[str, ...] = ()
    query: type[Any] | None = None
    problems: tuple[str, ...] = ()
    idempotency: Literal["required", "optional"] | None = None
    is_counted: bool = True
    metered: bool = False
    fields: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    request_fields: tuple[str, ...] = ()
    uploads: bool = False


NOBODY = Identity(0, 0, "", "creator")
"""Who asks where no key is needed; no account has the number 0."""


class Served:
    """An operation as an ASGI application, on one site.

    Every request goes through here, so what the operation says is looked up once, and one loop does all.
    """

    def __init__(self, operation: Operation, site: Site) -> None:
        self._id = operation.id
        self._site = site
        self._endpoint = operation.endpoint
        self._scope = operation.scope
        self._is_counted = operation.is_counted
        self._is_named = "{id}" in operation.path
        self._has_part = "{part}" in operation.path
        self._uploads = operation.uploads
        self._takes = operation.takes
        self._decode = None if operation.takes is None else msgspec.json.Decoder(operation.takes).decode
        self._body_needed = operation.body_needed
        self._query = operation.query
        self._whole = frozenset() if operation.query is None else _whole_numbers(operation.query)
        self._keyed = operation.idempotency is not None
        self._key_needed = operation.idempotency == "required"

    async def __call__(self, scope: Request, receive: Receive, send: Send) -> None:
        """Serve one request."""
        began = perf_counter()
        site, headers = self._site, dict(scope["headers"])
        try:
            token, who = await self._who(scope, headers)
            body = None if self._decode is None else self._decoded(headers, await read_body(headers, receive))
            query = None if self._query is None else queried(self._query, self._whole, scope["query_string"])
            key = idempotency_key(headers, self._key_needed) if self._keyed else None
            named = scope["path_params"]["id"] if self._is_named else ""
            part = scope["path_params"]["part"] if self._has_part else ""
            call = Call(site, who, named, headers, query, body, key, part, token, scope)
            answered = await (self._with_upload(call, receive) if self._uploads else self._endpoint(call))
        except Disconnected:
            return
        except Exception as failure:
            problem = problem_of(failure, site.ledger.terms.catalogue)
            site.counts.problems[problem.code] += 1
            answered = problem.reply()
        site.counts.answered(self._id, answered.status, perf_counter() - began)
        await answered.send_on(scope, receive, send)

    async def _who(self, request: Request, headers: Mapping[bytes, bytes]) -> tuple[str, Identity]:
        """The key or session that is presented, and by whom; the request is counted, also where nobody has to say so."""
        if self._scope is None:
            if self._is_counted:
                await admit_stranger(self._site, request)
            return "", NOBODY
        token, who = await identify(self._site, request, headers)
        require_scope(who, self._scope)
        return token, who

    async def _with_upload(self, call: Call, receive: Receive) -> Answered:
        """Have the file of a form on the disk for as long as the endpoint needs it."""
        if call.site.studio is None:
            raise Problem("not_found", "This server keeps its ledger in memory and takes no files.")
        announced = announced_upload(call.headers)
        async with call.site.studio.uploads.coming(call.account, announced.file_bytes_max, call.key) as place:
            return await self._endpoint(call._replace(body=await read_upload(announced, receive, place)))

    def _decoded(self, headers: Mapping[bytes, bytes], body: bytes) -> Any:
        assert self._decode is not None and self._takes is not None, "only asked when a body is taken"
        if not body and not self._body_needed:
            return self._takes()
        return decoded(self._decode, headers, body)


class ByMethod:
    """All operations of one path; any other method is told which ones there are."""

    def __init__(self, operations: tuple[Operation, ...], site: Site) -> None:
        self._site = site
        self.served = {operation.method: Served(operation, site) for operation in operations}
        if "GET" in self.served:
            self.served["HEAD"] = self.served["GET"]
        self._allowed = ", ".join(self.served)

    async def __call__(self, scope: Request, receive: Receive, send: Send) -> None:
        """Serve one request."""
        served = self.served.get(scope["method"])
        if served is not None:
            await served(scope, receive, send)
            return
        self._site.counts.problems["method_not_allowed"] += 1
        detail = f"Here one can {self._allowed}, and nothing else."
        problem = Problem("method_not_allowed", detail, fields=((b"allow", self._allowed.encode()),))
        await problem.reply().send_on(scope, receive, send)


def _whole_numbers(query: type[Any]) -> frozenset[str]:
    """The names of the parameters that are whole numbers."""
    shown = msgspec.inspect.type_info(query)
    assert isinstance(shown, msgspec.inspect.StructType)
    return frozenset(one.encode_name for one in shown.fields if isinstance(_bare(one.type), msgspec.inspect.IntType))


def _bare(kind: msgspec.inspect.Type) -> msgspec.inspect.Type:
    """A type without what its description wraps around it."""
    return kind.type if isinstance(kind, msgspec.inspect.Metadata) else kind
