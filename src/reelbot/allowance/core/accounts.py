"""What the ledger knows of an account: its plan, its calendar, its exceptions."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from reelbot.allowance.core.balances import EMPTY, Allowance, Balance
from reelbot.allowance.core.plans import Catalogue
from reelbot.allowance.core.windows import Calendar, Window, window_at

NO_OVERRIDES: Mapping[str, int | None] = MappingProxyType({})


class Account(NamedTuple):
    """The facts that decisions about an account depend on. `next_plan` takes over by itself at `next_plan_at`."""

    lane: int
    id: int
    name: str
    created_at: int
    plan: str
    next_plan: str | None
    next_plan_at: int | None
    calendar: Calendar
    overrides: Mapping[str, int | None]

    def plan_at(self, now: int) -> str:
        """The plan in force at an instant from now on: no job makes a downgrade happen, time does."""
        if self.next_plan is not None and self.next_plan_at is not None and now >= self.next_plan_at:
            return self.next_plan
        return self.plan


def window_of(account: Account, catalogue: Catalogue, meter: str, now: int) -> Window:
    """The window in which a meter counts for this account now."""
    return window_at(account.calendar, catalogue.meters[meter].window, now)


def running_starts(account: Account, catalogue: Catalogue, now: int) -> dict[str, int]:
    """Where the window begins in which each meter counts for this account now."""
    calendar = account.calendar
    return {name: window_at(calendar, meter.window, now).starts_at for name, meter in catalogue.meters.items()}


def limit_of(account: Account, catalogue: Catalogue, meter: str, now: int, granted: int) -> int | None:
    """The limit in force, grants included; None is unlimited."""
    return limit_under(catalogue.plans[account.plan_at(now)].limits, account.overrides, meter, granted)


def limit_under(
    limits: Mapping[str, int | None], overrides: Mapping[str, int | None], meter: str, granted: int
) -> int | None:
    """The limit that a plan's limits and an account's exceptions from them come to, grants included."""
    limit = overrides[meter] if meter in overrides else limits[meter]
    return None if limit is None else limit + granted


def allowance_of(
    account: Account, catalogue: Catalogue, meter: str, window: Window, balance: Balance, now: int
) -> Allowance:
    """The figures of one meter in one window."""
    limit = limit_of(account, catalogue, meter, now, balance.granted)
    return Allowance(meter, window.kind, window.starts_at, window.ends_at, limit, balance.used, balance.held)


def fresh_allowance(account: Account, catalogue: Catalogue, meter: str, window: Window) -> Allowance:
    """The figures that a window will begin with when nothing is used in it."""
    return allowance_of(account, catalogue, meter, window, EMPTY, window.starts_at)
