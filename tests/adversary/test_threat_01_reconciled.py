"""Threat 1, seen by the audit: it names the first thing that was delivered without its charge, and never cries wolf."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.adversary.own_holds import Dishonest, dishonest
from tests.studio.scripted import Killed, Scripted
from tests.studio.stage import ALL, TERMS, staged, step
from tests.support.clock import FakeClock
from tests.support.ledgers import priced, with_factor

from reelbot.allowance import Fault, Ledger, Terms
from reelbot.cli import program
from reelbot.errors import DatabaseFailure
from reelbot.providers.port import ProviderFailure
from reelbot.studio import Begun


@pytest.fixture
async def ada(emptied_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Dishonest]:
    async with dishonest(emptied_url, tmp_path / "data", clock, "pro") as opened:
        yield opened


async def faults(ada: Dishonest) -> tuple[Fault, ...]:
    rooms = (ada.stage.studio.deliveries, ada.publish.publishing.deliveries)
    return (await ada.stage.ledger.verify(rooms)).faults


async def require_clean(ada: Dishonest) -> None:
    assert [fault.sentence for fault in await faults(ada)] == []


# what was delivered and then taken back


async def _script(ada: Dishonest) -> tuple[str, str, str]:
    begun = await ada.begun("script")
    await ada.stage.done(begun)
    return begun.hold or "", begun.job, f"what {begun.job} made (script)"


async def _voice_and_music(ada: Dishonest) -> tuple[str, str, str]:
    draft = await ada.stage.open("how tides work", script="The sea breathes twice a day.")
    begun = await ada.stage.generate(draft, "voiceover", "music")
    await ada.stage.done(begun)
    return begun.hold or "", begun.job, f"what {begun.job} made (voiceover, music)"


async def _video(ada: Dishonest) -> tuple[str, str, str]:
    begun = await ada.stage.render(await ada.stage.finished())
    job = await ada.stage.done(begun)
    assert job.result is not None
    return begun.hold or "", begun.job, str(job.result["video"])


async def _clip(ada: Dishonest) -> tuple[str, str, str]:
    _, begun = await ada.clip()
    await ada.stage.done(begun)
    (asset,) = (await ada.call("GET", "/assets")).json()["assets"]
    await ada.stage.ledger.refund(begun.hold or "", {"storage_bytes": 1}, owner=begun.job)
    await _still_charged(ada, begun.hold or "", "ai_credits")
    return "", "", asset["id"]


async def _still_charged(ada: Dishonest, hold: str, meter: str) -> None:
    facts = await ada.stage.ledger.hold_facts(ada.stage.ada, hold)
    assert facts is not None
    assert sum(line.settled for line in facts.lines if line.meter == meter) > 0


async def _upload(ada: Dishonest) -> tuple[str, str, str]:
    id = await ada.uploaded()
    return (await ada.stage.studio.asset(ada.stage.ada, id)).hold, id, id


async def _post(ada: Dishonest) -> tuple[str, str, str]:
    sent = await ada.publish.send(await ada.publish.connect())
    await ada.work()
    return sent.hold, sent.post, sent.post


async def _channel(ada: Dishonest) -> tuple[str, str, str]:
    channel = await ada.publish.connect()
    return channel.hold, channel.id, channel.id


Got = Callable[[Dishonest], Awaitable[tuple[str, str, str]]]
GOT: tuple[Got, ...] = (_script, _voice_and_music, _video, _clip, _upload, _post, _channel)


@pytest.mark.parametrize("got", GOT, ids=lambda one: one.__name__.strip("_").replace("_", " "))
async def test_what_was_delivered_without_its_charge_is_named(ada: Dishonest, got: Got) -> None:
    await require_clean(ada)
    hold, owner, thing = await got(ada)
    if hold:  # by a program of the house that has lost its way: an account cannot
        await require_clean(ada)
        await ada.stage.ledger.refund(hold, owner=owner)
    (fault,) = await faults(ada)
    assert (fault.account, fault.place, fault.what) == ("ada", thing, "uncharged")
    assert fault.sentence.startswith(f"ada: {thing} was delivered without its charge: expected ")
    await _made_good(ada)


async def _made_good(ada: Dishonest) -> None:
    """Take what was delivered away, so that the stage is sound in the end."""
    async with ada.stage.room.store.database.transaction() as connection:
        for table in ("job", "video", "asset", "post", "channel"):
            await connection.execute(f"DELETE FROM {table}")


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("INSERT INTO video SELECT lane, account, number + 1, title, body, created_at FROM video", "video_"),
        ("UPDATE job SET hold = NULL WHERE kind = 'render'", "video_"),
        ("UPDATE job SET hold = 'hold_0-1-zz' WHERE kind = 'render'", "video_"),
        ("UPDATE job SET hold = (SELECT hold FROM job AS other WHERE other.kind = 'render')", "what job_"),
        ("DELETE FROM job", "video_"),
        ("INSERT INTO asset SELECT lane, account, number + 1, name, origin, hold, body, created_at FROM asset", "asset_"),
        ("UPDATE asset SET hold = (SELECT hold FROM post)", "asset_"),
        ("INSERT INTO channel SELECT lane, account, number + 1, platform, name, place, hold, created_at, NULL FROM channel",
         "channel_"),
    ],
)  # fmt: skip
async def test_a_row_that_nobody_paid_for_is_named(ada: Dishonest, statement: str, place: str) -> None:
    await ada.uploaded()
    await ada.publish.send(await ada.publish.connect())
    await ada.work()
    await require_clean(ada)
    async with ada.stage.room.store.database.transaction() as connection:
        await connection.execute(statement)
    (fault,) = await faults(ada)
    assert (fault.what, fault.place.startswith(place)) == ("uncharged", True), fault.sentence
    await _made_good(ada)


# what is no fault


async def test_nothing_that_goes_on_is_a_fault(ada: Dishonest) -> None:
    looked = []

    async def look(*_: Any) -> None:
        await require_clean(ada)
        looked.append(1)

    run = ada.stage.provider.run

    async def running(*given: Any) -> Any:
        await look()
        delivered = await run(*given)
        await look()
        return delivered

    ada.stage.provider.run = running  # type: ignore[method-assign,assignment]
    ada.stage.maker.acts.append(look)
    ada.publish.platform.before.append(look)
    ada.publish.platform.after.append(look)
    draft = await ada.stage.open("how tides work", script="The sea breathes twice a day.")
    begun = await ada.stage.generate(draft, "voiceover", step("image", count=2))
    await look()
    await ada.stage.done(begun)
    await ada.stage.made(draft, step("animation", seconds=1))
    await look()
    (asset, *_) = (await ada.call("GET", "/assets")).json()["assets"]
    await ada.call("DELETE", f"/assets/{asset['id']}")
    await look()
    scenes = [scene.id for scene in (await ada.stage.draft(draft)).scenes]
    await ada.stage.made(draft, step("animation", seconds=1, scenes=scenes))
    await ada.stage.done(await ada.stage.render(draft, confirm=True))
    channel = await ada.publish.connect()
    await ada.publish.send(channel)
    await look()
    await ada.work()
    await look()
    await ada.call("DELETE", f"/channels/{channel.id}")
    await look()
    assert len(looked) > 15


async def test_jobs_that_end_badly_are_no_fault(ada: Dishonest) -> None:
    failed = await ada.begun("script", "image")
    ada.stage.provider.will("run", "deliver", ProviderFailure("It does not want to."))
    assert (await ada.stage.done(failed)).state == "failed"
    await require_clean(ada)
    died = await ada.begun(step("image", count=2))
    ada.stage.provider.will("run", "deliver", Killed())
    with pytest.raises(Killed):
        await ada.stage.worker.run_all()
    await require_clean(ada)
    await ada.call("DELETE", f"/jobs/{died.job}")
    ada.stage.clock.set((await ada.stage.job(died)).due_at)
    await ada.stage.worker.run_all()
    await require_clean(ada)
    lost = await ada.begun("music")
    keep = ada.stage.worker.source.ending.succeed

    async def away(*_: Any) -> None:
        ada.stage.worker.source.ending.succeed = keep  # type: ignore[method-assign]
        await require_clean(ada)
        raise DatabaseFailure("gone")

    ada.stage.worker.source.ending.succeed = away  # type: ignore[method-assign,assignment]
    assert (await ada.stage.done(lost)).state == "succeeded"
    await require_clean(ada)


async def test_what_was_made_before_is_free_and_no_fault(ada: Dishonest) -> None:
    for _ in range(2):
        draft = await ada.stage.open("how tides work", script="The sea breathes twice a day.")
        await ada.stage.made(draft, "voiceover", "image")
        await ada.stage.made(draft, step("animation", seconds=1))
        await require_clean(ada)
    assert len((await ada.call("GET", "/assets")).json()["assets"]) == 1


FREE = {
    "prices of 0": priced(TERMS, script=0, image=0, voiceover=0, render=0),
    "a factor of 0": with_factor(TERMS, "scripted", 0),
}


@pytest.mark.parametrize("terms", FREE.values(), ids=FREE)
async def test_what_an_operator_gives_away_is_no_fault(
    sqlite_url: str, tmp_path: Path, clock: FakeClock, terms: Terms
) -> None:
    async with staged(sqlite_url, tmp_path / "data", clock, [Scripted()], terms=terms) as stage:
        draft = await stage.finished()
        await stage.done(await stage.render(draft))
        assert await stage.credits() == (0, 0)
        await stage.require_sound()
        assert len(await stage.studio.videos(stage.ada, ALL)) == 1


# on the command line


def test_the_command_line_names_it_and_ends_with_1(
    sqlite_url: str, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REELBOT_DATABASE", sqlite_url)

    async def lived() -> tuple[str, Begun]:
        async with staged(sqlite_url, tmp_path / "data", clock) as stage:
            begun = await stage.render(await stage.finished())
            return str(((await stage.done(begun)).result or {})["video"]), begun

    async def lost(begun: Begun) -> None:
        async with Ledger.open(sqlite_url, clock=clock, sweep_seconds=None) as ledger:
            await ledger.refund(begun.hold or "", owner=begun.job)

    video, begun = asyncio.run(lived())
    clean = CliRunner().invoke(program, ["ledger", "verify"])
    assert clean.exit_code == 0, clean.output
    assert "all that was delivered was charged" in " ".join(clean.stdout.split())
    asyncio.run(lost(begun))
    named = CliRunner().invoke(program, ["ledger", "verify"])
    assert named.exit_code == 1
    assert f"ada: {video} was delivered without its charge" in " ".join(named.stdout.split())
