"""The page of what went wrong: nothing there, not yours, broken, out of reach."""

from collections.abc import Mapping
from types import MappingProxyType

from reelbot.web.pages.visits import Shown

_HEADINGS: Mapping[int, str] = MappingProxyType(
    {
        403: "This is not yours to open",
        404: "Nothing is here",
        405: "This cannot be done here",
        413: "That was too large",
        429: "Too many tries",
        500: "Something is broken here",
        503: "The ledger is out of reach",
    }
)
_OTHERWISE = "That did not work"


def shown(status: int, detail: str) -> Shown:
    """A page that says what is wrong, and where to go from here."""
    heading = _HEADINGS.get(status, _OTHERWISE)
    return Shown("problem", {"status": status, "heading": heading, "detail": detail}, heading, status)
