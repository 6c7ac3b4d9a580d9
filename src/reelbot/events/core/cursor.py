"""A reader's place in the stream of one account, as text that a browser sends back in `Last-Event-ID`.

`"123"` is the place after event 123. A message that says that a window has turned is made by the clock and is no stored
event; its cursor is the event before it, a point, the second of the turn in ten digits, and the message's number among
those of the same turn: `"123.17180000001"`. Read as decimal numbers, the cursors of an account never decrease.
"""

import re
from typing import NamedTuple, Self

from reelbot.clock import SECOND
from reelbot.errors import Malformed

_SECONDS_MAX = 10**10
_INDEX_MAX = 10
_N_MAX = 2**63
_TEXT = re.compile(r"(0|[1-9][0-9]{0,18})(?:\.([0-9]{10})([0-9]))?")


class Cursor(NamedTuple):
    """After event `n` and, when `turned_at` isn't 0, after message `turn_index` about the windows that turned then.

    Cursors compare as they follow each other.
    """

    n: int
    turned_at: int = 0
    turn_index: int = 0

    def __str__(self) -> str:
        if not self.turned_at:
            return str(self.n)
        seconds, rest = divmod(self.turned_at, SECOND)
        assert rest == 0, "a window turns at a whole second"
        assert 0 < seconds < _SECONDS_MAX, "a window turns after 1970 and before 2286"
        assert 0 <= self.turn_index < _INDEX_MAX, "more meters turn at once than a cursor can number"
        return f"{self.n}.{seconds:010}{self.turn_index}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The cursor that a text names; `Malformed` when it names none."""
        match = _TEXT.fullmatch(text)
        if match is None or int(match[1]) >= _N_MAX:
            raise Malformed(f"{text[:40]!r} is not a cursor such as 123.")
        if match[2] is None:
            return cls(int(match[1]))
        if not int(match[2]):
            raise Malformed(f"{text[:40]!r} is not a cursor: no window turns at second 0.")
        return cls(int(match[1]), int(match[2]) * SECOND, int(match[3]))
