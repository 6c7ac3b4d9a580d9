"""`/quotes` and `/holds`: from the price to the settlement."""

from typing import Any

import pytest
from tests.support.sites import Stand

from reelbot.clock import HOUR, MINUTE, instant_text

SCRIPT = {"items": [{"action": "script"}]}


def lines(amount: int, meter: str = "ai_credits") -> dict[str, Any]:
    return {"lines": [{"meter": meter, "amount": amount}]}


async def test_a_hold_of_lines_tells_what_is_held_and_what_is_left(stand: Stand) -> None:
    answer = await stand.post("/holds", lines(25))
    assert answer.status_code == 201
    told = answer.json()
    assert told == {
        "id": told["id"],
        "state": "open",
        "lines": [{"meter": "ai_credits", "action": None, "amount": 25, "settled": 0}],
        "refused": [],
        "expires_at": "2026-03-01T13:00:00Z",
        "usage": {
            "account": "ada",
            "plan": "free",
            "timezone": "Europe/Paris",
            "as_of": "2026-03-01T12:00:00Z",
            "meters": [
                {
                    "meter": "ai_credits",
                    "window": {"kind": "day", "starts_at": "2026-02-28T23:00:00Z", "ends_at": "2026-03-01T23:00:00Z"},
                    "limit": 60,
                    "used": 0,
                    "held": 25,
                    "remaining": 35,
                    "state": "available",
                }
            ],
        },
    }
    assert answer.headers["ratelimit"] == '"ai_credits";r=35;t=39600'
    assert answer.headers["ratelimit-policy"] == '"ai_credits";q=60;w=86400'


async def test_a_hold_of_items_is_priced_by_the_list(stand: Stand) -> None:
    body = {"items": [{"action": "voiceover", "quantity": 34}, {"action": "image"}], "why": "a trailer"}
    told = (await stand.post("/holds", body)).json()
    assert told["lines"] == [
        {"meter": "ai_credits", "action": "voiceover", "amount": 4, "settled": 0},
        {"meter": "ai_credits", "action": "image", "amount": 4, "settled": 0},
    ]


async def test_the_same_key_gets_the_first_answer_and_has_one_effect(stand: Stand) -> None:
    first = await stand.post("/holds", lines(25), key="order-17")
    await stand.hold(5)
    stand.clock.advance(MINUTE)
    again = await stand.post("/holds", lines(25), key="order-17")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert await stand.used() == (0, 30)


async def test_the_same_key_for_something_else_is_refused(stand: Stand) -> None:
    await stand.post("/holds", lines(25), key="order-17")
    other = await stand.post("/holds", lines(26), key="order-17")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert await stand.used() == (0, 25)


async def test_a_key_belongs_to_its_account(stand: Stand) -> None:
    await stand.post("/holds", lines(25), key="order-17")
    other = await stand.post("/holds", lines(1), name="bob", key="order-17")
    assert other.status_code == 201


async def test_a_hold_without_a_key_is_refused(stand: Stand) -> None:
    answer = await stand.post("/holds", lines(25), key=None)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert answer.json()["where"] == "Idempotency-Key"
    assert await stand.used() == (0, 0)


async def test_an_exhausted_limit_explains_itself(stand: Stand) -> None:
    held = await stand.hold(20)
    await stand.post(f"/holds/{held['id']}/settlement")
    await stand.hold(15)
    body = {"items": [{"action": "image", "quantity": 6}, {"action": "script"}, {"action": "music"}]}
    answer = await stand.post("/holds", body)
    assert answer.status_code == 402
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told.pop("still_works")[0] == "reviewing"
    assert told == {
        "type": "urn:reelbot:problem:allowance_exhausted",
        "title": "A limit is reached",
        "status": 402,
        "code": "allowance_exhausted",
        "detail": (
            "This needs 31 AI credits, 25 left (20 of 60 used and 15 held). "
            "The limit resets on Mon 2 Mar 2026 00:00 Europe/Paris."
        ),
        "meter": "ai_credits",
        "limit": 60,
        "used": 20,
        "held": 15,
        "remaining": 25,
        "needed": 31,
        "resets_at": "2026-03-01T23:00:00Z",
        "timezone": "Europe/Paris",
        "fits": [{"meter": "ai_credits", "amount": 24, "action": "image"}],
    }
    assert answer.headers["retry-after"] == "39600"
    assert answer.headers["ratelimit"] == '"ai_credits";r=25;t=39600'
    assert await stand.used() == (20, 15)


async def test_more_than_a_whole_day_has_says_when_the_limit_resets(stand: Stand) -> None:
    answer = await stand.post("/holds", lines(61))
    assert answer.status_code == 402
    assert "more than a whole day allows" in answer.json()["detail"]
    assert answer.headers["retry-after"] == "39600"


