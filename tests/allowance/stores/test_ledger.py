"""What the ledger promises whoever keeps it: holds and their ends, keys, several meters, grants, plans, quotes."""

import asyncio

import pytest
from tests.support.clock import FakeClock
from tests.support.ledgers import (
    allowance,
    beside,
    entries,
    events,
    figures,
    kinds,
    priced,
    refusal,
    status,
    with_factor,
)

from reelbot.allowance import AccountRef, Entry, FailurePoint, Item, Ledger, Line, Refused, Span, Status
from reelbot.allowance import batch as batch_module
from reelbot.clock import DAY, HOUR, MINUTE, SECOND, instant_from
from reelbot.errors import ConfigFailure, DatabaseFailure, Malformed, TooBusy
from reelbot.ids import id_text
from reelbot.limits import ANSWER_KEPT_DAYS, HOLD_SECONDS_DEFAULT, HOLD_SECONDS_MAX, QUOTE_SECONDS

# accounts


async def test_an_account_begins_with_all_of_its_plan(ledger: Ledger) -> None:
    ada = await ledger.account("ada", plan="starter", timezone="Europe/Paris")
    usage = await ledger.usage(ada)
    assert (usage.plan, usage.zone) == ("starter", "Europe/Paris")
    assert [(one.meter, one.limit, one.used, one.held) for one in usage.meters] == [
        ("ai_credits", 200, 0, 0),
        ("video_generations", 15, 0, 0),
        ("posts", 30, 0, 0),
        ("channels", 3, 0, 0),
        ("storage_bytes", 5_000_000_000, 0, 0),
    ]


async def test_an_account_is_opened_once_and_found_by_its_name(ledger: Ledger) -> None:
    opened = await asyncio.gather(*(ledger.account("ada", plan="pro") for _ in range(20)))
    assert len(set(opened)) == 1
    assert await ledger.find("ada") == opened[0]
    assert await ledger.find("bob") is None
    assert (await ledger.usage(await ledger.account("ada", plan="free"))).plan == "pro"
    assert await kinds(ledger, opened[0]) == ["open"]


async def test_accounts_are_listed_in_the_order_in_which_they_were_opened_lane_by_lane(ledger: Ledger) -> None:
    refs = [await ledger.account(f"account {number}") for number in range(25)]
    refs.sort(key=lambda ref: ref.lane)
    listed = [account.name for account in await ledger.accounts(count=10)]
    listed += [account.name for account in await ledger.accounts(refs[9])]
    assert listed == [ref.name for ref in refs]


async def test_an_account_that_does_not_exist_is_refused(ledger: Ledger) -> None:
    nobody = AccountRef(0, 99, "nobody")
    for lane_of_nobody in (nobody, nobody._replace(lane=7)):
        assert await status(ledger.usage(lane_of_nobody)) is Status.ACCOUNT_NOT_FOUND
        assert await status(ledger.hold(lane_of_nobody, {"ai_credits": 1}, key="k")) is Status.ACCOUNT_NOT_FOUND
    assert await status(ledger.release("hold_0-2r-1")) is Status.ACCOUNT_NOT_FOUND


# holds and their ends


async def test_a_hold_counts_at_once_and_is_shown_apart_from_what_is_used(ledger: Ledger, ada: AccountRef) -> None:
    hold = await ledger.hold(ada, {"ai_credits": 25}, key="k")
    assert (hold.state, hold.replayed, [line.held for line in hold.lines]) == ("open", False, [25])
    assert await figures(ledger, ada) == (0, 25, 35)


async def test_a_settled_hold_is_usage(ledger: Ledger, ada: AccountRef) -> None:
    hold = await ledger.hold(ada, {"ai_credits": 25}, key="k")
    settled = await ledger.settle(hold)
    assert (settled.state, settled.id, settled.lines[0].settled) == ("settled", hold.id, 25)
    assert await figures(ledger, ada) == (25, 0, 35)


async def test_what_a_settlement_does_not_need_goes_back(ledger: Ledger, ada: AccountRef) -> None:
    hold = await ledger.hold(ada, {"ai_credits": 25}, key="k")
    await ledger.settle(hold, {"ai_credits": 20}, why="The clip was shorter than quoted.")
    assert await figures(ledger, ada) == (20, 0, 40)
    last = (await entries(ledger, ada))[-1]
    assert last.why == "Used 20 AI credits of 25 held; 5 went back: The clip was shorter than quoted."


