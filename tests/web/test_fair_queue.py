"""Fair queueing of requests: whose begins next, how many begin at once, and what is forgotten."""

import asyncio
import random
from collections import Counter

import pytest

from reelbot.limits import LEFT_OFF_MS, TURNS_OF_START
from reelbot.web.fair_queue import FairQueue


async def asked(queue: FairQueue, begun: list[str], party: str) -> None:
    """A request of a party; it is noted when it begins."""
    await queue.turn(party, 0)
    begun.append(party)


async def loop_turns(count: int) -> None:
    """Let the event loop go round."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_request_that_finds_nobody_waiting_begins_at_once() -> None:
    queue, begun = FairQueue(), list[str]()
    for party in ("anna", "ben", "anna"):
        request = asyncio.create_task(asked(queue, begun, party))
        await loop_turns(1)
        assert request.done()
        await loop_turns(TURNS_OF_START)
    assert begun == ["anna", "ben", "anna"]
    assert len(queue) == 0


@pytest.mark.parametrize("turns", [1, 3])
async def test_one_begins_in_so_many_turns_of_the_loop(turns: int) -> None:
    queue, begun = FairQueue(turns), list[str]()
    tasks = [asyncio.create_task(asked(queue, begun, f"party {number}")) for number in range(10)]
    await loop_turns(1)
    assert len(begun) == 1
    for number in range(1, 10):
        await loop_turns(turns)
        assert len(begun) in (number, number + 1)
    await asyncio.gather(*tasks)


async def test_who_was_not_seen_yet_begins_before_everything_that_has_piled_up() -> None:
    queue, begun = FairQueue(1), list[str]()
    async with asyncio.TaskGroup() as tasks:
        for number in range(300):
            tasks.create_task(asked(queue, begun, f"crowd {number % 3}"))
        await loop_turns(20)
        before = len(begun)
        assert before < 300
        await asked(queue, begun, "newcomer")
        assert len(begun) - before <= 2


@pytest.mark.parametrize("seed", range(20))
async def test_nobody_waits_for_more_than_one_request_of_each_other_party(seed: int) -> None:
    chance = random.Random(seed)
    queue, begun = FairQueue(chance.randint(1, 4)), list[str]()
    parties = [f"party {number}" for number in range(chance.randint(2, 9))]

    async def alone(party: str) -> None:
        """One that asks again only when it was answered: what it waits for is bounded, whatever the others do."""
        for _ in range(20):
            await loop_turns(chance.randint(0, 5))
            since = len(begun)
            await asked(queue, begun, party)
            met = Counter(begun[since:-1])  # one that has its turn already, and then each once
            assert max(met.values(), default=0) <= 2, f"seed {seed}: {met}"
            assert met.total() <= len(parties) + 1, f"seed {seed}: {met}"

    async with asyncio.TaskGroup() as tasks:
        for party in parties:
            for _ in range(chance.choice((1, 200))):
                tasks.create_task(asked(queue, begun, party))
        tasks.create_task(alone("alone"))
    assert len(queue) == 0


async def test_who_went_away_is_passed_over_and_costs_nobody_a_turn() -> None:
    queue, begun = FairQueue(1), list[str]()
    tasks = [asyncio.create_task(asked(queue, begun, f"party {number}")) for number in range(6)]
    await loop_turns(1)
    for task in tasks[1:5]:
        task.cancel()
    await loop_turns(4)
    assert begun == ["party 0", "party 5"]
    assert len(queue) == 0
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_the_parties_it_knows_are_bounded() -> None:
    queue = FairQueue(kept_max=10)
    for number in range(50):
        await queue.turn(f"party {number}", number)
    assert len(queue._asked) == 10


async def test_a_crowd_stays_one_until_it_has_left_off() -> None:
    queue, at = FairQueue(), 5_000
    assert not queue.has_asked_lately("party", at)
    await queue.turn("party", at)
    for _ in range(20):
        at += LEFT_OFF_MS - 1
        assert queue.has_asked_lately("party", at)
        await asyncio.wait_for(queue.turn("party", at), 1)
    assert not queue.has_asked_lately("party", at + LEFT_OFF_MS)
    assert not queue.has_asked_lately("another", at)
