"""The page of what went wrong: nothing there, not yours, broken, out of reach."""

from collections.abc import Mapping
from types import MappingProxyType

from reelbot.web.pages.visits import Shown
from reelbot.web.problems import DEFECT, Problem

_HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        "forbidden": "This is not yours to open",
        "not_found": "Nothing is here",
        "method_not_allowed": "This cannot be done here",
        "too_large": "That was too large",
        "too_busy": "Too much is asked at once",
        DEFECT: "Something is broken here",
        "ledger_unavailable": "The ledger is out of reach",
    }
)
_OTHERWISE = "That did not work"

_PASSING = frozenset({"too_busy", "ledger_unavailable", DEFECT})
"""What may be over when one tries again."""


def shown(problem: Problem) -> Shown:
    """A page that says what is wrong, and where to go from here."""
    heading = _HEADINGS.get(problem.code, _OTHERWISE)
    values = {
        "status": problem.status,
        "heading": heading,
        "detail": problem.detail,
        "is_passing": problem.code in _PASSING,
    }
    return Shown("problem", values, heading, problem.status)
