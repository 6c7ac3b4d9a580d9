"""What sets an account apart from its plan, in words: grants and limits of its own, each with its reason and end."""

from collections.abc import Sequence
from typing import NamedTuple

from reelbot.allowance import Catalogue
from reelbot.web.operator_actions import Exceptions, GrantInForce, OverrideInForce
from reelbot.web.pages.meters import title_of
from reelbot.web.pages.wording import amount_text, full_instant_words

ALWAYS = "for good"
"""A grant to a standing limit has no window that ends."""


class Granted(NamedTuple):
    """A grant that is in force, in words."""

    title: str
    amount: str
    at: str
    until: str
    why: str


class Apart(NamedTuple):
    """A limit that is not the plan's, in words; `plans` is what the plan would allow."""

    title: str
    limit: str
    plans: str
    at: str
    why: str


class ExceptionsShown(NamedTuple):
    """All of both, for one account."""

    granted: Sequence[Granted]
    apart: Sequence[Apart]


def exceptions_shown(found: Exceptions, catalogue: Catalogue, zone: str) -> ExceptionsShown:
    """What is in force for an account now, by its own clock."""
    return ExceptionsShown(
        [_granted(one, catalogue, zone) for one in found.grants],
        [_apart(one, catalogue, zone) for one in found.overrides],
    )


def _granted(grant: GrantInForce, catalogue: Catalogue, zone: str) -> Granted:
    meter = catalogue.meters[grant.meter]
    return Granted(
        title_of(meter),
        amount_text(grant.amount, meter.one),
        full_instant_words(grant.at, zone),
        ALWAYS if grant.until_at is None else f"until {full_instant_words(grant.until_at, zone)}",
        grant.why,
    )


def _apart(override: OverrideInForce, catalogue: Catalogue, zone: str) -> Apart:
    meter = catalogue.meters[override.meter]
    return Apart(
        title_of(meter),
        amount_text(override.limit, meter.one),
        amount_text(override.by_plan, meter.one),
        full_instant_words(override.at, zone),
        override.why,
    )
