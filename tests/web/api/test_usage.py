"""`GET /usage`, `/account`, `/plans`, `/prices` and the pages around the API."""

from tests.support.sites import Stand

from reelbot.clock import DAY

NOON = "2026-03-01T12:00:00Z"
MIDNIGHT = "2026-03-01T23:00:00Z"


async def test_usage_tells_every_limit_with_its_window(stand: Stand) -> None:
    await stand.hold(25)
    answer = await stand.get("/usage")
    assert answer.status_code == 200
    told = answer.json()
    assert {name: told[name] for name in ("account", "plan", "timezone", "as_of", "next_plan", "next_plan_at")} == {
        "account": "ada",
        "plan": "free",
        "timezone": "Europe/Paris",
        "as_of": NOON,
        "next_plan": None,
        "next_plan_at": None,
    }
    assert [one["meter"] for one in told["meters"]] == [
        "ai_credits",
        "video_generations",
        "posts",
        "channels",
        "storage_bytes",
    ]
    assert told["meters"][0] == {
        "meter": "ai_credits",
        "window": {"kind": "day", "starts_at": "2026-02-28T23:00:00Z", "ends_at": MIDNIGHT},
        "limit": 60,
        "used": 0,
        "held": 25,
        "remaining": 35,
        "state": "available",
    }
    assert told["meters"][3]["window"] == {"kind": "standing", "starts_at": None, "ends_at": None}


async def test_usage_carries_the_rate_limit_fields_of_limits_with_a_window(stand: Stand) -> None:
    await stand.hold(25)
    headers = (await stand.get("/usage")).headers
    month = 31 * 86_400 - 3_600  # Paris loses an hour on 29 March
    assert headers["ratelimit-policy"] == (
        f'"ai_credits";q=60;w=86400, "video_generations";q=3;w={month}, "posts";q=5;w={month}'
    )
    left = month - 13 * 3_600
    assert headers["ratelimit"] == (
        f'"ai_credits";r=35;t=39600, "video_generations";r=3;t={left}, "posts";r=5;t={left}'
    )


async def test_usage_says_low_and_exhausted_in_words(stand: Stand) -> None:
    await stand.hold(48)
    assert (await stand.get("/usage")).json()["meters"][0]["state"] == "low"
    await stand.hold(12)
    told = (await stand.get("/usage")).json()["meters"][0]
    assert (told["state"], told["remaining"]) == ("exhausted", 0)


async def test_unlimited_is_null_and_still_counted(stand: Stand) -> None:
    await stand.ledger.change_plan(stand.accounts["ada"], "enterprise", key="up", by="operator")
    await stand.hold(1_000_000)
    answer = await stand.get("/usage")
    told = answer.json()["meters"][0]
    assert (told["limit"], told["remaining"], told["held"], told["state"]) == (None, None, 1_000_000, "unlimited")
    assert "ratelimit" not in answer.headers
    assert "ratelimit-policy" not in answer.headers


async def test_usage_names_a_scheduled_plan(stand: Stand) -> None:
    await stand.ledger.change_plan(stand.accounts["ada"], "pro", key="up", by="operator")
    await stand.ledger.change_plan(stand.accounts["ada"], "free", key="down")
    told = (await stand.get("/usage")).json()
    assert (told["plan"], told["next_plan"], told["next_plan_at"]) == ("pro", "free", "2026-03-31T22:00:00Z")


