"""The operator's page of what is in force: the plans with how many accounts are on each, and the configuration."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reelbot.allowance import AccountRef, Ledger
from reelbot.web.pages.meters import title_of
from reelbot.web.pages.operator_jobs import facts_shown
from reelbot.web.pages.visits import Outcome, Shown, Visit
from reelbot.web.pages.wording import amount_text, number_text

READ_AT_ONCE = 500
"""Accounts that are counted at once."""

COUNTED_MAX = 100_000
"""Accounts that are counted for one page: a few seconds' work; of more it says "at least"."""

UNSET = {
    "plans": "as packaged",
    "prices": "as packaged",
    "failures": "as packaged",
    "providers": "none: everything is made by the embedded ones",
    "public_url": "the address that ReelBot listens on",
    "proxies": "none is trusted",
    "plan_changes": "operators move freely, everybody else asks",
}
"""What it means that something is not named."""

_SWITCHES = {"True": "yes", "False": "no"}


class PlanRow(NamedTuple):
    """A plan of the catalogue: its limits in words, how many accounts are on it, and how many will move to it."""

    title: str
    limits: Sequence[str]
    accounts: str
    coming: str


class Setting(NamedTuple):
    """A setting in force. `is_said` is False where nothing was set, and `value` tells what that means."""

    name: str
    value: str
    is_said: bool


class Census(NamedTuple):
    """Accounts by the plan in force, and by the one that they will move to; `is_whole` once all were counted."""

    present: Mapping[str, int]
    coming: Mapping[str, int]
    is_whole: bool


async def show(visit: Visit) -> Outcome:
    """Show the plans and the configuration."""
    catalogue = visit.site.ledger.terms.catalogue
    census = await census_of(visit.site.ledger, visit.site.clock())
    least = "" if census.is_whole else "at least "
    plans = [
        PlanRow(
            plan.title,
            [amount_text(plan.limits[name], meter.one) for name, meter in catalogue.meters.items()],
            f"{least}{number_text(census.present.get(plan.name, 0))}",
            number_text(census.coming[plan.name]) if plan.name in census.coming else "",
        )
        for plan in catalogue.plans.values()
    ]
    values = {
        "section": "setup",
        "limits": [title_of(meter) for meter in catalogue.meters.values()],
        "in_force": plans,
        "settings": settings_of(visit.site.pages.configuration),
        **await facts_shown(visit),
    }
    return Shown("operator", values, "Setup")


async def census_of(ledger: Ledger, now: int) -> Census:
    """How many accounts are on each plan now."""
    present: Counter[str] = Counter()
    coming: Counter[str] = Counter()
    after: AccountRef | None = None
    for _ in range(COUNTED_MAX // READ_AT_ONCE):
        page = await ledger.accounts(after, READ_AT_ONCE)
        present.update(account.plan_at(now) for account in page)
        coming.update(
            account.next_plan
            for account in page
            if account.next_plan is not None and account.plan_at(now) != account.next_plan
        )
        if len(page) < READ_AT_ONCE:
            return Census(present, coming, True)
        after = AccountRef(page[-1].lane, page[-1].id, "")
    return Census(present, coming, False)


def settings_of(configuration: Mapping[str, str]) -> list[Setting]:
    """The settings as people read them: switches say yes or no, and what is not set says what that means."""
    return [
        Setting(name, _SWITCHES.get(value, value), True) if value else Setting(name, UNSET.get(name, "not set"), False)
        for name, value in configuration.items()
    ]
