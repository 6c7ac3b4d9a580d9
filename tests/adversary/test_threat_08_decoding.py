"""Threat 8: what takes memory and time has its bound, and nobody waits because somebody else asked for much."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.studio.scripted import on_trust, paper
from tests.studio.stage import Stage, staged, step
from tests.support.clock import FakeClock
from tests.support.sites import standing

from reelbot.allowance import AccountRef
from reelbot.providers.embedded.provider import Embedded
from reelbot.providers.embedded.speech import speech
from reelbot.providers.embedded.speech.speech import Speech
from reelbot.providers.registry import Registry
from reelbot.records import Owner
from reelbot.studio.core.draft import Media, MediaKind
from reelbot.studio.core.refusals import StudioRefused
from reelbot.studio.files.content import Files
from reelbot.studio.files.voice_samples import Samples
from reelbot.studio.limits import DECODERS_MAX, DECODINGS_WAITING_MAX, SAMPLES_AT_ONCE_MAX, SAMPLES_WAITING_MAX
from reelbot.studio.service import Studio
from reelbot.studio.shares import Share

ADA, BOB, EVE = Owner(0, 1), Owner(0, 2), Owner(0, 3)
VOICE = "en-us-oskar"

DEADLINE_SECONDS = 30
"""For what must come: long for a busy machine. Nothing here is measured."""


@pytest.fixture
async def stage(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Stage]:
    """A studio on SQLite, sound in the end whatever a test does to it."""
    async with staged(sqlite_url, tmp_path / "studio", clock) as opened:
        yield opened
        await opened.require_sound()


async def settled() -> None:
    """Let everything go on that can."""
    for _ in range(50):
        await asyncio.sleep(0)


class Work:
    """Pieces of work that take a place each, in the order in which they began, and end when they are told to."""

    def __init__(self, share: Share) -> None:
        self.share = share
        self.begun: list[Owner] = []
        self.most = 0
        self._running: list[asyncio.Event] = []

    async def one(self, owner: Owner) -> None:
        async with self.share.place(owner):
            may_end = asyncio.Event()
            self.begun.append(owner)
            self._running.append(may_end)
            self.most = max(self.most, len(self._running))
            try:
                await may_end.wait()
            finally:
                self._running.remove(may_end)

    def start(self, owner: Owner, count: int = 1) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self.one(owner)) for _ in range(count)]

    async def end_all(self) -> None:
        await settled()
        while self._running:
            self._running[0].set()
            await settled()


# the share


async def test_no_more_are_at_work_than_may_be_and_no_account_has_more_than_its_share() -> None:
    work = Work(Share(at_once=3, of_account=2, waiting_max=100))
    tasks = [task for owner in (ADA, BOB, EVE) for task in work.start(owner, 10)]
    await settled()
    assert work.begun == [ADA, ADA, BOB]
    await work.end_all()
    await asyncio.gather(*tasks)
    assert work.most == 3
    assert work.begun.count(EVE) == 10


async def test_a_newcomer_waits_for_as_many_turns_as_there_are_accounts_and_not_for_their_queues() -> None:
    work = Work(Share(at_once=1, of_account=1, waiting_max=1_000))
    tasks = work.start(ADA, 500) + work.start(BOB, 500)
    await settled()
    tasks += work.start(EVE)
    await settled()
    before = len(work.begun)
    while EVE not in work.begun:
        work._running[0].set()
        await settled()
    assert len(work.begun) - before <= 3
    await work.end_all()
    await asyncio.gather(*tasks)


async def test_an_account_that_asks_for_more_than_may_wait_is_told_so_and_others_are_not() -> None:
    work = Work(Share(at_once=1, of_account=1, waiting_max=2))
    tasks = work.start(ADA, 3)
    await settled()
    with pytest.raises(StudioRefused) as refused:
        await work.one(ADA)
    assert refused.value.code == "too_many_requests"
    tasks += work.start(BOB)
    await work.end_all()
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("seed", range(20))
async def test_whoever_gives_up_waiting_loses_no_place(seed: int) -> None:
    chance = random.Random(seed)
    work = Work(Share(at_once=2, of_account=1, waiting_max=100))
    tasks = [task for owner in (ADA, BOB, EVE) for task in work.start(owner, 8)]
    for _ in range(60):
        await asyncio.sleep(0)
        chance.choice(tasks).cancel()
        if work._running and chance.random() < 0.5:
            chance.choice(work._running).set()
    await work.end_all()
    await asyncio.gather(*tasks, return_exceptions=True)
    for owner in (ADA, BOB):  # every place is free again
        tasks = work.start(owner)
        await settled()
        assert len(work._running) == 1
        await work.end_all()
    both = work.start(ADA) + work.start(BOB)
    await settled()
    assert len(work._running) == 2
    await work.end_all()
    await asyncio.gather(*both)


# looking at files


async def test_few_files_are_looked_at_once_and_one_of_an_account(stage: Stage, tmp_path: Path) -> None:
    """Eight of the largest pictures at once: each takes 200 MB for a moment."""
    looking: list[str] = []
    most: list[int] = []

    async def counted(files: Files, path: Path, kinds: tuple[MediaKind, ...]) -> Media:
        looking.append(path.name)
        most.append(len(looking))
        await settled()
        looking.remove(path.name)
        return await on_trust(files, path, kinds)

    studio = Studio(replace(stage.room, take_in=counted), stage.worker)
    others = [await stage.ledger.account(name, plan="pro") for name in ("bob", "eve")]

    async def sent(account: AccountRef, name: str) -> None:
        path = paper(tmp_path / name, "image", name)
        await studio.upload(account, name, path, path.stat().st_size, name)

    await asyncio.gather(*(sent(stage.ada, f"a{n}") for n in range(8)))
    assert max(most) == 1
    await asyncio.gather(*(sent(account, f"{account.name}{n}") for n in range(8) for account in (stage.ada, *others)))
    assert max(most) == DECODERS_MAX


async def test_an_account_whose_files_wait_in_numbers_is_told_so_and_nothing_is_kept(stage: Stage) -> None:
    work = Work(stage.room.decoding)
    tasks = work.start(Owner(stage.ada.lane, stage.ada.id), 1 + DECODINGS_WAITING_MAX)
    await settled()
    with pytest.raises(StudioRefused) as refused:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await stage.upload("image")
    assert (refused.value.code, await stage.storage()) == ("too_many_requests", (0, 0))
    await work.end_all()
    await asyncio.gather(*tasks)


async def test_what_a_job_was_delivered_waits_for_its_turn_too(stage: Stage) -> None:
    draft = await stage.open()
    begun = await stage.generate(draft, step("image"))
    async with stage.room.decoding.place(Owner(stage.ada.lane, stage.ada.id)):
        working = asyncio.create_task(stage.worker.run_all())
        for _ in range(20):
            await asyncio.sleep(0.01)  # more than it takes to be delivered
        assert stage.provider.asked
        assert not working.done()
    await working
    assert (await stage.done(begun)).state == "succeeded"


# greetings by voices


class Counted:
    """Speaks when it is told to, and counts."""

    def __init__(self) -> None:
        self.spoken: list[str] = []
        self.may_end = asyncio.Event()

    async def __call__(self, voice: str) -> Speech:
        self.spoken.append(voice)
        await self.may_end.wait()
        return Speech(f"RIFF {voice}".encode(), 1, 1, (), voice, "en")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    speaking = Counted()
    monkeypatch.setattr(speech, "sample", speaking)
    return speaking


def samples_in(folder: Path) -> Samples:
    files = Files(folder)
    files.open()
    return Samples(files, Registry([Embedded()], ()))


def account(number: int) -> AccountRef:
    return AccountRef(0, number, f"account {number}")


async def test_a_greeting_is_made_once_however_many_ask_for_it_at_once(tmp_path: Path, counted: Counted) -> None:
    samples = samples_in(tmp_path)
    asked = [asyncio.create_task(samples.sample(account(n % 9 + 1), VOICE)) for n in range(120)]
    counted.may_end.set()
    assert set(await asyncio.gather(*asked)) == {f"RIFF {VOICE}".encode()}
    assert counted.spoken == [VOICE]
    assert await samples_in(tmp_path).sample(account(1), VOICE) == f"RIFF {VOICE}".encode()  # by another server
    assert counted.spoken == [VOICE]


async def test_an_account_that_asks_for_all_voices_at_once_does_not_make_others_wait(
    tmp_path: Path, counted: Counted
) -> None:
    samples, embedded = samples_in(tmp_path), Embedded()
    voices = [voice.id for code in ("en", "de", "fr", "es", "it") for voice in embedded.voices(code)]
    others = voices[:-1]
    many = [asyncio.create_task(samples.sample(account(1), voice)) for voice in others * 3]
    while not counted.spoken:
        await asyncio.sleep(0)
    mine = asyncio.create_task(samples.sample(account(2), voices[-1]))
    while len(counted.spoken) < SAMPLES_AT_ONCE_MAX:
        await asyncio.sleep(0)
    assert counted.spoken[0] in others  # whichever was looked for first
    assert counted.spoken[1:] == [voices[-1]]
    too_many = len(many) - SAMPLES_WAITING_MAX - 1
    async with asyncio.timeout(DEADLINE_SECONDS):
        while sum(one.done() for one in many) < too_many:  # the rest waits
            await asyncio.sleep(0)
    counted.may_end.set()
    assert await mine == f"RIFF {voices[-1]}".encode()
    ended = await asyncio.gather(*many, return_exceptions=True)
    assert sum(isinstance(one, StudioRefused) for one in ended) == too_many
    assert len(counted.spoken) == len(set(counted.spoken))


async def test_another_greeting_by_the_same_voice_is_made(
    tmp_path: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted.may_end.set()
    await samples_in(tmp_path).sample(account(1), VOICE)
    with monkeypatch.context() as patched:  # another text
        patched.setattr(speech, "greeting", lambda voice: f"It is I, {voice}.")
        await samples_in(tmp_path).sample(account(1), VOICE)
    await samples_in(tmp_path).sample(account(1), VOICE)
    assert counted.spoken == [VOICE, VOICE]


async def test_a_greeting_whose_asker_went_away_is_made_for_the_next(tmp_path: Path, counted: Counted) -> None:
    samples = samples_in(tmp_path)
    gone, patient = [asyncio.create_task(samples.sample(account(n), VOICE)) for n in (1, 2)]
    while not counted.spoken:
        await asyncio.sleep(0)
    await settled()
    gone.cancel()
    counted.may_end.set()
    assert await patient == f"RIFF {VOICE}".encode()


async def test_an_unknown_voice_is_not_spoken_by_http_and_a_known_one_is(sqlite_url: str, clock: FakeClock) -> None:
    async with standing(sqlite_url, clock) as stand:
        assert (await stand.get("/voices/../../etc/passwd/sample.wav")).status_code == 404
        assert (await stand.get("/voices/en-us-nobody/sample.wav")).status_code == 404
        first = await stand.get(f"/voices/{VOICE}/sample.wav")
        assert (first.status_code, first.content[:4]) == (200, b"RIFF")
        assert (await stand.get(f"/voices/{VOICE}/sample.wav")).content == first.content
