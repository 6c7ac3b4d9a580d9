"""Bad input of every kind: a clear error each, and nothing half done."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.support.ledgers import ALL, events

from reelbot.allowance import AccountRef, Item, Ledger, Line, Span
from reelbot.errors import Malformed
from reelbot.limits import AMOUNT_MAX

Asked = Callable[[Any, AccountRef], Awaitable[object]]
"""The ledger is `Any` here: what a type checker would refuse is just what is tried."""

NO_TEXT = [True, 1, 1.5, b"text", object(), [], {}, "", "x\0y", "two\nlines", "\ud800", "x" * 10_240]
WEIRD = [None, *NO_TEXT, " "]
AMOUNTS = [None, True, False, "1", 1.0, 1.5, float("nan"), -1, AMOUNT_MAX + 1, 10**30, 10**5_000, [], object()]
NAMES = [*WEIRD, "credits", "AI_CREDITS", "ai_credits ", "' OR 1=1 --", "../../etc", "ایآی"]

HOLDS: list[tuple[str, Asked]] = [
    *[
        (f"amount {str(type(one))[8:-2]}", lambda led, ada, one=one: led.hold(ada, {"ai_credits": one}, key="k"))
        for one in AMOUNTS
    ],
    ("amount zero", lambda led, ada: led.hold(ada, {"ai_credits": 0}, key="k")),
    *[("meter", lambda led, ada, one=one: led.hold(ada, [Line(one, 1)], key="k")) for one in NAMES],
    *[("what", lambda led, ada, one=one: led.hold(ada, one, key="k")) for one in [*WEIRD, "ai_credits", {1: 1}, [1]]],
    ("pairs", lambda led, ada: led.hold(ada, [("ai_credits", 1)], key="k")),
    ("items and lines", lambda led, ada: led.hold(ada, [Item("image"), Line("ai_credits", 1)], key="k")),
    ("lines and items", lambda led, ada: led.hold(ada, [Line("ai_credits", 1), Item("image")], key="k")),
    ("too many lines", lambda led, ada: led.hold(ada, [Line("ai_credits", 1)] * 101, key="k")),
    ("too many items", lambda led, ada: led.hold(ada, [Item("topic")] * 101, key="k")),
    *[
        ("line action", lambda led, ada, one=one: led.hold(ada, [Line("ai_credits", 1, one)], key="k"))
        for one in NO_TEXT
    ],
    ("line why", lambda led, ada: led.hold(ada, [Line("ai_credits", 1, None, "x" * 501)], key="k")),
    *[("key", lambda led, ada, one=one: led.hold(ada, {"ai_credits": 1}, key=one)) for one in [None, *NO_TEXT]],
    *[("mode", lambda led, ada, one=one: led.hold(ada, {"ai_credits": 1}, key="k", mode=one)) for one in WEIRD],
    *[
        ("expires_in", lambda led, ada, one=one: led.hold(ada, {"ai_credits": 1}, key="k", expires_in=one))
        for one in [*AMOUNTS[1:], 0, 604_801]
    ],
    *[("why", lambda led, ada, one=one: led.hold(ada, {"ai_credits": 1}, key="k", why=one)) for one in NO_TEXT],
    *[("quote", lambda led, ada, one=one: led.hold(ada, [Item("image")], key="k", quote=one)) for one in NO_TEXT],
    *[
        ("quote text", lambda led, ada, one=one: led.hold(ada, [Item("image")], key="k", quote=one))
        for one in ["quote_", "quote_AAAA", "quote_" + "A" * 100, "quote_é", "quote_" + "A" * 100_000]
    ],
    *[("item action", lambda led, ada, one=one: led.hold(ada, [Item(one)], key="k")) for one in NAMES],
    *[
        ("item quantity", lambda led, ada, one=one: led.hold(ada, [Item("image", one)], key="k"))
        for one in [*AMOUNTS, 0]
    ],
    *[("item provider", lambda led, ada, one=one: led.hold(ada, [Item("image", 1, one)], key="k")) for one in NO_TEXT],
    ("item cost", lambda led, ada: led.hold(ada, [Item("image", AMOUNT_MAX)], key="k")),
    *[
        ("quoted items", lambda led, ada, one=one: led.quote(ada, one))
        for one in [*WEIRD, [1], [Line("ai_credits", 1)]]
    ],
    *[("quoted quantity", lambda led, ada, one=one: led.quote(ada, [Item("image", one)])) for one in [*AMOUNTS, 0]],
]

ENDS: list[tuple[str, Asked]] = [
    *[
        (f"{verb} hold", lambda led, ada, one=one, verb=verb: getattr(led, verb)(one))
        for verb in ("settle", "release", "mark_unknown", "refund")
        for one in [*WEIRD, "hold_", "entry_0-1-1", "hold_0-1-1;", "HOLD_0-1-1", "hold_0-1--1"]
    ],
    *[("settle amount", lambda led, ada, one=one: led.settle("hold_0-1-2", {"ai_credits": one})) for one in AMOUNTS],
    *[("settle lines", lambda led, ada, one=one: led.settle("hold_0-1-2", one)) for one in NO_TEXT],
    *[("settle meter", lambda led, ada, one=one: led.settle("hold_0-1-2", [Line(one, 1)])) for one in NAMES],
    *[
        ("refund amount", lambda led, ada, one=one: led.refund("hold_0-1-2", {"ai_credits": one}))
        for one in [*AMOUNTS, 0]
    ],
    *[("settle key", lambda led, ada, one=one: led.settle("hold_0-1-2", key=one)) for one in NO_TEXT],
    *[("release why", lambda led, ada, one=one: led.release("hold_0-1-2", why=one)) for one in NO_TEXT],
    *[("refund why", lambda led, ada, one=one: led.refund("hold_0-1-2", why=one)) for one in NO_TEXT],
    *[
        ("delivered", lambda led, ada, one=one: led.conclude("hold_0-1-2", "in_part", {"ai_credits": one}))
        for one in AMOUNTS
    ],
]

CHANGES: list[tuple[str, Asked]] = [
    *[("account name", lambda led, ada, one=one: led.account(one)) for one in [*WEIRD, " bob", "bob ", "x" * 201]],
    *[("account plan", lambda led, ada, one=one: led.account("bob", plan=one)) for one in NAMES],
    *[("account zone", lambda led, ada, one=one: led.account("bob", timezone=one)) for one in [*NAMES, "CET+1", "utc"]],
    *[("find", lambda led, ada, one=one: led.find(one)) for one in WEIRD],
    *[("plan", lambda led, ada, one=one: led.change_plan(ada, one, key="k")) for one in NAMES],
    *[("plan by", lambda led, ada, one=one: led.change_plan(ada, "pro", key="k", by=one)) for one in WEIRD],
    *[("plan_change", lambda led, ada, one=one: led.plan_change(ada, one)) for one in NAMES],
    *[("zone", lambda led, ada, one=one: led.change_zone(ada, one, key="k")) for one in [*NAMES, "/etc/localtime"]],
    *[("zone why", lambda led, ada, one=one: led.change_zone(ada, "UTC", key="k", why=one)) for one in NO_TEXT],
    *[
        ("grant amount", lambda led, ada, one=one: led.grant(ada, "ai_credits", one, key="k", why="x"))
        for one in [*AMOUNTS, 0]
    ],
    *[("grant meter", lambda led, ada, one=one: led.grant(ada, one, 1, key="k", why="x")) for one in NAMES],
    *[
        ("grant why", lambda led, ada, one=one: led.grant(ada, "ai_credits", 1, key="k", why=one))
        for one in [None, *NO_TEXT]
    ],
    *[
        ("override", lambda led, ada, one=one: led.override(ada, "ai_credits", one, key="k", why="x"))
        for one in [*AMOUNTS[1:], "unlimited", ""]
    ],
    *[("override meter", lambda led, ada, one=one: led.override(ada, one, 1, key="k", why="x")) for one in NAMES],
]

PLACES = [one for one in AMOUNTS[1:] if one != AMOUNT_MAX + 1]
"""Instants and numbers of entries may be larger than any amount."""

READS: list[tuple[str, Asked]] = [
    *[("count", lambda led, ada, one=one: led.history(ada, Span(None, one))) for one in [*AMOUNTS, 0, 502]],
    *[("before", lambda led, ada, one=one: led.history(ada, Span(one, 5))) for one in PLACES],
    *[("since", lambda led, ada, one=one: led.history(ada, Span(None, 5, after_seq=one))) for one in PLACES],
    *[("from", lambda led, ada, one=one: led.history(ada, Span(None, 5, from_at=one))) for one in PLACES],
    *[("until", lambda led, ada, one=one: led.history(ada, Span(None, 5, until_at=one))) for one in PLACES],
    *[("meter", lambda led, ada, one=one: led.history(ada, Span(None, 5, one))) for one in NO_TEXT],
    *[("kind", lambda led, ada, one=one: led.history(ada, Span(None, 5, kind=one))) for one in NO_TEXT],
]

SUITES = {"reads": READS, "holds": HOLDS, "ends": ENDS, "changes": CHANGES}


async def sentence(asked: Awaitable[object]) -> str | None:
    """What is told of bad input; None when it was taken for good. Any other error is a failure of the test."""
    try:
        await asked
    except Malformed as malformed:
        return malformed.detail
    return None


@pytest.mark.parametrize("suite", SUITES)
async def test_bad_input_is_told_and_leaves_nothing_behind(ledger: Ledger, ada: AccountRef, suite: str) -> None:
    await ledger.hold(ada, {"ai_credits": 10}, key="there before")
    before = (await ledger.history(ada, ALL), await ledger.usage(ada), await events(ledger, ada))
    for name, asked in SUITES[suite]:
        told = await sentence(asked(ledger, ada))
        assert told is not None, name
        assert 0 < len(told) < 500, name
        assert told.isprintable(), name
    assert (await ledger.history(ada, ALL), await ledger.usage(ada), await events(ledger, ada)) == before
    assert len(await ledger.accounts()) == 1


NAMES_OF_EVERY_SCRIPT = [
    "Ада Лавлейс",
    "艾达",
    "عائشة",
    "अदिति",
    "Ώδη",
    "👩🏽‍💻",
    "a'b\"c\\d",
    "{1,2}",
    "NULL",
    "%s ?1 $1",
]


async def test_a_name_is_the_same_however_a_keyboard_put_its_letters_together(ledger: Ledger) -> None:
    opened = await ledger.account("Zoe\u0308")
    assert opened.name == "Zo\u00eb"
    for name in ("Zo\u00eb", "Zoe\u0308"):
        assert await ledger.find(name) == await ledger.account(name) == opened
    assert await ledger.find("zo\u00eb") is None, "programs may open both"


async def test_names_reasons_and_keys_of_every_script_come_back_as_they_were(ledger: Ledger) -> None:
    for name in NAMES_OF_EVERY_SCRIPT:
        ref = await ledger.account(name)
        assert await ledger.find(name) == ref
        hold = await ledger.hold(ref, [Line("ai_credits", 1, name, f"for {name}")], key=name)
        assert (await ledger.hold(ref, [Line("ai_credits", 1, name, f"for {name}")], key=name)).replayed
        await ledger.settle(hold, why=name)
        held, settled = (await ledger.history(ref, ALL))[1::-1]
        assert (held.action, held.why) == (name, f"Held 1 AI credit: for {name}")
        assert settled.why == f"Used 1 AI credit: {name}"
    assert sorted(account.name for account in await ledger.accounts()) == sorted(NAMES_OF_EVERY_SCRIPT)


async def test_the_largest_amounts_are_counted_exactly(ledger: Ledger) -> None:
    ada = await ledger.account("ada", plan="enterprise")
    for number in range(9):
        await ledger.settle(await ledger.hold(ada, {"storage_bytes": AMOUNT_MAX}, key=f"k{number}"))
    held = await ledger.hold(ada, [Line("storage_bytes", AMOUNT_MAX)] * 100, key="k")
    assert (held.meters[0].used, held.meters[0].held) == (9 * AMOUNT_MAX, 100 * AMOUNT_MAX)
    await ledger.override(ada, "storage_bytes", AMOUNT_MAX, key="o", why="the most there is")
    assert (await ledger.usage(ada)).meters[4].remaining == 0
