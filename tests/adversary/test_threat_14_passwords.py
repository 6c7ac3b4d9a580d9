"""Threat 14: passwords that anybody guesses, and an estimator that somebody keeps busy."""

from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.clock import FakeClock
from tests.support.sites import Stand, standing
from tests.web.pages.visitors import Visitor, accounts_of, visiting, with_settings

from reelbot.accounts.core.strength import JUDGED_LENGTH, weakness_of
from reelbot.errors import Malformed

EASY = (
    "password12", "Password123", "qwertyuiop", "1234567890", "iloveyou2026", "letmein12345", "P@ssw0rd1234",
    "1qaz2wsx3edc", "aaaaaaaaaaaa", "abcdefghijkl", "reelbot2026", "reelbotstudio", "ＰＡＳＳＷＯＲＤ１２", "drowssap12",
    "hunter2hunter2", "adalovelace", "ada.lovelace", "Ada-Lovelace-1", "ada_lovelace12",
)  # fmt: skip
TEXT = st.characters(exclude_categories=["Cs"])
GOOD = (
    "correct horse battery",
    "grey lanterns hum at noon",
    "x7Kp2mQz9wLd",
    "grüner-elefant-tanzt",
    "katzen miauen laut",
)


@pytest.fixture
async def stand(sqlite_url: str, clock: FakeClock) -> AsyncIterator[Stand]:
    async with standing(sqlite_url, clock) as built:
        yield built


@pytest.fixture
async def stranger(stand: Stand) -> AsyncIterator[Visitor]:
    async with visiting(stand) as visitor:
        yield visitor


@pytest.mark.parametrize("password", EASY)
def test_what_is_guessed_early_is_refused_with_why_and_what_is_better(password: str) -> None:
    told = weakness_of(password, ("Ada Lovelace",))
    assert told is not None
    assert told.startswith("This password is too easy to guess.")
    assert told.endswith("A few random words are easier to remember and much harder to guess.")
    assert password not in told


@pytest.mark.parametrize("password", GOOD)
def test_what_is_hard_to_guess_is_taken(password: str) -> None:
    assert weakness_of(password, ("Ada Lovelace",)) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("adalovelace", "built on your name"), ("reelbot2026", "the name of this product"), ("aaaaaaaaaaaa", "repeats one"),
        ("lovelylovely", "repeats the same"), ("zxcvfdsaqwer", "pattern on the keyboard"), ("abcdefghijkl", "alphabet"),
        ("password12", "common password"), ("qwertyuiop", "most common passwords"), ("1988-12-05", "date"),
    ],
)  # fmt: skip
def test_the_reason_is_said(password: str, why: str) -> None:
    assert why in (weakness_of(password, ("Ada Lovelace",)) or "")


def test_only_the_beginning_is_judged_however_long_it_is() -> None:
    assert weakness_of("a" * JUDGED_LENGTH + "x7Kp2mQz9wLd") is not None
    assert weakness_of("4@8({[</369&#!1/|0$5+7%2/" * 8) is None


@settings(deadline=None, max_examples=200)
@given(
    password=st.text(TEXT, max_size=200),
    name=st.text(TEXT, max_size=60),
)
def test_whatever_is_typed_is_judged_without_a_fault(password: str, name: str) -> None:
    told = weakness_of(password, (name,))
    assert told is None or told.startswith("This password is too easy to guess.")


async def test_whoever_signs_up_is_told_and_no_account_is_opened(stand: Stand, stranger: Visitor) -> None:
    with_settings(stand, signup="open")
    for password in ("password12", "zukhra bexlanov", "zukhrabexlanov", "Zukhra-Bexlanov"):
        answer = await stranger.send("/signup", name="zukhra bexlanov", password=password, timezone="UTC")
        assert answer.status_code == 400
        assert "too easy to guess" in answer.text
    assert await stand.ledger.find("zukhra bexlanov") is None
    assert (await stranger.send("/signup", name="zukhra bexlanov", password=GOOD[0], timezone="UTC")).status_code == 303


async def test_whoever_changes_it_is_told_and_the_old_one_stays(stand: Stand, stranger: Visitor) -> None:
    await stranger.sign_in()
    await stranger.sent("/account/password", password=GOOD[0])
    for password in ("password12", "ada ada ada", "adaadaada1"):
        assert "too easy to guess" in await stranger.sent("/account/password", password=password)
    account, accounts = stand.accounts["ada"], accounts_of(stand)
    with pytest.raises(Malformed, match="too easy to guess"):
        await accounts.set_password(account.lane, account.id, "ada", "password12")
    assert await accounts.passwords.is_right("ada", (account.lane, account.id), GOOD[0], "")


async def test_an_easy_password_from_before_still_signs_in(stand: Stand, stranger: Visitor) -> None:
    account = stand.accounts["ada"]
    await accounts_of(stand).passwords.write(account.lane, account.id, PasswordHasher().hash("password12"))
    assert (await stranger.send("/login", name="ada", password="password12")).status_code == 303
