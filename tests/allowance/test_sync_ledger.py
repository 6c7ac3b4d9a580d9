"""The ledger without `async`: the same calls, from any number of threads, around forks and to the end of the program."""

import asyncio
import inspect
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Barrier, Event
from typing import assert_type

import pytest
from tests.support.clock import FakeClock

from reelbot.allowance import (
    AccountRef,
    Answer,
    DatabaseFailure,
    Item,
    Ledger,
    Malformed,
    Misplaced,
    Receipt,
    Refused,
    Span,
    SyncConnection,
    SyncLedger,
    Usage,
    sync_rider,
)
from reelbot.db import Connection, open_database

NOT_HERE = {
    "start": "what opens",
    "stop": "what closes",
    "submit": "takes commands and gives values, which only rooms of this tree use",
    "first_uncharged": "takes a connection of a running loop",
}
"""What `Ledger` has and `SyncLedger` does not, and why."""


@pytest.fixture
def ledger(emptied_url: str, clock: FakeClock) -> Iterator[SyncLedger]:
    """An open ledger on each database, at a time that stands still."""
    with SyncLedger.open(emptied_url, clock=clock, sweep_seconds=None) as opened:
        yield opened


@pytest.fixture
def ada(ledger: SyncLedger) -> AccountRef:
    return ledger.account("ada", plan="free", timezone="Europe/Paris")


def public(kind: type) -> dict[str, Callable[..., object]]:
    return {name: one for name, one in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}


def test_every_call_of_the_ledger_is_there_with_its_arguments_and_its_words() -> None:
    asynchronous, synchronous = public(Ledger), public(SyncLedger)
    assert set(asynchronous) - set(synchronous) == set(NOT_HERE)
    assert set(synchronous) - set(asynchronous) == {"open", "close"}
    for name in set(asynchronous) & set(synchronous):
        assert inspect.signature(synchronous[name]) == inspect.signature(asynchronous[name]), name
        assert synchronous[name].__doc__ == asynchronous[name].__doc__, name
        assert not inspect.iscoroutinefunction(synchronous[name]), name
    assert inspect.signature(SyncLedger.open).parameters == inspect.signature(Ledger.open).parameters


def test_types_are_those_of_the_ledger(ledger: SyncLedger, ada: AccountRef) -> None:
    """The type checker reads this, and fails where a signature got lost on the way."""
    assert_type(ada, AccountRef)
    hold = assert_type(ledger.hold(ada, {"ai_credits": 2}, key="one"), Receipt)
    assert_type(ledger.settle(hold), Receipt)
    assert_type(ledger.usage(ada), Usage)
    with pytest.raises(TypeError):
        ledger.hold(ada, {"ai_credits": 2})  # type: ignore[call-arg]
    with pytest.raises(Malformed):
        ledger.hold(ada, {"ai_credits": "two"}, key="two")  # type: ignore[dict-item]


def test_the_five_lines_work_without_async(ledger: SyncLedger, ada: AccountRef) -> None:
    hold = ledger.hold(ada, {"ai_credits": 25}, key="order-17")
    assert ledger.hold_facts(ada, hold.id) is not None
    ledger.settle(hold, {"ai_credits": 20})
    (credits, *_) = ledger.usage(ada).meters
    assert (credits.used, credits.held, credits.remaining) == (20, 0, 40)
    assert [entry.kind for entry in ledger.history(ada, Span(None, 10))] == ["settle", "hold", "open"]
    assert ledger.verify().is_clean
    assert ledger.find("nobody") is None
    assert "free" in ledger.terms.catalogue.plans
    (priced,) = ledger.priced(ada, [Item("script")])
    assert priced.line.amount > 0


def test_errors_are_those_of_the_ledger(ledger: SyncLedger, ada: AccountRef) -> None:
    with pytest.raises(Refused) as refused:
        ledger.hold(ada, {"ai_credits": 61}, key="too-much")
    assert refused.value.refusal.shortage is not None
    with pytest.raises(Malformed):
        ledger.account(" ada")


