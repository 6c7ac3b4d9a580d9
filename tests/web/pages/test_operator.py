"""The operator's pages and API: accounts, jobs and workers of all, what is in force; and nothing of it for anybody else."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.clock import FakeClock
from tests.support.sites import SETTINGS, Answer, Stand, join, standing
from tests.web.pages.visitors import Read, Visitor, make_operator, visiting

from reelbot.clock import DAY, HOUR, MINUTE, SECOND
from reelbot.config import Config
from reelbot.ids import place_of
from reelbot.studio.jobs.worker_registry import Presence
from reelbot.web import operator_actions
from reelbot.web.pages import operator, operator_setup
from reelbot.web.pages.operator_jobs import span_words
from reelbot.web.pages.operator_setup import census_of, settings_of

WHY = "The provider is down until Monday."


@pytest.fixture
async def olga(ada: Visitor) -> Visitor:
    """A browser that ada has signed in with, who is an operator."""
    await make_operator(ada.stand)
    return ada


async def asked(stand: Stand, topic: str = "Why cats purr", name: str = "bob") -> str:
    """A job of an account that waits."""
    draft = (await stand.post("/drafts", {"flow": "narrated", "topic": topic}, name)).json()["id"]
    answer = await stand.post(f"/drafts/{draft}/generations", {"step": "script"}, name)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job"])


async def written(stand: Stand, job: str, changes: str, *values: object) -> None:
    """What a worker would have written of a job."""
    place = place_of(job)
    assert place is not None and stand.site.database is not None
    mark = "?" if stand.site.database.dialect == "sqlite" else "%s"
    async with stand.site.database.transaction() as connection:
        statement = f"UPDATE job SET {changes.replace('?', mark)} WHERE number = {mark}"
        assert await connection.execute(statement, (*values, place.seq)) == 1


async def taken(stand: Stand, job: str, worker: str = "host:17", seconds: int = 15) -> None:
    """A job under a worker's lease."""
    changes = "state = 'running', worker = ?, started_at = ?, due_at = ?, fence = fence + 1, message = 'Writing'"
    await written(stand, job, changes, worker, stand.clock(), stand.clock() + seconds * SECOND)


async def present(stand: Stand, name: str = "host:17", places: int = 2) -> None:
    """A worker says that it is there."""
    database = stand.site.database
    assert database is not None
    await Presence(database, stand.clock, name, places).note()  # type: ignore[arg-type]


# jobs and workers


async def test_jobs_of_all_accounts_are_seen_with_whose_what_and_who_works_on_them(olga: Visitor) -> None:
    stand = olga.stand
    first, _ = await asked(stand, "Tides", "bob"), await asked(stand, "Sourdough", "ada")
    await taken(stand, first)
    await present(stand)
    stand.clock.advance(10 * SECOND)
    text = (await olga.read("/operator/jobs")).text
    assert "1 in progress, 1 waiting, the longest for 10 s" in text
    assert re.search(r"In progress Tides bob · AI actions: script Writing", text), text
    assert "at work for 10 s · host:17 has it until 13:00:15" in text
    assert "Waits Sourdough ada · AI actions: script" in text
    assert "host 17 1 of 2 10 s ago 10 s" in text
    assert "no worker can be heard" not in text


async def test_a_lease_that_has_ended_and_a_silent_worker_are_told(olga: Visitor) -> None:
    stand = olga.stand
    job = await asked(stand)
    await taken(stand, job)
    await written(stand, job, "fence = 3, crashes = 2")
    await present(stand)
    stand.clock.advance(2 * MINUTE)
    text = (await olga.read("/operator/jobs")).text
    assert "Lease ended Why cats purr" in text
    assert "host:17 had it until 13:00:15 · taken 3 times · its worker died 2 times" in text
    assert "host silent 17" in text


async def test_jobs_that_nobody_will_take_are_called_out(olga: Visitor) -> None:
    await asked(olga.stand)
    page = await olga.read("/operator/jobs")
    assert "Jobs wait and no worker can be heard." in page.text
    assert "No worker Nothing is made until one runs" in page.text


