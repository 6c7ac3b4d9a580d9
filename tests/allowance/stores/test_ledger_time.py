"""What the ledger promises about time: windows that turn by themselves, zones, clocks that change or go back."""

from tests.support.clock import FakeClock
from tests.support.ledgers import allowance, entries, events, figures, refusal, status

from reelbot.allowance import AccountRef, Ledger, Status
from reelbot.clock import DAY, HOUR, SECOND, instant_from, instant_text


async def window(ledger: Ledger, account: AccountRef, meter: str = "ai_credits") -> tuple[str, str]:
    """Start and end of a meter's running window."""
    one = await allowance(ledger, account, meter)
    assert one.ends_at is not None
    return instant_text(one.starts_at), instant_text(one.ends_at)


async def test_a_window_turns_by_itself_at_its_end(ledger: Ledger, ada: AccountRef, clock: FakeClock) -> None:
    await ledger.settle(await ledger.hold(ada, {"ai_credits": 60, "posts": 5}, key="k"))
    clock.set(instant_from("2026-03-02T00:00:00Z") - 1)
    assert await figures(ledger, ada) == (60, 0, 0)
    clock.advance(1)
    assert await figures(ledger, ada) == (0, 0, 60)
    assert await figures(ledger, ada, "posts") == (5, 0, 0)
    clock.set(instant_from("2026-04-01T00:00:00Z"))
    assert await figures(ledger, ada, "posts") == (0, 0, 5)
    assert (await entries(ledger, ada))[-1].kind == "settle"


