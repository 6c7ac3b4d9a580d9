"""Long histories, made quickly: the entries, holds and balances that the lifecycles of two weeks have left behind.

To decide a million entries one by one takes longer than all that is measured on them. So what is the same for every
lifecycle of an action is made once, in the ledger's own words, and for each only what differs: instants, figures, the
chain. The accounts are opened by the ledger itself, and its audit finds no fault in the rest. Answers and events, which
nothing that is measured here reads, are left out.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import NamedTuple

from bench.bare import carried_out
from bench.ground import CHUNK, HOLD_SECONDS, audit, chunks, opened, openings, refs, sqlite_url
from bench.load import METER, on_loop
from reelbot.allowance import Account, HeldLine, Ledger, Line, Terms, load_terms
from reelbot.allowance.core.accounts import limit_of
from reelbot.allowance.core.entries import Chain, chained
from reelbot.allowance.core.explain import why_held, why_settled
from reelbot.allowance.core.windows import Window, window_at
from reelbot.allowance.stores.rows import json_text
from reelbot.clock import DAY, SECOND, system_clock
from reelbot.db import load_statements

DAYS = 13
"""From the first lifecycle until now: all of them are among the last 14 days, which pages sum up."""

ACTIONS = ("topic", "script", "rewrite", "image")
"""What the lifecycles are for, in turns."""

OPENING_ENTRIES = 2
"""Of each account: that it was opened, and that its limit is one that is never reached."""

ROWS_AT_ONCE = 10_000


class History(NamedTuple):
    """So many accounts with so many entries each, two of every lifecycle, beside those of their opening."""

    accounts: int
    entries: int

    @property
    def entries_in_all(self) -> int:
        """What an audit counts."""
        return self.accounts * (self.entries + OPENING_ENTRIES)


class _Words(NamedTuple):
    """What is the same for all lifecycles of one action in one window; `lines` as a hold keeps them."""

    action: str
    amount: int
    held: str
    settled: str
    lines: str


class _Book:
    """An account that is written for: where its chain stands, and what is used in each window."""

    def __init__(self, account: Account, limit: int | None, chain: Chain) -> None:
        self.lane, self.number = account.lane, account.id
        self.calendar = account.calendar
        self.limit = limit
        self.seq, self.head = chain
        self.used: dict[int, int] = {}


class _Rows(NamedTuple):
    """Rows to be written together."""

    entries: list[Sequence[object]]
    holds: list[Sequence[object]]


def make_history(path: Path, history: History) -> None:
    """Make a database with this history, unless it is there already."""
    if not path.exists():
        making = path.with_suffix(".making")
        making.unlink(missing_ok=True)  # of an attempt that failed
        terms, now = load_terms(), system_clock()
        books = on_loop(_begun(sqlite_url(making), history.accounts, terms, now - DAYS * DAY))
        _write(making, books, _lived(books, history, terms, now))
        making.rename(path)


def audited(path: Path, history: History) -> tuple[str, ...]:
    """What the ledger's own audit finds wrong with it."""
    return on_loop(_audited(sqlite_url(path), history))


async def _audited(url: str, history: History) -> tuple[str, ...]:
    async with Ledger.open(url, sweep_seconds=None) as ledger:
        return await audit(ledger, history.entries_in_all)


async def _begun(url: str, accounts: int, terms: Terms, at: int) -> list[_Book]:
    """Open the accounts, at an instant long ago."""
    async with opened(url) as store:
        for some in chunks(openings(accounts, are_hot=True), CHUNK):
            await carried_out(store, terms.catalogue, lambda: at, some)
        holdings = [await store.holding(ref) for ref in refs(accounts)]
    return [
        _Book(one.account, limit_of(one.account, terms.catalogue, METER, at, granted=0), one.chain)
        for one in holdings
        if one is not None
    ]


def _lived(books: Sequence[_Book], history: History, terms: Terms, now: int) -> Iterator[_Rows]:
    """The rows of all lifecycles: of every account in turns, evenly spread over the days."""
    words, rows = cache(lambda action, window: _words(terms, action, window)), _Rows([], [])
    lifecycles, first_at = history.entries // 2, now - DAYS * DAY
    for number in range(lifecycles):
        at = first_at + (now - first_at) * number // lifecycles
        for book in books:
            window = window_at(book.calendar, "day", at)
            _live(book, words(ACTIONS[number % len(ACTIONS)], window), window, at, rows)
        if len(rows.entries) >= ROWS_AT_ONCE:
            yield rows
            rows = _Rows([], [])
    yield rows


def _words(terms: Terms, action: str, window: Window) -> _Words:
    meter, amount = terms.catalogue.meters[METER], terms.prices.prices[action].amount
    line = HeldLine(METER, action, window.kind, window.starts_at, window.ends_at, amount, amount)
    held = why_held(meter, Line(METER, amount, action), None)
    return _Words(action, amount, held, why_settled(meter, line, amount, None), json_text((line,)))


def _live(book: _Book, words: _Words, window: Window, at: int, rows: _Rows) -> None:
    """One lifecycle: its two entries, and the hold as it stands after them."""
    lane, number, seq, amount = book.lane, book.number, book.seq, words.amount
    _, starts_at, ends_at = window
    used = book.used.get(starts_at, 0)
    same = (words.action, METER, starts_at, ends_at, amount, book.limit, used)
    held = chained(book.head, (lane, number, seq + 1, at, "hold", seq + 1, *same, 0, used, amount, None, words.held))
    settled = chained(
        held.hash,
        (lane, number, seq + 2, at, "settle", seq + 1, *same, amount, used + amount, 0, None, words.settled),
    )
    rows.entries.extend((held, settled))
    rows.holds.append((lane, number, seq + 1, "settled", at + HOLD_SECONDS * SECOND, words.lines, None))
    book.seq, book.head = settled.seq, settled.hash
    book.used[starts_at] = used + amount


def _write(path: Path, books: Sequence[_Book], all_rows: Iterator[_Rows]) -> None:
    """Write all of it in one transaction. Nothing is lost if it is cut short: the file has another name until then."""
    sql = load_statements("reelbot.allowance", "sqlite")
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"):
            raw.execute(f"PRAGMA {pragma}").fetchall()
        raw.execute("BEGIN")
        for rows in all_rows:
            raw.executemany(sql["insert_entry"], rows.entries)
            raw.executemany(sql["insert_hold"], rows.holds)
        balances = [
            (one.lane, one.number, METER, start, used, 0, 0) for one in books for start, used in one.used.items()
        ]
        raw.executemany(sql["put_balance"], balances)
        raw.executemany(sql["move_chain"], [(one.seq, one.head, one.lane, one.number) for one in books])
        raw.execute("COMMIT")
