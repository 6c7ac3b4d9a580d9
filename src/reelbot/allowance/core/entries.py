"""Entries: the append-only ledger, chained per account by SHA-256.

`hash = sha256(hash of the entry before + canonical text of this one)`; the first entry follows 32 zero bytes. The
canonical text is the JSON array of all fields but the hash, in the order in which `Entry` declares them, as msgspec
writes it (no spaces, UTF-8). Anyone can recompute it from an export.
"""

import hashlib
from typing import Literal, NamedTuple

import msgspec

from reelbot.allowance.core.fast_tuple import made

Kind = Literal["open", "hold", "settle", "release", "unknown", "expire", "refund", "grant", "override", "plan", "zone"]
"""What an entry tells of: the opening of an account, a stage of a hold, or a change of what is allowed."""

GENESIS = bytes(32)
"""What the first entry of every account is chained to."""


class Entry(NamedTuple):
    """One accepted change of one meter of one hold, or of the account itself.

    `seq` counts 1, 2, 3 … in the account. `hold` is the `seq` of the entry that opened the hold, 0 for none. `amount` is
    what the change is about: held, settled, given back, granted. The window is
    the one that counted it, 0 and None for a standing one. `used` and `held` are kept from before and after the
    change; `limit` is the one in force at that instant, None for unlimited. `detail` is JSON of what no number says: the
    plan, zone or limit before and after; of an owned hold, whose it is and whose command this was.
    """

    lane: int
    account: int
    seq: int
    at: int
    kind: Kind
    hold: int
    action: str | None
    meter: str | None
    window_start: int
    window_end: int | None
    amount: int
    limit: int | None
    used_before: int
    held_before: int
    used_after: int
    held_after: int
    detail: str | None
    why: str
    hash: bytes


class Chain(NamedTuple):
    """Where an account's chain stands: the last entry's `seq` and hash."""

    seq: int
    head: bytes


START = Chain(0, GENESIS)

_encode = msgspec.json.Encoder().encode
_sha256 = hashlib.sha256


def detail_text(**changes: tuple[object, object]) -> str:
    """What no number says, as JSON: `{"plan": ["free", "pro"]}`, before and after."""
    return _encode(changes).decode()


def chained(head: bytes, told: tuple[object, ...]) -> Entry:
    """The entry with these fields, all but the hash, chained to what has the hash `head`."""
    return made(Entry, (*told, _sha256(head + _encode(told)).digest()))


def entry_hash(head: bytes, entry: Entry) -> bytes:
    """The hash that an entry must carry after `head`."""
    return _sha256(head + _encode(entry[:-1])).digest()
