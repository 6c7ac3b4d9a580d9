"""A change of plan in words: what happens, and exactly when, by the account's own clock. Used by two pages."""

from collections.abc import Sequence
from typing import NamedTuple

from reelbot.allowance import Catalogue, Meter, PlanChange, Usage
from reelbot.web.pages.meters import title_of
from reelbot.web.pages.wording import BYTE, amount_text, full_instant_words

_EACH = {"day": " a day", "month": " a month", "standing": ""}


class LimitMoved(NamedTuple):
    """A limit before and after, in words; `counts` is what it counts, how often: `posts a month`."""

    title: str
    before: str
    after: str
    counts: str

    @property
    def moves(self) -> bool:
        """Whether it is another one."""
        return self.before != self.after


class Offer(NamedTuple):
    """A plan beside the others, and what moving to it would do."""

    name: str
    title: str
    is_present: bool
    is_scheduled: bool
    is_lowest: bool
    direction: str
    sentence: str
    limits: Sequence[LimitMoved]


def offer_of(change: PlanChange, usage: Usage, catalogue: Catalogue, *, at_once: bool) -> Offer:
    """What moving to a plan does. `at_once` for an operator, who does not wait for the end of a month."""
    plan = catalogue.plans[change.plan]
    direction = _direction(change, catalogue)
    limits = [_moved(catalogue.meters[meter], *moved) for meter, moved in change.limits.items()]
    sentence = _sentence(change, usage, catalogue, at_once=at_once)
    is_scheduled = change.plan == usage.next_plan
    return Offer(plan.name, plan.title, change.stays, is_scheduled, plan.rank == 0, direction, sentence, limits)


def _moved(meter: Meter, before: int | None, after: int | None) -> LimitMoved:
    texts = (amount_text(before, meter.one), amount_text(after, meter.one))
    what = "storage" if meter.one == BYTE else meter.one if after == 1 else meter.many
    return LimitMoved(title_of(meter), *texts, f"{what}{_EACH[meter.window]}")


def _direction(change: PlanChange, catalogue: Catalogue) -> str:
    if change.stays:
        return "stay"
    return "up" if catalogue.plans[change.plan].rank > catalogue.plans[change.present].rank else "down"


def _sentence(change: PlanChange, usage: Usage, catalogue: Catalogue, *, at_once: bool) -> str:
    present, plan = (catalogue.plans[name].title for name in (change.present, change.plan))
    if change.stays:
        return f"You are on {present}."
    if _direction(change, catalogue) == "up":
        return f"You move to {plan} at once. What you have used stays used, and the limits rise."
    if at_once:
        return (
            f"You move to {plan} at once, because you are an operator. What you have used stays used; where that is "
            "above the new limit, only new use waits. Nothing is deleted."
        )
    assert change.effective_at is not None, "a downgrade waits for the end of the month"
    when = f"{full_instant_words(change.effective_at, usage.zone)} ({usage.zone})"
    return (
        f"You stay on {present} until {when} and are on {plan} from then on. Until then you can take it back. "
        "Nothing is deleted: where more is in use than the new limit, only new use waits."
    )