def test_of_many_threads_exactly_as_many_are_served_as_there_is_room_for(ledger: SyncLedger, ada: AccountRef) -> None:
    together = Barrier(16)

    def ask(number: int) -> bool:
        together.wait()
        try:
            ledger.settle(ledger.hold(ada, {"ai_credits": 7}, key=f"order-{number}"))
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(ask, range(16))) == 60 // 7
    assert ledger.verify().is_clean


def test_threads_that_come_first_together_open_it_once(sqlite_url: str) -> None:
    ledger = SyncLedger.open(sqlite_url)
    together = Barrier(8)

    def ask(_: int) -> AccountRef:
        together.wait()
        return ledger.account("ada")

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(ask, range(8)))) == 1
    assert sum(thread.name == "reelbot-ledger" for thread in threading.enumerate()) == 1
    ledger.close()
    assert not any(thread.name == "reelbot-ledger" for thread in threading.enumerate())


def test_naming_a_ledger_opens_nothing_and_a_failed_opening_is_tried_again(tmp_path: Path) -> None:
    blocked = tmp_path / "folder"
    ledger = SyncLedger.open(f"sqlite:///{blocked / 'ledger.db'}")
    assert not blocked.exists()
    blocked.write_text("in the way of a folder")
    with pytest.raises(DatabaseFailure):
        ledger.account("ada")
    blocked.unlink()
    assert ledger.account("ada").name == "ada"
    ledger.close()


def test_what_is_closed_says_so_and_closing_twice_is_fine(sqlite_url: str) -> None:
    ledger = SyncLedger.open(sqlite_url)
    ada = ledger.account("ada")
    ledger.close()
    ledger.close()
    with pytest.raises(DatabaseFailure, match="closed"):
        ledger.usage(ada)
    with pytest.raises(DatabaseFailure, match="closed"), ledger:
        pass


def test_closing_waits_for_what_was_asked_before(sqlite_url: str) -> None:
    asked, closing, may_go_on = Event(), Event(), Event()

    @asynccontextmanager
    async def opening() -> AsyncIterator[Ledger]:
        async with Ledger.open(sqlite_url) as opened:
            yield opened
            closing.set()

    ledger = SyncLedger(opening)
    ada = ledger.account("ada")

    async def slow(asynchronous: Ledger) -> Receipt:
        """A call of two steps, held up between them."""
        asked.set()
        await asyncio.to_thread(may_go_on.wait, 60)
        return await asynchronous.hold(ada, {"ai_credits": 1}, key="slow")

    with ThreadPoolExecutor(2) as threads:
        held = threads.submit(ledger._result_of, slow)
        assert asked.wait(60)
        closed = threads.submit(ledger.close)
        began_to_close = closing.wait(0.3)  # nothing to wait for where it is right
        may_go_on.set()
        assert held.result().state == "open"
        closed.result()
        assert not began_to_close


# riders


@pytest.fixture
def _job_table(emptied_url: str, ledger: SyncLedger) -> None:
    """A table of the caller's own, beside the ledger's."""

    async def made() -> None:
        database = await open_database(emptied_url)
        async with database.transaction() as connection:
            await connection.execute("CREATE TABLE IF NOT EXISTS callers_job (hold TEXT PRIMARY KEY)")
        await database.close()

    asyncio.run(made())


def jobs(ledger: SyncLedger, ada: AccountRef, key: str) -> list[str]:
    found: list[str] = []

    @sync_rider
    def read(connection: SyncConnection | None, answer: Answer) -> None:
        assert connection is not None
        found[:] = [hold for (hold,) in connection.fetch("SELECT hold FROM callers_job ORDER BY hold")]

    ledger.release(ledger.hold(ada, {"ai_credits": 1}, key=key, rider=read))
    return found


def insert(connection: SyncConnection) -> str:
    return f"INSERT INTO callers_job (hold) VALUES ({'?' if connection.dialect == 'sqlite' else '%s'})"


@pytest.mark.usefixtures("_job_table")
def test_a_plain_rider_writes_with_the_hold_and_its_row_can_settle_it(ledger: SyncLedger, ada: AccountRef) -> None:
    @sync_rider
    def enqueue(connection: SyncConnection | None, answer: Answer) -> None:
        assert connection is not None
        connection.execute(insert(connection), (answer.hold_id,))

    hold = ledger.hold(ada, {"ai_credits": 5}, key="render-9", rider=enqueue)
    assert jobs(ledger, ada, "look") == [hold.id]
    ledger.settle(hold.id)
    assert ledger.usage(ada).meters[0].used == 5


