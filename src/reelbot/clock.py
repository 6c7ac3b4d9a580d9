"""Instants: whole milliseconds since 1970-01-01T00:00:00Z, read from a clock that is always a parameter.

Inside ReelBot an instant is an `int` whose name ends in `_at`; at the edge it is RFC 3339 text in UTC with `Z`.
"""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

Clock = Callable[[], int]

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def system_clock() -> int:
    """Now, in milliseconds, by the machine's own clock."""
    return time.time_ns() // 1_000_000


@lru_cache(maxsize=4096)
def instant_text(at: int) -> str:
    """`at` as RFC 3339 in UTC: `2026-03-01T12:00:00Z`, with three decimals only when they are not zero.

    Cached: all commands of a batch and all requests of a millisecond share their instant, and wording it would cost more
    than anything else in an answer.
    """
    whole = datetime.fromtimestamp(at // SECOND, UTC).isoformat()[:19]
    part = at % SECOND
    return f"{whole}.{part:03d}Z" if part else f"{whole}Z"


def instant_text_or_none(at: int | None) -> str | None:
    """The same of an instant that may not have come."""
    return None if at is None else instant_text(at)


def instant_from(text: str) -> int:
    """The instant that an RFC 3339 text names; `ValueError` when it is not one or has no offset."""
    if not _INSTANT.fullmatch(text):
        raise ValueError(f"{text!r} is not an RFC 3339 instant such as 2026-03-01T12:00:00Z")
    moment = datetime.fromisoformat(text.upper())
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * SECOND + moment.microsecond // 1_000
