"""Pages of lists that are ordered by an instant: `?after=&limit=`, newest first."""

import re
from collections.abc import Sequence
from typing import Annotated, TypeVar

from msgspec import Meta, Struct

from reelbot.errors import Malformed
from reelbot.limits import PAGE_MAX
from reelbot.records import Page

LISTED = 50
"""Things of one page unless more are asked for."""

T = TypeVar("T")

_CURSOR = re.compile(r"([0-9]{1,15})-([0-9]{1,15})")


class PageQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which part of a list: behind a cursor, so many."""

    after: (
        Annotated[
            str,
            Meta(
                pattern="^[0-9]{1,15}-[0-9]{1,15}$",
                description="The `next` of the page before.",
                examples=["1771070400000-17"],
            ),
        ]
        | None
    ) = None
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX, description="Things of one page.")] = LISTED


def page_of(query: PageQuery) -> Page:
    """What to read for a page: one more than it has, to see whether another follows."""
    if query.after is None:
        return Page(query.limit + 1)
    match = _CURSOR.fullmatch(query.after)
    if match is None:
        raise Malformed("The parameter after: this is not the `next` of a page.", "after")
    return Page(query.limit + 1, int(match[1]), int(match[2]))


def cut(found: Sequence[T], query: PageQuery, places: Sequence[tuple[int, int]]) -> tuple[Sequence[T], str | None]:
    """The things of a page and the cursor behind it; `places` are the instants and numbers that the list is ordered by."""
    page = found[: query.limit]
    if len(found) == len(page):
        return page, None
    at, number = places[len(page) - 1]
    return page, f"{at}-{number}"
