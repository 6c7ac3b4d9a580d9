"""Twenty videos for five accounts by three worker processes, of which one is killed with SIGKILL again and again.

Every job ends once, no provider is asked twice under one request id, the ledger is clean, and no file is half written. What
is excluded is said where it is: a voiceover of this provider may be repeated, which it declares to be harmless.
"""

import asyncio
import hashlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from pathlib import Path
from random import Random
from signal import SIGKILL

import msgspec
import pytest
from tests.simulation.studio_workers import opened

from reelbot.allowance import AccountRef
from reelbot.ids import id_text
from reelbot.records import Owner, Page
from reelbot.studio.actions.requests import GenerationAsked, StepAsked
from reelbot.studio.context import Room
from reelbot.studio.core.job import ACTIVE, Job, delivered_amounts
from reelbot.studio.core.requests import DraftAsked
from reelbot.studio.jobs.worker import JobWorker
from reelbot.studio.service import Studio

SHORT_KILLS, LONG_KILLS = 10, 200
KILLS_A_ROUND = 10
ACCOUNTS, DRAFTS, WORKERS = 5, 20, 3
ALL = Page(10_000)
ROOT = Path(__file__).parents[2]

STEPS = [
    StepAsked("script"),
    StepAsked("voiceover"),
    StepAsked("image", {"count": 2}),
    StepAsked("music"),
]


class Nursery:
    """The workers, by their process ids."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.workers: list[int] = []

    @classmethod
    async def open(cls, address: str, folder: Path) -> "Nursery":
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src")))}
        command = (sys.executable, "-m", "tests.simulation.studio_workers", address, str(folder))
        return cls(await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=ROOT, env=environment))

    async def bear(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        self.workers.append(int(await self._process.stdout.readline()))

    def kill(self, at: int) -> None:
        os.kill(self.workers.pop(at), SIGKILL)

    async def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.communicate()


async def ordered(studio: Studio, accounts: list[AccountRef], round_: int) -> None:
    """Twenty videos, asked for at once."""
    kept = [
        await studio.open(accounts[at % ACCOUNTS], DraftAsked(flow="narrated", topic=f"topic {at} of round {round_}"))
        for at in range(DRAFTS)
    ]
    asked = GenerationAsked(steps=STEPS, render=True)
    await asyncio.gather(
        *(
            studio.generate(accounts[at % ACCOUNTS], draft.id, asked, f"round {round_} video {at}")
            for at, (draft, _) in enumerate(kept)
        )
    )


async def waiting(room: Room) -> int:
    return sum((await room.store.counts()).values())


def asked(folder: Path) -> list[str]:
    log = folder / "asked.log"
    return log.read_text().splitlines() if log.exists() else []


async def harassed(room: Room, nursery: Nursery, folder: Path, kills: int, random: Random) -> int:
    """Kill a random worker after every few requests, until so many were killed or all is done; how many were."""
    for killed in range(kills):
        goal = len(asked(folder)) + random.randint(1, 6)
        while len(asked(folder)) < goal:
            if not await waiting(room):
                return killed
            await asyncio.sleep(0.02)
        nursery.kill(random.randrange(WORKERS))
        await nursery.bear()
    while await waiting(room):
        await asyncio.sleep(0.05)
    return kills


async def survives(address: str, folder: Path, kills: int) -> None:
    random = Random(int(os.environ.get("REELBOT_SEED", "1")))
    async with opened(address, folder) as room:
        accounts = [await room.ledger.account(f"account {at}", plan="enterprise") for at in range(ACCOUNTS)]
        studio = Studio(room, JobWorker(room))
        nursery = await Nursery.open(address, folder)
        try:
            for _ in range(WORKERS):
                await nursery.bear()
            killed = round_ = 0
            while killed < kills:
                await ordered(studio, accounts, round_)
                killed += await harassed(room, nursery, folder, min(KILLS_A_ROUND, kills - killed), random)
                round_ += 1
        finally:
            await nursery.close()
        await check(room, accounts, folder, round_)


async def check(room: Room, accounts: list[AccountRef], folder: Path, rounds: int) -> None:
    once = Counter(line for line in asked(folder) if not line.startswith("voiceover"))
    assert [line for line, count in once.items() if count > 1] == []
    report = await room.ledger.verify()
    assert report.is_clean, [fault.sentence for fault in report.faults]
    made = 0
    for account in accounts:
        made += await check_account(room, account, rounds)
    # Work that can be neither asked after nor repeated is lost with its worker; the rest must come through.
    assert made >= rounds * DRAFTS // 4
    for path in (folder / "studio" / "files").rglob("*"):
        if path.is_file():
            assert hashlib.sha256(path.read_bytes()).hexdigest() == path.parent.name + path.name


async def check_account(room: Room, account: AccountRef, rounds: int) -> int:
    """Each job has ended once, with what it made and nothing else counted; how many videos there are."""
    owner = Owner(account.lane, account.id)
    jobs = await room.store.jobs(owner, ALL)
    assert len(jobs) == rounds * DRAFTS // ACCOUNTS
    for job in jobs:
        await check_job(room, account, job)
    events = await room.events.read(account.lane, account.id, 0, 10**6)
    assert [event.n for event in events] == list(range(1, len(events) + 1))
    told = [msgspec.json.decode(event.body) for event in events if event.kind == "job"]
    assert Counter(one["state"] not in ACTIVE for one in told)[True] == len(jobs)
    succeeded = [job for job in jobs if job.state == "succeeded"]
    videos = await room.store.videos(owner, ALL)
    used = {one.meter: (one.used, one.held) for one in (await room.ledger.usage(account)).meters}
    assert used["video_generations"] == (len(succeeded), 0)
    assert used["ai_credits"] == (sum(delivered_amounts(job).get("ai_credits", 0) for job in jobs), 0)
    assert {video.facts.job for video in videos} == {
        id_text("job", job.lane, job.account, job.number) for job in succeeded
    }
    drafts = await room.store.drafts(owner, ALL)
    assert len(drafts) == len(jobs) - len(succeeded)
    assert {draft.locked_by for draft in drafts} <= {None}
    for video in videos:
        assert all(room.files.has(getattr(video.facts.files, name)) for name in ("mp4", "srt", "vtt", "words"))
    return len(videos)


async def check_job(room: Room, account: AccountRef, job: Job) -> None:
    assert job.state == "succeeded" or (job.failure is not None and job.failure.code in ("lost", "crashed")), job
    assert job.hold is not None
    facts = await room.ledger.hold_facts(account, job.hold)
    assert facts is not None
    assert facts.state in ("settled", "released")
    if job.state == "succeeded":
        assert all(task.made is not None for task in job.tasks)


@pytest.mark.timeout(600)
async def test_every_job_ends_once_whoever_is_killed(database_url: str, tmp_path: Path) -> None:
    await survives(database_url, tmp_path, SHORT_KILLS)


@pytest.mark.long
@pytest.mark.timeout(7_200)
async def test_every_job_ends_once_whoever_is_killed_hundreds_of_times(database_url: str, tmp_path: Path) -> None:
    await survives(database_url, tmp_path, LONG_KILLS)