@pytest.mark.usefixtures("_job_table")
def test_a_plain_rider_that_raises_undoes_its_command_and_its_writes(ledger: SyncLedger, ada: AccountRef) -> None:
    @sync_rider
    def broken(connection: SyncConnection | None, answer: Answer) -> None:
        assert connection is not None
        connection.execute_many(insert(connection), [("a",), ("b",)])
        raise LookupError("not today")

    with pytest.raises(LookupError, match="not today"):
        ledger.hold(ada, {"ai_credits": 5}, key="render-9", rider=broken)
    assert jobs(ledger, ada, "look") == []
    assert ledger.usage(ada).meters[0].held == 0


def test_a_rider_that_asks_its_own_ledger_is_told_instead_of_waiting_for_ever(
    ledger: SyncLedger, ada: AccountRef
) -> None:
    @sync_rider
    def plain(connection: SyncConnection | None, answer: Answer) -> None:
        ledger.usage(ada)

    async def asynchronous(connection: Connection | None, answer: Answer) -> None:
        ledger.close()

    for rider in (plain, asynchronous):
        with pytest.raises(Misplaced, match="rider"):
            ledger.hold(ada, {"ai_credits": 1}, key="own", rider=rider)
    assert ledger.hold(ada, {"ai_credits": 1}, key="own").state == "open"


def test_a_rider_may_ask_another_ledger(ledger: SyncLedger, ada: AccountRef) -> None:
    with SyncLedger.open("memory:") as other:
        bob = other.account("bob")

        @sync_rider
        def also(connection: SyncConnection | None, answer: Answer) -> None:
            other.hold(bob, {"ai_credits": 2}, key=answer.hold_id)

        ledger.hold(ada, {"ai_credits": 1}, key="both", rider=also)
        assert other.usage(bob).meters[0].held == 2


def test_a_connection_that_a_rider_kept_writes_nothing_later(ledger: SyncLedger, ada: AccountRef) -> None:
    kept: list[SyncConnection] = []

    @sync_rider
    def keep(connection: SyncConnection | None, answer: Answer) -> None:
        assert connection is not None
        kept.append(connection)

    ledger.hold(ada, {"ai_credits": 1}, key="kept", rider=keep)
    with pytest.raises(AssertionError, match="after the rider has ended"):
        kept[0].execute("DELETE FROM balance")


def test_a_plain_function_that_is_no_rider_is_refused_in_words(ledger: SyncLedger, ada: AccountRef) -> None:
    def plain(connection: object, answer: Answer) -> None:
        return

    with pytest.raises(Malformed, match="sync_rider"):
        ledger.hold(ada, {"ai_credits": 1}, key="plain", rider=plain)  # type: ignore[arg-type]
    assert ledger.usage(ada).meters[0].held == 0


# processes


