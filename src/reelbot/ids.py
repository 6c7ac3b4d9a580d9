"""Ids as outsiders see them: opaque, safe in a URL, and enough to route a request without looking anything up.

Inside, things are whole numbers: an account is (lane, id), a hold, an entry or a draft a `seq` in an account. Outside they
are texts such as `hold_0-2s-1f`. The parts are no secret: whoever asks for another account's id is told that there
is no such thing.
"""

import re
from typing import NamedTuple

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_ID = re.compile(r"([a-z]{1,12})_([0-9a-z]{1,2})-([0-9a-z]{1,11})-([0-9a-z]{1,11})")


class IdParts(NamedTuple):
    """What an id names."""

    kind: str
    lane: int
    account: int
    seq: int


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def id_text(kind: str, lane: int, account: int, seq: int) -> str:
    """The id of a thing of an account, such as its `seq`-th hold."""
    return f"{kind}_{_base36(lane)}-{_base36(account)}-{_base36(seq)}"


def place_of(text: str) -> IdParts | None:
    """What an id names, or None when it is not an id of ours."""
    match = _ID.fullmatch(text)
    if match is None:
        return None
    kind, lane, account, seq = match.groups()
    return IdParts(kind, int(lane, 36), int(account, 36), int(seq, 36))
