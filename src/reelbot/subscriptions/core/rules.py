"""Who may move up to a plan by themselves. Moving down and cancelling is always the account's own.

`open`: anybody, with a click. `request`: the account asks, and an operator approves or declines. `closed`: operators set
plans. Where nothing is set, operators move freely and everybody else asks.
"""

from typing import Literal, NamedTuple

from reelbot.allowance import PlanChange

PlanChanges = Literal["open", "request", "closed"]
"""Who may move up to a plan: anybody, whoever an operator approves, nobody by themselves."""

Way = Literal["stay", "keep", "down", "up", "request", "closed"]
"""What choosing a plan does: nothing; takes a scheduled move back; schedules a move down; moves up at once; asks an
operator; nothing, because it may not."""


class Offer(NamedTuple):
    """What moving to a plan would do. `at_once` says that a move down does not wait for the end of the month."""

    change: PlanChange
    way: Way
    at_once: bool


def rule_for(setting: PlanChanges | None, is_operator: bool) -> PlanChanges:
    """The rule for whoever asks. What is set counts for everybody, operators included."""
    return setting or ("open" if is_operator else "request")


def offer_of(change: PlanChange, is_higher: bool, rule: PlanChanges, is_operator: bool) -> Offer:
    """What choosing a plan would do under a rule."""
    return Offer(change, _way(change, is_higher, rule), moves_at_once(rule, is_operator))


def moves_at_once(rule: PlanChanges, is_operator: bool) -> bool:
    """Whether who asks moves as an operator moves accounts: down at once too, which nobody has to wait for."""
    return is_operator and rule == "open"


def _way(change: PlanChange, is_higher: bool, rule: PlanChanges) -> Way:
    if change.stays:
        return "keep" if change.cancels else "stay"
    if not is_higher:
        return "down"
    return "up" if rule == "open" else rule
