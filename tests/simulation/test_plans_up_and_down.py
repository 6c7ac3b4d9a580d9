"""Whoever moves up and down, from zone to zone and through days and months, never gets more than the highest limit held.

A failure names its seed; `REELBOT_SEED=17` goes that way again, alone.
"""

import math
import os
from random import Random

import pytest
from tests.support.clock import FakeClock

from reelbot.allowance import AccountRef, Ledger, Receipt, Refused, load_terms
from reelbot.clock import DAY, HOUR, instant_from

SHORT = 1_000
LONG = 100_000
STEPS = 12
PLANS = ("free", "starter", "pro", "enterprise")
CAPPED = PLANS[:3]
ZONES = ("UTC", "Asia/Tokyo", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Paris", "America/St_Johns")
METERS = ("ai_credits", "video_generations", "posts")

TERMS = load_terms()

Place = tuple[str, int]


class Climber:
    """One account that moves at random, and the highest limit that it has held in each window."""

    def __init__(self, ledger: Ledger, account: AccountRef, clock: FakeClock, seed: int) -> None:
        self._ledger = ledger
        self._account = account
        self._clock = clock
        self._random = Random(seed)
        self._highest: dict[Place, float] = {}
        self._open: list[Receipt] = []
        self._step = 0

    async def climb(self, plans: tuple[str, ...]) -> None:
        """So many random steps, watched after each."""
        await self._watch()
        for self._step in range(STEPS):
            await self._move(plans)
            await self._watch()
            await self._take()
            await self._watch()

    async def _move(self, plans: tuple[str, ...]) -> None:
        kind, key = self._random.randrange(10), f"move {self._step}"
        if kind < 4:
            await self._ledger.change_plan(self._account, self._random.choice(plans), key=key)
        elif kind < 7:
            await self._ledger.change_plan(self._account, self._random.choice(plans), key=key, by="operator")
        elif kind == 7:
            await self._ledger.change_zone(self._account, self._random.choice(ZONES), key=key)
        else:
            self._clock.advance(self._random.choice((HOUR, 8 * HOUR, DAY, 9 * DAY)))
            await self._ledger.sweeper.sweep()
            self._open = [hold for hold in self._open if (hold.answer.expires_at or 0) > self._clock()]

    async def _take(self) -> None:
        """As much as there is, more than there is, or some; or the end of an earlier hold."""
        if self._open and self._random.randrange(3) == 0:
            hold = self._open.pop(self._random.randrange(len(self._open)))
            await (self._ledger.settle if self._random.randrange(4) else self._ledger.release)(hold)
            return
        meter = self._random.choice(METERS)
        left = next(one.remaining for one in (await self._ledger.usage(self._account)).meters if one.meter == meter)
        amount = self._random.choice((left if left is not None else 5_000, 1, 7, (left or 0) + 1)) or 1
        try:
            hold = await self._ledger.hold(
                self._account, {meter: amount}, key=f"hold {self._step}", expires_in=7 * 86_400
            )
        except Refused:
            assert left is not None
            assert amount > left
        else:
            assert left is None or amount <= left
            self._open.append(hold)

    async def _watch(self) -> None:
        for one in (await self._ledger.usage(self._account)).meters:
            place = (one.meter, one.starts_at)
            limit = math.inf if one.limit is None else one.limit
            self._highest[place] = max(limit, self._highest.get(place, 0))
            assert one.used + one.held <= self._highest[place], (self._step, one)
            assert one.remaining is None or one.remaining == max(0, limit - one.used - one.held)


async def climb(seed: int) -> None:
    clock = FakeClock(instant_from("2026-01-31T20:00:00Z"))
    async with Ledger.open("memory:", terms=TERMS, clock=clock, sweep_seconds=None) as ledger:
        plans = CAPPED if seed % 4 else PLANS
        account = await ledger.account("ada", plan=plans[seed % len(plans)])
        try:
            await Climber(ledger, account, clock, seed).climb(plans)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        report = await ledger.verify()
        assert report.is_clean, (seed, [fault.sentence for fault in report.faults])


def seeds(count: int) -> range | list[int]:
    """The first so many, or the one that the environment names."""
    return [int(os.environ["REELBOT_SEED"])] if "REELBOT_SEED" in os.environ else range(count)


async def test_moving_up_and_down_never_yields_more_than_the_highest_limit_held() -> None:
    for seed in seeds(SHORT):
        await climb(seed)


@pytest.mark.long
@pytest.mark.timeout(14_400)
async def test_moving_up_and_down_for_long_never_yields_more_than_the_highest_limit_held() -> None:
    for seed in seeds(LONG):
        await climb(seed)