async def test_usage_after_midnight_is_of_the_new_day(stand: Stand) -> None:
    held = await stand.hold(25)
    stand.clock.advance(DAY // 2)
    assert await stand.used() == (0, 0)
    settled = (await stand.post(f"/holds/{held['id']}/settlement")).status_code
    assert settled == 409, "the hold's deadline was an hour"


async def test_the_account_tells_its_running_windows_each_once(stand: Stand) -> None:
    told = (await stand.get("/account")).json()
    assert (told["account"], told["role"], told["plan"], told["timezone"]) == ("ada", "creator", "free", "Europe/Paris")
    assert told["windows"] == [
        {"kind": "day", "starts_at": "2026-02-28T23:00:00Z", "ends_at": MIDNIGHT},
        {"kind": "month", "starts_at": "2026-02-28T23:00:00Z", "ends_at": "2026-03-31T22:00:00Z"},
    ]


TO_NEW_YORK = (
    "Days are counted in America/New_York instead of Europe/Paris. The current day ends later, on Mon 2 Mar 2026 00:00 "
    "America/New_York (Mon 2 Mar 2026 06:00 Europe/Paris); the next one on Tue 3 Mar 2026 00:00 America/New_York. The "
    "current month ends later, on Wed 1 Apr 2026 00:00 America/New_York (Wed 1 Apr 2026 06:00 Europe/Paris); the next one "
    "on Fri 1 May 2026 00:00 America/New_York. A change of time zone never gives a second day or a second month: each date "
    "counts once."
)


async def test_a_change_of_zone_is_told_first_and_done_when_it_is_confirmed(stand: Stand) -> None:
    before = (await stand.get("/account")).json()
    told = (await stand.send("PATCH", "/account", {"timezone": "America/New_York"})).json()
    assert (told["changed"], told["confirmed"], told["timezone"]) == (False, False, "Europe/Paris")
    assert told["windows"] == before["windows"]
    assert told["moves"] == [
        {
            "kind": "day",
            "starts_at": "2026-02-28T23:00:00Z",
            "ends_at_before": MIDNIGHT,
            "ends_at": "2026-03-02T05:00:00Z",
            "next_ends_at": "2026-03-03T05:00:00Z",
        },
        {
            "kind": "month",
            "starts_at": "2026-02-28T23:00:00Z",
            "ends_at_before": "2026-03-31T22:00:00Z",
            "ends_at": "2026-04-01T04:00:00Z",
            "next_ends_at": "2026-05-01T04:00:00Z",
        },
    ]
    assert told["sentence"] == TO_NEW_YORK
    assert (await stand.get("/account")).json() == before
    done = (await stand.send("PATCH", "/account", {"timezone": "America/New_York", "confirm": True})).json()
    assert (done["changed"], done["confirmed"], done["timezone"]) == (True, True, "America/New_York")
    assert (done["moves"], done["sentence"], done["effective_at"]) == (
        told["moves"],
        told["sentence"],
        "2026-03-02T05:00:00Z",
    )
    assert [one["ends_at"] for one in done["windows"]] == [one["ends_at"] for one in told["moves"]]


async def test_a_scheduled_change_of_plan_is_told_to_move_with_the_month(stand: Stand) -> None:
    ada = await stand.ledger.account("ada")
    await stand.ledger.change_plan(ada, "pro", key="up", by="operator")
    await stand.ledger.change_plan(ada, "free", key="down")
    told = (await stand.send("PATCH", "/account", {"timezone": "America/New_York", "confirm": True})).json()
    assert "The change to Free comes when the current month ends." in told["sentence"]
    assert (told["next_plan"], told["next_plan_at"]) == ("free", "2026-04-01T04:00:00Z")


async def test_a_change_to_the_same_zone_changes_nothing(stand: Stand) -> None:
    told = (await stand.send("PATCH", "/account", {"timezone": "Europe/Paris", "confirm": True}, key=None)).json()
    assert (told["changed"], told["effective_at"], told["moves"]) == (False, None, [])
    assert told["sentence"] == "Days are counted in Europe/Paris; nothing changes."


async def test_a_change_of_zone_is_done_once_for_one_key(stand: Stand) -> None:
    asked = {"timezone": "Asia/Tokyo", "confirm": True}
    assert (await stand.send("PATCH", "/account", asked | {"confirm": False}, key="move")).json()["changed"] is False
    first = await stand.send("PATCH", "/account", asked, key="move")
    again = await stand.send("PATCH", "/account", asked, key="move")
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    other = await stand.send("PATCH", "/account", asked | {"timezone": "Asia/Seoul"}, key="move")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_plans_tell_every_limit_lowest_plan_first(stand: Stand) -> None:
    told = (await stand.get("/plans")).json()
    assert [plan["name"] for plan in told["plans"]] == ["free", "starter", "pro", "enterprise"]
    assert told["plans"][0]["limits"][0] == {"meter": "ai_credits", "window": "day", "limit": 60}
    assert told["plans"][3]["limits"][0]["limit"] is None
    assert told["meters"][1]["one"] == "video generation"


async def test_prices_tell_what_each_action_draws(stand: Stand) -> None:
    told = (await stand.get("/prices")).json()
    voiceover = next(one for one in told["prices"] if one["action"] == "voiceover")
    assert (voiceover["meter"], voiceover["amount"], voiceover["per"], voiceover["unit"]) == ("ai_credits", 1, 10, "s")
    assert told["providers"] == {"embedded": 100}


async def test_health_and_readiness_need_no_key(stand: Stand) -> None:
    health, ready = await stand.http.get("/healthz"), await stand.http.get("/readyz")
    assert (health.status_code, health.json()) == (200, {"status": "ok", "version": "test"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


async def test_the_front_page_says_where_the_api_is(stand: Stand) -> None:
    answer = await stand.http.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "/api/v1/openapi.json" in answer.text


async def test_metrics_count_what_happened_and_name_nobody(stand: Stand) -> None:
    held = await stand.hold(60)
    await stand.post(f"/holds/{held['id']}/settlement", key="s")
    await stand.post(f"/holds/{held['id']}/settlement", key="s")
    await stand.post("/holds", {"lines": [{"meter": "ai_credits", "amount": 1}]})
    answer = await stand.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    told = answer.text
    assert 'reelbot_ledger_commands_total{kind="hold",outcome="accepted"} 1.0' in told
    assert 'reelbot_ledger_commands_total{kind="settlement",outcome="replayed"} 1.0' in told
    assert 'reelbot_problems_total{code="allowance_exhausted"} 1.0' in told
    assert 'reelbot_http_requests_total{operation="settleHold",status="200"} 2.0' in told
    assert 'reelbot_http_request_seconds_count{operation="placeHold"} 2.0' in told
    assert "reelbot_streams_open 0.0" in told
    assert "process_resident_memory_bytes" in told
    assert "ada" not in told


async def test_head_has_the_fields_of_get_and_no_body(stand: Stand) -> None:
    answer = await stand.http.head("/api/v1/usage", headers=stand.caller())
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 100
    csv = await stand.http.head("/api/v1/entries", headers=stand.caller() | {"Accept": "text/csv"})
    assert (csv.status_code, csv.content) == (200, b"")


async def test_every_answer_carries_the_security_fields(stand: Stand) -> None:
    answers = [
        await stand.get("/usage"),
        await stand.post("/holds", {}),
        await stand.http.get("/"),
        await stand.http.get("/nowhere"),
        await stand.http.get("/metrics"),
        await stand.http.get("/api/v1/openapi.json"),
        await stand.http.delete("/api/v1/usage"),
        await stand.get("/entries", headers={"Accept": "text/csv"}),
    ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
        assert "access-control-allow-origin" not in answer.headers
    assert (await stand.get("/usage")).headers["cache-control"] == "no-store"
