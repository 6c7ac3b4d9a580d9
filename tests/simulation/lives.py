"""Leads random lives on a ledger that crashes, and on the model beside it; any difference between the two is an error.

Requests go in batches, several at once. Some are sent twice, some again much later, some under a key that was used for
something else. The clock stands still within a batch and jumps between batches, now and then backwards. A crash comes
right before or right after a commit: nobody learns what became of the batch, the ledger is opened again, and every request
of the batch is repeated with the same key.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Literal, cast

from tests.simulation.model import OFFSETS, Life, Model, Op, Said, Verb, keys
from tests.support.clock import FakeClock

from reelbot.allowance import AccountRef, Answer, Ledger, Line, Receipt, Refused, Terms
from reelbot.allowance.lifespan import MEMORY, Opened, opened_store
from reelbot.allowance.store import Store, StoreTransaction
from reelbot.clock import DAY, HOUR, MINUTE, SECOND, instant_from
from reelbot.errors import DatabaseFailure

Crash = Literal["before", "after"]

ACCOUNTS = ("ada", "bob", "cleo")
METERS = ("ai_credits", "ai_credits", "ai_credits", "video_generations", "posts", "channels", "storage_bytes")
PLANS = ("free", "starter", "pro", "enterprise")
WEIGHTS: dict[Verb, int] = {
    "hold": 40,
    "settle": 24,
    "release": 8,
    "unknown": 4,
    "refund": 12,
    "sweep": 4,
    "grant": 3,
    "override": 3,
    "plan": 5,
    "operator plan": 2,
    "zone": 3,
}
CRASH_PERCENT = 12
REPEAT_PERCENT = 15
BATCH_MAX = 12


class CrashingStore:
    """A store whose next commit may be told to crash."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.crash: Crash | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    @asynccontextmanager
    async def transaction(self, lane: int) -> AsyncIterator[StoreTransaction]:
        crash, self.crash = self.crash, None
        async with self._store.transaction(lane) as transaction:
            yield transaction
            if crash == "before":
                raise DatabaseFailure("It crashed before the commit.")
        if crash == "after":
            raise DatabaseFailure("It crashed after the commit.")


class World:
    """A ledger that can be opened again and again, at the same address."""

    def __init__(self, address: str, terms: Terms, clock: FakeClock) -> None:
        self._address = address
        self._terms = terms
        self._clock = clock
        self._stack = AsyncExitStack()
        self._memory: Opened | None = None
        self.ledger: Ledger
        self.store: CrashingStore

    async def open(self) -> None:
        """Begin a process."""
        opened = self._memory
        if opened is None:
            opened = await self._stack.enter_async_context(opened_store(self._address))
        if self._address == MEMORY:
            self._memory = opened
        self.store = CrashingStore(opened.store)
        self.ledger = Ledger(cast("Store", self.store), opened.events, self._terms, self._clock, sweep_seconds=None)
        await self.ledger.start()

    async def close(self) -> None:
        """End it."""
        await self.ledger.stop()
        if self._address != MEMORY:
            await self._stack.aclose()
            self._stack = AsyncExitStack()


