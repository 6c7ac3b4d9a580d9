"""The OpenAPI 3.1 document, made of the route table and the types that the endpoints really use.

Names that an operator's data define (meters, actions, plans) are listed as they are on this server.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from importlib.resources import files
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from reelbot.accounts import SCOPES
from reelbot.allowance import Instant
from reelbot.limits import KEY_LENGTH_MAX
from reelbot.publish import PostTold
from reelbot.studio import DraftTold, VideoTold
from reelbot.studio.actions.requests import NO_OPTIONS, OPTIONS_OF_STEPS, GenerationAsked, StepAsked
from reelbot.subscriptions import PlanRequestTold
from reelbot.web.auth import COOKIE, SAFE_METHODS, cookie_name
from reelbot.web.context import Site
from reelbot.web.media import MULTIPART
from reelbot.web.operations import Operation
from reelbot.web.problems import CONTENT_TYPE, DEFECT, IN_USE, INSTEAD, KINDS, SHORTAGE
from reelbot.web.requests import JSON
from reelbot.web.shapes import CursorText
from reelbot.webhooks import ALLOWANCE_KINDS, STORED_KINDS

Schema = dict[str, Any]

_REFERENCE = "#/components/schemas/{name}"

_ABOUT = """\
AI work, metered: quotes, holds and settlements under daily, monthly and standing limits.