async def test_a_settlement_never_takes_more_than_was_held(ledger: Ledger, ada: AccountRef) -> None:
    hold = await ledger.hold(ada, {"ai_credits": 25}, key="k")
    assert await status(ledger.settle(hold, {"ai_credits": 26})) is Status.AMOUNT_ABOVE_HOLD
    assert await status(ledger.settle(hold, {"ai_credits": 1, "posts": 1})) is Status.AMOUNT_ABOVE_HOLD
    assert await figures(ledger, ada) == (0, 25, 35)


async def test_a_released_hold_gives_back_all_of_it(ledger: Ledger, ada: AccountRef) -> None:
    hold = await ledger.hold(ada, {"ai_credits": 25}, key="k")
    assert (await ledger.release(hold.id)).state == "released"
    assert await figures(ledger, ada) == (0, 0, 60)


async def test_a_hold_ends_once(ledger: Ledger, ada: AccountRef) -> None:
    hold = await ledger.hold(ada, {"ai_credits": 25}, key="k")
    await ledger.settle(hold)
    assert await status(ledger.release(hold)) is Status.HOLD_SETTLED
    assert await status(ledger.settle(hold, {"ai_credits": 1})) is Status.HOLD_SETTLED
    assert await status(ledger.mark_unknown(hold)) is Status.HOLD_SETTLED
    other = await ledger.hold(ada, {"ai_credits": 25}, key="l")
    await ledger.release(other)
    assert await status(ledger.settle(other)) is Status.HOLD_RELEASED
    assert await figures(ledger, ada) == (25, 0, 35)


async def test_settling_and_releasing_at_the_same_time_does_one_of_them(ledger: Ledger, ada: AccountRef) -> None:
    hold = await ledger.hold(ada, {"ai_credits": 25}, key="k")
    ends = (
        ledger.settle(hold),
        ledger.release(hold),
        ledger.settle(hold, {"ai_credits": 5}),
        ledger.mark_unknown(hold),
    )
    outcomes = await asyncio.gather(*ends, return_exceptions=True)
    assert [isinstance(outcome, Refused) for outcome in outcomes] == [False, True, True, True]
    assert await figures(ledger, ada) == (25, 0, 35)


