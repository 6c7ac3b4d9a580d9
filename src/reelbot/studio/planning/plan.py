"""Plans the works that a request needs: which slot, from which inputs, by whom, how much of it.

Nothing is written here. New scenes and settings that the asking implies are part of the planned draft; whoever places the
hold saves it in the same transaction.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET

from reelbot.allowance import FULL_PRICE, Item, PriceList
from reelbot.errors import Malformed
from reelbot.providers.port import Provider, ProviderUnavailable, ability_of
from reelbot.providers.registry import Registry
from reelbot.providers.works import (
    Kind,
    Work,
    kind_of,
)
from reelbot.studio.actions import BY_NAME, BY_SLOT, action_of
from reelbot.studio.actions.action import Asked, ChosenProvider
from reelbot.studio.actions.requests import GenerationAsked, StepAsked
from reelbot.studio.core import edits
from reelbot.studio.core.draft import Draft, SlotRef
from reelbot.studio.core.job import Task
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.core.slots import slot_refs
from reelbot.studio.core.staleness import pinned, stale_slots
from reelbot.studio.limits import (
    BATCH_TASKS_MAX,
)

STORAGE = "storage"
"""The action of the price list that stored bytes are counted by."""


class Planned(NamedTuple):
    """Pieces of work in order, what each would cost as items of the price list, and the draft as it has to be for them.

    `asked` are the options that were asked for with each.
    """

    draft: Draft
    tasks: tuple[Task, ...]
    items: tuple[tuple[Item, ...], ...]
    asked: tuple[Asked, ...]
    unchanged: tuple[SlotRef, ...] = ()


class _Plan:
    """A draft on its way, and the tasks so far."""

    def __init__(self, draft: Draft, registry: Registry, factors: Mapping[str, int]) -> None:
        self.draft = draft
        self.tasks: list[Task] = []
        self.items: list[tuple[Item, ...]] = []
        self.asked: list[Asked] = []
        self._asked = Asked()
        self._registry = registry
        self._factors = factors

    def add(self, step: StepAsked) -> None:
        """Put what one step asks for at the end."""
        self._asked = step.asked
        BY_NAME[step.step].plan(self, self._asked)

    def again(self, ref: SlotRef) -> None:
        """Put what no longer matches at the end; nobody has asked for the options that it was made with."""
        action = BY_SLOT[ref.name]
        action.plan(self, action.again(self.draft, ref))

    def task(self, ref: SlotRef, work: Work, chosen: ChosenProvider, **facts: Any) -> None:
        """Put a piece of work at the end, checked by its provider unless an earlier one has to complete it."""
        if len(self.tasks) >= BATCH_TASKS_MAX:
            raise Malformed(f"At most {BATCH_TASKS_MAX} pieces of work can be asked for at once.", "steps")
        edits.require_room(self.draft, ref)
        provider, awaits = chosen.provider, facts.get("script_from") is not None
        provider.check(self._foreseen(work) if awaits else work)
        quantity = self.draft.settings.duration_s if awaits else provider.quantity(work)
        facts.setdefault("inputs", pinned(self.draft, ref))
        self.tasks.append(Task(slot=ref, work=work, **facts))
        self.items.append(self._items(work, provider, quantity))
        self.asked.append(self._asked)

    def _foreseen(self, work: Work) -> Work:
        """A work whose script is still to be written, with another text in its place: enough to check the rest."""
        foreseen: Work = action_of(work).completed(work, self.draft.text_of("script") or self.draft.text_of("topic"))
        return foreseen

    def _items(self, work: Work, provider: Provider, quantity: int) -> tuple[Item, ...]:
        # A provider that costs the full price is not named, so that a quote for the mere action is a quote for this.
        item = Item(kind_of(work), quantity, provider.name if provider.name in self._factors else None)
        return (item, *stored_items(work))

    def _provider(self, kind: Kind, options: Asked) -> Provider:
        """Who makes it: whom the options, the settings or the installation name. It is there and able to."""
        name = options.provider or self.draft.settings.providers.get(kind)
        provider = self._registry.provider(name) if name else self._registry.default(kind)
        missing = provider.missing()
        if missing is not None:
            raise ProviderUnavailable(f"{provider.title} cannot be used yet.", missing)
        return provider

    def chosen(self, kind: Kind, asked: Asked) -> ChosenProvider:
        """Who makes it, and the members that all works have but the variation; the options checked by its ability."""
        provider = self._provider(kind, asked)
        ability = ability_of(provider, kind)
        kept = self.draft.settings.provider_options.get(kind, {}).get(provider.name, {})
        common = {
            "provider": provider.name,
            "options": chosen_options(provider, kind, asked.provider_options or kept),
            "edition": UNSET if ability.edition is None else ability.edition,
        }
        return ChosenProvider(provider, ability, common)


def chosen_options(provider: Provider, kind: Kind, asked: Mapping[str, Any]) -> dict[str, Any]:
    """All of a provider's own options, those that were not given as they are by default.

    `Malformed` names the one that cannot be meant, as `provider_options.NAME` where it is known which.
    """
    try:
        chosen = msgspec.convert(asked, ability_of(provider, kind).options)
    except msgspec.ValidationError as error:
        says, _, place = str(error).partition(" - at ")
        name = place.strip("`").removeprefix("$.")
        where = f"provider_options.{name}" if name else "provider_options"
        raise Malformed(f"{provider.title}{', ' if name else ''}{name}: {says}.", where) from error
    built: dict[str, Any] = msgspec.to_builtins(chosen)
    return built


def stored_items(work: Work) -> tuple[Item, ...]:
    """What of a work's result counts as storage, whatever making it costs."""
    stored = action_of(work).stored_bytes(work)
    return (Item(STORAGE, stored),) if stored else ()


def planned(draft: Draft, asked: GenerationAsked, registry: Registry, prices: PriceList) -> Planned:
    """The pieces of work that were asked for. `Malformed` or `StudioRefused` says why there can't be any."""
    if [asked.step is not None, asked.steps is not None, asked.stale].count(True) != 1:
        raise Malformed('Name one of "step", "steps" and "stale".', "step")
    factors = {name: factor for name, factor in prices.factors.items() if factor != FULL_PRICE}
    plan = _Plan(draft, registry, factors)
    if asked.stale:
        stale = to_refresh(draft)
        if not stale:
            raise StudioRefused("nothing_to_do", "Everything is up to date.")
        for ref in stale:
            plan.again(ref)
        unchanged = tuple(ref for ref in slot_refs(draft) if _has_ai_result(draft, ref) and ref not in stale)
        return Planned(plan.draft, tuple(plan.tasks), tuple(plan.items), tuple(plan.asked), unchanged)
    for step in asked.steps or ():
        plan.add(step)
    if asked.step is not None:
        plan.add(StepAsked(asked.step, asked.options))
    return Planned(plan.draft, tuple(plan.tasks), tuple(plan.items), tuple(plan.asked))


def to_refresh(draft: Draft) -> tuple[SlotRef, ...]:
    """What bringing up to date makes again: all that is stale, but no ideas for a topic that has been chosen."""
    chosen = bool(draft.text_of("topic"))
    return tuple(ref for ref in stale_slots(draft) if not (ref.name == "suggestions" and chosen))


def _has_ai_result(draft: Draft, ref: SlotRef) -> bool:
    version = draft.version(ref)
    return version is not None and version.by == "ai"
