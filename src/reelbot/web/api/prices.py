"""`GET /api/v1/prices`: what each action draws on its meter."""

import msgspec
from msgspec import Struct

from reelbot.web.operations import Call
from reelbot.web.problems import OK
from reelbot.web.replies import Reply, json_reply

_encode = msgspec.json.Encoder().encode


class ListedPrice(Struct, frozen=True):
    """`amount` of a meter for every started `per` units."""

    action: str
    title: str
    meter: str
    amount: int
    per: int
    unit: str
    units: str
    of: str
    note: str


class PricesShown(Struct, frozen=True):
    """All prices; `providers` are the factors of single providers in whole percent, 100 for all others."""

    prices: list[ListedPrice]
    providers: dict[str, int]


async def list_prices(call: Call) -> Reply:
    """Tell the prices."""
    listed = call.site.ledger.terms.prices
    prices = [ListedPrice(*price) for price in listed.prices.values()]
    return json_reply(OK, _encode(PricesShown(prices, dict(listed.factors))))
