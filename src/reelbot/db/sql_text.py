"""SQL as text: what of it is a comment or stands in quotes, and what is left."""

import re
from collections.abc import Callable

_OPAQUE = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|\s*--[^\n]*)""")
"""A text, a quoted name, or a comment with the space before it: every second piece when SQL is split by this."""


def without_comments(sql: str) -> str:
    """The same SQL with no comments."""
    return "".join(piece for piece in _OPAQUE.split(sql) if not piece.lstrip().startswith("--")).strip()


def plain(sql: str) -> str:
    """What of it is neither a comment nor in quotes."""
    return "".join(_OPAQUE.split(sql)[::2]).strip()


def changed_outside_quotes(sql: str, change: Callable[[str], str]) -> str:
    """The SQL with what is neither a comment nor in quotes changed."""
    return "".join(piece if at % 2 else change(piece) for at, piece in enumerate(_OPAQUE.split(sql)))