async def test_a_job_that_is_tried_again_says_when(olga: Visitor) -> None:
    job = await asked(olga.stand)
    await written(olga.stand, job, "due_at = ?", olga.stand.clock() + 30 * SECOND)
    assert "Tries again Why cats purr" in (await olga.read("/operator/jobs")).text
    assert "due in 30 s" in (await olga.read("/operator/jobs")).text


async def test_the_last_failures_are_told_with_sentence_and_code(olga: Visitor) -> None:
    job = await asked(olga.stand)
    failure = '{"code":"provider_failed","detail":"The provider is on fire.","hint":"Try again."}'
    await written(olga.stand, job, "state = 'failed', ended_at = ?, failure = ?", olga.stand.clock(), failure)
    page = await olga.read("/operator/jobs")
    assert "1 in the last 24 hours provider_failed The provider is on fire. Try again." in page.text
    assert "Sun 1 Mar, 13:00 · bob · AI actions: script · Why cats purr" in page.text
    assert "Failed in 24 hours 1" in page.text
    olga.stand.clock.advance(DAY + 1)
    assert "0 in the last 24 hours provider_failed" in (await olga.read("/operator/jobs")).text


async def test_where_nothing_is_to_be_done_the_page_says_so(olga: Visitor) -> None:
    text = (await olga.read("/operator/jobs")).text
    for sentence in ("Nothing to do", "No failure", "No worker"):
        assert sentence in text


# an operator cancels a job


async def test_an_operator_cancels_a_waiting_job_and_its_owner_reads_the_reason(olga: Visitor) -> None:
    stand = olga.stand
    job = await asked(stand)
    assert await stand.used("bob") == (0, 2)
    told = await olga.sent(f"/operator/jobs/{job}/cancellation", why=WHY)
    assert "The job is cancelled. What was held for it and not used is given back." in told
    shown = (await stand.get(f"/jobs/{job}", "bob")).json()
    assert shown["state"] == "cancelled"
    assert shown["failure"]["detail"] == f"Cancelled before it began. An operator asked for it: {WHY}"
    assert await stand.used("bob") == (0, 0)


async def test_a_running_job_ends_when_its_worker_hears_of_it(olga: Visitor) -> None:
    job = await asked(olga.stand)
    await taken(olga.stand, job)
    told = await olga.sent(f"/operator/jobs/{job}/cancellation", why=WHY)
    assert "The job ends as soon as a worker hears of it." in told
    assert "Ending Why cats purr" in told
    assert "Cancel the job of bob" not in told


async def test_a_job_is_not_cancelled_without_a_reason_nor_after_its_end(olga: Visitor) -> None:
    job = await asked(olga.stand)
    assert "Give a reason" in await olga.sent(f"/operator/jobs/{job}/cancellation", why=" ")
    assert (await olga.stand.get(f"/jobs/{job}", "bob")).json()["state"] == "queued"
    await written(olga.stand, job, "state = 'succeeded', ended_at = ?", olga.stand.clock())
    assert "The job had succeeded before." in await olga.sent(f"/operator/jobs/{job}/cancellation", why=WHY)


@pytest.mark.parametrize("job", ["job_0-99-1", "job_0-2-1", "draft_0-2-1", "x"])
async def test_what_is_no_job_is_not_there(olga: Visitor, job: str) -> None:
    assert (await olga.send(f"/operator/jobs/{job}/cancellation", why=WHY)).status_code == 404


# the same for programs


@pytest.fixture(params=["sqlite", "postgres"])
async def each_stand(request: pytest.FixtureRequest, clock: FakeClock) -> AsyncIterator[Stand]:
    """The site on each kind of database, with ada an operator."""
    async with standing(request.getfixturevalue(f"{request.param}_url"), clock) as stand:
        await make_operator(stand)
        yield stand


