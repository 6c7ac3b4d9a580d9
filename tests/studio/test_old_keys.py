"""Idempotency keys of the studio are kept longer than anybody repeats a request, and not for ever."""

from tests.studio.stage import Stage
from tests.support.clock import FakeClock

from reelbot.clock import DAY
from reelbot.limits import ANSWER_KEPT_DAYS
from reelbot.studio.core.requests import DraftAsked


async def test_a_key_is_remembered_as_long_as_answers_are_and_then_forgotten(
    each_stage: Stage, clock: FakeClock
) -> None:
    asked = DraftAsked(flow="narrated", topic="cats")
    first, _ = await each_stage.studio.open(each_stage.ada, asked, "once")
    clock.advance((ANSWER_KEPT_DAYS - 1) * DAY)
    await each_stage.worker.clean()
    again, was_there = await each_stage.studio.open(each_stage.ada, asked, "once")
    assert (again.id, was_there) == (first.id, True)
    clock.advance(2 * DAY)
    await each_stage.worker.clean()
    await each_stage.ledger.sweeper.forget()
    other, was_there = await each_stage.studio.open(each_stage.ada, asked, "once")
    assert other.id != first.id and not was_there
