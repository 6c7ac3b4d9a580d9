"""Lists of the studio's things on pages: a page at a time, with the way to the older ones."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from reelbot.errors import Malformed
from reelbot.records import Page
from reelbot.web.pages.visits import Visit
from reelbot.web.paging import PageQuery, cut, page_of

LISTED = 24
"""Things on one page: whole rows, whether they have two, three, four or six."""

T = TypeVar("T")


class Listing(NamedTuple):
    """The things of a page, and the cursor of the older ones; None where the list ends."""

    things: Sequence[object]
    older: str | None


def asked_page(visit: Visit, size: int = LISTED) -> tuple[PageQuery, Page]:
    """Which part of a list the address names; its beginning when that cannot be read."""
    query = PageQuery(visit.query.get("after") or None, size)
    try:
        return query, page_of(query)
    except Malformed:
        return PageQuery(None, size), page_of(PageQuery(None, size))


def listed(
    found: Sequence[T], query: PageQuery, place: Callable[[T], tuple[int, int]]
) -> tuple[Sequence[T], str | None]:
    """The things to show and the cursor behind them; `place` is the instant and number that a list is ordered by."""
    return cut(found, query, [place(one) for one in found])