class Lives:
    """Some accounts and their fate, all of it from one seed."""

    def __init__(self, world: World, terms: Terms, clock: FakeClock, seed: int) -> None:
        self._world = world
        self._clock = clock
        self._random = Random(seed)
        self._model = Model(terms.catalogue)
        self._keys = keys()
        self._refs: dict[str, AccountRef] = {}
        self._ids: dict[int, str] = {}
        self._first: dict[tuple[str, str], Answer] = {}
        self._sent: list[Op] = []
        self.crashes = 0

    async def lead(self, operations: int) -> None:
        """Do so many operations and compare all the way; then audit."""
        await self._world.open()
        await self._begin()
        done = 0
        while done < operations:
            batch = self._batch()
            await self._do(batch)
            await self._compare_figures({op.account for op in batch})
            done += len(batch)
            self._move_clock()
        await self._compare_all()
        await self._world.close()

    async def _begin(self) -> None:
        for name in ACCOUNTS:
            plan, zone = self._random.choice(PLANS[:3]), self._random.choice(list(OFFSETS))
            self._refs[name] = await self._world.ledger.account(name, plan=plan, timezone=zone)
            self._model.lives[name] = Life(plan, zone, self._clock())

    # what is asked

    def _batch(self) -> list[Op]:
        ops: list[Op] = []
        for _ in range(self._random.randint(1, BATCH_MAX)):
            op = self._old_op() if self._sent and self._chance(REPEAT_PERCENT) else self._new_op()
            if op.verb == "sweep":
                return [op]
            ops.append(op)
            if self._chance(REPEAT_PERCENT):
                ops.append(op)
        self._random.shuffle(ops)
        self._sent.extend(ops)
        return ops

    def _old_op(self) -> Op:
        """Something that was sent before, sometimes under a key of something else."""
        op = self._random.choice(self._sent[-200:])
        return op._replace(key=self._random.choice(self._sent[-200:]).key) if self._chance(20) else op

    def _new_op(self) -> Op:
        verb = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        op = Op(verb, self._random.choice(ACCOUNTS), next(self._keys))
        if verb in ("settle", "release", "unknown", "refund"):
            return self._end_op(op)
        match verb:
            case "hold":
                seconds = self._random.choice((1, 60, 3_600, 86_400, 86_400, 604_800, 604_800))
                return op._replace(lines=self._lines(1), partial=self._chance(30), seconds=seconds)
            case "grant":
                return op._replace(lines=((self._random.choice(METERS), self._random.randint(1, 50)),))
            case "override":
                word = self._random.choice(("plan", "unlimited", "number", "number"))
                amount = self._random.choice((0, 1, 10, 500))
                return op._replace(lines=((self._random.choice(METERS), amount),), word=word)
            case "plan" | "operator plan":
                return op._replace(word=self._random.choice(PLANS))
            case "zone":
                return op._replace(word=self._random.choice(list(OFFSETS)))
        return op

    def _end_op(self, op: Op) -> Op:
        number = self._hold()
        if number >= 0:
            op = op._replace(hold=number, account=self._model.holds[number].account)
        if op.verb in ("settle", "refund") and self._chance(60):
            least = int(op.verb == "refund")
            fitting = number >= 0 and self._chance(85)
            op = op._replace(lines=self._part_of(number, least) if fitting else self._lines(least))
        return op

    def _part_of(self, number: int, least: int) -> tuple[tuple[str, int], ...]:
        """Some of each line of a hold."""
        held = [(line.meter, line.settled if least else line.held) for line in self._model.holds[number].lines]
        return tuple((meter, self._random.randint(least, max(least, amount))) for meter, amount in held)

    def _lines(self, least: int) -> tuple[tuple[str, int], ...]:
        most = self._random.choice((2, 10, 40, 150))
        return tuple(
            (self._random.choice(METERS), self._random.randint(least, most)) for _ in range(self._random.randint(1, 3))
        )

    def _hold(self) -> int:
        """Mostly a recent hold, sometimes any, sometimes none."""
        holds = len(self._model.holds)
        if not holds or self._chance(2):
            return -1
        return self._random.randrange(max(0, holds - 15), holds) if self._chance(85) else self._random.randrange(holds)

    def _chance(self, percent: int) -> bool:
        return self._random.randrange(100) < percent

    def _move_clock(self) -> None:
        kind = self._random.randrange(100)
        if kind < 65:
            self._clock.advance(self._random.randrange(2 * SECOND))
        elif kind < 85:
            self._clock.advance(self._random.randrange(HOUR))
        elif kind < 94:
            self._clock.advance(self._random.randrange(DAY))
        elif kind < 96:
            self._clock.advance(self._random.randrange(45 * DAY))
        elif kind < 99:
            self._clock.advance(-self._random.randrange(10 * MINUTE))
        else:
            self._clock.advance(-self._random.randrange(2 * DAY))

    # how it is answered

    async def _do(self, batch: Sequence[Op]) -> None:
        crash: Crash | None = self._random.choice(("before", "after")) if self._chance(CRASH_PERCENT) else None
        self._world.store.crash = crash
        outcomes = await asyncio.gather(*(self._ask(op) for op in batch), return_exceptions=True)
        lost = []
        for op, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, DatabaseFailure):
                lost.append(op)
                if crash == "after":
                    self._model.say(op, self._clock())
            else:
                self._compare(op, outcome)
        if lost:
            self.crashes += 1
            await self._world.close()
            await self._world.open()
            self._clock.advance(self._random.randrange(HOUR))
            await self._do(lost)

    async def _ask(self, op: Op) -> Receipt | int:
        ledger, ref = self._world.ledger, self._refs[op.account]
        hold = self._ids.get(op.hold, f"hold_0-{ref.id}-zzzz")
        lines = None if op.lines is None else [Line(meter, amount) for meter, amount in op.lines]
        match op.verb:
            case "hold":
                mode: Literal["all", "fit"] = "fit" if op.partial else "all"
                return await ledger.hold(ref, lines or (), key=op.key, mode=mode, expires_in=op.seconds)
            case "settle":
                return await ledger.settle(hold, lines, key=op.key)
            case "refund":
                return await ledger.refund(hold, lines, key=op.key)
            case "release":
                return await ledger.release(hold, key=op.key)
            case "unknown":
                return await ledger.mark_unknown(hold, key=op.key)
            case "sweep":
                return await ledger.sweeper.sweep()
        return await self._ask_change(op, ledger, ref)

    async def _ask_change(self, op: Op, ledger: Ledger, ref: AccountRef) -> Receipt:
        if op.verb == "plan":
            return await ledger.change_plan(ref, op.word, key=op.key)
        if op.verb == "operator plan":
            return await ledger.change_plan(ref, op.word, key=op.key, by="operator")
        if op.verb == "zone":
            return await ledger.change_zone(ref, op.word, key=op.key)
        assert op.lines is not None
        ((meter, amount),) = op.lines
        if op.verb == "grant":
            return await ledger.grant(ref, meter, amount, key=op.key, why="a reason")
        limit: int | Literal["plan"] | None = amount
        if op.word != "number":
            limit = "plan" if op.word == "plan" else None
        return await ledger.override(ref, meter, limit, key=op.key, why="a reason")

    # whether it is right

    def _compare(self, op: Op, outcome: Receipt | int | BaseException) -> None:
        said = self._model.say(op, self._clock())
        if isinstance(outcome, Refused):
            self._compare_refusal(op, said, outcome)
        elif isinstance(outcome, Receipt):
            self._compare_receipt(op, said, outcome)
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            assert said.word == "ok"

    def _compare_refusal(self, op: Op, said: Said, outcome: Refused) -> None:
        refusal = outcome.refusal
        assert refusal.status.value == said.word, (op, said)
        if said.short is not None:
            assert refusal.shortage is not None
            one = refusal.shortage.allowance
            assert (one.meter, one.limit, one.used, one.held) == said.short, (op, said)

    def _compare_receipt(self, op: Op, said: Said, receipt: Receipt) -> None:
        assert said.word == ("replay" if receipt.replayed else "ok"), (op, said, receipt)
        if receipt.replayed and (op.account, op.key) in self._first:
            assert receipt.answer == self._first[op.account, op.key], op
        self._first[op.account, op.key] = receipt.answer
        if op.verb == "hold":
            self._compare_hold(op, said, receipt)

    def _compare_hold(self, op: Op, said: Said, receipt: Receipt) -> None:
        self._ids[said.hold] = receipt.id
        if receipt.replayed:
            return
        assert tuple(line.held for line in receipt.lines) == said.held, (op, said)
        grew = {line.meter for line in receipt.lines if line.held}
        for one in receipt.meters:
            assert one.meter not in grew or one.limit is None or one.used + one.held <= one.limit, (op, one)

    async def _compare_figures(self, accounts: set[str]) -> None:
        now = self._clock()
        for name in sorted(accounts):
            for one in (await self._world.ledger.usage(self._refs[name])).meters:
                assert (one.limit, one.used, one.held) == self._model.figures(name, one.meter, now), (name, one)
                assert (one.starts_at, one.ends_at) == self._model.lives[name].span(one.kind, now), (name, one)

    async def _compare_all(self) -> None:
        await self._compare_figures(set(ACCOUNTS))
        ledger, now = self._world.ledger, self._clock()
        for number, hold in enumerate(self._model.holds):
            facts = await ledger.hold_facts(self._refs[hold.account], self._ids[number])
            assert facts is not None
            assert (facts.state, [line.settled for line in facts.lines]) == (
                hold.state_at(now),
                [line.settled for line in hold.lines],
            )
        report = await ledger.verify()
        assert report.is_clean, [fault.sentence for fault in report.faults]
        assert report.holds == len(self._model.holds)
        assert report.entries == sum(life.entries for life in self._model.lives.values())


async def lead(address: str, terms: Terms, seed: int, operations: int) -> Lives:
    """Lead lives from one seed."""
    clock = FakeClock(instant_from("2026-01-30T22:00:00Z"))
    lives = Lives(World(address, terms, clock), terms, clock, seed)
    await lives.lead(operations)
    return lives
