"""What pages show: the figures, the chart, the plans, the history, one's keys; and that nobody sees another's."""

import csv
import io
from collections.abc import Sequence

import pytest
from tests.support.sites import Stand, with_plan_changes
from tests.web.pages.visitors import Read, Visitor, accounts_of, make_operator, visiting

from reelbot.allowance import AccountRef, Entry, Item, Span, history_search
from reelbot.allowance.history_search import HistorySearch
from reelbot.cli.studio import TOLD_KINDS
from reelbot.clock import DAY
from reelbot.web.pages import history
from reelbot.web.pages.account import KINDS
from reelbot.web.pages.activity import Activity
from reelbot.web.pages.table import PAGES
from reelbot.webhooks import ALLOWANCE_KINDS


async def use(stand: Stand, *items: Item, name: str = "ada") -> None:
    account = stand.accounts[name]
    number = len(await stand.ledger.history(account, Span(None, 500)))
    hold = await stand.ledger.hold(account, list(items), key=f"use-{number}")
    await stand.ledger.settle(hold)


async def test_the_header_of_every_page_has_both_limits(ada: Visitor) -> None:
    await use(ada.stand, Item("script", 1))
    for path in ("/", "/subscription", "/history", "/account", "/nowhere"):
        page = Read((await ada.get(path)).text)
        shown = [one.get("data-meter") for one in page.all("rb-meter") if one.get("class") == "compact"]
        assert shown == ["ai_credits", "video_generations"]
        assert "58 AI credits left today" in page.text


async def test_a_card_says_used_held_and_when_it_is_full_again(ada: Visitor) -> None:
    await use(ada.stand, Item("image", 3))
    await ada.stand.hold(40)
    page = await ada.read("/")
    assert "8 left of 60 today Used 12 Held 40 Full again Mon 2 Mar, 00:00 Europe/Paris" in page.text
    assert "Running low" in page.text


async def test_storage_is_read_as_a_size(ada: Visitor) -> None:
    assert "500 MB left of 500 MB" in (await ada.read("/")).text


async def test_the_chart_says_what_each_action_used_on_each_day(ada: Visitor) -> None:
    await use(ada.stand, Item("script", 1), Item("image", 2))
    ada.stand.time.advance(DAY)
    await use(ada.stand, Item("voiceover", 21))
    page = await ada.read("/")
    told = [one["aria-label"] for one in page.all("button", type="button") if one.get("class") == "day"]
    assert len(told) == 14
    assert told[-2:] == ["Sun 1 Mar: 10 used, Image 8, Script 2", "Mon 2 Mar: 3 used, Voiceover 3"]
    assert "11 used" not in page.text
    assert "13 used" in page.text


async def test_the_chart_reads_only_what_is_new(ada: Visitor) -> None:
    activity, account, ledger = Activity(), ada.stand.accounts["ada"], ada.stand.ledger
    await use(ada.stand, Item("script", 1))
    for total in (2, 2, 4):
        if total == 4:
            await use(ada.stand, Item("script", 1))
        used = await activity.of(ledger, account, "ai_credits", "Europe/Paris", ada.stand.clock())
        assert used.days[-1].total == total
    ada.stand.time.advance(20 * DAY)
    used = await activity.of(ledger, account, "ai_credits", "Europe/Paris", ada.stand.clock())
    assert used.most == 0


