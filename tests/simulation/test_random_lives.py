"""Random lives against a tiny model, with a crash at every commit boundary, duplicates, reordering and clock jumps.

A failure names its seed. `REELBOT_SEED=17 REELBOT_OPERATIONS=500` leads that life again, alone.
"""

import os

import pytest
from tests.simulation.lives import lead

from reelbot.allowance import load_terms

SHORT = 10_000
LONG = 1_000_000
STORES = ("memory", "sqlite", "sqlite", "sqlite", "sqlite", "sqlite", "memory", "postgres")
SEEDS = (1, 2, 3, 4, 5, 6, 7, 8)
LONG_SEEDS = range(1_000, 1_200)


def chosen(seeds: range | tuple[int, ...]) -> list[int]:
    """The seeds to use: those given, or the one that the environment names."""
    return [int(os.environ["REELBOT_SEED"])] if "REELBOT_SEED" in os.environ else list(seeds)


def operations(total: int, seeds: int) -> int:
    """How many operations one life has."""
    return int(os.environ.get("REELBOT_OPERATIONS", total // seeds))


@pytest.fixture
def address(seed: int, request: pytest.FixtureRequest) -> str:
    """Where a seed's life is kept: each store has its turn."""
    store = STORES[seed % len(STORES)]
    url: str = "memory:" if store == "memory" else request.getfixturevalue(f"{store}_url")
    return url


@pytest.mark.parametrize("seed", chosen(SEEDS))
async def test_random_lives_go_as_the_model_says(seed: int, address: str) -> None:
    lives = await lead(address, load_terms(), seed, operations(SHORT, len(SEEDS)))
    assert lives.crashes


@pytest.mark.long
@pytest.mark.timeout(14_400)
@pytest.mark.parametrize("seed", chosen(LONG_SEEDS))
async def test_many_random_lives_go_as_the_model_says(seed: int, address: str) -> None:
    await lead(address, load_terms(), seed, operations(LONG, len(LONG_SEEDS)))
