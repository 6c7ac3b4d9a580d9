"""Compares what was delivered with what was charged for it. The ledger knows no videos: rooms tell what they delivered.

A room reads what it delivered and the holds that pay for it in one reading, so that work which goes on meanwhile is no
fault. What is due is what was held for the thing when it was asked for, so a price or a factor of 0 is none either.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from reelbot.allowance.core.book import HoldFacts
from reelbot.allowance.core.commands import AccountRef
from reelbot.allowance.faults import Fault
from reelbot.ids import place_of

NOTHING: Mapping[str, int] = MappingProxyType({})


class Delivery(NamedTuple):
    """Something that an account got: what it is, the hold that pays for it, and the owner of that hold, where it is known.

    `due` is what must have been charged of each meter, or held while the work goes on. `action` names one that must have
    been charged whole: that of a thing which is there only once its hold is settled.
    """

    thing: str
    hold: str
    owner: str | None
    due: Mapping[str, int] = NOTHING
    action: str | None = None


Deliveries = Callable[[AccountRef], Awaitable[Fault | None]]
"""A room's part of the audit: the first thing of an account that was delivered without its charge."""


def hold_numbers(deliveries: Sequence[Delivery]) -> list[int]:
    """The numbers of the holds that pay for these; 0, which none has, for what names no hold."""
    places = [place_of(one.hold) for one in deliveries]
    return [0 if place is None or place.kind != "hold" else place.seq for place in places]


def first_uncharged(account: str, deliveries: Sequence[Delivery], holds: Sequence[HoldFacts]) -> Fault | None:
    """The first of these that its hold does not pay for."""
    by_number = {hold.id: hold for hold in holds}
    for delivery, number in zip(deliveries, hold_numbers(deliveries), strict=True):
        missing = _missing(delivery, by_number.get(number))
        if missing is not None:
            return Fault(account, delivery.thing, "uncharged", *missing)
    return None


def _missing(delivery: Delivery, hold: HoldFacts | None) -> tuple[str, str] | None:
    """What was expected and what was found instead; None when all that is due was charged."""
    if hold is None:
        return "a hold that counts it", "none"
    if delivery.owner is not None and hold.owner not in (None, delivery.owner):
        return f"a hold of {delivery.owner}", f"one of {hold.owner}"
    is_held = hold.state in ("open", "unknown")
    for meter, due in delivery.due.items():
        charged = sum(line.held if is_held else line.settled for line in hold.lines if line.meter == meter)
        if charged < due:
            return f"{due} of {meter} charged on {delivery.hold}", str(charged)
    if delivery.action is None:
        return None
    lines = [line for line in hold.lines if line.action == delivery.action]
    held, settled = sum(line.held for line in lines), sum(line.settled for line in lines)
    if lines and settled >= held:
        return None
    return f"{held or 'some'} for a {delivery.action} charged on {delivery.hold}", str(
        settled
    ) if lines else "no such line"
