"""A change of plan in words: what happens, and exactly when, by the account's own clock; and what became of a request."""

from collections.abc import Sequence
from typing import NamedTuple

from reelbot.allowance import Catalogue, Meter, Usage
from reelbot.clock import DAY
from reelbot.subscriptions import Offer, PlanRequest, Way, title_of
from reelbot.web.pages.meters import title_of as meter_title
from reelbot.web.pages.wording import BYTE, amount_text, full_instant_words

NOTICE_DAYS = 30
"""How long the page of the plan tells what became of a request."""

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


class OfferShown(NamedTuple):
    """A plan beside the others, and what choosing it would do: `way` is as `subscriptions` says it."""

    name: str
    title: str
    is_present: bool
    is_scheduled: bool
    is_lowest: bool
    is_requested: bool
    way: Way
    sentence: str
    limits: Sequence[LimitMoved]


class RequestShown(NamedTuple):
    """The account's last request in words: open, or decided lately."""

    title: str
    state: str
    at: str
    by: str
    why: str


def offer_shown(offer: Offer, usage: Usage, catalogue: Catalogue, request: PlanRequest | None) -> OfferShown:
    """What choosing a plan does."""
    change, plan = offer.change, catalogue.plans[offer.change.plan]
    limits = [_moved(catalogue.meters[meter], *moved) for meter, moved in change.limits.items()]
    is_requested = request is not None and request.state == "open" and request.plan == plan.name
    return OfferShown(
        plan.name,
        plan.title,
        change.stays,
        change.plan == usage.next_plan,
        plan.rank == 0,
        is_requested,
        offer.way,
        _sentence(offer, usage, catalogue),
        limits,
    )


def request_shown(
    request: PlanRequest | None, usage: Usage, catalogue: Catalogue, days: int = NOTICE_DAYS
) -> RequestShown | None:
    """The last request, while it is open and for some days after it was decided."""
    if request is None or (request.decided_at or usage.as_of) < usage.as_of - days * DAY:
        return None
    at = full_instant_words(request.decided_at or request.asked_at, usage.zone)
    return RequestShown(title_of(catalogue, request.plan), request.state, at, request.by or "", request.why or "")


def _moved(meter: Meter, before: int | None, after: int | None) -> LimitMoved:
    texts = (amount_text(before, meter.one), amount_text(after, meter.one))
    what = "storage" if meter.one == BYTE else meter.one if after == 1 else meter.many
    return LimitMoved(meter_title(meter), *texts, f"{what}{_EACH[meter.window]}")


def _sentence(offer: Offer, usage: Usage, catalogue: Catalogue) -> str:
    change = offer.change
    present, plan = (catalogue.plans[name].title for name in (change.present, change.plan))
    match offer.way:
        case "stay" | "keep":
            return f"You are on {present}."
        case "up":
            return f"You move to {plan} at once. What you have used stays used, and the limits rise."
        case "request":
            return (
                f"Moving up to {plan} needs approval here. Your request goes to the operators of this server; until one of "
                f"them approves it, you stay on {present} and nothing changes."
            )
        case "closed":
            return f"Ask whoever runs this server to move you to {plan}."
        case "down" if offer.at_once:
            return (
                f"You move to {plan} at once, because you are an operator. What you have used stays used; where that is "
                "above the new limit, only new use waits. Nothing is deleted."
            )
        case "down":
            assert change.effective_at is not None, "a downgrade waits for the end of the month"
            when = f"{full_instant_words(change.effective_at, usage.zone)} ({usage.zone})"
            return (
                f"You stay on {present} until {when} and are on {plan} from then on. Until then you can take it back. "
                "Nothing is deleted: where more is in use than the new limit, only new use waits."
            )
