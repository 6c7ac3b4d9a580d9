"""Riders: the caller's own rows, written with a command or not at all."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from tests.support.clock import FakeClock
from tests.support.ledgers import events, figures, kinds, status

from reelbot.allowance import AccountRef, Answer, Ledger, Rider, Status
from reelbot.db import Connection, Database, open_database
from reelbot.errors import DatabaseFailure

Notes = Callable[[], Awaitable[list[str]]]


class Spoilt(Exception):
    """What a rider raises here."""


def rider(text: str) -> Rider:
    """Writes a note."""

    async def write(connection: Connection | None, answer: Answer) -> None:
        assert connection is not None
        mark = "?" if connection.dialect == "sqlite" else "%s"
        await connection.execute(f"INSERT INTO note (text) VALUES ({mark})", (f"{text} {answer.kind}",))

    return write


def spoilsport(text: str) -> Rider:
    """Writes a note, then raises."""
    write = rider(text)

    async def spoil(connection: Connection | None, answer: Answer) -> None:
        await write(connection, answer)
        raise Spoilt(text)

    return spoil


async def break_off(connection: Connection | None, answer: Answer) -> None:
    """Asks the database for something that there is not."""
    assert connection is not None
    await connection.execute("INSERT INTO nowhere (text) VALUES ('x')")


@pytest.fixture(params=["sqlite", "postgres"])
def ledger_kind(request: pytest.FixtureRequest) -> str:
    """The stores that have something to write on."""
    kind: str = request.param
    return kind


@pytest.fixture
def ledger_address(ledger_kind: str, request: pytest.FixtureRequest) -> str:
    """The address of a ledger whose database is given up after the test, table of notes and all."""
    url: str = request.getfixturevalue(f"{ledger_kind}_url")
    return url


@pytest.fixture
async def database(ledger_address: str, ledger: Ledger) -> AsyncIterator[Database]:
    """The ledger's database, with a table of notes."""
    opened = await open_database(ledger_address)
    async with opened.transaction() as connection:
        await connection.execute("CREATE TABLE note (text text NOT NULL)")
    yield opened
    await opened.close()


@pytest.fixture
def notes(database: Database) -> Notes:
    """All notes there are."""

    async def read() -> list[str]:
        async with database.reading() as connection:
            return sorted(text for (text,) in await connection.fetch("SELECT text FROM note"))

    return read


async def test_a_rider_commits_with_its_command(ledger: Ledger, ada: AccountRef, notes: Notes) -> None:
    hold = await ledger.hold(ada, {"ai_credits": 10}, key="k", rider=rider("a"))
    await ledger.settle(hold, rider=rider("b"))
    await ledger.account("bob", rider=rider("c"))
    assert await notes() == ["a hold", "b settle", "c open"]


async def test_a_rider_is_not_run_for_a_refusal_or_a_replay(ledger: Ledger, ada: AccountRef, notes: Notes) -> None:
    assert await status(ledger.hold(ada, {"ai_credits": 61}, key="k", rider=rider("a"))) is Status.ALLOWANCE_EXHAUSTED
    await ledger.hold(ada, {"ai_credits": 10}, key="l", rider=rider("b"))
    assert (await ledger.hold(ada, {"ai_credits": 10}, key="l", rider=rider("c"))).replayed
    await ledger.account("ada", rider=rider("d"))
    assert await notes() == ["b hold"]


async def test_a_rider_that_raises_undoes_its_command_and_its_caller_gets_the_error(
    ledger: Ledger, ada: AccountRef, notes: Notes
) -> None:
    told = await ledger.events.last(ada.lane, ada.id)
    with pytest.raises(Spoilt, match="a"):
        await ledger.hold(ada, {"ai_credits": 10}, key="k", rider=spoilsport("a"))
    assert (await figures(ledger, ada), await kinds(ledger, ada)) == ((0, 0, 60), ["open"])
    assert (await notes(), await events(ledger, ada, told)) == ([], [])
    assert not (await ledger.hold(ada, {"ai_credits": 10}, key="k", rider=rider("b"))).replayed
    assert await notes() == ["b hold"]


async def test_a_rider_that_raises_takes_none_of_its_companions_with_it(
    ledger: Ledger, ada: AccountRef, notes: Notes
) -> None:
    riders = [spoilsport(f"{number:02}") if number % 7 == 3 else rider(f"{number:02}") for number in range(30)]
    asked = [ledger.hold(ada, {"ai_credits": 1}, key=f"k{number}", rider=one) for number, one in enumerate(riders)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    failed = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, Spoilt)]
    assert failed == [3, 10, 17, 24]
    assert await figures(ledger, ada) == (0, 26, 34)
    assert await notes() == [f"{number:02} hold" for number in range(30) if number not in failed]
    assert (await kinds(ledger, ada)).count("hold") == 26


@pytest.mark.parametrize("company", [0, 12])
async def test_a_rider_whose_statement_fails_undoes_its_command_alone(
    ledger: Ledger, ada: AccountRef, notes: Notes, company: int
) -> None:
    asked = [ledger.hold(ada, {"ai_credits": 1}, key=f"k{number}", rider=rider("a")) for number in range(company)]
    outcomes = await asyncio.gather(
        ledger.hold(ada, {"ai_credits": 40}, key="bad", rider=break_off), *asked, return_exceptions=True
    )
    assert isinstance(outcomes[0], DatabaseFailure | AssertionError)
    assert not [outcome for outcome in outcomes[1:] if isinstance(outcome, BaseException)]
    assert await figures(ledger, ada) == (0, company, 60 - company)
    assert len(await notes()) == company


async def test_on_the_memory_store_a_rider_that_raises_undoes_its_command_too(clock: FakeClock) -> None:
    async def spoil(connection: Connection | None, answer: Answer) -> None:
        assert connection is None
        raise Spoilt

    async with Ledger.open("memory:", clock=clock, sweep_seconds=None) as ledger:
        ada = await ledger.account("ada")
        with pytest.raises(Spoilt):
            await ledger.hold(ada, {"ai_credits": 10}, key="k", rider=spoil)
        assert await figures(ledger, ada) == (0, 0, 60)
