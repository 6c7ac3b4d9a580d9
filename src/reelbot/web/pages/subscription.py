"""Subscription & usage: the plan, every limit with its window, the price list, the plans side by side, changing them."""

import secrets
from collections.abc import Sequence
from typing import NamedTuple

from reelbot.allowance import Meter, Price
from reelbot.subscriptions import CLOSED, Requested, Way
from reelbot.web.pages.meters import title_of
from reelbot.web.pages.plan_changes import offer_shown, request_shown
from reelbot.web.pages.visits import Flash, Goto, Outcome, Shown, Visit
from reelbot.web.pages.wording import BYTE, amount_text, full_instant_words


class PriceRow(NamedTuple):
    """An action of the price list in words."""

    title: str
    price: str
    note: str


async def show(visit: Visit) -> Outcome:
    """Show it."""
    subscriptions, usage = visit.site.subscriptions, visit.figures
    catalogue = visit.site.ledger.terms.catalogue
    request = await subscriptions.latest(visit.account)
    offers = [
        await subscriptions.offer(visit.account, plan, is_operator=_is_operator(visit)) for plan in catalogue.plans
    ]
    values = {
        "plan_title": catalogue.plans[usage.plan].title,
        "next_title": "" if usage.next_plan is None else catalogue.plans[usage.next_plan].title,
        "next_at": "" if usage.next_plan_at is None else full_instant_words(usage.next_plan_at, usage.zone),
        "offers": [offer_shown(offer, usage, catalogue, request) for offer in offers],
        "rule": subscriptions.rule(_is_operator(visit)),
        "request": request_shown(request, usage, catalogue),
        "prices": _prices(visit),
        "once": secrets.token_hex(16),
    }
    return Shown("subscription", values, "Plan and limits")


async def change(visit: Visit) -> Outcome:
    """Move to a plan, or request it; to the present one takes a scheduled move back."""
    subscriptions, plan = visit.site.subscriptions, visit.field("plan")
    offer = await subscriptions.offer(visit.account, plan, is_operator=_is_operator(visit))
    if offer.way == "closed":
        return Goto("/subscription", Flash("bad", CLOSED))
    shown = offer_shown(offer, visit.figures, visit.site.ledger.terms.catalogue, None)
    key = f"page {visit.field('once') or secrets.token_hex(16)}"
    done = await subscriptions.change(visit.account, plan, is_operator=_is_operator(visit), key=key)
    if isinstance(done, Requested):
        return Goto("/subscription", Flash("good", f"You requested {shown.title}. We'll tell you when it's decided."))
    visit.site.counts.carried_out("plan", done.receipt.replayed)
    return Goto("/subscription", Flash("good", _done(offer.way, shown.title, shown.sentence)))


async def withdraw(visit: Visit) -> Outcome:
    """Ask no longer."""
    await visit.site.subscriptions.withdraw(visit.account)
    return Goto("/subscription", Flash("good", "Your request is withdrawn. Nothing has changed."))


def _is_operator(visit: Visit) -> bool:
    return visit.member.role == "operator"


def _done(way: Way, title: str, sentence: str) -> str:
    match way:
        case "up":
            return f"You are on {title} now; what was used stays used."
        case "stay" | "keep":
            return f"You stay on {title}."
        case _:
            return f"Done. {sentence}"


def _prices(visit: Visit) -> dict[str, Sequence[PriceRow]]:
    """The price list: what draws on the first meter, and what draws on the others."""
    terms = visit.site.ledger.terms
    first = next(iter(terms.catalogue.meters.values()))
    rows: dict[str, list[PriceRow]] = {title_of(first): [], "Other limits": []}
    for price in terms.prices.prices.values():
        title = title_of(first) if price.meter == first.name else "Other limits"
        rows[title].append(PriceRow(price.title, _rate(price, terms.catalogue.meters[price.meter], first), price.note))
    return {title: tuple(some) for title, some in rows.items() if some}


def _rate(price: Price, meter: Meter, first: Meter) -> str:
    """What one unit takes; the name of the meter is said where it is not the first one."""
    if price.amount == price.per == 1 and price.unit == meter.one:
        return "its size" if meter.one == BYTE else f"1 {meter.one}"
    amount = amount_text(price.amount, meter.one)
    named = (
        amount if meter == first or meter.one == BYTE else f"{amount} {meter.one if price.amount == 1 else meter.many}"
    )
    if price.per > 1:
        return f"{named} per started {price.per} {price.units}{f' of {price.of}' if price.of else ''}"
    return f"{named} per {price.unit}"
