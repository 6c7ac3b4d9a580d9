"""Kinds of members that several resources share, with all that can be said of them before the ledger is asked.

`x-one-of` marks names that the operator's own data define; the OpenAPI document lists them, see `openapi`.
"""

from typing import Annotated

from msgspec import Meta, Struct

from reelbot.limits import AMOUNT_MAX, LINES_MAX, QUANTITY_MAX, SPOKEN_LENGTH_MAX

CursorText = Annotated[
    str,
    Meta(
        pattern=r"^(0|[1-9][0-9]{0,17})(\.[1-9][0-9]{10})?$",
        description="A place in the stream of events. Read as decimal numbers, those of an account never decrease.",
        examples=["123"],
    ),
]

MeterName = Annotated[str, Meta(extra_json_schema={"x-one-of": "meters"})]
ActionName = Annotated[str, Meta(extra_json_schema={"x-one-of": "actions"})]
PlanName = Annotated[str, Meta(extra_json_schema={"x-one-of": "plans"})]
ZoneName = Annotated[str, Meta(extra_json_schema={"x-one-of": "zones"}, examples=["Europe/Paris"])]

ProviderName = Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,59}$", examples=["embedded"])]
Amount = Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]
AmountOrNone = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
Quantity = Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]

Why = Annotated[
    str,
    Meta(
        max_length=SPOKEN_LENGTH_MAX,
        description="A reason, kept in the ledger as one line; what cannot be printed becomes a blank.",
        examples=["Order 17"],
    ),
]


class ItemAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """An action of the price list, and how much of it."""

    action: ActionName
    quantity: Quantity = 1
    provider: ProviderName | None = None


Items = Annotated[list[ItemAsked], Meta(min_length=1, max_length=LINES_MAX)]
