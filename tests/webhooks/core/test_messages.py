"""Which messages follow from usage events and from the ends of windows; the schedule of retries; the signature."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelbot.allowance import Allowance, MeterFigures, meter_figures
from reelbot.clock import DAY, HOUR, MINUTE, instant_from, instant_text
from reelbot.events import Event
from reelbot.webhooks.core.messages import (
    ALLOWANCE_KINDS,
    TURN_GRACE_MS,
    Message,
    MessagesDue,
    Watches,
    body_of,
    first_turn_at,
    first_watches,
    follow,
    message_id,
    turn,
)
from reelbot.webhooks.core.retries import ATTEMPTS_MAX, WAITS_MS, next_attempt_at
from reelbot.webhooks.core.signature import SECRET_BYTES, secret_text, signature, signed_headers

MONDAY = instant_from("2026-03-02T00:00:00Z")
TUESDAY = MONDAY + DAY

LOW, EXHAUSTED, RESET = ALLOWANCE_KINDS


def figures(taken: int, limit: int | None = 60, day: int = MONDAY, meter: str = "ai_credits") -> MeterFigures:
    return meter_figures(Allowance(meter, "day", day, day + DAY, limit, taken, 0))


def standing(taken: int, limit: int = 5) -> MeterFigures:
    return meter_figures(Allowance("channels", "standing", 0, None, limit, taken, 0))


def told(watches: Watches, *meters: MeterFigures) -> MessagesDue:
    """What follows from usage events with these figures, one a second from Monday on."""
    events = [Event(n, MONDAY + n * 1_000, "usage", msgspec.json.encode(one)) for n, one in enumerate(meters, start=1)]
    after, messages = follow(watches, events)
    return MessagesDue(after, [message for message in messages if message.kind != "usage"])


def kinds(watches: Watches, *meters: MeterFigures) -> list[str]:
    return [message.kind for message in told(watches, *meters).messages]


def from_nothing(*meters: MeterFigures) -> list[str]:
    return kinds(first_watches([meters[0]]), *meters[1:])


# crossings


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([0, 47], []),
        ([0, 48], [LOW]),
        ([0, 60], [EXHAUSTED]),
        ([0, 48, 49, 59], [LOW]),
        ([0, 48, 60], [LOW, EXHAUSTED]),
        ([0, 48, 60, 60], [LOW, EXHAUSTED]),
        ([0, 60, 50], [EXHAUSTED]),
        ([0, 75], [EXHAUSTED]),
    ],
)
def test_each_line_that_is_crossed_is_told_once(taken: list[int], expected: list[str]) -> None:
    assert from_nothing(*map(figures, taken)) == expected


def test_a_hold_that_is_given_back_and_placed_again_is_not_told_again() -> None:
    assert from_nothing(*map(figures, (0, 48, 40, 50, 60, 50, 60, 0, 60))) == [LOW, EXHAUSTED]


def test_a_line_is_told_again_under_another_limit() -> None:
    assert from_nothing(figures(0), figures(60), figures(60, limit=100), figures(80, limit=100)) == [EXHAUSTED, LOW]


def test_a_limit_that_falls_below_what_is_used_is_told() -> None:
    assert from_nothing(figures(0, limit=100), figures(50, limit=100), figures(50, limit=50)) == [EXHAUSTED]


def test_a_standing_meter_tells_each_crossing_because_it_really_falls() -> None:
    assert from_nothing(*map(standing, (0, 4, 5, 3, 4, 5))) == [LOW, EXHAUSTED, LOW, EXHAUSTED]


def test_what_has_no_limit_crosses_nothing() -> None:
    assert from_nothing(figures(0, limit=None), figures(10**9, limit=None)) == []


def test_a_limit_of_nothing_is_not_told_until_something_is_used_under_it() -> None:
    assert from_nothing(figures(0, limit=0), figures(0, limit=0), figures(0, limit=0, day=TUESDAY)) == []
    assert from_nothing(figures(0), figures(1), figures(1, limit=0)) == [EXHAUSTED]


def test_what_stands_when_a_webhook_is_added_is_not_told() -> None:
    assert from_nothing(figures(50), figures(51), figures(60)) == [EXHAUSTED]


def test_meters_are_watched_apart() -> None:
    posts = [figures(taken, limit=5, meter="posts") for taken in (4, 5)]
    assert kinds({}, figures(48), posts[0], figures(49), posts[1]) == [LOW, LOW, EXHAUSTED]


# the end of a window


def test_the_first_event_of_a_new_window_tells_the_reset_and_then_its_own_crossing() -> None:
    assert from_nothing(figures(10), figures(50, day=TUESDAY)) == [RESET, LOW]


def test_a_window_in_which_nothing_was_used_ends_without_a_word() -> None:
    assert from_nothing(figures(0), figures(10, day=TUESDAY)) == []


def test_a_warning_is_followed_by_a_reset_even_if_all_was_given_back() -> None:
    assert from_nothing(figures(0), figures(60), figures(0), figures(0, day=TUESDAY)) == [EXHAUSTED, RESET]


def test_a_reset_is_about_the_end_of_the_old_window_and_has_the_figures_of_the_new_one() -> None:
    (message,) = told(first_watches([figures(10)]), figures(3, day=TUESDAY)).messages
    assert message.at == TUESDAY
    assert msgspec.json.decode(message.data, type=MeterFigures) == figures(3, day=TUESDAY)


def test_figures_of_a_window_that_is_over_change_nothing() -> None:
    watches = first_watches([figures(10, day=TUESDAY)])
    assert told(watches, figures(60)) == MessagesDue(watches, [])


def test_the_clock_tells_a_reset_when_no_event_does_and_only_once() -> None:
    watches = first_watches([figures(10)])
    at = first_turn_at(watches)
    assert at == TUESDAY + TURN_GRACE_MS
    fresh = figures(0, day=TUESDAY)
    assert turn(watches, [fresh], at - 1) == MessagesDue(watches, [])
    after, messages = turn(watches, [fresh], at)
    assert messages == [Message(RESET, TUESDAY, msgspec.json.encode(fresh))]
    assert first_turn_at(after) is None
    assert turn(after, [fresh], at) == MessagesDue(after, [])
    assert kinds(after, figures(5, day=TUESDAY)) == []


def test_several_windows_without_a_look_are_one_reset() -> None:
    later = figures(0, day=MONDAY + 3 * DAY)
    after, messages = turn(first_watches([figures(10)]), [later], MONDAY + 3 * DAY + HOUR)
    assert [message.kind for message in messages] == [RESET]
    assert first_turn_at(after) is None


def test_a_window_whose_end_was_moved_by_a_change_of_zone_is_not_over() -> None:
    moved = meter_figures(Allowance("ai_credits", "day", MONDAY, TUESDAY + 9 * HOUR, 60, 10, 0))
    after, messages = turn(first_watches([figures(10)]), [moved], TUESDAY + TURN_GRACE_MS)
    assert messages == []
    assert first_turn_at(after) == TUESDAY + 9 * HOUR + TURN_GRACE_MS


def test_a_meter_that_is_no_longer_counted_is_forgotten() -> None:
    assert turn(first_watches([figures(10)]), [], TUESDAY + HOUR) == MessagesDue({}, [])


def test_a_meter_whose_kind_of_window_changed_begins_anew() -> None:
    month = meter_figures(Allowance("ai_credits", "month", MONDAY - 9 * DAY, MONDAY + 20 * DAY, 60, 10, 0))
    assert from_nothing(figures(50), month, msgspec.structs.replace(month, used=50, state="low")) == [LOW]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60)), max_size=40))
def test_whatever_happens_each_line_is_told_once_a_window_and_each_used_window_ends_in_one_reset(
    steps: list[tuple[int, int]],
) -> None:
    days = [MONDAY + sum(forward for forward, _ in steps[: place + 1]) * DAY for place in range(len(steps))]
    happened = [figures(taken, day=day) for day, (_, taken) in zip(days, steps, strict=True)]
    messages = told(first_watches([figures(0)]), *happened).messages
    for day in {MONDAY, *days}:
        taken = [used for at, (_, used) in zip(days, steps, strict=True) if at == day]
        level = max((2 if used == 60 else 1 if used >= 48 else 0 for used in taken), default=0)
        of_day = [one.kind for one in messages if one.kind != RESET and _day_of(one) == day]
        assert of_day in ([], [LOW], [EXHAUSTED], [LOW, EXHAUSTED])
        assert (EXHAUSTED in of_day) == (level == 2)
        assert bool(of_day) == (level > 0)
        owed = bool(taken and (taken[-1] or level)) and day != max([MONDAY, *days])
        assert [one.at for one in messages if one.kind == RESET].count(day + DAY) == int(owed)


def _day_of(message: Message) -> int:
    return instant_from(msgspec.json.decode(message.data)["window"]["starts_at"])


# bodies


def test_an_event_of_any_kind_is_a_message_as_it_stands() -> None:
    event = Event(1, MONDAY, "video", b'{"id":"video_1"}')
    assert follow({}, [event]) == MessagesDue({}, [Message("video", MONDAY, b'{"id":"video_1"}')])


def test_a_body_says_what_kind_when_whose_and_what() -> None:
    body = body_of(Message(LOW, MONDAY, b'{"used":48}'), "ada")
    told_at = instant_text(MONDAY)
    assert msgspec.json.decode(body) == {"type": LOW, "timestamp": told_at, "account": "ada", "data": {"used": 48}}


def test_message_ids_differ_by_account_webhook_and_number() -> None:
    places = [(0, 1, 1, 1), (0, 1, 1, 2), (0, 1, 2, 1), (0, 2, 1, 1), (1, 1, 1, 1), (0, 11, 1, 1)]
    assert len({message_id(*place) for place in places}) == len(places)
    assert all(" " not in message_id(*place) and "." not in message_id(*place) for place in places)


# retries


def test_there_are_ten_attempts_over_most_of_a_day_each_wait_longer_than_the_one_before() -> None:
    assert ATTEMPTS_MAX == 10
    assert 20 * HOUR <= sum(WAITS_MS) <= DAY
    assert all(longer >= 2 * shorter for shorter, longer in pairwise(WAITS_MS))


def test_after_the_last_attempt_there_is_none() -> None:
    assert next_attempt_at(ATTEMPTS_MAX - 1, 0, 0) == WAITS_MS[-1]
    assert next_attempt_at(ATTEMPTS_MAX, 0, 0) is None


def test_webhooks_that_fail_together_are_not_tried_again_together() -> None:
    times = {next_attempt_at(3, 0, number) for number in range(101)}
    assert len(times) == 101
    assert all(2 * MINUTE <= at <= 2 * MINUTE * 1.1 for at in times if at is not None)


# the signature


def test_the_signature_is_that_of_the_standard() -> None:
    # The example that the libraries of Standard Webhooks are tested with.
    secret, name = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature(secret, name, 1614265330, b'{"test": 2432232314}') == expected


def test_every_secret_that_counts_signs() -> None:
    secrets = [secret_text(bytes([number]) * SECRET_BYTES) for number in (1, 2)]
    headers = signed_headers(secrets, "msg_1", MONDAY + 999, b"{}")
    assert headers["webhook-timestamp"] == str(MONDAY // 1_000)
    signatures = [signature(secret, "msg_1", MONDAY // 1_000, b"{}") for secret in secrets]
    assert headers["webhook-signature"] == " ".join(signatures)
