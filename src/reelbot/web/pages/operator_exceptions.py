"""What sets an account apart from its plan: grants and limits of its own that are in force, each with its reason and end."""

from collections.abc import Sequence
from typing import NamedTuple

from reelbot.allowance import Account, AccountRef, Allowance, Entry, Ledger, Span, Usage
from reelbot.web.pages.meters import title_of
from reelbot.web.pages.wording import amount_text, full_instant_words

GRANTS_SHOWN = 20
"""Grants to one limit that are listed: more in one window is a limit that ought to be set."""

ALWAYS = "for good"
"""A grant to a standing limit has no window that ends."""


class Granted(NamedTuple):
    """A grant that is in force, in words."""

    title: str
    amount: str
    at: str
    until: str
    why: str


class Apart(NamedTuple):
    """A limit that is not the plan's, in words; `plans` is what the plan would allow."""

    title: str
    limit: str
    plans: str
    at: str
    why: str


class Exceptions(NamedTuple):
    """All of both, for one account."""

    granted: Sequence[Granted]
    apart: Sequence[Apart]


async def exceptions_of(ledger: Ledger, account: AccountRef, usage: Usage) -> Exceptions:
    """What is in force for an account now, by its own clock."""
    starts = {allowance.meter: allowance.starts_at for allowance in usage.meters}
    snapshot = await ledger.store.snapshot(account, lambda _: starts)
    assert snapshot is not None, "its usage has just been read"
    granted: list[Granted] = []
    for allowance in usage.meters:
        balance = snapshot.balances.get((account.id, allowance.meter, allowance.starts_at))
        if balance is not None and balance.granted:
            entries = await _grants(ledger, account, allowance)
            granted.extend(_granted(ledger, entry, usage.zone) for entry in entries)
    apart = [await _apart(ledger, snapshot.account, meter, usage) for meter in snapshot.account.overrides]
    return Exceptions(granted, apart)


async def _grants(ledger: Ledger, account: AccountRef, allowance: Allowance) -> list[Entry]:
    """Grants to one limit that count in the window that runs, the last one first."""
    found = await ledger.history(account, Span(None, GRANTS_SHOWN, allowance.meter, "grant"))
    return [entry for entry in found if entry.window_start == allowance.starts_at]


def _granted(ledger: Ledger, entry: Entry, zone: str) -> Granted:
    assert entry.meter is not None, "every grant is to a limit"
    meter = ledger.terms.catalogue.meters[entry.meter]
    return Granted(
        title_of(meter),
        amount_text(entry.amount, meter.one),
        full_instant_words(entry.at, zone),
        ALWAYS if entry.window_end is None else f"until {full_instant_words(entry.window_end, zone)}",
        entry.why,
    )


async def _apart(ledger: Ledger, account: Account, name: str, usage: Usage) -> Apart:
    catalogue = ledger.terms.catalogue
    meter = catalogue.meters[name]
    ref = AccountRef(account.lane, account.id, account.name)
    last = (await ledger.history(ref, Span(None, 1, name, "override")))[0]
    return Apart(
        title_of(meter),
        amount_text(account.overrides[name], meter.one),
        amount_text(catalogue.plans[usage.plan].limits[name], meter.one),
        full_instant_words(last.at, usage.zone),
        last.why,
    )
