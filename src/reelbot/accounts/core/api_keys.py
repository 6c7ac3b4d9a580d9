"""The text of an API key: what it carries, and how one that is presented is read.

A key is `rb_<lane>-<account>-<number>-<secret>`, the first three in base 36: whoever is presented one finds its row by
primary key, on the right lane. The secret is 160 random bits in base32. Only its SHA-256 is kept: nobody can guess 160
bits, so a slow hash would protect nothing more and cost every request its time.
"""

import base64
import hashlib
import re
from typing import NamedTuple

from reelbot.errors import Malformed
from reelbot.ids import id_text

SECRET_BYTES = 20
"""160 bits: beyond any guessing, and base32 needs no padding for them."""

LABEL_LENGTH_MAX = 60
"""Characters of a label: enough to say where a key is used, and a column of a table."""

_KEY = re.compile(r"rb_([0-9a-z]{1,2})-([0-9a-z]{1,11})-([0-9a-z]{1,6})-([a-z2-7]{32})")


class KeyPlace(NamedTuple):
    """Which key it is: the `number`-th of an account."""

    lane: int
    account: int
    number: int


class PresentedKey(NamedTuple):
    """A key as somebody presents it: where its row would be, and what its digest is."""

    place: KeyPlace
    digest: bytes


def key_text(place: KeyPlace, secret: bytes) -> str:
    """The key that is handed out once, from `SECRET_BYTES` random bytes."""
    assert len(secret) == SECRET_BYTES, "a secret of the wrong length"
    return f"{id_text('rb', *place)}-{base64.b32encode(secret).decode().lower()}"


def presented_key(text: str) -> PresentedKey | None:
    """What a presented text says, or None when it is not the text of a key."""
    match = _KEY.fullmatch(text)
    if match is None:
        return None
    lane, account, number, secret = match.groups()
    return PresentedKey(KeyPlace(int(lane, 36), int(account, 36), int(number, 36)), digest_of(secret))


def digest_of(secret: str) -> bytes:
    """What is kept of a secret, given as the text in the key."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


def checked_label(label: str) -> str:
    """A label of 1 to `LABEL_LENGTH_MAX` printable characters; `Malformed` otherwise."""
    if not 1 <= len(label.strip()) <= len(label) <= LABEL_LENGTH_MAX or not label.isprintable():
        raise Malformed(f"label must be 1 to {LABEL_LENGTH_MAX} printable characters.", "label")
    return label