async def test_what_is_used_while_the_chart_is_read_is_in_the_next_one(
    ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    activity, account, ledger = Activity(), ada.stand.accounts["ada"], ada.stand.ledger
    read_history = ledger.history

    async def used_meanwhile(asker: AccountRef, span: Span) -> Sequence[Entry]:
        monkeypatch.undo()
        read = await read_history(asker, span)
        hold = await ledger.hold(account, [Item("image", 1)], key="meanwhile")
        await ledger.settle(hold)
        await ledger.refund(hold, {"ai_credits": 1}, key="back", why="A picture of nothing")
        return read

    monkeypatch.setattr(ledger, "history", used_meanwhile)
    totals = [
        (await activity.of(ledger, account, "ai_credits", "Europe/Paris", ada.stand.clock())).days[-1].total
        for _ in range(2)
    ]
    assert totals == [0, 3]


async def test_a_refund_takes_from_the_day_that_used_it(ada: Visitor) -> None:
    account, ledger = ada.stand.accounts["ada"], ada.stand.ledger
    hold = await ledger.hold(account, [Item("image", 2)], key="one")
    await ledger.settle(hold)
    ada.stand.time.advance(DAY)
    await ledger.refund(hold, key="back", why="A picture of nothing")
    used = await Activity().of(ledger, account, "ai_credits", "Europe/Paris", ada.stand.clock())
    assert [day.total for day in used.days[-2:]] == [0, 0]


async def test_a_change_of_plan_is_told_and_done(ada: Visitor) -> None:
    with_plan_changes(ada.stand, "open")
    page = await ada.read("/subscription")
    assert "You move to Starter at once. What you have used stays used, and the limits rise." in page.text
    assert "You are on Starter now" in await ada.sent("/subscription/plan", plan="starter", once="a")
    told = await ada.sent("/subscription/plan", plan="free", once="b")
    assert "You stay on Starter until Wed 1 Apr 2026, 00:00 (Europe/Paris)" in told
    assert "You move to Free on Wed 1 Apr 2026, 00:00" in told
    assert "You stay on Starter." in await ada.sent("/subscription/plan", plan="starter", once="c")
    assert "There is no plan" in await ada.sent("/subscription/plan", plan="golden", once="d")


async def test_an_operator_moves_down_at_once(ada: Visitor) -> None:
    await make_operator(ada.stand)
    await ada.sent("/subscription/plan", plan="pro", once="a")
    assert "at once, because you are an operator" in await ada.sent("/subscription/plan", plan="free", once="b")
    assert "You are on Free" in (await ada.read("/subscription")).text


async def test_the_history_says_why_and_can_be_narrowed(ada: Visitor) -> None:
    await use(ada.stand, Item("script", 1))
    ada.stand.time.advance(DAY)
    await use(ada.stand, Item("image", 2))
    everything = (await ada.read("/history")).text
    assert "Held 2 AI credits: Script: 1 script, 2 AI credits per script" in everything
    assert "Before 0 used, 8 held After 8 used, 0 held" in everything
    for query, there, missing in (
        ("day=2026-03-02", "Used 8 AI credits", "Used 2 AI credits"),
        ("action=script", "Used 2 AI credits", "Used 8 AI credits"),
        ("kind=settle", "Used 8 AI credits", "Held 8 AI credits"),
    ):
        text = (await ada.read(f"/history?{query}")).text
        assert there in text
        assert missing not in text
    assert "No entry" in (await ada.read("/history?day=2020-01-01")).text


@pytest.mark.parametrize(
    "query", ["day=x", "day=9999-12-31", "day=0001-01-01", "kind=x", "action=x", "after=-1", "after=%FF", "a=b" * 500]
)
async def test_a_history_that_cannot_be_meant_is_the_whole_history(ada: Visitor, query: str) -> None:
    assert "Opened" in (await ada.read(f"/history?{query}")).text


async def test_the_history_is_narrowed_to_a_stretch_of_days(ada: Visitor) -> None:
    for items in (Item("script", 1), Item("image", 1), Item("topic", 1)):
        await use(ada.stand, items)
        ada.stand.time.advance(DAY)
    for query, days in (
        ("from=2026-03-02", {"Mon 2 Mar", "Tue 3 Mar"}),
        ("to=2026-03-02", {"Sun 1 Mar", "Mon 2 Mar"}),
        ("from=2026-03-02&to=2026-03-03", {"Mon 2 Mar", "Tue 3 Mar"}),
        ("from=2026-03-02&to=2026-03-02", {"Mon 2 Mar"}),
        ("day=2026-03-02", {"Mon 2 Mar"}),
        ("from=2026-03-03&to=2026-03-01", set()),
    ):
        page = await ada.read(f"/history?{query}")
        assert {word.partition(" 2026")[0] for word in page.words if " 2026, " in word} == days, query
        (link,) = [one["href"] or "" for one in page.all("a") if (one.get("href") or "").startswith("/history.csv")]
        rows = list(csv.DictReader(io.StringIO((await ada.get(link)).text)))
        assert len(rows) == len(page.all("details", **{"class": "entry-row"})), query


async def test_the_history_as_csv_takes_every_filter_of_the_page(ada: Visitor) -> None:
    await use(ada.stand, Item("script", 1), Item("image", 1))
    page = await ada.read("/history?action=image&kind=settle")
    (link,) = [one["href"] or "" for one in page.all("a") if (one.get("href") or "").startswith("/history.csv")]
    rows = list(csv.DictReader(io.StringIO((await ada.get(link)).text)))
    assert [(row["action"], row["kind"], row["amount"]) for row in rows] == [("image", "settle", "4")]


async def test_what_is_looked_for_far_back_is_found_piece_by_piece(
    ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_search, "BLOCK", 5)
    monkeypatch.setattr(history, "LOOKED_AT_MAX", 10)
    monkeypatch.setattr(HistorySearch, "looked_at_max", 10)
    for action in (*["topic"] * 3, "script", *["topic"] * 9):
        await use(ada.stand, Item(action, 1))
    seen, address, pages = "", "/history?action=script", 0
    while address:
        page = await ada.read(address)
        seen, pages = seen + page.text, pages + 1
        assert ("No older entry" in page.text) == (pages == 3)
        assert "No entry" not in page.text
        further = [one["href"] or "" for one in page.all("a") if "after=" in (one.get("href") or "")]
        assert bool(further) == ("Look further back" in page.text) == ("10 entries were looked through" in page.text)
        address = further[0] if further else ""
    assert (pages, seen.count("Used 2 AI credits: script"), seen.count("Held 2 AI credits")) == (3, 1, 1)
    assert "No entry" in (await ada.read("/history?action=music&day=2020-01-01")).text


async def test_a_page_of_what_is_looked_for_is_full_and_goes_on_behind_it(
    ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_search, "BLOCK", 7)
    for _ in range(history.ROWS + 2):
        await use(ada.stand, Item("topic", 1))
    first = await ada.read("/history?kind=settle")
    assert len(first.all("details", **{"class": "entry-row"})) == history.ROWS
    (older,) = [one["href"] or "" for one in first.all("a") if "after=" in (one.get("href") or "")]
    second = await ada.read(older)
    assert len(second.all("details", **{"class": "entry-row"})) == 2
    assert not [one for one in second.all("a") if "after=" in (one.get("href") or "")]


async def test_a_long_history_is_paged(ada: Visitor) -> None:
    for _ in range(30):
        await use(ada.stand, Item("topic", 1))
    first = await ada.read("/history")
    (older,) = [one["href"] for one in first.all("a") if "after=" in (one.get("href") or "")]
    second = await ada.read(older or "")
    assert len(first.all("details", **{"class": "entry-row"})) == 50
    assert len(second.all("details", **{"class": "entry-row"})) == 11


async def test_the_history_comes_as_csv(ada: Visitor) -> None:
    await use(ada.stand, Item("script", 1))
    answer = await ada.get("/history.csv?kind=settle")
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert row["kind"] == "settle"


async def test_a_key_is_shown_once_works_and_is_revoked(ada: Visitor) -> None:
    answer = await ada.send("/account/keys", label="nightly")
    key = next(word for word in Read(answer.text).words if word.startswith("rb_"))
    caller = {"Authorization": f"Bearer {key}"}
    assert (await ada.stand.http.get("/api/v1/usage", headers=caller)).status_code == 200
    assert key not in (await ada.get("/account")).text
    assert "refused from now on" in await ada.sent("/account/keys/2/revocation")
    assert (await ada.stand.http.get("/api/v1/usage", headers=caller)).status_code == 401
    assert "1 to 60" in await ada.sent("/account/keys", label=" ")


async def test_a_change_of_time_zone_is_shown_before_it_is_applied(ada: Visitor) -> None:
    asked = Read((await ada.send("/account/timezone", timezone="America/New_York")).text)
    for words in (
        "Change your time zone to America/New_York?",
        "Mon 2 Mar 2026, 00:00",  # where the day ends in either zone
        "Mon 2 Mar 2026, 06:00 in Europe/Paris",
        "Wed 1 Apr 2026, 06:00 in Europe/Paris",
        "Tue 3 Mar 2026, 00:00",
        "never gives a second day or a second month",
        "Apply change",
        "Keep as is",
    ):
        assert words in " ".join(asked.words), words
    ledger, account = ada.stand.ledger, ada.stand.accounts["ada"]
    ref = AccountRef(account.lane, account.id, "ada")
    assert (await ledger.usage(ref)).zone == "Europe/Paris"
    form = {"timezone": "America/New_York", "confirm": "yes", "once": "a press"}
    told = await ada.sent("/account/timezone", **form)
    assert "Your time zone is America/New_York. The current day ends Mon 2 Mar 2026, 00:00." in told
    assert (await ledger.usage(ref)).zone == "America/New_York"
    assert "nothing changes" in await ada.sent("/account/timezone", **form)
    assert "Mars/Olympus" in await ada.sent("/account/timezone", timezone="Mars/Olympus")


def test_every_kind_of_message_is_told_in_words() -> None:
    assert set(KINDS) == {*ALLOWANCE_KINDS, *TOLD_KINDS}


async def test_webhooks_are_added_tested_and_removed(ada: Visitor) -> None:
    answer = await ada.send("/account/webhooks", url="https://example.com/hooks", kinds=["usage"])
    assert "The webhook's secret" in answer.text
    (hook,) = (await ada.stand.get("/webhooks")).json()["webhooks"]
    await ada.sent(f"/account/webhooks/{hook['id']}/test")
    assert "removed" in await ada.sent(f"/account/webhooks/{hook['id']}/removal")
    assert (await ada.send(f"/account/webhooks/{hook['id']}/removal")).status_code == 404


async def test_a_name_of_any_letters_stays_text(stand: Stand, ada: Visitor) -> None:
    await make_operator(stand)
    await ada.sent("/operator/accounts", name="<b>Zoë & “co”</b>", plan="free", timezone="UTC", role="creator")
    page = await ada.read("/operator")
    assert "<b>Zoë & “co”</b>" in page.text
    assert not page.all("b")


# the operator


async def test_only_operators_see_the_operators_pages(ada: Visitor) -> None:
    for page in PAGES:
        if page.audience == "operator":
            path = page.path.replace("{id}", "0-2")
            answer = await (ada.get(path) if page.method == "GET" else ada.send(path))
            assert (path, answer.status_code) == (path, 403)


async def test_an_operator_sets_plans_limits_and_grants_with_a_reason(ada: Visitor) -> None:
    stand = ada.stand
    await make_operator(stand)
    bob = stand.accounts["bob"]
    path = f"/operator/accounts/{bob.lane}-{bob.id}"
    assert "Give a reason" in await ada.sent(f"{path}/plan", plan="pro", once="a")
    assert "bob is on Pro now" in await ada.sent(f"{path}/plan", plan="pro", why="A gift", once="b")
    assert "500 more" in await ada.sent(f"{path}/grants", meter="ai_credits", amount="500", why="A contest", once="c")
    assert "is set" in await ada.sent(f"{path}/limits", meter="posts", limit="unlimited", why="A press week", once="d")
    assert "whole number" in await ada.sent(f"{path}/limits", meter="posts", limit="many", why="x", once="e")
    meters = {one["meter"]: one for one in (await stand.get("/usage", "bob")).json()["meters"]}
    assert (meters["ai_credits"]["limit"], meters["posts"]["limit"]) == (1_500, None)
    whys = [entry["why"] for entry in (await stand.get("/entries", "bob")).json()["entries"]]
    assert all(any(reason in why for why in whys) for reason in ("A gift", "A contest", "A press week"))
    for nowhere in ("0-99", "0-0", "x", "0-"):
        assert (await ada.get(f"/operator/accounts/{nowhere}")).status_code == 404


async def test_an_operator_opens_an_account_and_hands_out_a_link(ada: Visitor) -> None:
    await make_operator(ada.stand)
    assert "carl is open" in await ada.sent(
        "/operator/accounts", name="carl", plan="starter", timezone="UTC", role="creator"
    )
    assert "already" in await ada.sent("/operator/accounts", name="carl", plan="free", timezone="UTC", role="creator")
    account = await ada.stand.ledger.find("carl")
    assert account is not None
    answer = await ada.send(f"/operator/accounts/{account.lane}-{account.id}/link")
    link = next(word for word in Read(answer.text).words if "/enter?token=" in word)
    async with visiting(ada.stand) as carl:
        await carl.enter(link)
        assert "You are on Starter" in (await carl.read("/subscription")).text


async def test_the_ledger_is_checked_with_a_click(ada: Visitor) -> None:
    await make_operator(ada.stand)
    await use(ada.stand, Item("script", 1))
    answer = await ada.send("/operator/verification")
    assert answer.headers["location"] == "/operator#check"
    async with visiting(ada.stand) as other:
        await other.sign_in()
        for _ in range(1_000):
            page = await other.read("/operator")
            if "Under way" not in page.text:
                break
    assert "Everything adds up: 2 accounts, 4 entries" in page.text


# nobody sees another's


async def test_what_is_anothers_is_not_there(ada: Visitor) -> None:
    stand = ada.stand
    await use(stand, Item("script", 1), name="bob")
    hook = (await stand.post("/webhooks", {"url": "https://example.com/b", "kinds": ["usage"]}, "bob")).json()[
        "webhook"
    ]
    assert "Script" not in Read((await ada.get("/history")).text).text.partition("Show")[2]
    assert (await ada.send(f"/account/webhooks/{hook['id']}/removal")).status_code == 404
    bob = stand.accounts["bob"]
    assert len(await accounts_of(stand).keys(bob.lane, bob.id)) == 1
