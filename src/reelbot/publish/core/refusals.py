"""The expected *no* of publishing: a code that programs know, and a sentence for people."""

from typing import Literal

Code = Literal["not_found", "post_locked", "not_ready", "forbidden"]


class PublishRefused(Exception):
    """An expected no. Nothing was changed."""

    def __init__(self, code: Code, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
