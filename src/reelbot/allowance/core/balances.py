"""What is kept for one (account, meter, window), and the allowance that it makes concrete.

`remaining = limit - used - held`, never below 0; `used + held` never exceeds the limit when a hold is accepted.
"""

from typing import Literal, NamedTuple

LOW_PERCENT = 80
"""From this share of the limit on, a meter is `low`: the first warning."""

State = Literal["available", "low", "exhausted", "unlimited"]


class Balance(NamedTuple):
    """One row of the ledger's state. `granted` is what grants added to the plan's limit in this window."""

    used: int
    held: int
    granted: int


EMPTY = Balance(0, 0, 0)


class Allowance(NamedTuple):
    """A quota made concrete for one account in one window. `limit` None is unlimited and already holds the grants."""

    meter: str
    kind: str
    starts_at: int
    ends_at: int | None
    limit: int | None
    used: int
    held: int

    @property
    def remaining(self) -> int | None:
        """What could be held now; None is unlimited. Never negative, also after a downgrade below what is used."""
        return remaining_of(self.limit, self.used + self.held)

    @property
    def state(self) -> State:
        """The word for how full the meter is."""
        return state_of(self.limit, self.used + self.held)

    def fits(self, amount: int) -> bool:
        """Whether `amount` more could be held; nothing always fits."""
        return self.limit is None or amount == 0 or self.used + self.held + amount <= self.limit


def remaining_of(limit: int | None, taken: int) -> int | None:
    """What a limit leaves; None is unlimited."""
    if limit is None:
        return None
    return limit - taken if taken < limit else 0


def state_of(limit: int | None, taken: int) -> State:
    """The word for how much of a limit is taken."""
    if limit is None:
        return "unlimited"
    if taken >= limit:
        return "exhausted"
    return "low" if taken * 100 >= limit * LOW_PERCENT else "available"
