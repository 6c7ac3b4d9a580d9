"""Tokens by which a browser says who it is: a session's, which it keeps, and a link's, which signs in once.

Both are made as API keys are, `<kind>_<lane>-<account>-<number>-<secret>`: the row is found by primary key, on the right
lane, and only the SHA-256 of the secret's 160 random bits is kept.
"""

import base64
import re
from typing import Literal, NamedTuple

from reelbot.accounts.core.api_keys import SECRET_BYTES, KeyPlace, digest_of
from reelbot.ids import id_text

TicketKind = Literal["rs", "rl"]
"""`rs` is a session, `rl` a link."""

SESSION: TicketKind = "rs"
LINK: TicketKind = "rl"

_TICKET = re.compile(r"(rs|rl)_([0-9a-z]{1,2})-([0-9a-z]{1,11})-([0-9a-z]{1,6})-([a-z2-7]{32})")


class Session(NamedTuple):
    """A session as its owner sees it. `seen_on` counts days since 1970-01-01 in UTC."""

    number: int
    agent: str
    created_at: int
    expires_at: int
    seen_on: int | None


class PresentedTicket(NamedTuple):
    """A ticket as somebody presents it: where its row would be, and what its digest is."""

    place: KeyPlace
    digest: bytes


def ticket_text(kind: TicketKind, place: KeyPlace, secret: bytes) -> str:
    """The ticket that is handed out once, from `SECRET_BYTES` random bytes."""
    assert len(secret) == SECRET_BYTES, "a secret of the wrong length"
    return f"{id_text(kind, *place)}-{base64.b32encode(secret).decode().lower()}"


def presented_ticket(kind: TicketKind, text: str) -> PresentedTicket | None:
    """What a presented text says, or None when it is not the text of such a ticket."""
    match = _TICKET.fullmatch(text)
    if match is None or match[1] != kind:
        return None
    _, lane, account, number, secret = match.groups()
    return PresentedTicket(KeyPlace(int(lane, 36), int(account, 36), int(number, 36)), digest_of(secret))


def is_session(text: str) -> bool:
    """Whether a text looks like a session's, and not like an API key."""
    return text.startswith(f"{SESSION}_")
