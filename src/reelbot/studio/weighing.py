"""What pieces of work cost: nothing when they were made or paid for before, else what the price list says."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import structs

from reelbot.allowance import Item, Ledger
from reelbot.errors import Failure, Malformed
from reelbot.studio.core.asking import GenerationAsked, OptionsAsked
from reelbot.studio.core.drafts import Draft, SlotRef
from reelbot.studio.core.jobs import Task
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.core.works import Kind, work_hash
from reelbot.studio.providers.registry import Registry
from reelbot.studio.shown import PriceShown
from reelbot.studio.store import Owner, StudioStore
from reelbot.studio.tasks import Planned, planned

CREDITS = "ai_credits"


class Weighed(NamedTuple):
    """A piece of work and the items that it is charged by; none when it was made before."""

    task: Task
    items: tuple[Item, ...]


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
        """Each piece of work with what it is charged by."""
        return [
            Weighed(task, () if await self.is_paid(owner, task) else items)
            for task, items in zip(plan.tasks, plan.items, strict=True)
        ]

    async def is_paid(self, owner: Owner, task: Task) -> bool:
        """Whether the very same work was paid for before. One that an earlier task completes can't be known yet."""
        return task.script_from is None and (await self._store.made(owner, work_hash(task.work)))[0]

    def credits(self, items: Sequence[Item]) -> int:
        """What items cost in AI credits."""
        prices = self._ledger.terms.prices
        on_credits = (one for one in items if prices.price_of(one.action).meter == CREDITS)
        return sum(prices.amount_of(one.action, one.quantity, one.provider) for one in on_credits)

    async def price(self, owner: Owner, draft: Draft, kind: Kind, scene: int | None = None) -> PriceShown | None:
        """What one AI action on a draft would cost now; None when there is no such price or nothing to do it on.

        Where something is missing that has to come first, it is the price of the least that it can be.
        """
        options = OptionsAsked(scene=scene)
        try:
            plan = self.planned(draft, GenerationAsked(step=kind, options=options))
            weighed = await self.weighed(owner, plan)
        except (Malformed, StudioRefused, Failure):
            return self._least(draft, kind) if scene is None else None
        items = [item for one in weighed for item in one.items]
        why = "Already made from the same inputs." if not items else self._why(items)
        return PriceShown(kind, self.credits(items), not items, why)

    def _least(self, draft: Draft, kind: Kind) -> PriceShown | None:
        prices = self._ledger.terms.prices
        if kind not in prices.prices:
            return None
        quantity = draft.settings.duration_s if kind == "voiceover" else 1
        item = Item(kind, quantity)
        return PriceShown(kind, self.credits([item]), False, self._why([item]))

    def _why(self, items: Sequence[Item]) -> str:
        first = items[0]
        return self._ledger.terms.prices.why_of(first.action, first.quantity, first.provider)

    async def prices(self, owner: Owner, draft: Draft) -> dict[str, PriceShown]:
        """What making each slot of a draft would cost now, by slot."""
        kinds: dict[str, tuple[Kind, int | None]] = {
            "suggestions": ("topic", None),
            "title": ("rewrite", None),
            "picture": ("image", None),
            "music": ("music", None),
        }
        if draft.flow == "narrated":
            kinds |= {"script": ("script", None), "voiceover": ("voiceover", None)}
        for scene in draft.scenes:
            kinds[str(SlotRef("picture", scene.id))] = ("image", scene.id)
            kinds[str(SlotRef("animation", scene.id))] = ("animation", scene.id)
        found = {slot: await self.price(owner, draft, kind, scene) for slot, (kind, scene) in kinds.items()}
        return {slot: price for slot, price in found.items() if price is not None}


def charged(weighed: Sequence[Weighed], held: Sequence[tuple[str, int]]) -> list[Task]:
    """The tasks with what was held for each: `held` has a meter and an amount for every item, in the same order."""
    amounts = iter(held)
    tasks = []
    for one in weighed:
        total: dict[str, int] = {}
        for _ in one.items:
            meter, amount = next(amounts)
            total[meter] = total.get(meter, 0) + amount
        tasks.append(structs.replace(one.task, amounts=total))
    return tasks
