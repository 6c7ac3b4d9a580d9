"""Tells the log who was refused because a share was used up: at once, and then a line a minute, however often it happens."""

import logging
from collections import OrderedDict

from reelbot.clock import MINUTE

QUIET_MS = MINUTE
"""Between two lines about the same party: the second says how many there were meanwhile."""

LINES_MAX = 20
"""Within a minute, about whomever: a thousand addresses at once are counted together."""

PARTIES_MAX = 1_000
"""Whose last line is remembered: the one refused longest ago makes room, and is told about at once when it comes again."""

_log = logging.getLogger(__name__)


class Refusals:
    """The refusals of this process. `total` counts them all."""

    def __init__(self) -> None:
        self.total = 0
        self._told: OrderedDict[tuple[str, str], _RefusalCount] = OrderedDict()
        self._minute = 0
        self._lines = 0
        self._untold = 0

    def note(self, what: str, who: str, now: int) -> None:
        """Count a refusal, and tell of it unless the same was told within the last minute."""
        self.total += 1
        told = self._of(what, who)
        told.untold += 1
        if told.at is not None and 0 <= now - told.at < QUIET_MS:
            return
        if not self._has_line(now):
            self._untold += 1
            return
        _log.warning("Refused %s: %s has used up its share%s.", what, who, _more(told.untold - 1, self._untold))
        told.at, told.untold, self._untold = now, 0, 0

    def _of(self, what: str, who: str) -> "_RefusalCount":
        told = self._told.pop((what, who), None) or _RefusalCount()
        self._told[what, who] = told
        if len(self._told) > PARTIES_MAX:
            self._told.popitem(last=False)
        return told

    def _has_line(self, now: int) -> bool:
        if now // MINUTE != self._minute:
            self._minute, self._lines = now // MINUTE, 0
        self._lines += 1
        return self._lines <= LINES_MAX


class _RefusalCount:
    """When the last line about somebody was written, and how many refusals there were since."""

    __slots__ = ("at", "untold")

    def __init__(self) -> None:
        self.at: int | None = None
        self.untold = 0


def _more(own: int, others: int) -> str:
    """What a line says besides: how many came since the last one, of the same party and of parties without a line."""
    told = [f"{own:,} more since it was told last"] if own else []
    told += [f"{others:,} of others besides"] if others else []
    return f" ({'; '.join(told)})" if told else ""
