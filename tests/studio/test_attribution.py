"""What was used for which draft, on both databases: while it is there, when it is a video, when it was removed."""

import pytest
from tests.studio.stage import Stage, plan_of
from tests.support.clock import FakeClock

from reelbot.allowance import AccountRef, Span
from reelbot.clock import MINUTE
from reelbot.ids import id_text
from reelbot.studio.attribution import NAMELESS, Purpose, Purposes

ALL = Span(None, 500)


def purposes(stage: Stage) -> Purposes:
    return stage.studio.purposes


async def told(stage: Stage, account: AccountRef | None = None) -> dict[str, set[str]]:
    """By what they are called, the kinds of entries that drafts have."""
    account = account or stage.ada
    entries = await stage.ledger.history(account, ALL)
    found = await purposes(stage).of_entries(account, entries)
    kinds: dict[str, set[str]] = {}
    for entry in entries:
        name = found[entry.hold].heading if entry.hold in found else ""
        kinds.setdefault(name, set()).add(entry.kind)
    return kinds


async def test_every_entry_of_a_job_names_its_draft_by_the_name_that_it_has_now(each_stage: Stage) -> None:
    draft = await each_stage.open("cats")
    await each_stage.made(draft, "script")
    await each_stage.generate(await each_stage.open("dogs"), "script")
    await each_stage.ledger.hold(each_stage.ada, {"ai_credits": 1}, key="of somebody else")
    assert await told(each_stage) == {"cats": {"hold", "settle"}, "dogs": {"hold"}, "": {"open", "hold"}}
    await each_stage.change(draft, title="Purring")
    assert "Purring" in await told(each_stage)
    assert await purposes(each_stage).of_draft(each_stage.ada, draft) == Purpose(draft, "Purring", True, None)
    await each_stage.worker.run_all()


async def test_a_draft_that_became_a_video_is_named_by_it(each_stage: Stage) -> None:
    draft = await each_stage.finished("cats")
    job = await each_stage.done(await each_stage.render(draft))
    assert job.result is not None
    purpose = await purposes(each_stage).of_draft(each_stage.ada, draft)
    assert purpose == Purpose(draft, "cats", False, str(job.result["video"]))
    assert (await told(each_stage))["cats"] == {"hold", "settle"}
    holds = await purposes(each_stage).holds_of(each_stage.ada, draft)
    taken = await each_stage.ledger.taken(each_stage.ada, holds)
    assert {meter: tuple(one) for meter, one in taken.items()} == {"ai_credits": (9, 0), "video_generations": (1, 0)}


async def test_a_removed_draft_keeps_the_name_that_it_had(each_stage: Stage) -> None:
    draft = await each_stage.open("cats")
    await each_stage.made(draft, "script")
    await each_stage.studio.remove(each_stage.ada, draft)
    assert await purposes(each_stage).of_draft(each_stage.ada, draft) == Purpose(draft, "cats", False, None)
    assert (await told(each_stage))["cats"] == {"hold", "settle"}


async def test_a_draft_that_was_removed_before_names_were_kept_is_still_told_apart(each_stage: Stage) -> None:
    draft = await each_stage.open("cats")
    await each_stage.made(draft, "script")
    await each_stage.studio.remove(each_stage.ada, draft)
    async with each_stage.room.store.database.transaction() as connection:
        await connection.execute("DELETE FROM past_draft")
    assert await purposes(each_stage).of_draft(each_stage.ada, draft) == Purpose(draft, NAMELESS, False, None)
    assert NAMELESS in await told(each_stage)


async def test_what_is_no_draft_of_this_account_is_nobodys(each_stage: Stage) -> None:
    bob = await each_stage.ledger.account("bob", plan="pro")
    draft = await each_stage.open("cats")
    await each_stage.made(draft, "script")
    never = id_text("draft", each_stage.ada.lane, each_stage.ada.id, 77)
    for account, id in ((bob, draft), (each_stage.ada, never), (each_stage.ada, "draft"), (each_stage.ada, "")):
        assert await purposes(each_stage).of_draft(account, id) is None
        assert not await purposes(each_stage).holds_of(account, id)
    entries = await each_stage.ledger.history(each_stage.ada, ALL)
    assert await purposes(each_stage).of_entries(bob, entries) == {}
    assert await purposes(each_stage).lately(bob, 5) == []


async def test_drafts_and_videos_lately_worked_on_come_the_last_one_first(each_stage: Stage, clock: FakeClock) -> None:
    names = {}
    for name in ("cats", "dogs", "owls"):
        names[name] = await each_stage.finished(name)
        clock.advance(MINUTE)
    await each_stage.done(await each_stage.render(names["cats"]))
    clock.advance(MINUTE)
    gone = await each_stage.open("newts")
    await each_stage.studio.remove(each_stage.ada, gone)
    found = await purposes(each_stage).lately(each_stage.ada, 10)
    assert [(one.heading, one.is_there, one.video is None) for one in found] == [
        ("cats", False, False),
        ("owls", True, True),
        ("dogs", True, True),
    ]
    assert [one.heading for one in await purposes(each_stage).lately(each_stage.ada, 2)] == ["cats", "owls"]


INDEXED = {
    "name_holds": (('["hold_0-1-2"]', 0, 1), "job_by_hold"),
    "list_holds_of_draft": ((0, 1, 7, 2_000), "job_by_draft"),
}

MANY_JOBS = """
INSERT INTO job (lane, account, number, kind, draft, state, priority, due_at, hold, progress, message, request, tasks,
                 created_at, ended_at)
SELECT 0, 1, 1000000 + n, 'generation', n / 20, 'succeeded', 0, n, 'hold_0-1-' || n, 1, '', '{}', '[]', n, n
  FROM generate_series(1, 20000) n
"""


@pytest.mark.parametrize("name", INDEXED)
async def test_nothing_is_found_by_reading_all_jobs(each_stage: Stage, name: str) -> None:
    dialect, (parameters, index) = each_stage.room.store.database.dialect, INDEXED[name]
    plan = await plan_of(each_stage, purposes(each_stage)._sql[name], parameters, MANY_JOBS)
    assert index in plan, plan
    assert ("draft" if index == "job_by_draft" else "hold") + "=?" in plan or dialect == "postgres", plan
    assert not any(f"{scan} {table}" in plan for scan in ("SCAN", "Seq Scan on") for table in ("job", "draft")), plan
