"""What the front door hands out: receipts, usage, quotes, and the exception that carries a refusal."""

from typing import NamedTuple

from reelbot.allowance.core.balances import Allowance
from reelbot.allowance.core.commands import AccountRef
from reelbot.allowance.core.outcomes import Answer, HeldLine, HoldState, Refusal, RefusedLine
from reelbot.allowance.core.zone_change import MovedWindow
from reelbot.allowance.quotes import PricedItem


class Receipt(NamedTuple):
    """An accepted command. `replayed` tells that the same key was answered before and nothing happened again."""

    account: AccountRef
    answer: Answer
    replayed: bool

    @property
    def id(self) -> str:
        """The hold's id, to settle or release it by; empty when no hold is concerned."""
        return self.answer.hold_id

    @property
    def state(self) -> HoldState | None:
        """The hold's state right after the command."""
        return self.answer.state

    @property
    def lines(self) -> tuple[HeldLine, ...]:
        """What is held, and what of it was settled."""
        return self.answer.lines

    @property
    def refused(self) -> tuple[RefusedLine, ...]:
        """What did not fit, and when it will."""
        return self.answer.refused

    @property
    def meters(self) -> tuple[Allowance, ...]:
        """The figures of every meter that was touched, right after the command."""
        return self.answer.meters


class Usage(NamedTuple):
    """All allowances of an account at one instant. Events after `cursor` are not in these figures."""

    account: AccountRef
    plan: str
    next_plan: str | None
    next_plan_at: int | None
    zone: str
    as_of: int
    meters: tuple[Allowance, ...]
    cursor: int


class QuotedLine(NamedTuple):
    """One line of a quote; `fits_at` is when a line that does not fit will, None when never on this plan."""

    priced: PricedItem
    fits: bool
    fits_at: int | None


class Quote(NamedTuple):
    """What a set of items would cost, at most, until `expires_at`. `after` is what would stand if what fits were held."""

    id: str
    lines: tuple[QuotedLine, ...]
    totals: dict[str, int]
    fits: bool
    after: tuple[Allowance, ...]
    expires_at: int


class PlanChange(NamedTuple):
    """What a change of plan would do: nothing (`stays`), at once (`effective_at` None), or at an instant."""

    present: str
    plan: str
    stays: bool
    effective_at: int | None
    cancels: str | None
    limits: dict[str, tuple[int | None, int | None]]


class ZoneChange(NamedTuple):
    """What a change of time zone would do to the windows that run; none of them when it is the zone already (`stays`).

    A scheduled change of plan, which comes with the end of the month, would come at `next_plan_at`.
    """

    present: str
    zone: str
    stays: bool
    windows: tuple[MovedWindow, ...]
    next_plan: str | None
    next_plan_at: int | None
    sentence: str


class Refused(Exception):
    """The ledger said no, and nothing was written. `refusal` has all the figures, the message is a plain sentence."""

    def __init__(self, refusal: Refusal, sentence: str) -> None:
        super().__init__(sentence)
        self.refusal = refusal
        self.sentence = sentence
