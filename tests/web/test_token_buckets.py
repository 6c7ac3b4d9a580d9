"""Token buckets: how many at once, how many after that, and that time, memory and refusals do no harm."""

from hypothesis import given
from hypothesis import strategies as st
from tests.support.clock import FakeClock

from reelbot.clock import HOUR, MINUTE, SECOND
from reelbot.web.token_buckets import Buckets, Rate

RATE = Rate(burst=5, per_second=2)


def taken(buckets: Buckets, who: str, now: int, times: int) -> int:
    """How many of so many requests at one instant are let through."""
    return sum(buckets.take(who, now) == 0 for _ in range(times))


def test_a_burst_is_let_through_and_then_so_many_a_second(clock: FakeClock) -> None:
    buckets = Buckets(RATE)
    assert taken(buckets, "ada", clock(), 100) == RATE.burst
    clock.advance(SECOND)
    assert taken(buckets, "ada", clock(), 100) == RATE.per_second
    clock.advance(HOUR)
    assert taken(buckets, "ada", clock(), 100) == RATE.burst


def test_nobody_uses_up_the_bucket_of_another(clock: FakeClock) -> None:
    buckets = Buckets(RATE)
    taken(buckets, "ada", clock(), 100)
    assert taken(buckets, "bob", clock(), 100) == RATE.burst


def test_who_waits_as_long_as_was_said_is_let_through_and_not_a_moment_before(clock: FakeClock) -> None:
    buckets = Buckets(RATE)
    taken(buckets, "ada", clock(), RATE.burst)
    wait_ms = buckets.take("ada", clock())
    assert wait_ms == SECOND // RATE.per_second
    clock.advance(wait_ms - 1)
    assert buckets.take("ada", clock()) == 1
    clock.advance(1)
    assert buckets.take("ada", clock()) == 0


def test_asking_again_and_again_costs_nothing_and_gains_nothing(clock: FakeClock) -> None:
    patient, pushing = Buckets(RATE), Buckets(RATE)
    let = {"patient": 0, "pushing": 0}
    for _ in range(60):
        let["patient"] += taken(patient, "ada", clock(), 1)
        let["pushing"] += taken(pushing, "ada", clock(), 1_000)
        clock.advance(SECOND // RATE.per_second)
    assert let == {"patient": 60, "pushing": 60 + RATE.burst - 1}


def test_a_clock_that_is_set_back_or_forth_locks_nobody_out_and_gives_no_more_than_a_burst(clock: FakeClock) -> None:
    buckets = Buckets(RATE)
    taken(buckets, "ada", clock(), 100)
    clock.advance(-HOUR)
    assert taken(buckets, "ada", clock(), 100) == 0
    clock.advance(RATE.window_seconds * SECOND)
    assert taken(buckets, "ada", clock(), 100) == RATE.burst
    clock.advance(1000 * HOUR)
    assert taken(buckets, "ada", clock(), 100) == RATE.burst


def test_memory_is_bounded_and_who_was_seen_longest_ago_makes_room(clock: FakeClock) -> None:
    buckets = Buckets(RATE, kept_max=3)
    for who in ("ada", "bob", "eve", "ada", "joe"):
        taken(buckets, who, clock(), RATE.burst)
    assert len(buckets) == 3
    assert taken(buckets, "ada", clock(), 1) == 0, "seen lately, it is still known"
    assert taken(buckets, "bob", clock(), 1) == 1, "seen longest ago, it was forgotten"


@given(
    st.integers(1, 1_000),
    st.integers(1, 2_000),
    st.lists(st.tuples(st.integers(0, MINUTE), st.integers(1, 50)), max_size=20),
)
def test_never_more_than_a_burst_and_what_the_time_gives(
    burst: int, per_second: int, asked: list[tuple[int, int]]
) -> None:
    buckets, began, now, let = Buckets(Rate(burst, per_second)), 10 * HOUR, 10 * HOUR, 0
    for pause_ms, times in asked:
        now += pause_ms
        let += taken(buckets, "ada", now, times)
        assert let <= burst + (now - began) * per_second / SECOND * 1.001 + 1
