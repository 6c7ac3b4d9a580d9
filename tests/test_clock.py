"""Instants and their text."""

import pytest

from reelbot.clock import DAY, instant_from, instant_text, system_clock

TEXTS = [
    (0, "1970-01-01T00:00:00Z"),
    (1_772_366_400_000, "2026-03-01T12:00:00Z"),
    (1_772_366_400_001, "2026-03-01T12:00:00.001Z"),
    (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    (951_782_400_000, "2000-02-29T00:00:00Z"),
]


@pytest.mark.parametrize(("at", "text"), TEXTS)
def test_an_instant_has_one_text_and_comes_back_from_it(at: int, text: str) -> None:
    assert instant_text(at) == text
    assert instant_from(text) == at


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-01T13:00:00+01:00", "2026-03-01T12:00:00Z"),
        ("2026-03-01t06:30:00.250-05:30", "2026-03-01T12:00:00.250Z"),
        ("2026-03-01 12:00:00z", "2026-03-01T12:00:00Z"),
        ("2026-03-01T12:00:00.123456789Z", "2026-03-01T12:00:00.123Z"),
    ],
)
def test_other_ways_to_write_an_instant_are_understood(text: str, utc: str) -> None:
    assert instant_text(instant_from(text)) == utc


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-03-01",
        "2026-03-01T12:00:00",
        "2026-03-01T12:00Z",
        "2026-3-1T12:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-03-01T25:00:00Z",
        "2026-03-01T12:00:00+99:00",
        "1772366400000",
        "2026-03-01T12:00:00Z ",
        "٢٠٢٦-03-01T12:00:00Z",
    ],
)
def test_what_is_not_an_instant_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        instant_from(text)


def test_the_systems_clock_counts_milliseconds_of_this_century() -> None:
    assert 30 * 365 * DAY < system_clock() < 130 * 365 * DAY
