"""`POST /api/v1/quotes`: what actions would cost, at most, and whether they fit. Changes nothing."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from reelbot.allowance import Allowance, Instant, Item, MeterFigures, Quote, QuotedLine, meter_figures
from reelbot.clock import instant_text, instant_text_or_none
from reelbot.web.operations import Call
from reelbot.web.problems import OK
from reelbot.web.ratelimit import rate_limit_fields
from reelbot.web.replies import Reply, json_reply
from reelbot.web.shapes import ItemAsked, Items

_encode = msgspec.json.Encoder().encode


class QuoteAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """The actions to be priced."""

    items: Items


class QuotedLineShown(Struct, frozen=True):
    """One action with its amount. `fits_at` says when it will fit; null when it fits now, or never will on this plan."""

    action: str
    quantity: int
    provider: str | None
    meter: str
    amount: int
    why: str
    fits: bool
    fits_at: Instant | None


class QuoteShown(Struct, frozen=True):
    """A quote. Nobody is charged more than this until `expires_at`; `after` is what would stand if what fits were held."""

    id: str
    lines: list[QuotedLineShown]
    totals: dict[str, int]
    fits: bool
    after: list[MeterFigures]
    expires_at: Instant


async def quote_items(call: Call) -> Reply:
    """Price the items."""
    asked: QuoteAsked = call.body
    quote = await call.site.ledger.quote(call.account, items_of(asked.items))
    shown = QuoteShown(
        quote.id,
        [_line(line) for line in quote.lines],
        quote.totals,
        quote.fits,
        [meter_figures(one) for one in quote.after],
        instant_text(quote.expires_at),
    )
    return json_reply(OK, _encode(shown), rate_limit_fields(_present(quote), call.site.clock()))


def items_of(asked: list[ItemAsked]) -> list[Item]:
    """Items as the ledger takes them."""
    return [Item(one.action, one.quantity, one.provider) for one in asked]


def _line(line: QuotedLine) -> QuotedLineShown:
    item, what = line.priced
    fits_at = instant_text_or_none(line.fits_at)
    return QuotedLineShown(
        *item[:2], item.provider, what.meter, what.amount, what.why or item.action, line.fits, fits_at
    )


def _present(quote: Quote) -> Iterator[Allowance]:
    """The figures of now: a quote holds nothing, so what would be held by it is still there."""
    for after in quote.after:
        quoted = sum(one.priced.line.amount for one in quote.lines if one.fits and one.priced.line.meter == after.meter)
        yield after._replace(held=after.held - quoted)
