"""The sentences that people read, each as it stands in a ledger or in an answer."""

from typing import get_args

import pytest
from tests.support.clock import FakeClock
from tests.support.ledgers import entries

from reelbot.allowance import AccountRef, Allowance, InUse, Item, Ledger, Line, Refusal, Shortage, Status, load_terms
from reelbot.allowance.core.entries import Kind
from reelbot.allowance.core.explain import counted, refusal_sentence, why_several
from reelbot.allowance.core.outcomes import HoldState
from reelbot.clock import DAY, instant_from

CATALOGUE = load_terms().catalogue
STARTS_AT = instant_from("2026-02-28T23:00:00Z")


def exhausted(meter: str, limit: int, used: int, held: int, needed: int, fits: bool = True) -> Refusal:
    kind = CATALOGUE.meters[meter].window
    ends_at = None if kind == "standing" else STARTS_AT + DAY
    allowance = Allowance(meter, kind, STARTS_AT, ends_at, limit, used, held)
    shortage = Shortage(allowance, needed, "Europe/Paris", (), ends_at if fits else None)
    return Refusal(Status.ALLOWANCE_EXHAUSTED, 1, STARTS_AT, 0, shortage)


SHORTAGES = [
    (
        exhausted("ai_credits", 60, 60, 0, 1),
        "This needs 1 AI credit, 0 left (60 of 60 used). The limit resets on Mon 2 Mar 2026 00:00 Europe/Paris.",
    ),
    (
        exhausted("ai_credits", 1_000, 500, 490, 12),
        "This needs 12 AI credits, 10 left (500 of 1,000 used and 490 held). "
        "The limit resets on Mon 2 Mar 2026 00:00 Europe/Paris.",
    ),
    (
        exhausted("ai_credits", 60, 300, 0, 5),
        "This needs 5 AI credits, 0 left (300 of 60 used). The limit resets on Mon 2 Mar 2026 00:00 Europe/Paris.",
    ),
    (
        exhausted("ai_credits", 60, 0, 0, 61, fits=False),
        "This needs 61 AI credits, 60 left (0 of 60 used). "
        "It is more than a whole day allows; the limit resets on Mon 2 Mar 2026 00:00 Europe/Paris.",
    ),
    (
        exhausted("channels", 1, 1, 0, 1, fits=False),
        "This needs 1 channel, 0 left (1 of 1 used). Removing something frees room at once; a higher plan has more.",
    ),
]


@pytest.mark.parametrize(("refusal", "sentence"), SHORTAGES)
def test_a_shortage_says_what_is_missing_and_when_it_is_back(refusal: Refusal, sentence: str) -> None:
    assert refusal_sentence(CATALOGUE, refusal) == sentence


FIGURED = (Status.ALLOWANCE_EXHAUSTED, Status.HOLD_IN_USE)
"""Refusals that say more than their status does."""


@pytest.mark.parametrize("status", [status for status in Status if status not in FIGURED])
def test_every_other_refusal_has_a_sentence_of_its_own(status: Status) -> None:
    sentence = refusal_sentence(CATALOGUE, Refusal(status, 1, STARTS_AT, 0))
    assert sentence.endswith(".")
    assert sentence[0].isupper()
    others = [other for other in Status if other not in (status, *FIGURED)]
    assert sentence not in [refusal_sentence(CATALOGUE, Refusal(other, 1, STARTS_AT, 0)) for other in others]


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("open", "This hold belongs to job_0-1-7 and ends with it. Cancel or remove job_0-1-7 instead."),
        ("settled", "This hold belonged to job_0-1-7; what it used stays used. A grant can make up for it."),
    ],
)
def test_a_hold_in_use_says_whose_it_is_and_what_to_do_instead(state: HoldState, sentence: str) -> None:
    refusal = Refusal(Status.HOLD_IN_USE, 1, STARTS_AT, 2, in_use=InUse("job_0-1-7", state))
    assert refusal_sentence(CATALOGUE, refusal) == sentence


@pytest.mark.parametrize(
    ("whys", "why"),
    [
        ([], None),
        (["a picture"], "a picture"),
        (["a picture", "a picture"], "2 × a picture"),
        (["34 s of speech", "12 s of speech", "9 s of speech"], "34 s of speech, and 2 more"),
    ],
)
def test_lines_that_are_kept_as_one_say_why_in_one_sentence(whys: list[str], why: str | None) -> None:
    assert why_several(whys) == why


