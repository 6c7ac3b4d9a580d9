"""The loop of a worker, on a source of nothing in particular: what it takes, renews, gives back and leaves alone."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import pytest
from tests.support.clock import FakeClock

from reelbot.clock import SECOND
from reelbot.errors import DatabaseFailure
from reelbot.queue import WAITING, Again, LeaseLost, Pool, Running, Worker

Doing = Callable[[Running[str]], Awaitable[None]]


class Errands:
    """Things to be done, each with what doing it is; and a record of all that the worker asked for."""

    name = "errands"

    def __init__(self, *, is_called_back: bool = True) -> None:
        self.is_called_back = is_called_back
        self.waiting: dict[str, deque[tuple[str, Doing]]] = {}
        self.doing: dict[str, Doing] = {}
        self.renewals: deque[bool | Exception | None] = deque()
        self.looks: deque[Exception] = deque()
        self.untils: list[int] = []
        self.renewed_until: list[int] = []
        self.put_backs: list[tuple[str, float, str]] = []
        self.renewed = asyncio.Event()

    def add(self, item: str, doing: Doing, pool: str = "errand") -> None:
        self.waiting.setdefault(pool, deque()).append((item, doing))

    def label(self, item: str) -> str:
        return item

    async def look(self) -> None:
        if self.looks:
            raise self.looks.popleft()

    async def take(self, pool: str, until_at: int) -> str | None:
        if not self.waiting.get(pool):
            return None
        self.untils.append(until_at)
        item, self.doing[item] = self.waiting[pool].popleft()
        return item

    async def renew(self, running: Running[str], until_at: int) -> bool | None:
        self.renewed_until.append(until_at)
        answer = self.renewals.popleft() if self.renewals else False
        self.renewed.set()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def do(self, running: Running[str]) -> None:
        await self.doing[running.item](running)

    async def put_back(self, running: Running[str], seconds: float, why: str) -> None:
        self.put_backs.append((running.item, seconds, why))


class Stalled:
    """Something that goes on until it is let go or cut short."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()
        self.outcome = asyncio.get_running_loop().create_future()
        self.running: Running[str] | None = None

    async def __call__(self, running: Running[str]) -> None:
        self.running = running
        self.begun.set()
        try:
            await self.gate.wait()
            self.outcome.set_result("done")
        except asyncio.CancelledError:
            self.outcome.set_result("cut short")
            raise


async def soon(waited: Awaitable[object]) -> object:
    return await asyncio.wait_for(waited, 60)


def worker_of(errands: Errands, clock: FakeClock, lease_seconds: float = 60.0, **pools: Pool) -> Worker[str]:
    counts = pools or {"errand": Pool(1, 1)}
    return Worker(
        errands, clock, counts, lease_seconds=lease_seconds, idle_seconds=60.0, stop_seconds=60.0, away_leases=4
    )


async def test_each_thing_is_taken_under_a_lease_that_ends_by_itself(clock: FakeClock) -> None:
    errands, done = Errands(), list[str]()

    async def note(running: Running[str]) -> None:
        done.append(running.item)

    for item in ("one", "two"):
        errands.add(item, note)
    await worker_of(errands, clock).run_all()
    assert done == ["one", "two"]
    assert errands.untils == [clock() + 60 * SECOND] * 2


async def test_no_pool_has_more_places_than_it_was_given_and_one_takes_none_of_another(clock: FakeClock) -> None:
    errands, stalled = Errands(), [Stalled() for _ in range(3)]
    for at, one in enumerate(stalled[:2]):
        errands.add(f"slow {at}", one, "slow")
    errands.add("quick", stalled[2], "quick")
    worker = worker_of(errands, clock, slow=Pool(1), quick=Pool(1))
    worker.start()
    await soon(stalled[0].begun.wait())
    await soon(stalled[2].begun.wait())
    assert (len(worker.running), stalled[1].begun.is_set()) == (2, False)
    stalled[0].gate.set()
    await soon(stalled[1].begun.wait())
    await worker.stop()


async def test_who_waits_for_others_leaves_its_place_and_has_it_again_before_anything_new(clock: FakeClock) -> None:
    errands, next_one, third = Errands(), Stalled(), Stalled()
    answer, order = asyncio.Event(), list[str]()

    async def away(running: Running[str]) -> None:
        assert running.leave()
        assert not running.leave()
        worker.look()
        await answer.wait()
        assert await running.come_back()
        assert not await running.come_back()
        order.append("back")

    async def noted(running: Running[str]) -> None:
        order.append("new")
        await third(running)

    errands.add("away", away)
    errands.add("meanwhile", next_one)
    errands.add("new", noted)
    worker = worker_of(errands, clock)
    worker.start()
    await soon(next_one.begun.wait())
    answer.set()
    await asyncio.sleep(0)  # it asks for its place
    await asyncio.sleep(0)
    next_one.gate.set()
    await soon(third.begun.wait())
    assert order == ["back", "new"]
    await worker.stop()


