"""Threat 1: an account ends the hold that its own job, post, channel or file stands on, and gets what it stands for."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.adversary.own_holds import ATTACKS, Dishonest, dishonest
from tests.studio.scripted import Killed
from tests.support.clock import FakeClock
from tests.support.ledgers import entries, status

from reelbot.allowance import FailurePoint, Ledger, Line, Status
from reelbot.allowance.core.commands import content_hash
from reelbot.cli import program
from reelbot.errors import Malformed
from reelbot.ids import id_text, place_of
from reelbot.providers.port import ProviderFailure


@pytest.fixture
async def ada(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Dishonest]:
    async with dishonest(sqlite_url, tmp_path / "data", clock) as opened:
        yield opened


# what was got by it


async def test_there_are_never_four_videos_on_a_limit_of_three(ada: Dishonest) -> None:
    begun = []
    for number in range(4):
        draft = await ada.stage.finished(f"why cats purr, part {number}")
        answer = await ada.call("POST", f"/drafts/{draft}/renders", {})
        begun.append(answer.status_code)
        if answer.status_code == 202:
            await ada.attack(answer.json()["hold"])
            await ada.work()
    videos = (await ada.call("GET", "/videos")).json()["videos"]
    assert begun == [202, 202, 402, 402]
    assert len(videos) == (await ada.stage.videos())[0] == 3


async def test_a_video_counts_though_its_hold_is_attacked_while_it_is_rendered(ada: Dishonest) -> None:
    draft = await ada.stage.finished()
    hold = (await ada.call("POST", f"/drafts/{draft}/renders", {})).json()["hold"]
    ada.stage.maker.acts.append(lambda: ada.attack(hold))
    await ada.work()
    assert len((await ada.call("GET", "/videos")).json()["videos"]) == 2
    assert await ada.stage.videos() == (2, 0)


async def test_a_clip_always_counts_its_storage(ada: Dishonest) -> None:
    _, begun = await ada.clip()
    await ada.attack(begun.hold)
    await ada.work()
    (asset,) = (await ada.call("GET", "/assets")).json()["assets"]
    await ada.attack(begun.hold)
    assert await ada.stage.storage() == (asset["bytes"], 0)
    assert asset["bytes"] > 0
    assert await ada.stage.credits() == (9 + 4 + 25, 0)


async def test_a_post_always_counts(ada: Dishonest) -> None:
    sent = await ada.publish.send(await ada.publish.connect())
    ada.publish.platform.before.append(lambda: ada.attack(sent.hold))
    ada.publish.platform.after.append(lambda: ada.attack(sent.hold))
    await ada.attack(sent.hold)
    await ada.work()
    assert ((await ada.publish.post(sent)).state, await ada.publish.posts()) == ("published", (1, 0))


async def test_a_paid_provider_is_never_called_for_nothing(ada: Dishonest) -> None:
    before = len(ada.stage.provider.asked)
    begun = await ada.begun("script", "image")
    run = ada.stage.provider.run

    async def meanwhile(*given: Any) -> Any:
        await ada.attack(begun.hold)
        return await run(*given)

    ada.stage.provider.run = meanwhile  # type: ignore[method-assign,assignment]
    await ada.attack(begun.hold)
    await ada.work()
    assert len(ada.stage.provider.asked) - before == 2
    assert await ada.stage.credits() == (9 + 2 + 4, 0)


# in every state


async def _queued(ada: Dishonest) -> tuple[str, str, str | None]:
    begun = await ada.begun("script")
    return "job", begun.job, begun.hold


async def _running(ada: Dishonest) -> tuple[str, str, str | None]:
    begun = await ada.begun("script")
    ada.stage.provider.will("run", Killed())
    with pytest.raises(Killed):
        await ada.stage.worker.run_all()
    assert (await ada.stage.job(begun)).state == "running"
    return "job", begun.job, begun.hold


async def _unknown(ada: Dishonest) -> tuple[str, str, str | None]:
    begun = await ada.begun("script")
    await ada.stage.ledger.conclude(begun.hold or "", FailurePoint.UNKNOWN, owner=begun.job)
    return "job", begun.job, begun.hold


async def _succeeded(ada: Dishonest) -> tuple[str, str, str | None]:
    begun = await ada.begun("script")
    assert (await ada.stage.done(begun)).state == "succeeded"
    return "job", begun.job, begun.hold


async def _failed(ada: Dishonest) -> tuple[str, str, str | None]:
    begun = await ada.begun("script")
    ada.stage.provider.will("run", ProviderFailure("It does not want to."))
    assert (await ada.stage.done(begun)).state == "failed"
    return "job", begun.job, begun.hold


async def _cancelled(ada: Dishonest) -> tuple[str, str, str | None]:
    begun = await ada.begun("script")
    assert (await ada.call("DELETE", f"/jobs/{begun.job}")).json()["state"] == "cancelled"
    return "job", begun.job, begun.hold


async def _post_queued(ada: Dishonest) -> tuple[str, str, str | None]:
    sent = await ada.publish.send(await ada.publish.connect())
    return "post", sent.post, sent.hold


async def _post_published(ada: Dishonest) -> tuple[str, str, str | None]:
    sent = await ada.publish.send(await ada.publish.connect())
    await ada.work()
    return "post", sent.post, sent.hold


async def _channel(ada: Dishonest) -> tuple[str, str, str | None]:
    channel = await ada.publish.connect()
    return "channel", channel.id, channel.hold


async def _asset(ada: Dishonest) -> tuple[str, str, str | None]:
    id = await ada.uploaded()
    return "asset", id, (await ada.stage.studio.asset(ada.stage.ada, id)).hold


Scene = Callable[[Dishonest], Awaitable[tuple[str, str, str | None]]]
SCENES = (
    _queued, _running, _unknown, _succeeded, _failed, _cancelled, _post_queued, _post_published, _channel, _asset,
)  # fmt: skip


def scenes(scene: Scene) -> str:
    return scene.__name__.strip("_").replace("_", " ")


@pytest.mark.parametrize("scene", SCENES, ids=scenes)
async def test_the_api_names_what_a_hold_belongs_to_and_changes_nothing(ada: Dishonest, scene: Scene) -> None:
    kind, id, hold = await scene(ada)
    before = await entries(ada.stage.ledger, ada.stage.ada)
    shown = (await ada.call("GET", f"/holds/{hold}")).json()
    for answer in await ada.attack(hold):
        told = answer.json()
        assert (answer.status_code, told["code"], told[kind]) == (409, "hold_in_use", id)
        assert f"/api/v1/{kind}s/{id}" in told["detail"]
    assert await entries(ada.stage.ledger, ada.stage.ada) == before
    assert (await ada.call("GET", f"/holds/{hold}")).json() == shown


@pytest.mark.parametrize("scene", SCENES, ids=scenes)
async def test_a_plain_call_in_python_is_refused_too(ada: Dishonest, scene: Scene) -> None:
    _, _, found = await scene(ada)
    hold, ledger = found or "", ada.stage.ledger
    before = await entries(ledger, ada.stage.ada)
    for ending in (
        ledger.settle(hold),
        ledger.settle(hold, {"ai_credits": 0}),
        ledger.release(hold, key="mine"),
        ledger.mark_unknown(hold),
        ledger.refund(hold),
        ledger.refund(hold, {"ai_credits": 1}),
        ledger.conclude(hold, FailurePoint.BEFORE_ACCEPTANCE),
        ledger.release(hold, owner=id_text("job", 0, 1, 7)),
    ):
        assert await status(ending) is Status.HOLD_IN_USE
    assert await entries(ledger, ada.stage.ada) == before


def test_the_command_line_refunds_no_hold_of_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("REELBOT_")]:
        monkeypatch.delenv(variable)
    run = CliRunner().invoke
    assert run(program, ["account", "create", "ada"]).exit_code == 0

    async def used() -> str:
        async with Ledger.open("sqlite:///data/reelbot.db", sweep_seconds=None) as ledger:
            ref = await ledger.account("ada")
            hold = await ledger.hold(ref, {"ai_credits": 20}, key="work", owner="job_0-1-7")
            return (await ledger.settle(hold, owner="job_0-1-7")).id

    hold = asyncio.run(used())
    before = run(program, ["history", "ada", "--json"]).stdout
    for amounts in ([], ["--amount", "ai_credits=1"]):
        refunded = run(program, ["account", "refund", "ada", hold, *amounts, "--why", "It was mine."])
        assert refunded.exit_code == 3, refunded.output
        assert "This hold belonged to job_0-1-7; what it used stays used." in refunded.stderr
    assert run(program, ["history", "ada", "--json"]).stdout == before


# keys that are taken before


@pytest.mark.parametrize("expires_in", [3_600, 2 * 86_400])
async def test_a_job_never_rides_on_a_hold_that_its_account_placed(ada: Dishonest, expires_in: int) -> None:
    draft = await ada.stage.open("how tides work")
    placed = await ada.call(
        "POST", "/holds", {"items": [{"action": "script"}], "expires_in": expires_in}, key="the same"
    )
    answer = await ada.call("POST", f"/drafts/{draft}/generations", {"step": "script"}, key="the same")
    assert (placed.status_code, answer.status_code, answer.json()["code"]) == (201, 422, "key_reused")
    await ada.call("POST", f"/holds/{placed.json()['id']}/release", {})
    await ada.work()
    assert (await ada.stage.draft(draft)).text_of("script") == ""


async def test_no_key_of_a_caller_stands_in_the_way_of_a_jobs_end(ada: Dishonest) -> None:
    begun = await ada.begun("script")
    place = place_of(begun.hold or "")
    assert place is not None
    for owner in ((), (begun.job,)):  # whoever reads the source knows how keys are made of what is asked
        content = content_hash("settle", place.seq, (Line("ai_credits", 2),), None, *owner)
        body = {"lines": [{"meter": "ai_credits", "amount": 1}]}
        assert (await ada.call("POST", "/holds", body, key=f"~{content.hex()}")).status_code == 201
        assert (await ada.call("POST", "/holds", body, key=f"\x1f~{content.hex()}")).status_code == 400
        with pytest.raises(Malformed, match="key"):
            await ada.stage.ledger.hold(ada.stage.ada, {"ai_credits": 1}, key=f"\x1f~{content.hex()}")
    assert (await ada.stage.done(begun)).state == "succeeded"
    assert await ada.stage.credits() == (9 + 2, 2)


async def test_an_account_can_name_no_owner(ada: Dishonest) -> None:
    body = {"lines": [{"meter": "ai_credits", "amount": 1}], "owner": "job_0-1-7"}
    assert (await ada.call("POST", "/holds", body)).status_code == 400
    held = (await ada.call("POST", "/holds", {"lines": [{"meter": "ai_credits", "amount": 1}]})).json()["id"]
    for end, said in ATTACKS.values():
        answer = await ada.call("POST", f"/holds/{held}/{end}", {**said, "owner": "job_0-1-7"})
        assert answer.status_code == 400
    assert (await ada.call("POST", f"/holds/{held}/release", {})).status_code == 200