async def test_programs_of_operators_see_and_cancel_the_same(each_stand: Stand) -> None:
    stand, job = each_stand, await asked(each_stand)
    await present(stand)
    shown: Answer = (await stand.get("/operator/jobs")).json()
    assert (shown["running"]["total"], shown["queued"]["total"], shown["failed"]["total"]) == (0, 1, 0)
    (seen,) = shown["queued"]["jobs"]
    assert (seen["id"], seen["account"], seen["topic"], seen["steps"]) == (job, "bob", "Why cats purr", ["script"])
    assert (seen["worker"], seen["leased_until"], seen["tries"]) == (None, None, 0)
    await taken(stand, job)
    (seen,) = (await stand.get("/operator/jobs")).json()["running"]["jobs"]
    assert (seen["worker"], seen["leased_until"], seen["tries"]) == ("host:17", "2026-03-01T12:00:15Z", 1)
    (worker,) = (await stand.get("/operator/workers")).json()["workers"]
    assert (worker["name"], worker["jobs"], worker["places"], worker["silent"]) == ("host:17", 1, 2, False)
    answer = await stand.post(f"/operator/jobs/{job}/cancellation", {"why": WHY}, key=None)
    assert (answer.status_code, answer.json()["state"]) == (200, "running")
    (seen,) = (await stand.get("/operator/jobs")).json()["running"]["jobs"]
    assert seen["cancelled"]


async def test_the_pages_work_on_each_kind_of_database(each_stand: Stand) -> None:
    await taken(each_stand, await asked(each_stand))
    await each_stand.ledger.grant(each_stand.accounts["bob"], "ai_credits", 5, key="g", why="A gift")
    await each_stand.ledger.override(each_stand.accounts["bob"], "posts", 9, key="o", why="A press week")
    async with visiting(each_stand) as visitor:
        await visitor.sign_in()
        for path in ("/operator", "/operator?q=bo", "/operator/jobs", "/operator/setup"):
            assert "Jobs in progress 1" in (await visitor.read(path)).text
        bob = each_stand.accounts["bob"]
        assert "A gift" in (await visitor.read(f"/operator/accounts/{bob.lane}-{bob.id}")).text


@pytest.mark.parametrize("path", ["/operator/jobs", "/operator/workers"])
async def test_nobody_else_sees_the_jobs_of_all(stand: Stand, path: str) -> None:
    answer = await stand.get(path, "bob")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_nobody_else_cancels_the_job_of_another(stand: Stand) -> None:
    job = await asked(stand, name="ada")
    answer = await stand.post(f"/operator/jobs/{job}/cancellation", {"why": WHY}, "bob", key=None)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await stand.get(f"/jobs/{job}")).json()["state"] == "queued"


@pytest.mark.parametrize("why", ["", "x" * 501, "two\nlines", None])
async def test_a_program_needs_a_reason_too(stand: Stand, why: str | None) -> None:
    await make_operator(stand)
    job = await asked(stand)
    answer = await stand.post(f"/operator/jobs/{job}/cancellation", {"why": why}, key=None)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


# accounts


async def test_accounts_are_shown_a_page_at_a_time(olga: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator, "LISTED", 3)
    for number in range(5):
        await join(olga.stand, f"student {number}", "free")
    names: list[str] = []
    path: str | None = "/operator"
    while path is not None:
        page = await olga.read(path)
        names += re.findall(r"ada|bob|student \d", page.text.partition("Time zone")[2].partition("Check of")[0])
        path = next((one["href"] for one in page.all("a", **{"class": "button"})), None)
    assert names == ["ada", "bob", *(f"student {number}" for number in range(5))]


async def test_an_account_is_found_by_a_part_of_its_name(olga: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator, "LISTED", 2)
    monkeypatch.setattr(operator_actions, "READ_AT_ONCE", 2)
    for name in ("Ann & Bo", "Hanna", "Joanna", "ÉLAN"):
        await join(olga.stand, name, "free")
    page = await olga.read("/operator?q=ANN")
    assert "Ann & Bo" in page.text and "Hanna" in page.text and "Joanna" not in page.text
    (more,) = page.all("a", **{"class": "button"})
    assert "Joanna" in (await olga.read(more["href"] or "")).text
    assert "ÉLAN" in (await olga.read("/operator?q=élan")).text
    assert "No account None has “zzz” in its name." in (await olga.read("/operator?q=zzz")).text
    assert page.all("input", name="q")[0]["value"] == "ANN"