async def test_the_lease_of_what_is_away_lasts_longer(clock: FakeClock) -> None:
    errands, stalled = Errands(), Stalled()

    async def away(running: Running[str]) -> None:
        running.leave()
        await stalled(running)

    errands.add("away", away)
    worker = worker_of(errands, clock, lease_seconds=0.08)
    worker.start()
    await soon(errands.renewed.wait())
    assert errands.renewed_until[0] == clock() + round(0.08 * 4 * SECOND)
    await worker.stop()


async def test_whoever_has_lost_the_lease_is_cut_short_and_gives_nothing_back(clock: FakeClock) -> None:
    errands, stalled = Errands(), Stalled()
    errands.renewals.append(None)
    errands.add("taken over", stalled)
    worker = worker_of(errands, clock, lease_seconds=0.01)
    worker.start()
    assert await soon(stalled.outcome) == "cut short"
    await worker.stop()
    assert errands.put_backs == []


async def test_what_cannot_be_called_back_goes_on_without_its_lease(clock: FakeClock) -> None:
    errands, stalled = Errands(is_called_back=False), Stalled()
    errands.renewals.append(None)
    errands.add("on its way", stalled)
    worker = worker_of(errands, clock, lease_seconds=0.01)
    worker.start()
    await soon(errands.renewed.wait())
    await asyncio.sleep(0)
    assert stalled.running is not None and stalled.running.is_lost
    stalled.gate.set()
    assert await soon(stalled.outcome) == "done"
    await worker.stop()


async def test_a_lease_that_cannot_be_renewed_now_is_renewed_with_the_next_heartbeat(clock: FakeClock) -> None:
    errands, stalled = Errands(), Stalled()
    errands.renewals.extend([DatabaseFailure("away"), True])
    errands.add("errand", stalled)
    worker = worker_of(errands, clock, lease_seconds=0.01)
    worker.start()
    await soon(stalled.begun.wait())
    assert stalled.running is not None
    await soon(stalled.running.cancelled.wait())
    await worker.stop()


async def test_a_worker_that_stops_gives_back_what_can_be_stopped_and_waits_for_the_rest(clock: FakeClock) -> None:
    errands, stalled, patient = Errands(), Stalled(), Stalled()

    async def precious(running: Running[str]) -> None:
        running.can_stop = False
        await patient(running)

    errands.add("stoppable", stalled)
    errands.add("precious", precious)
    worker = worker_of(errands, clock, errand=Pool(2))
    worker.start()
    await soon(stalled.begun.wait())
    await soon(patient.begun.wait())
    stopping = asyncio.ensure_future(worker.stop())
    assert await soon(stalled.outcome) == "cut short"
    patient.gate.set()
    await soon(stopping)
    assert (patient.outcome.result(), errands.put_backs) == ("done", [("stoppable", 0.0, WAITING)])
    assert not worker.running


async def test_what_is_to_be_tried_again_is_given_back_and_says_why(clock: FakeClock) -> None:
    errands = Errands()

    async def again(_: Running[str]) -> None:
        raise Again(2.5, "It is busy.")

    errands.add("errand", again)
    await worker_of(errands, clock).run_all()
    assert errands.put_backs == [("errand", 2.5, "It is busy.")]


@pytest.mark.parametrize("failure", [DatabaseFailure("away"), LeaseLost()])
async def test_what_cannot_be_written_down_waits_for_its_lease_to_end(failure: Exception, clock: FakeClock) -> None:
    errands, done = Errands(), list[str]()

    async def fails(_: Running[str]) -> None:
        raise failure

    async def note(running: Running[str]) -> None:
        done.append(running.item)

    errands.add("fails", fails)
    errands.add("next", note)
    await worker_of(errands, clock).run_all()
    assert (done, errands.put_backs) == (["next"], [])


@pytest.mark.parametrize("failure", [DatabaseFailure("away"), ZeroDivisionError()])
async def test_a_round_that_fails_is_not_the_last(failure: Exception, clock: FakeClock) -> None:
    errands, stalled = Errands(), Stalled()
    errands.looks.append(failure)
    worker = worker_of(errands, clock)
    worker.start()
    while errands.looks:
        await asyncio.sleep(0)
    errands.add("errand", stalled)
    worker.look()
    await soon(stalled.begun.wait())
    await worker.stop()


async def test_a_defect_ends_what_it_is_in_and_nothing_else(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    errands, stalled = Errands(), Stalled()

    async def defect(_: Running[str]) -> None:
        raise ZeroDivisionError

    errands.add("defect", defect)
    errands.add("next", stalled)
    worker = worker_of(errands, clock)
    worker.start()
    await soon(stalled.begun.wait())
    assert "A defect" in caplog.text
    assert errands.put_backs == []
    await worker.stop()