async def test_a_standing_limit_is_not_freed_by_time(stand: Stand) -> None:
    await stand.hold(1, "channels")
    answer = await stand.post("/holds", lines(1, "channels"))
    assert answer.status_code == 402
    assert (answer.json()["resets_at"], answer.json()["meter"]) == (None, "channels")
    assert "retry-after" not in answer.headers
    assert "ratelimit" not in answer.headers


async def test_one_limit_may_be_exhausted_while_another_is_not(stand: Stand) -> None:
    await stand.hold(60)
    assert (await stand.post("/holds", lines(1))).status_code == 402
    assert (await stand.post("/holds", lines(3, "video_generations"))).status_code == 201


async def test_mode_fit_holds_what_fits_and_says_when_the_rest_will(stand: Stand) -> None:
    body = {
        "mode": "fit",
        "lines": [
            {"meter": "ai_credits", "amount": 50},
            {"meter": "ai_credits", "amount": 20},
            {"meter": "ai_credits", "amount": 10},
            {"meter": "ai_credits", "amount": 61},
        ],
    }
    told = (await stand.post("/holds", body)).json()
    assert [line["amount"] for line in told["lines"]] == [60]
    assert told["refused"] == [
        {"meter": "ai_credits", "action": None, "amount": 20, "fits_at": "2026-03-01T23:00:00Z"},
        {"meter": "ai_credits", "action": None, "amount": 61, "fits_at": None},
    ]


async def test_mode_fit_is_refused_when_nothing_fits(stand: Stand) -> None:
    await stand.hold(60)
    assert (await stand.post("/holds", {"mode": "fit", **lines(1)})).status_code == 402


async def test_a_hold_may_name_its_deadline(stand: Stand) -> None:
    told = await stand.hold(1, expires_in=90)
    assert told["expires_at"] == "2026-03-01T12:01:30Z"


async def test_a_settlement_uses_all_that_is_held(stand: Stand) -> None:
    held = await stand.hold(25)
    answer = await stand.post(f"/holds/{held['id']}/settlement")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["id"], told["state"], told["refused"]) == (held["id"], "settled", [])
    assert told["lines"] == [{"meter": "ai_credits", "action": None, "amount": 25, "settled": 25}]
    assert told["usage"]["meters"][0]["used"] == 25
    assert answer.headers["ratelimit"] == '"ai_credits";r=35;t=39600'
    assert await stand.used() == (25, 0)


async def test_a_settlement_in_part_gives_the_rest_back(stand: Stand) -> None:
    held = await stand.hold(25)
    told = (await stand.post(f"/holds/{held['id']}/settlement", {**lines(20), "why": "measured"})).json()
    assert told["lines"][0]["settled"] == 20
    assert await stand.used() == (20, 0)


async def test_a_settlement_of_nothing_is_fine(stand: Stand) -> None:
    held = await stand.hold(25)
    assert (await stand.post(f"/holds/{held['id']}/settlement", lines(0))).status_code == 200
    assert await stand.used() == (0, 0)


async def test_a_settlement_above_the_hold_is_refused(stand: Stand) -> None:
    held = await stand.hold(25)
    answer = await stand.post(f"/holds/{held['id']}/settlement", lines(26))
    assert (answer.status_code, answer.json()["code"]) == (422, "amount_above_hold")
    assert await stand.used() == (0, 25)


async def test_a_settlement_without_a_key_is_safe_to_repeat(stand: Stand) -> None:
    held = await stand.hold(25)
    first = await stand.post(f"/holds/{held['id']}/settlement", key=None)
    again = await stand.post(f"/holds/{held['id']}/settlement", key=None)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert await stand.used() == (25, 0)


async def test_a_release_gives_back_all_of_it(stand: Stand) -> None:
    held = await stand.hold(25)
    answer = await stand.post(f"/holds/{held['id']}/release", {"why": "not needed"})
    assert (answer.status_code, answer.json()["state"]) == (200, "released")
    assert await stand.used() == (0, 0)


@pytest.mark.parametrize(("ended", "code"), [("settlement", "hold_settled"), ("release", "hold_released")])
async def test_an_ended_hold_cannot_be_ended_again(stand: Stand, ended: str, code: str) -> None:
    held = await stand.hold(25)
    await stand.post(f"/holds/{held['id']}/{ended}")
    for again in ("settlement", "release"):
        answer = await stand.post(f"/holds/{held['id']}/{again}")
        assert (answer.status_code, answer.json()["code"]) == (409, code)


async def test_an_expired_hold_cannot_be_settled(stand: Stand) -> None:
    held = await stand.hold(25)
    stand.clock.advance(HOUR)
    answer = await stand.post(f"/holds/{held['id']}/settlement")
    assert (answer.status_code, answer.json()["code"]) == (409, "hold_expired")


