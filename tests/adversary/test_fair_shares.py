"""Shares: accounts with backlogs of any length and one newcomer. How long it waits is bounded by their number alone.

The queue is the real one, on each kind of database, with one place; jobs come and go at random and cost nothing. Beside it
stands the rule, written from its sentence: the next place goes to whoever was served longest ago.
"""

import os
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.studio.stage import Stage, staged
from tests.support.clock import FakeClock

from reelbot.clock import SECOND
from reelbot.records import Owner, new_number
from reelbot.studio.core.job import Job, JobKind, Request
from reelbot.studio.core.rows import end_job, insert_job
from reelbot.studio.jobs.worker import JobWorker

ACCOUNTS_MAX = 8
BACKLOG_MAX = 30
HIGHEST_RANK = 6
"""Above all plans there are: an operator may add some."""

SEEDS = [int(os.environ.get("REELBOT_SEED", "0"))] if "REELBOT_SEED" in os.environ else range(4)


@pytest.fixture
async def stage(emptied_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Stage]:
    async with staged(emptied_url, tmp_path / "studio", clock) as opened:
        yield opened


class Life:
    """One seeded course of things."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage = stage
        self.seed = seed
        self.chance = random.Random(seed)
        self.worker: JobWorker = stage.beside()
        self.count = self.chance.randint(1, ACCOUNTS_MAX)
        self.ranks = {account: self.chance.randint(0, HIGHEST_RANK) for account in range(1, self.count + 2)}
        self.waiting = dict.fromkeys(self.ranks, 0)
        self.served: dict[int, int] = {}
        self.turns = 0

    async def ask(self, account: int, kind: JobKind = "generation") -> Job:
        """One more job of an account."""
        self.stage.clock.advance(self.chance.randint(0, 2) * SECOND)
        now = self.stage.clock()
        facts = (0, account, new_number(), kind, 1, "queued", self.ranks[account], now, 0, "", 0, None, False, 0.0, "")
        job = Job(*facts, Request(), (), None, None, now, None, None)  # type: ignore[arg-type]
        async with self.stage.room.store.database.transaction() as connection:
            await self.stage.room.store.carry_out(connection, insert_job(job))
        self.waiting[account] += 1
        return job

    async def serve(self) -> int:
        """The next turn: whose it was. Its job ends at once, or is cancelled by chance."""
        job = await self.worker._taken("work")
        assert job is not None, "somebody waits"
        self.turns += 1
        self.waiting[job.account] -= 1
        mine = self.served.get(job.account, 0)
        for account in (one for one, count in self.waiting.items() if count and one != job.account):
            last = self.served.get(account, 0)  # never served longer ago, but for the head start of a plan
            told = f"seed {self.seed}, turn {self.turns}: {job.account} before {account}"
            assert last >= mine - 1 and (last or not mine), told
        self.served[job.account] = self.turns
        async with self.stage.room.store.database.transaction() as connection:
            ended = job.moved("succeeded")._replace(ended_at=self.stage.clock())
            await self.stage.room.store.carry_out(connection, end_job(ended))
        return job.account

    async def cancel(self, account: int) -> None:
        """One of an account's waiting jobs ends without a turn."""
        store = self.stage.room.store
        queued = [job for job in await store.active(Owner(0, account)) if job.state == "queued"]
        if not queued:
            return
        self.waiting[account] -= 1
        async with store.database.transaction() as connection:
            ended = self.chance.choice(queued).moved("cancelled")._replace(ended_at=self.stage.clock())
            await store.carry_out(connection, end_job(ended))


async def lived(stage: Stage, seed: int, steps: int) -> None:
    """Backlogs grow, shrink and are served; whoever asks for one thing has it after at most N + 1 turns of others."""
    life = Life(stage, seed)
    newcomer = life.count + 1
    for account in range(1, newcomer):
        for _ in range(life.chance.randint(0, BACKLOG_MAX)):
            await life.ask(account)
    for _ in range(life.chance.randint(0, 2 * life.count)):
        if any(life.waiting.values()):
            await life.serve()
    for round in range(steps):
        fresh = sum(bool(count) and account not in life.served for account, count in life.waiting.items())
        mine = await life.ask(newcomer)
        waited = 0
        while await life.serve() != newcomer:
            waited += 1
            assert waited <= life.count + 1, f"seed {seed}, round {round}: {waited} turns of {life.count} others"
            other = life.chance.randint(1, life.count)
            match life.chance.randint(0, 5):
                case 0 | 1 | 2:
                    await life.ask(other)
                case 3:
                    await life.cancel(other)
        if round == 0:
            assert waited <= fresh, f"seed {seed}: {waited} turns passed before somebody who never had one"
        ended = await stage.room.store.job(Owner(0, newcomer), mine.number)
        assert ended is not None
        assert ended.state == "succeeded"
        for _ in range(life.chance.randint(0, life.count)):
            if any(life.waiting.values()):
                await life.serve()


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_newcomer_waits_for_at_most_one_turn_more_than_there_are_others(stage: Stage, seed: int) -> None:
    await lived(stage, seed, 6)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1_000, 1_060))
async def test_a_newcomer_waits_for_at_most_one_turn_more_than_there_are_others_long(stage: Stage, seed: int) -> None:
    await lived(stage, seed, 40)