async def test_a_search_through_very_many_goes_on_where_it_stopped(
    olga: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operator_actions, "READ_AT_ONCE", 1)
    monkeypatch.setattr(operator_actions, "SEARCHED_MAX", 2)
    await join(olga.stand, "zoe", "free")
    page = await olga.read("/operator?q=zo")
    assert "None found yet" in page.text
    (more,) = page.all("a", **{"class": "button"})
    assert "zoe" in (await olga.read(more["href"] or "")).text


@pytest.mark.parametrize("query", ["after=x", "after=0-999", "q=%00", "q=" + "x" * 500])
async def test_an_address_that_nobody_meant_is_no_defect(olga: Visitor, query: str) -> None:
    assert (await olga.get(f"/operator?{query}")).status_code in (200, 404)


async def test_live_use_of_an_account_is_in_the_list(olga: Visitor) -> None:
    await olga.stand.hold(20, name="bob")
    assert "bob Free 0 + 20 held of 60" in (await olga.read("/operator")).text


# grants and limits of its own


async def test_what_sets_an_account_apart_is_listed_with_its_reason_and_end(olga: Visitor) -> None:
    stand, bob = olga.stand, olga.stand.accounts["bob"]
    path = f"/operator/accounts/{bob.lane}-{bob.id}"
    assert "Nothing beyond the plan" in (await olga.read(path)).text
    await olga.sent(f"{path}/grants", meter="ai_credits", amount="500", why="A contest", once="a")
    await olga.sent(f"{path}/grants", meter="channels", amount="1", why="One more channel", once="b")
    await olga.sent(f"{path}/limits", meter="posts", limit="unlimited", why="A press week", once="c")
    text = (await olga.read(path)).text
    assert "500 more AI credits Granted 500 AI credits extra: A contest" in text
    assert "Since Sun 1 Mar 2026, 13:00 · until Mon 2 Mar 2026, 00:00" in text
    assert "1 more Channels Granted 1 channel extra: One more channel Since Sun 1 Mar 2026, 13:00 · for good" in text
    assert "unlimited Posts The limit of posts is unlimited for this account: A press week" in text
    assert "until it is set again · the plan says 5" in text
    assert "bob Free own limits" in (await olga.read("/operator")).text
    stand.clock.advance(DAY)
    await olga.sent(f"{path}/limits", meter="posts", limit="plan", why="Over", once="d")
    text = (await olga.read(path)).text
    assert "A contest" not in text and "A press week" not in text and "One more channel" in text


async def test_the_owner_reads_the_reasons_in_the_history(olga: Visitor) -> None:
    bob = olga.stand.accounts["bob"]
    path = f"/operator/accounts/{bob.lane}-{bob.id}"
    await olga.sent(f"{path}/grants", meter="ai_credits", amount="500", why="A contest", once="a")
    await olga.sent(f"{path}/limits", meter="posts", limit="9", why="A press week", once="b")
    async with visiting(olga.stand) as theirs:
        await theirs.sign_in("bob")
        text = (await theirs.read("/history")).text
    assert "Granted 500 AI credits extra: A contest" in text
    assert "The limit of posts is 9 for this account: A press week" in text


async def test_the_page_of_an_account_names_its_plan_and_the_next_one(olga: Visitor) -> None:
    stand, bob = olga.stand, olga.stand.accounts["bob"]
    await stand.ledger.change_plan(bob, "pro", key="up")
    await stand.ledger.change_plan(bob, "starter", key="down")
    page = await olga.read(f"/operator/accounts/{bob.lane}-{bob.id}")
    assert "on Pro, then Starter from Wed 1 Apr 2026, 00:00" in page.text
    assert "bob Pro then Starter" in (await olga.read("/operator")).text


