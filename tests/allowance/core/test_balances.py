"""The figures of an allowance: what remains, what fits, and the word for how full it is."""

import pytest

from reelbot.allowance import Allowance


def allowance(limit: int | None, used: int, held: int) -> Allowance:
    return Allowance("ai_credits", "day", 0, 1, limit, used, held)


FIGURES = [
    # limit, used, held, what remains, the word
    (60, 0, 0, 60, "available"),
    (60, 47, 0, 13, "available"),
    (60, 48, 0, 12, "low"),
    (60, 20, 28, 12, "low"),
    (60, 59, 0, 1, "low"),
    (60, 60, 0, 0, "exhausted"),
    (60, 0, 60, 0, "exhausted"),
    (60, 61, 0, 0, "exhausted"),
    (60, 1_000, 5, 0, "exhausted"),
    (1, 0, 0, 1, "available"),
    (3, 2, 0, 1, "available"),
    (5, 4, 0, 1, "low"),
    (0, 0, 0, 0, "exhausted"),
    (None, 0, 0, None, "unlimited"),
    (None, 10**15, 10**15, None, "unlimited"),
]


@pytest.mark.parametrize(("limit", "used", "held", "remaining", "state"), FIGURES)
def test_what_remains_and_how_full_it_is(
    limit: int | None, used: int, held: int, remaining: int | None, state: str
) -> None:
    one = allowance(limit, used, held)
    assert (one.remaining, one.state) == (remaining, state)


@pytest.mark.parametrize(("limit", "used", "held", "remaining", "state"), FIGURES)
def test_what_remains_fits_and_not_one_more(
    limit: int | None, used: int, held: int, remaining: int | None, state: str
) -> None:
    one = allowance(limit, used, held)
    assert one.fits(0)
    assert one.fits(10**15 if remaining is None else remaining)
    assert remaining is None or not one.fits(remaining + 1)
