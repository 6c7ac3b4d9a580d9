"""Retries with a growing back-off: when a message that could not be delivered is tried again, ten times over most of a day.

There is no dead letter queue: after the last attempt the webhook is disabled and what waits for it is forgotten. The
stream of events still has all of it, for as long as events are kept.
"""

from reelbot.clock import HOUR, MINUTE, SECOND

WAITS_MS = (
    5 * SECOND,
    30 * SECOND,
    2 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
)
"""After each failed attempt but the last: a restart is bridged in seconds, a night without an operator in the end."""

ATTEMPTS_MAX = len(WAITS_MS) + 1


def next_attempt_at(attempts: int, now: int, webhook: int) -> int | None:
    """When the next attempt is due after so many have failed; None when there is none left.

    Up to a tenth is added, by the webhook's number, so that a receiver of many webhooks isn't tried by all at once.
    """
    if attempts >= ATTEMPTS_MAX:
        return None
    wait_ms = WAITS_MS[attempts - 1]
    return now + wait_ms + wait_ms * (webhook % 101) // 1_000
