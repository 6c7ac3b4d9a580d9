"""Failure points: what becomes of a hold when work ends without success, by where it ended. Read from failures.toml."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, assert_never

CREDITS = "ai_credits"
"""The one meter that a failure may use; every other limit is never touched by one."""


class FailurePoint(StrEnum):
    """Where an operation ended."""

    BEFORE_ACCEPTANCE = "before_acceptance"
    AT_PROVIDER = "at_provider"
    AT_PROVIDER_BILLED = "at_provider_billed"
    AFTER_DELIVERY = "after_delivery"
    CANCELLED_RUNNING = "cancelled_running"
    IN_PART = "in_part"
    UNKNOWN = "unknown"


class Rule(StrEnum):
    """What becomes of a held amount."""

    RELEASE = "release"
    SETTLE_ALL = "settle_all"
    SETTLE_DELIVERED = "settle_delivered"
    KEEP = "keep"


class FailureRule(NamedTuple):
    """The rules of one failure point, for AI credits and for every other meter, and the sentence that says why."""

    point: FailurePoint
    ai_credits: Rule
    other: Rule
    sentence: str

    def rule_for(self, meter: str) -> Rule:
        """What becomes of what is held of a meter."""
        return self.ai_credits if meter == CREDITS else self.other


FailureTable = Mapping[FailurePoint, FailureRule]
"""A rule for every failure point."""


def settled_amount(rule: Rule, held: int, delivered: int) -> int | None:
    """How much of a held amount becomes usage when `delivered` is what the work that arrived costs; the rest goes back.

    Never more than was held. None when the hold stays as it is.
    """
    match rule:
        case Rule.RELEASE:
            return 0
        case Rule.SETTLE_ALL:
            return held
        case Rule.SETTLE_DELIVERED:
            return min(held, delivered)
        case Rule.KEEP:
            return None
        case _:
            assert_never(rule)
