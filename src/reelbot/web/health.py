"""Whether the process lives (`/healthz`) and whether it can do its work (`/readyz`)."""

from typing import Literal

import msgspec
from msgspec import Struct

from reelbot.web.operations import Call
from reelbot.web.problems import OK
from reelbot.web.replies import Reply, json_reply

_NOBODY = "readiness"

_encode = msgspec.json.Encoder().encode


class Health(Struct, frozen=True):
    """The process lives."""

    status: Literal["ok"]
    version: str


class Readiness(Struct, frozen=True):
    """The ledger answers."""

    status: Literal["ready"]


async def tell_health(call: Call) -> Reply:
    """Say that the process answers; touches nothing."""
    return json_reply(OK, _encode(Health("ok", call.site.version)))


async def tell_readiness(call: Call) -> Reply:
    """Ask the ledger for some account, whether or not there is one: `DatabaseFailure` when it cannot be reached."""
    await call.site.ledger.find(_NOBODY)
    return json_reply(OK, _encode(Readiness("ready")))
