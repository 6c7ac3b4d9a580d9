"""Quotes: signed, so that nothing need be kept of them. A quote changes nothing, and its amounts are a ceiling.

The id carries the account, the lines with their amounts and the deadline, followed by an HMAC-SHA256 over them under the
database's own secret. So any process honours a quote that another one gave, also after the price list changed.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from reelbot.allowance.core.commands import Line
from reelbot.allowance.core.prices import PriceList
from reelbot.clock import SECOND, instant_text
from reelbot.errors import Malformed
from reelbot.limits import QUOTE_SECONDS

QUOTE_LENGTH_MAX = 60_000
"""Characters of a quote's id that are looked at: a hundred lines with the longest names fit, in any script."""

_PREFIX = "quote_"


class Item(NamedTuple):
    """An action, how much of it, and who is to do it: what a caller asks a price for."""

    action: str
    quantity: int = 1
    provider: str | None = None


class PricedItem(NamedTuple):
    """An item with its amount of its meter and the sentence of its price."""

    item: Item
    line: Line


class QuoteExpired(Malformed):
    """A quote that was ours and is over."""


class _Promise(NamedTuple):
    lane: int
    account: int
    expires_at: int
    amounts: tuple[tuple[Item, str, int], ...]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Promise).decode


def priced(prices: PriceList, items: tuple[Item, ...]) -> tuple[PricedItem, ...]:
    """Items at today's prices. `Malformed` for unknown actions and quantities that no line may cost."""
    return tuple(PricedItem(item, _line(prices, item)) for item in items)


def _line(prices: PriceList, item: Item) -> Line:
    amount = prices.amount_of(item.action, item.quantity, item.provider)
    why = prices.why_of(item.action, item.quantity, item.provider)
    return Line(prices.price_of(item.action).meter, amount, item.action, why)


class QuoteSigner:
    """Gives quotes their ids and takes them back."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, lane: int, account: int, items: tuple[PricedItem, ...], now: int) -> tuple[str, int]:
        """The id of a quote, and the instant until which it is a ceiling."""
        expires_at = now + QUOTE_SECONDS * SECOND
        amounts = tuple((one.item, one.line.meter, one.line.amount) for one in items)
        body = _encode(_Promise(lane, account, expires_at, amounts))
        return _PREFIX + base64.urlsafe_b64encode(self._mac(body) + body).decode().rstrip("="), expires_at

    def amounts(self, quote: str, lane: int, account: int, now: int) -> tuple[tuple[Item, str, int], ...]:
        """The items of a quote with their meters and amounts.

        `Malformed` when it was not given to this account, `QuoteExpired` when it is over.
        """
        promise = self._opened(quote)
        if promise is None or (promise.lane, promise.account) != (lane, account):
            raise Malformed("This is not a quote that was given to this account. Ask for a new one.", "quote")
        if now >= promise.expires_at:
            ended = instant_text(promise.expires_at)
            raise QuoteExpired(f"This quote was valid until {ended}. Ask for a new one.", "quote")
        return promise.amounts

    def _opened(self, quote: str) -> _Promise | None:
        if (
            not isinstance(quote, str)
            or not quote.startswith(_PREFIX)
            or len(quote) > QUOTE_LENGTH_MAX
            or not quote.isascii()
        ):
            return None
        text = quote.removeprefix(_PREFIX)
        try:
            signed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            return None
        mac, body = signed[:16], signed[16:]
        return _decode(body) if hmac.compare_digest(mac, self._mac(body)) else None

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self._secret, body, hashlib.sha256).digest()[:16]


def at_most(quoted: tuple[tuple[Item, str, int], ...], items: tuple[PricedItem, ...]) -> tuple[PricedItem, ...]:
    """Today's prices under the ceiling of a quote for the same items, or for more: some may be left out, none added.

    What remains keeps the order of the quote, and each item the ceiling of its own line; `Malformed` for anything else.
    """
    left = iter(quoted)
    return tuple(
        one._replace(line=one.line._replace(amount=min(one.line.amount, _ceiling(left, one)))) for one in items
    )


def _ceiling(left: Iterator[tuple[Item, str, int]], one: PricedItem) -> int:
    """The amount of the next line that is for this item; the lines before it were left out."""
    for item, _, amount in left:
        if item == one.item:
            return amount
    raise Malformed("This quote is for other items. Ask for a new one.", "quote")
