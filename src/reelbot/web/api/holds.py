"""`/api/v1/holds`: set amounts aside, look at a hold, settle it, release it. The hot path of the API."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from reelbot.allowance import Answer, HeldLine, Instant, Item, Line, MeterFigures, Receipt, RefusedLine, meter_figures
from reelbot.clock import instant_text, instant_text_or_none
from reelbot.errors import Malformed
from reelbot.ids import id_text, place_of
from reelbot.limits import HOLD_SECONDS_DEFAULT, HOLD_SECONDS_MAX, LINES_MAX
from reelbot.web.api.quotes import items_of
from reelbot.web.operations import Call
from reelbot.web.problems import CREATED, OK, Problem
from reelbot.web.ratelimit import rate_limit_fields
from reelbot.web.replies import REPLAYED, Reply, json_reply
from reelbot.web.requests import spoken
from reelbot.web.shapes import Amount, AmountOrNone, Items, MeterName, Why

HoldState = Literal["open", "unknown", "settled", "released", "expired"]

NO_HOLD = "There is no such hold."
"""Said of a hold that is not there and of one that is somebody else's: the two must not be told apart."""

_encode = msgspec.json.Encoder().encode


class LineAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """An amount of a meter."""

    meter: MeterName
    amount: Amount


class SettledLineAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """How much of a meter became usage; 0 is a fine amount."""

    meter: MeterName
    amount: AmountOrNone


class HoldAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """What to set aside: actions of the price list, or amounts. With `quote`, no action costs more than was quoted.

    `mode` says whether all of it must fit or whatever does; `expires_in` is in seconds.
    """

    items: Items | None = None
    lines: Annotated[list[LineAsked], Meta(min_length=1, max_length=LINES_MAX)] | None = None
    mode: Literal["all", "fit"] = "all"
    expires_in: Annotated[int, Meta(ge=1, le=HOLD_SECONDS_MAX)] = HOLD_SECONDS_DEFAULT
    quote: Annotated[str, Meta(pattern="^quote_[A-Za-z0-9_-]+$")] | None = None
    why: Why | None = None


class SettlementAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """What became usage; without lines all that is held. The rest goes back."""

    lines: Annotated[list[SettledLineAsked], Meta(min_length=1, max_length=LINES_MAX)] | None = None
    why: Why | None = None


class ReleaseAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """Why nothing of the hold was used."""

    why: Why | None = None


class HeldLineShown(Struct, frozen=True):
    """One line of a hold, and what of it became usage."""

    meter: str
    action: str | None
    amount: int
    settled: int


class RefusedLineShown(Struct, frozen=True):
    """A line that did not fit; `fits_at` says when it will if nothing else is used, null when never on this plan."""

    meter: str
    action: str | None
    amount: int
    fits_at: Instant | None


class TouchedUsage(Struct, frozen=True):
    """The figures of the meters that a command touched, right after it."""

    account: str
    plan: str
    timezone: str
    as_of: Instant
    meters: list[MeterFigures]


class HoldRead(Struct, frozen=True):
    """A hold as it stands. What did not fit was told once, to whoever placed it.

    `expires_at` is null for a hold of a job or a post, which ends it.
    """

    id: str
    state: HoldState
    lines: list[HeldLineShown]
    refused: list[RefusedLineShown]
    expires_at: Instant | None


class HoldShown(Struct, frozen=True):
    """A hold right after a command, with the figures that the command led to."""

    id: str
    state: HoldState
    lines: list[HeldLineShown]
    refused: list[RefusedLineShown]
    expires_at: Instant
    usage: TouchedUsage


async def place_hold(call: Call) -> Reply:
    """Set aside."""
    asked: HoldAsked = call.body
    receipt = await call.site.ledger.hold(
        call.account,
        _what(asked),
        key=_required(call.key),
        expires_in=asked.expires_in,
        mode=asked.mode,
        quote=asked.quote,
        why=spoken(asked.why),
    )
    return _receipt_reply(call, "hold", CREATED, receipt)


def _what(asked: HoldAsked) -> list[Item] | list[Line]:
    if asked.items is not None and asked.lines is None:
        return items_of(asked.items)
    if asked.lines is not None and asked.items is None:
        return [Line(line.meter, line.amount) for line in asked.lines]
    raise Malformed("Name either items or lines, and not both.", "$")


def _required(key: str | None) -> str:
    assert key is not None, "the route table requires a key"
    return key


async def settle_hold(call: Call) -> Reply:
    """Turn into usage."""
    asked: SettlementAsked = call.body
    amounts = None if asked.lines is None else [Line(line.meter, line.amount) for line in asked.lines]
    receipt = await call.site.ledger.settle(own_hold(call), amounts, key=call.key, why=spoken(asked.why))
    return _receipt_reply(call, "settlement", OK, receipt)


async def release_hold(call: Call) -> Reply:
    """Give back."""
    asked: ReleaseAsked = call.body
    receipt = await call.site.ledger.release(own_hold(call), key=call.key, why=spoken(asked.why))
    return _receipt_reply(call, "release", OK, receipt)


async def read_hold(call: Call) -> Reply:
    """Tell how a hold stands."""
    name = own_hold(call)
    facts = await call.site.ledger.hold_facts(call.account, name)
    if facts is None:
        raise Problem("not_found", NO_HOLD)
    lines = [_held_line(line) for line in facts.lines]
    return json_reply(OK, _encode(HoldRead(name, facts.state, lines, [], instant_text_or_none(facts.expires_at))))


def own_hold(call: Call) -> str:
    """The hold that the path names, as one of the caller's own account.

    For a text that is no id, and for the id of another account, it is number 0 of the caller's account. There never is
    one, and the ledger looks for it as it looks for any other: nobody learns which ids exist by what takes how long.
    """
    place = place_of(call.named)
    own = place is not None and (place.kind, place.lane, place.account) == ("hold", call.who.lane, call.who.account)
    return id_text("hold", call.who.lane, call.who.account, place.seq if place is not None and own else 0)


def _receipt_reply(call: Call, kind: str, status: int, receipt: Receipt) -> Reply:
    answer = receipt.answer
    call.site.counts.carried_out(kind, receipt.replayed)
    assert answer.state is not None and answer.expires_at is not None, "this answer is about a hold"
    shown = HoldShown(
        receipt.id,
        answer.state,
        [_held_line(line) for line in answer.lines],
        [_refused_line(line) for line in answer.refused],
        instant_text(answer.expires_at),
        _touched(call.who.name, answer),
    )
    fields = rate_limit_fields(answer.meters, answer.at)
    return json_reply(status, _encode(shown), fields + REPLAYED if receipt.replayed else fields)


def _touched(name: str, answer: Answer) -> TouchedUsage:
    meters = [meter_figures(one) for one in answer.meters]
    return TouchedUsage(name, answer.plan, answer.zone, instant_text(answer.at), meters)


def _held_line(line: HeldLine) -> HeldLineShown:
    return HeldLineShown(line.meter, line.action, line.held, line.settled)


def _refused_line(line: RefusedLine) -> RefusedLineShown:
    fits_at = instant_text_or_none(line.fits_at)
    return RefusedLineShown(line.meter, line.action, line.amount, fits_at)