Amounts are whole numbers and `null` means unlimited. Instants are RFC 3339 in UTC. Errors are problem+json with a stable
`code` and a `detail` to act on. The same `Idempotency-Key` with the same content gets the first answer again.
"""


class ProblemShown(Struct, frozen=True):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    where: Annotated[str, Meta(description="The part of the request that is at fault.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    scope: Annotated[str, Meta(description="The scope that the API key lacks.")] | msgspec.UnsetType = msgspec.UNSET


class FittingLine(Struct, frozen=True):
    """A line of the request that would fit now."""

    meter: str
    amount: int
    action: str | None


class ShortageShown(Struct, frozen=True):
    """A limit that was reached, with all its figures. Nothing was written."""

    type: str
    title: str
    status: int
    detail: str
    code: Literal["allowance_exhausted"]
    meter: str
    limit: int
    used: int
    held: int
    remaining: int
    needed: int
    resets_at: Instant | None
    timezone: str
    fits: list[FittingLine]
    still_works: list[str]


_FIELDS: Mapping[str, Schema] = {
    "RateLimit": {
        "description": "What is left of each limit that was looked at, and in how many seconds its window ends.",
        "schema": {"type": "string", "examples": ['"ai_credits";r=35;t=3600']},
    },
    "RateLimit-Policy": {
        "description": "Each of these limits, and the seconds of its window.",
        "schema": {"type": "string", "examples": ['"ai_credits";q=60;w=86400']},
    },
    "Retry-After": {
        "description": "In how many seconds the same request may succeed.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "Idempotency-Replayed": {
        "description": "There, and `true`, when this is the first answer to the same key again.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "WWW-Authenticate": {"description": "How to say who asks.", "required": True, "schema": {"type": "string"}},
    "ETag": {
        "description": "The revision of the draft, in quotes. `If-Match` with it changes that one and no later one.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[0-9]+"$', "examples": ['"3"']},
    },
    "Vary": {"description": "What of the request the answer depends on.", "schema": {"type": "string"}},
}

_REQUEST_FIELDS: Mapping[str, Schema] = {
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Chosen by the caller: the same key with the same content has one effect and one answer.",
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": KEY_LENGTH_MAX,
            "pattern": "^[!-~]([ -~]*[!-~])?$",
        },
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "description": "The revision that was seen, as its `ETag` has it: a draft that was changed since stays as it is.",
        "schema": {"type": "string", "pattern": '^(\\*|"[0-9]{1,18}"( *, *"[0-9]{1,18}")*)$', "examples": ['"3"']},
    },
    "Last-Event-ID": {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "The last id that was received: the stream goes on behind it. Empty is as if it were not there.",
        "schema": {"anyOf": [{"const": ""}, msgspec.json.schema(CursorText)]},
    },
}


def document(operations: Sequence[Operation], site: Site) -> bytes:
    """The whole document as JSON."""
    types = [*_types_of(operations), ProblemShown, ShortageShown, DraftTold, VideoTold, PostTold, PlanRequestTold]
    _, schemas = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    schemas[StepAsked.__name__]["anyOf"] = OPTIONS_OF_STEPS
    schemas[GenerationAsked.__name__]["anyOf"] = [*OPTIONS_OF_STEPS, NO_OPTIONS]
    for operation in operations:
        _require_one_of(schemas, operation)
    told: Schema = {
        "openapi": "3.1.0",
        "info": {"title": "ReelBot", "version": site.version, "description": _ABOUT, "license": _LICENSE},
        "servers": [{"url": "/"}],
        "paths": _paths(operations),
        "components": {"schemas": schemas, "securitySchemes": _schemes(site)},
    }
    return msgspec.json.encode(_with_names(told, _names_on(site)))


_UPLOAD: Schema = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}},
}

_SCOPES = "; ".join(f"`{scope}`: {allows}" for scope, allows in SCOPES.items())


def _schemes(site: Site) -> Schema:
    about = f"An API key. Each operation names the scope that the key must have. {_SCOPES}. Every key has `read`."
    name = cookie_name(COOKIE, site.pages.is_public_by_tls)
    return {
        "apiKey": {"type": "http", "scheme": "bearer", "description": about},
        "session": {"type": "apiKey", "in": "cookie", "name": name, "description": "A browser that has signed in."},
    }


_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}


def _types_of(operations: Iterable[Operation]) -> list[Any]:
    asked = [operation.takes for operation in operations if operation.takes is not None]
    told = [kind for operation in operations for media in operation.answers.values() for kind in media.values()]
    return [*asked, *(kind for kind in told if kind not in (str, bytes, list))]


def _require_one_of(schemas: Schema, operation: Operation) -> None:
    """Of these members exactly one must be there, and only it may be anything but null."""
    if operation.takes is None or not operation.one_of:
        return
    schemas[operation.takes.__name__]["oneOf"] = [_only(name, operation.one_of) for name in operation.one_of]


def _only(name: str, members: Iterable[str]) -> Schema:
    others: Schema = {member: {"enum": [None, False]} for member in members if member != name}
    return {"required": [name], "properties": {name: {"not": {"enum": [None, False]}}, **others}}


def _paths(operations: Sequence[Operation]) -> Schema:
    paths: Schema = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return paths


def _operation(operation: Operation) -> Schema:
    told: Schema = {
        "operationId": operation.id,
        "summary": operation.summary,
        "security": [] if operation.scope is None else [{"apiKey": [operation.scope]}, {"session": []}],
        "parameters": _parameters(operation),
        "responses": {**_answers(operation), **_refusals(operation)},
    }
    if operation.uploads:
        told["requestBody"] = {"required": True, "content": {MULTIPART: {"schema": _UPLOAD}}}
    if operation.takes is not None:
        schema = {"$ref": _REFERENCE.format(name=operation.takes.__name__)}
        told["requestBody"] = {"required": operation.body_needed, "content": {JSON: {"schema": schema}}}
    return told


def _parameters(operation: Operation) -> list[Schema]:
    told: list[Schema] = []
    for name in ("id", "part"):
        if f"{{{name}}}" in operation.path:
            told.append({"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}})
    if operation.idempotency is not None:
        told.append({**_REQUEST_FIELDS["Idempotency-Key"], "required": operation.idempotency == "required"})
    told.extend({**_REQUEST_FIELDS[name], "required": False} for name in operation.request_fields)
    if operation.query is not None:
        told.extend(_query_parameters(operation.query))
    return told


def _query_parameters(query: type[Any]) -> list[Schema]:
    (_,), schemas = msgspec.json.schema_components([query], ref_template=_REFERENCE)
    told = []
    for name, schema in schemas[query.__name__]["properties"].items():
        told.append({"name": name, "in": "query", "required": False, "schema": _never_null(schema)})
    return told


def _never_null(schema: Schema) -> Schema:
    """A parameter that may be left out; in a query there is no null."""
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind != {"type": "null"}]
    kind: Schema = {**schema, **kinds[0]} if len(kinds) == 1 else {**schema, "anyOf": kinds}
    return {
        name: value for name, value in kind.items() if name != "anyOf" and not (name == "default" and value is None)
    }


def _answers(operation: Operation) -> Schema:
    names = (*operation.fields, *(("RateLimit", "RateLimit-Policy") if operation.metered else ()))
    if operation.idempotency is not None:
        names = (*names, "Idempotency-Replayed")
    told = {}
    for status, media in operation.answers.items():
        content = {kind: {"schema": _schema_of(shape)} for kind, shape in media.items()}
        told[str(status)] = {"description": HTTPStatus(status).phrase, **_headers(names), "content": content}
        if operation.links:
            told[str(status)]["links"] = {link: _link(link) for link in operation.links}
    return told


def _link(operation_id: str) -> Schema:
    return {"operationId": operation_id, "parameters": {"id": "$response.body#/id"}}


def _schema_of(shape: type[Any]) -> Schema:
    if shape is list:
        return {"type": "array"}
    if shape is bytes:
        return {"type": "string", "format": "binary"}
    return {"type": "string"} if shape is str else {"$ref": _REFERENCE.format(name=shape.__name__)}


def _headers(names: Iterable[str]) -> Schema:
    headers = {name: _FIELDS[name] for name in names}
    return {"headers": headers} if headers else {}


def _refusals(operation: Operation) -> Schema:
    by_status: dict[int, list[str]] = {}
    for code in sorted(problem_codes(operation)):
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {str(status): _refusal(codes) for status, codes in sorted(by_status.items())}


def problem_codes(operation: Operation) -> set[str]:
    """All codes that an operation may be refused with: its own, and those that come with what it takes."""
    codes = {DEFECT, "malformed", *operation.problems}  # a wrong host name is malformed whatever is asked
    if operation.is_counted:
        codes.add("too_many_requests")
    if operation.scope is not None:
        codes |= {"unauthenticated", "ledger_unavailable"}
        if operation.method not in SAFE_METHODS or operation.scope != "read":
            codes.add("forbidden")
    if operation.scope == "operator":
        codes.add("not_found")
    if operation.takes is not None or operation.uploads:
        codes |= {"too_large", "unsupported_media"}
    if operation.uploads:
        codes |= {"not_found", "disk_full", "too_slow", "length_required", "too_many_requests", "too_busy", SHORTAGE}
    if operation.idempotency is not None:
        codes |= {"key_reused", "too_busy"}
    return codes


def _refusal(codes: Sequence[str]) -> Schema:
    told = "; ".join(f"`{code}`: {KINDS[code].title}" for code in codes)
    if SHORTAGE in codes:
        schema: Schema = _schema_of(ShortageShown)
        names: tuple[str, ...] = ("Retry-After", "RateLimit", "RateLimit-Policy")
    else:
        own: Schema = {"code": {"enum": list(codes)}}
        if IN_USE in codes:
            own |= {
                kind: {"type": "string", "description": f"The {kind} that the hold belongs to."} for kind in INSTEAD
            }
        schema = {"allOf": [_schema_of(ProblemShown), {"properties": own}]}
        names = ("Retry-After",) if any(KINDS[code].retry_seconds for code in codes) else ()
    if "too_many_requests" in codes:
        names = ("Retry-After", "RateLimit", "RateLimit-Policy")
    if "unauthenticated" in codes:
        names = ("WWW-Authenticate",)
    return {"description": told, **_headers(names), "content": {CONTENT_TYPE: {"schema": schema}}}


def _names_on(site: Site) -> Mapping[str, list[str]]:
    terms = site.ledger.terms
    return {
        "meters": list(terms.catalogue.meters),
        "plans": list(terms.catalogue.plans),
        "actions": list(terms.prices.prices),
        "zones": _zones(),
        "platforms": [] if site.publishing is None else list(site.publishing.platforms),
        "webhook_kinds": list(ALLOWANCE_KINDS + STORED_KINDS if site.webhooks is None else site.webhooks.kinds),
    }


@lru_cache(maxsize=1)
def _zones() -> list[str]:
    """All time zones: those of the package `tzdata`, as the ledger takes them."""
    return sorted(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def _with_names(part: Any, names: Mapping[str, list[str]]) -> Any:
    """The same, with every `x-one-of` replaced by the names that it stands for."""
    if isinstance(part, dict):
        told = {name: _with_names(value, names) for name, value in part.items() if name != "x-one-of"}
        return told | {"enum": names[part["x-one-of"]]} if "x-one-of" in part else told
    if isinstance(part, list | tuple):
        return [_with_names(value, names) for value in part]
    return part
