"""Costing of works: no AI credits when they were made or paid for before, else what the price list says."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct, structs

from reelbot.allowance import Item, Ledger, PriceList
from reelbot.errors import ConfigFailure, Malformed, TooBusy
from reelbot.providers.port import ProviderUnavailable
from reelbot.providers.registry import Registry
from reelbot.providers.works import Kind, kind_of, work_hash
from reelbot.records import Owner, number_of
from reelbot.studio.actions import ACTIONS, BY_NAME
from reelbot.studio.actions.action import ActionOffer, AnyAction, Asked, is_asked_again
from reelbot.studio.actions.requests import GenerationAsked, step_asked
from reelbot.studio.core.draft import Draft
from reelbot.studio.core.job import RENDER, Kept, Made, Task
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.planning.plan import STORAGE, Planned, planned, stored_items
from reelbot.studio.store import StudioStore

CREDITS = "ai_credits"

NOT_NOW = (Malformed, StudioRefused, ProviderUnavailable, TooBusy)
"""Why something cannot be asked for as things stand. A page that merely shows prices goes on without this one."""

ALREADY_MADE = "Already made from the same inputs."
PAID_BEFORE = "Paid for already, and then it could not be kept: making it again is free."
DELIVERED = "Paid for and delivered already: what was delivered is taken in, at no charge."


class PriceShown(Struct, frozen=True):
    """What making a step would cost now, at most: `amount` AI credits. `already_made` is why it is 0."""

    action: str
    amount: int
    already_made: bool
    why: str


class Weighed(NamedTuple):
    """A piece of work and the items that it is charged by. `free_why` says why it uses no AI credits, if so."""

    task: Task
    items: tuple[Item, ...]
    free_why: str = ""


class Weigher:
    """Knows the price list and what was made before."""

    def __init__(self, ledger: Ledger, store: StudioStore, registry: Registry) -> None:
        self._ledger = ledger
        self._store = store
        self._registry = registry

    def planned(self, draft: Draft, asked: GenerationAsked) -> Planned:
        """The pieces of work that were asked for."""
        return planned(draft, asked, self._registry, self._ledger.terms.prices)

    async def weighed(self, owner: Owner, plan: Planned) -> list[Weighed]:
        """Each piece of work with what it is charged by.

        Where something was delivered for a slot and could not be taken in, that is what is done, whatever has become of
        the draft since: it was paid for, and the provider is not asked again.
        """
        found = []
        for task, items, asked in zip(plan.tasks, plan.items, plan.asked, strict=True):
            kept = await self._delivered(owner, plan.draft, task, asked)
            if kept is None:
                found.append(await self._weighed(owner, task, items))
            else:
                again = structs.replace(kept.task, slot=task.slot, amounts={}, script_from=None)
                found.append(Weighed(again, stored_items(again.work), DELIVERED))
        return found

    async def _delivered(self, owner: Owner, draft: Draft, task: Task, asked: Asked) -> Kept | None:
        """What was delivered for a slot and is still to be taken in, unless something else is asked for by name."""
        failure = draft.failures.get(str(task.slot))
        if failure is None or not failure.delivered:
            return None
        kept = (await self._store.made(owner, failure.delivered)).kept
        return kept if kept is not None and is_asked_again(asked, kept.task.work) else None

    async def _weighed(self, owner: Owner, task: Task, items: tuple[Item, ...]) -> Weighed:
        """A piece of work and what is due for it. One that an earlier task completes can't be known yet."""
        if task.script_from is not None:
            return Weighed(task, items)
        is_paid, made, kept = await self._store.made(owner, work_hash(task.work))
        if is_paid and made is None:
            # What is stored still has to be counted, since nothing of it was.
            return Weighed(task, stored_items(task.work), PAID_BEFORE if kept is None else DELIVERED)
        if made is not None and await is_there(self._store, owner, made):
            return Weighed(task, (), ALREADY_MADE)
        return Weighed(task, items)

    def _is_on_credits(self, item: Item) -> bool:
        return self._ledger.terms.prices.price_of(item.action).meter == CREDITS

    def credits(self, items: Sequence[Item]) -> int:
        """What items cost in AI credits."""
        prices = self._ledger.terms.prices
        return sum(
            prices.amount_of(one.action, one.quantity, one.provider) for one in items if self._is_on_credits(one)
        )

    async def _price(
        self, owner: Owner, draft: Draft, action: AnyAction, offer: ActionOffer[Asked]
    ) -> PriceShown | None:
        """What an offer would cost now; None when there is nothing to do it on.

        Where something is missing that has to come first, it is the price of the least that it can be.
        """
        try:
            plan = self.planned(draft, GenerationAsked(steps=[step_asked(offer.asked)]))
            weighed = await self.weighed(owner, plan)
        except NOT_NOW:
            return None if offer.slot.part else self._least(draft, action)
        return self._shown(action.name, weighed)

    def priced(self, weighed: Sequence[Weighed]) -> dict[str, PriceShown]:
        """What each of several pieces of work costs, by slot."""
        return {str(one.task.slot): self._shown(kind_of(one.task.work), [one]) for one in weighed}

    def _shown(self, kind: Kind, weighed: Sequence[Weighed]) -> PriceShown:
        items = [item for one in weighed for item in one.items]
        free = all(one.free_why for one in weighed)
        return PriceShown(kind, self.credits(items), free, weighed[0].free_why if free else self._why(items))

    def _least(self, draft: Draft, action: AnyAction) -> PriceShown:
        item = Item(action.name, action.least(draft))
        return PriceShown(action.name, self.credits([item]), False, self._why([item]))

    def _why(self, items: Sequence[Item]) -> str:
        first = items[0]
        return self._ledger.terms.prices.why_of(first.action, first.quantity, first.provider)

    async def prices(self, owner: Owner, draft: Draft) -> dict[str, PriceShown]:
        """What making each slot of a draft would cost now, by slot."""
        offered = [(action, offer) for action in ACTIONS for offer in action.offers(draft)]
        found = {str(offer.slot): await self._price(owner, draft, action, offer) for action, offer in offered}
        return {slot: price for slot, price in found.items() if price is not None}


def require_prices(prices: PriceList) -> None:
    """Raise `ConfigFailure` when the price list lacks an action of the studio."""
    missing = [name for name in (*BY_NAME, RENDER, STORAGE) if name not in prices.prices]
    if missing:
        raise ConfigFailure(
            f"prices.toml has no price for: {', '.join(missing)}.",
            "Add a table for each; one that is to cost nothing has the amount 0.",
        )


async def is_there(store: StudioStore, owner: Owner, made: Made) -> bool:
    """Whether what was made is still the account's: a clip may have been removed to free its place."""
    asset = made.media.asset if made.media else None
    return asset is None or await store.asset(owner, number_of("asset", owner, asset)) is not None


def charged(weighed: Sequence[Weighed], held: Sequence[tuple[str, int]]) -> list[Task]:
    """The tasks with what was held for each: `held` has a meter and an amount for every item, in the same order."""
    amounts = iter(held)
    tasks = []
    for one in weighed:
        total: dict[str, int] = {}
        for _ in one.items:
            meter, amount = next(amounts)
            total[meter] = total.get(meter, 0) + amount
        tasks.append(structs.replace(one.task, amounts=total, is_free=bool(one.free_why)))
    return tasks
