"""`/api/v1/account/access` and `/api/v1/operator/access`: the access log of one account, and of all."""

import re
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from reelbot.accounts import RECORD_WORDS, Accounts, Record
from reelbot.allowance import Instant
from reelbot.clock import instant_text
from reelbot.errors import Malformed
from reelbot.limits import PAGE_MAX
from reelbot.web.operations import Call
from reelbot.web.paging import LISTED
from reelbot.web.problems import OK, Problem
from reelbot.web.replies import Reply, json_reply

_encode = msgspec.json.Encoder().encode

_PLACE = re.compile(r"([0-9]{1,15})-([0-9]{1,2})-([0-9]{1,15})-([0-9]{1,15})")


class AccessQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which part of the log: behind a cursor, so many."""

    after: (
        Annotated[
            str,
            Meta(
                pattern="^[0-9]{1,15}-[0-9]{1,2}-[0-9]{1,15}-[0-9]{1,15}$",
                description="The `next` of the page before.",
                examples=["1771070400000-0-1-17"],
            ),
        ]
        | None
    ) = None
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX, description="Records of one page.")] = LISTED


class AccessRecord(Struct, frozen=True):
    """What happened to an account's access; `account` is null for a name that nobody has.

    `by` is who did it where it was somebody else than who signed in, `network` the part of the network that it came from; of
    an address no more is kept. Both are empty where unknown.
    """

    at: Instant
    account: str | None
    kind: str
    sentence: str
    by: str
    network: str
    detail: str


class AccessShown(Struct, frozen=True):
    """A page of records, the newest first; `next` is the cursor of the page behind it, null on the last."""

    records: list[AccessRecord]
    next: str | None


async def list_access(call: Call) -> Reply:
    """What happened to the access of one's own account."""
    query: AccessQuery = call.query
    before = _before(query)
    log = _accounts(call).access
    found = await log.of(call.who.lane, call.who.account, query.limit + 1, None if before is None else before[3])
    return _page(found, query)


async def list_all_access(call: Call) -> Reply:
    """What happened to the access of all accounts."""
    query: AccessQuery = call.query
    return _page(await _accounts(call).access.everywhere(query.limit + 1, _before(query)), query)


def _accounts(call: Call) -> Accounts:
    if not isinstance(call.site.accounts, Accounts):
        raise Problem("not_found", "This server keeps no access log: its keys are in memory.")
    return call.site.accounts


def _before(query: AccessQuery) -> tuple[int, int, int, int] | None:
    if query.after is None:
        return None
    match = _PLACE.fullmatch(query.after)
    if match is None:
        raise Malformed("The parameter after: this is not the `next` of a page.", "after")
    at, lane, account, n = map(int, match.groups())
    return at, lane, account, n


def _page(found: list[Record], query: AccessQuery) -> Reply:
    last = found[query.limit - 1] if len(found) > query.limit else None
    following = None if last is None else f"{last.at}-{last.lane}-{last.account}-{last.n}"
    return json_reply(OK, _encode(AccessShown([_shown(one) for one in found[: query.limit]], following)))


def _shown(one: Record) -> AccessRecord:
    name = one.name or (f"{one.lane}-{one.account}" if one.account else None)
    words = RECORD_WORDS.get(one.kind, one.kind)
    return AccessRecord(instant_text(one.at), name, one.kind, words, one.by, one.network, one.detail)
