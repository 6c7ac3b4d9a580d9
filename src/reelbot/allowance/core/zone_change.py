"""What a change of time zone does to the windows that run: which end each gets, and how that is said.

Told before the change is confirmed and kept with it, in the same words: whoever moves knows what becomes of the running day
and month, by the clocks of both zones. The rule itself is in `windows`.
"""

from collections.abc import Iterable
from typing import NamedTuple

from reelbot.allowance.core.windows import Calendar, Moving, local_text, next_window, window_at


class MovedWindow(NamedTuple):
    """One running window: the end it had before the change, the end it has after it, and the end of the next one.

    `ends_at` is the instant of the change itself where the window is over with it.
    """

    kind: Moving
    starts_at: int
    ends_at_before: int
    ends_at: int
    next_ends_at: int


def moved_windows(before: Calendar, after: Calendar, now: int) -> tuple[MovedWindow, ...]:
    """The running day and the running month, as a change of zone at `now` leaves them."""
    return _moved_window(before, after, "day", now), _moved_window(before, after, "month", now)


def _moved_window(before: Calendar, after: Calendar, kind: Moving, now: int) -> MovedWindow:
    _, starts_at, old_end = window_at(before, kind, now)
    running = window_at(after, kind, now)
    is_over = running.starts_at != starts_at
    following = running if is_over else next_window(after, running)
    ends_at = running.starts_at if is_over else running.ends_at
    assert old_end is not None, "days and months end"
    assert ends_at is not None, "days and months end"
    assert following.ends_at is not None, "days and months end"
    return MovedWindow(kind, starts_at, old_end, ends_at, following.ends_at)


NO_SECOND = "A change of time zone never gives a second day or a second month: each date counts once."
"""The rule of moves between zones, as people are told it."""


def zone_sentence(
    before: str, zone: str, windows: Iterable[MovedWindow], now: int, *, next_plan: str | None, why: str | None = None
) -> str:
    """What becomes of the running windows, their ends by the clocks of both zones, and of the plan that is to come."""
    told = " ".join(_window_sentence(before, zone, window, now) for window in windows)
    plan = f" The change to {next_plan} comes when the current month ends." if next_plan else ""
    reason = f" Reason: {why}" if why else ""
    return f"Days are counted in {zone} instead of {before}. {told}{plan}{reason}"


def _window_sentence(before: str, zone: str, window: MovedWindow, now: int) -> str:
    kind, following = window.kind, f"the next one on {local_text(window.next_ends_at, zone)}"
    if window.ends_at <= now:
        return f"The current {kind} ends now, as its date is over there; {following}."
    ends = f"{local_text(window.ends_at, zone)} ({local_text(window.ends_at, before)})"
    if window.ends_at == window.ends_at_before:
        return f"The current {kind} still ends on {ends}; {following}."
    how = "later" if window.ends_at > window.ends_at_before else "earlier"
    return f"The current {kind} ends {how}, on {ends}; {following}."
