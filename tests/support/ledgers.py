"""What the tests of the ledger say over and over: figures, refusals, other prices, a second ledger on the same store."""

import json
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from reelbot.allowance import AccountRef, Allowance, Entry, Ledger, PriceList, Refusal, Refused, Span, Status, Terms
from reelbot.clock import Clock

ALL = Span(None, 500)


async def allowance(ledger: Ledger, account: AccountRef, meter: str = "ai_credits") -> Allowance:
    """The figures of one meter now."""
    return next(one for one in (await ledger.usage(account)).meters if one.meter == meter)


async def figures(ledger: Ledger, account: AccountRef, meter: str = "ai_credits") -> tuple[int, int, int | None]:
    """Used, held and remaining of one meter now."""
    one = await allowance(ledger, account, meter)
    return one.used, one.held, one.remaining


async def refusal(asked: Awaitable[object]) -> Refusal:
    """The refusal that a call must end in."""
    with pytest.raises(Refused) as refused:
        await asked
    assert refused.value.sentence == str(refused.value)
    return refused.value.refusal


async def status(asked: Awaitable[object]) -> Status:
    """The word of the refusal that a call must end in."""
    return (await refusal(asked)).status


async def entries(ledger: Ledger, account: AccountRef) -> list[Entry]:
    """The whole ledger of an account, oldest first."""
    return list(reversed(await ledger.history(account, ALL)))


async def kinds(ledger: Ledger, account: AccountRef) -> list[str]:
    """The kinds of all entries of an account, oldest first."""
    return [entry.kind for entry in await entries(ledger, account)]


async def events(ledger: Ledger, account: AccountRef, after: int = 0) -> list[dict[str, Any]]:
    """The bodies of an account's events, oldest first."""
    return [json.loads(event.body) for event in await ledger.events.read(account.lane, account.id, after, 1_000)]


def priced(terms: Terms, **amounts: int) -> Terms:
    """The same terms with other prices of some actions."""
    changed = {action: terms.prices.prices[action]._replace(amount=amount) for action, amount in amounts.items()}
    return terms._replace(
        prices=PriceList({**terms.prices.prices, **changed}, terms.prices.factors, terms.prices.meters)
    )


def with_factor(terms: Terms, provider: str, percent: int) -> Terms:
    """The same terms with a factor of one provider."""
    return terms._replace(prices=terms.prices._replace(factors={**terms.prices.factors, provider: percent}))


@asynccontextmanager
async def beside(ledger: Ledger, clock: Clock, terms: Terms | None = None) -> AsyncIterator[Ledger]:
    """Another ledger on the same store, as another process would have it."""
    other = Ledger(ledger.store, ledger.events, terms or ledger.terms, clock, sweep_seconds=None)
    await other.start()
    try:
        yield other
    finally:
        await other.stop()
