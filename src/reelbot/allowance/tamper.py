"""Tampering: says what was done to an account's chain where it breaks: an entry edited, removed, added or moved.

The hash of an entry is over the hash before it and all of its own fields, its number included. So an entry can be tried
at another number and behind another one: where it fits, it came from.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Literal, NamedTuple

from reelbot.allowance.core.commands import AccountRef
from reelbot.allowance.core.entries import Chain, Entry, entry_hash
from reelbot.allowance.core.replay import Mismatch
from reelbot.allowance.store import Store
from reelbot.ids import id_text

What = Literal["edited", "removed", "added", "moved", "wrong", "uncharged"]
"""What was done. `wrong` is said of an entry that is chained well and yet does not follow from those before it, `uncharged`
of a thing that was delivered without its charge."""

PAGE = 1_000
"""Entries read at once: some 300 kB."""


class Break(NamedTuple):
    """The entry that a chain breaks at, by its number, and what was done to it."""

    what: What
    seq: int
    expected: str
    found: str


class VerifiedChain(NamedTuple):
    """A chain that is right so far: its end, the hash before its last entry, and where it should lead."""

    chain: Chain
    head_before: bytes
    stored: Chain


async def entries_after(store: Store, ref: AccountRef, seq: int) -> AsyncGenerator[Entry, None]:
    """All entries behind a number, a page at a time."""
    while page := await store.chain(ref, seq, PAGE):
        for entry in page:
            yield entry
        seq = page[-1].seq
        await asyncio.sleep(0)  # a database in this thread never waits, and others may want their turn


async def missing_at(store: Store, ref: AccountRef, standing: VerifiedChain) -> Break:
    """Where an entry should stand there is a gap, or the end: it was moved behind it, or removed."""
    seq = standing.chain.seq + 1
    fit = await _fitting(store, ref, standing.chain)
    if fit is not None:
        return _moved(ref, fit.seq, seq)
    return Break("removed", seq, f"it between its neighbours, up to {_name(ref, standing.stored.seq)}", "nothing")


async def broken_at(store: Store, ref: AccountRef, standing: VerifiedChain, entry: Entry) -> Break:
    """The next number is there, but its entry's hash does not follow."""
    following = await store.chain(ref, entry.seq, 1)
    fit = await _fitting(store, ref, standing.chain)
    if fit is not None and fit.seq == entry.seq + 1:
        return await _put_before(store, ref, entry)
    if fit is not None:
        return _moved(ref, fit.seq, entry.seq)
    if _fits(standing.head_before, entry, entry.seq - 1):
        return _added(ref, entry.seq - 1)
    if _closed_up(standing, entry, following):
        return Break("removed", entry.seq, "it before the one that has its number now", "those behind it moved up")
    return _edited(standing, entry, following[0] if following else None)


async def unfounded_at(
    store: Store, ref: AccountRef, standing: VerifiedChain, entry: Entry, mismatch: Mismatch
) -> Break:
    """The hash follows and yet what the entry says does not: whoever wrote it knew how to make a hash."""
    following = await store.chain(ref, entry.seq, 1)
    if following and _fits(standing.chain.head, following[0], entry.seq):
        return _added(ref, entry.seq)
    linked = entry_hash(entry.hash, following[0]) == following[0].hash if following else _ends_at(standing, entry)
    return Break("wrong" if linked else "edited", entry.seq, mismatch.expected, mismatch.found)


async def _put_before(store: Store, ref: AccountRef, entry: Entry) -> Break:
    """The next one belongs here. This one was moved up from where it still fits, or else it is one too many."""
    async with aclosing(entries_after(store, ref, entry.seq)) as later:
        async for one in later:
            if one._replace(seq=entry.seq) == entry:
                break
            if _fits(one.hash, entry, one.seq):
                return _moved(ref, entry.seq, one.seq)
    return _added(ref, entry.seq)


def _closed_up(standing: VerifiedChain, entry: Entry, following: Sequence[Entry]) -> bool:
    """Whether this entry and those behind it follow one another, each at one number less than it had."""
    if following:
        return entry_hash(entry.hash, following[0]) != following[0].hash and _fits(
            entry.hash, following[0], entry.seq + 2
        )
    return entry.hash == standing.stored.head and entry.seq < standing.stored.seq


def _ends_at(standing: VerifiedChain, entry: Entry) -> bool:
    return standing.stored == Chain(entry.seq, entry.hash)


def _added(ref: AccountRef, seq: int) -> Break:
    return Break("added", seq, f"the entry behind {_name(ref, seq)} in its place", "both")


def _moved(ref: AccountRef, seq: int, from_seq: int) -> Break:
    return Break("moved", seq, f"it at {_name(ref, from_seq)}", f"it at {_name(ref, seq)}")


def _edited(standing: VerifiedChain, entry: Entry, following: Entry | None) -> Break:
    """Either the content no longer gives the hash, or the hash is not the one that what comes next stands on."""
    rightful = entry_hash(standing.chain.head, entry)
    expected = f"the hash {_short(rightful)} by its content"
    if following is None:
        kept, whose = standing.stored.head == rightful, "account"
    else:
        kept, whose = entry_hash(rightful, following) == following.hash, "next entry"
    says = f", while the {whose} still stands on the first" if kept else ""
    return Break("edited", entry.seq, expected, f"the hash {_short(entry.hash)}{says}")


async def _fitting(store: Store, ref: AccountRef, chain: Chain) -> Entry | None:
    """The first entry further on that belongs right behind this end of the chain."""
    async with aclosing(entries_after(store, ref, chain.seq + 1)) as entries:
        async for entry in entries:
            if _fits(chain.head, entry, chain.seq + 1):
                return entry
    return None


def _fits(head: bytes, entry: Entry, seq: int) -> bool:
    """Whether an entry had this number and followed this hash."""
    return entry_hash(head, entry._replace(seq=seq)) == entry.hash


def _name(ref: AccountRef, seq: int) -> str:
    return id_text("entry", ref.lane, ref.id, seq)


def _short(digest: bytes) -> str:
    return digest.hex()[:12]
