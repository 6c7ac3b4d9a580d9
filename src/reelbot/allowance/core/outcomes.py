"""What the ledger answers: an `Answer` for an accepted command, a `Refusal` for an expected no.

Refusals are values. `Status` is ordered by precedence: of all that stands against a command, the first is told.
"""

from enum import StrEnum
from typing import Literal, NamedTuple

import msgspec

from reelbot.allowance.core.balances import Allowance
from reelbot.allowance.core.commands import Line
from reelbot.allowance.core.entries import Kind
from reelbot.ids import id_text

HoldState = Literal["open", "unknown", "settled", "released", "expired"]


class Status(StrEnum):
    """Why a command was refused, first reason first."""

    ACCOUNT_NOT_FOUND = "account_not_found"
    KEY_REUSED = "key_reused"
    HOLD_NOT_FOUND = "hold_not_found"
    HOLD_IN_USE = "hold_in_use"
    HOLD_SETTLED = "hold_settled"
    HOLD_RELEASED = "hold_released"
    HOLD_EXPIRED = "hold_expired"
    HOLD_OPEN = "hold_open"
    AMOUNT_ABOVE_HOLD = "amount_above_hold"
    PLAN_HIGHER = "plan_higher"
    PLAN_NOT_HIGHER = "plan_not_higher"
    ALLOWANCE_EXHAUSTED = "allowance_exhausted"


class HeldLine(NamedTuple):
    """One line of a hold, in the window it was taken in. `settled` is what became usage, less what was refunded."""

    meter: str
    action: str | None
    kind: str
    window_start: int
    window_end: int | None
    held: int
    settled: int

    @property
    def window(self) -> tuple[int, int | None]:
        """Start and end of the window that counts this line."""
        return self.window_start, self.window_end


class RefusedLine(NamedTuple):
    """A line that did not fit. `fits_at` is when it will if nothing else is used; None when it never can on this plan."""

    meter: str
    action: str | None
    amount: int
    fits_at: int | None


AnswerKind = Literal[Kind, "key"]
"""What an entry may say of a command, or "key" where there is no entry: the use of a key alone."""


class Answer(NamedTuple):
    """An accepted command. `meters` are the figures of every meter it touched, right after it, under `plan`."""

    kind: AnswerKind
    lane: int
    account: int
    at: int
    hold: int
    state: HoldState | None
    expires_at: int | None
    lines: tuple[HeldLine, ...]
    refused: tuple[RefusedLine, ...]
    meters: tuple[Allowance, ...]
    plan: str
    zone: str

    @property
    def hold_id(self) -> str:
        """The hold's id, to settle or release it by; empty when no hold is concerned."""
        return id_text("hold", self.lane, self.account, self.hold) if self.hold else ""


class Shortage(NamedTuple):
    """The figures of a limit that a command did not fit under.

    `needed` is all that the command asks of that meter, `fits` what of the whole command would fit now, `fits_at` when
    all of it will if nothing else is used, None when it never can under this limit.
    """

    allowance: Allowance
    needed: int
    zone: str
    fits: tuple[Line, ...]
    fits_at: int | None


class InUse(NamedTuple):
    """Whose a hold is that somebody else asked to end: the id of what it was placed for, and the state it is in."""

    owner: str
    state: HoldState


class Refusal(NamedTuple):
    """An expected no. Nothing was written.

    `shortage` is there when the status is `allowance_exhausted`, `in_use` when it is `hold_in_use`.
    """

    status: Status
    account: int
    at: int
    hold: int
    shortage: Shortage | None = None
    in_use: InUse | None = None


class Replay(NamedTuple):
    """The same key with the same content was answered before: here is that answer, and nothing happened again."""

    answer: Answer


Outcome = Answer | Replay | Refusal

encode_answer = msgspec.json.Encoder().encode
decode_answer = msgspec.json.Decoder(Answer).decode
