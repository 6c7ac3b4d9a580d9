"""Says what was done to an account's chain where it breaks: an entry edited, removed, added or moved.

The hash of an entry is over the hash before it and all of its own fields, its number included. So an entry can be tried
at another number and behind another one: where it fits, it came from.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Literal, NamedTuple

from reelbot.allowance.core.commands import AccountRef
from reelbot.allowance.core.entries import Chain, Entry, entry_hash
from reelbot.allowance.store import Store
from reelbot.ids import id_text

What = Literal["edited", "removed", "added", "moved", "wrong"]
"""What was done. `wrong` is said of an entry that is chained well and yet does not follow from those before it."""

PAGE = 1_000
"""Entries read at once: some 300 kB."""


class Break(NamedTuple):
    """The entry that a chain breaks at, by its number, and what was done to it."""

    what: What
    seq: int
    expected: str
    found: str


class Standing(NamedTuple):
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


async def missing_at(store: Store, ref: AccountRef, standing: Standing) -> Break:
    """Where an entry should stand there is a gap, or the end: it was moved behind it, or removed."""
    seq = standing.chain.seq + 1
    fit = await _fitting(store, ref, standing.chain)
    if fit is not None:
        return Break("moved", fit.seq, f"it at {_name(ref, seq)}", f"it at {_name(ref, fit.seq)}")
    return Break("removed", seq, f"it between its neighbours, up to {_name(ref, standing.stored.seq)}", "nothing")


async def broken_at(store: Store, ref: AccountRef, standing: Standing, entry: Entry) -> Break:
    """The next number is there, but its entry's hash does not follow."""
    following = await store.chain(ref, entry.seq, 2)
    fit = await _fitting(store, ref, standing.chain)
    if fit is not None:
        return _inserted_or_moved(ref, entry, fit, following)
    if _fits(standing.head_before, entry, entry.seq - 1):
        return Break("added", entry.seq - 1, f"{_name(ref, entry.seq)} in its place", "it before that one")
    if following and not _links(entry, following[0]) and _fits(entry.hash, following[0], entry.seq + 2):
        return Break("removed", entry.seq, "it before the one that has its number now", "those behind it moved up")
    return _edited(standing, entry, following[0] if following else None)


def _inserted_or_moved(ref: AccountRef, entry: Entry, fit: Entry, following: Sequence[Entry]) -> Break:
    """Another entry belongs here. When all behind it stand one too far, this one was put before them."""
    swapped = _fits(fit.hash, entry, fit.seq)
    shifted = fit.seq == entry.seq + 1 and (len(following) < 2 or _fits(fit.hash, following[1], fit.seq))
    if shifted and not swapped:
        return Break("added", entry.seq, f"{_name(ref, fit.seq)} in its place", "it before that one")
    return Break("moved", fit.seq, f"it at {_name(ref, entry.seq)}", f"it at {_name(ref, fit.seq)}")


def _edited(standing: Standing, entry: Entry, following: Entry | None) -> Break:
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


def _links(entry: Entry, following: Entry) -> bool:
    return entry_hash(entry.hash, following) == following.hash


def _name(ref: AccountRef, seq: int) -> str:
    return id_text("entry", ref.lane, ref.id, seq)


def _short(digest: bytes) -> str:
    return digest.hex()[:12]