# plans and configuration


async def test_how_many_accounts_are_on_each_plan(olga: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator_setup, "READ_AT_ONCE", 2)
    stand = olga.stand
    for number in range(3):
        await join(stand, f"pro {number}", "pro")
    await stand.ledger.change_plan(stand.accounts["pro 0"], "starter", key="down")
    text = (await olga.read("/operator/setup")).text
    assert "Free 2 60 3 5 1 500 MB" in text
    assert "Starter 0 1 will move here 200 15 30 3 5 GB" in text
    assert "Pro 3 1,000 150" in text
    assert "Enterprise 0 unlimited" in text
    stand.clock.advance(40 * DAY)
    await olga.sign_in()
    assert "Starter 1 200" in (await olga.read("/operator/setup")).text


async def test_of_too_many_accounts_it_says_at_least(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator_setup, "READ_AT_ONCE", 1)
    monkeypatch.setattr(operator_setup, "COUNTED_MAX", 1)
    assert await census_of(stand.ledger, stand.clock()) == ({"free": 1}, {}, False)


SECRETS = (
    "postgresql://bob:hunter2@db.example.org/reelbot",
    "postgresql://bob:hunter2@db.example.org/reelbot?sslpassword=hunter2",
    "postgresql://db.example.org/reelbot?user=bob&password=hunter2",
    "postgresql://bob:hunter2%40%2F@db.example.org:5432/reelbot",
)


@pytest.mark.parametrize("address", SECRETS)
async def test_the_configuration_is_shown_without_its_secrets(olga: Visitor, address: str) -> None:
    config = Config(database=address, webhooks_to_loopback=True)
    object.__setattr__(olga.stand.site, "pages", SETTINGS._replace(configuration=config.shown))
    text = (await olga.get("/operator/setup")).text
    assert "db.example.org" in text
    assert "hunter2" not in text


async def test_no_key_of_a_provider_is_on_the_page(olga: Visitor, tmp_path: Path) -> None:
    providers = tmp_path / "providers.toml"
    providers.write_text('[openai]\nkey = "hunter2"\n')
    object.__setattr__(olga.stand.site, "pages", SETTINGS._replace(configuration=Config(providers=providers).shown))
    text = (await olga.get("/operator/setup")).text
    assert str(providers) in text
    assert "hunter2" not in text


def test_settings_read_as_people_speak() -> None:
    shown = {one.name: (one.value, one.is_said) for one in settings_of(Config(webhooks_to_loopback=True).shown)}
    assert shown["webhooks_to_loopback"] == ("yes", True)
    assert settings_of({"webhooks_to_loopback": str(False)})[0].value == "no"
    assert shown["plans"] == ("as packaged", False)
    assert shown["providers"] == ("none: everything is made by the embedded ones", False)
    assert shown["jobs"] == ("2", True)


async def test_a_server_without_a_configuration_says_so(olga: Visitor) -> None:
    assert "This server was started without a configuration." in (await olga.read("/operator/setup")).text


# words


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [
        (-1, "0 s"),
        (59 * SECOND, "59 s"),
        (MINUTE, "1 min"),
        (HOUR + 5 * MINUTE, "1 h 5 min"),
        (3 * DAY + 4 * HOUR + MINUTE, "3 d 4 h"),
    ],
)
def test_spans_are_told_in_their_two_largest_units(milliseconds: int, words: str) -> None:
    assert span_words(milliseconds) == words


async def test_what_people_type_is_never_markup(olga: Visitor) -> None:
    await asked(olga.stand, "<b>Zoë & “co”</b>")
    await present(olga.stand, "<i>:1")
    answer = await olga.get("/operator/jobs")
    assert "<b>Zoë" not in answer.text and "<i>" not in answer.text
    assert "<b>Zoë & “co”</b>" in Read(answer.text).text
    assert "“<b>”" in Read((await olga.get("/operator?q=%3Cb%3E")).text).text
