"""The loop of a worker: claim under a lease, heartbeat, give back, stop. Knows nothing of what is done.

A claim is a lease with a deadline and a fencing number. The worker renews it while it works; when it dies, the lease ends
and another takes over. Whatever a worker writes names its fencing number, so one that was overtaken writes nothing. Any
number of workers, in any number of processes and machines, share one database. What may be claimed next, and what doing it
is, a `WorkSource` knows.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Generic, NamedTuple, Protocol, TypeVar

from reelbot.clock import SECOND, Clock
from reelbot.errors import DatabaseFailure, TooBusy
from reelbot.queue.limits import BEATS_OF_A_LEASE
from reelbot.queue.places import QueuePlaces

WAITING = "Waiting for its turn"
"""What is said of what was given back because its process ends."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another worker has this now, or it is over: nothing was written."""


class Again(Exception):
    """It is to be tried again after so many seconds."""

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(why)
        self.seconds = seconds
        self.why = why


class Running(Generic[T]):
    """One claim on something that is being done here.

    `cancelled` is set when somebody asks for its end, `is_lost` when another worker has it. `can_stop` is False while
    cutting it short would lose something. `is_away` says that it waits for others and has left its place to somebody else.
    """

    def __init__(self, item: T, places: QueuePlaces | None, *, can_stop: bool) -> None:
        self.item = item
        self.cancelled = asyncio.Event()
        self.is_lost = False
        self.can_stop = can_stop
        self.is_away = False
        self._places = places

    def leave(self) -> bool:
        """Leave its place to others; False when it has none, has left it already, or too many have."""
        if self._places is None or self.is_away or not self._places.leave():
            return False
        self.is_away = True
        return True

    async def come_back(self) -> bool:
        """Have a place again, as soon as one is free; False when it never left."""
        if self._places is None or not self.is_away:
            return False
        await self._places.come_back()
        self.is_away = False
        return True

    def end(self) -> None:
        """Give the place back, if it has one."""
        if self._places is not None:
            (self._places.stay_away if self.is_away else self._places.give)()


class Pool(NamedTuple):
    """How many things of a kind are done at once in one process, and how many more may have left their places meanwhile."""

    at_once: int
    away_max: int = 0


class WorkSource(Protocol[T]):
    """Where things to be done are kept, and what doing them is."""

    @property
    def name(self) -> str:
        """What they are, for the log."""
        ...

    @property
    def is_called_back(self) -> bool:
        """Whether doing may be cut short, when the lease is lost or the process ends, unless a claim says otherwise."""
        ...

    def label(self, item: T) -> str:
        """A thing by its name, for the log."""
        ...

    async def look(self) -> None:
        """Called before every round of claims: for what a room does now and then."""
        ...

    async def take(self, pool: str, until_at: int) -> T | None:
        """One thing of a pool that is due, under a new lease until that instant; None when nothing may be taken."""
        ...

    async def renew(self, running: Running[T], until_at: int) -> bool | None:
        """Say that the work goes on: True when somebody asked for its end, None when the lease no longer counts."""
        ...

    async def do(self, running: Running[T]) -> None:
        """Do it to its end. `LeaseLost` when it is not ours any more, `Again` when it is to be tried later."""
        ...

    async def put_back(self, running: Running[T], seconds: float, why: str) -> None:
        """Give the lease back; it is due again after so many seconds."""
        ...