def run(code: str, *arguments: str) -> str:
    """What a program of its own prints; nothing on standard error, and no status but 0."""
    called = [sys.executable, "-W", "error", "-c", textwrap.dedent(code), *arguments]
    done = subprocess.run(called, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def test_a_ledger_that_is_named_before_a_fork_is_opened_in_each_process(tmp_path: Path) -> None:
    told = run(
        """
        import os, sys
        from reelbot.allowance import SyncLedger

        ledger = SyncLedger.open(sys.argv[1])
        child = os.fork()
        ada = ledger.account("ada")
        ledger.settle(ledger.hold(ada, {"ai_credits": 3}, key=f"of-{'parent' if child else 'child'}"))
        if not child:
            sys.exit()
        assert os.waitpid(child, 0)[1] == 0
        print(ledger.usage(ada).meters[0].used, ledger.verify().is_clean)
        """,
        f"sqlite:///{tmp_path}/ledger.db",
    )
    assert told == "6 True\n"


def test_a_ledger_that_was_opened_before_a_fork_says_so_in_the_child_and_goes_on_in_the_parent(tmp_path: Path) -> None:
    told = run(
        """
        import os, sys
        from reelbot.allowance import DatabaseFailure, Misplaced, SyncLedger

        ledger = SyncLedger.open(sys.argv[1])
        ada = ledger.account("ada")
        child = os.fork()
        if not child:
            try:
                ledger.usage(ada)
            except Misplaced as refused:
                print(refused.detail, flush=True)
            try:
                SyncLedger.open(sys.argv[1]).usage(ada)
            except DatabaseFailure as refused:
                print(refused.hint, flush=True)
            ledger.close()
            sys.exit()
        assert os.waitpid(child, 0)[1] == 0
        ledger.settle(ledger.hold(ada, {"ai_credits": 3}, key="after"))
        print(ledger.usage(ada).meters[0].used, ledger.verify().is_clean)
        """,
        f"sqlite:///{tmp_path}/ledger.db",
    )
    first, second, third = told.splitlines()
    assert "before the process was forked" in first
    assert second == "Open it after the fork only, or close it before."
    assert third == "3 True"


def test_a_ledger_that_was_closed_before_a_fork_can_be_opened_by_both(tmp_path: Path) -> None:
    told = run(
        """
        import os, sys
        from reelbot.allowance import SyncLedger

        with SyncLedger.open(sys.argv[1]) as ledger:
            ledger.account("ada")
        child = os.fork()
        with SyncLedger.open(sys.argv[1]) as ledger:
            ada = ledger.account("ada")
            ledger.hold(ada, {"ai_credits": 1}, key=str(child))
            if child:
                assert os.waitpid(child, 0)[1] == 0
                print(ledger.usage(ada).meters[0].held)
        """,
        f"sqlite:///{tmp_path}/ledger.db",
    )
    assert told == "2\n"


def test_a_ledger_whose_opening_failed_before_a_fork_may_be_opened_by_the_child(tmp_path: Path) -> None:
    told = run(
        """
        import os, sys
        from pathlib import Path
        from reelbot.allowance import DatabaseFailure, SyncLedger

        blocked = Path(sys.argv[1])
        blocked.write_text("in the way of a folder")
        ledger = SyncLedger.open(f"sqlite:///{blocked}/ledger.db")
        try:
            ledger.account("ada")
        except DatabaseFailure:
            blocked.unlink()
        child = os.fork()
        if not child:
            print(ledger.account("ada").name, flush=True)
            sys.exit()
        assert os.waitpid(child, 0)[1] == 0
        """,
        str(tmp_path / "folder"),
    )
    assert told == "ada\n"


def test_a_program_that_ends_closes_its_ledger(tmp_path: Path) -> None:
    run(
        """
        import sys
        from reelbot.allowance import SyncLedger, sync_rider

        ledger = SyncLedger.open(sys.argv[1])
        ada = ledger.account("ada")
        ledger.hold(ada, {"ai_credits": 1}, key="one", rider=sync_rider(lambda connection, answer: None))
        """,
        f"sqlite:///{tmp_path}/ledger.db",
    )
    assert [one.name for one in tmp_path.iterdir()] == ["ledger.db"]  # SQLite removes its log with the last connection


def test_a_caller_who_is_interrupted_leaves_the_ledger_whole(tmp_path: Path) -> None:
    told = run(
        """
        import os, signal, sys
        from threading import Event, Thread
        from reelbot.allowance import SyncLedger, sync_rider

        ledger = SyncLedger.open(sys.argv[1])
        ada = ledger.account("ada")
        may_end = Event()

        @sync_rider
        def interrupt(connection, answer):
            os.kill(os.getpid(), signal.SIGINT)
            may_end.wait(60)

        try:
            ledger.hold(ada, {"ai_credits": 1}, key="one", rider=interrupt)
        except KeyboardInterrupt:
            may_end.set()
            hold = ledger.hold(ada, {"ai_credits": 1}, key="one")
            print(ledger.settle(hold).state, ledger.verify().is_clean)
        """,
        f"sqlite:///{tmp_path}/ledger.db",
    )
    assert told == "settled True\n"
