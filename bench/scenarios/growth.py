"""SQLite, a large ledger beside a small one: does a lifecycle cost more when there are many entries already?

Keys in the order of time, as order numbers are, and keys at random, as UUIDs are. The accounts are the same in number.
"""

from collections.abc import Callable
from pathlib import Path

from bench.engines import loaded_sqlite
from bench.ground import Ground, make_sqlite, refs
from bench.load import CALLERS, WARM_UP, jobs, keys_at_random, keys_in_order, on_loop
from bench.scenario import Case, Found, Measure, Place, Scenario

ACCOUNTS = 64
"""So few that even the small ledger has more rows of each than a page of an index holds: both then write one page of each
index for an account, as ledgers of real sizes do, and what is compared is their depth."""

LIFECYCLES = 3_000
GROUND_SEED, LOAD_SEED = 1, 2

Keys = Callable[[int], str]


def small(place: Place) -> int:
    """Entries of the small ledger, half of them holds."""
    return place.sized(16_000, 100_000)


def large(place: Place) -> int:
    """Entries of the large one."""
    return place.sized(160_000, 10_000_000)


def ground(place: Place, entries: int, order: str) -> Path:
    """Where a ledger of that size is, with keys of that kind."""
    return place.shared / f"{order}-{entries}.db"


def make(place: Place, entries: int, order: str, keys: Keys) -> None:
    """Make it."""
    make_sqlite(ground(place, entries, order), Ground(ACCOUNTS, entries // 2, are_hot=True, keys=keys))


def _prepare(place: Place) -> None:
    for entries in (small(place), large(place)):
        make(place, entries, "ordered", keys_in_order("ground-"))
        make(place, entries, "random", keys_at_random(GROUND_SEED))


def _loaded(place: Place, entries: int, order: str, keys: Keys) -> Found:
    asked = jobs(refs(ACCOUNTS), WARM_UP + place.sized(LIFECYCLES, 10 * LIFECYCLES), keys, place.turn)
    there = 2 * ACCOUNTS + entries
    return on_loop(loaded_sqlite(ground(place, entries, order), place.directory, asked, there, CALLERS))


def _ordered_small(place: Place) -> Found:
    return _sized(_loaded(place, small(place), "ordered", keys_in_order()), small(place))


def _ordered_large(place: Place) -> Found:
    return _sized(_loaded(place, large(place), "ordered", keys_in_order()), large(place))


def _random_small(place: Place) -> Found:
    return _sized(_loaded(place, small(place), "random", keys_at_random(LOAD_SEED)), small(place))


def _random_large(place: Place) -> Found:
    return _sized(_loaded(place, large(place), "random", keys_at_random(LOAD_SEED)), large(place))


def _sized(found: Found, entries: int) -> Found:
    return found._replace(notes=(f"{entries:,} entries in {ACCOUNTS} accounts",))


SCENARIO = Scenario(
    title="SQLite, 256 callers, a large ledger and a small one",
    prepare=_prepare,
    cases=(
        Case("large, keys in order", _ordered_large),
        Case("small, keys in order", _ordered_small),
        Case("large, keys at random", _random_large),
        Case("small, keys at random", _random_small),
    ),
    measures=(
        Measure(
            "large ÷ small ledger, keys in time order",
            ("large, keys in order", "per_second"), ("small, keys in order", "per_second"), 0.90, 0.95,
        ),
        Measure(
            "large ÷ small ledger, keys at random",
            ("large, keys at random", "per_second"), ("small, keys at random", "per_second"), 0.80, 0.90,
        ),
    ),
)  # fmt: skip
