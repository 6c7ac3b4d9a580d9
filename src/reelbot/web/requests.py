"""Reads requests: body, query and idempotency key, each bounded and checked. Everything wrong is named with its place.

Numbers are strict: `1.0`, `true` and `"1"` are not whole numbers. Unknown members and parameters are refused, so that a
misspelt one is never ignored.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive

from reelbot.errors import Malformed
from reelbot.limits import BODY_BYTES_MAX, KEY_LENGTH_MAX
from reelbot.web.problems import Problem

JSON = "application/json"

PARAMETERS_MAX = 32
"""Of one query: a few times as many as any operation has."""

_JSON_FIELD = JSON.encode()
_REVISION = re.compile(rb'(?P<quote>"?)(?P<revision>[0-9]{1,18})(?P=quote)')
_KEY = re.compile(rb"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_PLACED = re.compile(r"(?s)(.*) - at `(.*)`")

Decode = Callable[[bytes], Any]


class Disconnected(Exception):
    """The caller went away before the request was complete: there is nobody to answer."""


async def read_body(headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
    """The whole body; `Problem` too_large beyond the bound, told before it is read when its length is announced."""
    announced = headers.get(b"content-length")
    if announced is not None and announced.isdigit() and int(announced) > BODY_BYTES_MAX:
        raise _too_large()
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > BODY_BYTES_MAX:
            raise _too_large()
        return body
    return await _read_parts(message, receive)


async def _read_parts(message: Any, receive: Receive) -> bytes:
    parts, length = [], 0
    while True:
        if message["type"] != "http.request":
            raise Disconnected
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > BODY_BYTES_MAX:
            raise _too_large()
        if not message.get("more_body", False):
            return b"".join(parts)
        message = await receive()


def _too_large() -> Problem:
    return Problem("too_large", f"A request may have {BODY_BYTES_MAX:,} bytes at most.")


def decoded(decode: Decode, headers: Mapping[bytes, bytes], body: bytes) -> Any:
    """The body as the value it stands for; `Problem` unsupported_media unless it is said to be JSON."""
    field = headers.get(b"content-type", b"")
    if field != _JSON_FIELD and field.partition(b";")[0].strip().lower() != _JSON_FIELD:
        raise Problem("unsupported_media", f"Send the request as JSON, with `Content-Type: {JSON}`.")
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        raise _misfit(error) from error
    except msgspec.DecodeError as error:
        raise Problem("malformed", f"The body is not JSON: {error}.") from error
    except UnicodeDecodeError as error:
        raise Problem("malformed", "The body is not UTF-8.") from error
    except RecursionError as error:
        raise Problem("malformed", "The body is nested too deeply.") from error


def _misfit(error: msgspec.ValidationError) -> Problem:
    match = _PLACED.fullmatch(str(error))
    what, where = match.groups() if match else (str(error), "$")
    return Problem("malformed", f"{what}, at {where}.", {"where": where})


def queried(kind: type[Any], whole: frozenset[str], query: bytes) -> Any:
    """The query as a value of `kind`; the parameters named in `whole` are whole numbers and nothing else."""
    texts = _parameters(query)
    values = {name: _whole(name, text) if name in whole else text for name, text in texts.items()}
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        match = _PLACED.fullmatch(str(error))
        if match is None:
            raise Malformed(f"In the query of the address: {error}.") from error
        name = match[2].removeprefix("$.")
        raise Malformed(f"The parameter {name}: {match[1]}.", name) from error


def _parameters(query: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            query.decode("latin-1"), keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS_MAX
        )
    except ValueError as error:
        raise Malformed("The query of the address cannot be read: it is not UTF-8, or too long.") from error
    texts = dict(pairs)
    if len(texts) < len(pairs):
        raise Malformed("The query names a parameter more than once.")
    return texts


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Malformed(f"The parameter {name} must be a whole number.", name)
    return int(text)


def idempotency_key(headers: Mapping[bytes, bytes], needed: bool) -> str | None:
    """The key that the caller chose, or None; `Malformed` when it is missing but needed, too long, or not printable."""
    field = headers.get(b"idempotency-key")
    if field is None:
        if needed:
            told = "Send an Idempotency-Key of your choice, so that a repeated request has one effect."
            raise Malformed(told, "Idempotency-Key")
        return None
    if len(field) > KEY_LENGTH_MAX or not _KEY.fullmatch(field):
        told = f"Idempotency-Key must be 1 to {KEY_LENGTH_MAX} printable ASCII characters."
        raise Malformed(told, "Idempotency-Key")
    return field.decode("ascii")


def revisions_seen(headers: Mapping[bytes, bytes]) -> frozenset[int] | None:
    """The revisions that `If-Match` names (RFC 9110, 13.1.1); None where it is not there or `*`: whichever there is.

    The quotes of an entity tag may be left out. `Malformed` for anything else: a revision that is not
    understood must not be taken for no condition at all.
    """
    field = headers.get(b"if-match")
    if field is None or field.strip() == b"*":
        return None
    named = [_REVISION.fullmatch(one.strip()) for one in field.split(b",")]
    if not all(named):
        told = 'If-Match must be the revision that you have seen, in quotes as its ETag has it, such as "3".'
        raise Malformed(told, "If-Match")
    return frozenset(int(one["revision"]) for one in named if one is not None)


def spoken(text: str | None) -> str | None:
    """A reason as the ledger keeps it: one line, what cannot be printed left out; None when nothing is left."""
    if text is None:
        return None
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line or None


def reason_in(text: str) -> str:
    """A reason that must be there, as the ledger keeps it; `Malformed` when nothing of it can be printed."""
    reason = spoken(text)
    if reason is None:
        raise Malformed("Give a reason in words.", "why")
    return reason
