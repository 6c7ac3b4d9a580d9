"""Prices: what an action draws on a meter, in whole amounts and never in floats. Values read from prices.toml."""

from collections.abc import Mapping
from typing import NamedTuple

from reelbot.allowance.core.explain import counted
from reelbot.allowance.core.plans import Meter
from reelbot.errors import Malformed
from reelbot.limits import AMOUNT_MAX

FULL_PRICE = 100
"""The factor, in percent, of every provider that the price list gives none."""


class Price(NamedTuple):
    """`amount` of a meter for every started `per` units. `unit`, `units` and `of` word a quantity: `34 s of speech`."""

    action: str
    title: str
    meter: str
    amount: int
    per: int
    unit: str
    units: str
    of: str
    note: str


class PriceList(NamedTuple):
    """Every price by its action, every meter by its name, and the factors of single providers in whole percent."""

    prices: Mapping[str, Price]
    factors: Mapping[str, int]
    meters: Mapping[str, Meter]

    def price_of(self, action: str) -> Price:
        """The price of an action that somebody named; `Malformed` when there is no such action."""
        if action not in self.prices:
            raise Malformed(f"There is no action {action!r}; there are {', '.join(self.prices)}.", "action")
        return self.prices[action]

    def amount_of(self, action: str, quantity: int, provider: str | None = None) -> int:
        """What `quantity` units of an action cost: started steps count whole, then the provider's factor, rounded up.

        Raises `Malformed` for an unknown action, a quantity below 1, and a cost that no line may have.
        """
        price = self.price_of(action)
        if quantity < 1:
            raise Malformed(f"The quantity of {action} must be at least 1.", "quantity")
        steps = _divided_up(quantity, price.per)
        amount = _divided_up(price.amount * steps * self._factor_of(provider), FULL_PRICE)
        if max(quantity, amount) > AMOUNT_MAX:
            raise Malformed(f"The quantity of {action} is larger than any limit could be.", "quantity")
        return amount

    def why_of(self, action: str, quantity: int, provider: str | None = None) -> str:
        """The sentence of a charge: `Voiceover: 34 s of speech, 1 AI credit per started 10 s`."""
        price = self.price_of(action)
        rate, factor = self._rate_text(price), self._factor_of(provider)
        share = "" if factor == FULL_PRICE else f"at {factor} % for {provider}"
        return f"{price.title}: {', '.join(filter(None, (_quantity_text(price, quantity), rate, share)))}"

    def _factor_of(self, provider: str | None) -> int:
        return FULL_PRICE if provider is None else self.factors.get(provider, FULL_PRICE)

    def _rate_text(self, price: Price) -> str:
        """The price per unit; nothing where a unit is what the meter itself counts (`1 post per post` says nothing)."""
        meter = self.meters[price.meter]
        if price.amount == price.per == 1 and price.unit == meter.one:
            return ""
        step = price.unit if price.per == 1 else f"started {price.per} {price.units}"
        return f"{counted(price.amount, meter)} per {step}"


def _quantity_text(price: Price, quantity: int) -> str:
    units = f"{quantity:,} {price.unit if quantity == 1 else price.units}"
    return f"{units} of {price.of}" if price.of else units


def _divided_up(amount: int, by: int) -> int:
    """The quotient, rounded up."""
    return -(-amount // by)
