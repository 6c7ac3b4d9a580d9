"""Searches the history of an account: filters on a ledger of any length, in pieces, so that nobody else waits.

The ledger is ordered by `seq` alone. An index for each thing that one may ask for would slow every hold down; instead each
block of entries that is full is summed up when it is first looked through in vain: which kinds, actions and meters there are
together, and between which instants (a zone map). Entries never change, so that stays true for ever, and a block that has
nothing of what is asked for is passed over from then on. Summaries are in memory, those used longest ago make room: after a
start each block is looked through once more, when somebody asks.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reelbot.allowance.core.commands import AccountRef
from reelbot.allowance.core.entries import Entry
from reelbot.allowance.store import Combination, Span, Store
from reelbot.limits import SEQ_MAX

BLOCK = 1_024
"""Entries of one block, and of one statement: about a millisecond in which this process does nothing else."""

LOOKED_AT_MAX = 50_000
"""Entries looked through for one page before it is given in part: 50 turns of the event loop."""

SUMMARIES_MAX = 50_000
"""Blocks whose summaries are kept: some 15 MB, for fifty million entries that somebody has asked about."""

COMBINATIONS_MAX = 256
"""Of one block: with more, which only a program that makes up actions has, the block is looked through each time."""

ALIKE_MAX = 1_000
"""Different sets of combinations that are told apart; nearly all blocks of an account have one of a few."""

Which = tuple[str, str | None, str | None]
"""A kind, action and meter."""


class Found(NamedTuple):
    """Entries, the newest first, and before which `seq` the search goes on; None where that was all.

    There may be fewer entries than were asked for, and none at all, and still more behind them.
    """

    entries: Sequence[Entry]
    before_seq: int | None


class _Summary(NamedTuple):
    """What a full block has. `combinations` is None where there were too many to be kept."""

    combinations: frozenset[Which] | None
    first_at: int
    last_at: int


class HistorySearch:
    """The searches on one store."""

    looked_at_max = LOOKED_AT_MAX

    def __init__(self, store: Store) -> None:
        self._store = store
        self._summaries: OrderedDict[tuple[int, int], dict[int, _Summary]] = OrderedDict()
        self._kept = 0
        self._alike: dict[frozenset[Which], frozenset[Which]] = {}

    async def found(self, ref: AccountRef, span: Span, *, is_bounded: bool = True) -> Found:
        """The entries of a span; where it is bounded, as far as they are found by looking through `looked_at_max`."""
        if not span.is_searched:
            entries = await self._store.entries(ref, span._replace(size=span.size + 1))
            return _cut(entries, span.size, None)
        return await self._looked_for(ref, span, self.looked_at_max if is_bounded else SEQ_MAX)

    async def _looked_for(self, ref: AccountRef, span: Span, looked_at_max: int) -> Found:
        after, before, last = await self._ends(ref, span)
        known, filters = self._known(ref), _Filter(span)
        found: list[Entry] = []
        looked_at = 0
        while before - 1 > after and len(found) <= span.size:
            block = filters.first_that_may_have((before - 2) // BLOCK, after // BLOCK, known)
            if block is None:
                break
            before, low = min(before, (block + 1) * BLOCK + 1), max(after, block * BLOCK)
            if looked_at >= looked_at_max:
                return _cut(found, span.size, before)
            part = span._replace(before_seq=before, after_seq=low, size=span.size + 1 - len(found))
            entries = await self._store.entries(ref, part)
            looked_at += before - 1 - low
            if not entries and (block + 1) * BLOCK <= last:
                await self._sum_up(ref, block, known)
            found += entries
            await asyncio.sleep(0)
            before = low + 1
        return _cut(found, span.size, None)

    async def _ends(self, ref: AccountRef, span: Span) -> tuple[int, int, int]:
        """After and before which `seq` to look, and the last one that there is."""
        stretch = await self._store.stretch(ref, span.from_at, span.until_at)
        newest = await self._store.entries(ref, Span(None, 1))
        last = newest[0].seq if newest else 0
        before = min(last + 1, stretch.before_seq, last + 1 if span.before_seq is None else span.before_seq)
        return max(span.after_seq, stretch.after_seq), before, last

    def _known(self, ref: AccountRef) -> dict[int, _Summary]:
        """The summaries of an account by the number of their block; those of the account seen longest ago make room."""
        known = self._summaries.setdefault((ref.lane, ref.id), {})
        self._summaries.move_to_end((ref.lane, ref.id))
        while self._kept > SUMMARIES_MAX and len(self._summaries) > 1:
            self._kept -= len(self._summaries.popitem(last=False)[1])
        return known

    async def _sum_up(self, ref: AccountRef, block: int, known: dict[int, _Summary]) -> None:
        rows = await self._store.combinations(ref, block * BLOCK, (block + 1) * BLOCK + 1)
        if block not in known and self._summaries.get((ref.lane, ref.id)) is known:
            known[block] = self._summary(rows)
            self._kept += 1

    def _summary(self, rows: Sequence[Combination]) -> _Summary:
        first_at, last_at = min(row.first_at for row in rows), max(row.last_at for row in rows)
        if len(rows) > COMBINATIONS_MAX:
            return _Summary(None, first_at, last_at)
        combinations = frozenset((row.kind, row.action, row.meter) for row in rows)
        if len(self._alike) > ALIKE_MAX:
            self._alike.clear()
        return _Summary(self._alike.setdefault(combinations, combinations), first_at, last_at)


class _Filter:
    """What a span asks of a block. Which sets of combinations have it is remembered, for one search: there are few."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._from_at = 0 if span.from_at is None else span.from_at
        self._until_at = SEQ_MAX if span.until_at is None else span.until_at
        self._fits_of: dict[int, bool] = {}

    def first_that_may_have(self, newest: int, oldest: int, known: Mapping[int, _Summary]) -> int | None:
        """The newest of some blocks that may have what is asked for; None when none of them has."""
        from_at, until_at, fits_of = self._from_at, self._until_at, self._fits_of
        for block in range(newest, oldest - 1, -1):
            summary = known.get(block)
            if summary is None:
                return block
            combinations, first_at, last_at = summary
            if last_at < from_at or first_at >= until_at:
                continue
            fits = fits_of.get(id(combinations))
            if fits is None:
                fits = fits_of[id(combinations)] = self._fits(combinations)
            if fits:
                return block
        return None

    def _fits(self, combinations: frozenset[Which] | None) -> bool:
        return combinations is None or any(_fits(one, self._span) for one in combinations)


def _fits(combination: Which, span: Span) -> bool:
    asked = (span.kind, span.action, span.meter)
    return all(wanted is None or wanted == there for wanted, there in zip(asked, combination, strict=True))


def _cut(entries: Sequence[Entry], size: int, before: int | None) -> Found:
    """A page of entries of which there may be one too many, which tells that more follow; else they follow `before`."""
    if len(entries) > size:
        return Found(entries[:size], entries[size - 1].seq)
    return Found(entries, before)
