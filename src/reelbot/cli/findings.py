"""What `reelbot doctor` finds: a check, its state in a word, what was seen and what to do about it."""

from typing import Literal, NamedTuple

State = Literal["ok", "warning", "error"]


class Finding(NamedTuple):
    """What one check found, and what to do about it."""

    check: str
    state: State
    detail: str
    advice: str = ""
