"""Processes that hammer one ledger are killed with SIGKILL at random moments; what they were answered is there.

Two hammer at a time, on one SQLite file or one PostgreSQL database. One of them is killed in the middle of its work and
another takes its place, again and again; in the end both are. Between the first kills the ledger is audited while the
other goes on.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from random import Random

import pytest
from tests.simulation.hammer import AMOUNT

from reelbot.allowance import AuditReport, Ledger, Receipt

SHORT = 10
LONG = 200
PROCESSES = 2
ANSWERS_MAX = 150
"""Before a kill a process gives at most so many answers: enough to be in the midst of things."""

UNREAD_MAX = 2**24
"""Bytes of answers that may wait to be read while another process is listened to: none stalls for want of a reader."""

ROOT = Path(__file__).parents[2]


class Hammer:
    """One process, and what it was answered."""

    def __init__(self, address: str, name: str) -> None:
        self._address = address
        self._name = name
        self._process: Process
        self.answers: list[str] = []

    async def start(self) -> None:
        command = (sys.executable, "-m", "tests.simulation.hammer", self._address, self._name)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src")))}
        self._process = await asyncio.create_subprocess_exec(
            *command, stdout=PIPE, limit=UNREAD_MAX, cwd=ROOT, env=environment
        )

    async def kill_after(self, answers: int) -> None:
        """Let it go on to so many answers more, kill it, and take down all it still said."""
        assert self._process.stdout is not None
        for _ in range(answers):
            line = await self._process.stdout.readline()
            assert line, "it ended by itself"
            self.answers.append(line.decode().strip())
        self._process.kill()
        rest = (await self._process.stdout.read()).decode()
        whole = rest[: rest.rfind("\n") + 1]
        self.answers.extend(whole.splitlines())
        await self._process.wait()


async def hammered(address: str, kills: int, seed: int) -> list[str]:
    """Everything that was answered by processes of which so many were killed."""
    random = Random(seed)
    answers: list[str] = []
    hammers = [Hammer(address, f"hammer {number}") for number in range(PROCESSES)]
    await hammers[0].start()
    await hammers[0].kill_after(1)  # the tables are there: the others begin at the same time
    for hammer in hammers[1:]:
        await hammer.start()
    hammers[0] = Hammer(address, "hammer first")
    await hammers[0].start()
    async with Ledger.open(address, sweep_seconds=None) as ledger:
        for kill in range(kills):
            victim = hammers[kill % PROCESSES]
            await victim.kill_after(random.randint(1, ANSWERS_MAX))
            answers.extend(victim.answers)
            hammers[kill % PROCESSES] = Hammer(address, f"hammer after {kill}")
            await hammers[kill % PROCESSES].start()
            if kill < SHORT:  # later it would take longer than all the rest
                await require_clean(ledger)
    for hammer in hammers:
        await hammer.kill_after(1)
        answers.extend(hammer.answers)
    return answers


async def ask_again(ledger: Ledger, answer: str) -> Receipt:
    """The request that was answered so, once more."""
    verb, name, hold, *key = answer.split(" ", 3)
    if verb == "hold":
        receipt = await ledger.hold(await ledger.account(name), AMOUNT, key=key[0], expires_in=3_600)
        assert receipt.id == hold
        return receipt
    return await (ledger.settle(hold) if verb == "settle" else ledger.release(hold))


async def require_clean(ledger: Ledger) -> AuditReport:
    report = await ledger.verify()
    assert report.is_clean, [fault.sentence for fault in report.faults]
    return report


async def check(address: str, answers: list[str]) -> None:
    async with Ledger.open(address) as ledger:
        report = await require_clean(ledger)
        for some in (answers[at : at + 500] for at in range(0, len(answers), 500)):
            assert all(receipt.replayed for receipt in await asyncio.gather(*(ask_again(ledger, one) for one in some)))
        assert (await ledger.verify())[:3] == report[:3]
        for account in await ledger.accounts():
            events = await ledger.events.read(account.lane, account.id, 0, 10**6)
            assert [event.n for event in events] == list(range(1, len(events) + 1))


async def survives(address: str, kills: int) -> None:
    seed = int(os.environ.get("REELBOT_SEED", "1"))
    answers = await hammered(address, kills, seed)
    assert len(answers) > kills
    assert {answer.split()[0] for answer in answers} == {"hold", "settle", "release"}
    await check(address, answers)


async def test_what_was_answered_survives_kill_nine(database_url: str) -> None:
    await survives(database_url, SHORT)


@pytest.mark.long
@pytest.mark.timeout(7_200)
async def test_what_was_answered_survives_kill_nine_hundreds_of_times(database_url: str) -> None:
    await survives(database_url, LONG)