async def test_a_hold_expires_at_its_deadline_with_or_without_the_sweeper(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    hold = await ledger.hold(ada, {"ai_credits": 25}, key="k", expires_in=60)
    assert hold.answer.expires_at == clock() + 60 * SECOND
    clock.advance(60 * SECOND - 1)
    assert await ledger.sweeper.sweep() == 0
    clock.advance(1)
    facts = await ledger.hold_facts(ada, hold.id)
    assert facts is not None
    assert facts.state == "expired"
    assert await status(ledger.settle(hold)) is Status.HOLD_EXPIRED
    assert await ledger.sweeper.sweep() == 1
    assert await figures(ledger, ada) == (0, 0, 60)
    assert await status(ledger.settle(hold)) is Status.HOLD_EXPIRED
    assert await ledger.sweeper.sweep() == 0


async def test_a_deadline_can_be_left_out_and_reaches_a_week(ledger: Ledger, ada: AccountRef, clock: FakeClock) -> None:
    usual = await ledger.hold(ada, {"ai_credits": 1}, key="k")
    assert usual.answer.expires_at == clock() + HOLD_SECONDS_DEFAULT * SECOND
    longest = await ledger.hold(ada, {"ai_credits": 1}, key="l", expires_in=HOLD_SECONDS_MAX)
    assert longest.answer.expires_at == clock() + HOLD_SECONDS_MAX * SECOND


async def test_any_number_of_sweepers_expire_a_hold_once(ledger: Ledger, ada: AccountRef, clock: FakeClock) -> None:
    for number in range(30):
        await ledger.hold(ada, {"ai_credits": 1}, key=f"k{number}", expires_in=1)
    clock.advance(SECOND)
    async with beside(ledger, clock) as other:
        swept = await asyncio.gather(ledger.sweeper.sweep(), other.sweeper.sweep(), ledger.sweeper.sweep())
    assert sum(swept) == 30
    assert (await kinds(ledger, ada)).count("expire") == 30
    assert await figures(ledger, ada) == (0, 0, 60)


async def test_an_unknown_outcome_stays_held_past_its_deadline(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    hold = await ledger.hold(ada, {"ai_credits": 25}, key="k", expires_in=60)
    assert (await ledger.mark_unknown(hold, why="The provider did not answer.")).state == "unknown"
    clock.advance(2 * HOUR)
    assert await ledger.sweeper.sweep() == 0
    assert await figures(ledger, ada) == (0, 25, 35)
    await ledger.settle(hold, {"ai_credits": 10})
    assert await figures(ledger, ada) == (10, 0, 50)


async def test_a_refund_is_an_entry_and_gives_back_no_more_than_was_used(ledger: Ledger, ada: AccountRef) -> None:
    hold = await ledger.hold(ada, {"ai_credits": 25}, key="k")
    await ledger.settle(hold, {"ai_credits": 20})
    refunded = await ledger.refund(hold, {"ai_credits": 15}, key="r", why="It was not what was asked for.")
    assert (refunded.state, refunded.lines[0].settled) == ("settled", 5)
    assert await status(ledger.refund(hold, {"ai_credits": 6}, key="s")) is Status.AMOUNT_ABOVE_HOLD
    assert await figures(ledger, ada) == (5, 0, 55)
    await ledger.refund(hold)
    assert await figures(ledger, ada) == (0, 0, 60)
    assert await kinds(ledger, ada) == ["open", "hold", "settle", "refund", "refund"]


async def test_removing_a_channel_frees_its_place_at_once(ledger: Ledger, ada: AccountRef) -> None:
    connected = await ledger.hold(ada, [Item("channel")], key="k")
    await ledger.settle(connected)
    no = await refusal(ledger.hold(ada, [Item("channel")], key="l"))
    assert no.shortage is not None
    assert (no.shortage.allowance.kind, no.shortage.fits_at) == ("standing", None)
    await ledger.refund(connected)
    await ledger.hold(ada, [Item("channel")], key="l")


# idempotency


async def test_the_same_key_gives_the_first_answer_again_and_one_effect(ledger: Ledger, ada: AccountRef) -> None:
    first = await ledger.hold(ada, {"ai_credits": 25}, key="k")
    await ledger.settle(first, {"ai_credits": 5})
    again = await ledger.hold(ada, {"ai_credits": 25}, key="k")
    assert again.replayed
    assert again == first._replace(replayed=True)
    assert await figures(ledger, ada) == (5, 0, 55)


async def test_a_double_click_is_one_hold(ledger: Ledger, ada: AccountRef) -> None:
    receipts = await asyncio.gather(*(ledger.hold(ada, {"ai_credits": 2}, key="k") for _ in range(50)))
    assert sorted(receipt.replayed for receipt in receipts) == [False] + [True] * 49
    assert len({receipt.id for receipt in receipts}) == 1
    assert await figures(ledger, ada) == (0, 2, 58)


@pytest.mark.parametrize(
    "other",
    [
        {"what": {"ai_credits": 26}},
        {"what": {"ai_credits": 25, "posts": 1}},
        {"mode": "fit"},
        {"expires_in": 61},
        {"why": "another reason"},
    ],
    ids=lambda other: next(iter(other)),
)
async def test_the_same_key_with_other_content_is_refused(
    ledger: Ledger, ada: AccountRef, other: dict[str, object]
) -> None:
    await ledger.hold(ada, {"ai_credits": 25}, key="k", expires_in=60)
    asked = {"what": {"ai_credits": 25}, "expires_in": 60, **other}
    assert await status(ledger.hold(ada, key="k", **asked)) is Status.KEY_REUSED  # type: ignore[arg-type]
    assert await figures(ledger, ada) == (0, 25, 35)


async def test_a_key_is_an_accounts_own_and_for_one_kind_of_command(ledger: Ledger, ada: AccountRef) -> None:
    bob = await ledger.account("bob")
    hold = await ledger.hold(ada, {"ai_credits": 25}, key="k")
    assert not (await ledger.hold(bob, {"ai_credits": 25}, key="k")).replayed
    assert await status(ledger.settle(hold, key="k")) is Status.KEY_REUSED
    assert await status(ledger.grant(ada, "ai_credits", 1, key="k", why="kindness")) is Status.KEY_REUSED


async def test_settlements_without_a_key_are_safe_to_repeat(ledger: Ledger, ada: AccountRef) -> None:
    hold = await ledger.hold(ada, {"ai_credits": 25}, key="k")
    first = await ledger.settle(hold, {"ai_credits": 20})
    again = await ledger.settle(hold.id, {"ai_credits": 20})
    assert (first.replayed, again.replayed) == (False, True)
    assert again.answer == first.answer
    given_back = await ledger.hold(ada, {"ai_credits": 5}, key="l")
    assert [(await ledger.release(given_back)).replayed for _ in range(2)] == [False, True]


async def test_a_refusal_is_not_remembered(ledger: Ledger, ada: AccountRef) -> None:
    assert await status(ledger.hold(ada, {"ai_credits": 61}, key="k")) is Status.ALLOWANCE_EXHAUSTED
    await ledger.grant(ada, "ai_credits", 1, key="g", why="a good reason")
    assert not (await ledger.hold(ada, {"ai_credits": 61}, key="k")).replayed


async def test_answers_are_remembered_longer_than_the_longest_window_and_then_forgotten(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    await ledger.hold(ada, {"ai_credits": 1}, key="k")
    clock.advance(ANSWER_KEPT_DAYS * DAY)
    await ledger.sweeper.forget()
    assert (await ledger.hold(ada, {"ai_credits": 1}, key="k")).replayed
    clock.advance(1)
    await ledger.sweeper.forget()
    assert not (await ledger.hold(ada, {"ai_credits": 1}, key="k")).replayed


# several lines, several meters


async def test_several_meters_are_one_decision(ledger: Ledger, ada: AccountRef) -> None:
    no = await refusal(ledger.hold(ada, {"ai_credits": 10, "posts": 6}, key="k"))
    assert no.shortage is not None
    assert (no.shortage.allowance.meter, no.shortage.needed) == ("posts", 6)
    assert no.shortage.fits == (Line("ai_credits", 10),)
    assert await figures(ledger, ada) == (0, 0, 60)
    hold = await ledger.hold(ada, {"ai_credits": 10, "posts": 5}, key="k")
    await ledger.settle(hold, {"posts": 2})
    assert await figures(ledger, ada) == (0, 0, 60)
    assert await figures(ledger, ada, "posts") == (2, 0, 3)


async def test_a_batch_takes_what_fits_in_the_order_given_and_says_when_the_rest_will(
    ledger: Ledger, ada: AccountRef
) -> None:
    images = [Item("image", 10), Item("image", 10), Item("music", 4), Item("image", 12)]
    hold = await ledger.hold(ada, images, key="k", mode="fit")
    assert [line.held for line in hold.lines] == [40, 20]
    assert [(line.action, line.amount, line.fits_at) for line in hold.refused] == [
        ("image", 40, instant_from("2026-03-02T00:00:00Z")),
        ("image", 48, instant_from("2026-03-03T00:00:00Z")),
    ]
    assert await status(ledger.hold(ada, images, key="l", mode="all")) is Status.ALLOWANCE_EXHAUSTED


async def test_a_hundred_lines_are_one_hold(ledger: Ledger, ada: AccountRef) -> None:
    await ledger.change_plan(ada, "pro", key="p")
    hold = await ledger.hold(ada, [Line("ai_credits", 1, f"image {number}") for number in range(100)], key="k")
    settled = await ledger.settle(hold, {"ai_credits": 60})
    assert [line.settled for line in settled.lines] == [1] * 60 + [0] * 40
    assert await figures(ledger, ada) == (60, 0, 940)


# refusals say all


async def test_a_refusal_has_all_figures_and_a_plain_sentence(ledger: Ledger) -> None:
    ada = await ledger.account("ada", timezone="Europe/Paris")
    await ledger.settle(await ledger.hold(ada, {"ai_credits": 40}, key="k"))
    await ledger.hold(ada, {"ai_credits": 15}, key="l")
    with pytest.raises(Refused) as refused:
        await ledger.hold(ada, {"ai_credits": 10}, key="m")
    shortage = refused.value.refusal.shortage
    assert shortage is not None
    ends_at = instant_from("2026-03-01T23:00:00Z")
    figures_told = shortage.allowance
    assert (figures_told.limit, figures_told.used, figures_told.held, figures_told.remaining) == (60, 40, 15, 5)
    assert (shortage.needed, shortage.zone, figures_told.ends_at, shortage.fits_at) == (
        10,
        "Europe/Paris",
        ends_at,
        ends_at,
    )
    assert refused.value.sentence == (
        "This needs 10 AI credits, 5 left (40 of 60 used and 15 held). "
        "The limit resets on Mon 2 Mar 2026 00:00 Europe/Paris."
    )


async def test_more_than_a_whole_window_allows_is_told_so(ledger: Ledger, ada: AccountRef) -> None:
    no = await refusal(ledger.hold(ada, {"ai_credits": 61}, key="k"))
    assert no.shortage is not None
    assert no.shortage.fits_at is None


# grants, overrides, plans


async def test_a_grant_adds_to_the_running_window_alone(ledger: Ledger, ada: AccountRef, clock: FakeClock) -> None:
    granted = await ledger.grant(ada, "ai_credits", 40, key="g", why="the workshop")
    assert granted.meters[0].limit == 100
    await ledger.hold(ada, {"ai_credits": 100}, key="k")
    assert (await ledger.grant(ada, "ai_credits", 40, key="g", why="the workshop")).replayed
    clock.advance(DAY)
    assert (await allowance(ledger, ada)).limit == 60


async def test_an_override_sets_one_limit_of_one_account(ledger: Ledger, ada: AccountRef) -> None:
    bob = await ledger.account("bob")
    await ledger.override(ada, "ai_credits", 10, key="o", why="a trial")
    assert (await allowance(ledger, ada)).limit == 10
    assert (await allowance(ledger, ada, "posts")).limit == 5
    assert (await allowance(ledger, bob)).limit == 60
    await ledger.override(ada, "ai_credits", None, key="p", why="a friend")
    assert (await allowance(ledger, ada)).state == "unlimited"
    await ledger.override(ada, "ai_credits", "plan", key="q", why="the end of it")
    assert (await allowance(ledger, ada)).limit == 60
    await ledger.override(ada, "ai_credits", 0, key="r", why="none at all")
    assert await status(ledger.hold(ada, {"ai_credits": 1}, key="k")) is Status.ALLOWANCE_EXHAUSTED


async def test_an_upgrade_is_at_once_and_keeps_what_was_used(ledger: Ledger, ada: AccountRef) -> None:
    await ledger.settle(await ledger.hold(ada, {"ai_credits": 60}, key="k"))
    told = await ledger.plan_change(ada, "starter")
    assert (told.effective_at, told.limits["ai_credits"]) == (None, (60, 200))
    await ledger.change_plan(ada, "starter", key="p")
    assert await figures(ledger, ada) == (60, 0, 140)


async def test_a_downgrade_waits_for_the_end_of_the_billing_month_and_can_be_taken_back(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    await ledger.change_plan(ada, "pro", key="p")
    month_ends_at = instant_from("2026-04-01T00:00:00Z")
    assert (await ledger.plan_change(ada, "free")).effective_at == month_ends_at
    await ledger.change_plan(ada, "free", key="q")
    usage = await ledger.usage(ada)
    assert (usage.plan, usage.next_plan, usage.next_plan_at) == ("pro", "free", month_ends_at)
    assert (await ledger.plan_change(ada, "pro")).cancels == "free"
    await ledger.change_plan(ada, "pro", key="r")
    assert (await ledger.usage(ada)).next_plan is None
    await ledger.change_plan(ada, "free", key="s")
    clock.set(month_ends_at - 1)
    assert (await allowance(ledger, ada)).limit == 1_000
    clock.set(month_ends_at)
    usage = await ledger.usage(ada)
    assert (usage.plan, usage.next_plan, usage.next_plan_at) == ("free", None, None)
    assert (await allowance(ledger, ada)).limit == 60


async def test_an_operator_moves_a_plan_at_once_and_nothing_goes_below_zero(ledger: Ledger, ada: AccountRef) -> None:
    await ledger.change_plan(ada, "pro", key="p")
    await ledger.settle(await ledger.hold(ada, {"ai_credits": 500}, key="k"))
    await ledger.change_plan(ada, "free", key="q", by="operator", why="not paid")
    assert await figures(ledger, ada) == (500, 0, 0)
    assert (await allowance(ledger, ada)).state == "exhausted"


async def test_unlimited_is_still_metered(ledger: Ledger, ada: AccountRef) -> None:
    await ledger.change_plan(ada, "enterprise", key="p")
    await ledger.settle(await ledger.hold(ada, {"ai_credits": 123_456}, key="k"))
    one = await allowance(ledger, ada)
    assert (one.limit, one.used, one.remaining, one.state) == (None, 123_456, None, "unlimited")


# quotes


async def test_a_quote_lists_each_line_and_changes_nothing(ledger: Ledger, ada: AccountRef, clock: FakeClock) -> None:
    quote = await ledger.quote(ada, [Item("script"), Item("voiceover", 34), Item("image", 3), Item("render")])
    assert [(one.priced.line.action, one.priced.line.amount, one.fits) for one in quote.lines] == [
        ("script", 2, True),
        ("voiceover", 4, True),
        ("image", 12, True),
        ("render", 1, True),
    ]
    assert (quote.totals, quote.fits) == ({"ai_credits": 18, "video_generations": 1}, True)
    assert {one.meter: one.remaining for one in quote.after} == {"ai_credits": 42, "video_generations": 2}
    assert quote.expires_at == clock() + QUOTE_SECONDS * SECOND
    assert await figures(ledger, ada) == (0, 0, 60)
    assert await kinds(ledger, ada) == ["open"]


async def test_a_quote_says_what_does_not_fit_and_when_it_will(ledger: Ledger, ada: AccountRef) -> None:
    await ledger.hold(ada, {"ai_credits": 50}, key="k")
    quote = await ledger.quote(ada, [Item("image", 5), Item("script"), Item("image", 16)])
    assert not quote.fits
    assert [(one.fits, one.fits_at) for one in quote.lines] == [
        (False, instant_from("2026-03-02T00:00:00Z")),
        (True, None),
        (False, None),
    ]
    assert quote.after[0].remaining == 8


async def test_nobody_is_charged_more_than_was_quoted(ledger: Ledger, ada: AccountRef, clock: FakeClock) -> None:
    items = [Item("image", 2), Item("music")]
    quote = await ledger.quote(ada, items)
    async with beside(ledger, clock, priced(ledger.terms, image=9, music=2)) as dearer:
        hold = await dearer.hold(ada, items, key="k", quote=quote.id)
        assert [line.held for line in hold.lines] == [8, 2]
        assert [line.held for line in (await dearer.hold(ada, items, key="l")).lines] == [18, 2]


async def test_a_quote_counts_for_its_account_its_items_and_its_time(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    bob = await ledger.account("bob")
    quote = (await ledger.quote(ada, [Item("image", 2)])).id
    for wrong in (
        ledger.hold(bob, [Item("image", 2)], key="k", quote=quote),
        ledger.hold(ada, [Item("image", 3)], key="k", quote=quote),
        ledger.hold(ada, {"ai_credits": 8}, key="k", quote=quote),
        ledger.hold(ada, [Item("image", 2)], key="k", quote=quote[:-1]),
    ):
        with pytest.raises(Malformed):
            await wrong
    clock.advance(QUOTE_SECONDS * SECOND - 1)
    await ledger.hold(ada, [Item("image", 2)], key="k", quote=quote)
    clock.advance(1)
    with pytest.raises(Malformed, match="valid until"):
        await ledger.hold(ada, [Item("image", 2)], key="l", quote=quote)


async def test_a_hold_is_replayed_although_its_quote_has_expired_since(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    items = [Item("image", 2)]
    quote = (await ledger.quote(ada, items)).id
    first = await ledger.hold(ada, items, key="k", quote=quote)
    clock.advance(QUOTE_SECONDS * SECOND)
    assert await ledger.hold(ada, items, key="k", quote=quote) == first._replace(replayed=True)
    with pytest.raises(Malformed, match="valid until"):
        await ledger.hold(ada, [*items], key="k", quote=quote, why="another reason")
    assert await figures(ledger, ada) == (0, 8, 52)


async def test_a_price_of_zero_is_still_an_action_in_the_ledger(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    async with beside(ledger, clock, with_factor(ledger.terms, "house", 0)) as generous:
        await generous.hold(ada, {"ai_credits": 60}, key="k")
        hold = await generous.hold(ada, [Item("image", 5, "house")], key="l")
        await generous.settle(hold)
    assert await figures(ledger, ada) == (0, 60, 0)
    last = (await entries(ledger, ada))[-1]
    assert (last.kind, last.action, last.amount) == ("settle", "image", 0)


# failure points

FAILURES = [
    # where it ended, what was delivered, AI credits used and held, video generations used and held
    (FailurePoint.BEFORE_ACCEPTANCE, {}, (0, 0), (0, 0)),
    (FailurePoint.AT_PROVIDER, {}, (0, 0), (0, 0)),
    (FailurePoint.AT_PROVIDER_BILLED, {}, (20, 0), (0, 0)),
    (FailurePoint.AFTER_DELIVERY, {}, (20, 0), (0, 0)),
    (FailurePoint.CANCELLED_RUNNING, {"ai_credits": 8}, (8, 0), (0, 0)),
    (FailurePoint.CANCELLED_RUNNING, {}, (0, 0), (0, 0)),
    (FailurePoint.IN_PART, {"ai_credits": 12}, (12, 0), (0, 0)),
    (FailurePoint.IN_PART, {"ai_credits": 99}, (20, 0), (0, 0)),
    (FailurePoint.UNKNOWN, {}, (0, 20), (0, 1)),
]


@pytest.mark.parametrize(("point", "delivered", "credits", "videos"), FAILURES)
async def test_a_failure_ends_a_hold_by_the_table_of_failure_points(
    ledger: Ledger,
    ada: AccountRef,
    point: FailurePoint,
    delivered: dict[str, int],
    credits: tuple[int, int],
    videos: tuple[int, int],
) -> None:
    hold = await ledger.hold(ada, {"ai_credits": 20, "video_generations": 1}, key="k")
    await ledger.conclude(hold, point, delivered)
    assert (await figures(ledger, ada))[:2] == credits
    assert (await figures(ledger, ada, "video_generations"))[:2] == videos
    assert (await entries(ledger, ada))[-1].why.endswith(ledger.terms.failures[point].sentence)
    assert (await ledger.conclude(hold, point, delivered)).replayed


async def test_a_hold_that_does_not_exist_cannot_be_concluded(ledger: Ledger, ada: AccountRef) -> None:
    nothing, opening = id_text("hold", ada.lane, ada.id, 99), id_text("hold", ada.lane, ada.id, 1)
    assert await status(ledger.conclude(nothing, FailurePoint.AT_PROVIDER)) is Status.HOLD_NOT_FOUND
    assert await status(ledger.settle(nothing)) is Status.HOLD_NOT_FOUND
    assert await status(ledger.refund(opening)) is Status.HOLD_NOT_FOUND


async def test_another_accounts_hold_is_told_as_if_it_were_not_there(ledger: Ledger, ada: AccountRef) -> None:
    bob = await ledger.account("bob")
    hold = await ledger.hold(ada, {"ai_credits": 1}, key="k")
    assert await ledger.hold_facts(bob, hold.id) is None
    assert await ledger.hold_facts(ada, hold.id) is not None
    for text in ("", "hold_", "hold_0-1", "entry_0-1-2", "hold_9-1-2", hold.id + "0", "hold_0-1-zzzzzzzzzzz"):
        assert await ledger.hold_facts(ada, text) is None


# events


async def test_every_change_writes_its_figures_as_an_event_and_nothing_else_does(
    ledger: Ledger, ada: AccountRef
) -> None:
    opened = await ledger.events.last(ada.lane, ada.id)
    assert opened == 5
    hold = await ledger.hold(ada, {"ai_credits": 25, "posts": 1}, key="k")
    await ledger.hold(ada, {"ai_credits": 25, "posts": 1}, key="k")
    await ledger.quote(ada, [Item("image")])
    assert await status(ledger.hold(ada, {"ai_credits": 99}, key="l")) is Status.ALLOWANCE_EXHAUSTED
    await ledger.settle(hold, {"ai_credits": 20})
    told = [
        (body["meter"], body["used"], body["held"], body["remaining"]) for body in await events(ledger, ada, opened)
    ]
    assert told == [("ai_credits", 0, 25, 35), ("posts", 0, 1, 4), ("ai_credits", 20, 0, 40), ("posts", 0, 0, 5)]
    assert (await ledger.usage(ada)).cursor == opened + 4


async def test_a_change_wakes_who_watches_the_account_and_nobody_else(ledger: Ledger, ada: AccountRef) -> None:
    bob = await ledger.account("bob")
    async with (
        ledger.events.subscribe(ada.lane, ada.id) as wakes,
        ledger.events.subscribe(bob.lane, bob.id) as bobs,
    ):
        await ledger.hold(ada, {"ai_credits": 1}, key="k")
        await asyncio.wait_for(wakes.wait(), timeout=10)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(bobs.wait(), timeout=0.01)


# the service itself


async def test_a_closed_ledger_says_so(ledger: Ledger, ada: AccountRef, clock: FakeClock) -> None:
    async with beside(ledger, clock) as other:
        pass
    with pytest.raises(DatabaseFailure, match="closed"):
        await other.hold(ada, {"ai_credits": 1}, key="k")


async def test_what_was_asked_before_closing_is_answered(ledger: Ledger, ada: AccountRef, clock: FakeClock) -> None:
    async with beside(ledger, clock) as other:
        asked = [asyncio.create_task(other.hold(ada, {"ai_credits": 1}, key=f"k{number}")) for number in range(40)]
        await asyncio.sleep(0)
    assert {receipt.state for receipt in await asyncio.gather(*asked)} == {"open"}
    assert await figures(ledger, ada) == (0, 40, 20)


async def test_more_than_may_wait_is_refused_at_once_and_nothing_is_written(
    ledger: Ledger, ada: AccountRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_module, "QUEUE_COMMANDS_MAX", 10)
    asked = [ledger.hold(ada, {"ai_credits": 1}, key=f"k{number}") for number in range(30)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    busy = sum(isinstance(outcome, TooBusy) for outcome in outcomes)
    assert busy == 20
    assert await figures(ledger, ada) == (0, 10, 50)


async def test_a_caller_who_gives_up_does_not_disturb_the_others(ledger: Ledger, ada: AccountRef) -> None:
    asked = [asyncio.create_task(ledger.hold(ada, {"ai_credits": 1}, key=f"k{number}")) for number in range(20)]
    await asyncio.sleep(0)
    for task in asked[::2]:
        task.cancel()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes) == 10
    assert all(not isinstance(outcome, BaseException) for outcome in outcomes[1::2])
    repeated = [await ledger.hold(ada, {"ai_credits": 1}, key=f"k{number}") for number in range(20)]
    assert len({receipt.id for receipt in repeated}) == 20
    assert await figures(ledger, ada) == (0, 20, 40)


async def test_an_account_on_a_plan_that_the_terms_lack_stops_the_start(ledger: Ledger, clock: FakeClock) -> None:
    ada = await ledger.account("ada", plan="pro")
    await ledger.change_plan(ada, "starter", key="p")
    for missing in ("pro", "starter"):
        plans = {name: plan for name, plan in ledger.terms.catalogue.plans.items() if name != missing}
        terms = ledger.terms._replace(catalogue=ledger.terms.catalogue._replace(plans=plans))
        with pytest.raises(ConfigFailure, match=missing):
            async with beside(ledger, clock, terms):
                pass


async def test_five_hundred_callers_of_many_accounts_are_all_served(ledger: Ledger, clock: FakeClock) -> None:
    refs = await asyncio.gather(*(ledger.account(f"account {number}") for number in range(25)))
    holds = await asyncio.gather(
        *(ledger.hold(ref, {"ai_credits": 3}, key=f"k{number}") for ref in refs for number in range(20))
    )
    clock.advance(MINUTE)
    await asyncio.gather(*(ledger.settle(hold, {"ai_credits": 2}) for hold in holds))
    assert {await figures(ledger, ref) for ref in refs} == {(40, 0, 20)}


# history


async def test_history_is_read_newest_first_in_pages_and_by_filters(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    for number in range(10):
        hold = await ledger.hold(
            ada, {"ai_credits": 1, "posts": 1} if number == 5 else {"ai_credits": 1}, key=f"k{number}"
        )
        clock.advance(MINUTE)
        await ledger.release(hold)
    whole = await entries(ledger, ada)
    assert [entry.seq for entry in whole] == list(range(1, len(whole) + 1))
    paged: list[Entry] = []
    before = None
    while (page := await ledger.history(ada, Span(before, 7))) and len(paged) < len(whole):
        assert len(page) <= 7
        paged.extend(page)
        before = page[-1].seq
    assert not page
    assert paged == whole[::-1]
    assert await ledger.history(ada, Span(None, 50, after_seq=len(whole) - 3)) == whole[:-4:-1]
    assert await ledger.history(ada, Span(6, 50, after_seq=3)) == whole[4:2:-1]
    assert {entry.meter for entry in await ledger.history(ada, Span(None, 50, meter="posts"))} == {"posts"}
    assert len(await ledger.history(ada, Span(None, 50, kind="release"))) == 11
    first_at = whole[0].at
    within = await ledger.history(ada, Span(None, 50, from_at=first_at + MINUTE, until_at=first_at + 2 * MINUTE))
    assert {entry.at for entry in within} == {first_at + MINUTE}
    assert await ledger.history(ada, Span(None, 50, meter="posts", kind="grant")) == []


async def test_every_entry_stands_on_the_one_before_and_says_why(ledger: Ledger, ada: AccountRef) -> None:
    hold = await ledger.hold(ada, [Item("voiceover", 34)], key="k")
    await ledger.settle(hold, {"ai_credits": 3})
    opened, held, settled = await entries(ledger, ada)
    assert opened.why == "ada begins on the Free plan; days are counted in UTC."
    assert held.why == "Held 4 AI credits: Voiceover: 34 s of speech, 1 AI credit per started 10 s"
    assert settled.why == "Used 3 AI credits of 4 held; 1 went back: voiceover"
    assert (held.used_before, held.held_before, held.used_after, held.held_after) == (0, 0, 0, 4)
    assert (settled.used_before, settled.held_before, settled.used_after, settled.held_after) == (0, 4, 3, 0)
    assert (settled.hold, settled.action, settled.limit) == (held.seq, "voiceover", 60)
