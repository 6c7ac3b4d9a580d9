"""Quotes: signed, for one account, for a while, and a ceiling."""

import base64
import json

import pytest

from reelbot.allowance import Item, load_terms
from reelbot.allowance.quotes import PricedItem, QuoteExpired, QuoteSigner, at_most, priced
from reelbot.clock import SECOND, instant_from
from reelbot.errors import Malformed
from reelbot.limits import LINES_MAX, QUOTE_SECONDS

NOW = instant_from("2026-03-01T12:00:00Z")
PRICES = load_terms().prices
ITEMS = (Item("image", 3), Item("voiceover", 34, "embedded"))
SIGNER = QuoteSigner(b"k" * 32)


def quote(items: tuple[Item, ...] = ITEMS, signer: QuoteSigner = SIGNER) -> str:
    text, _ = signer.sign(0, 1, priced(PRICES, items), NOW)
    return text


def body_of(text: str) -> bytes:
    signed = text.removeprefix("quote_")
    return base64.urlsafe_b64decode(signed + "=" * (-len(signed) % 4))


def with_body(body: bytes) -> str:
    return "quote_" + base64.urlsafe_b64encode(body).decode().rstrip("=")


def test_a_quote_gives_back_what_was_promised() -> None:
    text, expires_at = SIGNER.sign(0, 1, priced(PRICES, ITEMS), NOW)
    assert expires_at == NOW + QUOTE_SECONDS * SECOND
    assert SIGNER.amounts(text, 0, 1, expires_at - 1) == (
        (ITEMS[0], "ai_credits", 12),
        (ITEMS[1], "ai_credits", 4),
    )


def test_a_quote_that_is_over_says_until_when_it_counted() -> None:
    with pytest.raises(QuoteExpired, match="2026-03-01T12:15:00Z"):
        SIGNER.amounts(quote(), 0, 1, NOW + QUOTE_SECONDS * SECOND)


@pytest.mark.parametrize(("lane", "account"), [(0, 2), (1, 1)])
def test_a_quote_is_for_one_account(lane: int, account: int) -> None:
    with pytest.raises(Malformed, match="this account"):
        SIGNER.amounts(quote(), lane, account, NOW)


def test_another_databases_quote_does_not_count() -> None:
    with pytest.raises(Malformed):
        SIGNER.amounts(quote(signer=QuoteSigner(b"j" * 32)), 0, 1, NOW)


def test_no_byte_of_a_quote_can_be_changed() -> None:
    text = quote()
    for place in range(len(body_of(text))):
        body = body_of(text)
        forged = with_body(body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :])
        with pytest.raises(Malformed):
            SIGNER.amounts(forged, 0, 1, NOW)


def test_an_amount_cannot_be_lowered() -> None:
    body = body_of(quote())
    lane, account, expires_at, amounts = json.loads(body[16:])
    amounts[0][2] = 1
    cheaper = json.dumps([lane, account, expires_at, amounts], separators=(",", ":")).encode()
    with pytest.raises(Malformed):
        SIGNER.amounts(with_body(body[:16] + cheaper), 0, 1, NOW)


@pytest.mark.parametrize(
    "text", ["", "quote_", "quote_A", "quote_AAAA", "quote_é", "quote_!", "x" * 100, "quote_" + "A" * 70_000]
)
def test_what_is_not_a_quote_is_told_so(text: str) -> None:
    with pytest.raises(Malformed, match="Ask for a new one"):
        SIGNER.amounts(text, 0, 1, NOW)


def test_the_longest_quote_can_be_read_again() -> None:
    items = tuple(Item("voiceover", 10**15 // 100, "日" * 60) for _ in range(LINES_MAX))
    assert len(SIGNER.amounts(quote(items), 0, 1, NOW)) == LINES_MAX


def prices_now(*amounts: int) -> tuple[PricedItem, ...]:
    return tuple(
        one._replace(line=one.line._replace(amount=amount))
        for one, amount in zip(priced(PRICES, ITEMS), amounts, strict=True)
    )


@pytest.mark.parametrize(
    ("today", "charged"), [((12, 4), [12, 4]), ((24, 8), [12, 4]), ((3, 4), [3, 4]), ((0, 99), [0, 4])]
)
def test_a_quote_is_a_ceiling_and_a_lower_price_counts(today: tuple[int, int], charged: list[int]) -> None:
    quoted = SIGNER.amounts(quote(), 0, 1, NOW)
    assert [one.line.amount for one in at_most(quoted, prices_now(*today))] == charged


@pytest.mark.parametrize(
    "others",
    [ITEMS[::-1], ITEMS * 2, (Item("image", 4), ITEMS[1]), (*ITEMS, Item("topic")), (ITEMS[0], Item("voiceover", 34))],
)
def test_a_quote_is_for_the_very_items_that_were_asked_for_and_none_beside_them(others: tuple[Item, ...]) -> None:
    with pytest.raises(Malformed, match="other items"):
        at_most(SIGNER.amounts(quote(), 0, 1, NOW), priced(PRICES, others))


@pytest.mark.parametrize("kept", [[0], [1], [0, 2], [1, 2], [2], []])
def test_what_remains_of_a_quote_costs_at_most_what_its_own_line_says(kept: list[int]) -> None:
    items = (Item("image", 3), Item("voiceover", 34), Item("image", 3))
    dearer = tuple(one._replace(line=one.line._replace(amount=99)) for one in priced(PRICES, items))
    left = tuple(dearer[at] for at in kept)
    assert [one.line.amount for one in at_most(SIGNER.amounts(quote(items), 0, 1, NOW), left)] == [
        (12, 4, 12)[at] for at in kept
    ]
