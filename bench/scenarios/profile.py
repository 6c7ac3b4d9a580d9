"""Where the processor time of a lifecycle goes: the engine's own steps, taken one after another on batches of its size.

Each step calls the code that the engine calls, and is timed alone. What the engine takes in its own run beyond their sum
is the price of having callers: tasks, futures, the event loop, the other thread. Waiting for the disk is no processor
time; it is told apart.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import thread_time
from typing import NamedTuple, TypeVar

from bench.bare import CommitsHere, decided, wanted_by
from bench.engines import loaded_sqlite
from bench.ground import chunks, copied
from bench.load import CALLERS, WARM_UP, WHAT, Job, on_loop
from bench.scenario import Case, Found, Measure, Place, Scenario
from bench.scenarios.sqlite_lifecycle import (
    HOT_ENTRIES,
    accounts,
    grounds,
    hot_ground,
    hot_jobs,
    spread_ground,
    spread_jobs,
)
from bench.watched import WatchedDatabase, Witness
from reelbot.allowance import Answer, Ledger, Receipt, Rider, Terms, load_terms
from reelbot.allowance.core.book import Book
from reelbot.allowance.core.commands import Command
from reelbot.allowance.core.decide import balances_needed
from reelbot.allowance.core.entries import entry_hash
from reelbot.allowance.core.outcomes import Outcome
from reelbot.allowance.store import Accepted
from reelbot.allowance.stores.sqlite import SqliteStore
from reelbot.clock import system_clock
from reelbot.db import SqliteDatabase, load_statements
from reelbot.events import Events

T = TypeVar("T")

_READS = ("load_accounts", "load_holds", "load_answers", "load_balances", "read_lasts")


class _Parser(Ledger):
    """A front door behind which nothing happens: it notes the command and gives an answer that was there before."""

    def __init__(self, terms: Terms, store: SqliteStore, events: Events, answer: Answer) -> None:
        super().__init__(store, events, terms, sweep_seconds=None)
        self.commands: list[Command] = []
        self._answer = answer

    async def submit(self, command: Command, rider: Rider | None = None) -> Outcome:
        """Note the command."""
        self.commands.append(command)
        return self._answer


class _Stages:
    """Processor seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def add(self, stage: str, seconds: float) -> None:
        """More of one stage."""
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """The time until the block ends."""
        began = thread_time()
        yield
        self.add(stage, thread_time() - began)


class _Bench(NamedTuple):
    """What the steps are taken on."""

    store: SqliteStore
    terms: Terms
    parser: _Parser
    witness: Witness
    stages: _Stages


async def _staged(place: Place, ground_of: Callable[[Place], object], asked: Sequence[Job]) -> dict[str, float]:
    """Microseconds of a lifecycle by stage."""
    path = copied(hot_ground(place) if ground_of is hot_ground else spread_ground(place), place.directory)
    database = await SqliteDatabase.open(path)
    witness, terms, events = Witness(), load_terms(), Events(database)
    store = SqliteStore(WatchedDatabase(CommitsHere(database), witness), events)
    nothing = Answer("hold", 0, 1, 0, 1, "open", 0, (), (), (), "free", "UTC")
    bench = _Bench(store, terms, _Parser(terms, store, events, nothing), witness, _Stages())
    for number, jobs in enumerate(chunks(asked, CALLERS)):
        if number == WARM_UP // CALLERS:
            witness.clear()
            bench.stages.seconds.clear()
        await _live(bench, jobs)
    await database.close()
    return _per_lifecycle(bench, len(asked) - WARM_UP)


async def _live(bench: _Bench, jobs: Sequence[Job]) -> None:
    with bench.stages.timed("parse and check"):
        for job in jobs:
            await bench.parser.hold(job.account, WHAT, key=job.hold_key)
    held = await _carried_out(bench, _taken(bench.parser))
    receipts = [Receipt(job.account, answer, replayed=False) for job, answer in zip(jobs, held, strict=True)]
    with bench.stages.timed("parse and check"):
        for job, receipt in zip(jobs, receipts, strict=True):
            await bench.parser.settle(receipt, key=job.settle_key)
    await _carried_out(bench, _taken(bench.parser))


