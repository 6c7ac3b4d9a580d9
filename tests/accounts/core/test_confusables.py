"""Names of one look, and names that only a program would take for one."""

import pytest

from reelbot.accounts.core.confusables import look_of


@pytest.mark.parametrize(
    "name",
    [
        "Ada", "ADA", "\uff21\uff44\uff41", "\U0001d434\U0001d451\U0001d44e", "\u0430d\u0430", "\u0391da", "a\u200dd\u200ca",
        "a\u202eda", "\u00adada", " ada ", "ada\u00a0", "ad\ufeffa",
    ],
)  # fmt: skip
def test_names_that_look_alike_have_one_look(name: str) -> None:
    assert look_of(name) == look_of("ada")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zo\u00eb", "Zoe\u0308"),
        ("STRASSE", "stra\u00dfe"),
        ("ada  lovelace", "Ada Lovelace"),
        ("\ufb01ne", "fine"),
        ("\u0441\u043e\u0440", "cop"),
    ],
)
def test_looks_are_the_same_whatever_a_keyboard_made_of_the_letters(one: str, other: str) -> None:
    assert look_of(one) == look_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ali", "all"),
        ("rene", "ren\u00e9"),
        ("team1", "teaml"),
        ("ada", "ada2"),
        ("\u0434\u0438\u043c\u0430", "dima"),
        ("a b", "ab"),
    ],
)
def test_names_that_people_tell_apart_stay_apart(one: str, other: str) -> None:
    assert look_of(one) != look_of(other)
