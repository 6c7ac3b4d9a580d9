"""What can be asked of the ledger. A command touches one account and carries all that its decision needs to know.

`key` is the caller's idempotency key and `content` the hash of what was asked; both are empty for commands that their
own state already makes safe to repeat (the sweeper's `Expire`).

`owner` is the id of what a hold was placed for, such as a job; only who names it may end the hold. None is a caller who
placed it for a purpose of their own.
"""

import hashlib
from typing import Literal, NamedTuple

import msgspec

ChangedBy = Literal["account", "operator"]

Direction = Literal["up", "down"]
"""Up is a plan of a higher rank; down is everything else, staying where one is among it."""


class AccountRef(NamedTuple):
    """An account as callers carry it: enough to route a command without looking anything up."""

    lane: int
    id: int
    name: str


class Line(NamedTuple):
    """An amount of one meter, and what it is for."""

    meter: str
    amount: int
    action: str | None = None
    why: str | None = None


class Open(NamedTuple):
    """Create an account; answered with the existing one when the name is taken."""

    lane: int
    name: str
    plan: str
    zone: str
    account: int = 0
    key: str = ""
    content: bytes = b""


class Hold(NamedTuple):
    """Set amounts aside: all of the lines or nothing, or, when `partial`, those that fit in the order given.

    `seconds` is None for a hold without a deadline, which only an owned one may be: its owner ends it.
    """

    lane: int
    account: int
    key: str
    content: bytes
    lines: tuple[Line, ...]
    partial: bool
    seconds: int | None
    why: str | None
    owner: str | None = None


class Settle(NamedTuple):
    """Turn a hold into usage: all of it (`lines` None), or so much of each meter; the rest goes back."""

    lane: int
    account: int
    key: str
    content: bytes
    hold: int
    lines: tuple[Line, ...] | None
    why: str | None
    owner: str | None = None


class Release(NamedTuple):
    """Give a hold back."""

    lane: int
    account: int
    key: str
    content: bytes
    hold: int
    why: str | None
    owner: str | None = None


class MarkUnknown(NamedTuple):
    """Nobody knows yet how the held work ended: the hold stays, past its deadline, until somebody does."""

    lane: int
    account: int
    key: str
    content: bytes
    hold: int
    why: str | None
    owner: str | None = None


class Expire(NamedTuple):
    """Give a hold back because its deadline passed; refused when it did not."""

    lane: int
    account: int
    hold: int
    key: str = ""
    content: bytes = b""


class Refund(NamedTuple):
    """Take usage of a settled hold back, in the hold's own window. In a standing window this frees a slot."""

    lane: int
    account: int
    key: str
    content: bytes
    hold: int
    lines: tuple[Line, ...] | None
    why: str | None
    owner: str | None = None


class Grant(NamedTuple):
    """Add to the limit of one meter in the window that runs now."""

    lane: int
    account: int
    key: str
    content: bytes
    meter: str
    amount: int
    why: str


class Override(NamedTuple):
    """Set one limit of one account apart from its plan (None is unlimited), or, with `by_plan`, end that."""

    lane: int
    account: int
    key: str
    content: bytes
    meter: str
    limit: int | None
    by_plan: bool
    why: str


class ChangePlan(NamedTuple):
    """Move to a plan. An account moves up at once and down at the end of its month; an operator moves it at once.

    With `only`, a move that turns out to go in the other direction is refused: whoever looked at the plan beforehand may
    have looked a moment before it changed, and the end of a month changes it without anybody asking.
    """

    lane: int
    account: int
    key: str
    content: bytes
    plan: str
    by: ChangedBy
    why: str | None
    only: Direction | None = None


class ChangeZone(NamedTuple):
    """Count days in another time zone from the end of the running one."""

    lane: int
    account: int
    key: str
    content: bytes
    zone: str
    why: str | None


class UseKey(NamedTuple):
    """Use a key for something that is not counted here, a draft for instance: no entry, no balance, only the answer."""

    lane: int
    account: int
    key: str
    content: bytes


Command = (
    Open | UseKey | Hold | Settle | Release | MarkUnknown | Expire | Refund | Grant | Override | ChangePlan | ChangeZone
)

_encode = msgspec.json.Encoder().encode


def content_hash(kind: str, *parts: object) -> bytes:
    """What was asked, in 16 bytes: two requests are the same when these are."""
    return hashlib.sha256(_encode((kind, parts))).digest()[:16]
