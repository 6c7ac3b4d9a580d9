"""Places for what may be under way at once: so many in all, and so many of one party. Whatever protects all is asked here.

In memory of one process, without a queue: who finds no place is told at once, and asks again.
"""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from reelbot.errors import ShareUsedUp, TooBusy


def fits(own: int, share: int, taken: int, most: int) -> bool:
    """Whether a party that has `own` of `taken` places may have one more: of its share, and of the `most` that there are.

    Nobody has more than what is left to others, so whoever takes all they can, under a few names too, leaves some.
    """
    return own < min(share, most - taken)


class Places:
    """Places of one kind. `things` says what they are for, as a refusal names it: `tests of webhooks`."""

    def __init__(self, things: str, *, most: int, of_one: int) -> None:
        self._things = things
        self._most = most
        self._of_one = of_one
        self._of: Counter[Hashable] = Counter()

    def __len__(self) -> int:
        return self._of.total()

    def require(self, who: Hashable) -> None:
        """`TooBusy` when there is no place for anybody, `ShareUsedUp` when there is none for this party."""
        if len(self) >= self._most:
            raise TooBusy(
                f"All {self._things} that this server can do at once are under way.", "Try again in a moment."
            )
        if not fits(self._of[who], self._of_one, len(self), self._most):
            detail = f"You have as many {self._things} under way as one may have at once."
            raise ShareUsedUp(detail, "Try again when one has ended.")

    @contextmanager
    def taken(self, who: Hashable) -> Iterator[None]:
        """Take a place for as long as the block lasts. Raises what `require` raises."""
        self.require(who)
        self._of[who] += 1
        try:
            yield
        finally:
            self._of[who] -= 1
            if not self._of[who]:
                del self._of[who]
