"""The kinds of error there are, for every room.

- `Malformed`: what was asked cannot be meant; raised where a request is parsed, before anything is touched.
- A refusal, an expected *no*, is a value and not an error; see `reelbot.allowance.core.outcomes`.
- `Failure`: the world broke (disk, database, network); says what to do and whether trying again can help.
- A defect in ReelBot itself is an `AssertionError` and is never caught below the outermost loop.
"""


class Malformed(ValueError):
    """A request that cannot be meant. `field` names the part at fault in the caller's own words, when there is one."""

    def __init__(self, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


class Failure(Exception):
    """The world broke. `code` is stable, `hint` says what to do, `retryable` whether the same call may succeed later."""

    code = "failure"
    retryable = False

    def __init__(self, detail: str, hint: str = "") -> None:
        super().__init__(f"{detail} {hint}".strip())
        self.detail = detail
        self.hint = hint


class ConfigFailure(Failure):
    """A configuration or data file cannot be used; the detail names the file and, where there is one, the line."""

    code = "config"


class DatabaseFailure(Failure):
    """The database cannot be reached, is full, read-only, locked or damaged. Nothing was written by this call."""

    code = "ledger_unavailable"
    retryable = True


class TooBusy(Failure):
    """More work is waiting than the bound allows. Nothing was written; try again in a moment."""

    code = "too_busy"
    retryable = True


class ShareUsedUp(Failure):
    """One party has all that it may have at once; others go on. Nothing was written.

    `retry_seconds` says when to ask again.
    """

    code = "too_many_requests"
    retryable = True

    def __init__(self, detail: str, hint: str = "Try again in a moment.", *, retry_seconds: int = 1) -> None:
        super().__init__(detail, hint)
        self.retry_seconds = retry_seconds


def shown(value: object) -> str:
    """What was given, as a message may repeat it: short, on one line, and whatever it is."""
    try:
        text = repr(value[:60] if isinstance(value, str) else value)
    except ValueError:  # Python refuses to write out a number of thousands of digits
        return "a number so large"
    return text if len(text) <= 40 else f"{text[:40]}…"
