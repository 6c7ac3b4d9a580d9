"""The `RateLimit` and `RateLimit-Policy` fields (IETF draft-ietf-httpapi-ratelimit-headers), in structured field syntax.

`"ai_credits";q=60;w=86400` says 60 in a window of a day, `"ai_credits";r=35;t=3600` that 35 are left and the window ends
in an hour. A meter without a limit or without a window has neither. For how often one may ask, `"requests";q=500;w=10` says
500 at once, and as many again ten seconds later.
"""

from collections.abc import Iterable
from functools import lru_cache

from reelbot.allowance import Allowance
from reelbot.clock import SECOND
from reelbot.web.replies import Fields
from reelbot.web.token_buckets import Rate

_INTEGER_MAX = 999_999_999_999_999
"""The largest integer that structured fields can say (RFC 9651, 3.3.1)."""


def rate_limit_fields(meters: Iterable[Allowance], now: int) -> Fields:
    """Both fields for the meters whose window still runs; none when there is no such meter."""
    policies, limits = [], []
    for allowance in meters:
        meter, _, starts_at, ends_at, limit, used, held = allowance
        if limit is None or ends_at is None or ends_at <= now:
            continue
        policies.append(_policy(meter, limit, ends_at - starts_at))
        remaining = min(max(0, limit - used - held), _INTEGER_MAX)
        limits.append(f'"{meter}";r={remaining};t={-(-(ends_at - now) // SECOND)}')
    if not policies:
        return ()
    return (
        (b"ratelimit-policy", ", ".join(policies).encode()),
        (b"ratelimit", ", ".join(limits).encode()),
    )


def request_fields(rate: Rate, wait_ms: int) -> Fields:
    """Both fields and `Retry-After` for who has to wait before the next request."""
    seconds = max(1, -(-wait_ms // SECOND))
    return (
        (b"retry-after", b"%d" % seconds),
        (b"ratelimit-policy", b'"requests";q=%d;w=%d' % (rate.burst, rate.window_seconds)),
        (b"ratelimit", b'"requests";r=0;t=%d' % seconds),
    )


@lru_cache(maxsize=4096)
def _policy(meter: str, limit: int, window_ms: int) -> str:
    return f'"{meter}";q={min(limit, _INTEGER_MAX)};w={window_ms // SECOND}'