async def test_a_hold_can_be_read_in_every_state(stand: Stand) -> None:
    held = {state: await stand.hold(5) for state in ("open", "unknown", "settled", "released", "expired")}
    await stand.ledger.mark_unknown(held["unknown"]["id"])
    await stand.post(f"/holds/{held['settled']['id']}/settlement")
    await stand.post(f"/holds/{held['released']['id']}/release")
    for state in ("open", "unknown", "settled", "released"):
        told = (await stand.get(f"/holds/{held[state]['id']}")).json()
        assert (told["state"], told["lines"][0]["amount"]) == (state, 5)
        assert set(told) == {"id", "state", "lines", "refused", "expires_at"}
    stand.clock.advance(HOUR)
    assert (await stand.get(f"/holds/{held['expired']['id']}")).json()["state"] == "expired"


async def test_a_hold_of_yesterday_settles_as_usage_of_yesterday(stand: Stand) -> None:
    stand.clock.advance(11 * HOUR - MINUTE)
    held = await stand.hold(25)
    stand.clock.advance(4 * MINUTE)
    answer = await stand.post(f"/holds/{held['id']}/settlement")
    told = answer.json()["usage"]["meters"][0]
    assert (told["used"], told["window"]["ends_at"]) == (25, "2026-03-01T23:00:00Z")
    assert "ratelimit" not in answer.headers, "that window is over"
    assert await stand.used() == (0, 0)


async def test_a_quote_lists_each_line_and_changes_nothing(stand: Stand) -> None:
    body = {"items": [{"action": "voiceover", "quantity": 34}, {"action": "render"}]}
    answer = await stand.post("/quotes", body, key=None)
    assert answer.status_code == 200
    told = answer.json()
    assert told["lines"] == [
        {
            "action": "voiceover",
            "quantity": 34,
            "provider": None,
            "meter": "ai_credits",
            "amount": 4,
            "why": "Voiceover: 34 s of speech, 1 AI credit per started 10 s",
            "fits": True,
            "fits_at": None,
        },
        {
            "action": "render",
            "quantity": 1,
            "provider": None,
            "meter": "video_generations",
            "amount": 1,
            "why": "Finished video: 1 video generation",
            "fits": True,
            "fits_at": None,
        },
    ]
    assert (told["totals"], told["fits"]) == ({"ai_credits": 4, "video_generations": 1}, True)
    assert [(one["meter"], one["remaining"]) for one in told["after"]] == [("ai_credits", 56), ("video_generations", 2)]
    assert told["expires_at"] == instant_text(stand.clock() + 15 * MINUTE)
    assert answer.headers["ratelimit"].startswith('"ai_credits";r=60;')
    assert await stand.used() == (0, 0)


async def test_a_quote_tells_what_does_not_fit_and_when_it_will(stand: Stand) -> None:
    await stand.hold(58)
    body = {"items": [{"action": "script"}, {"action": "image"}]}
    told = (await stand.post("/quotes", body)).json()
    assert told["fits"] is False
    assert [(line["fits"], line["fits_at"]) for line in told["lines"]] == [
        (True, None),
        (False, "2026-03-01T23:00:00Z"),
    ]


async def test_a_hold_by_a_quote_costs_what_was_quoted(stand: Stand) -> None:
    body = {"items": [{"action": "script"}, {"action": "animation", "quantity": 3, "provider": "embedded"}]}
    quote = (await stand.post("/quotes", body)).json()
    told = (await stand.post("/holds", {**body, "quote": quote["id"]})).json()
    assert [line["amount"] for line in told["lines"]] == [2, 15]


@pytest.mark.parametrize("spoil", ["other items", "expired", "forged", "somebody else's"])
async def test_a_quote_counts_only_for_what_it_was_given(stand: Stand, spoil: str) -> None:
    name = "bob" if spoil == "somebody else's" else "ada"
    quote = (await stand.post("/quotes", SCRIPT, name)).json()["id"]
    if spoil == "expired":
        stand.clock.advance(15 * MINUTE)
    if spoil == "forged":
        quote = quote[:-4] + ("AAAA" if not quote.endswith("AAAA") else "BBBB")
    asked = {"items": [{"action": "image"}]} if spoil == "other items" else SCRIPT
    answer = await stand.post("/holds", {**asked, "quote": quote})
    assert (answer.status_code, answer.json()["code"], answer.json()["where"]) == (400, "malformed", "quote")


async def test_a_quote_does_not_go_with_lines(stand: Stand) -> None:
    quote = (await stand.post("/quotes", SCRIPT)).json()["id"]
    assert (await stand.post("/holds", {**lines(2), "quote": quote})).status_code == 400


async def test_a_reason_is_kept_as_one_line(stand: Stand) -> None:
    await stand.hold(5, why="first line\nsecond\u200b line\t!")
    entries = (await stand.get("/entries")).json()["entries"]
    assert entries[0]["why"] == "Held 5 AI credits: first line second line !"


async def test_members_that_may_be_left_out_may_be_null(stand: Stand) -> None:
    body = {"items": None, **lines(5), "quote": None, "why": None}
    assert (await stand.post("/holds", body)).status_code == 201