class Worker(Generic[T]):
    """Does what a source has, each pool on places of its own. Belongs to one event loop.

    `away_leases` is how many times as long a lease lasts while what it is for waits for others.
    """

    def __init__(
        self,
        source: WorkSource[T],
        clock: Clock,
        pools: Mapping[str, Pool],
        *,
        lease_seconds: float,
        idle_seconds: float,
        stop_seconds: float,
        away_leases: int = 1,
    ) -> None:
        self._source = source
        self._clock = clock
        self._lease_seconds = lease_seconds
        self._idle_seconds = idle_seconds
        self._stop_seconds = stop_seconds
        self._away_leases = away_leases
        self._wanted = asyncio.Event()
        self._places = {name: QueuePlaces(*pool, self._wanted.set) for name, pool in pools.items()}
        self._running: dict[asyncio.Task[None], Running[T]] = {}
        self._loop: asyncio.Task[None] | None = None

    @property
    def running(self) -> Collection[Running[T]]:
        """What is being done here."""
        return self._running.values()

    def start(self) -> None:
        """Begin to take; needs a running event loop."""
        assert self._loop is None, "started twice"
        self._loop = asyncio.create_task(self._work(), name=f"{self._source.name} worker")

    async def stop(self) -> None:
        """Take no more, give back what is at work so that another worker goes on with it, and end.

        What cannot be cut short without losing something is given a while. Also needed when nothing was started.
        """
        if self._loop is None:
            return
        loop, self._loop = self._loop, None
        loop.cancel()
        await asyncio.wait({loop})
        patient = {task for task, running in self._running.items() if not running.can_stop}
        for task in self._running.keys() - patient:
            task.cancel()
        if patient:
            await asyncio.wait(patient, timeout=self._stop_seconds)
        rest = set(self._running)
        for task in rest:
            task.cancel()
        if rest:
            await asyncio.wait(rest)

    def look(self) -> None:
        """There may be something to do: look now."""
        self._wanted.set()

    async def run_all(self) -> None:
        """Do everything that is due, one after the other, until nothing is left: for a command, and for tests."""
        while (item := await self._taken_of_any()) is not None:
            await self._run(self._claim(item, None))

    async def _taken_of_any(self) -> T | None:
        for pool in self._places:
            if (item := await self._taken(pool)) is not None:
                return item
        return None

    async def _taken(self, pool: str) -> T | None:
        return await self._source.take(pool, self._until(1))

    def _claim(self, item: T, places: QueuePlaces | None) -> Running[T]:
        return Running(item, places, can_stop=self._source.is_called_back)

    def _until(self, leases: int) -> int:
        return self._clock() + round(self._lease_seconds * leases * SECOND)

    # the loop

    async def _work(self) -> None:
        while True:
            self._wanted.clear()
            try:
                await self._source.look()
                for pool, places in self._places.items():
                    while places.is_free and (item := await self._taken(pool)) is not None:
                        places.take()
                        self._begin(self._claim(item, places))
            except (DatabaseFailure, TooBusy) as failure:
                _log.warning("Nothing of %s can be taken: %s", self._source.name, failure)
            except Exception:  # a defect; without this loop nothing would ever be done again
                _log.exception("Nothing of %s can be taken", self._source.name)
            await self._woken()

    async def _woken(self) -> None:
        waits = {asyncio.ensure_future(self._wanted.wait()), *self._running}
        try:
            await asyncio.wait(waits, timeout=self._idle_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits - self._running.keys():
                wait.cancel()

    def _begin(self, running: Running[T]) -> None:
        task = asyncio.create_task(self._run(running), name=self._source.label(running.item))
        self._running[task] = running
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._running.pop(task).end()
        self._wanted.set()
        if not task.cancelled() and (failure := task.exception()) is not None:
            _log.error("A defect while working; it is tried again when its lease ends", exc_info=failure)

    # one claim

    async def _run(self, running: Running[T]) -> None:
        beats = asyncio.create_task(self._beat(running, asyncio.current_task()))
        label = self._source.label(running.item)
        try:
            await self._source.do(running)
        except LeaseLost:
            _log.info("%s was taken over by another worker.", label)
        except Again as again:
            await self._source.put_back(running, again.seconds, again.why)
        except (DatabaseFailure, TooBusy) as failure:
            _log.warning("%s waits for the database: %s", label, failure)
        except asyncio.CancelledError:
            if running.is_lost:
                _log.info("%s was taken over by another worker.", label)
                return
            await asyncio.shield(self._source.put_back(running, 0.0, WAITING))
            raise
        finally:
            beats.cancel()
            await asyncio.wait({beats})

    async def _beat(self, running: Running[T], working: "asyncio.Task[None] | None") -> None:
        """Renew the lease until cancelled. Without it the work ends at once: somebody else is doing it."""
        while True:
            leases = self._away_leases if running.is_away else 1
            await asyncio.sleep(self._lease_seconds * leases / BEATS_OF_A_LEASE)
            try:
                asked = await self._source.renew(running, self._until(leases))
            except (DatabaseFailure, TooBusy) as failure:
                _log.warning("A lease could not be renewed: %s", failure)
                continue
            except LeaseLost:
                asked = None
            if asked is None:
                running.is_lost = True
                if working is not None and self._source.is_called_back:
                    working.cancel()
                return
            if asked:
                running.cancelled.set()
