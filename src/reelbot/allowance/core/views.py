"""The view of figures that outsiders have: in `GET /usage`, in a `usage` event, on a page. One shape, one place."""

from functools import lru_cache
from typing import Annotated

import msgspec

from reelbot.allowance.core.balances import Allowance, State, remaining_of, state_of
from reelbot.allowance.core.outcomes import Answer
from reelbot.clock import instant_text

Instant = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"}, examples=["2026-03-01T12:00:00Z"])]
"""RFC 3339 in UTC."""


class WindowFigures(msgspec.Struct, frozen=True):
    """A window as outsiders see it; a standing window has no instants."""

    kind: str
    starts_at: Instant | None
    ends_at: Instant | None


class MeterFigures(msgspec.Struct, frozen=True):
    """An allowance as outsiders see it: in `GET /usage`, in a `usage` event, on a page."""

    meter: str
    window: WindowFigures
    limit: int | None
    used: int
    held: int
    remaining: int | None
    state: State


@lru_cache(maxsize=4096)
def window_figures(kind: str, starts_at: int, ends_at: int | None) -> WindowFigures:
    """The window in words. Cached: all commands of a day share a handful of windows."""
    if ends_at is None:
        return WindowFigures(kind, None, None)
    return WindowFigures(kind, instant_text(starts_at), instant_text(ends_at))


def meter_figures(allowance: Allowance) -> MeterFigures:
    """The figures that everything outside shows."""
    meter, kind, starts_at, ends_at, limit, used, held = allowance
    window, taken = window_figures(kind, starts_at, ends_at), used + held
    return MeterFigures(meter, window, limit, used, held, remaining_of(limit, taken), state_of(limit, taken))


_encode = msgspec.json.Encoder().encode


def usage_events(answer: Answer) -> list[bytes]:
    """The body of one `usage` event for each meter whose running window an accepted command touched.

    What happens in a window that is over changes nothing that is on screen, and is told by the history alone.
    """
    return [_encode(meter_figures(one)) for one in answer.meters if one.ends_at is None or one.ends_at > answer.at]
