"""`reelbot prices`: what each action costs."""

from collections.abc import Iterator

import click
from rich.table import Table
from rich.text import Text

from reelbot.allowance import Price, PriceList
from reelbot.allowance.core.explain import counted
from reelbot.allowance.core.prices import FULL_PRICE
from reelbot.cli.call import Invocation, configured
from reelbot.cli.terminal import table
from reelbot.wiring import terms_of


@click.command()
@configured
def prices(call: Invocation) -> None:
    """Show what each action costs, and the factors of single providers."""
    listed = terms_of(call.config).prices
    call.show(_document(listed), _table(listed), *_notes(listed))


def _document(listed: PriceList) -> dict[str, object]:
    return {"prices": [price._asdict() for price in listed.prices.values()], "providers": dict(listed.factors)}


def _table(listed: PriceList) -> Table:
    rows = table("Action", "What", "Costs", wrapped=("What", "Costs"))
    for price in listed.prices.values():
        rows.add_row(price.action, price.title, f"{counted(price.amount, listed.meters[price.meter])} {_per(price)}")
    return rows


def _per(price: Price) -> str:
    of = f" of {price.of}" if price.of else ""
    return f"for each {price.unit}{of}" if price.per == 1 else f"for every started {price.per} {price.units}{of}"


def _notes(listed: PriceList) -> Iterator[Text]:
    """What is to be said about single actions, and the providers that do not cost the full price."""
    for price in listed.prices.values():
        if price.note:
            yield Text(f"{price.action}: {price.note}", style="dim")
    for provider, percent in listed.factors.items():
        if percent != FULL_PRICE:
            yield Text(f"With {provider} everything costs {percent} % of this, rounded up.")
