"""A request for a higher plan: its states, and the expected *no*.

open -> approved | declined | withdrawn. An account has one open request; asking for another plan withdraws the one before.
A request never becomes open again, and its number never comes again, so that what an operator approves is what they saw.
"""

from typing import Literal, NamedTuple

from reelbot.allowance import AccountRef
from reelbot.ids import id_text

RequestState = Literal["open", "approved", "declined", "withdrawn"]
"""Where a request for a higher plan stands."""

KIND = "request"
"""What ids of requests begin with."""

REASON_LENGTH_MAX = 250
"""Characters of an operator's reason: with the operator's name before it, it fits the reason of a ledger entry."""

ASKED_A_DAY_MAX = 10
"""Requests of one account within a day: operators are told of each, and nobody makes up their mind so often."""

UNANSWERED_KEPT_DAYS = 7
"""How long a withdrawn request is kept, for those who still hold its id. With the bound above at most 70 rows an account."""

Code = Literal["forbidden", "not_found", "request_closed", "too_many_requests"]


class SubscriptionRefused(Exception):
    """An expected no. Nothing was changed."""

    def __init__(self, code: Code, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class PlanRequest(NamedTuple):
    """A wish to move from `present` to `plan`. `by` names the operator who decided, `why` is their reason."""

    lane: int
    account: int
    number: int
    name: str
    plan: str
    present: str
    state: RequestState
    asked_at: int
    decided_at: int | None
    by: str | None
    why: str | None

    @property
    def id(self) -> str:
        """The request as outsiders name it."""
        return id_text(KIND, self.lane, self.account, self.number)

    @property
    def ref(self) -> AccountRef:
        """The account that asks."""
        return AccountRef(self.lane, self.account, self.name)
