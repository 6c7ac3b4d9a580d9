"""Subscription & usage: the plan, every limit with its window, the price list, the plans side by side, changing them."""

import secrets
from collections.abc import Sequence
from typing import NamedTuple

from reelbot.allowance import Meter, Price
from reelbot.web.pages.meters import title_of
from reelbot.web.pages.plan_changes import offer_of
from reelbot.web.pages.visits import Goto, Outcome, Shown, Told, Visit
from reelbot.web.pages.wording import BYTE, amount_text, full_instant_words

_OPERATORS_OWN = "Moved by its owner, an operator"


class PriceRow(NamedTuple):
    """An action of the price list in words."""

    title: str
    price: str
    note: str


async def show(visit: Visit) -> Outcome:
    """Show it."""
    ledger, usage = visit.site.ledger, visit.figures
    catalogue = ledger.terms.catalogue
    changes = [await ledger.plan_change(visit.account, plan) for plan in catalogue.plans]
    at_once = visit.member.role == "operator"
    next_at = "" if usage.next_plan_at is None else full_instant_words(usage.next_plan_at, usage.zone)
    values = {
        "plan_title": catalogue.plans[usage.plan].title,
        "next_title": "" if usage.next_plan is None else catalogue.plans[usage.next_plan].title,
        "next_at": next_at,
        "offers": [offer_of(change, usage, catalogue, at_once=at_once) for change in changes],
        "prices": _prices(visit),
        "once": secrets.token_hex(16),
    }
    return Shown("subscription", values, "Plan and limits")


async def change(visit: Visit) -> Outcome:
    """Move to a plan; to the present one takes a scheduled move back."""
    ledger = visit.site.ledger
    plan = visit.field("plan")
    offered = offer_of(
        await ledger.plan_change(visit.account, plan),
        visit.figures,
        ledger.terms.catalogue,
        at_once=visit.member.role == "operator",
    )
    key = visit.field("once") or secrets.token_hex(16)
    if visit.member.role == "operator":
        await ledger.change_plan(visit.account, plan, key=key, by="operator", why=_OPERATORS_OWN)
    else:
        await ledger.change_plan(visit.account, plan, key=key)
    visit.site.counts.carried_out("plan", replayed=False)
    return Goto("/subscription", Told("good", _done(offered.direction, offered.title, offered.sentence)))


def _done(direction: str, title: str, sentence: str) -> str:
    match direction:
        case "up":
            return f"You are on {title} now; what was used stays used."
        case "stay":
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