@pytest.mark.parametrize(
    ("amount", "meter", "text"),
    [(0, "ai_credits", "0 AI credits"), (1, "ai_credits", "1 AI credit"), (1_200, "storage_bytes", "1,200 bytes")],
)
def test_amounts_are_counted_in_the_meters_own_words(amount: int, meter: str, text: str) -> None:
    assert counted(amount, CATALOGUE.meters[meter]) == text


async def every_kind(ledger: Ledger, ada: AccountRef, clock: FakeClock) -> None:
    """An entry of each kind."""
    part = await ledger.hold(ada, {"ai_credits": 25}, key="1", why="the first draft")
    await ledger.settle(part, {"ai_credits": 20}, why="shorter than quoted")
    await ledger.refund(part, {"ai_credits": 5}, why="the wrong language")
    whole = await ledger.hold(ada, [Item("render")], key="2")
    await ledger.settle(whole)
    given_back = await ledger.hold(ada, [Line("posts", 1, "post")], key="3")
    await ledger.release(given_back)
    await ledger.hold(ada, {"ai_credits": 1}, key="4", expires_in=1)
    unknown = await ledger.hold(ada, {"posts": 2}, key="5")
    await ledger.mark_unknown(unknown, why="the provider is silent")
    clock.advance(1_000)
    await ledger.sweeper.sweep()
    await ledger.grant(ada, "ai_credits", 1_000, key="6", why="the workshop")
    await ledger.override(ada, "posts", 9, key="7", why="a trial")
    await ledger.override(ada, "posts", None, key="8", why="a friend")
    await ledger.override(ada, "posts", "plan", key="9", why="it is over")
    await ledger.change_plan(ada, "pro", key="10")
    await ledger.change_plan(ada, "free", key="11", why="too much for me")
    await ledger.change_plan(ada, "pro", key="12")
    await ledger.change_zone(ada, "Asia/Tokyo", key="13", why="I moved")


SENTENCES = [
    "ada begins on the Free plan; days are counted in Europe/Paris.",
    "Held 25 AI credits: the first draft",
    "Used 20 AI credits of 25 held; 5 went back: shorter than quoted",
    "Refunded 5 AI credits: the wrong language",
    "Held 1 video generation: Finished video: 1 video generation",
    "Used 1 video generation: render",
    "Held 1 post: post",
    "Gave back 1 post, nothing was used: post",
    "Held 1 AI credit.",
    "Held 2 posts.",
    "Keeps 2 posts held until the outcome is known: the provider is silent",
    "Gave back 1 AI credit: the hold was not settled before its deadline.",
    "Granted 1,000 AI credits extra: the workshop",
    "The limit of posts is 9 for this account: a trial",
    "The limit of posts is unlimited for this account: a friend",
    "The limit of posts follows the plan again: it is over",
    "On Pro from now on.",
    "Moves to Free on Wed 1 Apr 2026 00:00 Europe/Paris: too much for me",
    "Stays on Pro; the scheduled change was taken back.",
    "Days are counted in Asia/Tokyo instead of Europe/Paris. The current day still ends on Mon 2 Mar 2026 08:00 Asia/Tokyo "
    "(Mon 2 Mar 2026 00:00 Europe/Paris); the next one on Tue 3 Mar 2026 00:00 Asia/Tokyo. The current month still ends on "
    "Wed 1 Apr 2026 07:00 Asia/Tokyo (Wed 1 Apr 2026 00:00 Europe/Paris); the next one on Fri 1 May 2026 00:00 Asia/Tokyo. "
    "Reason: I moved",
]


async def test_every_entry_says_in_a_sentence_why_it_is_there(clock: FakeClock) -> None:
    async with Ledger.open("memory:", clock=clock, sweep_seconds=None) as ledger:
        ada = await ledger.account("ada", timezone="Europe/Paris")
        await every_kind(ledger, ada, clock)
        told = await entries(ledger, ada)
        assert [entry.why for entry in told] == SENTENCES
        assert {entry.kind for entry in told} == set(get_args(Kind))