def _taken(parser: _Parser) -> list[Command]:
    commands, parser.commands = parser.commands, []
    return commands


async def _carried_out(bench: _Bench, commands: Sequence[Command]) -> list[Answer]:
    """What the batch does, step by step."""
    stages, statements = bench.stages, bench.witness.seconds
    async with bench.store.transaction(0) as transaction:
        book, before, began = Book(bench.terms.catalogue, 0), sum(statements.values()), thread_time()
        await transaction.load(book, wanted_by(commands))
        now = system_clock()
        await transaction.load_balances(book, {key for one in commands for key in balances_needed(book, one, now)})
        stages.add("load: around the statements", thread_time() - began - (sum(statements.values()) - before))
        with stages.timed("decide"):
            outcomes, accepted = decided(book, commands, now)
        _hash_apart(stages, accepted)
        before, began = sum(statements.values()), thread_time()
        await transaction.append(accepted, book)
        stages.add("encode rows, answers and events", thread_time() - began - (sum(statements.values()) - before))
    return [outcome for outcome in outcomes if isinstance(outcome, Answer)]


def _hash_apart(stages: _Stages, accepted: Sequence[Accepted]) -> None:
    """Chain the entries once more, to know what part of deciding that is."""
    began = thread_time()
    for one in accepted:
        for entry in one.decision.entries:
            entry_hash(entry.hash, entry)
    seconds = thread_time() - began
    stages.add("chain: encode and hash entries", seconds)
    stages.add("decide", -seconds)


def _per_lifecycle(bench: _Bench, lifecycles: int) -> dict[str, float]:
    names = {sql: name for room in ("allowance", "events") for name, sql in _statements(room).items()}
    stages = dict(bench.stages.seconds)
    for sql, seconds in bench.witness.seconds.items():
        kind = "load" if names[sql] in _READS else "write"
        stages[f"{kind}: {names[sql]}"] = seconds
    stages["commit"] = bench.witness.commit_seconds
    return {stage: seconds * 1e6 / lifecycles for stage, seconds in stages.items()} | {
        "commit, wall": bench.witness.commit_wall_seconds * 1e6 / lifecycles
    }


def _statements(room: str) -> dict[str, str]:
    return dict(load_statements(f"reelbot.{room}", "sqlite"))


def _profiled(place: Place, ground_of: Callable[[Place], object], asked: Sequence[Job], entries: int) -> Found:
    stages = on_loop(_staged(place, ground_of, asked))
    ground = hot_ground(place) if ground_of is hot_ground else spread_ground(place)
    engine = on_loop(loaded_sqlite(ground, place.directory, asked, entries, CALLERS))
    waited = stages.pop("commit, wall") - stages["commit"]
    total = engine.figures["cpu_us"]
    parts = {**stages, "callers, futures, event loop": total - sum(stages.values())}
    ordered = dict(sorted(parts.items(), key=lambda part: -part[1]))
    note = f"{total:.0f} µs of processor time a lifecycle; beside it {waited:.0f} µs of waiting for the disk"
    return Found({"cpu_us": total}, engine.faults, {name: us / total for name, us in ordered.items()}, (note,))


def _profiled_spread(place: Place) -> Found:
    return _profiled(place, spread_ground, spread_jobs(place, _count(place)), accounts(place))


def _profiled_hot(place: Place) -> Found:
    return _profiled(place, hot_ground, hot_jobs(_count(place)), HOT_ENTRIES)


def _count(place: Place) -> int:
    return WARM_UP + place.sized(6_000, 40_000)


SCENARIO = Scenario(
    title="Where the processor time of a lifecycle goes (SQLite, 256 callers)",
    prepare=grounds,
    cases=(Case("spread", _profiled_spread), Case("hot", _profiled_hot)),
    measures=(
        Measure("a lifecycle, spread", ("spread", "cpu_us"), best="low", unit="µs CPU"),
        Measure("a lifecycle, one hot account", ("hot", "cpu_us"), best="low", unit="µs CPU"),
    ),
    rounds=1,
)
