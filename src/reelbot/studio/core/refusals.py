"""The studio's expected *no*: a code that programs know, a sentence for people, and what else there is to say."""

from collections.abc import Mapping
from typing import Any, Literal

Code = Literal[
    "not_found",
    "draft_locked",
    "revision_conflict",
    "confirmation_needed",
    "step_running",
    "nothing_to_do",
    "not_ready",
    "too_many_requests",
]


class StudioRefused(Exception):
    """An expected no. Nothing was changed."""

    def __init__(self, code: Code, detail: str, members: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.members = members or {}


NO_DRAFT = "There is no such draft."


LOCKED = "This draft is being rendered. It can be changed again when the render has ended, or cancel the render."