async def test_a_hold_taken_before_midnight_is_yesterdays_usage(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    clock.set(instant_from("2026-03-01T23:59:00Z"))
    settled, released, expired = [
        await ledger.hold(ada, {"ai_credits": 20}, key=key, expires_in=300) for key in ("s", "r", "e")
    ]
    clock.set(instant_from("2026-03-02T00:03:00Z"))
    told = await ledger.events.last(ada.lane, ada.id)
    after = await ledger.settle(settled, {"ai_credits": 15})
    await ledger.release(released)
    assert await figures(ledger, ada) == (0, 0, 60)
    assert (after.meters[0].used, after.meters[0].held) == (15, 40)
    assert instant_text(after.meters[0].ends_at or 0) == "2026-03-02T00:00:00Z"
    clock.advance(120 * SECOND)
    assert await ledger.sweeper.sweep() == 1
    assert await status(ledger.settle(expired)) is Status.HOLD_EXPIRED
    assert await events(ledger, ada, told) == []
    assert await figures(ledger, ada) == (0, 0, 60)


async def test_a_day_is_the_accounts_own(ledger: Ledger, clock: FakeClock) -> None:
    clock.set(instant_from("2026-03-01T10:30:00Z"))
    zones = {
        "Pacific/Kiritimati": ("2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z"),
        "Europe/Paris": ("2026-02-28T23:00:00Z", "2026-03-01T23:00:00Z"),
        "America/Los_Angeles": ("2026-03-01T08:00:00Z", "2026-03-02T08:00:00Z"),
        "Pacific/Pago_Pago": ("2026-02-28T11:00:00Z", "2026-03-01T11:00:00Z"),
    }
    for zone, expected in zones.items():
        assert await window(ledger, await ledger.account(zone, timezone=zone)) == expected


async def test_days_have_23_and_25_hours_when_the_clocks_change(ledger: Ledger, clock: FakeClock) -> None:
    ada = await ledger.account("ada", timezone="Europe/Paris")
    for at, hours in (("2026-03-29T12:00:00Z", 23), ("2026-10-25T12:00:00Z", 25), ("2026-10-26T12:00:00Z", 24)):
        clock.set(instant_from(at))
        await ledger.hold(ada, {"ai_credits": 60}, key=at)
        day = await allowance(ledger, ada)
        assert day.ends_at is not None
        assert day.ends_at - day.starts_at == hours * HOUR
        clock.set(day.ends_at - 1)
        assert await status(ledger.hold(ada, {"ai_credits": 1}, key=f"{at} late")) is Status.ALLOWANCE_EXHAUSTED
        clock.set(day.ends_at)
        assert (await figures(ledger, ada))[2] == 60


async def test_months_begin_on_the_day_of_sign_up_clamped_without_drift(ledger: Ledger, clock: FakeClock) -> None:
    clock.set(instant_from("2026-01-31T12:00:00Z"))
    ada = await ledger.account("ada")
    starts = []
    for month in range(1, 7):
        clock.set(instant_from(f"2026-{month:02}-28T12:00:00Z") + 3 * DAY)
        starts.append((await window(ledger, ada, "posts"))[0][:10])
    assert starts == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"]


async def test_a_change_of_zone_never_gives_a_second_allowance(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    await ledger.hold(ada, {"ai_credits": 60, "posts": 5}, key="k")
    moved = await ledger.change_zone(ada, "Pacific/Kiritimati", key="z")
    assert [one.used + one.held for one in moved.meters[:3]] == [60, 0, 5]
    no = await refusal(ledger.hold(ada, {"ai_credits": 1}, key="l"))
    assert no.shortage is not None
    assert instant_text(no.shortage.fits_at or 0) == "2026-03-02T00:00:00Z"
    assert await window(ledger, ada) == ("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z")
    clock.set(instant_from("2026-03-02T00:00:00Z"))
    assert (await figures(ledger, ada))[2] == 60
    assert await window(ledger, ada) == ("2026-03-02T00:00:00Z", "2026-03-02T10:00:00Z")


async def test_moving_west_makes_the_running_day_longer_and_back_at_once_restores_its_end(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    before = await window(ledger, ada), await window(ledger, ada, "posts")
    await ledger.change_zone(ada, "Pacific/Pago_Pago", key="west")
    assert await window(ledger, ada) == ("2026-03-01T00:00:00Z", "2026-03-02T11:00:00Z")
    assert await window(ledger, ada, "posts") == ("2026-03-01T00:00:00Z", "2026-04-01T11:00:00Z")
    await ledger.change_zone(ada, "UTC", key="back")
    assert (await window(ledger, ada), await window(ledger, ada, "posts")) == before


async def test_a_plan_that_ends_with_the_month_ends_at_once_when_a_move_ends_the_month(
    ledger: Ledger, clock: FakeClock
) -> None:
    clock.set(instant_from("2026-03-01T12:00:00Z"))
    ada = await ledger.account("ada", plan="pro", timezone="Pacific/Kiritimati")
    await ledger.change_zone(ada, "Pacific/Pago_Pago", key="west")
    await ledger.change_plan(ada, "free", key="cancel")
    assert instant_text((await ledger.usage(ada)).next_plan_at or 0) == "2026-04-02T11:00:00Z"
    clock.set(instant_from("2026-04-02T10:00:00Z"))
    await ledger.change_plan(ada, "pro", key="undo")
    await ledger.change_plan(ada, "free", key="cancel again")
    change = await ledger.zone_change(ada, "Pacific/Kiritimati")
    assert (change.next_plan, change.next_plan_at) == ("free", clock())
    assert (await ledger.usage(ada)).plan == "pro"
    await ledger.change_zone(ada, "Pacific/Kiritimati", key="back")
    assert (await ledger.usage(ada)).plan == "free"
    assert await window(ledger, ada, "posts") == ("2026-04-02T10:00:00Z", "2026-05-01T10:00:00Z")


async def test_what_a_move_would_do_is_told_before_and_is_what_it_does(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    for number, zone in enumerate(("Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Tokyo", "Asia/Tokyo", "UTC")):
        change = await ledger.zone_change(ada, zone)
        assert (await ledger.usage(ada)).zone == change.present
        await ledger.change_zone(ada, zone, key=f"z{number}")
        if change.stays:
            assert change.sentence == f"Days are counted in {zone}; nothing changes."
            continue
        assert (await entries(ledger, ada))[-1].why == change.sentence
        for meter, told in zip(("ai_credits", "posts"), change.windows, strict=True):
            starts_at, ends_at = await window(ledger, ada, meter)
            over = told.ends_at <= clock()
            assert (instant_text(told.ends_at), instant_text(told.next_ends_at))[over] == ends_at
            assert instant_text(clock() if over else told.starts_at) == starts_at
        clock.advance(14 * HOUR)


async def test_an_event_of_a_hold_tells_the_end_that_its_window_has_now(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    early, late = [await ledger.hold(ada, {"ai_credits": 1}, key=key, expires_in=600_000) for key in ("e", "l")]
    await ledger.change_zone(ada, "Pacific/Pago_Pago", key="west")
    clock.set(instant_from("2026-03-02T06:00:00Z"))
    told = await ledger.events.last(ada.lane, ada.id)
    settled = await ledger.settle(early)
    assert instant_text(settled.meters[0].ends_at or 0) == "2026-03-02T11:00:00Z"
    assert [one["window"]["ends_at"] for one in await events(ledger, ada, told)] == ["2026-03-02T11:00:00Z"]
    longer = await ledger.hold(ada, {"ai_credits": 1}, key="longer", expires_in=600_000)
    await ledger.change_zone(ada, "UTC", key="back")
    assert (await window(ledger, ada))[0] == "2026-03-02T06:00:00Z"
    told = await ledger.events.last(ada.lane, ada.id)
    for hold in (late, longer):
        over = await ledger.settle(hold)
        assert over.meters[0].ends_at is not None
        assert over.meters[0].ends_at <= clock()
    assert await events(ledger, ada, told) == []
    assert await figures(ledger, ada) == (0, 0, 60)


async def test_moving_for_ever_changes_no_day_but_the_last_one(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    await ledger.settle(await ledger.hold(ada, {"ai_credits": 60}, key="k"))
    for number in range(150):
        await ledger.change_zone(ada, ("Pacific/Kiritimati", "UTC")[number % 2], key=f"z{number}")
    starts_at, ends_at = await window(ledger, ada)
    assert starts_at == "2026-03-01T00:00:00Z"
    clock.set(instant_from(ends_at) - 1)
    assert await figures(ledger, ada) == (60, 0, 0)
    clock.advance(1)
    assert await figures(ledger, ada) == (0, 0, 60)


async def test_a_scheduled_downgrade_moves_with_the_end_of_its_month(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    await ledger.change_plan(ada, "pro", key="p")
    await ledger.change_plan(ada, "free", key="q")
    await ledger.change_zone(ada, "America/Los_Angeles", key="z")
    assert instant_text((await ledger.usage(ada)).next_plan_at or 0) == "2026-04-01T07:00:00Z"
    clock.set(instant_from("2026-04-01T07:00:00Z") - 1)
    assert (await ledger.usage(ada)).plan == "pro"
    clock.advance(1)
    assert (await ledger.usage(ada)).plan == "free"


async def test_an_account_whose_downgrade_has_come_true_moves_on_from_there(
    ledger: Ledger, ada: AccountRef, clock: FakeClock
) -> None:
    await ledger.change_plan(ada, "pro", key="p")
    await ledger.change_plan(ada, "free", key="q")
    clock.advance(31 * DAY)
    assert not (await ledger.change_plan(ada, "free", key="r")).meters
    await ledger.change_zone(ada, "Europe/Paris", key="z")
    await ledger.override(ada, "posts", 7, key="o", why="a trial")
    assert (await ledger.usage(ada)).plan == "free"
    await ledger.change_plan(ada, "starter", key="s")
    usage = await ledger.usage(ada)
    assert (usage.plan, usage.next_plan) == ("starter", None)


async def test_a_clock_that_goes_back_gives_nothing_twice(ledger: Ledger, ada: AccountRef, clock: FakeClock) -> None:
    clock.set(instant_from("2026-03-02T00:00:01Z"))
    await ledger.hold(ada, {"ai_credits": 60}, key="k")
    clock.advance(-1 * HOUR)
    await ledger.hold(ada, {"ai_credits": 60}, key="l")
    assert await figures(ledger, ada) == (0, 60, 0)
    clock.advance(1 * HOUR)
    assert await figures(ledger, ada) == (0, 60, 0)
    assert [entry.seq for entry in await entries(ledger, ada)] == [1, 2, 3]


async def test_figures_are_the_same_in_a_year(ledger: Ledger, ada: AccountRef, clock: FakeClock) -> None:
    await ledger.settle(await ledger.hold(ada, {"channels": 1, "storage_bytes": 10**8}, key="k"))
    clock.advance(1_000 * DAY)
    assert await figures(ledger, ada, "channels") == (1, 0, 0)
    assert await figures(ledger, ada, "storage_bytes") == (10**8, 0, 4 * 10**8)
