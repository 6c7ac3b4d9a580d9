"""A reader's place in a stream: its text, its order, and texts that name no place."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelbot.errors import Malformed
from reelbot.events import Cursor

TURN_AT = 1_718_000_000_000

places = st.integers(min_value=0, max_value=2**63 - 1)
seconds = st.integers(min_value=1, max_value=10**10 - 1).map(lambda second: second * 1_000)
cursors = st.one_of(places.map(Cursor), st.builds(Cursor, places, seconds, st.integers(min_value=0, max_value=9)))


def test_the_cursor_of_an_event_is_its_number() -> None:
    assert str(Cursor(123)) == "123"


def test_the_cursor_of_a_turned_window_follows_the_event_before_it() -> None:
    assert str(Cursor(123, TURN_AT, 1)) == "123.17180000001"
    assert Cursor(123) < Cursor(123, TURN_AT, 0) < Cursor(123, TURN_AT, 1) < Cursor(124)


def test_an_early_turn_is_written_with_all_its_digits() -> None:
    assert str(Cursor(1, 5_000, 0)) == "1.00000000050"


@given(cursors)
def test_a_cursor_is_what_its_text_names(cursor: Cursor) -> None:
    assert Cursor.parse(str(cursor)) == cursor


@given(cursors, cursors)
def test_cursors_read_as_decimal_numbers_in_their_order(one: Cursor, other: Cursor) -> None:
    assert (one < other) == (Decimal(str(one)) < Decimal(str(other)))


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-1", "+1", "01", "1.5", "1.", ".17180000001", "1.171800000011", "1.1718000000"),
        *(
            "1.00000000000",
            "1e3",
            "NaN",
            "１２",
            "12\n",
            " 12",
            "9223372036854775808",
            "9" * 5_000,
            "1.1718000000x",
            "\0",
        ),
    ],
)
def test_a_text_that_names_no_place_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        Cursor.parse(text)


@pytest.mark.parametrize("cursor", [Cursor(1, 1_500), Cursor(1, 10**13), Cursor(1, TURN_AT, 10)])
def test_a_turn_that_cannot_be_written_is_a_defect(cursor: Cursor) -> None:
    with pytest.raises(AssertionError):
        str(cursor)
