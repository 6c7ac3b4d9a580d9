"""The bootstrap account: the first one of an installation, there without any registration."""

from typing import NamedTuple

from reelbot.allowance import AccountRef, Catalogue
from reelbot.cli.timezone import machine_timezone
from reelbot.wiring import FIRST_LABEL, NameTaken, Parts, open_account

OWNER = "owner"
OWNER_PLAN = "pro"


class First(NamedTuple):
    """The bootstrap account; `key` and `terms` when it was opened just now."""

    account: AccountRef
    key: str | None = None
    terms: str = ""

    @property
    def name(self) -> str:
        """The account's name."""
        return self.account.name


async def first_account(parts: Parts) -> First:
    """The oldest account; on an empty database the owner, who is an operator too, is opened."""
    some = await parts.ledger.accounts(None, 1)
    if some:
        return First(AccountRef(some[0].lane, some[0].id, some[0].name))
    catalogue, zone = parts.ledger.terms.catalogue, machine_timezone()
    plan = _owner_plan(catalogue)
    try:
        opened = await open_account(parts, OWNER, plan, zone, "operator", FIRST_LABEL)
    except NameTaken:  # by another server that began at the same moment
        return await first_account(parts)
    terms = f"an operator on the {catalogue.plans[plan].title} plan, its days counted in {zone}"
    return First(opened.account, opened.key, terms)


def _owner_plan(catalogue: Catalogue) -> str:
    """The plan of the first account; the highest one where an operator's file has no such plan."""
    return OWNER_PLAN if OWNER_PLAN in catalogue.plans else list(catalogue.plans)[-1]
