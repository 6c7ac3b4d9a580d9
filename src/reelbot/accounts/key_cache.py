"""A cache of keys that were seen to count, so that the next request need not read them. Used by `Accounts.identify`.

What is remembered counts only together with the change it was read at: whoever uses it reads the change first, and the
change moves in the transaction that takes a key back. So a revoked key is refused at once, whichever process revoked it.
"""

from typing import NamedTuple

from reelbot.accounts.core.api_keys import digest_of
from reelbot.accounts.core.members import Identity
from reelbot.clock import DAY, MINUTE, Clock

KEYS_MAX = 10_000
"""Remembered at once: a few megabytes; whoever has more busy keys reads a row for those that were seen longest ago."""

KEPT_MS = MINUTE
"""How long one is remembered: rows that somebody edited by hand, without the change, count after this at the latest."""


class CachedKey(NamedTuple):
    """A key that counted from one instant, until another one at most, as long as nothing was taken back since."""

    who: Identity
    change: int
    from_at: int
    until_at: int


class KeyCache:
    """Found by the digest of a key's whole text: neither the text nor its secret is kept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[bytes, CachedKey] = {}

    def find(self, token: str) -> CachedKey | None:
        """What is known of this key. It counts only if nothing was taken back in its lane since `change`."""
        known = self._known.get(digest_of(token))
        if known is None or not known.from_at <= self._clock() < known.until_at:
            return None
        return known

    def seen(self, token: str) -> Identity | None:
        """Whose key this was when it last counted, however long ago; whether it still does, only a reading tells."""
        known = self._known.get(digest_of(token))
        return None if known is None else known.who

    def keep(self, token: str, who: Identity, change: int) -> None:
        """Remember a key that counts, until its day ends at the latest: the first use of each day is to be noted."""
        now, known = self._clock(), self._known
        digest = digest_of(token)
        known.pop(digest, None)
        if len(known) >= KEYS_MAX:
            del known[next(iter(known))]
        known[digest] = CachedKey(who, change, now, min(now + KEPT_MS, (now // DAY + 1) * DAY))
