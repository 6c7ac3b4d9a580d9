"""Ids as outsiders see them."""

import pytest

from reelbot.ids import IdParts, id_text, place_of

PLACES = [
    # kind, lane, account, seq, the text
    ("hold", 0, 1, 2, "hold_0-1-2"),
    ("hold", 0, 100, 51, "hold_0-2s-1f"),
    ("entry", 63, 2**40, 2**50, "entry_1r-e13wu1og-b33j9ynrb4"),
]


@pytest.mark.parametrize(("kind", "lane", "account", "seq", "text"), PLACES)
def test_an_id_names_its_place_and_back(kind: str, lane: int, account: int, seq: int, text: str) -> None:
    assert id_text(kind, lane, account, seq) == text
    assert place_of(text) == IdParts(kind, lane, account, seq)


def test_different_places_have_different_ids() -> None:
    numbers = range(0, 80)
    texts = {id_text("hold", 0, account, seq) for account in numbers for seq in numbers}
    assert len(texts) == len(numbers) ** 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hold",
        "hold_",
        "hold_0",
        "hold_0-1",
        "hold_0-1-",
        "hold_0-1-2-3",
        "hold_-0-1-2",
        "hold_0-1--2",
        "HOLD_0-1-2",
        "hold_0-1-A",
        "hold_0-1-2\n",
        " hold_0-1-2",
        "hold_0-1-٣",
        "Video_0-1-2",
        "hold_000-1-2",
        "hold_0-1-" + "z" * 12,
        "hold_" + "0" * 10_000,
    ],
)
def test_what_is_not_an_id_of_ours_names_nothing(text: str) -> None:
    assert place_of(text) is None


def test_whatever_an_id_names_fits_a_database() -> None:
    place = place_of("entry_zz-zzzzzzzzzzz-zzzzzzzzzzz")
    assert place is not None
    assert max(place.account, place.seq) < 2**63
    assert place.lane < 2**15
